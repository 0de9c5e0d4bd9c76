//! A hash index over addresses that grows and shrinks one bucket at a time.
//!
//! **What it is.** Linear hashing, as `linear` explains it: to grow, one bucket is divided between itself and a new
//! last one; to shrink, the last bucket is poured back. There is never a second table and never a moment at which everything moves: an insertion or removal moves
//! at most one bucket, a few hundred nanoseconds, at ten items as at ten billion.
//!
//! **What it does not know.** It owns nothing and dereferences nothing: items are `NonNull<T>`, equality and
//! hashes come from the caller. Hence there is no `unsafe` here; whoever owns the items argues their lifetime.
//! Hashes must be of good quality in all bits and, where keys come from outside, keyed.
//!
//! **Layout.** A bucket is one cache line: seven slots and a link to overflow nodes of three slots (32 bytes).
//! Small nodes matter: linear hashing leaves the buckets not yet split twice as full as the others, so that
//! overflow is normal, not an accident. With seven items per bucket this costs 11.9 bytes per item, and one
//! lookup in four reads a second line (64-byte nodes would cost 13 bytes).
//! Buckets sit in segments of 1024. The first segment starts with one bucket and doubles, so that a small
//! table is small; growing further adds a segment and copies nothing but, rarely, the directory.
//!
//! **Tags.** User-space addresses fit 48 bits on the platforms we support (asserted at insertion); the 16 bits
//! above hold a tag, so that a lookup reads only the item it wants. Half of the tag is the top byte of the
//! hash. The other half is a *window*: the eight hash bits that decide the next splits of this bucket. Thus a
//! split needs no hash and touches no item, except when the window is used up: once in eight doublings (at
//! 2^8, 2^16, 2^24 buckets), where each split item is hashed again. Merging never needs a hash: the bits that
//! come back into the window are the bucket's own number.
//!
//! **Removing in the order of a scan** is the one pattern that unbalances the table: what is left lies in ever
//! fewer buckets, and these are merged first. So a merge waits as long as it would make a long chain; the
//! sparser the table gets meanwhile, the longer a chain may be. Both stay moderate: of ten million items, all
//! but a thousand removed in this way, chains have some hundred items. Those who visit items to remove them and
//! do not need the scan's guarantee use [`Table::sweep`], which goes across that order.
//!
//! Why not `hashbrown`: it rehashes everything at once (a pause of seconds at 100 million keys), keeps both
//! tables meanwhile, and cannot offer a scan cursor that survives growing.

mod bucket;

use std::ptr::NonNull;

use self::bucket::{ADDRESS_BITS, Bucket, NODE_SLOTS, Node, SLOTS, item, tag_of, tagged};
use super::linear::{Extent, next_cursor};
use crate::sys::cpu::prefetch;
use crate::util::random::Random;

/// Buckets per segment, and its binary logarithm.
const SEGMENT_BITS: u32 = 10;
const SEGMENT: usize = 1 << SEGMENT_BITS;
/// The table grows when it holds more items per bucket than this ...
const FILL_MAX: usize = 7;
/// ... and shrinks when it holds fewer. The gap keeps an item that comes and goes from moving buckets.
const FILL_MIN: usize = 4;
/// No more buckets are made at once, however many items are expected: their number may be wrong, and 64 MiB
/// take long enough.
const EXPECTED_BUCKETS_MAX: usize = 1 << 20;
/// Width of the part of a tag that is consumed by splits.
const WINDOW_BITS: u32 = 8;
/// Up to this many buckets a random choice counts items instead of guessing.
const COUNTED_BUCKETS: usize = 8;
/// A random choice treats every chain as if it had this many slots; longer chains are a curiosity.
const CHAIN_SLOTS: usize = 40;
/// A merge must not make a chain longer than this, unless the table is sparse.
const MERGED_ITEMS_MAX: usize = SLOTS + 7 * NODE_SLOTS;
/// Merges per removal: more than one, to catch up after merges that had to wait.
const MERGES_PER_REMOVAL: usize = 2;
/// Bound on the guesses of a random choice. One guess hits with probability of at least 1/10 at `FILL_MIN`.
const GUESSES_MAX: usize = 256;

/// A hash index of `NonNull<T>`. See the module's page.
#[derive(Debug)]
pub struct Table<T> {
    segments: Vec<Vec<Bucket<T>>>,
    len: usize,
    /// The buckets, once there is any.
    extent: Extent,
}

