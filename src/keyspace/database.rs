//! The keyspace: numbered databases, and the lookups and writes that commands are made of.
//!
//! Before each command the executor calls [`Keyspace::begin`]: it selects the database and freezes the time. A
//! key whose time has come is gone from then on, whatever way it is looked up. What "gone" means depends on
//! [`ExpiredKeys`]: a primary deletes it on the spot and records [`Effect::Expired`](super::Effect), a replica
//! only hides it and waits for its primary's DEL.
//!
//! Which lookup does what:
//!
//! | | counts hit/miss | touches LRU/LFU | event on miss |
//! |---|---|---|---|
//! | `find`, `find_string`, `read` | yes | yes | keymiss |
//! | `find_untouched` | yes | no | keymiss |
//! | `peek`, `reread`, `exists` | no | no | no |
//! | `find_for_update`, `slot`, `set_string`, `edit` | no | yes | no |
//!
//! Collections are looked up by their type, see `typed`.

use super::aging::Aging;
use super::effects::{Effects, EventClass};
use super::entry::{Entry, EntryRef, Found, Index};
use super::field_expiry::FieldDeadlines;
use super::layout::Kind;
use super::libraries::Libraries;
use super::update::{Slot, Update, Vacancy};
use super::value::{NewString, Object, WrongType};
use crate::ds::StrRef;
use crate::util::random::Random;

/// What happens to a key whose time has come when it is looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExpiredKeys {
    /// It is deleted: a primary, or a writable replica.
    #[default]
    Delete,
    /// It is invisible but stays: a replica, or while expiry is paused.
    Hide,
    /// It is a key like others: for the primary's own commands on a replica, and while loading.
    Ignore,
}

/// What a write does to the expiry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// KEEPTTL
    Keep,
    Clear,
    /// Unix milliseconds.
    At(i64),
}

/// Whether a key is there, without looking it up as a command does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    Absent,
    /// Its time has come, but it was not deleted yet.
    Expired,
    Live,
}

/// Counters since the start or CONFIG RESETSTAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Statistics {
    /// `keyspace_hits`
    pub hits: u64,
    /// `keyspace_misses`
    pub misses: u64,
    /// `expired_keys`
    pub expired: u64,
    /// `expired_subkeys`: fields of hashes.
    pub expired_fields: u64,
    /// `evicted_keys`
    pub evicted: u64,
}

/// All databases. See the module's page.
#[derive(Debug)]
pub struct Keyspace {
    pub effects: Effects,
    pub statistics: Statistics,
    /// What FLUSHALL leaves alone.
    pub libraries: Libraries,
    pub(super) databases: Vec<Database>,
    pub(super) random: Random,
    hash_key: (u64, u64),
    selected: usize,
    now_ms: i64,
    touch: bool,
    expired_keys: ExpiredKeys,
    aging: Aging,
}

/// One database.
#[derive(Debug)]
pub(super) struct Database {
    pub index: Index,
    /// Where the active expiry cycle goes on.
    pub sweep_position: usize,
    /// When fields of hashes expire.
    pub field_deadlines: FieldDeadlines,
    /// Estimate of the remaining time of keys with an expiry, in milliseconds.
    pub average_ttl_ms: i64,
}

impl Keyspace {
    /// Empty databases, at least one. The key of the hash function should come from the operating system's
    /// randomness: whoever knows it can make keys collide.
    pub fn new(databases: usize, hash_key: (u64, u64)) -> Self {
        Self {
            effects: Effects::default(),
            statistics: Statistics::default(),
            libraries: Libraries::default(),
            databases: (0..databases.max(1)).map(|_| Database::new(hash_key)).collect(),
            random: Random::seeded(hash_key.0 ^ hash_key.1.rotate_left(32)),
            hash_key,
            selected: 0,
            now_ms: 0,
            touch: true,
            expired_keys: ExpiredKeys::Delete,
            aging: Aging::Lru,
        }
    }

    /// Selects a database (which must exist) and freezes the time, in Unix milliseconds, until the next call.
    /// `touch` is false for a client in NO-TOUCH mode, and for all while a child process shares the memory.
    #[inline]
    pub fn begin(&mut self, db: usize, now_ms: i64, touch: bool) {
        assert!(db < self.databases.len(), "SELECT checks the number");
        self.selected = db;
        self.now_ms = now_ms;
        self.touch = touch;
    }

