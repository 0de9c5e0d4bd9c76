//! Who may hold which key, and which keys changed under which prefix.
//!
//! A client that stops caching is not searched for in the table: its number stays behind until the key
//! changes or is forgotten, and the sender finds that it means nobody. Only prefixes are given up at once.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use hashbrown::HashMap;
use smallvec::SmallVec;

use super::caching::{Caching, ClientId};

/// Clients in ascending order.
pub type Readers = SmallVec<[ClientId; 2]>;

/// A key that some clients may hold.
#[derive(Debug)]
struct Remembered {
    readers: Readers,
    /// Tells its place in the queue from those of earlier lives of the key.
    serial: u64,
}

/// Those who listen to a prefix, and what changed under it since they were last told.
#[derive(Debug, Default)]
struct Prefix {
    listeners: BTreeSet<ClientId>,
    /// With the client that changed the key last, if it was a client.
    changed: BTreeMap<Box<[u8]>, Option<ClientId>>,
}

/// The state of client-side caching for the whole server.
#[derive(Debug, Default)]
pub struct Tracking {
    clients: usize,
    keys: HashMap<Rc<[u8]>, Remembered>,
    /// Keys by the age of their entry; entries of keys that were forgotten meanwhile are stale.
    queue: VecDeque<(Rc<[u8]>, u64)>,
    next_serial: u64,
    items: usize,
    prefixes: BTreeMap<Box<[u8]>, Prefix>,
}

impl Tracking {
    /// A client began to cache.
    pub fn add_client(&mut self) {
        self.clients += 1;
    }

    /// A client in broadcast mode listens to a prefix.
    pub fn listen(&mut self, client: ClientId, prefix: &[u8]) {
        self.prefixes.entry(prefix.into()).or_default().listeners.insert(client);
    }

    /// A client stopped caching, or is gone.
    pub fn remove_client(&mut self, client: ClientId, caching: &Caching) {
        self.clients -= 1;
        if self.clients == 0 {
            // Changes are not noted any more: what is remembered of keys would become wrong.
            self.forget_all();
        }
        for name in caching.prefixes() {
            if let Some(prefix) = self.prefixes.get_mut(name) {
                prefix.listeners.remove(&client);
                if prefix.listeners.is_empty() {
                    self.prefixes.remove(name);
                }
            }
        }
    }

    /// A client has read a key.
    pub fn remember(&mut self, client: ClientId, key: &[u8]) {
        if let Some(remembered) = self.keys.get_mut(key) {
            if let Err(place) = remembered.readers.binary_search(&client) {
                remembered.readers.insert(place, client);
                self.items += 1;
            }
            return;
        }
        let name: Rc<[u8]> = key.into();
        let serial = self.next_serial;
        self.next_serial += 1;
        self.queue.push_back((Rc::clone(&name), serial));
        self.keys.insert(name, Remembered { readers: SmallVec::from_slice(&[client]), serial });
        self.items += 1;
        self.sweep_queue();
    }

    /// Forgets who read a key; they are the ones to be told.
    pub fn forget(&mut self, key: &[u8]) -> Readers {
        let readers = self.keys.remove(key).map(|remembered| remembered.readers).unwrap_or_default();
        self.items -= readers.len();
        readers
    }

    /// Forgets the key that was remembered first.
    pub fn forget_oldest(&mut self) -> Option<(Rc<[u8]>, Readers)> {
        loop {
            let (key, serial) = self.queue.pop_front()?;
            if self.keys.get(&key).is_some_and(|remembered| remembered.serial == serial) {
                let readers = self.forget(&key);
                return Some((key, readers));
            }
        }
    }

    /// Forgets all keys: the databases were emptied, or nobody caches.
    pub fn forget_all(&mut self) {
        self.keys = HashMap::new();
        self.queue = VecDeque::new();
        self.items = 0;
    }

    /// A key changed: notes it for those who listen to its prefixes.
    pub fn note_change(&mut self, key: &[u8], by: Option<ClientId>) {
        for (name, prefix) in &mut self.prefixes {
            if key.starts_with(name) {
                prefix.changed.insert(key.into(), by);
            }
        }
    }

