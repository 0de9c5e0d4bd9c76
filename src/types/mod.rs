//! The types of values other than strings, and what strings are used for besides text. Each file keeps its
//! encodings to itself: what leaves it is the name OBJECT ENCODING reports, and one view for snapshots.
//!
//! **Invariant:** knows no keys, clients or configuration; limits, time and random numbers are arguments.

mod list;
mod hash;
pub mod set;
mod zset;
pub mod stream;
pub mod bitmap;
pub mod bitfield;
pub mod hyperloglog;
pub mod geo;

pub use hash::{FieldExpiry, Hash, HashBulk, HashLimits, SHOW_EXPIRED};
pub use list::{Element, End, List, ListLimits, NodeFigures, NodeView};
pub use set::{Set, SetBulk, SetLimits};
pub use stream::Stream;
pub use zset::{
    AddRule, Added, Elements, LexBound, LexRange, ScoreBound, ScoreRange, Zset, ZsetBuilder, ZsetBulk,
    ZsetLimits,
};
