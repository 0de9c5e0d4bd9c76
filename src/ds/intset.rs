//! A sorted array of integers of one width, in the bytes that Redis calls an intset, in memory as on disk.
//!
//! ```text
//! width: u32   2, 4 or 8: bytes per integer
//! count: u32
//! integers     ascending, without duplicates
//! ```
//!
//! All little-endian. The width is that of the widest integer there has ever been: inserting a wider one rewrites
//! the array, removing it does not narrow it again. Looking up takes O(log n), inserting and removing O(n) for
//! the move of what is behind: for a few hundred integers a fraction of what a hash table costs, in a
//! fraction of its memory. A `BTreeSet` would take 8 bytes per integer and allocate nodes.
//!
//! The block is kept at its exact length: growing it within the allocator's size class copies nothing.

use std::cmp::Ordering;

use crate::util::random::Random;
use crate::util::size_class::size_class;

const HEADER_BYTES: usize = 8;

/// Bytes that are not an intset: of another length than they say, or not in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an intset")]
pub struct InvalidIntSet;

/// A sorted set of integers. See the module's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntSet(Box<[u8]>);

/// Read access to the bytes of an [`IntSet`].
#[derive(Debug, Clone, Copy)]
pub struct Integers<'a> {
    width: usize,
    /// Without the header.
    bytes: &'a [u8],
}

impl Default for IntSet {
    fn default() -> Self {
        Self::new()
    }
}

impl IntSet {
    /// An empty set: a header.
    pub fn new() -> Self {
        Self(Box::new([2, 0, 0, 0, 0, 0, 0, 0]))
    }

    /// Takes bytes from outside, checked down to the order of the integers. As in Redis, an empty set is refused.
    pub fn from_bytes(bytes: impl Into<Box<[u8]>>) -> Result<Self, InvalidIntSet> {
        let bytes = bytes.into();
        let (width, rest) = bytes.split_first_chunk().ok_or(InvalidIntSet)?;
        let (count, integers) = rest.split_first_chunk().ok_or(InvalidIntSet)?;
        let (width, count) = (u32::from_le_bytes(*width) as usize, u32::from_le_bytes(*count) as usize);
        if !matches!(width, 2 | 4 | 8) || count == 0 || count.checked_mul(width) != Some(integers.len()) {
            return Err(InvalidIntSet);
        }
        let ascending = Integers::of(&bytes).iter().is_sorted_by(|left, right| left < right);
        if ascending { Ok(Self(bytes)) } else { Err(InvalidIntSet) }
    }

    /// Takes back, unchecked, what [`IntSet::into_bytes`] gave.
    pub fn from_own_bytes(bytes: Box<[u8]>) -> Self {
        let set = Self(bytes);
        debug_assert_eq!(set.0.len(), HEADER_BYTES + set.len() * set.view().width);
        set
    }

    pub fn into_bytes(self) -> Box<[u8]> {
        self.0
    }

    /// Adds an integer; whether it was missing.
    ///
    /// # Panics
    ///
    /// If there are four billion integers already.
    pub fn insert(&mut self, value: i64) -> bool {
        let width = width_of(value);
        if width > self.view().width {
            self.widen(width, value);
            return true;
        }
        let Err(index) = self.view().search(value) else { return false };
        let (start, width) = self.place(index);
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        let end = bytes.len();
        bytes.reserve_exact(width);
        bytes.resize(end + width, 0);
        bytes.copy_within(start..end, start + width);
        bytes[start..start + width].copy_from_slice(&value.to_le_bytes()[..width]);
        self.replace(bytes, width);
        true
    }

    /// Takes an integer out; whether it was there.
    pub fn remove(&mut self, value: i64) -> bool {
        let Ok(index) = self.view().search(value) else { return false };
        self.remove_at(index).is_some()
    }

    /// Takes the integer at a position of the order out.
    pub fn remove_at(&mut self, index: usize) -> Option<i64> {
        let value = self.view().at(index)?;
        let (start, width) = self.place(index);
        let mut bytes = std::mem::take(&mut self.0).into_vec();
        bytes.copy_within(start + width.., start);
        bytes.truncate(bytes.len() - width);
        self.replace(bytes, width);
        Some(value)
    }