    /// Calls `tell` for each listener of each prefix under which something changed, with the changed keys
    /// and their changers; nothing is noted any more afterwards.
    pub fn drain_changes(&mut self, mut tell: impl FnMut(ClientId, &BTreeMap<Box<[u8]>, Option<ClientId>>)) {
        for prefix in self.prefixes.values_mut() {
            if prefix.changed.is_empty() {
                continue;
            }
            for listener in &prefix.listeners {
                tell(*listener, &prefix.changed);
            }
            prefix.changed.clear();
        }
    }

    /// Whether any client caches.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.clients > 0
    }

    /// `tracking_clients` of INFO; the next ones likewise.
    pub fn client_count(&self) -> usize {
        self.clients
    }

    pub fn key_count(&self) -> usize {
        self.keys.len()
    }

    /// Pairs of a key and a client.
    pub fn item_count(&self) -> usize {
        self.items
    }

    pub fn prefix_count(&self) -> usize {
        self.prefixes.len()
    }

    /// Drops stale entries once they outnumber the others.
    fn sweep_queue(&mut self) {
        if self.queue.len() > 2 * self.keys.len() + 64 {
            let keys = &self.keys;
            self.queue
                .retain(|(key, serial)| keys.get(key).is_some_and(|remembered| remembered.serial == *serial));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tracking::Mode;

    #[test]
    fn a_key_is_forgotten_with_all_its_readers() {
        let mut tracking = Tracking::default();
        for client in [7, 3, 7, 5] {
            tracking.remember(client, b"k");
        }
        tracking.remember(3, b"other");
        assert_eq!((tracking.key_count(), tracking.item_count()), (2, 4));
        assert_eq!(tracking.forget(b"k").as_slice(), [3, 5, 7]);
        assert!(tracking.forget(b"k").is_empty());
        assert_eq!((tracking.key_count(), tracking.item_count()), (1, 1));
    }

    #[test]
    fn the_oldest_key_is_the_one_read_first_in_its_present_life() {
        let mut tracking = Tracking::default();
        for key in [b"a", b"b"] {
            tracking.remember(1, key);
        }
        tracking.forget(b"a");
        tracking.remember(1, b"a");
        assert_eq!(&*tracking.forget_oldest().unwrap().0, b"b");
        assert_eq!(&*tracking.forget_oldest().unwrap().0, b"a");
        assert!(tracking.forget_oldest().is_none());
    }

    #[test]
    fn the_queue_does_not_grow_with_keys_that_come_and_go() {
        let mut tracking = Tracking::default();
        for _ in 0..10_000 {
            tracking.remember(1, b"k");
            tracking.forget(b"k");
        }
        assert!(tracking.queue.len() <= 70);
    }

    #[test]
    fn nothing_is_remembered_when_the_last_client_has_stopped() {
        let mut tracking = Tracking::default();
        tracking.add_client();
        tracking.add_client();
        tracking.remember(1, b"a");
        tracking.remove_client(2, &Caching::default());
        assert_eq!((tracking.key_count(), tracking.item_count()), (1, 1));
        tracking.remove_client(1, &Caching::default());
        assert_eq!((tracking.key_count(), tracking.item_count()), (0, 0));
    }

    #[test]
    fn changes_reach_the_listeners_of_their_prefixes_once() {
        let mut tracking = Tracking::default();
        for (client, prefix) in [(1, &b""[..]), (2, b"user:")] {
            tracking.add_client();
            tracking.listen(client, prefix);
        }
        tracking.note_change(b"user:1", Some(9));
        tracking.note_change(b"item:1", None);
        let mut told = Vec::new();
        let mut collect = |tracking: &mut Tracking| {
            told.clear();
            tracking.drain_changes(|client, keys| told.push((client, keys.len())));
            told.clone()
        };
        assert_eq!(collect(&mut tracking), [(1, 2), (2, 1)]);
        assert_eq!(collect(&mut tracking), []);
    }

    #[test]
    fn a_prefix_without_listeners_is_given_up() {
        let mut tracking = Tracking::default();
        tracking.add_client();
        tracking.listen(1, b"p");
        let mode = Mode::Broadcast([Box::from(&b"p"[..])].into());
        tracking.remove_client(1, &Caching { mode, ..Caching::default() });
        assert_eq!((tracking.prefix_count(), tracking.is_active()), (0, false));
    }
}
