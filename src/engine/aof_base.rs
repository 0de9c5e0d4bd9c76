//! A base that consists of commands, on its way to the disk: collected into large writes, each with its
//! checksum line.

use std::io::{self, Write};
use std::path::Path;

use super::snapshots::WriteBack;
use crate::aof::{AppendError, Cover, Writer};
use crate::sys::storage::{Disk, DiskFile, Storage};

/// So much is collected before it is written.
const WRITE_BYTES: usize = 256 * 1024;

/// The file. Whole commands come in single calls of `write_all`.
#[derive(Debug)]
pub(super) struct BaseFile {
    writer: Writer<DiskFile>,
    buffer: Vec<u8>,
    write_back: Option<WriteBack>,
}

impl BaseFile {
    pub fn create(path: &Path, writes_back: bool) -> io::Result<Self> {
        let file = Disk::new(Path::new("")).create(path)?;
        let writer = Writer::new(file, Cover::new())?;
        let write_back = writes_back.then(WriteBack::default);
        Ok(Self { writer, buffer: Vec::with_capacity(WRITE_BYTES * 2), write_back })
    }

    /// Adds a line that is no command.
    pub fn annotate(&mut self, line: &[u8]) -> io::Result<()> {
        self.write_all(line)
    }

    /// Everything is on disk afterwards.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        self.writer.sync()
    }
}

impl Write for BaseFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.writer.append(&self.buffer, true).map_err(|AppendError { source, .. }| source)?;
        self.buffer.clear();
        if let Some(write_back) = &mut self.write_back {
            write_back.behind(self.writer.file().as_ref(), self.writer.size())?;
        }
        Ok(())
    }
}
