//! ZRANDMEMBER.

use std::collections::HashSet;

use super::reply::{self, Scores};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::repeats::Repeats;
use crate::resp::Reply;
use crate::types::Zset;
use crate::util::random::Random;

/// Ranks are drawn only if there are so many times more elements than asked for.
const DRAWN_OF_MIN: usize = 3;

/// `ZRANDMEMBER key [count [WITHSCORES]]`; a negative count allows repetitions.
pub fn zrandmember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        match ctx.keys.read::<Zset>(key)?.and_then(|zset| zset.random(&mut ctx.engine.random)) {
            Some((member, _)) => ctx.reply.bulk_str(member),
            None => ctx.reply.null(),
        }
        return Ok(());
    }
    let count = args.next_int()?;
    if count == i64::MIN {
        return Err(CommandError::ValueMustBeBetween { min: -i64::MAX, max: i64::MAX });
    }
    let scores = Scores::with(args.keyword("withscores"));
    args.finish()?;
    if scores == Scores::With && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(CommandError::ValueOutOfRange);
    }

    let repeats = Repeats::of(ctx, count.unsigned_abs());
    let Some(zset) = ctx.keys.read::<Zset>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let random = &mut ctx.engine.random;
    match usize::try_from(count) {
        Ok(count) if count >= zset.len() => reply::elements(ctx.reply, zset.len(), zset.iter(), scores),
        Ok(count) => write_different(ctx.reply, zset, count, scores, random),
        Err(_) => write_repeatable(ctx.reply, zset, count.unsigned_abs(), scores, random, repeats?),
    }
    Ok(())
}

/// Fewer elements than there are, all different.
fn write_different(reply: &mut Reply, zset: &Zset, count: usize, scores: Scores, random: &mut Random) {
    reply::head(reply, count, scores);
    if zset.len() / DRAWN_OF_MIN < count {
        // Each element is taken with the probability that leaves the right number for those behind it.
        let mut wanted = count;
        for (left, (member, score)) in (1..=zset.len()).rev().zip(zset.iter()) {
            if (random.below(left as u64) as usize) < wanted {
                wanted -= 1;
                reply::element(reply, member, score, scores);
            }
        }
        return;
    }
    let mut drawn = HashSet::new();
    while drawn.len() < count {
        let rank = random.below(zset.len() as u64) as usize;
        if drawn.insert(rank) {
            zset.ascending(rank..rank + 1)
                .for_each(|(member, score)| reply::element(reply, member, score, scores));
        }
    }
}

/// As many elements as asked for, the same one perhaps several times.
fn write_repeatable(
    reply: &mut Reply,
    zset: &Zset,
    count: u64,
    scores: Scores,
    random: &mut Random,
    mut repeats: Repeats,
) {
    reply::head(reply, usize::try_from(count).unwrap_or(usize::MAX), scores);
    for _ in 0..count {
        if let Some((member, score)) = zset.random(random) {
            reply::element(reply, member, score, scores);
        }
        if !repeats.go_on(reply) {
            break;
        }
    }
}
