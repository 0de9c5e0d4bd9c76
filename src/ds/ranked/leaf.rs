//! The elements of a leaf, in one buffer of three parts:
//!
//! ```text
//! scores   8 bytes each, little-endian
//! codes    a byte each: what the member is, and (the lower seven bits) how many bytes it takes
//! members  their bytes, one behind the other
//! ```
//!
//! Scores side by side are compared several at a time, and so are the codes added up to find a member.

use std::ops::Range;

use super::{Target, partition_point};
use crate::ds::StrRef;
use crate::ds::packed::Packed;
use crate::ds::slab::LongId;
use crate::util::size_class::{reserve_class, size_class};

/// Texts up to this length stand in the leaf.
pub const INLINE_BYTES_MAX: usize = 0x7f;

/// Codes below are the length of a text.
const INT: u8 = 0x80;
/// The number of a long text. No integer takes five bytes.
const LONG: u8 = INT | 5;
const LENGTH: u8 = 0x7f;

const SCORE: usize = size_of::<f64>();
/// Bytes of an element without its member.
const FIXED: usize = SCORE + 1;

/// The elements of a leaf.
#[derive(Debug, Clone, Default)]
pub struct Leaf {
    bytes: Vec<u8>,
    len: usize,
}

impl Leaf {
    pub fn len(&self) -> usize {
        self.len
    }

    /// A leaf of these elements.
    pub fn of(elements: &[(f64, Packed<'_>)]) -> Self {
        let mut number = [0; SCORE];
        let members: usize = elements.iter().map(|element| encode(element.1, &mut number).1.len()).sum();
        let mut bytes = Vec::with_capacity(size_class(FIXED * elements.len() + members));
        bytes.extend(elements.iter().flat_map(|(score, _)| score.to_le_bytes()));
        bytes.extend(elements.iter().map(|(_, member)| encode(*member, &mut number).0));
        for (_, member) in elements {
            bytes.extend_from_slice(encode(*member, &mut number).1);
        }
        Self { bytes, len: elements.len() }
    }

    /// Inserts an element in front of the one at `index`.
    pub fn insert(&mut self, index: usize, score: f64, member: Packed<'_>) {
        let mut number = [0; SCORE];
        let (code, member) = encode(member, &mut number);
        let len = self.len;
        let old_end = self.bytes.len();
        let offset = self.offset(index);
        let added = FIXED + member.len();

        reserve_class(&mut self.bytes, added);
        self.bytes.resize(old_end + added, 0);
        // From the back: members behind; codes behind with members in front; scores behind with codes in front.
        self.bytes.copy_within(offset..old_end, offset + added);
        self.bytes.copy_within(SCORE * len + index..offset, SCORE * len + index + FIXED);
        self.bytes.copy_within(SCORE * index..SCORE * len + index, SCORE * (index + 1));
        self.bytes[SCORE * index..][..SCORE].copy_from_slice(&score.to_le_bytes());
        self.bytes[SCORE * (len + 1) + index] = code;
        self.bytes[offset + FIXED..][..member.len()].copy_from_slice(member);
        self.len += 1;
    }

    /// Removes the elements of a range.
    pub fn remove(&mut self, range: Range<usize>) {
        let Range { start, end } = range;
        let len = self.len;
        let removed = end - start;
        let from = self.offset(start);
        let to = from + length(&self.codes()[start..end]);
        let old_end = self.bytes.len();

        // From the front, the three moves of `insert` the other way round.
        let left = len - removed;
        self.bytes.copy_within(SCORE * end..SCORE * len + start, SCORE * start);
        self.bytes.copy_within(SCORE * len + end..from, SCORE * left + start);
        self.bytes.copy_within(to..old_end, from - FIXED * removed);
        self.bytes.truncate(old_end - (to - from) - FIXED * removed);
        self.len = left;
        if self.bytes.capacity() > 2 * self.bytes.len() {
            self.bytes.shrink_to(size_class(self.bytes.len()));
        }
    }

    /// Takes out the elements from an index on.
    pub fn split_off(&mut self, at: usize) -> Self {
        let mut right = Self::default();
        right.extend(self, at);
        self.remove(at..self.len);
        right
    }

    /// Adds the elements of another leaf.
    pub fn append(&mut self, other: &Self) {
        let mut both = Self::default();
        let (middle, end) = (self.codes(), other.codes());
        both.bytes.reserve_exact(size_class(self.bytes.len() + other.bytes.len()));
        both.bytes.extend_from_slice(&self.bytes[..SCORE * self.len]);
        both.bytes.extend_from_slice(&other.bytes[..SCORE * other.len]);
        both.bytes.extend_from_slice(middle);
        both.bytes.extend_from_slice(end);
        both.bytes.extend_from_slice(&self.bytes[FIXED * self.len..]);
        both.bytes.extend_from_slice(&other.bytes[FIXED * other.len..]);
        both.len = self.len + other.len;
        *self = both;
    }

    /// The index of the target, or where it belongs.
    pub fn search(&self, target: &Target<'_>) -> Result<usize, usize> {
        let start = self.count_below(target.score);
        let is_score_there = start < self.len && self.score(start) == target.score;
        let end = if is_score_there { self.count_up_to(target.score) } else { start };
        let index = partition_point(start..end, |index| target.order_of(self.member(index)).is_lt());
        let is_there = index < end && target.order_of(self.member(index)).is_eq();
        if is_there { Ok(index) } else { Err(index) }
    }

    /// How many scores are smaller.
    pub fn count_below(&self, score: f64) -> usize {
        self.scores().iter().map(|other| usize::from(f64::from_le_bytes(*other) < score)).sum()
    }

    /// How many scores are smaller or equal.
    pub fn count_up_to(&self, score: f64) -> usize {
        self.scores().iter().map(|other| usize::from(f64::from_le_bytes(*other) <= score)).sum()
    }

    pub fn score(&self, index: usize) -> f64 {
        f64::from_le_bytes(self.scores()[index])
    }

    pub fn member(&self, index: usize) -> Packed<'_> {
        self.member_at(index, self.offset(index))
    }

    /// The member at `index`, its offset being known already.
    pub fn member_at(&self, index: usize, offset: usize) -> Packed<'_> {
        let code = self.codes()[index];
        decode(code, &self.bytes[offset..offset + usize::from(code & LENGTH)])
    }

