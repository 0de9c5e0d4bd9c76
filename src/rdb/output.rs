//! Bytes out: buffered, counted and checksummed. Knows nothing of what they mean.

use std::io::{self, Write};

use crate::util::crc64::Crc64;
use crate::util::lzf::Compressor;

const BUFFER_BYTES: usize = 64 * 1024;

/// What is larger than the buffer is written in pieces of this size, so that progress is reported
/// inside a huge value, too.
const PIECE_BYTES: usize = 1024 * 1024;

pub(super) struct Output<W> {
    inner: W,
    buffer: Vec<u8>,
    written_bytes: u64,
    checksum: Option<Crc64>,
    progress: Option<Progress<W>>,
    /// Present if strings are to be compressed; they pass through `compressed`.
    pub(super) compressor: Option<Compressor>,
    pub(super) compressed: Vec<u8>,
    /// Values that are one string are put together here.
    pub(super) packed: Vec<u8>,
}

struct Progress<W> {
    every_bytes: u64,
    reported_bytes: u64,
    hook: ProgressHook<W>,
}

type ProgressHook<W> = Box<dyn FnMut(&mut W, u64) -> io::Result<()>>;

impl<W: Write> Output<W> {
    pub(super) fn new(inner: W, compression: bool, checksum: bool) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            written_bytes: 0,
            checksum: checksum.then(Crc64::new),
            progress: None,
            compressor: compression.then(Compressor::new),
            compressed: Vec::new(),
            packed: Vec::new(),
        }
    }

    /// Has `hook` called with the bytes written so far, about every so many bytes.
    pub(super) fn on_progress(
        &mut self,
        every_bytes: u64,
        hook: impl FnMut(&mut W, u64) -> io::Result<()> + 'static,
    ) {
        let reported_bytes = self.written_bytes;
        self.progress = Some(Progress { every_bytes, reported_bytes, hook: Box::new(hook) });
    }

    #[inline]
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            return self.put_past_buffer(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    #[inline]
    pub(super) fn put_byte(&mut self, byte: impl Into<u8>) -> io::Result<()> {
        self.put(&[byte.into()])
    }

    #[cold]
    fn put_past_buffer(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.flush_buffer()?;
        if bytes.len() < BUFFER_BYTES {
            self.buffer.extend_from_slice(bytes);
            return Ok(());
        }
        bytes.chunks(PIECE_BYTES).try_for_each(|piece| self.write_through(piece))
    }

    /// Hands over everything to the destination and flushes it.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.flush_buffer()?;
        self.inner.flush()
    }

    /// The checksum of all bytes so far, which also ends its computation; 0 if there is none.
    pub(super) fn take_checksum(&mut self) -> io::Result<u64> {
        self.flush_buffer()?;
        Ok(self.checksum.take().map_or(0, |checksum| checksum.value()))
    }

    fn flush_buffer(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.write_through(&buffer);
        buffer.clear();
        self.buffer = buffer;
        result
    }

    fn write_through(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.write_all(bytes)?;
        self.written_bytes += bytes.len() as u64;
        if let Some(checksum) = &mut self.checksum {
            checksum.update(bytes);
        }
        if let Some(progress) = &mut self.progress
            && self.written_bytes - progress.reported_bytes >= progress.every_bytes
        {
            progress.reported_bytes = self.written_bytes;
            (progress.hook)(&mut self.inner, self.written_bytes)?;
        }
        Ok(())
    }
}

impl<W> Output<W> {
    /// Bytes put so far, those in the buffer included.
    pub(super) fn bytes(&self) -> u64 {
        self.written_bytes + self.buffer.len() as u64
    }

    /// The destination; what has not been flushed is lost.
    pub(super) fn into_inner(self) -> W {
        self.inner
    }
}
