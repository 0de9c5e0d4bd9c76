//! A table made of many records at once, as when it is loaded.
//!
//! Records are collected one behind the other; then those of a bucket are put there together, in a block of just
//! their size. That moves each of them once, where insertion one by one makes a bucket grow a dozen times, and it
//! leaves the search for equal keys to a glance at the tags of a bucket.

use super::bucket::Bucket;
use super::key::{Key, hash_of_packed};
use super::payload::Payload;
use super::{EXPECTED_BUCKETS_MAX, FILL_MAX, Record, RecordTable, tag};
use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, SHORT_TEXT_BYTES_MAX};
use crate::ds::slab::Slab;

/// So many records are collected. What comes behind them is inserted one by one: most tables are smaller, and
/// the memory to collect a huge one would be as much again as it takes.
const COLLECTED_MAX: usize = EXPECTED_BUCKETS_MAX * FILL_MAX;

/// Records that will be a table.
#[derive(Debug)]
pub struct Bulk<P> {
    /// Without a record as long as they are collected; but long strings are in its slab.
    table: RecordTable<P>,
    /// Packed keys, each with its payload.
    bytes: Vec<u8>,
    collected: Vec<Collected>,
}

#[derive(Debug)]
struct Collected {
    hash: u64,
    start: u32,
    end: u32,
}

impl<P: Payload> Bulk<P> {
    /// For about so many records, which need not be true.
    pub fn with_expected(records: usize) -> Self {
        let collected = Vec::with_capacity(records.min(COLLECTED_MAX));
        Self { table: RecordTable::new(), bytes: Vec::new(), collected }
    }

    pub fn record_count(&self) -> usize {
        self.table.len() + self.collected.len()
    }

    /// Adds a record, whose payload is appended by `put_payload`, and gives the hash of its key. `None` if a key is
    /// known to be there twice, which makes the whole unusable.
    #[inline]
    pub fn push(
        &mut self,
        key: StrRef<'_>,
        put_payload: impl FnOnce(&mut Vec<u8>, &mut Slab),
    ) -> Option<u64> {
        if self.collected.len() == COLLECTED_MAX {
            self.fill_table()?;
        }
        if !self.table.is_empty() {
            return self.insert(key, put_payload);
        }
        let start = self.bytes.len();
        match key {
            StrRef::Bytes(text) if text.len() > SHORT_TEXT_BYTES_MAX => {
                packed::push_long(self.table.slab.insert(text), &mut self.bytes);
            }
            _ => packed::push_str(key, &mut self.bytes),
        }
        let hash = hash_of_packed(&self.bytes[start..], &self.table.slab);
        put_payload(&mut self.bytes, &mut self.table.slab);
        // Records are short: what is long is in the slab.
        self.collected.push(Collected { hash, start: start as u32, end: self.bytes.len() as u32 });
        Some(hash)
    }

    /// The records in their order, as long as all of them are collected.
    pub fn records(&self) -> Option<impl DoubleEndedIterator<Item = Record<'_>> + Clone> {
        self.table.is_empty().then(|| self.collected.iter().map(|it| self.record(it)))
    }

    /// The table; `None` if a key is there twice.
    pub fn finish(mut self) -> Option<RecordTable<P>> {
        if !self.collected.is_empty() {
            self.fill_table()?;
        }
        Some(self.table)
    }

    fn insert(&mut self, key: StrRef<'_>, put_payload: impl FnOnce(&mut Vec<u8>, &mut Slab)) -> Option<u64> {
        let key = Key::of_str(key);
        if self.table.contains(&key) {
            return None;
        }
        self.bytes.clear();
        put_payload(&mut self.bytes, &mut self.table.slab);
        self.table.insert_new(&key, &self.bytes);
        Some(key.hash())
    }

    /// Moves what is collected to the table.
    fn fill_table(&mut self) -> Option<()> {
        let mut table = RecordTable::with_expected(self.collected.len());
        let mut counts = self.counts(&table);
        let is_too_full = |counts: &[usize]| counts.iter().any(|count| *count > Bucket::<P>::RECORDS_MAX);
        // Before the table grows: it could not divide what is the same key again and again.
        if is_too_full(&counts) && self.repeats_a_key() {
            return None;
        }
        // Nothing but distinct hashes that agree in dozens of bits makes so full a bucket.
        while is_too_full(&counts) {
            table.grow();
            counts = self.counts(&table);
        }
        let order = self.by_bucket(&table, &counts);
        let mut rest = order.as_slice();
        for (bucket, count) in counts.iter().enumerate() {
            let records;
            (records, rest) = rest.split_at(*count);
            if self.has_equal_keys(records) {
                return None;
            }
            let records = records.iter().map(|it| (tag(it.hash), self.bytes_of(it)));
            *table.bucket_mut(bucket) = Bucket::of(records);
        }
        table.len = self.collected.len();
        table.fullest = counts.iter().max().map_or(0, |count| *count as u8);
        table.slab = std::mem::take(&mut self.table.slab);
        self.table = table;
        self.collected = Vec::new();
        Some(())
    }

    /// How many records each bucket will have.
    fn counts(&self, table: &RecordTable<P>) -> Vec<usize> {
        let mut counts = vec![0; table.buckets()];
        self.collected.iter().for_each(|it| counts[table.address(it.hash).0] += 1);
        counts
    }

    /// The records of the first bucket, then those of the second, and so on.
    fn by_bucket(&self, table: &RecordTable<P>, counts: &[usize]) -> Vec<&Collected> {
        let starts = counts.iter().scan(0, |end, count| Some(std::mem::replace(end, *end + count)));
        let mut places: Vec<usize> = starts.collect();
        let mut order: Vec<&Collected> = self.collected.iter().collect();
        for it in &self.collected {
            let place = &mut places[table.address(it.hash).0];
            order[*place] = it;
            *place += 1;
        }
        order
    }

    /// Whether two records of a bucket have the same key. One of two equal keys has the tag of an earlier one.
    fn has_equal_keys(&self, records: &[&Collected]) -> bool {
        let mut seen = [false; 1 << u8::BITS];
        records.iter().enumerate().any(|(count, it)| {
            let is_equal = |earlier: &&Collected| {
                earlier.hash == it.hash && self.record(earlier).key() == self.record(it).key()
            };
            std::mem::replace(&mut seen[usize::from(tag(it.hash))], true)
                && records[..count].iter().any(is_equal)
        })
    }

    /// Whether a key is there twice, wherever.
    fn repeats_a_key(&self) -> bool {
        let mut by_hash: Vec<&Collected> = self.collected.iter().collect();
        by_hash.sort_unstable_by_key(|it| it.hash);
        by_hash.chunk_by(|left, right| left.hash == right.hash).any(|same| self.has_equal_keys(same))
    }

    fn record(&self, it: &Collected) -> Record<'_> {
        let (packed, payload) = self.bytes_of(it).split_at(Packed::len_at(self.bytes_of(it)));
        Record { packed, payload, slab: &self.table.slab }
    }

    fn bytes_of(&self, it: &Collected) -> &[u8] {
        &self.bytes[it.start as usize..it.end as usize]
    }
}
