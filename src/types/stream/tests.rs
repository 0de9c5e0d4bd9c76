//! Streams against a model, their nodes against Redis's bytes, and parts that make no stream.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::node::InvalidNode;
use super::*;

type Fields = Vec<(Vec<u8>, Vec<u8>)>;

const REDIS_LIMITS: NodeLimits = NodeLimits { bytes_max: 4096, entries_max: 100 };

/// What Redis 7.2 keeps after XADD of 5-1, 5-3, 7-0, 8-0 and 9-0 and XDEL of 5-3.
const REDIS_NODE: &str = "7600000026000401010102\
    01846e616d65058576616c7565060001\
    0201000100018161020101050103010001020182626203c12c02050100010201dfff020101856f74686572068178020601\
    02010301dfff02816302f290eefe04050100010401dfff020101817a02f4351cdcdf02000000090601ff";

fn id(ms: u64, seq: u64) -> StreamId {
    StreamId::new(ms, seq)
}

fn append(stream: &mut Stream, id: StreamId, fields: &[(&str, &str)], limits: NodeLimits) {
    let pairs = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    stream.log_mut().append(id, pairs, limits).unwrap();
}

fn entries(stream: &Stream, start: StreamId, end: StreamId, direction: Direction) -> Vec<(StreamId, Fields)> {
    let fields =
        |entry: &Entry<'_>| entry.fields().map(|(name, value)| (name.to_vec(), value.to_vec())).collect();
    stream.log().range(start, end, direction).map(|entry| (entry.id, fields(&entry))).collect()
}

fn ids(stream: &Stream) -> Vec<StreamId> {
    stream.log().range(StreamId::MIN, StreamId::MAX, Direction::Forward).map(|entry| entry.id).collect()
}

fn parts_of(stream: &Stream) -> StreamParts {
    let log = stream.log();
    StreamParts {
        nodes: log.packed_nodes().map(|(id, bytes)| (id, bytes.to_vec())).collect(),
        len: log.len(),
        last_id: log.last_id(),
        max_deleted_id: log.max_deleted_id(),
        entries_added: Some(log.entries_added()),
        groups: stream.groups().map(|(name, group)| group_parts_of(name, group)).collect(),
    }
}

fn group_parts_of(name: &[u8], group: &Group) -> GroupParts {
    let pending = |(id, pending): (StreamId, &Pending)| PendingParts {
        id,
        delivered_ms: pending.delivered_ms,
        deliveries: pending.deliveries,
    };
    let consumer = |(_, consumer): (ConsumerId, &Consumer)| ConsumerParts {
        name: consumer.name().to_vec(),
        seen_ms: consumer.seen_ms,
        active_ms: consumer.active_ms,
        pending: consumer.pending_from(StreamId::MIN).collect(),
    };
    GroupParts {
        name: name.to_vec(),
        last_delivered: group.last_delivered(),
        entries_read: group.entries_read().map_or(EntriesRead::Unknown, EntriesRead::Known),
        pending: group.pending_from(StreamId::MIN).map(pending).collect(),
        consumers: group.consumers().map(consumer).collect(),
    }
}

fn bytes_of_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Five entries, the second of which is deleted.
fn five(limits: NodeLimits) -> Stream {
    let mut stream = Stream::new();
    append(&mut stream, id(5, 1), &[("name", "a"), ("value", "1")], limits);
    append(&mut stream, id(5, 3), &[("name", "bb"), ("value", "300")], limits);
    append(&mut stream, id(7, 0), &[("other", "x")], limits);
    append(&mut stream, id(8, 0), &[("name", "c"), ("value", "-70000")], limits);
    append(&mut stream, id(9, 0), &[("z", "12345678901")], limits);
    assert_eq!(stream.log_mut().delete([id(5, 3), id(5, 2)]), 1);
    stream
}

