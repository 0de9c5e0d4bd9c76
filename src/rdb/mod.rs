//! The snapshot format (RDB): reader beside writer, on streams.
//!
//! The same bytes make the file on disk, the base of an append-only file, the transfer to a replica
//! and, a value at a time, the payload of DUMP and RESTORE. Versions 1 to 11 are read, 9 to 11
//! written; version 11 is that of Redis 7.2.
//!
//! Reading order: `format` names the bytes, `lengths` and `strings` are the primitives, `value`
//! dispatches on the type of a value, `writer` and `reader` frame whole snapshots, `payload` single
//! values. To add a type of value, add a file with its `save` and `load`, a variant of [`Value`], and
//! an arm in `value::load`.
//!
//! **Invariant:** knows no clients, sockets or configuration. Whatever the input, reading neither
//! panics nor allocates out of proportion to the bytes that have arrived.

#![deny(clippy::indexing_slicing)]

mod error;
mod file;
mod format;
mod input;
mod lengths;
mod module_aux;
mod output;
pub mod payload;
mod reader;
mod strings;
mod value;
mod writer;

#[cfg(test)]
mod tests;

pub use error::{LoadError, SaveError};
pub use file::save_file;
pub use format::{OLDEST_WRITABLE_VERSION, RDB_VERSION, aux};
pub use module_aux::ModuleId;
pub use reader::{Entry, Item, Reader};
pub use strings::StringValue;
pub use value::Value;
pub use writer::{Usage, Writer, WriterOptions};
