//! XACK and XPENDING: what was delivered to a group and is not acknowledged.

use smallvec::SmallVec;

use super::entries::{changed_quietly, count_of, parse_ids, reply_id};
use super::range::{interval_end, interval_start};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::resp::Reply;
use crate::types::Stream;
use crate::types::stream::{Group, Pending, StreamId};

/// XPENDING's arguments with an interval: at least, and at most.
const EXTENDED_ARGUMENTS: std::ops::RangeInclusive<usize> = 6..=9;
/// With IDLE there must be so many.
const IDLE_ARGUMENTS_MIN: usize = 8;

/// `XACK key group id [id ...]`
pub fn xack(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name) = (args.next()?, args.next()?);
    if ctx.keys.read::<Stream>(key)?.is_none_or(|stream| stream.group(name).is_none()) {
        ctx.reply.int(0);
        return Ok(());
    }
    let ids: SmallVec<[StreamId; 8]> = parse_ids(args)?;
    let mut acknowledged = 0;
    if let Some(mut stream) = ctx.keys.edit::<Stream>(key)?
        && let Some((_, group)) = stream.log_and_group_mut(name)
    {
        acknowledged = ids.into_iter().filter(|id| group.acknowledge(*id)).count();
    }
    changed_quietly(ctx.keys, key, acknowledged as u64, None);
    ctx.reply.count(acknowledged);
    Ok(())
}

/// Which pending entries XPENDING is to list.
#[derive(Debug)]
struct Filter<'a> {
    idle_min_ms: i64,
    start: StreamId,
    end: StreamId,
    count: usize,
    consumer: Option<&'a [u8]>,
}

/// `XPENDING key group [[IDLE min-idle-time] start end count [consumer]]`
pub fn xpending(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name) = (args.next()?, args.next()?);
    let filter = Filter::parse(args)?;
    let now_ms = ctx.now_ms();
    let stream = ctx.keys.read::<Stream>(key)?;
    let Some(group) = stream.and_then(|stream| stream.group(name)) else {
        return Err(CommandError::NoKeyOrGroup { key: repeated(key), group: repeated(name) });
    };
    match filter {
        None => reply_summary(ctx.reply, group),
        Some(filter) => filter.reply(ctx.reply, group, now_ms),
    }
    Ok(())
}

/// How many are pending, from where to where, and with whom.
fn reply_summary(reply: &mut Reply, group: &Group) {
    let mut ids = group.pending_from(StreamId::MIN).map(|(id, _)| id);
    let first = ids.next();
    let last = ids.next_back().or(first);
    reply.array(4);
    reply.count(group.pending_len());
    let (Some(first), Some(last)) = (first, last) else {
        reply.null();
        reply.null();
        reply.null_array();
        return;
    };
    reply_id(reply, first);
    reply_id(reply, last);
    reply.array_of_unknown(|reply| {
        let owners = group.consumers().filter(|(_, consumer)| consumer.pending_len() > 0);
        owners
            .map(|(_, consumer)| {
                reply.array(2);
                reply.bulk(consumer.name());
                reply.bulk_int(consumer.pending_len() as i64);
            })
            .count()
    });
}

impl<'a> Filter<'a> {
    /// `None` where a summary is asked for.
    fn parse(args: &'a Args<'_>) -> Result<Option<Self>, CommandError> {
        if args.left() == 0 {
            return Ok(None);
        }
        if !EXTENDED_ARGUMENTS.contains(&args.len()) {
            return Err(CommandError::Syntax);
        }
        let mut idle_min_ms = 0;
        if args.keyword("idle") {
            idle_min_ms = args.next_int()?;
            if args.len() < IDLE_ARGUMENTS_MIN {
                return Err(CommandError::Syntax);
            }
        }
        let (start, end) = (args.next()?, args.next()?);
        let count = count_of(args.next_int()?);
        let (start, end) = (interval_start(start)?, interval_end(end)?);
        let consumer = args.next().ok();
        Ok(Some(Self { idle_min_ms, start, end, count, consumer }))
    }

    fn reply(&self, reply: &mut Reply, group: &Group, now_ms: i64) {
        let Some(name) = self.consumer else {
            return self.reply_those(reply, group, now_ms, group.pending_from(self.start));
        };
        let Some(consumer) = group.find_consumer(name) else { return reply.array(0) };
        let ids = group.consumer(consumer).pending_from(self.start);
        let with_details = ids.filter_map(|id| Some((id, group.pending(id)?)));
        self.reply_those(reply, group, now_ms, with_details);
    }

    fn reply_those<'g>(
        &self,
        reply: &mut Reply,
        group: &Group,
        now_ms: i64,
        pending: impl Iterator<Item = (StreamId, &'g Pending)>,
    ) {
        let idle_ms = |pending: &Pending| now_ms.wrapping_sub(pending.delivered_ms);
        reply.array_of_unknown(|reply| {
            pending
                .take_while(|(id, _)| *id <= self.end)
                .filter(|(_, pending)| self.idle_min_ms == 0 || idle_ms(pending) >= self.idle_min_ms)
                .take(self.count)
                .map(|(id, pending)| {
                    reply.array(4);
                    reply_id(reply, id);
                    reply.bulk(group.consumer(pending.consumer).name());
                    reply.int(idle_ms(pending).max(0));
                    reply.int(pending.deliveries as i64);
                })
                .count()
        });
    }
}
