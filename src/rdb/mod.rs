//! The snapshot format (RDB): reader beside writer, on streams.
//!
//! The same bytes make the file on disk, the base of an append-only file, the transfer to a replica
//! and, a value at a time, the payload of DUMP and RESTORE. Versions 1 to 12 are read, 9 to 12
//! written; version 11 is that of Redis 7.2.
//!
//! Reading order: `format` names the bytes, `inflow` is input that has not arrived yet, `lengths` and
//! `strings` are the primitives, `value` dispatches on the type of a value, a file for each type has its
//! reader beside its writer, `packed` and `legacy` know the values that are one string, `writer` and
//! `reader` frame whole snapshots, `payload` single values.
//!
//! **Invariant:** knows no clients, sockets or configuration. Whatever the input, reading neither
//! panics nor allocates out of proportion to the bytes that have arrived. A collection is never in memory as
//! a whole: its elements go by.

#![deny(clippy::indexing_slicing)]

mod error;
mod format;
mod inflow;
mod input;
mod output;
mod lengths;
mod strings;
mod body;
mod value;
mod lists;
mod sets;
mod hashes;
mod zsets;
mod streams;
mod packed;
mod legacy;
mod module_aux;
mod reader;
mod writer;
mod file;
pub mod payload;

#[cfg(test)]
mod tests;

pub use error::{LoadError, SaveError};
pub use file::save_file;
pub use format::{LATEST_VERSION, OLDEST_WRITABLE_VERSION, RDB_VERSION, aux};
pub use hashes::{HashField, HashReader};
pub use inflow::Inflow;
pub use lists::{ListNode, ListPart, ListReader};
pub use module_aux::ModuleId;
pub use reader::{Entry, HEAD_BYTES, Item, Mark, Reader, Stage};
pub use sets::SetReader;
pub use strings::StringValue;
pub use value::{Form, Value, ValueWriter};
pub use writer::{Usage, Writer, WriterOptions};
pub use zsets::ZsetReader;
