//! The programs that examine the files of a server which is not running: what they print and how they exit is
//! what redis-check-aof and redis-check-rdb do, so that scripts that use it go on working.
//!
//! **Invariant:** nothing here knows a running server, and no file changes unless that was asked for.

mod aof;
mod rdb;

pub use aof::check_aof;
pub use rdb::{check_file as check_rdb_file, check_rdb};