#[test]
fn a_node_has_redis_s_bytes() {
    let stream = five(REDIS_LIMITS);
    let nodes: Vec<_> = stream.log().packed_nodes().map(|(id, bytes)| (id, bytes.to_vec())).collect();
    assert_eq!(nodes, [(id(5, 1), bytes_of_hex(REDIS_NODE))]);
    assert_eq!(ids(&stream), [id(5, 1), id(7, 0), id(8, 0), id(9, 0)]);
}

#[test]
fn ids_are_given_as_xadd_says() {
    let mut stream = five(REDIS_LIMITS);
    let log = stream.log_mut();
    assert_eq!(log.id_for(NewId::Auto, 100), Ok(id(100, 0)));
    assert_eq!(log.id_for(NewId::Auto, 3), Ok(id(9, 1)));
    assert_eq!(log.id_for(NewId::AutoSeq(9), 0), Ok(id(9, 1)));
    assert_eq!(log.id_for(NewId::AutoSeq(10), 0), Ok(id(10, 0)));
    assert_eq!(log.id_for(NewId::AutoSeq(8), 0), Err(AppendError::NotIncreasing));
    assert_eq!(log.id_for(NewId::Exact(id(9, 0)), 0), Err(AppendError::NotIncreasing));
    log.set_last_id(id(9, u64::MAX));
    assert_eq!(log.id_for(NewId::AutoSeq(9), 0), Err(AppendError::NotIncreasing));
    assert_eq!(log.id_for(NewId::Auto, 0), Ok(id(10, 0)));
    log.set_last_id(StreamId::MAX);
    assert_eq!(log.id_for(NewId::Auto, 0), Err(AppendError::Exhausted));
}

#[test]
fn whole_nodes_go_first_and_approximate_trimming_stops_there() {
    let limits = NodeLimits { bytes_max: 0, entries_max: 10 };
    let filled = || {
        let mut stream = Stream::new();
        (1..=100).for_each(|ms| append(&mut stream, id(ms, 0), &[("f", "v")], limits));
        stream
    };
    let trim = |threshold, approximate, entries_max| Trim { threshold, approximate, entries_max };
    for (trim, removed, first) in [
        (trim(Threshold::Length(55), true, None), 40, 41),
        (trim(Threshold::Length(55), true, Some(25)), 20, 21),
        (trim(Threshold::Length(55), false, None), 45, 46),
        (trim(Threshold::Id(id(55, 0)), true, None), 50, 51),
        (trim(Threshold::Id(id(55, 0)), false, None), 54, 55),
        (trim(Threshold::Id(id(1, 0)), false, None), 0, 1),
        (trim(Threshold::Length(100), false, None), 0, 1),
    ] {
        let mut stream = filled();
        assert_eq!(stream.log_mut().trim(&trim), removed, "{trim:?}");
        assert_eq!((stream.log().first_id(), stream.len()), (id(first, 0), 100 - removed as usize));
    }
    let mut stream = filled();
    assert_eq!(stream.log_mut().trim(&trim(Threshold::Length(0), false, None)), 100);
    assert_eq!((stream.log().first_id(), stream.log().last_id()), (StreamId::MIN, id(100, 0)));
    assert_eq!(stream.log().node_count(), 0);
}

#[test]
fn a_short_stream_takes_little_memory() {
    let mut stream = Stream::new();
    for ms in 1..=100 {
        append(&mut stream, id(ms, 1), &[("temp", "17"), ("hum", "80")], REDIS_LIMITS);
    }
    assert_eq!(size_of::<Stream>(), 8);
    assert!(stream.heap_bytes() <= 1600, "{}", stream.heap_bytes());
}

#[test]
fn lag_is_known_where_counters_tell_it() {
    let mut stream = Stream::new();
    for ms in 1..=5 {
        append(&mut stream, id(ms, 0), &[("f", "v")], REDIS_LIMITS);
    }
    let lag = |stream: &Stream, last: StreamId, read| Group::new(last, read).lag(stream.log());
    assert_eq!(Group::new(StreamId::MIN, None).lag(&Log::default()), Some(0));
    assert_eq!(lag(&stream, StreamId::MIN, None), Some(5));
    assert_eq!(lag(&stream, id(1, 0), None), Some(4));
    assert_eq!(lag(&stream, id(3, 0), None), None);
    assert_eq!(lag(&stream, id(3, 0), Some(3)), Some(2));
    assert_eq!(lag(&stream, id(5, 0), None), Some(0));
    stream.log_mut().delete([id(4, 0)]);
    assert_eq!(lag(&stream, id(3, 0), Some(3)), None);
    assert_eq!(lag(&stream, id(4, 1), Some(4)), Some(1));
}

