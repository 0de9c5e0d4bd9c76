//! What waits to be sent to one client.
//!
//! Replies are appended to a tail; a tail that has grown past [`CHUNK_BYTES`] becomes a chunk of its
//! own, so that a reply of many megabytes is neither moved nor reallocated while it drains. Sending
//! only advances an offset. A client with nothing to send may own no memory at all.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::mem;

/// A tail of this size is closed and a new one begun; the size of Redis's own reply chunks.
pub const CHUNK_BYTES: usize = 16 * 1024;

const LINE_BREAK: &[u8] = b"\r\n";

/// Pending output: closed chunks, then the tail.
#[derive(Debug, Default)]
pub struct Output {
    chunks: VecDeque<Vec<u8>>,
    tail: Vec<u8>,
    /// Bytes of the first chunk (or, without chunks, of the tail) that are sent already.
    sent: usize,
    /// Allocated bytes of all closed chunks.
    chunk_bytes: usize,
    /// Open replies whose length is not known yet: the tail must stay in one piece.
    open: usize,
    /// The fullest the tail has been since the last [`Output::take_peak`].
    peak: usize,
}

/// A place in the output to which it can be cut back.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    chunks: usize,
    tail: usize,
}

impl Output {
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) {
        if self.tail.capacity() - self.tail.len() < bytes.len() {
            self.make_room(bytes.len());
        }
        self.tail.extend_from_slice(bytes);
    }

    /// The same with a line break behind.
    #[inline]
    pub fn push_line(&mut self, bytes: &[u8]) {
        if self.tail.capacity() - self.tail.len() < bytes.len() + LINE_BREAK.len() {
            self.make_room(bytes.len() + LINE_BREAK.len());
        }
        self.tail.extend_from_slice(bytes);
        self.tail.extend_from_slice(LINE_BREAK);
    }

    /// The tail, for writers that format in place.
    #[inline]
    pub fn tail(&mut self) -> &mut Vec<u8> {
        if self.tail.len() >= CHUNK_BYTES && self.open == 0 {
            self.begin_tail(CHUNK_BYTES);
        }
        &mut self.tail
    }

    /// Starts a reply whose header is inserted later; returns where it will stand.
    pub fn open(&mut self) -> usize {
        self.open += 1;
        self.tail.len()
    }

    /// Inserts the header of the reply opened at `at`.
    pub fn close(&mut self, at: usize, header: &[u8]) {
        self.open -= 1;
        let body = self.tail.len();
        self.tail.extend_from_slice(header);
        if let Some(reply) = self.tail.get_mut(at..) {
            reply.rotate_right(header.len());
        }
        debug_assert!(at <= body);
    }

    /// Unsent bytes.
    pub fn len(&self) -> usize {
        self.chunks.iter().map(Vec::len).sum::<usize>() + self.tail.len() - self.sent
    }

    #[inline]
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.len() == self.sent
    }

    pub fn mark(&self) -> Mark {
        Mark { chunks: self.chunks.len(), tail: self.tail.len() }
    }

    /// Drops everything written since `mark` (nothing was sent meanwhile).
    pub fn truncate(&mut self, mark: Mark) {
        while self.chunks.len() > mark.chunks {
            // The tail of that time is the first chunk closed since.
            self.tail = self.chunks.pop_back().unwrap_or_default();
            self.chunk_bytes -= self.tail.capacity();
        }
        self.tail.truncate(mark.tail);
    }

    /// Everything written since `mark`, in one piece.
    pub fn since(&self, mark: Mark) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut skip = mark.tail;
        for chunk in self.chunks.iter().skip(mark.chunks).chain([&self.tail]) {
            bytes.extend_from_slice(chunk.get(skip..).unwrap_or_default());
            skip = 0;
        }
        bytes
    }

    /// Appends another output's unsent bytes, emptying it.
    pub fn append(&mut self, other: &mut Self) {
        for chunk in other.chunks.drain(..) {
            self.push(chunk.get(other.sent..).unwrap_or_default());
            other.sent = 0;
        }
        self.push(other.tail.get(other.sent..).unwrap_or_default());
        other.clear();
    }

    /// Drops all pending output.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Up to `slices.len()` pieces to write next; returns how many it filled.
    pub fn fill_slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.sent;
        let mut filled = 0;
        for (piece, slot) in self.chunks.iter().chain([&self.tail]).zip(slices) {
            *slot = IoSlice::new(piece.get(skip..).unwrap_or_default());
            skip = 0;
            filled += 1;
        }
        filled
    }

    /// The tail when nothing else is pending: the common case of one small write.
    #[inline]
    pub fn single(&self) -> Option<&[u8]> {
        if self.chunks.is_empty() { self.tail.get(self.sent..) } else { None }
    }

    /// Forgets `count` bytes that were sent.
    pub fn advance(&mut self, count: usize) {
        self.sent += count;
        while let Some(first) = self.chunks.front() {
            if self.sent < first.len() {
                return;
            }
            self.sent -= first.len();
            self.chunk_bytes -= first.capacity();
            self.chunks.pop_front();
        }
        if self.sent == self.tail.len() {
            self.peak = self.peak.max(self.tail.len());
            self.sent = 0;
            if self.tail.capacity() > CHUNK_BYTES {
                // A large reply's own buffer; another one may follow, whose beginning needs some room.
                self.tail = Vec::with_capacity(CHUNK_BYTES);
            } else {
                self.tail.clear();
            }
        }
    }

    /// Bytes pending in the tail, as CLIENT LIST's `obl`.
    pub fn tail_len(&self) -> usize {
        self.tail.len() - if self.chunks.is_empty() { self.sent } else { 0 }
    }

    /// Allocated bytes of the tail, as CLIENT LIST's `rbs`.
    pub fn tail_capacity(&self) -> usize {
        self.tail.capacity()
    }

    /// Closed chunks, as CLIENT LIST's `oll`.
    pub fn chunk_count(&self) -> usize {
        self.chunks.len()
    }

    /// Memory held beyond the first chunk: what output-buffer limits count, and CLIENT LIST's `omem`.
    pub fn excess_bytes(&self) -> usize {
        self.chunk_bytes + self.tail.capacity().saturating_sub(CHUNK_BYTES)
    }

    /// All allocated bytes.
    pub fn memory_bytes(&self) -> usize {
        self.chunk_bytes + self.tail.capacity()
    }

    /// The fullest the tail was since the last call.
    pub fn take_peak(&mut self) -> usize {
        mem::replace(&mut self.peak, self.tail.len()).max(self.tail.len())
    }

    /// The same, without starting over.
    pub fn peak(&self) -> usize {
        self.peak.max(self.tail.len())
    }

    /// Gives back the buffer of a client that is only sent messages: it may be long until the next one.
    pub fn release(&mut self) {
        if self.is_empty() {
            self.peak = self.peak.max(self.tail.len());
            self.tail = Vec::new();
            self.sent = 0;
        }
    }

    /// Gives the idle tail another capacity; does nothing while output is pending.
    pub fn resize_tail(&mut self, capacity: usize) {
        if self.is_empty() && self.tail.capacity() != capacity {
            self.tail = Vec::with_capacity(capacity);
            self.sent = 0;
        }
    }

    /// Lets the tail grow, or begins another one.
    fn make_room(&mut self, bytes: usize) {
        if self.open > 0 {
            self.tail.reserve(bytes);
        } else if bytes >= CHUNK_BYTES {
            // Exact: a value of 100 MB must not reserve 200.
            self.begin_tail(bytes);
        } else if self.tail.len() >= CHUNK_BYTES {
            self.begin_tail(CHUNK_BYTES);
        } else if bytes >= self.tail.len() {
            // Exact: that the same reply is a little longer next time must not double the buffer.
            self.tail.reserve_exact(bytes);
        } else {
            self.tail.reserve(bytes);
        }
    }

    /// Closes the tail, unless it is empty, and begins another one.
    #[cold]
    fn begin_tail(&mut self, capacity: usize) {
        let tail = mem::replace(&mut self.tail, Vec::with_capacity(capacity));
        if !tail.is_empty() {
            self.peak = CHUNK_BYTES;
            self.chunk_bytes += tail.capacity();
            self.chunks.push_back(tail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(output: &Output) -> Vec<u8> {
        let mut slices = [IoSlice::new(&[]); 64];
        let filled = output.fill_slices(&mut slices);
        slices[..filled].iter().flat_map(|s| s.iter().copied()).collect()
    }

    #[test]
    fn pending_bytes_survive_any_number_of_short_writes() {
        let mut output = Output::default();
        let mut expected = Vec::new();
        for size in [10, CHUNK_BYTES, 3, 5 * CHUNK_BYTES, 100, CHUNK_BYTES - 1, 7] {
            let bytes = vec![b'a' + (size % 26) as u8; size];
            output.push(&bytes);
            expected.extend_from_slice(&bytes);
        }
        while !output.is_empty() {
            assert_eq!(text(&output), expected);
            assert_eq!(output.len(), expected.len());
            let part = 4097.min(expected.len());
            output.advance(part);
            expected.drain(..part);
        }
        assert!(expected.is_empty());
        assert_eq!(output.excess_bytes(), 0);
    }

    #[test]
    fn a_large_value_and_its_line_break_share_one_allocation() {
        let mut output = Output::default();
        output.push(b"$40000\r\n");
        output.push_line(&b"x".repeat(40_000));
        assert_eq!((output.chunk_count(), output.tail_len(), output.tail_capacity()), (1, 40_002, 40_002));
        output.advance(40_010);
        // What follows a large reply finds a whole chunk.
        assert_eq!((output.chunk_count(), output.tail_len(), output.tail_capacity()), (0, 0, CHUNK_BYTES));
    }

    #[test]
    fn a_reply_that_is_a_little_longer_than_the_last_one_does_not_double_the_buffer() {
        let mut output = Output::default();
        output.push(b"$6000\r\n");
        output.push_line(&[b'x'; 6000]);
        assert_eq!(output.tail_capacity(), 6009);
        output.release();
        assert_eq!(output.tail_len(), 6009, "nothing was sent");
        output.advance(6009);
        output.push(b"$6001\r\n");
        output.push_line(&[b'x'; 6001]);
        assert_eq!(output.tail_capacity(), 6010);
        output.advance(6010);
        output.release();
        assert_eq!((output.tail_capacity(), output.peak()), (0, 6010));
    }

    #[test]
    fn a_late_header_stands_before_its_reply() {
        let mut output = Output::default();
        output.push(b"+OK\r\n");
        let outer = output.open();
        output.push(b":1\r\n");
        let inner = output.open();
        output.push(b":2\r\n");
        output.close(inner, b"*1\r\n");
        output.close(outer, b"*2\r\n");
        assert_eq!(text(&output), b"+OK\r\n*2\r\n:1\r\n*1\r\n:2\r\n");
    }

    #[test]
    fn truncating_to_a_mark_drops_chunks_closed_since() {
        let mut output = Output::default();
        output.push(b"kept");
        let mark = output.mark();
        for _ in 0..5 {
            output.push(&vec![b'x'; CHUNK_BYTES]);
        }
        assert_eq!(output.since(mark).len(), 5 * CHUNK_BYTES);
        output.truncate(mark);
        assert_eq!(text(&output), b"kept");
    }
}
