//! Fields of hashes whose time has come: hidden at once, deleted when a command is about to change them or when
//! the active cycle finds them.
//!
//! **How the cycle finds them.** A database keeps for each hash that has fields with an expiry the earliest of these
//! moments, in order. Nobody tells when a hash goes or its deadlines move on, so entries may be stale; but a hash
//! always has an entry no later than its next deadline. What is due is verified: an entry whose hash has nothing
//! due is dropped, and made anew for the deadline that the hash has now. So that stale entries do not pile up
//! before they are due, each new entry pays for the verification of two others, in turn.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use super::database::{Database, ExpiredKeys, Keyspace};
use super::effects::EventClass;
use super::entry::EntryRef;
use super::value::{Collection, Object};
use crate::types::{Hash, SHOW_EXPIRED};

/// Verified per new entry. More than one, or stale entries would outnumber the others.
const VERIFIED_PER_ENTRY: usize = 2;
/// Fields deleted from one hash before another one has its turn.
const FIELDS_PER_HASH: usize = 64;

/// When hashes lose their next field: Unix milliseconds, and the key.
#[derive(Debug, Default)]
pub(super) struct FieldDeadlines {
    entries: BTreeSet<Deadline>,
    /// The entry that was verified last.
    verified: Option<Deadline>,
}

type Deadline = (i64, Box<[u8]>);

impl Keyspace {
    /// The present for fields of hashes: those with an earlier expiry are not shown.
    #[inline]
    pub fn fields_now_ms(&self) -> i64 {
        if self.expired_keys() == ExpiredKeys::Ignore { SHOW_EXPIRED } else { self.now_ms() }
    }

    /// Deletes those of the fields that are expired: a command is about to change them, and shall find them gone.
    /// Downstream they are deleted before the command arrives.
    #[inline]
    pub fn expire_touched_fields<'f, F: Iterator<Item = &'f [u8]>>(
        &mut self,
        key: &[u8],
        fields: impl FnOnce() -> F,
    ) {
        let deadlines = &self.current().field_deadlines;
        if deadlines.is_due(self.now_ms()) && self.expired_keys() == ExpiredKeys::Delete {
            let now_ms = self.now_ms();
            self.expire_fields_of(self.selected(), key, |hash| {
                let mut expired = fields().filter(|field| hash.remove_if_expired(field, now_ms));
                expired.by_ref().map(<[u8]>::to_vec).collect()
            });
        }
    }

    /// A field of a hash has got an expiry: enters the next deadline of the hash, unless an earlier one is
    /// known to have been entered.
    pub fn note_field_expiry(&mut self, key: &[u8], previous_ms: Option<i64>) {
        let db = self.selected();
        let next_ms = self.databases[db].next_field_expiry_ms(key);
        if let Some(next_ms) = next_ms.filter(|next_ms| previous_ms.is_none_or(|it| it > *next_ms)) {
            self.databases[db].enter_field_deadline(next_ms, key);
        }
    }

    /// Whether any field of any hash has an expiry.
    pub fn has_field_expiries(&self) -> bool {
        self.databases.iter().any(|database| {
            let mut deadlines = database.field_deadlines.entries.iter();
            deadlines.any(|(_, key)| database.next_field_expiry_ms(key).is_some())
        })
    }

    /// Deletes fields whose time has come, of any database, and records it: at most `work` fields and stale
    /// entries. Returns how many it dealt with. Does nothing on a replica and while expiry is paused.
    pub fn expire_due_fields(&mut self, now_ms: i64, work: usize) -> usize {
        if self.expired_keys() != ExpiredKeys::Delete {
            return 0;
        }
        let mut done = 0;
        for db in 0..self.databases.len() {
            while done < work
                && let Some(key) = self.databases[db].field_deadlines.take_due(now_ms)
            {
                let share = FIELDS_PER_HASH.min(work - done);
                let deleted = self.expire_fields_of(db, &key, |hash| hash.remove_expired(now_ms, share));
                done += deleted.max(1);
                if let Some(next_ms) = self.databases[db].next_field_expiry_ms(&key) {
                    self.databases[db].enter_field_deadline(next_ms, &key);
                }
            }
        }
        done
    }