    pub fn set_expired_keys(&mut self, expired_keys: ExpiredKeys) {
        self.expired_keys = expired_keys;
    }

    pub fn expired_keys(&self) -> ExpiredKeys {
        self.expired_keys
    }

    /// Sets what access bits mean: LFU for the `*-lfu` policies, LRU otherwise.
    pub fn set_aging(&mut self, aging: Aging) {
        self.aging = aging;
    }

    pub fn aging(&self) -> Aging {
        self.aging
    }

    /// The selected database.
    pub fn selected(&self) -> usize {
        self.selected
    }

    pub fn now_ms(&self) -> i64 {
        self.now_ms
    }

    /// Number of databases.
    pub fn databases(&self) -> usize {
        self.databases.len()
    }

    /// Asks the processor for the bucket of a key that will be looked up soon; returns what
    /// [`Keyspace::prefetch_entry`] wants a little later. Hints only: nothing changes.
    #[inline]
    pub fn prefetch_bucket(&self, db: usize, key: &[u8]) -> u64 {
        let Some(database) = self.databases.get(db) else { return 0 };
        let hash = database.index.hash(key);
        database.index.prefetch_bucket(hash);
        hash
    }

    /// Asks for the entry itself, once its bucket has had time to arrive.
    #[inline]
    pub fn prefetch_entry(&self, db: usize, hash: u64) {
        if let Some(database) = self.databases.get(db) {
            database.index.prefetch_entry(hash);
        }
    }

