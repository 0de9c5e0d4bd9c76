//! The latest part of the stream of commands. All replicas read from the same bytes, each at its own offset, and
//! a replica that comes back after a cut finds here what it missed: however many there are, the stream is in
//! memory once.
//!
//! The bytes are in blocks of one size, dropped from the front when they are older than the window and no replica
//! has still to be sent them.

use std::collections::VecDeque;
use std::io::IoSlice;

/// Blocks are this part of the window, so that dropping one does not empty it.
const BLOCKS_PER_WINDOW: u64 = 16;
const BLOCK_BYTES_MIN: u64 = 16 * 1024;
/// A huge window must not mean huge blocks: the last one is half empty.
const BLOCK_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// See the module's page.
#[derive(Debug)]
pub struct Backlog {
    /// All but the last one are full.
    blocks: VecDeque<Vec<u8>>,
    /// The offset of the first byte held.
    start: u64,
    end: u64,
    window_bytes: u64,
    block_bytes: usize,
}

impl Backlog {
    /// A backlog that begins, empty, at `offset`.
    pub fn new(window_bytes: u64, offset: u64) -> Self {
        let block_bytes = block_bytes(window_bytes);
        Self { blocks: VecDeque::new(), start: offset, end: offset, window_bytes, block_bytes }
    }

    /// The offset of the first byte held.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The offset behind the last byte.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Bytes held.
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// Whether a reader can go on at `offset`.
    pub fn reaches(&self, offset: u64) -> bool {
        (self.start..=self.end).contains(&offset)
    }

    /// `repl-backlog-size` has changed. What is too much goes with the next [`trim`](Self::trim).
    pub fn set_window(&mut self, window_bytes: u64) {
        self.window_bytes = window_bytes;
        self.block_bytes = block_bytes(window_bytes);
    }

    /// Allocated bytes.
    pub fn memory_bytes(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum()
    }

    /// Of these, what a replica that is behind the window costs.
    pub fn excess_bytes(&self) -> usize {
        let kept = self.window_bytes.saturating_add(self.block_bytes as u64);
        self.memory_bytes() - self.memory_bytes().min(usize::try_from(kept).unwrap_or(usize::MAX))
    }

    /// Adds the next bytes of the stream.
    pub fn append(&mut self, mut bytes: &[u8]) {
        self.end += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = self.blocks.back().map_or(0, |block| block.capacity() - block.len());
            if room == 0 {
                self.blocks.push_back(Vec::with_capacity(self.block_bytes));
                continue;
            }
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(block) = self.blocks.back_mut() {
                block.extend_from_slice(now);
            }
            bytes = later;
        }
    }

    /// Drops blocks that lie before the window and before `needed`, the smallest offset that a replica is still
    /// to be sent.
    pub fn trim(&mut self, needed: Option<u64>) {
        while let Some(first) = self.blocks.front() {
            let next = self.start + first.len() as u64;
            if self.end - next < self.window_bytes || needed.is_some_and(|offset| offset < next) {
                return;
            }
            self.start = next;
            self.blocks.pop_front();
        }
    }

    /// Up to `slices.len()` pieces of the stream from `offset` on; returns how many it filled. There are none
    /// where the backlog does not reach.
    pub fn slices<'a>(&'a self, offset: u64, slices: &mut [IoSlice<'a>]) -> usize {
        let mut filled = 0;
        for (piece, slot) in self.pieces(offset).zip(slices) {
            *slot = IoSlice::new(piece);
            filled += 1;
        }
        filled
    }

    /// The stream from `offset` on.
    fn pieces(&self, offset: u64) -> impl Iterator<Item = &[u8]> {
        let mut skip = if self.reaches(offset) { offset - self.start } else { self.len() };
        self.blocks.iter().filter_map(move |block| {
            let skipped = skip.min(block.len() as u64);
            skip -= skipped;
            block.get(skipped as usize..).filter(|rest| !rest.is_empty())
        })
    }

    /// The stream from `offset` on, in one piece.
    #[cfg(test)]
    pub fn copy_from(&self, offset: u64) -> Vec<u8> {
        self.pieces(offset).collect::<Vec<_>>().concat()
    }
}

fn block_bytes(window_bytes: u64) -> usize {
    (window_bytes / BLOCKS_PER_WINDOW).clamp(BLOCK_BYTES_MIN, BLOCK_BYTES_MAX) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(from: u64, to: u64) -> Vec<u8> {
        (from..to).map(|offset| (offset % 251) as u8).collect()
    }

    #[test]
    fn any_offset_within_reach_reads_the_rest_of_the_stream() {
        let mut backlog = Backlog::new(1, 1000);
        for end in [1001, 20_000, 20_000, 90_001] {
            backlog.append(&pattern(backlog.end(), end));
        }
        for offset in [1000, 1001, 17_383, 17_384, 17_385, 90_000, 90_001] {
            assert_eq!(backlog.copy_from(offset), pattern(offset, 90_001), "{offset}");
        }
        for offset in [0, 999, 90_002] {
            assert!(!backlog.reaches(offset));
            assert!(backlog.copy_from(offset).is_empty());
        }
    }

    #[test]
    fn what_is_older_than_the_window_goes_unless_a_replica_needs_it() {
        let mut backlog = Backlog::new(32 * 1024, 0);
        let block = BLOCK_BYTES_MIN;
        backlog.append(&pattern(0, 5 * block));
        backlog.trim(Some(block - 1));
        assert_eq!(backlog.start(), 0);
        backlog.trim(Some(block));
        assert_eq!(backlog.start(), block);
        backlog.trim(None);
        assert_eq!(backlog.start(), 3 * block, "the window is kept whole");
        assert_eq!(backlog.memory_bytes() as u64, 2 * block);
        assert_eq!(backlog.copy_from(3 * block), pattern(3 * block, 5 * block));
        backlog.set_window(1);
        backlog.trim(None);
        assert_eq!(backlog.start(), 4 * block, "a window is never less than what a block holds");
    }

    #[test]
    fn slices_are_as_many_as_there_is_room_for() {
        let mut backlog = Backlog::new(1, 0);
        backlog.append(&pattern(0, 3 * BLOCK_BYTES_MIN));
        let mut slices = [IoSlice::new(&[]); 2];
        assert_eq!(backlog.slices(5, &mut slices), 2);
        assert_eq!(slices[0].len() as u64, BLOCK_BYTES_MIN - 5);
        assert_eq!(backlog.slices(backlog.end(), &mut slices), 0);
    }
}
