//! A hash table of packed records: the members of sets and sorted sets, the fields of hashes.
//!
//! **What it is.** Linear hashing as in [`table`](super::table), with its guarantees: there is never a second
//! table and never a moment at which everything moves. But a bucket is not a line of addresses: it is one
//! block with a dozen records in it, each a packed key with a payload behind it (see [`Payload`]). A record
//! has no pointer, no header and no allocation of its own, which is why a member of a large set costs its text
//! and about five bytes. To find a key means to walk a block that the processor reads in one go.
//!
//! **Long strings.** Keys over [`SHORT_TEXT_BYTES_MAX`](super::packed::SHORT_TEXT_BYTES_MAX) bytes are kept in
//! the table's [`Slab`], and payloads may use it as well, so that blocks stay small and moving them is cheap.
//!
//! **Hashes** are keyed ([`keyed_hash`](crate::util::keyed_hash::keyed_hash)) and of packed keys; see [`Key`].
//! They are not stored: to divide a bucket is to hash its records again, one or two dozen.
//!
//! **Removing in the order of a scan** unbalances the table, as explained in `table`. Merges wait as long as
//! they would make a bucket of more than [`MERGED_RECORDS_MAX`]; the empty buckets that stay meanwhile cost
//! 24 bytes each and are merged by later removals.

mod bucket;
mod bulk;
mod key;
mod payload;

pub use bulk::Bulk;
pub use key::Key;
pub use payload::{Nothing, Payload, Score};

use bucket::{Bucket, Span};
use key::hash_of_packed;
use smallvec::SmallVec;

use super::StrRef;
use super::linear::{Extent, next_cursor};
use super::packed::Packed;
use super::slab::Slab;
use crate::util::random::Random;
use crate::util::size_class::size_class;

/// Buckets per segment, and its binary logarithm.
const SEGMENT_BITS: u32 = 10;
const SEGMENT: usize = 1 << SEGMENT_BITS;
/// The table grows when it holds more records per bucket than this ...
///
/// Measured with members of ten bytes: at 8 a member takes 16.5 bytes, at 12 15.4, at 16 14.7, at 24 14.2; a hit
/// takes 4 ns more at 16 than at 8, and 10 more at 24; insertions and misses take the same time.
const FILL_MAX: usize = 16;
/// ... and shrinks when it holds fewer. The gap keeps a record that comes and goes from moving buckets.
const FILL_MIN: usize = 9;
/// No more buckets are made at once, however many records are expected: their number may be wrong.
const EXPECTED_BUCKETS_MAX: usize = 4096;
/// A merge must not make a bucket of more records than this.
const MERGED_RECORDS_MAX: usize = 64;
/// Merges per removal: more than one, to catch up after merges that had to wait.
const MERGES_PER_REMOVAL: usize = 2;
/// Up to this many buckets a random choice counts records instead of guessing.
const COUNTED_BUCKETS: usize = 8;
/// After so many guesses a random choice counts. One guess hits with a probability of about a third.
const GUESSES_MAX: usize = 256;
/// Buckets whose sizes are added up for an estimate of all.
const MEASURED_BUCKETS: usize = 1024;

/// A hash table of packed records. See the module's page.
#[derive(Debug, Clone)]
pub struct RecordTable<P> {
    segments: Vec<Vec<Bucket<P>>>,
    slab: Slab,
    len: usize,
    /// The buckets, once there is any.
    extent: Extent,
    /// No bucket has ever had more records: the measure of a fair random choice.
    fullest: u8,
}

/// Where a record is. Valid until the next change of the table, [`RecordTable::payload_mut`] apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Place {
    bucket: usize,
    span: Span,
}

/// Places in one bucket.
type Spans = SmallVec<[Span; 2 * FILL_MAX]>;

/// A record that is read.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    packed: &'a [u8],
    payload: &'a [u8],
    slab: &'a Slab,
}

impl<'a> Record<'a> {
    pub fn key(&self) -> StrRef<'a> {
        match Packed::read(self.packed).0 {
            Packed::Str(string) => string,
            Packed::Long(id) => StrRef::Bytes(self.slab.get(id)),
        }
    }

    /// The key as it is packed; a long one names a text of the table's slab.
    pub fn packed(&self) -> &'a [u8] {
        self.packed
    }

    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }
}

impl<P: Payload> RecordTable<P> {
    /// An empty table; it allocates nothing.
    pub const fn new() -> Self {
        Self { segments: Vec::new(), slab: Slab::new(), len: 0, extent: Extent::ONE, fullest: 0 }
    }

