//! The three kinds of subscription and the questions that the pub/sub commands ask.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::topics::{Joined, Left, Sequence, Topics};
use crate::util::glob;

/// A client as the rest of the server numbers it.
pub type ClientId = u64;

/// Every subscription of the server.
#[derive(Default)]
pub struct PubSub {
    channels: Topics,
    shard_channels: Topics,
    patterns: Topics,
    /// Patterns by age, which is the order in which a message is matched against them.
    pattern_order: BTreeMap<Sequence, Rc<[u8]>>,
}

impl PubSub {
    /// Whether the subscription is new; likewise for the other kinds.
    pub fn subscribe(&mut self, client: ClientId, channel: &[u8]) -> bool {
        self.channels.subscribe(client, channel) != Joined::Not
    }

    /// Whether there was such a subscription; likewise for the other kinds.
    pub fn unsubscribe(&mut self, client: ClientId, channel: &[u8]) -> bool {
        self.channels.unsubscribe(client, channel) != Left::Not
    }

    pub fn psubscribe(&mut self, client: ClientId, pattern: &[u8]) -> bool {
        let joined = self.patterns.subscribe(client, pattern);
        let is_new = joined != Joined::Not;
        if let Joined::Created { name, born } = joined {
            self.pattern_order.insert(born, name);
        }
        is_new
    }

    pub fn punsubscribe(&mut self, client: ClientId, pattern: &[u8]) -> bool {
        let left = self.patterns.unsubscribe(client, pattern);
        if let Left::Removed { born } = left {
            self.pattern_order.remove(&born);
        }
        left != Left::Not
    }

    pub fn ssubscribe(&mut self, client: ClientId, channel: &[u8]) -> bool {
        self.shard_channels.subscribe(client, channel) != Joined::Not
    }

    pub fn sunsubscribe(&mut self, client: ClientId, channel: &[u8]) -> bool {
        self.shard_channels.unsubscribe(client, channel) != Left::Not
    }

    /// Ends every subscription of a client that disconnects or is reset.
    pub fn remove_client(&mut self, client: ClientId) {
        self.channels.remove_client(client, |_| {});
        self.shard_channels.remove_client(client, |_| {});
        let order = &mut self.pattern_order;
        self.patterns.remove_client(client, |born| {
            order.remove(&born);
        });
    }

    /// Channels and patterns of a client: the number in SUBSCRIBE and PSUBSCRIBE replies.
    pub fn count(&self, client: ClientId) -> usize {
        self.channels.count(client) + self.patterns.count(client)
    }

    pub fn channel_count(&self, client: ClientId) -> usize {
        self.channels.count(client)
    }

    pub fn pattern_count(&self, client: ClientId) -> usize {
        self.patterns.count(client)
    }

    /// Shard channels of a client: the number in SSUBSCRIBE replies.
    pub fn shard_count(&self, client: ClientId) -> usize {
        self.shard_channels.count(client)
    }

    /// Whether a client has any subscription, which restricts what RESP2 lets it do.
    pub fn is_subscriber(&self, client: ClientId) -> bool {
        self.count(client) + self.shard_count(client) > 0
    }

    /// A client's channels in order of subscription, for UNSUBSCRIBE without arguments.
    pub fn channels_of(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        self.channels.names_of(client)
    }

    pub fn patterns_of(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        self.patterns.names_of(client)
    }

    pub fn shard_channels_of(&self, client: ClientId) -> Vec<Rc<[u8]>> {
        self.shard_channels.names_of(client)
    }

    /// Calls `deliver` for each delivery of a message and returns how many there were: first the
    /// subscribers of the channel, then, pattern by pattern, those of every pattern that matches.
    /// A client that listens in several ways receives several times.
    pub fn receivers(&self, channel: &[u8], mut deliver: impl FnMut(ClientId, Option<&[u8]>)) -> usize {
        let mut count = 0;
        for client in self.channels.subscribers(channel) {
            deliver(client, None);
            count += 1;
        }
        for pattern in self.pattern_order.values() {
            if !glob::matches(pattern, channel, false) {
                continue;
            }
            for client in self.patterns.subscribers(pattern) {
                deliver(client, Some(pattern));
                count += 1;
            }
        }
        count
    }

    /// As [`PubSub::receivers`], for SPUBLISH; patterns do not see shard channels.
    pub fn shard_receivers(&self, channel: &[u8], mut deliver: impl FnMut(ClientId)) -> usize {
        let subscribers = self.shard_channels.subscribers(channel);
        let count = subscribers.len();
        subscribers.for_each(&mut deliver);
        count
    }

    /// Channels with subscribers that match a pattern, or all of them.
    pub fn channels<'a>(&'a self, pattern: Option<&'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
        matching(&self.channels, pattern)
    }

    pub fn shard_channels<'a>(&'a self, pattern: Option<&'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
        matching(&self.shard_channels, pattern)
    }

    /// Subscribers of one channel, those of patterns not counted.
    pub fn numsub(&self, channel: &[u8]) -> usize {
        self.channels.subscribers(channel).len()
    }

    pub fn shardnumsub(&self, channel: &[u8]) -> usize {
        self.shard_channels.subscribers(channel).len()
    }

    /// Distinct patterns, however many listen to each.
    pub fn numpat(&self) -> usize {
        self.patterns.len()
    }

    /// Distinct channels: `pubsub_channels` of INFO.
    pub fn numchannels(&self) -> usize {
        self.channels.len()
    }

    pub fn numshardchannels(&self) -> usize {
        self.shard_channels.len()
    }

    /// Memory a client's subscriptions occupy.
    pub fn subscriptions_bytes(&self, client: ClientId) -> usize {
        self.channels.client_bytes(client)
            + self.patterns.client_bytes(client)
            + self.shard_channels.client_bytes(client)
    }
}

