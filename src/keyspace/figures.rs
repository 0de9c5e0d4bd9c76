//! Numbers about the keyspace and its entries: what INFO, DBSIZE, MEMORY and OBJECT report.

use super::aging::idle_seconds;
use super::database::Keyspace;
use super::entry::{EntryRef, Index};
use super::layout::Kind;

impl Keyspace {
    /// The type of a key that is not expired; nothing is deleted or counted.
    pub fn kind_of(&self, db: usize, key: &[u8]) -> Option<Kind> {
        let index = &self.databases.get(db)?.index;
        let entry = index.entry(index.find(index.hash(key), key)?)?;
        (!entry.is_expired(self.now_ms())).then(|| entry.kind())
    }

    /// Keys in a database, expired ones included.
    pub fn len(&self, db: usize) -> usize {
        self.databases.get(db).map_or(0, |database| database.index.len())
    }

    /// Whether all databases are empty.
    pub fn is_empty(&self) -> bool {
        self.databases.iter().all(|database| database.index.len() == 0)
    }

    /// Keys with an expiry in a database.
    pub fn volatile_len(&self, db: usize) -> usize {
        self.databases.get(db).map_or(0, |database| database.index.volatile_len())
    }

    /// INFO's `avg_ttl` in milliseconds, an estimate of the active expiry cycle.
    pub fn average_ttl_ms(&self, db: usize) -> i64 {
        self.databases.get(db).map_or(0, |database| database.average_ttl_ms)
    }

    /// Bytes of a database's tables, without the entries.
    pub fn table_bytes(&self, db: usize) -> usize {
        self.databases.get(db).map_or(0, |database| database.index.table_bytes())
    }

    /// Buckets of a database's tables: of all keys, and of those with an expiry.
    pub fn table_buckets(&self, db: usize) -> (usize, usize) {
        self.databases.get(db).map_or((0, 0), |database| database.index.buckets())
    }

    /// Bytes of an entry with its share of the tables (MEMORY USAGE).
    pub fn memory_bytes(entry: EntryRef<'_>) -> usize {
        entry.memory_bytes() + Index::share_bytes(entry)
    }

    /// OBJECT IDLETIME.
    pub fn idle_seconds(&self, entry: EntryRef<'_>) -> u32 {
        idle_seconds(entry.access(), self.now_ms())
    }

    /// OBJECT FREQ.
    pub fn frequency(&self, entry: EntryRef<'_>) -> u8 {
        self.aging().frequency(entry.access(), self.now_ms())
    }

    /// Reads every entry and checks the tables.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        self.databases.iter().for_each(|database| database.index.assert_invariants());
    }
}
