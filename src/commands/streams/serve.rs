//! How XREAD and XREADGROUP are served: entries go to the reply, and, read with a group, become pending.

use smallvec::SmallVec;

use super::entries::{changed_quietly, no_limit_if_zero, reply_entry, reply_id, reply_range};
use super::groups::consumer_of;
use super::propagate::GroupChanges;
use super::read::{Position, Positions, ReadRequest, Reader};
use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::Keyspace;
use crate::resp::Reply;
use crate::types::Stream;
use crate::types::stream::{ConsumerId, Direction, Group, Log, StreamId};

/// Answers XREAD, if any of the streams has something to read.
pub fn serve_reader(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    request: &ReadRequest<'_>,
    positions: &Positions,
) -> Result<bool, CommandError> {
    let mut ready: SmallVec<[(usize, StreamId); 8]> = SmallVec::new();
    for (index, position) in positions.iter().enumerate() {
        let Position::After(after) = *position else { continue };
        let stream = ctx.keys.peek_typed::<Stream>(request.key(args, index))?;
        if stream.and_then(|stream| stream.log().last_entry_id()).is_some_and(|last| last > after) {
            // An entry is behind it, so it is not the last possible ID.
            ready.push((index, after.next().unwrap_or(after)));
        }
    }
    if ready.is_empty() {
        return Ok(false);
    }
    if ctx.reply.is_resp3() {
        ctx.reply.map(ready.len());
    } else {
        ctx.reply.array(ready.len());
    }
    for (index, start) in ready {
        let key = request.key(args, index);
        begin_stream(ctx.reply, key);
        match ctx.keys.peek_typed::<Stream>(key)? {
            Some(stream) => {
                reply_range(ctx.reply, stream.log(), start, StreamId::MAX, Direction::Forward, request.count);
            }
            None => ctx.reply.array(0),
        }
    }
    Ok(true)
}

/// Answers XREADGROUP, if any of the streams has something for the consumer. Whoever asks for what was delivered to
/// him already is always answered.
pub fn serve_consumer(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    request: &ReadRequest<'_>,
    positions: &Positions,
) -> bool {
    let Some(reader) = request.reader else { return false };
    let keys = &mut *ctx.keys;
    keys.effects.propagate_nothing();
    let mark = ctx.reply.mark();
    let mut served = 0;
    let write = |reply: &mut Reply| {
        for (index, position) in positions.iter().enumerate() {
            let key = request.key(args, index);
            served += usize::from(serve_stream(keys, reply, key, reader, *position, request.count));
        }
        served
    };
    if ctx.reply.is_resp3() {
        ctx.reply.map_of_unknown(write);
    } else {
        ctx.reply.array_of_unknown(write);
    }
    if served == 0 {
        ctx.reply.output.truncate(mark);
    }
    served > 0
}

/// Serves a consumer from one stream, if it has something for him.
fn serve_stream(
    keys: &mut Keyspace,
    reply: &mut Reply,
    key: &[u8],
    reader: Reader<'_>,
    position: Position,
    count_max: usize,
) -> bool {
    let (now_ms, db) = (keys.now_ms(), keys.selected());
    let mut changes = GroupChanges::new(&keys.effects);
    let Ok(Some(mut stream)) = keys.edit::<Stream>(key) else { return false };
    let Some((log, group)) = stream.log_and_group_mut(reader.group) else { return false };
    let (consumer, is_new) = consumer_of(group, reader.consumer, now_ms);
    // One that gets entries to acknowledge is made by their propagation.
    if is_new && reader.no_ack {
        changes.new_consumer(reader.consumer);
    }
    let has_news = log.last_entry_id().is_some_and(|last| last > group.last_delivered());
    let is_served = position != Position::New || has_news;
    if is_served {
        begin_stream(reply, key);
        let mut delivery =
            Delivery { log, group, consumer, now_ms, no_ack: reader.no_ack, changes: &mut changes };
        match position {
            Position::New => delivery.reply_news(reply, count_max),
            Position::After(id) => delivery.reply_history(reply, id, count_max),
        }
    }
    if is_new {
        changed_quietly(keys, key, 1, Some("xgroup-createconsumer"));
    }
    changed_quietly(keys, key, is_served.into(), None);
    changes.propagate(&mut keys.effects, db, key, reader.group);
    is_served
}

/// Entries on their way to a consumer.
#[derive(Debug)]
struct Delivery<'a> {
    log: &'a Log,
    group: &'a mut Group,
    consumer: ConsumerId,
    now_ms: i64,
    no_ack: bool,
    changes: &'a mut GroupChanges,
}

impl Delivery<'_> {
    /// What the group has not read yet.
    fn reply_news(&mut self, reply: &mut Reply, count_max: usize) {
        let start = self.group.last_delivered().next().unwrap_or(StreamId::MAX);
        let entries = self.log.range(start, StreamId::MAX, Direction::Forward);
        let mut has_advanced = false;
        reply.array_of_unknown(|reply| {
            let mut count = 0;
            for entry in entries.take(no_limit_if_zero(count_max)) {
                has_advanced |= self.group.advance(self.log, entry.id);
                reply_entry(reply, &entry);
                if !self.no_ack {
                    let pending = self.group.deliver(entry.id, self.consumer, self.now_ms);
                    self.changes.claim(self.group, entry.id, pending);
                }
                count += 1;
            }
            count
        });
        // Otherwise each entry's propagation tells it.
        if self.no_ack && has_advanced {
            self.changes.position(self.group);
        }
    }

    /// What was delivered to the consumer before; entries that were deleted meanwhile are null.
    fn reply_history(&mut self, reply: &mut Reply, after: StreamId, count_max: usize) {
        let start = after.next().unwrap_or(StreamId::MAX);
        let pending = self.group.consumer(self.consumer).pending_from(start);
        let ids: Vec<StreamId> = pending.take(no_limit_if_zero(count_max)).collect();
        reply.array(ids.len());
        for id in ids {
            if let Some(entry) = self.log.range(id, id, Direction::Forward).next() {
                reply_entry(reply, &entry);
                self.group.deliver_again(id, self.now_ms);
            } else {
                reply.array(2);
                reply_id(reply, id);
                reply.null_array();
            }
        }
    }
}

/// An array, or in RESP3 a map, of a stream's name and its entries.
fn begin_stream(reply: &mut Reply, key: &[u8]) {
    if !reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk(key);
}
