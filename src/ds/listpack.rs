//! Redis's serialized list, in memory as on disk: short strings one behind the other in a block, readable in
//! both directions.
//!
//! ```text
//! bytes 0-3    length of the whole in bytes, little endian
//! bytes 4-5    number of elements, little endian; 65535 stands for that or more
//! entries      see `entry`
//! last byte    0xff
//! ```
//!
//! Steps between neighbours take constant time, and so do pushing and popping at either end (amortised);
//! whatever else takes time in proportion to the bytes between the place and the nearer end. Hence a listpack
//! suits some kilobytes, not millions of elements.
//!
//! **Layout.** A [`ListPack`] is two words, a boxed slice:
//!
//! ```text
//! bytes 0-3    where the listpack begins, little endian
//! gap          room for pushing at the front
//! listpack     its own header tells its length
//! rest         room for pushing at the back
//! ```
//!
//! So a queue does not move its bytes with each push or pop. The block grows by whole classes of the allocator.
//! A listpack that never had an element has no block.
//!
//! **Invariant.** The bytes of a [`ListPack`] and of a [`ListPackRef`] are well-formed: they were made here or
//! passed [`ListPackRef::validate`]. Methods rely on it, and a position ([`At`]) is one of the same
//! listpack, in its present state.

use std::fmt;

pub use self::builder::Builder;
use self::entry::Encoded;
pub use self::view::{Iter, ListPackRef, Malformed, Matcher, Unproven};
use super::StrRef;
use crate::util::size_class::size_class;

mod builder;
mod entry;
mod view;

#[cfg(test)]
mod tests;

/// What tells in a block where the listpack begins.
const START_BYTES: usize = 4;
const HEADER_BYTES: usize = 6;
const END: u8 = 0xff;
/// Number of elements from which the header does not tell it.
const COUNT_MANY: usize = u16::MAX as usize;
/// A listpack without elements.
const EMPTY: [u8; EMPTY_BYTES] = [EMPTY_BYTES as u8, 0, 0, 0, 0, 0, END];
const EMPTY_BYTES: usize = HEADER_BYTES + 1;

/// Where an element is: valid until something before it is added, removed or replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct At(u32);

impl At {
    /// Fits, as the header tells the length of a listpack in 32 bits.
    fn new(offset: usize) -> Self {
        Self(offset as u32)
    }

    fn offset(self) -> usize {
        self.0 as usize
    }
}

/// A listpack that can be changed. See the module's page.
pub struct ListPack {
    /// See the module's page. Nothing stands for a listpack without elements.
    block: Box<[u8]>,
}

impl ListPack {
    /// A listpack should not grow beyond this (1 GiB); 4 GiB cannot be expressed. Whoever adds sees to it.
    pub const BYTES_MAX: usize = 1 << 30;

    /// Bytes of a block before its listpack, for who puts together what [`ListPack::from_block`] takes.
    pub const FRONT_BYTES: usize = START_BYTES;

    /// An empty listpack; allocates nothing.
    pub fn new() -> Self {
        Self { block: Box::default() }
    }