    /// Lets `remove` take fields out of a hash, records that they expired, and removes an emptied hash. Returns
    /// how many fields were taken out.
    fn expire_fields_of(
        &mut self,
        db: usize,
        key: &[u8],
        remove: impl FnOnce(&mut Hash) -> Vec<Vec<u8>>,
    ) -> usize {
        let index = &mut self.databases[db].index;
        let Some(found) = index.find(index.hash(key), key) else { return 0 };
        let Some(hash) = index.object_mut(found).and_then(Hash::of_mut) else { return 0 };
        let expired = remove(hash);
        if expired.is_empty() {
            return 0;
        }
        let is_empty = hash.is_empty();
        if is_empty {
            index.remove(found);
        }
        self.statistics.expired_fields += expired.len() as u64;
        let arguments: Vec<&[u8]> =
            [b"HDEL", key].into_iter().chain(expired.iter().map(Vec::as_slice)).collect();
        self.effects.propagate_before(db, &arguments);
        self.effects.touched(db, key);
        self.effects.event(EventClass::HASH, "hexpired", db, key);
        if is_empty {
            self.effects.event(EventClass::GENERIC, "del", db, key);
        }
        expired.len()
    }
}

impl Database {
    /// Enters the deadline of a hash that arrives with one.
    pub(super) fn note_arrival(&mut self, entry: EntryRef<'_>) {
        if let Some(next_ms) = entry.object().and_then(next_expiry_ms) {
            self.enter_field_deadline(next_ms, entry.key());
        }
    }

    fn enter_field_deadline(&mut self, next_ms: i64, key: &[u8]) {
        for _ in 0..VERIFIED_PER_ENTRY {
            let Some(deadline) = self.field_deadlines.next_to_verify() else { break };
            if self.next_field_expiry_ms(&deadline.1) != Some(deadline.0) {
                self.field_deadlines.entries.remove(&deadline);
                // The hash may have a later deadline that was not entered, as this one was earlier.
                if let Some(later_ms) = self.next_field_expiry_ms(&deadline.1) {
                    self.field_deadlines.entries.insert((later_ms, deadline.1.clone()));
                }
            }
            self.field_deadlines.verified = Some(deadline);
        }
        self.field_deadlines.entries.insert((next_ms, key.into()));
    }

    fn next_field_expiry_ms(&self, key: &[u8]) -> Option<i64> {
        let found = self.index.find(self.index.hash(key), key)?;
        next_expiry_ms(self.index.entry(found)?.object()?)
    }
}

impl FieldDeadlines {
    /// Whether some entry is earlier than a moment.
    #[inline]
    fn is_due(&self, now_ms: i64) -> bool {
        self.entries.first().is_some_and(|(deadline_ms, _)| *deadline_ms < now_ms)
    }

    fn take_due(&mut self, now_ms: i64) -> Option<Box<[u8]>> {
        if self.is_due(now_ms) { self.entries.pop_first().map(|(_, key)| key) } else { None }
    }

    /// The entry behind the one verified last, or the first one.
    fn next_to_verify(&self) -> Option<Deadline> {
        let behind = |verified| self.entries.range((Excluded(verified), Unbounded)).next();
        self.verified.as_ref().and_then(behind).or_else(|| self.entries.first()).cloned()
    }
}

