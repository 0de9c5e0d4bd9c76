//! Data structures without a notion of keys, clients or configuration.
//!
//! * [`table`]: a hash index that grows and shrinks one bucket at a time.

pub mod table;
