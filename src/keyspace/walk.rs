//! Ways over many keys: SCAN, RANDOMKEY, KEYS and snapshots.

use super::database::{ExpiredKeys, Keyspace};
use super::entry::EntryRef;

/// RANDOMKEY on a replica tries this often to hit a key that is not expired.
const RANDOM_TRIES_MAX: usize = 100;
/// A scan step visits at most this many buckets per requested key, so that a sparse table does not hold the loop.
const SCAN_BUCKETS_PER_KEY: usize = 10;

impl Keyspace {
    /// A random key that is not expired, each as likely as any other. On a replica on which all drawn keys are
    /// expired it returns one of them, as Redis does; on a primary the expired ones get fewer.
    pub fn random_key(&mut self) -> Option<EntryRef<'_>> {
        let mut drawn = self.draw()?;
        let mut tries = 1;
        while !self.exists(&drawn) && (tries < RANDOM_TRIES_MAX || self.expired_keys() == ExpiredKeys::Delete)
        {
            drawn = self.draw()?;
            tries += 1;
        }
        let index = &self.current().index;
        index.entry(index.find(index.hash(&drawn), &drawn)?)
    }

    fn draw(&mut self) -> Option<Vec<u8>> {
        let entry = self.databases[self.selected()].index.random(&mut self.random)?;
        Some(entry.key().to_vec())
    }

    /// A step of SCAN: visits keys until about `count` were seen and returns the next cursor; 0 starts and
    /// ends. Expired keys are not visited and, on a primary, deleted. See [`Table::scan`] for the guarantee.
    ///
    /// [`Table::scan`]: crate::ds::table::Table::scan
    pub fn scan(&mut self, mut cursor: u64, count: usize, mut visit: impl FnMut(EntryRef<'_>)) -> u64 {
        let (now_ms, mode) = (self.now_ms(), self.expired_keys());
        let mut expired: Vec<Vec<u8>> = Vec::new();
        let mut seen = 0;
        for _ in 0..count.max(1).saturating_mul(SCAN_BUCKETS_PER_KEY) {
            cursor = self.current().index.scan(cursor, |entry| {
                seen += 1;
                if mode == ExpiredKeys::Ignore || !entry.is_expired(now_ms) {
                    visit(entry);
                } else if mode == ExpiredKeys::Delete {
                    expired.push(entry.key().to_vec());
                }
            });
            if cursor == 0 || seen >= count {
                break;
            }
        }
        for key in expired {
            self.exists(&key);
        }
        cursor
    }

    /// All keys of a database that are not expired, in no useful order (KEYS, snapshots, DEBUG DIGEST).
    pub fn iter(&self, db: usize) -> impl Iterator<Item = EntryRef<'_>> {
        let (now_ms, mode) = (self.now_ms(), self.expired_keys());
        self.iter_all(db).filter(move |entry| mode == ExpiredKeys::Ignore || !entry.is_expired(now_ms))
    }

    /// As `iter`, with the expired keys that nobody has looked up yet: what a snapshot contains.
    pub fn iter_all(&self, db: usize) -> impl Iterator<Item = EntryRef<'_>> {
        self.databases.get(db).into_iter().flat_map(|database| database.index.iter())
    }
}
