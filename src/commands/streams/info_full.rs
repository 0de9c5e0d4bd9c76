//! XINFO STREAM ... FULL: the whole of a stream, as far as a count allows.

use super::entries::{no_limit_if_zero, reply_id, reply_range};
use super::info::{reply_counters, reply_progress};
use crate::resp::Reply;
use crate::types::Stream;
use crate::types::stream::{Consumer, Direction, Group, Log, StreamId};

/// `count_max` limits entries, and what is shown as pending with each group and consumer; 0 does not.
pub fn reply_full(reply: &mut Reply, stream: &Stream, count_max: usize) {
    let log = stream.log();
    reply.map(9);
    reply_counters(reply, log);
    reply.bulk(b"entries");
    reply_range(reply, log, StreamId::MIN, StreamId::MAX, Direction::Forward, count_max);
    reply.bulk(b"groups");
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply_group(reply, log, name, group, no_limit_if_zero(count_max));
    }
}

fn reply_group(reply: &mut Reply, log: &Log, name: &[u8], group: &Group, count_max: usize) {
    reply.map(7);
    reply.bulk(b"name");
    reply.bulk(name);
    reply_progress(reply, log, group);
    reply.bulk(b"pel-count");
    reply.count(group.pending_len());
    reply.bulk(b"pending");
    reply.array(group.pending_len().min(count_max));
    for (id, pending) in group.pending_from(StreamId::MIN).take(count_max) {
        reply.array(4);
        reply_id(reply, id);
        reply.bulk(group.consumer(pending.consumer).name());
        reply.int(pending.delivered_ms);
        reply.int(pending.deliveries as i64);
    }
    reply.bulk(b"consumers");
    reply.array(group.consumer_count());
    for (_, consumer) in group.consumers() {
        reply_consumer(reply, group, consumer, count_max);
    }
}

fn reply_consumer(reply: &mut Reply, group: &Group, consumer: &Consumer, count_max: usize) {
    reply.map(5);
    reply.bulk(b"name");
    reply.bulk(consumer.name());
    reply.bulk(b"seen-time");
    reply.int(consumer.seen_ms);
    reply.bulk(b"active-time");
    reply.int(consumer.active_ms.unwrap_or(-1));
    reply.bulk(b"pel-count");
    reply.count(consumer.pending_len());
    reply.bulk(b"pending");
    reply.array(consumer.pending_len().min(count_max));
    for id in consumer.pending_from(StreamId::MIN).take(count_max) {
        let pending = group.pending(id);
        reply.array(3);
        reply_id(reply, id);
        reply.int(pending.map_or(0, |pending| pending.delivered_ms));
        reply.int(pending.map_or(0, |pending| pending.deliveries as i64));
    }
}
