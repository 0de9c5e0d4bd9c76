//! The types of values other than strings. Each file keeps its encodings to itself: what leaves it is the
//! name OBJECT ENCODING reports, and one view for snapshots.
//!
//! **Invariant:** knows no keys, clients or configuration; limits, time and random numbers are arguments.

mod list;
mod hash;
mod set;
mod zset;
mod stream;

pub use hash::{FieldExpiry, Hash, HashLimits, SHOW_EXPIRED};
pub use list::List;
pub use set::Set;
pub use stream::Stream;
pub use zset::Zset;