#[test]
fn a_group_counts_what_it_reads_no_further_than_can_be_replicated() {
    let mut stream = Stream::new();
    append(&mut stream, id(1, 0), &[("f", "v")], REDIS_LIMITS);
    let mut group = Group::new(StreamId::MIN, Some(i64::MAX as u64));
    assert!(group.advance(stream.log(), id(1, 0)));
    assert_eq!(group.entries_read(), Some(i64::MAX as u64));
}

#[test]
fn a_pending_entry_has_one_owner() {
    let mut group = Group::new(StreamId::MIN, None);
    let alice = group.add_consumer(b"alice", 1).unwrap();
    let bob = group.add_consumer(b"bob", 1).unwrap();
    assert_eq!(group.add_consumer(b"bob", 1), None);
    group.deliver(id(1, 0), alice, 10);
    group.deliver(id(2, 0), alice, 10);
    group.deliver(id(2, 0), bob, 20);
    let claim = Claim { delivered_ms: 5, deliveries: Deliveries::Set(9) };
    assert_eq!(
        group.claim(id(1, 0), bob, claim, 30),
        Pending { delivered_ms: 5, deliveries: 9, consumer: bob }
    );
    assert_eq!(group.consumer(alice).pending_len(), 0);
    assert_eq!(group.consumer(bob).pending_from(StreamId::MIN).collect::<Vec<_>>(), [id(1, 0), id(2, 0)]);
    assert!(group.acknowledge(id(1, 0)));
    assert!(!group.acknowledge(id(1, 0)));
    assert_eq!(group.remove_consumer(bob), 1);
    assert_eq!((group.pending_len(), group.consumer_count()), (0, 1));
    // The number that became free is used again, and names stay in order.
    let aaron = group.add_consumer(b"aaron", 1).unwrap();
    assert_eq!(aaron, bob);
    let names: Vec<_> = group.consumers().map(|(_, consumer)| consumer.name()).collect();
    assert_eq!(names, [&b"aaron"[..], b"alice"]);
}

#[test]
fn parts_that_contradict_each_other_are_refused() {
    let good = || {
        let mut stream = five(NodeLimits { bytes_max: 0, entries_max: 2 });
        let mut group = Group::new(id(7, 0), Some(3));
        let alice = group.add_consumer(b"alice", 1).unwrap();
        group.deliver(id(5, 1), alice, 10);
        stream.add_group(b"group", group);
        parts_of(&stream)
    };
    let refused = |change: fn(&mut StreamParts)| {
        let mut parts = good();
        change(&mut parts);
        Stream::from_parts(parts).map(|_| ()).unwrap_err()
    };
    assert!(Stream::from_parts(good()).is_ok());
    assert_eq!(refused(|parts| parts.len += 1), InvalidStream::Length);
    assert_eq!(refused(|parts| parts.last_id = id(8, 9)), InvalidStream::LastId);
    assert_eq!(refused(|parts| parts.nodes.swap(0, 1)), InvalidStream::NodeOrder);
    assert_eq!(refused(|parts| parts.nodes[1].0 = id(5, 1)), InvalidStream::NodeOrder);
    assert_eq!(refused(|parts| parts.nodes[0].1.truncate(20)), InvalidNode::Listpack.into());
    assert_eq!(refused(|parts| parts.nodes[0].1[6] = 2), InvalidNode::Counters.into());
    assert_eq!(refused(|parts| parts.nodes[0].1[10] = 1), InvalidNode::Entries.into());
    assert_eq!(refused(|parts| parts.groups.push(parts.groups[0].clone())), InvalidStream::DuplicateGroup);
    assert_eq!(
        refused(|parts| parts.groups[0].consumers[0].pending.push(id(5, 1))),
        InvalidStream::DuplicatePending
    );
    assert_eq!(
        refused(|parts| parts.groups[0].consumers[0].pending.push(id(8, 0))),
        InvalidStream::UnknownPending
    );
    assert_eq!(refused(|parts| parts.groups[0].consumers[0].pending.clear()), InvalidStream::UnownedPending);
    assert_eq!(
        refused(|parts| {
            let first = parts.groups[0].consumers[0].clone();
            parts.groups[0].consumers.push(first);
        }),
        InvalidStream::DuplicateConsumer
    );
    assert_eq!(
        refused(|parts| {
            let first = parts.groups[0].pending[0];
            parts.groups[0].pending.push(first);
        }),
        InvalidStream::DuplicatePending
    );
}

