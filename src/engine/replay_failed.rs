//! Why an append-only file gives no data set.

use thiserror::Error;

use crate::aof::{FilesError, ReadError};
use crate::dataset;

/// Why there is no data set. The text is for the log, and in Redis's words.
#[derive(Debug, Error)]
pub enum ReplayFailed {
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("\n*** FATAL AOF MANIFEST FILE ERROR ***\n{0}")]
    Manifest(String),
    #[error("Fatal error: can't open the append log file {name} for reading: {reason}")]
    Open { name: String, reason: String },
    #[error("The append log file {name} doesn't exist: No such file or directory")]
    Missing { name: String },
    #[error("Error reading the RDB {part} {name}, AOF loading aborted: {source}")]
    Snapshot { part: &'static str, name: String, source: dataset::ReadError },
    #[error("Unrecoverable error reading the append only file {name}: {source}")]
    Unreadable { name: String, source: ReadError },
    #[error(
        "Unexpected end of file reading the append only file {name}. You can: 1) Make a backup of your AOF file, \
         then use ./redis-check-aof --fix <filename.manifest>. 2) Alternatively you can set the \
         'aof-load-truncated' configuration option to yes and restart the server."
    )]
    Truncated { name: String },
    #[error("Fatal error: the truncated file is not the last file")]
    TruncatedBefore,
    #[error("Error truncating the AOF file {name}: {reason}")]
    Cut { name: String, reason: String },
    #[error(
        "Bad file format reading the append only file {name}: make a backup of your AOF file, then use \
         ./redis-check-aof --fix <filename.manifest>"
    )]
    Corrupt { name: String },
    #[error("Unknown command '{command}' reading the append only file {name}")]
    UnknownCommand { command: String, name: String },
}

/// Redis shows the line of a manifest that cannot be used.
pub(super) fn about_files(error: FilesError) -> ReplayFailed {
    match error {
        FilesError::Manifest { path, source } => {
            let place = source.line.as_ref().map_or(String::new(), |(line, text)| {
                format!("Reading the manifest file {path}, at line {line}\n>>> '{text}'\n")
            });
            ReplayFailed::Manifest(format!("{place}{}", source.what))
        }
        other => other.into(),
    }
}