    /// An empty listpack that can grow to `bytes` without moving.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut pack = Self::new();
        pack.relocate(START_BYTES + bytes.max(EMPTY_BYTES), 0);
        pack
    }

    /// The listpack that these bytes are.
    pub fn from_bytes(mut bytes: Vec<u8>) -> Result<Self, Malformed> {
        bytes.reserve_exact(START_BYTES);
        bytes.splice(..0, [0; START_BYTES]);
        Self::from_block(bytes)
    }

    /// The listpack that stands in a block behind [`ListPack::FRONT_BYTES`] others. Nothing is moved.
    pub fn from_block(block: Vec<u8>) -> Result<Self, Malformed> {
        Self::examine(block, |_| ()).map(|(pack, ())| pack)
    }

    /// The same with what `look` makes of the elements, as [`ListPackRef::examine`].
    pub fn examine<T>(
        mut block: Vec<u8>,
        look: impl for<'a> FnOnce(&mut Unproven<'a>) -> T,
    ) -> Result<(Self, T), Malformed> {
        let (_, len, seen) = ListPackRef::examine(block.get(START_BYTES..).unwrap_or_default(), look)?;
        block[..START_BYTES].copy_from_slice(&(START_BYTES as u32).to_le_bytes());
        let mut pack = Self { block: block.into_boxed_slice() };
        // A listpack with few elements may have been saved without their number.
        pack.set_count(len);
        Ok((pack, seen))
    }

    /// A copy without spare room.
    pub fn from_view(view: ListPackRef<'_>) -> Self {
        let start = (START_BYTES as u32).to_le_bytes();
        Self { block: [start.as_slice(), view.as_bytes()].concat().into_boxed_slice() }
    }

    pub fn push_back(&mut self, value: StrRef<'_>) {
        let end = self.byte_len() - 1;
        self.insert_at(end, value);
    }

    /// Adds a text; the text of an integer becomes that integer.
    pub fn push_back_text(&mut self, text: &[u8]) {
        self.push_back(StrRef::of(text));
    }

    pub fn push_front(&mut self, value: StrRef<'_>) {
        self.insert_at(HEADER_BYTES, value);
    }

    /// Returns where the new element is.
    pub fn insert_before(&mut self, at: At, value: StrRef<'_>) -> At {
        self.insert_at(at.offset(), value);
        at
    }

    /// Returns where the new element is.
    pub fn insert_after(&mut self, at: At, value: StrRef<'_>) -> At {
        let offset = self.view().end_of(at);
        self.insert_at(offset, value);
        At::new(offset)
    }

    /// Puts another value in the place of one; the place stays the same.
    pub fn replace(&mut self, at: At, value: StrRef<'_>) {
        let encoded = Encoded::of(value);
        let old_bytes = self.view().end_of(at) - at.offset();
        encoded.write(self.splice(at.offset(), old_bytes, encoded.total_bytes()));
    }

    /// Takes an element out; returns where its successor is, if it has one.
    pub fn remove(&mut self, at: At) -> Option<At> {
        let end = self.view().end_of(at);
        self.remove_bytes(at.offset(), end, 1);
        self.view().checked(at)
    }

    /// Takes out up to `count` elements from the one with this index on.
    pub fn remove_range(&mut self, index: usize, count: usize) {
        let view = self.view();
        let Some(from) = view.at_offset_index(index) else { return };
        let removed = count.min(view.len() - index);
        let to_the_end = index + removed == view.len();
        let end = if to_the_end { view.byte_len() - 1 } else { view.skip_from(from, removed) };
        self.remove_bytes(from.offset(), end, removed);
    }

    pub fn pop_front(&mut self) {
        self.remove_range(0, 1);
    }

    pub fn pop_back(&mut self) {
        if let Some(at) = self.view().last() {
            self.remove_bytes(at.offset(), self.byte_len() - 1, 1);
        }
    }

    /// Takes out the elements from the one with this index on, and returns them.
    #[must_use]
    pub fn split_off(&mut self, index: usize) -> Self {
        let view = self.view();
        let Some(from) = view.at_offset_index(index) else { return Self::new() };
        let end = view.byte_len() - 1;
        let moved = view.len() - index;

        let mut tail = Self::with_capacity(EMPTY_BYTES + end - from.offset());
        tail.splice(HEADER_BYTES, 0, end - from.offset())
            .copy_from_slice(&view.as_bytes()[from.offset()..end]);
        tail.set_count(moved);
        self.remove_bytes(from.offset(), end, moved);
        tail
    }

    /// Adds the elements of another listpack behind the last.
    pub fn append(&mut self, other: ListPackRef<'_>) {
        let count = self.len() + other.len();
        let end = self.byte_len() - 1;
        let entries = other.entries();
        self.splice(end, 0, entries.len()).copy_from_slice(entries);
        self.set_count(count);
    }

    /// Gives back the room that is not used, where the allocator would take any.
    pub fn shrink(&mut self) {
        let bytes = START_BYTES + self.byte_len();
        if size_class(bytes) < size_class(self.block.len()) {
            self.relocate(bytes, 0);
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_class(self.block.len())
    }

    #[inline]
    pub fn view(&self) -> ListPackRef<'_> {
        let bytes = self.block.get(self.start()..).unwrap_or_default();
        let whole = view::declared_bytes(bytes).and_then(|length| bytes.get(..length));
        ListPackRef::trusted(whole.unwrap_or(&EMPTY))
    }

    pub fn as_bytes(&self) -> &[u8] {
        self.view().as_bytes()
    }

    /// Length in bytes, header and end included.
    #[inline]
    pub fn byte_len(&self) -> usize {
        self.view().byte_len()
    }

    /// Number of elements; counts them from 65535 on.
    pub fn len(&self) -> usize {
        self.view().len()
    }

    pub fn is_empty(&self) -> bool {
        self.view().is_empty()
    }

    pub fn first(&self) -> Option<At> {
        self.view().first()
    }

    pub fn last(&self) -> Option<At> {
        self.view().last()
    }

    pub fn next(&self, at: At) -> Option<At> {
        self.view().next(at)
    }

    pub fn prev(&self, at: At) -> Option<At> {
        self.view().prev(at)
    }

    /// Where the element with this index is; -1 is the last.
    pub fn at_index(&self, index: i64) -> Option<At> {
        self.view().at_index(index)
    }

    pub fn value(&self, at: At) -> StrRef<'_> {
        self.view().value(at)
    }

    pub fn iter(&self) -> Iter<'_> {
        self.view().iter()
    }

    /// See [`ListPackRef::find`].
    pub fn find(&self, text: &[u8], skip: usize) -> Option<At> {
        self.view().find(text, skip)
    }

    /// Bytes that a value takes in a listpack.
    pub fn encoded_len(value: StrRef<'_>) -> usize {
        Encoded::of(value).total_bytes()
    }

    fn insert_at(&mut self, offset: usize, value: StrRef<'_>) {
        let encoded = Encoded::of(value);
        encoded.write(self.splice(offset, 0, encoded.total_bytes()));
        let count = self.view().declared_len();
        if count < COUNT_MANY {
            self.set_count(count + 1);
        }
    }

    fn remove_bytes(&mut self, from: usize, end: usize, elements: usize) {
        let known = self.view().declared_len();
        self.splice(from, end - from, 0);
        let count = if known < COUNT_MANY { known - elements } else { self.view().count() };
        self.set_count(count);
        // What has become less than half full gives the rest back; the gap keeps it from going back and forth.
        let class = size_class(START_BYTES + self.byte_len());
        if class <= size_class(self.block.len()) / 2 {
            self.relocate(class, 0);
        }
    }

    /// Replaces `removed` bytes at `offset` by `inserted` others, which are returned to be filled. What moves is
    /// the shorter part: that before, or that behind.
    fn splice(&mut self, offset: usize, removed: usize, inserted: usize) -> &mut [u8] {
        let old_bytes = self.byte_len();
        if removed == inserted && removed > 0 {
            let at = self.start() + offset;
            return &mut self.block[at..at + inserted];
        }
        let behind = old_bytes - removed - offset;
        let moves_front = offset < behind;
        self.make_room(moves_front, inserted.saturating_sub(removed));

        let mut start = self.start();
        if moves_front {
            let new_start = start + removed - inserted;
            self.block.copy_within(start..start + offset, new_start);
            self.set_start(new_start);
            start = new_start;
        } else {
            let from = start + offset + removed;
            self.block.copy_within(from..from + behind, start + offset + inserted);
        }
        self.set_byte_len(old_bytes - removed + inserted);
        &mut self.block[start + offset..start + offset + inserted]
    }

    /// Sees to room for `more` bytes in front of or behind the listpack.
    #[inline]
    fn make_room(&mut self, in_front: bool, more: usize) {
        let (start, bytes) = (self.start(), self.byte_len());
        let room = if in_front {
            start.checked_sub(START_BYTES)
        } else {
            self.block.len().checked_sub(start + bytes)
        };
        if room.is_none_or(|room| room < more) || self.block.is_empty() {
            self.make_more_room(in_front, more);
        }
    }

    #[cold]
    fn make_more_room(&mut self, in_front: bool, more: usize) {
        let needed = START_BYTES + self.byte_len() + more;
        let block_bytes = if needed > self.block.len() { size_class(needed) } else { self.block.len() };
        // A list that grows at the front usually goes on so; but the other end gets something too.
        let gap = if in_front { more + (block_bytes - needed) / 4 * 3 } else { 0 };
        self.relocate(block_bytes, gap);
    }

    /// Moves to a block of this length, with a gap in front; the listpack fits it.
    fn relocate(&mut self, block_bytes: usize, gap: usize) {
        let (start, bytes) = (self.start(), self.byte_len());
        let mut block = std::mem::take(&mut self.block).into_vec();
        if block.is_empty() {
            block.extend_from_slice(&[0; START_BYTES]);
            block.extend_from_slice(&EMPTY);
        } else {
            block.copy_within(start..start + bytes, START_BYTES);
        }
        block.truncate(block_bytes);
        block.reserve_exact(block_bytes - block.len());
        block.resize(block_bytes, 0);
        if gap > 0 {
            block.copy_within(START_BYTES..START_BYTES + bytes, START_BYTES + gap);
        }
        self.block = block.into_boxed_slice();
        self.set_start(START_BYTES + gap);
    }

    /// Where the listpack begins in the block.
    #[inline]
    fn start(&self) -> usize {
        self.block.first_chunk().map_or(START_BYTES, |start| u32::from_le_bytes(*start) as usize)
    }

    fn set_start(&mut self, start: usize) {
        // Fits, as the listpack's own length does: the gap is never longer than that.
        self.block[..START_BYTES].copy_from_slice(&(start as u32).to_le_bytes());
    }

    fn set_byte_len(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).expect("callers keep listpacks below BYTES_MAX");
        let start = self.start();
        self.block[start..start + 4].copy_from_slice(&bytes.to_le_bytes());
    }

    fn set_count(&mut self, count: usize) {
        let start = self.start();
        self.block[start + 4..start + 6].copy_from_slice(&(count.min(COUNT_MANY) as u16).to_le_bytes());
    }
}

impl Default for ListPack {
    fn default() -> Self {
        Self::new()
    }
}

/// A copy has no spare room.
impl Clone for ListPack {
    fn clone(&self) -> Self {
        Self::from_view(self.view())
    }
}

impl PartialEq for ListPack {
    fn eq(&self, other: &Self) -> bool {
        self.view() == other.view()
    }
}

impl Eq for ListPack {}

impl fmt::Debug for ListPack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.view().fmt(formatter)
    }
}

impl<'a> FromIterator<StrRef<'a>> for ListPack {
    fn from_iter<I: IntoIterator<Item = StrRef<'a>>>(values: I) -> Self {
        let mut pack = Self::new();
        for value in values {
            pack.push_back(value);
        }
        pack
    }
}

impl<'a> IntoIterator for &'a ListPack {
    type Item = StrRef<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