    /// Where the bytes of the member at `index` start; of the index behind the last, where they would.
    pub fn offset(&self, index: usize) -> usize {
        FIXED * self.len + length(&self.codes()[..index])
    }

    /// Bytes of the member at `index`.
    pub fn member_bytes(&self, index: usize) -> usize {
        usize::from(self.codes()[index] & LENGTH)
    }

    pub fn heap_bytes(&self) -> usize {
        size_class(self.bytes.capacity())
    }

    fn extend(&mut self, other: &Self, from: usize) {
        let len = other.len - from;
        let members = &other.bytes[other.offset(from)..];
        self.bytes.reserve_exact(size_class(FIXED * (len + 1) + members.len()));
        self.bytes.extend_from_slice(&other.bytes[SCORE * from..SCORE * other.len]);
        self.bytes.extend_from_slice(&other.codes()[from..]);
        self.bytes.extend_from_slice(members);
        self.len = len;
    }

    fn scores(&self) -> &[[u8; SCORE]] {
        self.bytes[..SCORE * self.len].as_chunks().0
    }

    fn codes(&self) -> &[u8] {
        &self.bytes[SCORE * self.len..FIXED * self.len]
    }
}

/// Bytes of the members with these codes. No leaf has more than a 16-bit sum can count.
fn length(codes: &[u8]) -> usize {
    usize::from(codes.iter().map(|code| u16::from(code & LENGTH)).sum::<u16>())
}

/// The code and the bytes of a member.
fn encode<'a>(member: Packed<'a>, number: &'a mut [u8; SCORE]) -> (u8, &'a [u8]) {
    match member {
        Packed::Str(StrRef::Bytes(text)) => {
            assert!(text.len() <= INLINE_BYTES_MAX, "longer texts are kept beside the tree");
            (text.len() as u8, text)
        }
        Packed::Str(StrRef::Int(int)) => {
            let significant_bits = 65 - (if int < 0 { !int } else { int }).leading_zeros() as usize;
            let length = match significant_bits.div_ceil(8) {
                5 => 6,
                bytes => bytes,
            };
            *number = int.to_le_bytes();
            (INT | length as u8, &number[..length])
        }
        Packed::Long(id) => {
            *number = u64::from(id.to_u32()).to_le_bytes();
            (LONG, &number[..usize::from(LONG & LENGTH)])
        }
    }
}

fn decode(code: u8, bytes: &[u8]) -> Packed<'_> {
    if code < INT {
        return Packed::Str(StrRef::Bytes(bytes));
    }
    let mut number = [0; SCORE];
    number[..bytes.len()].copy_from_slice(bytes);
    let number = i64::from_le_bytes(number);
    if code == LONG {
        return Packed::Long(LongId::from_u32(number as u32));
    }
    let unused_bits = 64 - 8 * bytes.len() as u32;
    Packed::Str(StrRef::Int(number << unused_bits >> unused_bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_member_reads_back() {
        let text = [b'x'; INLINE_BYTES_MAX];
        let mut members = vec![
            Packed::Str(StrRef::Bytes(b"")),
            Packed::Str(StrRef::Bytes(&text)),
            Packed::Long(LongId::from_u32(u32::MAX)),
            Packed::Long(LongId::from_u32(0)),
        ];
        for shift in 0..64 {
            members.extend([1_i64 << shift, !(1_i64 << shift)].map(|int| Packed::Str(StrRef::Int(int))));
        }
        for member in members {
            let mut leaf = Leaf::default();
            leaf.insert(0, -0.5, Packed::Str(StrRef::Bytes(b"in front")));
            leaf.insert(1, 0.5, Packed::Str(StrRef::Bytes(b"behind")));
            leaf.insert(1, f64::INFINITY, member);
            assert_eq!((leaf.score(1), leaf.member(1)), (f64::INFINITY, member));
            assert_eq!(leaf.member(2), Packed::Str(StrRef::Bytes(b"behind")));
            leaf.remove(0..1);
            assert_eq!((leaf.score(0), leaf.member(0)), (f64::INFINITY, member));
        }
    }

    #[test]
    fn a_small_integer_takes_two_bytes_beside_its_score() {
        let mut leaf = Leaf::default();
        leaf.insert(0, 1.0, Packed::Str(StrRef::Int(-100)));
        assert_eq!(leaf.bytes.len(), SCORE + 2);
    }
}