    /// An empty table with the buckets of a table of so many records, up to a limit: filling it divides none.
    pub fn with_expected(records: usize) -> Self {
        let buckets = records.div_ceil(FILL_MAX).clamp(1, EXPECTED_BUCKETS_MAX);
        let mut table = Self { extent: Extent::of(buckets), ..Self::new() };
        (0..buckets).for_each(|_| table.push_bucket(Bucket::new()));
        table
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn contains(&self, key: &Key<'_>) -> bool {
        self.find(key).is_some()
    }

    /// The payload of a key.
    pub fn get(&self, key: &Key<'_>) -> Option<&[u8]> {
        self.find(key).map(|place| self.payload(place))
    }

    /// Where the record with this key is. When there is none, [`RecordTable::insert_new`] repeats no work: the
    /// hash is in the key, and a search in vain walks no records.
    #[inline]
    pub fn find(&self, key: &Key<'_>) -> Option<Place> {
        let bucket = self.address(key.hash()).0;
        let span = self.bucket(bucket)?.find(tag(key.hash()), key, &self.slab)?;
        Some(Place { bucket, span })
    }

    /// The record of this hash that `is_it` accepts, for structures that keep hashes in place of keys.
    pub fn find_hashed(&self, hash: u64, mut is_it: impl FnMut(Record<'_>) -> bool) -> Option<Place> {
        let index = self.address(hash).0;
        let bucket = self.bucket(index)?;
        let mut spans = bucket.spans().filter(|span| bucket.record(*span).0 == tag(hash));
        let span = spans.find(|span| {
            let record = self.record(bucket, *span);
            hash_of_packed(record.packed, &self.slab) == hash && is_it(record)
        })?;
        Some(Place { bucket: index, span })
    }

    /// The record at a place.
    pub fn at(&self, place: Place) -> Record<'_> {
        self.record(&self.segments[place.bucket >> SEGMENT_BITS][place.bucket & (SEGMENT - 1)], place.span)
    }

    /// The payload at a place.
    #[inline]
    pub fn payload(&self, place: Place) -> &[u8] {
        self.at(place).payload
    }

    /// The packed key at a place; a long one names a text of [`RecordTable::slab`].
    pub fn packed_of(&self, place: Place) -> &[u8] {
        self.at(place).packed
    }

    /// The payload at a place, to be changed without changing its length.
    pub fn payload_mut(&mut self, place: Place) -> &mut [u8] {
        let Place { bucket, span } = place;
        self.bucket_mut(bucket).bytes_mut(span.payload..span.end)
    }

    /// The long strings, which the owner of the table may refer to as long as their records are there.
    pub fn slab(&self) -> &Slab {
        &self.slab
    }

    /// The slab, for payloads: whoever puts a string there puts its number into a payload, from where
    /// [`Payload::release`] takes it back.
    pub fn slab_mut(&mut self) -> &mut Slab {
        &mut self.slab
    }

    /// Adds a record unless its key is there already; says whether it is new.
    pub fn insert(&mut self, key: &Key<'_>, payload: &[u8]) -> bool {
        let is_new = self.find(key).is_none();
        if is_new {
            self.insert_new(key, payload);
        }
        is_new
    }

    /// Adds a record whose key is not in the table.
    pub fn insert_new(&mut self, key: &Key<'_>, payload: &[u8]) -> Place {
        if self.segments.is_empty() {
            self.push_bucket(Bucket::new());
        } else if self.len >= FILL_MAX * self.buckets() {
            self.grow();
        }
        let mut bucket = self.address(key.hash()).0;
        // Nothing but distinct hashes that agree in dozens of bits gets here.
        while self.bucket(bucket).is_some_and(|it| it.count() == Bucket::<P>::RECORDS_MAX) {
            self.grow();
            bucket = self.address(key.hash()).0;
        }
        let packed = key.keep(&mut self.slab);
        // Where many buckets are, one more empty one is about to be filled: growing it record by record would
        // move it a dozen times (SADD of many members).
        let is_filled_soon = self.buckets() > COUNTED_BUCKETS;
        let it = self.bucket_mut(bucket);
        if is_filled_soon && it.count() == 0 {
            it.reserve_for(FILL_MIN, packed.as_bytes().len() + payload.len());
        }
        let span = it.push(tag(key.hash()), packed.as_bytes(), payload);
        self.len += 1;
        self.fullest = self.fullest.max((span.slot + 1) as u8);
        Place { bucket, span }
    }

    /// Puts another payload in the place of one. The old one is released.
    pub fn replace_payload(&mut self, place: Place, payload: &[u8]) -> Place {
        let Place { bucket, span } = place;
        let it = &self.segments[bucket >> SEGMENT_BITS][bucket & (SEGMENT - 1)];
        P::release(it.bytes(span.payload..span.end), &mut self.slab);
        self.rewrite_payload(place, payload)
    }

    /// The same where the new payload refers to the long strings of the old one.
    pub fn rewrite_payload(&mut self, place: Place, payload: &[u8]) -> Place {
        let Place { bucket, span } = place;
        Place { bucket, span: self.bucket_mut(bucket).replace_payload(span, payload) }
    }

    /// Removes the record with this key; says whether there was one.
    pub fn remove(&mut self, key: &Key<'_>) -> bool {
        let found = self.find(key);
        if let Some(place) = found {
            self.remove_at(place);
        }
        found.is_some()
    }

    /// Removes the record at a place.
    pub fn remove_at(&mut self, place: Place) {
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
            return;
        }
        let Place { bucket, span } = place;
        let it = &mut self.segments[bucket >> SEGMENT_BITS][bucket & (SEGMENT - 1)];
        P::release(it.bytes(span.payload..span.end), &mut self.slab);
        if let Packed::Long(id) = Packed::read(it.bytes(span.start..span.payload)).0 {
            self.slab.remove(id);
        }
        it.remove(span);
        for _ in 0..MERGES_PER_REMOVAL {
            if self.len < FILL_MIN * (self.buckets() - 1) {
                self.shrink();
            }
        }
    }

