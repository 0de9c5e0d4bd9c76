//! A large hash: a table of fields, and those with an expiry in the order of their deadlines.

use std::collections::BTreeSet;

use super::pairs::{Pair, Pairs};
use super::value::{self, Value};
use crate::ds::StrRef;
use crate::ds::record_table::{Key, Place, Record, RecordTable};
use crate::util::random::Random;

/// Bytes of an entry of a B-tree set of pairs of words, at its usual fill.
const DEADLINE_BYTES: usize = 24;

/// See the module's page.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    table: RecordTable<Value>,
    deadlines: Deadlines,
}

/// Expiry (Unix milliseconds) and hash of each field that has one. The hash finds the field in the table.
pub(super) type Deadlines = BTreeSet<(i64, u64)>;

impl Fields {
    /// No fields yet, but room for about so many.
    pub fn with_expected(fields: usize) -> Self {
        Self { table: RecordTable::with_expected(fields), deadlines: BTreeSet::new() }
    }

    /// The fields of a table, whose deadlines these are.
    pub fn of_table(table: RecordTable<Value>, deadlines: Deadlines) -> Self {
        Self { table, deadlines }
    }

    /// The same fields as in a small hash.
    pub fn of(pairs: &Pairs) -> Self {
        let mut fields = Self::default();
        for span in pairs.spans() {
            let Pair { field, value, expiry_ms } = pairs.pair(span);
            fields.add(field, value, expiry_ms);
        }
        fields
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.deadlines.len() * DEADLINE_BYTES
    }

    pub fn allocations(&self) -> usize {
        self.table.allocations() + self.deadlines.len() / 8
    }

    pub fn next_expiry_ms(&self) -> Option<i64> {
        self.deadlines.first().map(|(expiry_ms, _)| *expiry_ms)
    }

    /// How many fields expire before a moment.
    pub fn expired_len(&self, now_ms: i64) -> usize {
        self.deadlines.range(..(now_ms, 0)).count()
    }

    pub fn find(&self, key: &Key<'_>) -> Option<Place> {
        self.table.find(key)
    }

    pub fn pair(&self, place: Place) -> Pair<'_> {
        self.pair_of(self.table.at(place))
    }

    pub fn iter(&self) -> impl Iterator<Item = Pair<'_>> {
        self.table.iter().map(|record| self.pair_of(record))
    }

    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(Pair<'_>)) -> u64 {
        self.table.scan(cursor, |record| visit(self.pair_of(record)))
    }

    pub fn random(&self, random: &mut Random) -> Option<Place> {
        self.table.random(random)
    }

    /// Adds a field that is not there, without an expiry.
    pub fn insert_new(&mut self, key: &Key<'_>, text: &[u8]) {
        let payload = value::pack(StrRef::of(text), None, self.table.slab_mut());
        self.table.insert_new(key, &payload);
    }

    /// Adds a field unless it is there; says whether it was not.
    pub fn add(&mut self, field: StrRef<'_>, value: StrRef<'_>, expiry_ms: Option<i64>) -> bool {
        let key = Key::of_str(field);
        if self.table.contains(&key) {
            return false;
        }
        let payload = value::pack(value, expiry_ms, self.table.slab_mut());
        self.table.insert_new(&key, &payload);
        self.note_expiry(&key, None, expiry_ms);
        true
    }

    /// Puts another value in the place of one.
    pub fn replace(&mut self, key: &Key<'_>, place: Place, text: &[u8], expiry_ms: Option<i64>) {
        self.note_expiry(key, value::expiry_ms(self.table.payload(place)), expiry_ms);
        let payload = value::pack(StrRef::of(text), expiry_ms, self.table.slab_mut());
        self.table.replace_payload(place, &payload);
    }

    pub fn set_expiry_ms(&mut self, key: &Key<'_>, place: Place, expiry_ms: Option<i64>) {
        let payload = value::repack(self.table.payload(place), expiry_ms);
        self.note_expiry(key, value::expiry_ms(self.table.payload(place)), expiry_ms);
        self.table.rewrite_payload(place, &payload);
    }

    pub fn remove(&mut self, key: &Key<'_>, place: Place) {
        self.note_expiry(key, value::expiry_ms(self.table.payload(place)), None);
        self.table.remove_at(place);
    }

    /// Takes out the field that expires first, if it does before a moment.
    pub fn remove_expired(&mut self, now_ms: i64) -> Option<Vec<u8>> {
        while self.deadlines.first().is_some_and(|(expiry_ms, _)| *expiry_ms < now_ms) {
            let (expiry_ms, hash) = self.deadlines.pop_first()?;
            let is_it = |record: Record<'_>| value::expiry_ms(record.payload()) == Some(expiry_ms);
            // Always found, but that two fields may agree in hash and deadline with a chance of 2^-64.
            if let Some(place) = self.table.find_hashed(hash, is_it) {
                let field = self.table.at(place).key().to_vec();
                self.table.remove_at(place);
                return Some(field);
            }
        }
        None
    }

    fn note_expiry(&mut self, key: &Key<'_>, old_ms: Option<i64>, new_ms: Option<i64>) {
        if let Some(old_ms) = old_ms {
            self.deadlines.remove(&(old_ms, key.hash()));
        }
        if let Some(new_ms) = new_ms {
            self.deadlines.insert((new_ms, key.hash()));
        }
    }

    fn pair_of<'a>(&'a self, record: Record<'a>) -> Pair<'a> {
        let payload = record.payload();
        Pair {
            field: record.key(),
            value: value::string(payload, self.table.slab()),
            expiry_ms: value::expiry_ms(payload),
        }
    }

    #[cfg(test)]
    pub fn assert_invariants(&self) {
        self.table.assert_invariants();
        let expiring: BTreeSet<_> =
            self.iter().filter_map(|pair| Some((pair.expiry_ms?, Key::of_str(pair.field).hash()))).collect();
        assert_eq!(expiring, self.deadlines);
    }
}
