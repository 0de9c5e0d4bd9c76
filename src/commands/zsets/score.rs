//! Scores, ranks and counts.

use super::interval::Interval;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::types::Zset;

pub fn zcard(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let len = ctx.keys.read::<Zset>(args.at(1))?.map_or(0, Zset::len);
    ctx.reply.count(len);
    Ok(())
}

pub fn zscore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    match ctx.keys.read::<Zset>(args.at(1))?.and_then(|zset| zset.score(args.at(2))) {
        Some(score) => ctx.reply.double(score),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// A missing key counts as an empty sorted set.
pub fn zmscore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let zset = ctx.keys.read::<Zset>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        match zset.and_then(|zset| zset.score(member)) {
            Some(score) => ctx.reply.double(score),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

pub fn zrank(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    rank(ctx, args, |rank, _| rank)
}

pub fn zrevrank(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    rank(ctx, args, |rank, len| len - 1 - rank)
}

/// `ZRANK key member [WITHSCORE]`; `place` makes the reply of a rank and the number of elements.
fn rank(ctx: &mut Ctx<'_>, args: &Args<'_>, place: fn(usize, usize) -> usize) -> CommandResult {
    let (key, member) = (args.next()?, args.next()?);
    if args.left() > 1 {
        return Err(CommandError::Arity(ctx.command_name().to_owned()));
    }
    let with_score = args.keyword("withscore");
    args.finish()?;

    let zset = ctx.keys.read::<Zset>(key)?;
    match zset.and_then(|zset| Some((zset.rank(member)?, zset.len()))) {
        Some(((rank, score), len)) => {
            if with_score {
                ctx.reply.array(2);
            }
            ctx.reply.count(place(rank, len));
            if with_score {
                ctx.reply.double(score);
            }
        }
        None if with_score => ctx.reply.null_array(),
        None => ctx.reply.null(),
    }
    Ok(())
}

pub fn zcount(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    count(ctx, args.at(1), &Interval::of_scores(args.at(2), args.at(3))?)
}

pub fn zlexcount(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    count(ctx, args.at(1), &Interval::of_texts(args.at(2), args.at(3))?)
}

fn count(ctx: &mut Ctx<'_>, key: &[u8], interval: &Interval<'_>) -> CommandResult {
    let count = ctx.keys.read::<Zset>(key)?.map_or(0, |zset| interval.ranks_in(zset).len());
    ctx.reply.count(count);
    Ok(())
}
