//! Data structures without a notion of keys, clients or configuration.
//!
//! * `linear`: linear hashing as arithmetic, which the two tables share.
//! * [`table`]: a hash index that grows and shrinks one bucket at a time; it owns nothing.
//! * [`StrRef`]: a string as an encoding gives it back: bytes, or the integer whose text it is.
//! * [`listpack`]: Redis's serialized list, in memory as on disk.
//! * [`packed`], [`slab`]: strings one behind the other in a block; the long ones beside it.
//! * [`record_table`]: a hash table of packed records (member; field and value; member and score).
//! * [`ranked`]: members in order of score and text, with their ranks.
//! * [`intset`]: a sorted array of integers of one width.

mod linear;
pub mod table;
mod str_ref;
pub mod listpack;
pub mod packed;
pub mod slab;
pub mod record_table;
pub mod ranked;
pub mod intset;

pub use str_ref::StrRef;
