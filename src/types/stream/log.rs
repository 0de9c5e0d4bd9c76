//! The entries of a stream, in the order of their IDs.
//!
//! Entries are packed in nodes. The node that entries are added to, the last one, stands beside the index of
//! the others: adding an entry searches nothing, and a short stream has no index at all.

use std::collections::BTreeMap;
use std::collections::btree_map;
use std::iter::Chain;
use std::option;

use super::id::{NewId, StreamId};
use super::node::{Extent, Node, Pairs, Verdict};
use super::range::{Direction, Range};
use crate::ds::listpack::ListPack;

/// Allocations that stand for all others when memory is estimated.
const MEMORY_SAMPLES: usize = 64;
/// What a node takes in the index, beside its bytes.
const INDEX_BYTES_PER_NODE: usize = 48;

/// How big a node may become (`stream-node-max-bytes`, `stream-node-max-entries`); 0 is without a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeLimits {
    pub bytes_max: usize,
    pub entries_max: u64,
}

/// Why an entry cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppendError {
    #[error("the last possible ID is in use")]
    Exhausted,
    #[error("the ID is not greater than the last one")]
    NotIncreasing,
    #[error("the entry is too large")]
    TooLarge,
}

/// What remains after trimming.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// MAXLEN: at most this many entries.
    Length(u64),
    /// MINID: entries from this ID on.
    Id(StreamId),
}

/// How to trim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trim {
    pub threshold: Threshold,
    /// `~`: remove whole nodes only.
    pub approximate: bool,
    /// Remove at most so many entries.
    pub entries_max: Option<u64>,
}

#[derive(Debug, Clone, Default)]
pub struct Log {
    /// All nodes but the last, by the ID of their first entries.
    closed: BTreeMap<StreamId, Node>,
    /// The last node; there is one exactly if there are entries.
    last: Option<(StreamId, Node)>,
    len: u64,
    first_id: StreamId,
    last_id: StreamId,
    max_deleted_id: StreamId,
    entries_added: u64,
}

/// Nodes in order, from either end.
pub(super) type Nodes<'a> =
    Chain<btree_map::Range<'a, StreamId, Node>, option::IntoIter<(&'a StreamId, &'a Node)>>;

impl Log {
    /// Redis's limit for the texts of an entry, and for a node: 1 GiB.
    const BYTES_MAX: usize = ListPack::BYTES_MAX;

    /// The ID an entry gets that is added at `now_ms` (Unix time).
    pub fn id_for(&self, wanted: NewId, now_ms: u64) -> Result<StreamId, AppendError> {
        let last = self.last_id;
        let successor = last.next().ok_or(AppendError::Exhausted)?;
        let id = match wanted {
            NewId::Auto if now_ms > last.ms => StreamId { ms: now_ms, seq: 0 },
            NewId::Auto => successor,
            NewId::AutoSeq(ms) if ms == last.ms => {
                StreamId { ms, seq: last.seq.checked_add(1).ok_or(AppendError::NotIncreasing)? }
            }
            NewId::AutoSeq(ms) => StreamId { ms, seq: 0 },
            NewId::Exact(id) => id,
        };
        if id > last { Ok(id) } else { Err(AppendError::NotIncreasing) }
    }