fn matching<'a>(topics: &'a Topics, pattern: Option<&'a [u8]>) -> impl Iterator<Item = &'a [u8]> {
    topics.names().filter(move |name| pattern.is_none_or(|pattern| glob::matches(pattern, name, false)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deliveries(pubsub: &PubSub, channel: &[u8]) -> Vec<(ClientId, Option<String>)> {
        let mut deliveries = Vec::new();
        let count = pubsub.receivers(channel, |client, pattern| {
            deliveries.push((client, pattern.map(|name| String::from_utf8_lossy(name).into_owned())));
        });
        assert_eq!(count, deliveries.len());
        deliveries
    }

    #[test]
    fn exact_subscribers_come_before_patterns_and_patterns_in_order_of_age() {
        let mut pubsub = PubSub::default();
        pubsub.psubscribe(1, b"n*");
        pubsub.psubscribe(2, b"*s");
        pubsub.subscribe(3, b"news");
        pubsub.psubscribe(3, b"n*");
        pubsub.psubscribe(1, b"x*");
        pubsub.subscribe(1, b"news");
        let expected = [
            (3, None),
            (1, None),
            (1, Some("n*".to_owned())),
            (3, Some("n*".to_owned())),
            (2, Some("*s".to_owned())),
        ];
        assert_eq!(deliveries(&pubsub, b"news"), expected);
    }

    #[test]
    fn a_pattern_that_everyone_left_is_young_again() {
        let mut pubsub = PubSub::default();
        pubsub.psubscribe(1, b"a*");
        pubsub.psubscribe(1, b"*b");
        assert!(pubsub.punsubscribe(1, b"a*"));
        assert!(!pubsub.punsubscribe(1, b"a*"));
        pubsub.psubscribe(1, b"a*");
        let order: Vec<_> =
            deliveries(&pubsub, b"ab").into_iter().filter_map(|(_, pattern)| pattern).collect();
        assert_eq!(order, ["*b", "a*"]);
        assert_eq!(pubsub.numpat(), 2);
    }

    #[test]
    fn shard_channels_are_a_world_of_their_own() {
        let mut pubsub = PubSub::default();
        pubsub.subscribe(1, b"a");
        pubsub.psubscribe(1, b"*");
        assert!(pubsub.ssubscribe(2, b"a"));
        assert!(!pubsub.ssubscribe(2, b"a"));
        let mut clients = Vec::new();
        assert_eq!(pubsub.shard_receivers(b"a", |client| clients.push(client)), 1);
        assert_eq!(clients, [2]);
        assert_eq!((pubsub.count(1), pubsub.shard_count(1)), (2, 0));
        assert_eq!((pubsub.count(2), pubsub.shard_count(2)), (0, 1));
        assert_eq!((pubsub.numsub(b"a"), pubsub.shardnumsub(b"a")), (1, 1));
        assert!(pubsub.sunsubscribe(2, b"a"));
        assert!(!pubsub.is_subscriber(2));
        assert_eq!(pubsub.numshardchannels(), 0);
    }

    #[test]
    fn a_clients_names_come_in_order_of_subscription() {
        let mut pubsub = PubSub::default();
        for channel in ["z", "a", "m"] {
            pubsub.subscribe(1, channel.as_bytes());
        }
        pubsub.unsubscribe(1, b"z");
        pubsub.subscribe(1, b"z");
        let names: Vec<_> = pubsub.channels_of(1).iter().map(|name| name[0]).collect();
        assert_eq!(names, *b"amz");
        assert!(pubsub.patterns_of(1).is_empty() && pubsub.shard_channels_of(7).is_empty());
    }

    #[test]
    fn channels_are_listed_by_pattern() {
        let mut pubsub = PubSub::default();
        pubsub.subscribe(1, b"ab");
        pubsub.subscribe(1, b"b");
        assert_eq!(pubsub.channels(Some(b"a*")).collect::<Vec<_>>(), [b"ab"]);
        assert_eq!(pubsub.channels(None).count(), 2);
        assert_eq!(pubsub.shard_channels(None).count(), 0);
    }

    #[test]
    fn a_disconnected_client_receives_nothing() {
        let mut pubsub = PubSub::default();
        pubsub.subscribe(1, b"a");
        pubsub.psubscribe(1, b"*");
        pubsub.ssubscribe(1, b"a");
        pubsub.psubscribe(2, b"*");
        assert!(pubsub.subscriptions_bytes(1) > pubsub.subscriptions_bytes(2));
        pubsub.remove_client(1);
        assert_eq!(deliveries(&pubsub, b"a"), [(2, Some("*".to_owned()))]);
        assert_eq!((pubsub.count(1), pubsub.shard_count(1)), (0, 0));
        assert_eq!((pubsub.numpat(), pubsub.numchannels(), pubsub.subscriptions_bytes(1)), (1, 0, 0));
    }
}
