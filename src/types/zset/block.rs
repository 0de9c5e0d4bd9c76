//! A small sorted set in one block: how many elements there are (4 bytes), then each score and member.
//!
//! A score that is an integer is packed as one, any other is [`SCORE`] and its 8 bytes. As in a listpack of Redis,
//! negative zero becomes zero. Elements are in order of score and text; to find a member, or a rank, is to walk.

use std::ops::Range;

use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, Short};
use crate::util::size_class::size_class;

/// Starts a score that is no integer. No packed string starts with it.
const SCORE: u8 = 0xf9;
const SCORE_BYTES: usize = 1 + size_of::<f64>();
/// Integers up to this magnitude are exact in a double: 2^53.
const INTEGER_MAX: f64 = 9_007_199_254_740_992.0;
const HEADER: usize = size_of::<u32>();
/// What Redis allows a listpack to grow to.
const BYTES_MAX: usize = 1 << 30;

/// The block. An empty one allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Block(Box<[u8]>);

/// Where an element is.
#[derive(Debug, Clone)]
pub struct Place {
    pub rank: usize,
    pub score: f64,
    bytes: Range<usize>,
}

/// The elements from some place on.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl Block {
    pub fn len(&self) -> usize {
        self.0.first_chunk().map_or(0, |len| u32::from_le_bytes(*len) as usize)
    }

    /// Whether a member of so many bytes may be added.
    pub fn has_room(&self, bytes: usize) -> bool {
        self.0.len() + bytes <= BYTES_MAX
    }

    /// Looks for a member by its packed bytes: they are the same exactly if the members are.
    pub fn find(&self, member: StrRef<'_>) -> Option<Place> {
        let mut long = Vec::new();
        let short = Short::of(member);
        let wanted = if let Some(short) = &short {
            short.as_bytes()
        } else {
            packed::push_str(member, &mut long);
            &long
        };
        let block = &*self.0;
        let mut rank = 0;
        let mut start = HEADER;
        while start < block.len() {
            let at = start + score_bytes(&block[start..]);
            let end = at + Packed::len_at(&block[at..]);
            if block[at] == wanted[0] && block[at..end] == *wanted {
                return Some(Place { rank, score: read_score(&block[start..]).0, bytes: start..end });
            }
            start = end;
            rank += 1;
        }
        None
    }

    /// Adds a member that is not there yet.
    pub fn insert(&mut self, member: StrRef<'_>, score: f64) {
        let at = self.place_for(member, score);
        let len = self.len() + 1;
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        if bytes.is_empty() {
            bytes.resize(HEADER, 0);
        }
        let mut element = Vec::with_capacity(element_bytes_max(member));
        push_element(member, score, &mut element);
        bytes.reserve_exact(element.len());
        bytes.extend_from_slice(&element);
        bytes[at..].rotate_right(element.len());
        self.set(bytes, len);
    }

    pub fn remove(&mut self, place: Place) {
        self.remove_bytes(place.bytes, self.len() - 1);
    }

    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        let offset = |rank| self.0.len() - self.iter_from(rank).rest.len();
        self.remove_bytes(offset(ranks.start)..offset(ranks.end), self.len() - ranks.len());
    }

    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: self.0.get(HEADER..).unwrap_or_default() }
    }

    /// The elements from a rank on, which must not be beyond the end.
    pub fn iter_from(&self, rank: usize) -> Iter<'_> {
        let mut iter = self.iter();
        for _ in 0..rank {
            let score = score_bytes(iter.rest);
            iter.rest = &iter.rest[score + Packed::len_at(&iter.rest[score..])..];
        }
        iter
    }

    pub fn heap_bytes(&self) -> usize {
        size_class(self.0.len())
    }

    /// The block of sorted elements.
    pub fn from_sorted<'a>(elements: impl Iterator<Item = (StrRef<'a>, f64)>) -> Self {
        let mut bytes = vec![0; HEADER];
        let mut len = 0_u32;
        for (member, score) in elements {
            push_element(member, score, &mut bytes);
            len += 1;
        }
        if len == 0 {
            return Self::default();
        }
        bytes[..HEADER].copy_from_slice(&len.to_le_bytes());
        Self(bytes.into_boxed_slice())
    }

    /// Where an element belongs.
    fn place_for(&self, member: StrRef<'_>, score: f64) -> usize {
        let mut digits = itoa::Buffer::new();
        let text = member.text(&mut digits);
        let block = &*self.0;
        let mut start = HEADER;
        while start < block.len() {
            let (other_score, bytes) = read_score(&block[start..]);
            if score < other_score {
                break;
            }
            let other = &block[start + bytes..];
            if score == other_score && read_member(other).0.with_text(|other| text < other) {
                break;
            }
            start += bytes + Packed::len_at(other);
        }
        start
    }

    fn remove_bytes(&mut self, range: Range<usize>, len: usize) {
        if len == 0 {
            *self = Self::default();
            return;
        }
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        bytes.drain(range);
        self.set(bytes, len);
    }

    fn set(&mut self, mut bytes: Vec<u8>, len: usize) {
        let len = u32::try_from(len).expect("a block holds less than a gigabyte");
        bytes[..HEADER].copy_from_slice(&len.to_le_bytes());
        self.0 = bytes.into_boxed_slice();
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (StrRef<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let (score, score_bytes) = read_score(self.rest);
        let (member, member_bytes) = read_member(&self.rest[score_bytes..]);
        self.rest = &self.rest[score_bytes + member_bytes..];
        Some((member, score))
    }
}

