//! A small sorted set in one block: how many elements there are (4 bytes), then each score and member.
//!
//! A score that is an integer is packed as one, any other is [`SCORE`] and its 8 bytes. As in a listpack of Redis,
//! negative zero becomes zero. Elements are in order of score and text; to find a member, or a rank, is to walk.

use std::ops::Range;

use crate::ds::StrRef;
use crate::ds::packed::{self, Packed};
use crate::util::size_class::size_class;

/// Starts a score that is no integer. No packed string starts with it.
const SCORE: u8 = 0xf9;
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

    pub fn find(&self, member: StrRef<'_>) -> Option<Place> {
        let mut iter = self.iter();
        let mut rank = 0;
        loop {
            let start = self.0.len() - iter.rest.len();
            let (other, score) = iter.next()?;
            if other == member {
                return Some(Place { rank, score, bytes: start..self.0.len() - iter.rest.len() });
            }
            rank += 1;
        }
    }

    /// Adds a member that is not there yet.
    pub fn insert(&mut self, member: StrRef<'_>, score: f64) {
        let at = self.place_for(member, score);
        let mut element = Vec::with_capacity(16);
        push_element(member, score, &mut element);
        self.splice(at..at, &element, self.len() + 1);
    }

    pub fn remove(&mut self, place: Place) {
        self.splice(place.bytes, &[], self.len() - 1);
    }

    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        let offset = |rank| self.0.len() - self.iter_from(rank).rest.len();
        let bytes = offset(ranks.start)..offset(ranks.end);
        self.splice(bytes, &[], self.len() - ranks.len());
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
        let mut iter = self.iter();
        loop {
            let at = self.0.len().max(HEADER) - iter.rest.len();
            let is_behind = iter.next().is_none_or(|(other, other_score)| {
                score < other_score || score == other_score && other.with_text(|other| text < other)
            });
            if is_behind {
                return at;
            }
        }
    }

    fn splice(&mut self, range: Range<usize>, with: &[u8], len: usize) {
        if len == 0 {
            *self = Self::default();
            return;
        }
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        if bytes.is_empty() {
            bytes.reserve_exact(HEADER + with.len());
            bytes.resize(HEADER, 0);
        } else {
            bytes.reserve_exact(with.len());
        }
        bytes.splice(range, with.iter().copied());
        let len = u32::try_from(len).expect("a block holds less than a gigabyte");
        bytes[..HEADER].copy_from_slice(&len.to_le_bytes());
        self.0 = bytes.into_boxed_slice();
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = (StrRef<'a>, f64);

    fn next(&mut self) -> Option<Self::Item> {
        let (score, score_bytes) = match self.rest.first()? {
            &SCORE => {
                let bytes = self.rest[1..].first_chunk().expect("a score has eight bytes");
                (f64::from_le_bytes(*bytes), 1 + size_of::<f64>())
            }
            _ => match Packed::read(self.rest) {
                (Packed::Str(StrRef::Int(score)), bytes) => (score as f64, bytes),
                _ => unreachable!("a score is a number"),
            },
        };
        match Packed::read(&self.rest[score_bytes..]) {
            (Packed::Str(member), member_bytes) => {
                self.rest = &self.rest[score_bytes + member_bytes..];
                Some((member, score))
            }
            (Packed::Long(_), _) => unreachable!("a block keeps its members itself"),
        }
    }
}

fn score_bytes(block: &[u8]) -> usize {
    if block[0] == SCORE { 1 + size_of::<f64>() } else { Packed::len_at(block) }
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
