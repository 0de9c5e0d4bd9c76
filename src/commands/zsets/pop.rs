//! Taking elements from either end: ZPOPMIN ZPOPMAX ZMPOP, and BZPOPMIN BZPOPMAX BZMPOP, which wait for some.

use super::reply::{self, Scores};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::Deadline;
use crate::keyspace::{EventClass, Kind};
use crate::resp::Reply;
use crate::types::{Elements, Zset};

/// The end of a sorted set from which elements are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Min,
    Max,
}

/// How popped elements are replied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// A flat array: member, score.
    Flat,
    /// As a range with scores is: in pairs for RESP3.
    Range,
    /// Key, member, score.
    KeyAndElement,
    /// Key, and an array of pairs in either protocol.
    KeyAndPairs,
}

/// What ZMPOP and BZMPOP are asked for.
#[derive(Debug, Clone, Copy)]
struct Request {
    /// Indices of the keys among the arguments.
    first_key: usize,
    keys: usize,
    end: End,
    count: usize,
}

pub fn zpopmin(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_from_one(ctx, args, End::Min)
}

pub fn zpopmax(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_from_one(ctx, args, End::Max)
}

/// `ZMPOP numkeys key [key ...] MIN | MAX [COUNT count]`
pub fn zmpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let request = Request::parse(args)?;
    if !pop_from_first(ctx, args, request, Shape::KeyAndPairs)? {
        ctx.reply.null_array();
    }
    Ok(())
}

pub fn bzpopmin(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_one_or_wait(ctx, args, End::Min)
}

pub fn bzpopmax(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_one_or_wait(ctx, args, End::Max)
}

/// `BZMPOP timeout numkeys key [key ...] MIN | MAX [COUNT count]`
pub fn bzmpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let timeout = args.next()?;
    let request = Request::parse(args)?;
    let deadline = ctx.deadline_of_seconds(timeout)?;
    pop_or_wait(ctx, args, request, Shape::KeyAndPairs, deadline)
}

impl Request {
    /// Reads what starts with the number of keys.
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let keys = args.next_int().ok().and_then(|keys| usize::try_from(keys).ok());
        let keys = keys.filter(|keys| *keys > 0).ok_or(CommandError::NumkeysNotPositive)?;
        let first_key = args.position();
        if keys >= args.left() {
            return Err(CommandError::Syntax);
        }
        for _ in 0..keys {
            args.next()?;
        }
        let end = if args.keyword("min") {
            End::Min
        } else if args.keyword("max") {
            End::Max
        } else {
            return Err(CommandError::Syntax);
        };
        let mut count = None;
        while args.left() > 0 {
            if count.is_some() || args.left() < 2 || !args.keyword("count") {
                return Err(CommandError::Syntax);
            }
            let stated = args.next_int().ok().and_then(|count| usize::try_from(count).ok());
            count = Some(stated.filter(|count| *count > 0).ok_or(CommandError::CountNotPositive)?);
        }
        Ok(Self { first_key, keys, end, count: count.unwrap_or(1) })
    }
}

/// `ZPOPMIN key [count]`
fn pop_from_one(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    let key = args.next()?;
    let (mut count, mut shape) = (1, Shape::Flat);
    if args.left() > 1 {
        return Err(CommandError::Syntax);
    }
    if args.left() == 1 {
        let stated = args.next_int().ok().and_then(|count| usize::try_from(count).ok());
        count = stated.ok_or(CommandError::MustBePositive)?;
        shape = Shape::Range;
    }
    if pop(ctx, key, end, count, shape)?.is_none() {
        ctx.reply.array(0);
    }
    Ok(())
}

/// `BZPOPMIN key [key ...] timeout`
fn pop_one_or_wait(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    let deadline = ctx.deadline_of_seconds(args.at(args.len() - 1))?;
    let request = Request { first_key: 1, keys: args.len() - 2, end, count: 1 };
    pop_or_wait(ctx, args, request, Shape::KeyAndElement, deadline)
}

fn pop_or_wait(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    request: Request,
    shape: Shape,
    deadline: Deadline,
) -> CommandResult {
    if pop_from_first(ctx, args, request, shape)? {
        return Ok(());
    }
    if ctx.may_block() {
        let keys = (request.first_key..request.first_key + request.keys).map(|index| args.at(index));
        ctx.block_on(keys, Kind::Zset, deadline);
    } else {
        ctx.reply.null_array();
    }
    Ok(())
}

/// Pops from the first key that exists; whether there was one. Goes downstream as a plain pop.
fn pop_from_first(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    request: Request,
    shape: Shape,
) -> Result<bool, CommandError> {
    for index in request.first_key..request.first_key + request.keys {
        let key = args.at(index);
        let Some(popped) = pop(ctx, key, request.end, request.count, shape)? else { continue };
        let name: &[u8] = if request.end == End::Min { b"ZPOPMIN" } else { b"ZPOPMAX" };
        let mut digits = itoa::Buffer::new();
        let effects = &mut ctx.keys.effects;
        match shape {
            Shape::KeyAndPairs => {
                effects.propagate_as(ctx.client.db, &[name, key, digits.format(popped).as_bytes()]);
            }
            _ => effects.propagate_as(ctx.client.db, &[name, key]),
        }
        return Ok(true);
    }
    Ok(false)
}

/// Pops up to `count` elements and replies with them; how many there were, or `None` if there is no such key.
fn pop(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    end: End,
    count: usize,
    shape: Shape,
) -> Result<Option<usize>, CommandError> {
    let Some(mut zset) = ctx.keys.edit::<Zset>(key)? else { return Ok(None) };
    let len = zset.len();
    let count = count.min(len);
    let (ranks, elements) = match end {
        End::Min => (0..count, zset.ascending(0..count)),
        End::Max => (len - count..len, zset.descending(len - count..len)),
    };
    write(ctx.reply, shape, key, count, elements);
    if count > 0 {
        zset.remove_ranks(ranks);
        let event = if end == End::Min { "zpopmin" } else { "zpopmax" };
        zset.changed_by(count as u64, &[(EventClass::ZSET, event)]);
    }
    Ok(Some(count))
}

fn write(reply: &mut Reply, shape: Shape, key: &[u8], count: usize, elements: Elements<'_>) {
    match shape {
        Shape::Range => return reply::elements(reply, count, elements, Scores::With),
        Shape::Flat => reply.array(2 * count),
        Shape::KeyAndElement => {
            reply.array(1 + 2 * count);
            reply.bulk(key);
        }
        Shape::KeyAndPairs => {
            reply.array(2);
            reply.bulk(key);
            reply.array(count);
        }
    }
    for (member, score) in elements {
        if shape == Shape::KeyAndPairs {
            reply.array(2);
        }
        reply.bulk_str(member);
        reply.double(score);
    }
}
