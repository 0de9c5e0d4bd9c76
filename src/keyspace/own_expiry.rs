//! Keys with an expiry that clients made on a replica that they may write to. The primary knows nothing of them,
//! and will never say that their time has come: the replica remembers them, and deletes them itself.
//!
//! What is remembered is a hint, ordered by when it falls due. Only then is the key looked at: it may be gone, or
//! live longer by now.

use std::collections::{BTreeSet, HashMap};

use super::database::Keyspace;
use super::effects::Effects;
use super::entry::Entry;

/// The clock is read once in so many keys.
const KEYS_PER_CLOCK: usize = 64;

/// See the module's page.
#[derive(Debug, Default)]
pub struct OwnExpiry {
    due: BTreeSet<(i64, usize, Vec<u8>)>,
    /// When each of them falls due.
    known: HashMap<(usize, Vec<u8>), i64>,
}

impl OwnExpiry {
    pub fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// A client has changed this key; its expiry, if it has one, is ours to keep.
    pub fn remember(&mut self, keyspace: &Keyspace, db: usize, key: &[u8]) {
        if let Some(expiry_ms) = keyspace.expiry_ms(db, key) {
            self.forget(db, key);
            self.due.insert((expiry_ms, db, key.to_vec()));
            self.known.insert((db, key.to_vec()), expiry_ms);
        }
    }

    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// A database was emptied.
    pub fn forget_db(&mut self, db: usize) {
        self.due.retain(|(_, of, _)| *of != db);
        self.known.retain(|(of, _), _| *of != db);
    }

    /// Two databases have changed places.
    pub fn swap(&mut self, db: usize, with: usize) {
        let place = |at: usize| match at {
            _ if at == db => with,
            _ if at == with => db,
            _ => at,
        };
        let due = std::mem::take(&mut self.due);
        self.due = due.into_iter().map(|(at_ms, at, key)| (at_ms, place(at), key)).collect();
        let known = std::mem::take(&mut self.known);
        self.known = known.into_iter().map(|((at, key), at_ms)| ((place(at), key), at_ms)).collect();
    }

    /// Deletes what has expired, for `budget_us` at most by a steady clock. `deleted` gets each deleted entry, after
    /// its effect was recorded. Returns how many there were.
    pub fn run(
        &mut self,
        keyspace: &mut Keyspace,
        now_ms: i64,
        budget_us: u64,
        mut clock_us: impl FnMut() -> u64,
        mut deleted: impl FnMut(&mut Effects, Entry),
    ) -> u64 {
        let start_us = clock_us();
        let (mut looked_at, mut count) = (0, 0);
        while self.due.first().is_some_and(|(due_ms, _, _)| *due_ms < now_ms) {
            let Some((_, db, key)) = self.due.pop_first() else { break };
            if let Some(entry) = keyspace.expire_key(db, &key, now_ms) {
                deleted(&mut keyspace.effects, entry);
                count += 1;
            }
            // The primary may have made a key of the same name that lives longer.
            self.known.remove(&(db, key.clone()));
            self.remember(keyspace, db, &key);
            looked_at += 1;
            if looked_at % KEYS_PER_CLOCK == 0 && clock_us().saturating_sub(start_us) > budget_us {
                break;
            }
        }
        count
    }

    /// Whether there is something to delete at this time.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.due.first().is_some_and(|(due_ms, _, _)| *due_ms < now_ms)
    }

    fn forget(&mut self, db: usize, key: &[u8]) {
        if let Some(due_ms) = self.known.remove(&(db, key.to_vec())) {
            self.due.remove(&(due_ms, db, key.to_vec()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keyspace::database::{ExpiredKeys, Expiry};
    use crate::keyspace::value::NewString;

    const NOW_MS: i64 = 1_700_000_000_000;

    fn keyspace() -> Keyspace {
        let mut keyspace = Keyspace::new(2, (1, 2));
        keyspace.begin(0, NOW_MS, true);
        keyspace.set_expired_keys(ExpiredKeys::Hide);
        keyspace
    }

    fn set(keyspace: &mut Keyspace, own: &mut OwnExpiry, key: &str, expiry: Expiry) {
        keyspace.set_string(key.as_bytes(), NewString::Int(1), expiry);
        own.remember(keyspace, 0, key.as_bytes());
    }

    fn run(keyspace: &mut Keyspace, own: &mut OwnExpiry, now_ms: i64) -> u64 {
        own.run(keyspace, now_ms, 1000, || 0, |_, _| {})
    }

    #[test]
    fn keys_of_clients_go_when_their_time_has_come_and_others_stay() {
        let (mut keyspace, mut own) = (keyspace(), OwnExpiry::default());
        keyspace.set_string(b"primary's", NewString::Int(1), Expiry::At(NOW_MS + 10));
        set(&mut keyspace, &mut own, "early", Expiry::At(NOW_MS + 10));
        set(&mut keyspace, &mut own, "late", Expiry::At(NOW_MS + 20));
        set(&mut keyspace, &mut own, "never", Expiry::Clear);
        assert_eq!((own.len(), run(&mut keyspace, &mut own, NOW_MS + 10)), (2, 0));
        assert!(own.is_due(NOW_MS + 11));
        assert_eq!((run(&mut keyspace, &mut own, NOW_MS + 11), own.len(), keyspace.len(0)), (1, 1, 3));
        assert_eq!((run(&mut keyspace, &mut own, NOW_MS + 99), own.len(), keyspace.len(0)), (1, 0, 2));
    }

    #[test]
    fn a_key_that_lives_longer_by_now_is_looked_at_again_when_that_time_comes() {
        let (mut keyspace, mut own) = (keyspace(), OwnExpiry::default());
        set(&mut keyspace, &mut own, "key", Expiry::At(NOW_MS + 10));
        set(&mut keyspace, &mut own, "key", Expiry::At(NOW_MS + 30));
        keyspace.set_string(b"key", NewString::Int(1), Expiry::At(NOW_MS + 50));
        assert_eq!((run(&mut keyspace, &mut own, NOW_MS + 31), own.len()), (0, 1));
        assert!(!own.is_due(NOW_MS + 50));
        assert_eq!((run(&mut keyspace, &mut own, NOW_MS + 51), own.len()), (1, 0));
    }

    #[test]
    fn what_is_remembered_follows_its_database() {
        let (mut keyspace, mut own) = (keyspace(), OwnExpiry::default());
        set(&mut keyspace, &mut own, "key", Expiry::At(NOW_MS + 10));
        keyspace.swap_databases(0, 1);
        own.swap(0, 1);
        own.forget_db(0);
        assert_eq!((run(&mut keyspace, &mut own, NOW_MS + 11), keyspace.len(1)), (1, 0));
        assert!(own.is_empty());
    }

    #[test]
    fn a_call_ends_when_its_time_is_up() {
        let (mut keyspace, mut own) = (keyspace(), OwnExpiry::default());
        for number in 0..1000 {
            set(&mut keyspace, &mut own, &format!("key:{number}"), Expiry::At(NOW_MS + 10));
        }
        let mut now_us = 0;
        let clock_us = || {
            now_us += 600;
            now_us
        };
        let count = own.run(&mut keyspace, NOW_MS + 11, 1000, clock_us, |_, _| {});
        assert_eq!((count, own.len(), own.is_due(NOW_MS + 11)), (128, 872, true));
    }
}
