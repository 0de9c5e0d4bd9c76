//! A few members in one block, in the order in which they were added: the encoding reported as `listpack`.
//!
//! ```text
//! 0: u8            tells the block from an intset, which starts with its width
//! count: u32       little-endian
//! members          packed strings, see `ds::packed`
//! ```
//!
//! The block is kept at its exact length; growing it within the allocator's size class copies nothing. Looking
//! up reads it from the start, which for the usual hundred members costs about what a hash table does.

use std::ops::Range;

use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, Short};

/// The first byte of a block.
const MARK: u8 = 0;
const HEADER_BYTES: usize = 5;
/// Where a block that is made as a whole begins to grow.
const BLOCK_BYTES: usize = 256;
/// What stands before a long text at most.
const LENGTH_BYTES_MAX: usize = 5;

/// Read access to a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct PackedMembers<'a>(&'a [u8]);

/// A block without members.
pub(super) fn empty() -> Box<[u8]> {
    Box::new([MARK; HEADER_BYTES])
}

/// A block of distinct members.
pub(super) fn of_distinct<'a>(members: impl Iterator<Item = StrRef<'a>>) -> Box<[u8]> {
    let mut bytes = Vec::with_capacity(BLOCK_BYTES);
    bytes.extend_from_slice(&[MARK; HEADER_BYTES]);
    let mut count = 0;
    for member in members {
        packed::push_str(member, &mut bytes);
        count += 1;
    }
    with_count(bytes, count)
}

/// Whether a block is one of packed members.
#[inline]
pub(super) fn is_one(block: &[u8]) -> bool {
    block.first() == Some(&MARK)
}

/// Adds a member that is not there.
pub(super) fn push(block: &mut Box<[u8]>, member: StrRef<'_>) {
    let count = PackedMembers::of(block).len() + 1;
    let mut bytes = std::mem::take(block).into_vec();
    if let Some(short) = Short::of(member) {
        bytes.reserve_exact(short.as_bytes().len());
        bytes.extend_from_slice(short.as_bytes());
    } else {
        bytes.reserve_exact(LENGTH_BYTES_MAX + member.len());
        packed::push_str(member, &mut bytes);
    }
    *block = with_count(bytes, count);
}

/// Takes out the member at a place that [`PackedMembers::find`] or [`PackedMembers::at`] has just given.
pub(super) fn remove(block: &mut Box<[u8]>, place: Range<usize>) {
    let count = PackedMembers::of(block).len() - 1;
    let mut bytes = std::mem::take(block).into_vec();
    let left = bytes.len() - place.len();
    bytes.copy_within(place.end.., place.start);
    bytes.truncate(left);
    *block = with_count(bytes, count);
}

/// Takes out the members that are not to be kept.
pub(super) fn retain(block: &mut Box<[u8]>, mut keep: impl FnMut(StrRef<'_>) -> bool) {
    let mut bytes = std::mem::take(block).into_vec();
    let (mut read, mut written, mut count) = (HEADER_BYTES, HEADER_BYTES, 0);
    while read < bytes.len() {
        let (member, length) = member_at(&bytes[read..]);
        if keep(member) {
            bytes.copy_within(read..read + length, written);
            written += length;
            count += 1;
        }
        read += length;
    }
    bytes.truncate(written);
    *block = with_count(bytes, count);
}

fn with_count(mut bytes: Vec<u8>, count: usize) -> Box<[u8]> {
    let count = u32::try_from(count).expect("a block is shorter than 4 GiB");
    bytes[1..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
    bytes.into_boxed_slice()
}

fn member_at(bytes: &[u8]) -> (StrRef<'_>, usize) {
    let (member, length) = Packed::read(bytes);
    let Packed::Str(member) = member else { unreachable!("a block has nothing beside it") };
    (member, length)
}

impl<'a> PackedMembers<'a> {
    pub fn of(block: &'a [u8]) -> Self {
        Self(block)
    }

    pub fn len(self) -> usize {
        let count = self.0[1..].first_chunk().expect("every block has a header");
        u32::from_le_bytes(*count) as usize
    }

    /// Bytes of the block.
    pub fn block_bytes(self) -> usize {
        self.0.len()
    }

    /// The members in order of insertion.
    pub fn iter(self) -> Iter<'a> {
        Iter { block: self.0, next: HEADER_BYTES }
    }

    pub fn contains(self, member: StrRef<'_>) -> bool {
        self.find(member).is_some()
    }

    /// Where a member is.
    pub fn find(self, member: StrRef<'_>) -> Option<Range<usize>> {
        match Short::of(member) {
            Some(short) => self.find_packed(short.as_bytes()),
            None => self.find_long(member),
        }
    }

    /// Compares members as they are packed: their lengths and last bytes, which differ most often, first.
    fn find_packed(self, wanted: &[u8]) -> Option<Range<usize>> {
        let mut start = HEADER_BYTES;
        while start < self.0.len() {
            let length = Packed::len_at(&self.0[start..]);
            let packed = &self.0[start..start + length];
            if length == wanted.len() && packed.last() == wanted.last() && packed == wanted {
                return Some(start..start + length);
            }
            start += length;
        }
        None
    }

    fn find_long(self, member: StrRef<'_>) -> Option<Range<usize>> {
        let mut iter = self.iter();
        loop {
            let start = iter.next;
            if iter.next()? == member {
                return Some(start..iter.next);
            }
        }
    }

    /// The member of that number, and where it is.
    pub fn at(self, index: usize) -> Option<(StrRef<'a>, Range<usize>)> {
        let mut start = HEADER_BYTES;
        for _ in 0..index {
            start += Packed::len_at(self.0.get(start..).filter(|rest| !rest.is_empty())?);
        }
        let (member, length) = member_at(self.0.get(start..).filter(|rest| !rest.is_empty())?);
        Some((member, start..start + length))
    }
}

/// The members in order of insertion.
#[derive(Debug, Clone)]
pub(super) struct Iter<'a> {
    block: &'a [u8],
    next: usize,
}

impl<'a> Iterator for Iter<'a> {
    type Item = StrRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<StrRef<'a>> {
        let rest = self.block.get(self.next..).filter(|rest| !rest.is_empty())?;
        let (member, length) = member_at(rest);
        self.next += length;
        Some(member)
    }
}
