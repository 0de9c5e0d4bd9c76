//! What can go wrong with a snapshot.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::types::stream::InvalidStream;

/// Why a snapshot could not be loaded.
///
/// Unreadable (`Io`), cut short (`Truncated`) and wrong (all others) are different outcomes: only the
/// second may ever be repaired by cutting, and only by whoever owns that policy. Offsets count bytes
/// from the start of the input.
#[derive(Debug, Error)]
pub enum LoadError {
    /// The input could not be read.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// The input ends at `offset`, in the middle of an item.
    #[error("unexpected end at byte {offset}")]
    Truncated { offset: u64 },
    /// The bytes at `offset` are not what the format allows there.
    #[error("corrupt at byte {offset}: {what}")]
    Corrupt { offset: u64, what: &'static str },
    /// A value that is one string, which begins at `offset`, is not what it should be.
    #[error("corrupt at byte {offset}: {kind} integrity check failed: {what}")]
    Integrity { offset: u64, kind: &'static str, what: &'static str },
    /// The stream that begins at `offset` contradicts itself.
    #[error("corrupt at byte {offset}: {}", stream_text(*source))]
    Stream { offset: u64, source: InvalidStream },
    /// Every item was well formed, and yet the bytes are not those that were written.
    #[error("RDB CRC error: Wrong RDB checksum expected: ({computed:x}) but got ({stored:x}). Aborting now.")]
    Checksum { computed: u64, stored: u64 },
    /// The snapshot says that it has a version which is not known here.
    #[error("Can't handle RDB format version {0}")]
    Version(u32),
    /// A type of value, or an item, that the format knows and Russet does not load.
    #[error("unsupported type {type_id} at byte {offset}")]
    Unsupported { type_id: u8, offset: u64 },
}

/// Starts in Redis's words, where it has words.
fn stream_text(invalid: InvalidStream) -> String {
    match invalid {
        InvalidStream::Node(node) => format!("Stream listpack integrity check failed: {node}"),
        InvalidStream::DuplicateConsumer => "Duplicate stream consumer detected".to_owned(),
        other => other.to_string(),
    }
}

/// Why a snapshot could not be saved to a file, by the step that failed.
#[derive(Debug, Error)]
pub enum SaveError {
    #[error("Failed opening the temp RDB file {} for saving: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("Write error while saving DB to the disk(write): {0}")]
    Write(#[source] io::Error),
    #[error("Write error while saving DB to the disk(fsync): {0}")]
    Sync(#[source] io::Error),
    #[error("Error moving temp DB file {} on the final destination {}: {source}", from.display(), to.display())]
    Rename { from: PathBuf, to: PathBuf, source: io::Error },
    /// The new file is in its place, but might not be after a loss of power.
    #[error("Failed to fsync directory while saving DB: {0}")]
    SyncDirectory(#[source] io::Error),
}