/// Something done to a stream. Numbers choose among the IDs that there are.
#[derive(Debug, Clone)]
enum Change {
    Append { ms: u64, seq: u64, fields: Fields },
    Delete(Vec<u64>),
    TrimToLength(u64),
    TrimToId(u64),
    TrimNodes(u64),
    Reload,
}

fn texts() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::sample::select(vec![b"a".to_vec(), b"b".to_vec(), b"12".to_vec(), b"-5000".to_vec()]),
        prop::collection::vec(any::<u8>(), 0..80),
    ]
}

fn changes() -> impl Strategy<Value = Change> {
    let fields = prop::collection::vec((texts(), texts()), 1..4);
    prop_oneof![
        8 => (0..3_u64, 0..3_u64, fields).prop_map(|(ms, seq, fields)| Change::Append { ms, seq, fields }),
        2 => prop::collection::vec(0..60_u64, 1..4).prop_map(Change::Delete),
        1 => (0..40_u64).prop_map(Change::TrimToLength),
        1 => (0..60_u64).prop_map(Change::TrimToId),
        1 => (0..40_u64).prop_map(Change::TrimNodes),
        1 => Just(Change::Reload),
    ]
}

#[derive(Debug, Default)]
struct Model {
    entries: BTreeMap<StreamId, Fields>,
    added: u64,
    last: StreamId,
    max_deleted: StreamId,
}

impl Model {
    /// A number as an ID near those that there are.
    fn id_of(number: u64) -> StreamId {
        id(number / 2, number % 3)
    }

    fn apply(&mut self, change: Change, stream: &mut Stream, limits: NodeLimits) {
        let trim = |threshold, approximate| Trim { threshold, approximate, entries_max: None };
        match change {
            Change::Append { ms, seq, fields } => {
                let next = if ms == 0 {
                    id(self.last.ms, self.last.seq + 1 + seq)
                } else {
                    id(self.last.ms + ms, seq)
                };
                let pairs = fields.iter().map(|(name, value)| (name.as_slice(), value.as_slice()));
                assert_eq!(stream.log().id_for(NewId::Exact(next), 0), Ok(next));
                stream.log_mut().append(next, pairs, limits).unwrap();
                self.entries.insert(next, fields);
                self.added += 1;
                self.last = next;
            }
            Change::Delete(numbers) => {
                let doomed: Vec<_> = numbers.into_iter().map(Self::id_of).collect();
                let there = |id: &&StreamId| self.entries.remove(id).is_some();
                let deleted: Vec<_> = doomed.iter().filter(there).collect();
                assert_eq!(stream.log_mut().delete(doomed.iter().copied()), deleted.len() as u64);
                self.max_deleted = deleted.into_iter().copied().fold(self.max_deleted, Ord::max);
            }
            Change::TrimToLength(length) => {
                let excess = (self.entries.len() as u64).saturating_sub(length);
                assert_eq!(stream.log_mut().trim(&trim(Threshold::Length(length), false)), excess);
                (0..excess).for_each(|_| drop(self.entries.pop_first()));
            }
            Change::TrimToId(number) => {
                let least = Self::id_of(number);
                let kept = self.entries.split_off(&least);
                let removed = std::mem::replace(&mut self.entries, kept).len() as u64;
                assert_eq!(stream.log_mut().trim(&trim(Threshold::Id(least), false)), removed);
            }
            Change::TrimNodes(length) => {
                let removed = stream.log_mut().trim(&trim(Threshold::Length(length), true));
                assert!(removed <= (self.entries.len() as u64).saturating_sub(length));
                (0..removed).for_each(|_| drop(self.entries.pop_first()));
            }
            Change::Reload => *stream = Stream::from_parts(parts_of(stream)).unwrap(),
        }
    }

