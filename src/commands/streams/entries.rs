//! How IDs and entries look in replies, and how IDs are read from arguments.

use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, Keyspace};
use crate::resp::Reply;
use crate::types::stream::{Direction, Entry, IdText, Log, NodeLimits, StreamId};

/// An ID as a bulk string.
#[inline]
pub fn reply_id(reply: &mut Reply, id: StreamId) {
    reply.bulk(IdText::from(id).as_bytes());
}

/// An entry as its ID and an array of its fields and values.
pub fn reply_entry(reply: &mut Reply, entry: &Entry<'_>) {
    reply.array(2);
    reply_id(reply, entry.id);
    reply.array(2 * entry.len());
    for (field, value) in entry.fields() {
        reply.bulk_str(field);
        reply.bulk_str(value);
    }
}

/// An array of the entries of a range; `count_max` 0 is without a limit.
///
/// A long reply is not written in one piece: its length is told first.
pub fn reply_range(
    reply: &mut Reply,
    log: &Log,
    start: StreamId,
    end: StreamId,
    direction: Direction,
    count_max: usize,
) {
    let entries = log.range(start, end, direction).take(no_limit_if_zero(count_max));
    match log.count_if_long(start, end) {
        Some(count) => {
            reply.array(count.min(no_limit_if_zero(count_max)));
            entries.for_each(|entry| reply_entry(reply, &entry));
        }
        None => reply.array_of_unknown(|reply| entries.map(|entry| reply_entry(reply, &entry)).count()),
    }
}

/// A COUNT of 0 is none.
pub fn no_limit_if_zero(count_max: usize) -> usize {
    if count_max == 0 { usize::MAX } else { count_max }
}

/// An argument as an ID; where it has no sequence number, it is 0.
pub fn parse_id(argument: &[u8]) -> Result<StreamId, CommandError> {
    StreamId::parse(argument, 0).ok_or(CommandError::InvalidStreamId)
}

/// All arguments left, as IDs.
pub fn parse_ids<T: FromIterator<StreamId>>(args: &Args<'_>) -> Result<T, CommandError> {
    args.rest().map(parse_id).collect()
}

/// A client's COUNT: what is below 0 is 0.
pub fn count_of(number: i64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub fn node_limits(ctx: &Ctx<'_>) -> NodeLimits {
    let encoding = &ctx.engine.config.encoding;
    NodeLimits { bytes_max: encoding.stream_node_max_bytes, entries_max: encoding.stream_node_max_entries }
}

/// Records what counts as dirty and has an event, but is no change of the key to those who watch or cache it:
/// so Redis has it for everything that concerns groups.
pub fn changed_quietly(keys: &mut Keyspace, key: &[u8], units: u64, event: Option<&'static str>) {
    keys.effects.add_dirty(units);
    if let Some(event) = event {
        keys.effects.event(EventClass::STREAM, event, keys.selected(), key);
    }
}
