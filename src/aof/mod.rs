//! The append-only file: Redis 7's layout of several files, and what is in them.
//!
//! A directory (`appendonlydir/`) holds a *base*, which is a snapshot or commands, *incremental* files with
//! the commands that came after it, and a *manifest* that says which files count and in which order. A rewrite
//! makes a new base; what it replaces is *history* until it is deleted.
//!
//! Reading order: `names` and `manifest` (which files), `annotation` (lines beside the commands, among them
//! our checksums), `reader` and `writer` (one file), `files` (all of them, and the order of steps that a
//! crash at any moment survives).
//!
//! **Invariant:** knows no clients, sockets or configuration, and executes nothing. Reading never changes a
//! file: only the caller, who knows what was configured, may shorten one.

#![deny(clippy::indexing_slicing)]

mod annotation;
mod files;
mod manifest;
mod names;
mod reader;
mod writer;

pub use annotation::{Annotation, CHECKSUM_LINE_BYTES_MAX, Cover, timestamp_line};
pub use files::{Adopted, Files, FilesError, Increment};
pub use manifest::{FileKind, Manifest, ManifestError, Part};
pub use names::Names;
pub use reader::{ReadError, Reader, Record};
pub use writer::{AppendError, Writer};

#[cfg(test)]
mod tests;