    /// All records, in no useful order.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let buckets = self.segments.iter().flatten();
        buckets.flat_map(|bucket| bucket.spans().map(|span| self.record(bucket, span)))
    }

    /// One step of an iteration that survives changes between its steps: visits one bucket and returns the
    /// next cursor. 0 starts, 0 ends. A record that is in the table from the first to the last step is visited
    /// at least once; the argument is that of [`Table::scan`](super::table::Table::scan).
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(Record<'_>)) -> u64 {
        let (index, level) = self.address(cursor);
        let Some(bucket) = self.bucket(index) else { return 0 };
        bucket.spans().for_each(|span| visit(self.record(bucket, span)));
        next_cursor(cursor, level)
    }

    /// A record, each as likely as any other.
    ///
    /// A bucket is drawn, then a slot out of as many as the fullest bucket has; an empty slot means to draw
    /// again. To draw a record of a random bucket without this rejection would favour sparse buckets.
    pub fn random(&self, random: &mut Random) -> Option<Place> {
        if self.len == 0 {
            return None;
        }
        if self.buckets() > COUNTED_BUCKETS {
            for _ in 0..GUESSES_MAX {
                let index = random.below(self.buckets() as u64) as usize;
                let slot = random.below(self.fullest.into()) as usize;
                let bucket = self.bucket(index)?;
                if slot < bucket.count() {
                    let span = bucket.spans().nth(slot)?;
                    return Some(Place { bucket: index, span });
                }
            }
        }
        let mut remaining = random.below(self.len as u64) as usize;
        for (index, bucket) in self.segments.iter().flatten().enumerate() {
            if remaining < bucket.count() {
                let span = bucket.spans().nth(remaining)?;
                return Some(Place { bucket: index, span });
            }
            remaining -= bucket.count();
        }
        None
    }

    /// Bytes on the heap; of a large table, an estimate by some of its buckets.
    pub fn heap_bytes(&self) -> usize {
        let stride = self.buckets().div_ceil(MEASURED_BUCKETS).max(1);
        let sample = (0..self.buckets()).step_by(stride).filter_map(|index| self.bucket(index));
        let (count, bytes) = sample.fold((0, 0), |(count, bytes), it| (count + 1, bytes + it.heap_bytes()));
        let blocks = if stride == 1 { bytes } else { bytes / usize::max(count, 1) * self.buckets() };
        let segments: usize =
            self.segments.iter().map(|it| size_class(it.capacity() * size_of::<Bucket<P>>())).sum();
        let directory = size_class(self.segments.capacity() * size_of::<Vec<Bucket<P>>>());
        blocks + segments + directory + self.slab.heap_bytes()
    }

    /// About how many allocations it takes to free this.
    pub fn allocations(&self) -> usize {
        self.buckets() + self.segments.len() + self.slab.len()
    }

    /// Checks counts, buckets and tags.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        assert_eq!(self.segments.iter().map(Vec::len).sum::<usize>(), self.buckets());
        assert_eq!(self.iter().count(), self.len);
        assert_eq!(self.extent, Extent::of(self.extent.buckets()));
        for index in 0..self.buckets() {
            let Some(bucket) = self.bucket(index) else { continue };
            assert!(bucket.count() <= self.fullest.into());
            for span in bucket.spans() {
                let hash = hash_of_packed(self.record(bucket, span).packed, &self.slab);
                assert_eq!(self.address(hash).0, index, "the bucket follows from the hash");
                assert_eq!(bucket.record(span).0, tag(hash), "the tag follows from the hash");
            }
        }
    }

    /// Number of buckets.
    fn buckets(&self) -> usize {
        if self.segments.is_empty() { 0 } else { self.extent.buckets() }
    }

    fn record<'a>(&'a self, bucket: &'a Bucket<P>, span: Span) -> Record<'a> {
        Record {
            packed: bucket.bytes(span.start..span.payload),
            payload: bucket.bytes(span.payload..span.end),
            slab: &self.slab,
        }
    }

    /// The bucket of a hash, and how many bits of the hash have led to it.
    #[inline]
    fn address(&self, hash: u64) -> (usize, u32) {
        self.extent.address(hash)
    }

    #[inline]
    fn bucket(&self, index: usize) -> Option<&Bucket<P>> {
        self.segments.get(index >> SEGMENT_BITS)?.get(index & (SEGMENT - 1))
    }

    fn bucket_mut(&mut self, index: usize) -> &mut Bucket<P> {
        &mut self.segments[index >> SEGMENT_BITS][index & (SEGMENT - 1)]
    }

    /// Divides the next bucket in turn.
    fn grow(&mut self) {
        let (divided, bit) = self.extent.next_split();
        let whole = std::mem::replace(self.bucket_mut(divided), Bucket::new());
        let goes_high = |span: &Span| {
            let packed = whole.bytes(span.start..span.payload);
            hash_of_packed(packed, &self.slab) >> bit & 1 == 1
        };
        let (high, low): (Spans, Spans) = whole.spans().partition(goes_high);
        *self.bucket_mut(divided) = Bucket::of(low.iter().map(|span| whole.record(*span)));
        self.push_bucket(Bucket::of(high.iter().map(|span| whole.record(*span))));
        self.extent = self.extent.grown();
    }

    /// Pours the last bucket back into the one it came from, unless that makes too full a bucket.
    fn shrink(&mut self) {
        let smaller = self.extent.shrunk();
        let (target, _) = smaller.next_split();
        let count = |index: usize| self.bucket(index).map_or(0, Bucket::count);
        let merged_count = count(target) + count(self.buckets() - 1);
        if merged_count > MERGED_RECORDS_MAX {
            return;
        }
        self.extent = smaller;
        let source = self.pop_bucket();
        if source.count() > 0 {
            let target = self.bucket_mut(target);
            *target = Bucket::of(target.records().chain(source.records()));
        }
        self.fullest = self.fullest.max(merged_count as u8);
    }

    /// The last segment grows class by class, so that a table of a thousand records has no empty half.
    fn push_bucket(&mut self, bucket: Bucket<P>) {
        if self.segments.last().is_none_or(|segment| segment.len() == SEGMENT) {
            reserve_class_for_one(&mut self.segments);
            self.segments.push(Vec::new());
        }
        if let Some(segment) = self.segments.last_mut() {
            reserve_class_for_one(segment);
            segment.push(bucket);
        }
    }

    fn pop_bucket(&mut self) -> Bucket<P> {
        let Some(segment) = self.segments.last_mut() else { return Bucket::new() };
        let bucket = segment.pop().unwrap_or(Bucket::new());
        if segment.is_empty() {
            self.segments.pop();
        } else if segment.len() * 2 <= segment.capacity() {
            segment.shrink_to(capacity_class::<Bucket<P>>(segment.len() + 1));
        }
        bucket
    }
}

impl RecordTable<Score> {
    pub fn score(&self, place: Place) -> f64 {
        Score::read(self.payload(place))
    }

    pub fn set_score(&mut self, place: Place, score: f64) {
        self.payload_mut(place).copy_from_slice(&score.to_le_bytes());
    }
}

impl<P: Payload> Default for RecordTable<P> {
    fn default() -> Self {
        Self::new()
    }
}

/// A byte of the hash that has no part in the choice of the bucket.
#[inline]
fn tag(hash: u64) -> u8 {
    (hash >> 56) as u8
}

/// Gives a full vector the rest of its allocation class, or the next class.
fn reserve_class_for_one<T>(items: &mut Vec<T>) {
    if items.len() == items.capacity() {
        items.reserve_exact(capacity_class::<T>(items.len() + 1) - items.len());
    }
}

/// How many items fit the allocation class of so many.
fn capacity_class<T>(items: usize) -> usize {
    size_class(items * size_of::<T>()) / size_of::<T>()
}

#[cfg(test)]
mod tests;
