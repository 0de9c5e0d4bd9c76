//! A many-to-many relation between names and clients that remembers who subscribed when.
//!
//! It does not know whether a name is a channel, a pattern or a shard channel.

use std::rc::Rc;

use hashbrown::HashMap;
use hashbrown::hash_map::{Entry, EntryRef};
use smallvec::SmallVec;

use super::hub::ClientId;

/// Counts subscriptions; the order of two of them is the order of their numbers.
pub(super) type Sequence = u64;

/// One name with its subscribers, in order of subscription. Sequence numbers only grow, so the
/// list is sorted by them and leaving is a binary search, however many listen.
struct Topic {
    /// Number of the subscription that created the topic.
    born: Sequence,
    subscribers: SmallVec<[(Sequence, ClientId); 1]>,
}

#[derive(Default)]
pub(super) struct Topics {
    by_name: HashMap<Rc<[u8]>, Topic>,
    by_client: HashMap<ClientId, Mine>,
    next: Sequence,
}

/// What one client listens to.
#[derive(Default)]
struct Mine {
    names: HashMap<Rc<[u8]>, Sequence>,
    /// Memory of the names themselves.
    name_bytes: usize,
}

impl Mine {
    fn insert(&mut self, name: Rc<[u8]>, sequence: Sequence) {
        self.name_bytes += name.len() + RC_HEADER_BYTES;
        self.names.insert(name, sequence);
    }

    fn remove(&mut self, name: &[u8]) -> Option<Sequence> {
        let sequence = self.names.remove(name)?;
        self.name_bytes -= name.len() + RC_HEADER_BYTES;
        Some(sequence)
    }
}

/// What a subscription changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// The client listened already.
    Not,
    Existing,
    /// The topic exists since this subscription.
    Created {
        name: Rc<[u8]>,
        born: Sequence,
    },
}

/// What an unsubscription changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// The client did not listen.
    Not,
    Remaining,
    /// It was the last subscriber: the topic is gone.
    Removed {
        born: Sequence,
    },
}

impl Topics {
    pub(super) fn subscribe(&mut self, client: ClientId, name: &[u8]) -> Joined {
        let mine = self.by_client.entry(client).or_default();
        if mine.names.contains_key(name) {
            return Joined::Not;
        }
        let sequence = self.next;
        self.next += 1;
        match self.by_name.entry_ref(name) {
            EntryRef::Occupied(mut topic) => {
                mine.insert(Rc::clone(topic.key()), sequence);
                topic.get_mut().subscribers.push((sequence, client));
                Joined::Existing
            }
            EntryRef::Vacant(vacant) => {
                let topic = Topic { born: sequence, subscribers: SmallVec::from_elem((sequence, client), 1) };
                let name: Rc<[u8]> = name.into();
                mine.insert(Rc::clone(&name), sequence);
                vacant.insert_entry_with_key(Rc::clone(&name), topic);
                Joined::Created { name, born: sequence }
            }
        }
    }

    pub(super) fn unsubscribe(&mut self, client: ClientId, name: &[u8]) -> Left {
        let Entry::Occupied(mut mine) = self.by_client.entry(client) else {
            return Left::Not;
        };
        let Some(sequence) = mine.get_mut().remove(name) else {
            return Left::Not;
        };
        if mine.get().names.is_empty() {
            mine.remove();
        }
        self.detach(name, sequence)
    }

    /// Ends all subscriptions of a client; calls `removed` for each topic that thereby ends.
    pub(super) fn remove_client(&mut self, client: ClientId, mut removed: impl FnMut(Sequence)) {
        let mine = self.by_client.remove(&client).unwrap_or_default();
        for (name, sequence) in mine.names {
            if let Left::Removed { born } = self.detach(&name, sequence) {
                removed(born);
            }
        }
    }

    fn detach(&mut self, name: &[u8], sequence: Sequence) -> Left {
        let Some(topic) = self.by_name.get_mut(name) else {
            return Left::Not;
        };
        if let Ok(index) = topic.subscribers.binary_search_by_key(&sequence, |&(joined, _)| joined) {
            topic.subscribers.remove(index);
        }
        if !topic.subscribers.is_empty() {
            return Left::Remaining;
        }
        let born = topic.born;
        self.by_name.remove(name);
        Left::Removed { born }
    }