    /// Keeps the integers that `keep` accepts. They are visited in ascending order.
    pub fn retain(&mut self, mut keep: impl FnMut(i64) -> bool) {
        let width = self.view().width;
        let mut bytes = self.0[..HEADER_BYTES].to_vec();
        for value in self.iter().filter(|value| keep(*value)) {
            bytes.extend_from_slice(&value.to_le_bytes()[..width]);
        }
        self.replace(bytes, width);
    }

    pub fn view(&self) -> Integers<'_> {
        Integers::of(&self.0)
    }

    pub fn len(&self) -> usize {
        self.view().len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn contains(&self, value: i64) -> bool {
        self.view().contains(value)
    }

    /// The integers in ascending order.
    pub fn iter(&self) -> Iter<'_> {
        self.view().iter()
    }

    /// The bytes, as a snapshot contains them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_class(self.0.len())
    }

    /// Reads every integer and checks that they are in order.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        assert_eq!(self.0.len(), HEADER_BYTES + self.len() * self.view().width);
        assert!(self.iter().is_sorted_by(|left, right| left < right), "{self:?}");
    }

    /// Rewrites all integers at a greater width. `value` needs it, so it comes before or behind all others.
    fn widen(&mut self, width: usize, value: i64) {
        let mut bytes = Vec::with_capacity(HEADER_BYTES + (self.len() + 1) * width);
        bytes.extend_from_slice(&(width as u32).to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        let (before, behind) = if value < 0 { (Some(value), None) } else { (None, Some(value)) };
        for integer in before.into_iter().chain(self.iter()).chain(behind) {
            bytes.extend_from_slice(&integer.to_le_bytes()[..width]);
        }
        self.replace(bytes, width);
    }

    /// Where the integer at a position begins, and its width.
    fn place(&self, index: usize) -> (usize, usize) {
        let width = self.view().width;
        (HEADER_BYTES + index * width, width)
    }

    /// Takes changed bytes and writes their count.
    fn replace(&mut self, mut bytes: Vec<u8>, width: usize) {
        let count = (bytes.len() - HEADER_BYTES) / width;
        let count = u32::try_from(count).expect("callers convert long before four billion integers");
        bytes[4..HEADER_BYTES].copy_from_slice(&count.to_le_bytes());
        self.0 = bytes.into_boxed_slice();
    }
}

impl<'a> IntoIterator for &'a IntSet {
    type Item = i64;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl<'a> Integers<'a> {
    /// The integers of a valid intset; none, if there are no bytes at all.
    pub fn of(intset: &'a [u8]) -> Self {
        let width = intset.first().copied().unwrap_or(2).into();
        Self { width, bytes: intset.get(HEADER_BYTES..).unwrap_or_default() }
    }

    pub fn len(self) -> usize {
        self.bytes.len() / self.width
    }

    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    pub fn contains(self, value: i64) -> bool {
        width_of(value) <= self.width && self.search(value).is_ok()
    }

    /// The integer at a position of the order.
    #[inline]
    pub fn at(self, index: usize) -> Option<i64> {
        let bytes = self.bytes.get(index * self.width..(index + 1) * self.width)?;
        Some(match *bytes {
            [a, b] => i16::from_le_bytes([a, b]).into(),
            [a, b, c, d] => i32::from_le_bytes([a, b, c, d]).into(),
            _ => i64::from_le_bytes(bytes.try_into().ok()?),
        })
    }

    pub fn min(self) -> Option<i64> {
        self.at(0)
    }

    pub fn max(self) -> Option<i64> {
        self.at(self.len().checked_sub(1)?)
    }

    /// An integer of the set, each as likely as any other.
    pub fn random(self, random: &mut Random) -> Option<i64> {
        self.at(random.below(self.len() as u64) as usize)
    }

    /// The integers in ascending order.
    pub fn iter(self) -> Iter<'a> {
        Iter { integers: self, next: 0 }
    }

    /// Where a value is, or where it would be.
    fn search(self, value: i64) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.at(middle).cmp(&Some(value)) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }
}

/// The integers of a set in ascending order.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    integers: Integers<'a>,
    next: usize,
}

