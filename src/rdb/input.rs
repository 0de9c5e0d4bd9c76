//! Bytes in: buffered, counted and checksummed. Knows nothing of what they mean.

use std::io::{self, Read};

use super::{Inflow, LoadError};
use crate::util::crc64::Crc64;

const BUFFER_BYTES: usize = 64 * 1024;

/// Scratch buffers that a large string has grown beyond this are not kept for the next one.
const SCRATCH_KEPT_BYTES_MAX: usize = 1024 * 1024;

/// How much is allocated for a string before any of it has arrived.
const TRUSTED_BYTES: usize = 256 * 1024;

pub(super) struct Input<R> {
    inner: R,
    buffer: Box<[u8]>,
    /// `buffer[..filled]` came from `inner`, `buffer[..position]` of it has been taken and
    /// `buffer[..checksummed]` of that is in the checksum.
    filled: usize,
    position: usize,
    checksummed: usize,
    /// All bytes that `inner` has delivered.
    delivered: u64,
    /// Upper bound of the input's size, when known.
    size: Option<u64>,
    checksum: Option<Crc64>,
    /// Compressed strings pass through here.
    pub(super) compressed: Vec<u8>,
}

impl<R: Read> Input<R> {
    pub(super) fn new(inner: R, size: Option<u64>) -> Self {
        // A small payload needs no large buffer.
        let buffer_bytes = size.map_or(BUFFER_BYTES, |size| size.clamp(16, BUFFER_BYTES as u64) as usize);
        Self {
            inner,
            buffer: vec![0; buffer_bytes].into_boxed_slice(),
            filled: 0,
            position: 0,
            checksummed: 0,
            delivered: 0,
            size,
            checksum: Some(Crc64::new()),
            compressed: Vec::new(),
        }
    }

    /// Stops computing the checksum: it will not be asked for.
    pub(super) fn drop_checksum(&mut self) {
        self.checksum = None;
    }

    /// The checksum of all bytes taken so far, which also ends its computation. None if dropped.
    pub(super) fn take_checksum(&mut self) -> Option<u64> {
        self.absorb();
        self.checksum.take().map(|checksum| checksum.value())
    }

    #[inline]
    pub(super) fn take_byte(&mut self) -> Result<u8, LoadError> {
        loop {
            if let Some(&byte) = self.unread().first() {
                self.position += 1;
                return Ok(byte);
            }
            self.refill()?;
        }
    }

    #[inline]
    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], LoadError> {
        if let Some(&array) = self.unread().first_chunk() {
            self.position += N;
            return Ok(array);
        }
        let mut array = [0; N];
        for byte in &mut array {
            *byte = self.take_byte()?;
        }
        Ok(array)
    }

    /// Replaces `into` by the next `length` bytes. It grows as they arrive, whatever was declared.
    pub(super) fn take_into(&mut self, length: u64, into: &mut Vec<u8>) -> Result<(), LoadError> {
        into.clear();
        if into.capacity() > SCRATCH_KEPT_BYTES_MAX {
            *into = Vec::new();
        }
        if let Some(size) = self.size
            && length > size.saturating_sub(self.offset())
        {
            return Err(LoadError::Truncated { offset: size });
        }

        into.reserve_exact(usize::try_from(length).map_or(TRUSTED_BYTES, |length| length.min(TRUSTED_BYTES)));
        let mut missing = length;
        loop {
            let unread = self.unread();
            let wanted = usize::try_from(missing).ok().and_then(|missing| unread.get(..missing));
            let taken = wanted.unwrap_or(unread);
            into.extend_from_slice(taken);
            missing -= taken.len() as u64;
            self.position += taken.len();
            if missing == 0 {
                return Ok(());
            }
            if missing > self.buffer.len() as u64 {
                return self.take_around_buffer(missing, into);
            }
            self.refill()?;
        }
    }

    /// Appends the next `length` bytes to `into` without copying them twice. The buffer is used up.
    fn take_around_buffer(&mut self, length: u64, into: &mut Vec<u8>) -> Result<(), LoadError> {
        self.absorb();
        let before = into.len();
        let read = self.inner.by_ref().take(length).read_to_end(into)? as u64;
        self.delivered += read;
        if read < length {
            return Err(LoadError::Truncated { offset: self.delivered });
        }
        if let (Some(checksum), Some(bytes)) = (&mut self.checksum, into.get(before..)) {
            checksum.update(bytes);
        }
        Ok(())
    }

    /// Whether nothing is left, which may need a read to know.
    pub(super) fn is_at_end(&mut self) -> Result<bool, LoadError> {
        if !self.unread().is_empty() {
            return Ok(false);
        }
        match self.refill() {
            Ok(()) => Ok(false),
            Err(LoadError::Truncated { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Makes `unread` not empty; to be called only when it is.
    #[cold]
    fn refill(&mut self) -> Result<(), LoadError> {
        self.absorb();
        let read = loop {
            match self.inner.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        self.filled = read.min(self.buffer.len());
        self.position = 0;
        self.checksummed = 0;
        self.delivered += self.filled as u64;
        if self.filled == 0 { Err(LoadError::Truncated { offset: self.delivered }) } else { Ok(()) }
    }

    /// Brings the checksum up to `position`. Done once per buffer: small pieces are slow.
    fn absorb(&mut self) {
        let taken = self.buffer.get(self.checksummed..self.position);
        if let (Some(checksum), Some(taken)) = (&mut self.checksum, taken) {
            checksum.update(taken);
        }
        self.checksummed = self.position;
    }
}

/// A place in the input to come back to.
pub(super) struct InputMark {
    offset: u64,
    /// Up to where the checksum of then goes, which lags behind.
    checksummed: u64,
    checksum: Option<Crc64>,
}

impl Input<Inflow> {
    /// The present place. What is before it need not be kept any more.
    pub(super) fn mark(&mut self) -> InputMark {
        let checksummed = self.delivered - (self.filled - self.checksummed) as u64;
        self.inner.release(checksummed);
        InputMark { offset: self.offset(), checksummed, checksum: self.checksum.clone() }
    }

    /// Takes everything back that was taken since `mark`, which must be the latest one.
    pub(super) fn return_to(&mut self, mark: InputMark) -> Result<(), LoadError> {
        self.inner.go_back(mark.checksummed);
        (self.filled, self.position, self.checksummed) = (0, 0, 0);
        self.delivered = mark.checksummed;
        self.checksum = mark.checksum;
        while self.offset() < mark.offset {
            if self.unread().is_empty() {
                self.refill()?;
            }
            let skipped = (mark.offset - self.offset()).min(self.unread().len() as u64);
            self.position += skipped as usize;
        }
        Ok(())
    }
}

impl<R> Input<R> {
    pub(super) fn inner(&self) -> &R {
        &self.inner
    }

    pub(super) fn inner_mut(&mut self) -> &mut R {
        &mut self.inner
    }

    /// Offset of the next byte to be taken.
    pub(super) fn offset(&self) -> u64 {
        self.delivered - (self.filled - self.position) as u64
    }

    /// What has been read ahead, and the source of what follows it.
    pub(super) fn into_rest(self) -> (Vec<u8>, R) {
        (self.unread().to_vec(), self.inner)
    }

    #[inline]
    fn unread(&self) -> &[u8] {
        self.buffer.get(self.position..self.filled).unwrap_or_default()
    }

    #[cfg(test)]
    pub(super) fn allocated_bytes(&self) -> usize {
        self.buffer.len() + self.compressed.capacity()
    }
}