    /// Clients that listen to `name`, in order of subscription.
    pub(super) fn subscribers(&self, name: &[u8]) -> impl ExactSizeIterator<Item = ClientId> {
        let subscribers = self.by_name.get(name).map_or(&[][..], |topic| &topic.subscribers);
        subscribers.iter().map(|&(_, client)| client)
    }

    /// Names with at least one subscriber, in no particular order.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.by_name.keys().map(|name| &**name)
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// How many names a client listens to.
    pub(super) fn count(&self, client: ClientId) -> usize {
        self.by_client.get(&client).map_or(0, |mine| mine.names.len())
    }

    /// The names a client listens to, in order of subscription.
    pub(super) fn names_of(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        let Some(mine) = self.by_client.get(&client) else {
            return Vec::new();
        };
        let mut names: Vec<_> = mine.names.iter().map(|(name, &sequence)| (sequence, name)).collect();
        names.sort_unstable_by_key(|&(sequence, _)| sequence);
        names.into_iter().map(|(_, name)| Rc::clone(name)).collect()
    }

    /// Memory a client's subscriptions occupy. The names count in full for everyone who
    /// listens: what a client is charged must not depend on others.
    pub(super) fn client_bytes(&self, client: ClientId) -> usize {
        self.by_client.get(&client).map_or(0, |mine| {
            let places = mine.names.len() * size_of::<(Sequence, ClientId)>();
            mine.names.allocation_size() + mine.name_bytes + places
        })
    }
}

/// The strong and weak counts before the bytes of an `Rc<[u8]>`.
const RC_HEADER_BYTES: usize = 2 * size_of::<usize>();

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_lives_from_its_first_to_its_last_subscriber() {
        let mut topics = Topics::default();
        assert!(matches!(topics.subscribe(1, b"a"), Joined::Created { born: 0, .. }));
        assert_eq!(topics.subscribe(1, b"a"), Joined::Not);
        assert_eq!(topics.subscribe(2, b"a"), Joined::Existing);
        assert_eq!(topics.unsubscribe(3, b"a"), Left::Not);
        assert_eq!(topics.unsubscribe(1, b"b"), Left::Not);
        assert_eq!(topics.unsubscribe(1, b"a"), Left::Remaining);
        assert_eq!(topics.unsubscribe(2, b"a"), Left::Removed { born: 0 });
        assert!(topics.by_name.is_empty() && topics.by_client.is_empty());
    }

    #[test]
    fn subscribers_keep_their_order_when_one_in_the_middle_leaves() {
        let mut topics = Topics::default();
        for client in [9, 3, 7, 1] {
            topics.subscribe(client, b"a");
        }
        topics.unsubscribe(3, b"a");
        topics.subscribe(3, b"a");
        assert_eq!(topics.subscribers(b"a").collect::<Vec<_>>(), [9, 7, 1, 3]);
    }

    #[test]
    fn a_removed_client_leaves_nothing_behind() {
        let mut topics = Topics::default();
        topics.subscribe(1, b"a");
        topics.subscribe(1, b"b");
        topics.subscribe(2, b"b");
        let mut ended = Vec::new();
        topics.remove_client(1, |born| ended.push(born));
        topics.remove_client(1, |born| ended.push(born));
        assert_eq!(ended, [0]);
        assert_eq!(topics.names().collect::<Vec<_>>(), [b"b"]);
        assert_eq!((topics.count(1), topics.client_bytes(1)), (0, 0));
    }

    #[test]
    fn the_memory_of_a_client_grows_and_shrinks_with_its_names() {
        let mut topics = Topics::default();
        topics.subscribe(1, b"a");
        topics.subscribe(2, &[b'x'; 1000]);
        assert_eq!(topics.client_bytes(2) - topics.client_bytes(1), 999);
        let before = topics.client_bytes(1);
        topics.subscribe(1, &[b'y'; 500]);
        assert!(topics.client_bytes(1) >= before + 500);
        topics.unsubscribe(1, &[b'y'; 500]);
        assert_eq!(topics.client_bytes(1), before);
    }
}
