//! Bytes that arrive in pieces, as the input of a reader that must not wait for them.
//!
//! A reader that has used up what is there gets [`WouldBlock`](io::ErrorKind::WouldBlock). It goes back to where the
//! item began that it could not finish, and reads it again once there is more. What it may go back to is kept, so
//! that the memory in use is bounded by the largest item and by how far the owner runs ahead.

use std::io::{self, Read};

/// Bytes that were released are dropped in portions of at least this size.
const DROPPED_BYTES_MIN: usize = 64 * 1024;

/// See the module's page.
#[derive(Debug, Default)]
pub struct Inflow {
    /// What has arrived, from offset `start` on.
    bytes: Vec<u8>,
    start: u64,
    /// The offset of the next byte to be read.
    position: u64,
    has_ended: bool,
}

impl Inflow {
    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Says that no more bytes will come.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// How many bytes have arrived.
    pub fn arrived(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }

    /// The bytes before this offset will not be read again.
    pub(super) fn release(&mut self, before: u64) {
        let released = usize::try_from(before.saturating_sub(self.start)).unwrap_or(usize::MAX);
        // What is kept is moved: never more than what is dropped, so that this stays cheap.
        if released < DROPPED_BYTES_MIN || released < self.bytes.len() / 2 {
            return;
        }
        let kept = self.bytes.split_off(released.min(self.bytes.len()));
        self.bytes = kept;
        self.start = before;
    }

    /// The next byte to be read is that at offset `to`, which was not released.
    pub(super) fn go_back(&mut self, to: u64) {
        debug_assert!((self.start..=self.position).contains(&to), "only what is kept can be read again");
        self.position = to;
    }

    fn unread(&self) -> &[u8] {
        let from = usize::try_from(self.position - self.start).unwrap_or(usize::MAX);
        self.bytes.get(from..).unwrap_or_default()
    }
}

impl Read for Inflow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let unread = self.unread();
        if unread.is_empty() && !self.has_ended && !buffer.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let read = (&mut &*unread).read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_yet_would_block_and_what_never_comes_is_the_end() {
        let mut inflow = Inflow::default();
        let mut buffer = [0; 4];
        assert_eq!(inflow.read(&mut buffer).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        inflow.push(b"abcdef");
        assert_eq!(inflow.read(&mut buffer).unwrap(), 4);
        assert_eq!(inflow.read(&mut buffer).unwrap(), 2);
        assert_eq!(&buffer[..2], b"ef");
        inflow.end();
        assert_eq!(inflow.read(&mut buffer).unwrap(), 0);
        assert_eq!(inflow.arrived(), 6);
    }

    #[test]
    fn bytes_are_kept_until_they_are_released() {
        let mut inflow = Inflow::default();
        inflow.push(&vec![1; DROPPED_BYTES_MIN]);
        inflow.push(b"rest");
        let mut buffer = vec![0; DROPPED_BYTES_MIN];
        inflow.read_exact(&mut buffer).unwrap();
        inflow.release(10);
        inflow.go_back(10);
        inflow.read_exact(&mut buffer[..DROPPED_BYTES_MIN - 10]).unwrap();
        inflow.release(DROPPED_BYTES_MIN as u64);
        assert_eq!(inflow.bytes, b"rest");
        inflow.read_exact(&mut buffer[..4]).unwrap();
        assert_eq!(&buffer[..4], b"rest");
        assert_eq!(inflow.arrived(), DROPPED_BYTES_MIN as u64 + 4);
    }
}