    /// Looks a key up for a read command.
    #[inline]
    pub fn find(&mut self, key: &[u8]) -> Option<EntryRef<'_>> {
        let found = self.live_counted(key)?;
        self.touch(found);
        self.current().index.entry(found)
    }

    /// Looks a key up for a command that asks about it and does not use it (EXISTS, TYPE, TTL).
    #[inline]
    pub fn find_untouched(&mut self, key: &[u8]) -> Option<EntryRef<'_>> {
        let found = self.live_counted(key)?;
        self.current().index.entry(found)
    }

    /// Looks a string up for a read command.
    #[inline]
    pub fn find_string(&mut self, key: &[u8]) -> Result<Option<StrRef<'_>>, WrongType> {
        match self.find(key) {
            Some(entry) => entry.string().map(Some).ok_or(WrongType),
            None => Ok(None),
        }
    }

    /// Looks a key up without any trace but expiry (TTL, TYPE, OBJECT, EXISTS checks of writes).
    pub fn peek(&mut self, key: &[u8]) -> Option<EntryRef<'_>> {
        let found = self.live(key)?;
        self.current().index.entry(found)
    }

    pub fn exists(&mut self, key: &[u8]) -> bool {
        self.live(key).is_some()
    }

    /// Looks a key up to change it.
    pub fn find_for_update(&mut self, key: &[u8]) -> Option<Update<'_>> {
        let found = self.live(key)?;
        self.touch(found);
        Some(Update::new(&mut self.current_mut().index, found))
    }

    /// As `find_for_update`, for commands that make the key if it is not there.
    #[inline]
    pub fn slot<'a>(&'a mut self, key: &'a [u8]) -> Slot<'a> {
        let hash = self.hash(key);
        match self.live_for_write(hash, key) {
            Some(found) => {
                self.touch(found);
                Slot::Occupied(Update::new(&mut self.current_mut().index, found))
            }
            None => Slot::Vacant(Vacancy::new(self, key, hash)),
        }
    }

    /// Makes a key a string, whatever it was. Returns an overwritten object, to be dropped here or elsewhere.
    /// Records `new`, but neither `changed` nor the command's own event.
    pub fn set_string(&mut self, key: &[u8], value: NewString<'_>, expiry: Expiry) -> Option<Object> {
        let hash = self.hash(key);
        let Some(found) = self.live_for_write(hash, key) else {
            let expiry_ms = match expiry {
                Expiry::At(at_ms) => Some(at_ms),
                Expiry::Keep | Expiry::Clear => None,
            };
            let entry = Entry::string(key, value, expiry_ms, self.aging.initial(self.now_ms));
            self.insert_new(self.selected, hash, entry);
            return None;
        };
        self.touch(found);
        let replaced = self.current_mut().index.modify(found, |entry| {
            match expiry {
                Expiry::Keep => {}
                Expiry::Clear => entry.set_expiry_ms(None),
                Expiry::At(at_ms) => entry.set_expiry_ms(Some(at_ms)),
            }
            entry.set_string(value)
        });
        replaced.flatten()
    }

    /// Puts an entry in the selected database under its own key, in place of what was there, which it returns.
    /// Records `new` and wakes blocked clients.
    pub fn insert_entry(&mut self, entry: Entry) -> Option<Entry> {
        self.insert_entry_in(self.selected, entry)
    }

    /// The clock of an entry made now, for the constructors of [`Entry`].
    pub fn initial_access(&self) -> u32 {
        self.aging.initial(self.now_ms)
    }

    /// Takes a key out of the selected database; an expired one is gone already.
    pub fn remove(&mut self, key: &[u8]) -> Option<Entry> {
        let found = self.live(key)?;
        self.current_mut().index.remove(found)
    }

    /// Whether a key of any database is there but logically expired; nothing is deleted or counted.
    pub fn is_expired(&self, db: usize, key: &[u8]) -> bool {
        self.presence(db, key) == Presence::Expired
    }

    /// Whether a key of any database is there; nothing is deleted or counted.
    pub fn presence(&self, db: usize, key: &[u8]) -> Presence {
        let Some(database) = self.databases.get(db) else { return Presence::Absent };
        let found = database.index.find(database.index.hash(key), key);
        match found.and_then(|found| database.index.entry(found)) {
            None => Presence::Absent,
            Some(entry) if entry.is_expired(self.now_ms) => Presence::Expired,
            Some(_) => Presence::Live,
        }
    }

    /// When a key of any database expires (Unix milliseconds), if it ever does.
    pub fn expiry_ms(&self, db: usize, key: &[u8]) -> Option<i64> {
        let index = &self.databases.get(db)?.index;
        index.entry(index.find(index.hash(key), key)?)?.expiry_ms()
    }

    /// Deletes a key of any database if its time has come, and records that.
    pub(super) fn expire_key(&mut self, db: usize, key: &[u8], now_ms: i64) -> Option<Entry> {
        let index = &self.databases.get(db)?.index;
        let found = index.find(index.hash(key), key)?;
        let is_due = index.entry(found)?.expiry_ms().is_some_and(|expiry_ms| now_ms > expiry_ms);
        if is_due { self.expire(db, found) } else { None }
    }

    pub(super) fn hash_key(&self) -> (u64, u64) {
        self.hash_key
    }

    #[inline]
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.current().index.hash(key)
    }

    /// Inserts an object under a key that is not there, or hidden because it is expired: that is over then.
    pub(super) fn insert_in_place_of_hidden(&mut self, hash: u64, key: &[u8], object: Object) {
        if let Some(hidden) = self.current().index.find(hash, key) {
            self.expire(self.selected, hidden);
        }
        self.insert_new(self.selected, hash, Entry::object(key, object, None, self.initial_access()));
    }

    /// Inserts an entry whose key is not there.
    pub(super) fn insert_new(&mut self, db: usize, hash: u64, entry: Entry) {
        let view = entry.view();
        self.effects.event(EventClass::NEW, "new", db, view.key());
        if matches!(view.kind(), Kind::List | Kind::Zset | Kind::Stream) {
            self.effects.wake(db, view.key());
        }
        self.databases[db].note_arrival(view);
        self.databases[db].index.insert(hash, entry);
    }

    pub(super) fn insert_entry_in(&mut self, db: usize, entry: Entry) -> Option<Entry> {
        let hash = self.hash(entry.view().key());
        let index = &self.databases[db].index;
        let old = match index.find(hash, entry.view().key()) {
            Some(found) if self.is_hidden(db, found) => self.expire(db, found),
            Some(found) => self.databases[db].index.remove(found),
            None => None,
        };
        self.insert_new(db, hash, entry);
        old
    }

    /// Deletes a key that expired and records it.
    pub(super) fn expire(&mut self, db: usize, found: Found) -> Option<Entry> {
        let entry = self.databases[db].index.remove(found)?;
        self.statistics.expired += 1;
        self.effects.expired(db, entry.view().key());
        Some(entry)
    }

    /// Finds a key in the selected database; deletes or hides it if its time has come.
    #[inline]
    fn live(&mut self, key: &[u8]) -> Option<Found> {
        self.live_in(self.selected, key)
    }

    /// A key that is there, as hit or miss.
    #[inline]
    fn live_counted(&mut self, key: &[u8]) -> Option<Found> {
        let found = self.live(key);
        if found.is_some() {
            self.statistics.hits += 1;
        } else {
            self.statistics.misses += 1;
            self.effects.event(EventClass::KEY_MISS, "keymiss", self.selected, key);
        }
        found
    }

    #[inline]
    pub(super) fn live_in(&mut self, db: usize, key: &[u8]) -> Option<Found> {
        let index = &self.databases[db].index;
        let found = index.find(index.hash(key), key)?;
        let expired = index.entry(found)?.is_expired(self.now_ms);
        if !expired {
            return Some(found);
        }
        match self.expired_keys {
            ExpiredKeys::Ignore => return Some(found),
            ExpiredKeys::Hide => {}
            ExpiredKeys::Delete => drop(self.expire(db, found)),
        }
        None
    }

    /// A key that is there, as used.
    #[inline]
    pub(super) fn live_used(&mut self, hash: u64, key: &[u8]) -> Option<Found> {
        let index = &self.current().index;
        let found = index.find(hash, key)?;
        if index.entry(found)?.is_expired(self.now_ms) {
            match self.expired_keys {
                ExpiredKeys::Ignore => {}
                ExpiredKeys::Hide => return None,
                ExpiredKeys::Delete => {
                    self.expire(self.selected, found);
                    return None;
                }
            }
        }
        self.touch(found);
        Some(found)
    }

    /// A key that is stored, whether its time has come or not: without any trace.
    pub fn stored(&self, key: &[u8]) -> Option<EntryRef<'_>> {
        let index = &self.current().index;
        index.entry(index.find(index.hash(key), key)?)
    }

    /// A key that the running command has looked up already: without any trace.
    pub fn reread(&self, key: &[u8]) -> Option<EntryRef<'_>> {
        let entry = self.stored(key)?;
        let is_live = self.expired_keys == ExpiredKeys::Ignore || !entry.is_expired(self.now_ms);
        is_live.then_some(entry)
    }

    /// As `live`, but a hidden key is deleted as well: a write takes its place, and who repeats the write (the
    /// append-only file of a replica) must not find it there.
    #[inline]
    fn live_for_write(&mut self, hash: u64, key: &[u8]) -> Option<Found> {
        let index = &self.current().index;
        let found = index.find(hash, key)?;
        let expired = index.entry(found)?.is_expired(self.now_ms);
        if expired && self.expired_keys != ExpiredKeys::Ignore {
            self.expire(self.selected, found);
            return None;
        }
        Some(found)
    }

    fn is_hidden(&self, db: usize, found: Found) -> bool {
        let entry = self.databases[db].index.entry(found);
        self.expired_keys == ExpiredKeys::Hide && entry.is_some_and(|entry| entry.is_expired(self.now_ms))
    }

    #[inline]
    fn touch(&mut self, found: Found) {
        if !self.touch {
            return;
        }
        let index = &mut self.databases[self.selected].index;
        if let Some(entry) = index.entry(found) {
            let access = self.aging.accessed(entry.access(), self.now_ms, &mut self.random);
            index.set_access(found, access);
        }
    }

    #[inline]
    pub(super) fn current(&self) -> &Database {
        &self.databases[self.selected]
    }

    #[inline]
    pub(super) fn current_mut(&mut self) -> &mut Database {
        &mut self.databases[self.selected]
    }
}

impl Database {
    pub fn new(hash_key: (u64, u64)) -> Self {
        Self {
            index: Index::new(hash_key),
            sweep_position: 0,
            field_deadlines: FieldDeadlines::default(),
            average_ttl_ms: 0,
        }
    }
}

#[cfg(test)]
mod tests;