fn next_expiry_ms(object: &Object) -> Option<i64> {
    Hash::of(object)?.next_expiry_ms()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{FieldExpiry, HashLimits};

    const NOW_MS: i64 = 1_700_000_000_000;
    const LIMITS: HashLimits = HashLimits { entries_max: 4, value_bytes_max: 64 };

    fn keyspace() -> Keyspace {
        let mut keyspace = Keyspace::new(2, (1, 2));
        keyspace.begin(0, NOW_MS, true);
        keyspace
    }

    fn set(keyspace: &mut Keyspace, key: &[u8], field: &[u8], expiry_ms: Option<i64>) {
        let mut hash = keyspace.edit_or_create::<Hash>(key).unwrap();
        let previous_ms = hash.next_expiry_ms();
        hash.insert(field, b"value", FieldExpiry::Clear, LIMITS);
        hash.set_expiry_ms(field, expiry_ms);
        hash.changed(EventClass::HASH, "hset");
        keyspace.note_field_expiry(key, previous_ms);
    }

    fn len(keyspace: &mut Keyspace, key: &[u8]) -> usize {
        keyspace.peek_typed::<Hash>(key).unwrap().map_or(0, Hash::len)
    }

    #[test]
    fn due_fields_go_in_bounded_shares_and_the_key_with_the_last() {
        let mut keyspace = keyspace();
        for number in 0..10_u8 {
            set(&mut keyspace, b"key", &[b'f', number], Some(NOW_MS + i64::from(number)));
        }
        assert_eq!(keyspace.expire_due_fields(NOW_MS, 100), 0);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 5, 3), 3);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 5, 100), 2);
        assert_eq!(len(&mut keyspace, b"key"), 5);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 100, 100), 5);
        assert!(!keyspace.exists(b"key"));
        assert_eq!(keyspace.statistics.expired_fields, 10);
        assert!(keyspace.current().field_deadlines.entries.is_empty());
    }

    #[test]
    fn a_hash_is_found_under_its_new_name_and_in_its_new_database() {
        let mut keyspace = keyspace();
        set(&mut keyspace, b"from", b"field", Some(NOW_MS + 10));
        keyspace.rename(b"from", b"to", true);
        keyspace.copy(b"to", 1, b"copy", true);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 11, 100), 2);
        assert!(keyspace.databases.iter().all(|database| database.index.is_empty()));
    }

    #[test]
    fn a_deadline_that_moved_on_is_entered_again() {
        let mut keyspace = keyspace();
        set(&mut keyspace, b"key", b"field", Some(NOW_MS + 10));
        set(&mut keyspace, b"key", b"field", Some(NOW_MS + 20));
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 15, 100), 1, "the entry is stale");
        assert_eq!(len(&mut keyspace, b"key"), 1);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 21, 100), 1);
    }

    #[test]
    fn stale_entries_do_not_pile_up() {
        let mut keyspace = keyspace();
        for round in 0..1000 {
            set(&mut keyspace, b"key", b"field", None);
            set(&mut keyspace, b"key", b"field", Some(NOW_MS + 100_000 + round));
            keyspace.remove(b"other");
            set(&mut keyspace, b"other", b"field", Some(NOW_MS + 200_000 - round));
        }
        assert!(keyspace.current().field_deadlines.entries.len() < 10);
        assert_eq!(keyspace.expire_due_fields(NOW_MS + 300_000, 100), 2);
    }

    #[test]
    fn what_a_command_touches_is_expired_first_and_nothing_else() {
        let mut keyspace = keyspace();
        for field in [b"a", b"b", b"c"] {
            set(&mut keyspace, b"key", field, Some(NOW_MS + 10));
        }
        let fields = || [&b"a"[..], b"x", b"c"].into_iter();
        keyspace.expire_touched_fields(b"key", fields);
        assert_eq!(len(&mut keyspace, b"key"), 3);
        keyspace.begin(0, NOW_MS + 11, true);
        keyspace.set_expired_keys(ExpiredKeys::Hide);
        keyspace.expire_touched_fields(b"key", fields);
        assert_eq!(len(&mut keyspace, b"key"), 3);
        keyspace.set_expired_keys(ExpiredKeys::Delete);
        keyspace.expire_touched_fields(b"key", fields);
        assert_eq!(len(&mut keyspace, b"key"), 1);
    }
}
