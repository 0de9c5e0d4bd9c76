//! Who waits on which keys: clients whose command could not be served yet (BLPOP, XREAD BLOCK, ...).
//!
//! A blocked client's request is kept as it came. When one of its keys is touched, the key becomes *ready*; the
//! loop then takes the clients that wait on it in the order in which they blocked, and executes their requests
//! once more, from the start. A request that still cannot be served blocks again, behind the others, and keeps
//! its deadline. So there is one way to execute a command, and no second half of it in another place.
//!
//! Knows neither how commands execute nor sockets.

use std::collections::BTreeSet;

use hashbrown::{Equivalent, HashMap, HashSet};
use smallvec::SmallVec;

use super::session::{ClientId, CommandId};
use crate::keyspace::Kind;
use crate::resp::OwnedRequest;

/// Microseconds of the monotonic clock; `None` waits for ever.
pub type Deadline = Option<u64>;

/// What a client waits for.
#[derive(Debug)]
pub struct Wait {
    pub db: usize,
    pub keys: Vec<Box<[u8]>>,
    pub deadline_us: Deadline,
    /// The type of value that can serve it.
    pub kind: Kind,
    /// Whether it is also executed again when a key is deleted or gets another type, for an error reply.
    pub on_loss: bool,
}

/// A blocked client, taken out to be executed again.
#[derive(Debug)]
pub struct Retry {
    pub client: ClientId,
    pub command: CommandId,
    pub request: OwnedRequest,
    pub deadline_us: Deadline,
}

#[derive(Debug)]
struct Waiting {
    wait: Wait,
    /// What to execute again; given once the handler has returned.
    request: Option<(CommandId, OwnedRequest)>,
}

type Key = (usize, Box<[u8]>);

/// A key for looking up, which hashes as [`Key`] does.
#[derive(Hash)]
struct KeyRef<'a>(usize, &'a [u8]);

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        self.0 == key.0 && *self.1 == *key.1
    }
}

/// All blocked clients.
#[derive(Debug, Default)]
pub struct Blocked {
    clients: HashMap<ClientId, Waiting>,
    /// By key, in the order in which they blocked.
    queues: HashMap<Key, SmallVec<[ClientId; 2]>>,
    deadlines: BTreeSet<(u64, ClientId)>,
    /// Keys that were touched since the last look, each once, in the order of the first touch.
    ready: Vec<Key>,
    known_ready: HashSet<Key>,
    /// The deadline of the request that is executed again at present.
    retrying: Option<Deadline>,
    /// Clients that are free again and may have sent more meanwhile.
    unblocked: Vec<ClientId>,
}

impl Blocked {
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    pub fn len(&self) -> usize {
        self.clients.len()
    }

    pub fn contains(&self, client: ClientId) -> bool {
        self.clients.contains_key(&client)
    }

    /// How many will not wait for ever.
    pub fn with_deadline(&self) -> usize {
        self.deadlines.len()
    }

    /// Keys that somebody waits on, and those whose loss somebody wants to know of (INFO).
    pub fn key_counts(&self) -> (usize, usize) {
        let on_loss: HashSet<(usize, &[u8])> = self
            .clients
            .values()
            .filter(|waiting| waiting.wait.on_loss)
            .flat_map(|waiting| waiting.wait.keys.iter().map(|key| (waiting.wait.db, &**key)))
            .collect();
        (self.queues.len(), on_loss.len())
    }

    /// Blocks a client. A request that is executed again keeps the deadline it had.
    pub fn enter(&mut self, client: ClientId, mut wait: Wait) {
        if let Some(deadline_us) = self.retrying {
            wait.deadline_us = deadline_us;
        }
        if let Some(deadline_us) = wait.deadline_us {
            self.deadlines.insert((deadline_us, client));
        }
        for key in &wait.keys {
            let queue = self.queues.entry((wait.db, key.clone())).or_default();
            // A client may name a key twice.
            if queue.last() != Some(&client) {
                queue.push(client);
            }
        }
        self.clients.insert(client, Waiting { wait, request: None });
    }

    /// Keeps the request of a client that has just blocked, unless the handler has given another one.
    pub fn keep_request(&mut self, client: ClientId, make: impl FnOnce() -> (CommandId, OwnedRequest)) {
        if let Some(waiting) = self.clients.get_mut(&client) {
            waiting.request.get_or_insert_with(make);
        }
    }

    /// Frees a client: its request is to be executed again, answered otherwise, or dropped with its connection.
    pub fn leave(&mut self, client: ClientId) -> Option<Retry> {
        let Waiting { wait, request } = self.clients.remove(&client)?;
        if let Some(deadline_us) = wait.deadline_us {
            self.deadlines.remove(&(deadline_us, client));
        }
        for key in wait.keys {
            let place = (wait.db, key);
            if let Some(queue) = self.queues.get_mut(&place) {
                queue.retain(|waiting| *waiting != client);
                if queue.is_empty() {
                    self.queues.remove(&place);
                }
            }
        }
        let (command, request) = request?;
        Some(Retry { client, command, request, deadline_us: wait.deadline_us })
    }

    /// A key was touched: those who wait on it will be looked at.
    pub fn touched(&mut self, db: usize, key: &[u8]) {
        let place = KeyRef(db, key);
        if self.queues.contains_key(&place) && !self.known_ready.contains(&place) {
            self.known_ready.insert((db, key.into()));
            self.ready.push((db, key.into()));
        }
    }

