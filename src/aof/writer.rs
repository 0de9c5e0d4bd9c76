//! Appends commands to one file, with checksum lines between them.
//!
//! A checksum line is written when [`COVER_BYTES`] have come together or the caller says that it is time, not
//! with every write: a command a second would otherwise take twice its room.
//!
//! A write that fails half-way is undone, so that the file ends with a whole command.

use std::io::{self, IoSlice};

use thiserror::Error;

use super::annotation::Cover;
use crate::sys::storage::AppendFile;

/// So many bytes get a checksum line of their own.
const COVER_BYTES: u64 = 4096;

/// A file that is being appended to.
#[derive(Debug)]
pub struct Writer<F> {
    file: F,
    /// Bytes that were written and stay.
    size: u64,
    cover: Cover,
    /// The rest of a checksum line of which only the start could be written, and not be taken back.
    owed: Vec<u8>,
}

/// A write that failed.
#[derive(Debug, Error)]
#[error("{source}")]
pub struct AppendError {
    pub source: io::Error,
    /// How many of the given bytes are in the file all the same: they could not be taken back.
    pub kept: usize,
    /// Why they could not.
    pub not_undone: Option<io::Error>,
    /// How many bytes the kernel took before it refused.
    pub written: usize,
}

impl<F: AppendFile> Writer<F> {
    /// Goes on at the end of a file whose last bytes, those behind its last checksum line, are `cover`.
    pub fn new(file: F, cover: Cover) -> io::Result<Self> {
        let size = file.size()?;
        Ok(Self { file, size, cover, owed: Vec::new() })
    }

    pub fn file(&self) -> &F {
        &self.file
    }

    pub fn size(&self) -> u64 {
        self.size
    }

    /// Whether there is anything that no checksum line covers.
    pub fn is_uncovered(&self) -> bool {
        self.cover.bytes() > 0
    }

    /// Appends whole commands, and a checksum line if enough has come together or `seals` says so.
    pub fn append(&mut self, commands: &[u8], seals: bool) -> Result<(), AppendError> {
        let uncovered = self.cover.bytes() + commands.len() as u64;
        let line = if uncovered >= COVER_BYTES || (seals && uncovered > 0) {
            let mut cover = self.cover.clone();
            cover.update(commands);
            cover.line()
        } else {
            Vec::new()
        };
        let owed = self.owed.len();
        let total = owed + commands.len() + line.len();
        match write_all(&mut self.file, [&self.owed, commands, &line]) {
            (written, None) => {
                debug_assert_eq!(written, total);
                self.note(written, commands, &line);
                Ok(())
            }
            (0, Some(source)) => Err(AppendError { source, kept: 0, not_undone: None, written: 0 }),
            (written, Some(source)) => match self.file.truncate(self.size) {
                Ok(()) => Err(AppendError { source, kept: 0, not_undone: None, written }),
                Err(error) => {
                    self.note(written, commands, &line);
                    let kept = written.saturating_sub(owed).min(commands.len());
                    Err(AppendError { source, kept, not_undone: Some(error), written })
                }
            },
        }
    }

    /// Makes what was appended survive a loss of power.
    pub fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    /// Keeps account of what is in the file now: of the owed rest, the commands and the line, so many bytes.
    fn note(&mut self, written: usize, commands: &[u8], line: &[u8]) {
        self.size += written as u64;
        let of_owed = written.min(self.owed.len());
        let of_commands = (written - of_owed).min(commands.len());
        let of_line = written - of_owed - of_commands;
        self.owed.drain(..of_owed);
        self.cover.update(commands.get(..of_commands).unwrap_or_default());
        if of_line > 0 {
            self.cover = Cover::new();
            self.owed = line.get(of_line..).unwrap_or_default().to_vec();
        }
    }
}

/// Writes everything, or tells how far it came and why it did not go on.
fn write_all(file: &mut impl AppendFile, parts: [&[u8]; 3]) -> (usize, Option<io::Error>) {
    let mut slices = parts.map(IoSlice::new);
    let mut left = &mut slices[..];
    // Empty slices in front are passed over.
    IoSlice::advance_slices(&mut left, 0);
    let mut written = 0;
    while !left.is_empty() {
        match file.append(left) {
            Ok(0) => return (written, Some(io::ErrorKind::WriteZero.into())),
            Ok(count) => {
                written += count;
                IoSlice::advance_slices(&mut left, count);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Some(error)),
        }
    }
    (written, None)
}
