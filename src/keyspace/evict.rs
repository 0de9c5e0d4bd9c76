//! Choosing keys to give up when memory is short. How much memory is used, and how long to go on, is the
//! caller's business: [`Evictor::evict_one`] deletes one key.
//!
//! **Policy**, as in Redis 7.2. LRU, LFU and TTL are approximated: a few keys of each database are sampled, the
//! best candidates ever sampled are kept in a pool of 16, and the best of the pool goes. Candidates may be gone or
//! used again when their turn comes; gone ones are skipped. The random policies take databases in turn.

use super::aging::{Aging, idle_seconds};
use super::database::Keyspace;
use super::entry::{Entry, EntryRef};

/// Candidates remembered between evictions.
const POOL_SIZE: usize = 16;

/// `maxmemory-policy`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EvictionPolicy {
    VolatileLru,
    VolatileLfu,
    VolatileRandom,
    VolatileTtl,
    AllKeysLru,
    AllKeysLfu,
    AllKeysRandom,
    #[default]
    NoEviction,
}

impl EvictionPolicy {
    /// All policies, in the order in which an error message lists them.
    pub const ALL: [Self; 8] = [
        Self::VolatileLru,
        Self::VolatileLfu,
        Self::VolatileRandom,
        Self::VolatileTtl,
        Self::AllKeysLru,
        Self::AllKeysLfu,
        Self::AllKeysRandom,
        Self::NoEviction,
    ];

    /// Their names in the configuration, in the same order.
    pub const NAMES: [&'static str; 8] = [
        "volatile-lru",
        "volatile-lfu",
        "volatile-random",
        "volatile-ttl",
        "allkeys-lru",
        "allkeys-lfu",
        "allkeys-random",
        "noeviction",
    ];

    /// The name CONFIG GET and INFO show.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether access bits are an LFU counter under this policy.
    pub fn is_lfu(self) -> bool {
        matches!(self, Self::AllKeysLfu | Self::VolatileLfu)
    }

    /// Whether only keys with an expiry may be evicted.
    pub fn is_volatile(self) -> bool {
        matches!(self, Self::VolatileLru | Self::VolatileLfu | Self::VolatileRandom | Self::VolatileTtl)
    }
}

/// The state between evictions.
#[derive(Debug, Default)]
pub struct Evictor {
    /// Worst candidate first.
    pool: Vec<Candidate>,
    last_db: usize,
}

#[derive(Debug)]
struct Candidate {
    score: u64,
    db: usize,
    key: Vec<u8>,
}

impl Evictor {
    /// Deletes the best victim, records `Evicted` and returns the entry with its database; `None` if the policy
    /// allows none. `samples` is `maxmemory-samples`.
    pub fn evict_one(
        &mut self,
        keyspace: &mut Keyspace,
        policy: EvictionPolicy,
        samples: usize,
    ) -> Option<(usize, Entry)> {
        let (db, key) = match policy {
            EvictionPolicy::NoEviction => return None,
            EvictionPolicy::AllKeysRandom | EvictionPolicy::VolatileRandom => {
                self.random_victim(keyspace, policy)?
            }
            _ => self.best_victim(keyspace, policy, samples)?,
        };
        let index = &mut keyspace.databases[db].index;
        let entry = index.find(index.hash(&key), &key).and_then(|found| index.remove(found))?;
        keyspace.statistics.evicted += 1;
        keyspace.effects.evicted(db, &key);
        Some((db, entry))
    }

    fn random_victim(&mut self, keyspace: &mut Keyspace, policy: EvictionPolicy) -> Option<(usize, Vec<u8>)> {
        let databases = keyspace.databases();
        for _ in 0..databases {
            self.last_db = (self.last_db + 1) % databases;
            let index = &keyspace.databases[self.last_db].index;
            let drawn = if policy.is_volatile() {
                index.random_volatile(&mut keyspace.random)
            } else {
                index.random(&mut keyspace.random)
            };
            if let Some(entry) = drawn {
                return Some((self.last_db, entry.key().to_vec()));
            }
        }
        None
    }

    fn best_victim(
        &mut self,
        keyspace: &mut Keyspace,
        policy: EvictionPolicy,
        samples: usize,
    ) -> Option<(usize, Vec<u8>)> {
        loop {
            if !self.fill_pool(keyspace, policy, samples) {
                return None;
            }
            while let Some(Candidate { db, key, .. }) = self.pool.pop() {
                let Some(database) = keyspace.databases.get(db) else { continue };
                let index = &database.index;
                let entry = index.find(index.hash(&key), &key).and_then(|found| index.entry(found));
                if entry.is_some_and(|entry| !policy.is_volatile() || entry.expiry_ms().is_some()) {
                    return Some((db, key));
                }
            }
        }
    }

    /// Samples every database; whether there was anything to sample. A sampled key is alive now, so the pool
    /// has a victim afterwards, or gets one at the next call.
    fn fill_pool(&mut self, keyspace: &mut Keyspace, policy: EvictionPolicy, samples: usize) -> bool {
        let (aging, now_ms) = (keyspace.aging(), keyspace.now_ms());
        let mut sampled = false;
        for (db, database) in keyspace.databases.iter().enumerate() {
            let consider = |entry: EntryRef<'_>| {
                sampled = true;
                self.consider(db, entry, score(policy, entry, aging, now_ms));
            };
            if policy.is_volatile() {
                database.index.sample_volatile(&mut keyspace.random, samples.max(1), consider);
            } else {
                database.index.sample(&mut keyspace.random, samples.max(1), consider);
            }
        }
        sampled
    }

    fn consider(&mut self, db: usize, entry: EntryRef<'_>, score: u64) {
        let at = self.pool.partition_point(|candidate| candidate.score < score);
        let full = self.pool.len() == POOL_SIZE;
        if full && at == 0 {
            return;
        }
        if self.pool.iter().any(|candidate| candidate.db == db && candidate.key == entry.key()) {
            return;
        }
        self.pool.insert(at, Candidate { score, db, key: entry.key().to_vec() });
        if full {
            self.pool.remove(0);
        }
    }
}

/// The higher, the better a victim.
fn score(policy: EvictionPolicy, entry: EntryRef<'_>, aging: Aging, now_ms: i64) -> u64 {
    match policy {
        EvictionPolicy::VolatileTtl => {
            // The sooner the better; flipping the sign bit maps the order of i64 to that of u64.
            let expiry_ms = entry.expiry_ms().unwrap_or(i64::MAX);
            u64::MAX - (expiry_ms as u64 ^ 1 << 63)
        }
        _ if policy.is_lfu() => u64::from(u8::MAX - aging.frequency(entry.access(), now_ms)),
        _ => u64::from(idle_seconds(entry.access(), now_ms)),
    }
}

#[cfg(test)]
mod tests;