    /// Adds an entry under an ID from [`Log::id_for`].
    pub fn append<'a>(
        &mut self,
        id: StreamId,
        pairs: impl Pairs<'a>,
        limits: NodeLimits,
    ) -> Result<(), AppendError> {
        let text_bytes: usize = pairs.clone().map(|(name, value)| name.len() + value.len()).sum();
        if text_bytes > Self::BYTES_MAX {
            return Err(AppendError::TooLarge);
        }
        if self.last.as_ref().is_some_and(|(_, node)| limits.are_reached_by(node, text_bytes)) {
            self.close_last();
        }
        let (first_id, node) = self.last.get_or_insert_with(|| (id, Node::new(pairs.clone())));
        node.push(*first_id, id, pairs);

        self.len += 1;
        self.entries_added = self.entries_added.wrapping_add(1);
        self.last_id = id;
        if self.len == 1 {
            self.first_id = id;
        }
        Ok(())
    }

    /// Deletes entries; returns how many of the IDs had one.
    pub fn delete(&mut self, ids: impl IntoIterator<Item = StreamId>) -> u64 {
        let mut deleted = 0;
        for id in ids {
            if self.delete_one(id) {
                self.max_deleted_id = self.max_deleted_id.max(id);
                deleted += 1;
            }
        }
        if deleted > 0 {
            self.find_first_id();
        }
        deleted
    }

    /// Removes entries from the front; returns how many.
    pub fn trim(&mut self, trim: &Trim) -> u64 {
        let mut removed = 0;
        while let Some((first_id, node)) = self.nodes().next() {
            let first_id = *first_id;
            let (live, last_id) = (node.head().live, node.last_id(first_id));
            if self.satisfies(trim.threshold) || trim.entries_max.is_some_and(|max| removed + live > max) {
                break;
            }
            let can_go = match trim.threshold {
                Threshold::Length(length_max) => self.len - live >= length_max,
                Threshold::Id(id) => last_id.is_none_or(|last_id| last_id < id),
            };
            if can_go {
                self.remove_node(first_id);
                self.len -= live;
                removed += live;
                continue;
            }
            if !trim.approximate {
                removed += self.trim_node(first_id, trim.threshold);
            }
            break;
        }
        if removed > 0 {
            self.find_first_id();
        }
        removed
    }

    /// XSETID: the counters are given from outside; the caller has checked them.
    pub fn set_last_id(&mut self, last_id: StreamId) {
        self.last_id = last_id;
    }

    pub fn set_entries_added(&mut self, entries_added: u64) {
        self.entries_added = entries_added;
    }

    pub fn set_max_deleted_id(&mut self, max_deleted_id: StreamId) {
        self.max_deleted_id = max_deleted_id;
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ID of the first entry; `0-0` if there is none.
    pub fn first_id(&self) -> StreamId {
        self.first_id
    }

    /// The greatest ID that was ever used, or what XSETID says.
    pub fn last_id(&self) -> StreamId {
        self.last_id
    }

    pub fn max_deleted_id(&self) -> StreamId {
        self.max_deleted_id
    }

    /// How many entries were ever added.
    pub fn entries_added(&self) -> u64 {
        self.entries_added
    }

    /// The ID of the last entry that is there.
    pub fn last_entry_id(&self) -> Option<StreamId> {
        self.range(StreamId::MIN, StreamId::MAX, Direction::Backward).next().map(|entry| entry.id)
    }

    /// The ID from which on the first node keeps entries: what trimming by ID to this very state would say.
    pub fn first_node_id(&self) -> Option<StreamId> {
        self.nodes().next().map(|(id, _)| *id)
    }

    pub fn contains(&self, id: StreamId) -> bool {
        self.range(id, id, Direction::Forward).next().is_some()
    }

    /// The entries from `start` to `end`, both included.
    pub fn range(&self, start: StreamId, end: StreamId, direction: Direction) -> Range<'_> {
        Range::new(self.nodes_of(start, end), start, end, direction)
    }

    /// The number of entries of a range, if they lie in several nodes: of whole nodes it need not be counted.
    pub fn count_if_long(&self, start: StreamId, end: StreamId) -> Option<usize> {
        let mut nodes = self.nodes_of(start, end).peekable();
        let (first_id, first) = nodes.next()?;
        let (next_id, _) = nodes.peek()?;
        let count_of = |start, end| self.range(start, end, Direction::Forward).count();
        let mut count = if *first_id >= start {
            first.head().live as usize
        } else {
            count_of(start, next_id.previous()?)
        };
        while let Some((id, node)) = nodes.next() {
            let is_whole = nodes.peek().is_some() || end >= self.last_id;
            count += if is_whole { node.head().live as usize } else { count_of(*id, end) };
        }
        Some(count)
    }

    /// The nodes as snapshots have them: the ID of the first entry, and the bytes of a listpack.
    pub fn packed_nodes(&self) -> impl Iterator<Item = (StreamId, &[u8])> {
        self.nodes().map(|(id, node)| (*id, node.view().as_bytes()))
    }

    pub fn node_count(&self) -> usize {
        self.closed.len() + usize::from(self.last.is_some())
    }

    /// How many entries were ever added up to this one, where that can be told from the counters alone.
    pub fn entries_up_to(&self, id: StreamId) -> Option<u64> {
        if self.entries_added == 0 {
            return Some(0);
        }
        if id == self.last_id || (self.len == 0 && id < self.last_id) {
            return Some(self.entries_added);
        }
        let has_holes = !self.max_deleted_id.is_zero() && self.max_deleted_id >= self.first_id;
        if id > self.last_id || has_holes {
            return None;
        }
        let before_first = self.entries_added.wrapping_sub(self.len);
        match id.cmp(&self.first_id) {
            std::cmp::Ordering::Less => Some(before_first),
            std::cmp::Ordering::Equal => Some(before_first.wrapping_add(1)),
            std::cmp::Ordering::Greater => None,
        }
    }

    /// Whether an entry behind `id` (included) may have been deleted out of the middle of the stream.
    pub fn may_have_holes_from(&self, id: StreamId) -> bool {
        self.len > 0
            && !self.max_deleted_id.is_zero()
            && self.first_id <= self.max_deleted_id
            && id <= self.max_deleted_id
    }

    /// Bytes on the heap. Of many nodes some are taken for all.
    pub fn heap_bytes(&self) -> usize {
        let samples = self.closed.len().min(MEMORY_SAMPLES);
        let sampled: usize = self.closed.values().take(samples).map(Node::heap_bytes).sum();
        let average = sampled.checked_div(samples).unwrap_or(0);
        let last = self.last.as_ref().map_or(0, |(_, node)| node.heap_bytes());
        self.closed.len() * (average + INDEX_BYTES_PER_NODE) + last
    }

    /// Adds a node behind the others: what a snapshot says.
    pub(super) fn push_node(&mut self, first_id: StreamId, node: Node, extent: Extent) {
        self.close_last();
        self.len += extent.live;
        self.last = Some((first_id, node));
    }

    /// The first ID is not saved, but found again.
    pub(super) fn find_first_id(&mut self) {
        let first = self.range(StreamId::MIN, StreamId::MAX, Direction::Forward).next();
        self.first_id = first.map_or(StreamId::MIN, |entry| entry.id);
    }

    fn nodes(&self) -> Nodes<'_> {
        self.nodes_of(StreamId::MIN, StreamId::MAX)
    }

    /// The nodes that may have entries of a range.
    fn nodes_of(&self, start: StreamId, end: StreamId) -> Nodes<'_> {
        let last = self.last.as_ref().filter(|(first_id, _)| *first_id <= end);
        let none = StreamId::MAX..StreamId::MAX;
        let closed = match last {
            Some((first_id, _)) if *first_id <= start => self.closed.range(none),
            _ if start > end => self.closed.range(none),
            _ => {
                let before = self.closed.range(..=start).next_back().map_or(StreamId::MIN, |(id, _)| *id);
                self.closed.range(before..=end)
            }
        };
        closed.chain(last.map(|(id, node)| (id, node)))
    }

    fn close_last(&mut self) {
        if let Some((id, mut node)) = self.last.take() {
            node.shrink();
            self.closed.insert(id, node);
        }
    }

    fn node_mut(&mut self, first_id: StreamId) -> Option<&mut Node> {
        match &mut self.last {
            Some((id, node)) if *id == first_id => Some(node),
            _ => self.closed.get_mut(&first_id),
        }
    }

    /// Where the last node goes, the one before it takes its place.
    fn remove_node(&mut self, first_id: StreamId) {
        if self.last.as_ref().is_some_and(|(id, _)| *id == first_id) {
            self.last = self.closed.pop_last();
        } else {
            self.closed.remove(&first_id);
        }
    }

    fn delete_one(&mut self, id: StreamId) -> bool {
        let Some((&first_id, node)) = self.nodes_of(id, id).next_back() else { return false };
        let live = node.head().live;
        let deleted = self.node_mut(first_id).is_some_and(|node| node.delete(first_id, id));
        if deleted {
            self.len -= 1;
            if live == 1 {
                self.remove_node(first_id);
            }
        }
        deleted
    }

    fn satisfies(&self, threshold: Threshold) -> bool {
        match threshold {
            Threshold::Length(length_max) => self.len <= length_max,
            Threshold::Id(id) => self.first_id >= id,
        }
    }

    /// Deletes from the first node what is not to remain, which is not all of it.
    fn trim_node(&mut self, first_id: StreamId, threshold: Threshold) -> u64 {
        let mut excess = match threshold {
            Threshold::Length(length_max) => self.len.saturating_sub(length_max),
            Threshold::Id(_) => u64::MAX,
        };
        let Some(node) = self.node_mut(first_id) else { return 0 };
        let removed = node.delete_where(first_id, |id| {
            let stays = excess == 0 || matches!(threshold, Threshold::Id(least) if id >= least);
            excess -= u64::from(!stays);
            if stays { Verdict::Stop } else { Verdict::Delete }
        });
        let is_empty = node.head().live == 0;
        self.len -= removed;
        if is_empty {
            self.remove_node(first_id);
        }
        removed
    }
}

impl NodeLimits {
    /// Whether an entry with so many bytes of text needs a new node.
    fn are_reached_by(self, node: &Node, text_bytes: usize) -> bool {
        let bytes_max = match self.bytes_max {
            0 => Log::BYTES_MAX,
            bytes_max => bytes_max.min(Log::BYTES_MAX),
        };
        node.byte_len() + text_bytes >= bytes_max
            || (self.entries_max != 0 && node.head().entries() >= self.entries_max)
    }
}
