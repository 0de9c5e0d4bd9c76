//! Keys and databases that change places: RENAME, COPY, MOVE, SWAPDB, FLUSHDB.
//!
//! A key that arrives keeps its expiry and starts with a fresh LRU/LFU clock. The functions record `new` for
//! it, and nothing else: `changed` and the commands' own events are the handlers'.

use super::database::{Database, Keyspace};
use super::entry::{Entry, EntryRef, Index};

/// How a rename, copy or move ended.
#[derive(Debug)]
pub enum Transfer {
    /// Done; with the entry that was replaced, to be dropped here or elsewhere.
    Done { replaced: Option<Entry> },
    /// There is no such key.
    NoSource,
    /// The target exists, and was not to be replaced.
    TargetExists,
}

/// The contents of flushed databases, to be dropped here or on another thread.
#[derive(Debug)]
pub struct Detached {
    indexes: Vec<Index>,
}

impl Keyspace {
    /// Gives a key of the selected database another name. To rename a key to itself changes nothing but is done.
    pub fn rename(&mut self, from: &[u8], to: &[u8], replace: bool) -> Transfer {
        let db = self.selected();
        if self.live_in(db, from).is_none() {
            return Transfer::NoSource;
        }
        // Asked even if it is replaced: an expired target is gone before, not because of, the renaming.
        if self.live_in(db, to).is_some() && !replace {
            return Transfer::TargetExists;
        }
        if from == to {
            return Transfer::Done { replaced: None };
        }
        // Looked up again because the target, if it expired just now, was removed.
        let found = self.live_in(db, from);
        let taken = found.and_then(|found| self.databases[db].index.remove(found));
        taken.map_or(Transfer::NoSource, |entry| Transfer::Done {
            replaced: self.arrive(db, entry.into_renamed(to)),
        })
    }

    /// Copies a key of the selected database to a key of any database.
    pub fn copy(&mut self, from: &[u8], to_db: usize, to: &[u8], replace: bool) -> Transfer {
        let db = self.selected();
        if self.live_in(db, from).is_none() {
            return Transfer::NoSource;
        }
        if self.live_in(to_db, to).is_some() && !replace {
            return Transfer::TargetExists;
        }
        let found = self.live_in(db, from);
        let copied =
            found.and_then(|found| self.databases[db].index.entry(found)).map(|it| it.to_renamed(to));
        copied.map_or(Transfer::NoSource, |copy| Transfer::Done { replaced: self.arrive(to_db, copy) })
    }

    /// Moves a key of the selected database to another database, unless it is there.
    pub fn move_key(&mut self, key: &[u8], to_db: usize) -> Transfer {
        let db = self.selected();
        let Some(found) = self.live_in(db, key) else { return Transfer::NoSource };
        if self.live_in(to_db, key).is_some() {
            return Transfer::TargetExists;
        }
        let moved = self.databases[db].index.remove(found);
        moved.map_or(Transfer::NoSource, |entry| Transfer::Done { replaced: self.arrive(to_db, entry) })
    }

    /// Exchanges the contents of two databases, which must exist.
    pub fn swap_databases(&mut self, first: usize, second: usize) {
        self.databases.swap(first, second);
        self.effects.swapped(first, second);
    }

    /// Empties one database, or all of them.
    pub fn flush(&mut self, db: Option<usize>) -> Detached {
        let hash_key = self.hash_key();
        let targets = db.map_or(0..self.databases.len(), |db| db..db + 1);
        let mut indexes = Vec::new();
        for db in targets {
            let emptied = std::mem::replace(&mut self.databases[db], Database::new(hash_key));
            if !emptied.index.is_empty() {
                indexes.push(emptied.index);
            }
            // Also if it was empty: caches may hold the absence of a key.
            self.effects.flushed(db);
        }
        Detached { indexes }
    }

    /// Empty databases that [`Keyspace::take_over`] can put in the place of these.
    #[must_use]
    pub fn empty_twin(&self) -> Self {
        let mut twin = Self::new(self.databases.len(), self.hash_key());
        twin.set_aging(self.aging());
        twin
    }

    /// Puts the contents of a twin in the place of what is here, function libraries included.
    pub fn take_over(&mut self, twin: Self) -> Detached {
        let detached = self.flush(None);
        self.databases = twin.databases;
        self.libraries = twin.libraries;
        detached
    }

    fn arrive(&mut self, db: usize, mut entry: Entry) -> Option<Entry> {
        entry.set_access(self.initial_access());
        self.insert_entry_in(db, entry)
    }
}

impl Detached {
    /// Number of keys.
    pub fn len(&self) -> usize {
        self.indexes.iter().map(Index::len).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.indexes.is_empty()
    }

    /// The detached entries.
    pub fn iter(&self) -> impl Iterator<Item = EntryRef<'_>> {
        self.indexes.iter().flat_map(Index::iter)
    }
}
