//! XCLAIM and XAUTOCLAIM: pending entries change hands.
//!
//! An entry that was deleted meanwhile is not handed over: it ceases to be pending. Replicas and the log get what
//! happened to each entry, as an XCLAIM that depends on nothing.

use smallvec::SmallVec;

use super::entries::{changed_quietly, parse_id, reply_entry, reply_id};
use super::groups::consumer_of;
use super::propagate::GroupChanges;
use super::range::interval_start;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::resp::Reply;
use crate::types::Stream;
use crate::types::stream::{Claim, ConsumerId, Deliveries, Direction, Group, Log, Pending, StreamId};
use crate::util::number::parse_i64;

const XAUTOCLAIM_COUNT_DEFAULT: i64 = 100;
/// XAUTOCLAIM looks at so many pending entries for each that it may hand over.
const ATTEMPTS_PER_ENTRY: usize = 10;
/// So that nothing overflows that is sized by the count.
const XAUTOCLAIM_COUNT_MAX: i64 = i64::MAX / 16;

/// What XCLAIM is asked for.
#[derive(Debug, Default)]
struct Options {
    idle_min_ms: i64,
    ids: SmallVec<[StreamId; 8]>,
    /// Unix time in milliseconds, from IDLE or TIME.
    delivered_ms: Option<i64>,
    deliveries: Option<u64>,
    force: bool,
    just_id: bool,
    last_id: StreamId,
}

/// `XCLAIM key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] [RETRYCOUNT count]
/// [FORCE] [JUSTID] [LASTID id]`
pub fn xclaim(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    expect_group(ctx, key, name)?;
    let now_ms = ctx.now_ms();
    let options = Options::parse(args, now_ms)?;
    let terms = Terms { now_ms, idle_min_ms: options.idle_min_ms, claim: options.claim() };
    let changes = GroupChanges::new(&ctx.keys.effects);
    let Some(mut stream) = ctx.keys.edit::<Stream>(key)? else { return Ok(()) };
    let Some((log, group)) = stream.log_and_group_mut(name) else { return Ok(()) };

    let is_ahead = group.advance_to(options.last_id);
    let mut work = Work::begin(group, consumer, terms, changes);
    for id in options.ids.iter().copied() {
        let pending = group.pending(id).copied();
        if pending.is_some() || options.force {
            work.attempt(log, group, id, pending);
        }
    }
    // Otherwise what was handed over tells it.
    if is_ahead && work.units == 0 {
        work.changes.position(group);
        work.units += 1;
    }
    ctx.reply.array(work.claimed.len());
    reply_claimed(ctx.reply, log, &work.claimed, options.just_id);
    work.finish(ctx, key, name);
    Ok(())
}

/// `XAUTOCLAIM key group consumer min-idle-time start [COUNT count] [JUSTID]`
pub fn xautoclaim(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let idle_min_ms = claim_int(args.next()?, "min-idle-time", "XAUTOCLAIM")?.max(0);
    let mut next = Some(interval_start(args.next()?)?);
    let (count, just_id) = parse_auto_options(args)?;
    expect_group(ctx, key, name)?;
    let now_ms = ctx.now_ms();
    let deliveries = if just_id { Deliveries::Keep } else { Deliveries::Increment };
    let terms = Terms { now_ms, idle_min_ms, claim: Claim { delivered_ms: now_ms, deliveries } };
    let changes = GroupChanges::new(&ctx.keys.effects);
    let Some(mut stream) = ctx.keys.edit::<Stream>(key)? else { return Ok(()) };
    let Some((log, group)) = stream.log_and_group_mut(name) else { return Ok(()) };

    let mut work = Work::begin(group, consumer, terms, changes);
    for _ in 0..count.saturating_mul(ATTEMPTS_PER_ENTRY) {
        if work.claimed.len() + work.deleted.len() >= count {
            break;
        }
        let Some((id, pending)) = next.and_then(|next| first_pending(group, next)) else { break };
        work.attempt(log, group, id, Some(pending));
        next = id.next();
    }
    let cursor = next.and_then(|next| first_pending(group, next)).map_or(StreamId::MIN, |(id, _)| id);

    ctx.reply.array(3);
    reply_id(ctx.reply, cursor);
    ctx.reply.array(work.claimed.len());
    reply_claimed(ctx.reply, log, &work.claimed, just_id);
    ctx.reply.array(work.deleted.len());
    work.deleted.iter().for_each(|id| reply_id(ctx.reply, *id));
    work.finish(ctx, key, name);
    Ok(())
}

/// Which entries change hands, and how.
#[derive(Debug, Clone, Copy)]
struct Terms {
    now_ms: i64,
    /// An entry that was delivered later than so long ago stays.
    idle_min_ms: i64,
    claim: Claim,
}

/// A claim in progress.
#[derive(Debug)]
struct Work {
    terms: Terms,
    consumer: ConsumerId,
    is_new_consumer: bool,
    claimed: Vec<StreamId>,
    deleted: Vec<StreamId>,
    /// Units of the dirty counter, but for the consumer.
    units: u64,
    changes: GroupChanges,
}

impl Work {
    /// The consumer appears, or is seen again.
    fn begin(group: &mut Group, consumer: &[u8], terms: Terms, changes: GroupChanges) -> Self {
        let (consumer, is_new_consumer) = consumer_of(group, consumer, terms.now_ms);
        let (claimed, deleted) = (Vec::new(), Vec::new());
        Self { terms, consumer, is_new_consumer, claimed, deleted, units: 0, changes }
    }