impl Iterator for Iter<'_> {
    type Item = i64;

    #[inline]
    fn next(&mut self) -> Option<i64> {
        let value = self.integers.at(self.next)?;
        self.next += 1;
        Some(value)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.integers.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Iter<'_> {}

/// Bytes that an integer needs.
fn width_of(value: i64) -> usize {
    if i16::try_from(value).is_ok() {
        2
    } else if i32::try_from(value).is_ok() {
        4
    } else {
        8
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn set_of(values: &[i64]) -> IntSet {
        let mut set = IntSet::new();
        for value in values {
            set.insert(*value);
        }
        set
    }

    #[test]
    fn the_bytes_are_those_of_redis() {
        let set = set_of(&[3, -1, 256, 3]);
        assert_eq!(set.as_bytes(), [2, 0, 0, 0, 3, 0, 0, 0, 0xff, 0xff, 3, 0, 0, 1]);
        let wide = set_of(&[1, -40_000]);
        assert_eq!(wide.as_bytes(), [4, 0, 0, 0, 2, 0, 0, 0, 0xc0, 0x63, 0xff, 0xff, 1, 0, 0, 0]);
    }

    #[test]
    fn a_wider_integer_widens_all_and_no_removal_narrows_them() {
        let mut set = set_of(&[1, 2, i64::MAX]);
        assert_eq!(set.as_bytes().len(), 8 + 3 * 8);
        assert!(set.insert(i64::MIN));
        assert!(set.remove(i64::MAX) && set.remove(i64::MIN) && !set.remove(i64::MIN));
        assert_eq!(set.as_bytes().len(), 8 + 2 * 8);
        assert_eq!(set.iter().collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn bytes_from_outside_are_checked() {
        let good = set_of(&[-5, 0, 70_000]);
        assert_eq!(IntSet::from_bytes(good.as_bytes()), Ok(good.clone()));
        for length in 0..good.as_bytes().len() {
            assert_eq!(IntSet::from_bytes(&good.as_bytes()[..length]), Err(InvalidIntSet), "{length}");
        }
        let bad: [&[u8]; 6] = [
            &[2, 0, 0, 0, 0, 0, 0, 0],
            &[3, 0, 0, 0, 1, 0, 0, 0, 1, 2, 3],
            &[2, 0, 0, 1, 1, 0, 0, 0, 1, 2],
            &[2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 1, 0],
            &[2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0],
            &[8, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0],
        ];
        for bytes in bad {
            assert_eq!(IntSet::from_bytes(bytes), Err(InvalidIntSet), "{bytes:?}");
        }
    }

    #[test]
    fn what_is_not_kept_is_gone() {
        let mut set = set_of(&[1, 2, 3, 40_000, -7]);
        set.retain(|value| value % 2 != 0);
        set.assert_invariants();
        assert_eq!(set.iter().collect::<Vec<_>>(), [-7, 1, 3]);
    }

    #[test]
    fn every_integer_is_drawn_about_as_often() {
        let set = set_of(&[1, 2, 3, 4]);
        let mut random = Random::seeded(5);
        let mut drawn = [0; 5];
        for _ in 0..4000 {
            drawn[set.view().random(&mut random).unwrap() as usize] += 1;
        }
        assert!(drawn[1..].iter().all(|count| (850..1150).contains(count)), "{drawn:?}");
        assert_eq!(IntSet::new().view().random(&mut random), None);
    }

    /// Integers of all widths, often the same ones.
    fn integer() -> impl Strategy<Value = i64> {
        prop_oneof![-20_i64..20, -40_000_i64..40_000, any::<i64>(), Just(i64::MIN), Just(i64::MAX)]
    }

    proptest! {
        #[test]
        fn behaves_as_a_sorted_set(steps in prop::collection::vec((any::<bool>(), integer()), 0..200)) {
            let (mut set, mut model) = (IntSet::new(), BTreeSet::new());
            for (insert, value) in steps {
                if insert {
                    prop_assert_eq!(set.insert(value), model.insert(value));
                } else {
                    prop_assert_eq!(set.remove(value), model.remove(&value));
                }
                set.assert_invariants();
                prop_assert_eq!(set.contains(value), model.contains(&value));
                prop_assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
            }
            prop_assert!(set.iter().eq(model.iter().copied()));
            prop_assert_eq!(set.view().min(), model.first().copied());
            prop_assert_eq!(set.view().max(), model.last().copied());
            let copy = IntSet::from_bytes(set.as_bytes());
            prop_assert_eq!(copy.ok(), Some(set).filter(|set| !set.is_empty()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(prop_oneof![Just(0), Just(2), any::<u8>()], 0..40)) {
            if let Ok(set) = IntSet::from_bytes(bytes) {
                set.assert_invariants();
            }
        }
    }
}
