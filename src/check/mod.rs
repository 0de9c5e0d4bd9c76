//! The programs that examine the files of a server which is not running: what they print and how they exit is
//! what redis-check-aof does, so that scripts that use it go on working.
//!
//! **Invariant:** nothing here knows a running server, and no file changes unless that was asked for.

mod aof;

pub use aof::check_aof;