/// The score at the start of `block`, and its bytes.
#[inline]
fn read_score(block: &[u8]) -> (f64, usize) {
    if block[0] == SCORE {
        let bytes = block[1..].first_chunk().expect("a score has eight bytes");
        return (f64::from_le_bytes(*bytes), SCORE_BYTES);
    }
    match Packed::read(block) {
        (Packed::Str(StrRef::Int(score)), bytes) => (score as f64, bytes),
        _ => unreachable!("a score is a number"),
    }
}

/// The member at the start of `block`, and its bytes.
#[inline]
fn read_member(block: &[u8]) -> (StrRef<'_>, usize) {
    match Packed::read(block) {
        (Packed::Str(member), bytes) => (member, bytes),
        (Packed::Long(_), _) => unreachable!("a block keeps its members itself"),
    }
}

fn score_bytes(block: &[u8]) -> usize {
    if block[0] == SCORE { SCORE_BYTES } else { Packed::len_at(block) }
}

/// No element with this member takes more bytes.
fn element_bytes_max(member: StrRef<'_>) -> usize {
    let longest_head = 1 + size_of::<u32>();
    match member {
        StrRef::Int(_) => SCORE_BYTES + 1 + size_of::<i64>(),
        StrRef::Bytes(text) => SCORE_BYTES + longest_head + text.len(),
    }
}

fn push_element(member: StrRef<'_>, score: f64, block: &mut Vec<u8>) {
    if score.fract() == 0.0 && score.abs() <= INTEGER_MAX {
        packed::push_str(StrRef::Int(score as i64), block);
    } else {
        block.push(SCORE);
        block.extend_from_slice(&score.to_le_bytes());
    }
    packed::push_str(member, block);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_come_back_to_the_bit() {
        let scores = [0.0, 1.0, -1.0, 0.1, f64::INFINITY, f64::NEG_INFINITY, INTEGER_MAX, 1e300, f64::MIN];
        for score in scores {
            let block = Block::from_sorted([(StrRef::Bytes(b"member"), score)].into_iter());
            assert_eq!(block.iter().next().unwrap().1.to_bits(), score.to_bits());
        }
        let block = Block::from_sorted([(StrRef::Bytes(b"member"), -0.0)].into_iter());
        assert!(block.iter().next().unwrap().1.is_sign_positive());
    }

    #[test]
    fn a_small_integer_is_a_score_of_two_bytes() {
        let block = Block::from_sorted([(StrRef::Bytes(b"a"), 5.0)].into_iter());
        assert_eq!(block.0.len(), HEADER + 2 + 2);
        let block = Block::from_sorted([(StrRef::Bytes(b"a"), 0.5)].into_iter());
        assert_eq!(block.0.len(), HEADER + 9 + 2);
    }

    #[test]
    fn an_emptied_block_allocates_nothing() {
        let mut block = Block::default();
        block.insert(StrRef::Int(1), 1.0);
        block.insert(StrRef::Int(2), 2.0);
        block.remove_ranks(0..2);
        assert_eq!((block.len(), block.heap_bytes()), (0, 0));
    }
}