    /// All keys of a database were touched (FLUSHDB, SWAPDB).
    pub fn all_touched(&mut self, db: usize) {
        let mut keys: Vec<Box<[u8]>> =
            self.queues.keys().filter(|(of, _)| *of == db).map(|(_, key)| key.clone()).collect();
        keys.sort_unstable();
        for key in &keys {
            self.touched(db, key);
        }
    }

    #[inline]
    pub fn has_ready(&self) -> bool {
        !self.ready.is_empty()
    }

    /// The keys that were touched since the last call.
    pub fn take_ready(&mut self) -> Vec<(usize, Box<[u8]>)> {
        self.known_ready.clear();
        std::mem::take(&mut self.ready)
    }

    /// The clients that wait on a key, first come first.
    pub fn waiting_on(&self, db: usize, key: &[u8]) -> SmallVec<[ClientId; 2]> {
        self.queues.get(&KeyRef(db, key)).cloned().unwrap_or_default()
    }

    /// Whether anyone who waits on a key wants to know that there is nothing under it.
    pub fn minds_loss(&self, db: usize, key: &[u8]) -> bool {
        let queue = self.queues.get(&KeyRef(db, key));
        queue.is_some_and(|queue| queue.iter().any(|client| self.wants(*client, None)))
    }

    /// Whether a client wants its request executed again, now that one of its keys holds a value of `kind`, or
    /// none.
    pub fn wants(&self, client: ClientId, kind: Option<Kind>) -> bool {
        self.clients
            .get(&client)
            .is_some_and(|waiting| kind == Some(waiting.wait.kind) || waiting.wait.on_loss)
    }

    /// While a request is executed again: the deadline it had. `None` ends it.
    pub fn set_retrying(&mut self, deadline_us: Option<Deadline>) {
        self.retrying = deadline_us;
    }

    pub fn is_retrying(&self) -> bool {
        self.retrying.is_some()
    }

    pub fn next_deadline_us(&self) -> Deadline {
        self.deadlines.first().map(|(deadline_us, _)| *deadline_us)
    }

    /// A client whose time is up; it stays blocked until it leaves.
    pub fn overdue(&self, now_us: u64) -> Option<ClientId> {
        self.deadlines.first().filter(|(deadline_us, _)| *deadline_us <= now_us).map(|(_, client)| *client)
    }

    /// A client was served or sent away: what it has sent meanwhile is to be executed.
    pub fn note_unblocked(&mut self, client: ClientId) {
        self.unblocked.push(client);
    }

    pub fn has_unblocked(&self) -> bool {
        !self.unblocked.is_empty()
    }

    pub fn take_unblocked(&mut self) -> Vec<ClientId> {
        std::mem::take(&mut self.unblocked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(keys: &[&[u8]], deadline_us: Deadline) -> Wait {
        let keys = keys.iter().map(|key| Box::from(*key)).collect();
        Wait { db: 0, keys, deadline_us, kind: Kind::List, on_loss: false }
    }

    fn enter(blocked: &mut Blocked, client: ClientId, keys: &[&[u8]], deadline_us: Deadline) {
        blocked.enter(client, wait(keys, deadline_us));
        blocked.keep_request(client, || (CommandId(7), OwnedRequest::of(&[b"blpop"])));
    }

    #[test]
    fn clients_wait_in_the_order_in_which_they_blocked() {
        let mut blocked = Blocked::default();
        enter(&mut blocked, 2, &[b"a", b"b"], None);
        enter(&mut blocked, 1, &[b"b", b"b"], None);
        assert_eq!(blocked.waiting_on(0, b"b")[..], [2, 1]);
        assert_eq!(blocked.leave(2).map(|retry| retry.command), Some(CommandId(7)));
        assert_eq!((blocked.waiting_on(0, b"a").len(), &blocked.waiting_on(0, b"b")[..]), (0, &[1][..]));
        assert_eq!(blocked.key_counts(), (1, 0));
    }

    #[test]
    fn only_keys_that_someone_waits_on_become_ready_and_only_once() {
        let mut blocked = Blocked::default();
        enter(&mut blocked, 1, &[b"a", b"b"], None);
        for key in [b"b", b"a", b"c", b"b"] {
            blocked.touched(0, key);
        }
        blocked.touched(1, b"a");
        let ready: Vec<_> = blocked.take_ready();
        assert_eq!(ready, [(0, Box::from(&b"b"[..])), (0, Box::from(&b"a"[..]))]);
        assert!(!blocked.has_ready());
    }

    #[test]
    fn a_request_that_blocks_again_keeps_its_deadline_and_goes_to_the_end() {
        let mut blocked = Blocked::default();
        enter(&mut blocked, 1, &[b"a"], Some(500));
        enter(&mut blocked, 2, &[b"a"], None);
        let retry = blocked.leave(1).unwrap();
        blocked.set_retrying(Some(retry.deadline_us));
        enter(&mut blocked, 1, &[b"a"], Some(900));
        blocked.set_retrying(None);
        assert_eq!((blocked.next_deadline_us(), &blocked.waiting_on(0, b"a")[..]), (Some(500), &[2, 1][..]));
        assert_eq!((blocked.overdue(499), blocked.overdue(500)), (None, Some(1)));
    }

    #[test]
    fn a_client_is_served_by_its_own_type_only_unless_it_minds_the_loss() {
        let mut blocked = Blocked::default();
        enter(&mut blocked, 1, &[b"a"], None);
        blocked.enter(2, Wait { kind: Kind::Stream, on_loss: true, ..wait(&[b"a"], None) });
        let wants =
            |client| [None, Some(Kind::List), Some(Kind::Stream)].map(|kind| blocked.wants(client, kind));
        assert_eq!((wants(1), wants(2)), ([false, true, false], [true, true, true]));
    }
}