    fn assert_same(&self, stream: &Stream) {
        let log = stream.log();
        assert_eq!(log.len(), self.entries.len() as u64);
        assert_eq!(log.last_id(), self.last);
        assert_eq!(log.max_deleted_id(), self.max_deleted);
        assert_eq!(log.entries_added(), self.added);
        assert_eq!(log.first_id(), self.entries.keys().next().copied().unwrap_or_default());
        assert_eq!(log.last_entry_id(), self.entries.keys().next_back().copied());
        for (start, end) in [(0, 60), (3, 9), (5, 5), (9, 3)] {
            let (start, end) = (Self::id_of(start), Self::id_of(end));
            let expected = || {
                let inside = |entry: &(&StreamId, &Fields)| *entry.0 >= start && *entry.0 <= end;
                self.entries.iter().filter(inside).map(|(id, fields)| (*id, fields.clone()))
            };
            assert_eq!(entries(stream, start, end, Direction::Forward), expected().collect::<Vec<_>>());
            if let Some(count) = log.count_if_long(start, end) {
                assert_eq!(count, expected().count());
            }
            let backward: Vec<_> = expected().collect::<Vec<_>>().into_iter().rev().collect();
            assert_eq!(entries(stream, start, end, Direction::Backward), backward);
        }
    }
}

fn behaves_like_a_log(changes: Vec<Change>, limits: NodeLimits) {
    let (mut stream, mut model) = (Stream::new(), Model::default());
    for change in changes {
        model.apply(change, &mut stream, limits);
        model.assert_same(&stream);
    }
    model.assert_same(&stream.clone());
}

proptest! {
    #[test]
    fn a_log_in_one_node_behaves_like_the_model(changes in prop::collection::vec(changes(), 0..40)) {
        behaves_like_a_log(changes, NodeLimits { bytes_max: 0, entries_max: 0 });
    }

    #[test]
    fn a_log_in_small_nodes_behaves_like_the_model(changes in prop::collection::vec(changes(), 0..40)) {
        behaves_like_a_log(changes, NodeLimits { bytes_max: 0, entries_max: 3 });
    }

    #[test]
    fn a_log_in_nodes_of_one_entry_behaves_like_the_model(changes in prop::collection::vec(changes(), 0..40)) {
        behaves_like_a_log(changes, NodeLimits { bytes_max: 1, entries_max: 100 });
    }

    #[test]
    fn nodes_from_outside_never_panic(
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = bytes_of_hex(REDIS_NODE);
        for (index, byte) in damages {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        let parts = StreamParts { nodes: vec![(id(5, 1), bytes)], len: 4, last_id: StreamId::MAX, ..StreamParts::default() };
        // What is accepted can be used in every way.
        if let Ok(mut stream) = Stream::from_parts(parts) {
            let forward = entries(&stream, StreamId::MIN, StreamId::MAX, Direction::Forward);
            prop_assert_eq!(forward.len(), 4);
            prop_assert_eq!(entries(&stream, StreamId::MIN, StreamId::MAX, Direction::Backward).len(), 4);
            prop_assert_eq!(stream.log_mut().delete([forward[1].0]), 1);
            let trim = Trim { threshold: Threshold::Length(1), approximate: false, entries_max: None };
            prop_assert_eq!(stream.log_mut().trim(&trim), 2);
            prop_assert_eq!(ids(&stream), [forward[3].0]);
        }
    }
}
