//! WATCH: which clients watch which keys, and whose transaction a change breaks.

use hashbrown::{Equivalent, HashMap};

use super::session::{ClientId, Session};
use crate::keyspace::Presence;

/// A key under WATCH in one database.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct WatchedKey {
    db: usize,
    key: Box<[u8]>,
}

/// The same, borrowed: looking up what changed must not copy it. Hashes as a [`WatchedKey`] does.
#[derive(Debug, Hash)]
struct KeyInDb<'a> {
    db: usize,
    key: &'a [u8],
}

impl Equivalent<WatchedKey> for KeyInDb<'_> {
    fn equivalent(&self, watched: &WatchedKey) -> bool {
        self.db == watched.db && *self.key == *watched.key
    }
}

/// A client's interest in a key.
#[derive(Debug)]
struct Watcher {
    client: ClientId,
    /// The key was already expired, though not yet removed, when WATCH came: its removal changes nothing.
    was_expired: bool,
}

/// All watched keys.
#[derive(Debug, Default)]
pub struct Watches {
    watchers: HashMap<WatchedKey, Vec<Watcher>>,
    keys_of: HashMap<ClientId, Vec<WatchedKey>>,
}

impl Watches {
    pub fn is_empty(&self) -> bool {
        self.watchers.is_empty()
    }

    /// The number of clients that watch something.
    pub fn client_count(&self) -> usize {
        self.keys_of.len()
    }

    /// The number of keys that are watched.
    pub fn key_count(&self) -> usize {
        self.watchers.len()
    }

    /// Starts watching; a second WATCH of the same key changes nothing.
    pub fn watch(&mut self, client: &mut Session, db: usize, key: &[u8], was_expired: bool) {
        let watched = WatchedKey { db, key: key.into() };
        let watchers = self.watchers.entry(watched.clone()).or_default();
        if watchers.iter().any(|watcher| watcher.client == client.id) {
            return;
        }
        watchers.push(Watcher { client: client.id, was_expired });
        self.keys_of.entry(client.id).or_default().push(watched);
        client.watched_keys += 1;
    }

    /// Ends all of a client's watches.
    pub fn unwatch(&mut self, client: &mut Session) {
        client.watched_keys = 0;
        self.forget(client.id);
    }

    /// The same for a client that is gone.
    pub fn forget(&mut self, client: ClientId) {
        for watched in self.keys_of.remove(&client).unwrap_or_default() {
            if let Some(watchers) = self.watchers.get_mut(&watched) {
                watchers.retain(|watcher| watcher.client != client);
                if watchers.is_empty() {
                    self.watchers.remove(&watched);
                }
            }
        }
    }

    /// Calls `broken` for each client whose transaction a change of `key` breaks.
    pub fn changed(&self, db: usize, key: &[u8], broken: impl FnMut(ClientId)) {
        if !self.watchers.is_empty() {
            self.for_watchers(db, key, |_| true, broken);
        }
    }

    /// The same for a key that expired: who saw it expired already is not disturbed.
    pub fn expired(&self, db: usize, key: &[u8], broken: impl FnMut(ClientId)) {
        if !self.watchers.is_empty() {
            self.for_watchers(db, key, |watcher| !watcher.was_expired, broken);
        }
    }

    /// The same for a database that another one has taken the place of; `presence` tells of a key how it was
    /// before and how it is now. A key that is expired is as good as absent: from one to the other nothing
    /// changes.
    pub fn replaced(
        &mut self,
        db: usize,
        presence: impl Fn(&[u8]) -> (Presence, Presence),
        mut broken: impl FnMut(ClientId),
    ) {
        for (watched, watchers) in self.watchers.iter_mut().filter(|(watched, _)| watched.db == db) {
            let (before, after) = presence(&watched.key);
            for watcher in watchers {
                let was_gone = watcher.was_expired || before == Presence::Absent;
                if was_gone && after != Presence::Live {
                    watcher.was_expired = after == Presence::Expired;
                } else {
                    broken(watcher.client);
                }
            }
        }
    }