    /// Hands an entry over, if it is there and has been idle long enough.
    fn attempt(&mut self, log: &Log, group: &mut Group, id: StreamId, pending: Option<Pending>) {
        let Terms { now_ms, idle_min_ms, claim } = self.terms;
        if !log.contains(id) {
            if let Some(pending) = pending {
                self.changes.claim(group, id, pending);
                self.units += 1;
                group.acknowledge(id);
                self.deleted.push(id);
            }
            return;
        }
        let idle_ms = |pending: Pending| now_ms.wrapping_sub(pending.delivered_ms);
        if idle_min_ms > 0 && pending.is_some_and(|pending| idle_ms(pending) < idle_min_ms) {
            return;
        }
        let pending = group.claim(id, self.consumer, claim, now_ms);
        self.changes.claim(group, id, pending);
        self.units += 1;
        self.claimed.push(id);
    }

    /// Records what was done.
    fn finish(self, ctx: &mut Ctx<'_>, key: &[u8], group: &[u8]) {
        if self.is_new_consumer {
            changed_quietly(ctx.keys, key, 1, Some("xgroup-createconsumer"));
        }
        changed_quietly(ctx.keys, key, self.units, None);
        self.changes.propagate(&mut ctx.keys.effects, ctx.client.db, key, group);
    }
}

/// The IDs, or the entries, that were handed over.
fn reply_claimed(reply: &mut Reply, log: &Log, claimed: &[StreamId], just_id: bool) {
    for id in claimed {
        if just_id {
            reply_id(reply, *id);
        } else if let Some(entry) = log.range(*id, *id, Direction::Forward).next() {
            reply_entry(reply, &entry);
        }
    }
}

fn first_pending(group: &Group, start: StreamId) -> Option<(StreamId, Pending)> {
    group.pending_from(start).next().map(|(id, pending)| (id, *pending))
}

/// Looks the group up as Redis does: the key counts as read.
fn expect_group(ctx: &mut Ctx<'_>, key: &[u8], name: &[u8]) -> CommandResult {
    match ctx.keys.read::<Stream>(key)?.and_then(|stream| stream.group(name)) {
        Some(_) => Ok(()),
        None => Err(CommandError::NoKeyOrGroup { key: repeated(key), group: repeated(name) }),
    }
}

impl Options {
    fn parse(args: &Args<'_>, now_ms: i64) -> Result<Self, CommandError> {
        let idle_min_ms = claim_int(args.next()?, "min-idle-time", "XCLAIM")?.max(0);
        let mut options = Self { idle_min_ms, ..Self::default() };
        // What does not read as an ID begins the options.
        while let Ok(id) = parse_id(args.at(args.position())) {
            args.next()?;
            options.ids.push(id);
        }
        while args.left() > 0 {
            options.read_option(args, now_ms)?;
        }
        // A time that makes no sense is now; clients may compute it by another clock.
        options.delivered_ms =
            options.delivered_ms.filter(|at_ms| (0..=now_ms).contains(at_ms)).or(Some(now_ms));
        Ok(options)
    }

    fn read_option(&mut self, args: &Args<'_>, now_ms: i64) -> CommandResult {
        let has_value = args.left() >= 2;
        if args.keyword("force") {
            self.force = true;
        } else if args.keyword("justid") {
            self.just_id = true;
        } else if has_value && args.keyword("idle") {
            let idle_ms = claim_int(args.next()?, "IDLE option", "XCLAIM")?;
            self.delivered_ms = Some(now_ms.wrapping_sub(idle_ms));
        } else if has_value && args.keyword("time") {
            self.delivered_ms = Some(claim_int(args.next()?, "TIME option", "XCLAIM")?);
        } else if has_value && args.keyword("retrycount") {
            // Below 0 it is as if it had not been said.
            self.deliveries = u64::try_from(claim_int(args.next()?, "RETRYCOUNT option", "XCLAIM")?).ok();
        } else if has_value && args.keyword("lastid") {
            self.last_id = parse_id(args.next()?)?;
        } else {
            return Err(CommandError::UnrecognizedClaimOption(repeated(args.next()?)));
        }
        Ok(())
    }

    fn claim(&self) -> Claim {
        let deliveries = match self.deliveries {
            Some(count) => Deliveries::Set(count),
            None if self.just_id => Deliveries::Keep,
            None => Deliveries::Increment,
        };
        Claim { delivered_ms: self.delivered_ms.unwrap_or(0), deliveries }
    }
}

/// COUNT and JUSTID of XAUTOCLAIM.
fn parse_auto_options(args: &Args<'_>) -> Result<(usize, bool), CommandError> {
    let (mut count, mut just_id) = (XAUTOCLAIM_COUNT_DEFAULT, false);
    while args.left() > 0 {
        if args.left() >= 2 && args.keyword("count") {
            let number = parse_i64(args.next()?).filter(|count| (1..=XAUTOCLAIM_COUNT_MAX).contains(count));
            count = number.ok_or(CommandError::CountNotAboveZero)?;
        } else if args.keyword("justid") {
            just_id = true;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok((count as usize, just_id))
}

fn claim_int(text: &[u8], argument: &'static str, command: &'static str) -> Result<i64, CommandError> {
    parse_i64(text).ok_or(CommandError::InvalidClaimArgument { argument, command })
}
