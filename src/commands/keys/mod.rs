//! Commands on keys whatever their values are.
//!
//! * `presence`: DEL UNLINK EXISTS TOUCH TYPE DBSIZE.
//! * `scan`: KEYS SCAN RANDOMKEY, and the parts that the SCAN of collections is made of.
//! * `transfer`: RENAME RENAMENX COPY MOVE SWAPDB.
//! * `flush`: FLUSHDB FLUSHALL.

pub mod flush;
pub mod presence;
pub mod scan;
pub mod transfer;

#[cfg(test)]
mod tests;