    /// The keys of one client with whether they were expired when it watched them.
    pub fn keys_of(&self, client: ClientId) -> impl Iterator<Item = (usize, &[u8], bool)> {
        self.keys_of.get(&client).into_iter().flatten().map(move |watched| {
            let was_expired = self.watchers.get(watched).is_some_and(|watchers| {
                watchers.iter().any(|watcher| watcher.client == client && watcher.was_expired)
            });
            (watched.db, &*watched.key, was_expired)
        })
    }

    /// The watched keys of one database.
    pub fn in_db(&self, db: usize) -> impl Iterator<Item = &[u8]> {
        self.watchers.keys().filter(move |watched| watched.db == db).map(|watched| &*watched.key)
    }

    fn for_watchers(
        &self,
        db: usize,
        key: &[u8],
        concerns: impl Fn(&Watcher) -> bool,
        mut broken: impl FnMut(ClientId),
    ) {
        for watcher in self.watchers.get(&KeyInDb { db, key }).into_iter().flatten() {
            if concerns(watcher) {
                broken(watcher.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken_by(watches: &Watches, db: usize, key: &[u8]) -> Vec<ClientId> {
        let mut ids = Vec::new();
        watches.changed(db, key, |id| ids.push(id));
        ids
    }

    #[test]
    fn a_change_breaks_the_watchers_of_that_key_in_that_database() {
        let mut watches = Watches::default();
        let (mut one, mut two) = (Session::new(1, 0), Session::new(2, 0));
        watches.watch(&mut one, 0, b"k", false);
        watches.watch(&mut two, 0, b"k", false);
        watches.watch(&mut two, 1, b"k", false);
        assert_eq!(broken_by(&watches, 0, b"k"), [1, 2]);
        assert_eq!(broken_by(&watches, 1, b"k"), [2]);
        assert_eq!(broken_by(&watches, 2, b"k"), [0_u64; 0]);
        watches.unwatch(&mut two);
        assert_eq!(broken_by(&watches, 0, b"k"), [1]);
        assert_eq!((two.watched_keys, watches.key_count(), watches.client_count()), (0, 1, 1));
    }

    #[test]
    fn the_expiry_of_a_key_watched_as_expired_breaks_nothing() {
        let mut watches = Watches::default();
        watches.watch(&mut Session::new(1, 0), 0, b"k", true);
        watches.watch(&mut Session::new(2, 0), 0, b"k", false);
        let mut ids = Vec::new();
        watches.expired(0, b"k", |id| ids.push(id));
        assert_eq!(ids, [2]);
    }

    #[test]
    fn a_database_that_takes_the_place_of_another_breaks_what_it_changes() {
        use Presence::{Absent, Expired, Live};
        let breaks = |was_expired: bool, before: Presence, after: Presence| {
            let mut watches = Watches::default();
            watches.watch(&mut Session::new(1, 0), 0, b"k", was_expired);
            let mut broken = false;
            watches.replaced(0, |_| (before, after), |_| broken = true);
            watches.replaced(1, |_| (Live, Live), |_| panic!("another database"));
            (broken, watches.keys_of(1).all(|(_, _, was_expired)| was_expired))
        };
        assert_eq!(breaks(false, Absent, Absent), (false, false));
        assert_eq!(breaks(false, Absent, Expired), (false, true));
        assert!(breaks(false, Absent, Live).0);
        for after in [Absent, Expired, Live] {
            assert!(breaks(false, Live, after).0);
            // It was alive when it was watched.
            assert!(breaks(false, Expired, after).0);
        }
        assert_eq!(breaks(true, Expired, Absent), (false, false));
        assert_eq!(breaks(true, Expired, Expired), (false, true));
        assert!(breaks(true, Expired, Live).0);
    }
}