/// Where an item is. Valid until the next insertion or removal; a stale place names some other item or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    bucket: usize,
    slot: usize,
}

impl<T> Table<T> {
    /// Index bytes per item at the usual fill, for memory reports.
    pub const ITEM_BYTES: usize = 12;

    /// An empty table; it allocates nothing.
    pub const fn new() -> Self {
        Self { segments: Vec::new(), len: 0, extent: Extent::ONE }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item with this hash that `is_it` accepts.
    #[inline]
    pub fn find(&self, hash: u64, is_it: impl FnMut(NonNull<T>) -> bool) -> Option<Place> {
        let (bucket, level) = self.address(hash);
        let slot = self.bucket(bucket)?.find(tag(hash, level), is_it)?;
        Some(Place { bucket, slot })
    }

    /// Asks the processor for the bucket of a hash that will be looked for.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        if let Some(bucket) = self.bucket(self.address(hash).0) {
            prefetch(bucket);
        }
    }

    /// Asks the processor for what [`Table::find`] will look at behind the bucket, which itself should have
    /// arrived: items, and the first overflow node.
    #[inline]
    pub fn prefetch_items(&self, hash: u64) {
        let (bucket, level) = self.address(hash);
        let Some(bucket) = self.bucket(bucket) else { return };
        for word in bucket.slots.iter().filter(|word| tag_of(**word) == tag(hash, level)) {
            if let Some(item) = item(*word) {
                prefetch(item.as_ptr().cast_const());
            }
        }
        if let Some(node) = &bucket.overflow {
            prefetch(&raw const **node);
        }
    }

    /// The item at a place.
    #[inline]
    pub fn at(&self, place: Place) -> Option<NonNull<T>> {
        item(*self.bucket(place.bucket)?.slot(place.slot)?)
    }

    /// Adds an item that is not in the table yet. `hash_of` is asked for hashes of other items, rarely.
    ///
    /// # Panics
    ///
    /// If the item's address has more than 48 bits.
    pub fn insert(&mut self, hash: u64, new: NonNull<T>, hash_of: impl Fn(NonNull<T>) -> u64) {
        assert!(new.addr().get() >> ADDRESS_BITS == 0, "user-space addresses have 48 bits");
        if self.segments.is_empty() {
            self.push_bucket(Bucket::new());
        } else if self.len >= FILL_MAX * self.buckets() {
            self.grow(hash_of);
        }
        let (bucket, level) = self.address(hash);
        self.bucket_mut(bucket).push(tagged(new, tag(hash, level)));
        self.len += 1;
    }

    /// Gives an empty table the buckets it will have with so many items, up to a limit: filling it divides none.
    /// If fewer come, [`Table::settle`] takes back what is too much.
    pub fn expect(&mut self, items: usize) {
        if self.is_empty() && items > 0 {
            let buckets = items.div_ceil(FILL_MAX).min(EXPECTED_BUCKETS_MAX);
            *self = Self { extent: Extent::of(buckets), ..Self::new() };
            (0..buckets).for_each(|_| self.push_bucket(Bucket::new()));
        }
    }

    /// Merges buckets as long as there are too many for the items, as removals do bit by bit.
    pub fn settle(&mut self) {
        if self.is_empty() {
            *self = Self::new();
        }
        while self.is_sparse() {
            let buckets = self.buckets();
            self.shrink();
            if self.buckets() == buckets {
                break;
            }
        }
        self.segments.shrink_to_fit();
    }

    /// Removes the item at a place.
    pub fn remove(&mut self, place: Place) -> Option<NonNull<T>> {
        self.at(place)?;
        let removed = item(self.bucket_mut(place.bucket).swap_remove(place.slot)?);
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
        } else {
            for _ in 0..MERGES_PER_REMOVAL {
                if self.is_sparse() {
                    self.shrink();
                }
            }
        }
        removed
    }

    /// Puts another item of the same hash in the place of one, which it returns.
    pub fn replace(&mut self, place: Place, new: NonNull<T>) -> Option<NonNull<T>> {
        assert!(new.addr().get() >> ADDRESS_BITS == 0, "user-space addresses have 48 bits");
        let old = self.at(place)?;
        let slot = self.bucket_mut(place.bucket).slot_mut(place.slot)?;
        *slot = tagged(new, tag_of(*slot));
        Some(old)
    }

    /// One step of an iteration that survives changes between its steps: visits one bucket and returns the
    /// next cursor. 0 starts, 0 ends.
    ///
    /// **Guarantee.** An item that is in the table from the first to the last step is visited at least once,
    /// whatever is inserted and removed in between; `linear::next_cursor` says why. Items of merged buckets may be
    /// seen twice.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(NonNull<T>)) -> u64 {
        let (index, level) = self.address(cursor);
        let Some(bucket) = self.bucket(index) else { return 0 };
        bucket.words().filter_map(item).for_each(&mut visit);
        next_cursor(cursor, level)
    }

    /// Visits the bucket of that number, modulo their count, and returns the number of the next one. Goes round
    /// and round; items may be missed once when buckets are divided or merged meanwhile.
    pub fn sweep(&self, position: usize, mut visit: impl FnMut(NonNull<T>)) -> usize {
        let index = position.checked_rem(self.buckets()).unwrap_or(0);
        if let Some(bucket) = self.bucket(index) {
            bucket.words().filter_map(item).for_each(&mut visit);
        }
        index + 1
    }

    /// All items, in no useful order.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<T>> {
        self.segments.iter().flatten().flat_map(Bucket::words).filter_map(item)
    }

    /// An item, each as likely as any other.
    ///
    /// A bucket is drawn, then a slot out of `CHAIN_SLOTS`; an empty slot means to draw again. To draw an item
    /// of a random bucket without this rejection would favour the items of sparse buckets.
    pub fn random(&self, random: &mut Random) -> Option<NonNull<T>> {
        if self.len == 0 {
            return None;
        }
        if self.buckets() <= COUNTED_BUCKETS {
            return self.iter().nth(random.below(self.len as u64) as usize);
        }
        for _ in 0..GUESSES_MAX {
            let bucket = self.bucket(random.below(self.buckets() as u64) as usize)?;
            let slot = random.below(CHAIN_SLOTS as u64) as usize;
            if let Some(found) = bucket.slot(slot).copied().and_then(item) {
                return Some(found);
            }
        }
        // Not fair. Reached once in 10^11 draws, unless merges had to wait and the table is sparse.
        let mut found = None;
        self.sample(random, 1, |it| found = Some(it));
        found
    }

    /// Up to `count` items of neighbouring buckets from a random place: cheap, and not independent of each
    /// other. What eviction needs, not what RANDOMKEY needs.
    pub fn sample(&self, random: &mut Random, count: usize, mut visit: impl FnMut(NonNull<T>)) {
        if self.len == 0 {
            return;
        }
        let buckets = self.buckets();
        let start = random.below(buckets as u64) as usize;
        let around = (start..buckets).chain(0..start);
        around
            .filter_map(|index| self.bucket(index))
            .flat_map(Bucket::words)
            .filter_map(item)
            .take(count)
            .for_each(&mut visit);
    }

    /// Bytes on the heap.
    pub fn memory_bytes(&self) -> usize {
        let nodes: usize = self.segments.iter().flatten().map(Bucket::nodes).sum();
        let buckets: usize = self.segments.iter().map(Vec::capacity).sum();
        buckets * size_of::<Bucket<T>>()
            + nodes * size_of::<Node<T>>()
            + self.segments.capacity() * size_of::<Vec<Bucket<T>>>()
    }

    /// Checks bucket count, chains, counts and tags; `hash_of` as for `insert`.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self, hash_of: impl Fn(NonNull<T>) -> u64) {
        assert_eq!(self.segments.iter().map(Vec::len).sum::<usize>(), self.buckets());
        assert_eq!(self.iter().count(), self.len);
        assert_eq!(self.extent, Extent::of(self.extent.buckets()));
        for index in 0..self.buckets() {
            let Some(bucket) = self.bucket(index) else { continue };
            let in_line = bucket.slots.iter().filter(|word| !word.is_null()).count();
            assert!(in_line == SLOTS || bucket.overflow.is_none(), "overflow only behind a full line");
            for word in bucket.words() {
                let hash = item(word).map_or(0, &hash_of);
                let (home, level) = self.address(hash);
                assert_eq!((home, tag(hash, level)), (index, tag_of(word)), "bucket and tag follow the hash");
            }
        }
    }

    /// Number of buckets, without overflow nodes.
    pub fn buckets(&self) -> usize {
        if self.segments.is_empty() { 0 } else { self.extent.buckets() }
    }

    /// The bucket of a hash, and how many bits of the hash have led to it.
    #[inline]
    fn address(&self, hash: u64) -> (usize, u32) {
        self.extent.address(hash)
    }

    #[inline]
    fn bucket(&self, index: usize) -> Option<&Bucket<T>> {
        self.segments.get(index >> SEGMENT_BITS)?.get(index & (SEGMENT - 1))
    }

    fn bucket_mut(&mut self, index: usize) -> &mut Bucket<T> {
        &mut self.segments[index >> SEGMENT_BITS][index & (SEGMENT - 1)]
    }

    /// Divides the next bucket in turn.
    fn grow(&mut self, hash_of: impl Fn(NonNull<T>) -> u64) {
        let (divided, level) = self.extent.next_split();
        let window_is_used_up = (level + 1).is_multiple_of(WINDOW_BITS);
        let whole = std::mem::take(self.bucket_mut(divided));
        let (mut low, mut high) = (Bucket::new(), Bucket::new());
        for word in whole.words() {
            let goes_high = tag_of(word) >> (level % WINDOW_BITS) & 1 == 1;
            let word = match item(word) {
                Some(moved) if window_is_used_up => tagged(moved, tag(hash_of(moved), level + 1)),
                _ => word,
            };
            if goes_high { high.push(word) } else { low.push(word) }
        }
        *self.bucket_mut(divided) = low;
        self.push_bucket(high);
        self.extent = self.extent.grown();
    }

    /// Whether one bucket less would do.
    fn is_sparse(&self) -> bool {
        self.len < FILL_MIN * self.buckets().saturating_sub(1)
    }

    /// Pours the last bucket back into the one it came from, unless that makes too long a chain.
    fn shrink(&mut self) {
        let smaller = self.extent.shrunk();
        let (target, level) = smaller.next_split();
        let items = |index: usize| self.bucket(index).map_or(0, |bucket| bucket.words().count());
        let sparsity = FILL_MIN * self.buckets() / self.len.max(1);
        if items(target) + items(self.buckets() - 1) > MERGED_ITEMS_MAX.max(FILL_MIN * sparsity) {
            return;
        }
        self.extent = smaller;
        let source = self.pop_bucket();
        if (level + 1).is_multiple_of(WINDOW_BITS) {
            let window_start = level + 1 - WINDOW_BITS;
            let window = |bucket: usize| (bucket >> window_start) as u16 & 0xff;
            let whole = std::mem::take(self.bucket_mut(target));
            let both = [(whole, window(target)), (source, window(target | 1 << level))];
            for (bucket, window) in &both {
                for word in bucket.words() {
                    let moved = item(word).map_or(word, |it| tagged(it, tag_of(word) & 0xff00 | window));
                    self.bucket_mut(target).push(moved);
                }
            }
        } else {
            source.words().for_each(|word| self.bucket_mut(target).push(word));
        }
    }

    fn push_bucket(&mut self, bucket: Bucket<T>) {
        let full = self.segments.last().is_none_or(|segment| segment.len() == SEGMENT);
        if full {
            // Only the first segment may stay small: for a table of one bucket.
            let capacity = if self.segments.is_empty() { 1 } else { SEGMENT };
            self.segments.push(Vec::with_capacity(capacity));
        }
        if let Some(segment) = self.segments.last_mut() {
            if segment.len() == segment.capacity() {
                segment.reserve_exact(segment.len());
            }
            segment.push(bucket);
        }
    }

    fn pop_bucket(&mut self) -> Bucket<T> {
        let only_one = self.segments.len() == 1;
        let Some(segment) = self.segments.last_mut() else { return Bucket::new() };
        let bucket = segment.pop().unwrap_or_default();
        if segment.is_empty() {
            self.segments.pop();
        } else if only_one && segment.len() * 4 <= segment.capacity() {
            segment.shrink_to(segment.capacity() / 2);
        }
        bucket
    }
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// The tag of a hash in a bucket to which `level` bits of the hash have led.
#[inline]
fn tag(hash: u64, level: u32) -> u16 {
    let window_start = level - level % WINDOW_BITS;
    (hash >> 56 << 8) as u16 | (hash >> window_start) as u16 & 0xff
}

#[cfg(test)]
mod tests;
