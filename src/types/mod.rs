//! The types of values other than strings, and what strings are used for besides text. Each file keeps its
//! encodings to itself: what leaves it is the name OBJECT ENCODING reports, and one view for snapshots.
//!
//! **Invariant:** knows no keys, clients or configuration; limits, time and random numbers are arguments.

mod list;
mod hash;
mod set;
mod zset;
mod stream;
pub mod bitmap;
pub mod bitfield;
pub mod hyperloglog;
pub mod geo;

pub use hash::Hash;
pub use list::List;
pub use set::Set;
pub use stream::Stream;
pub use zset::Zset;
