//! ZREM and ZREMRANGEBYRANK, ZREMRANGEBYSCORE, ZREMRANGEBYLEX.

use super::interval::Interval;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::keyspace::EventClass;
use crate::types::Zset;

pub fn zrem(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let Some(mut zset) = ctx.keys.edit::<Zset>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let removed = args.rest().filter(|member| zset.remove(member)).count();
    if removed > 0 {
        zset.changed_by(removed as u64, &[(EventClass::ZSET, "zrem")]);
    }
    ctx.reply.count(removed);
    Ok(())
}

pub fn zremrangebyrank(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let interval = Interval::of_ranks(args.at(2), args.at(3))?;
    remove(ctx, args.at(1), &interval, "zremrangebyrank")
}

pub fn zremrangebyscore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let interval = Interval::of_scores(args.at(2), args.at(3))?;
    remove(ctx, args.at(1), &interval, "zremrangebyscore")
}

pub fn zremrangebylex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let interval = Interval::of_texts(args.at(2), args.at(3))?;
    remove(ctx, args.at(1), &interval, "zremrangebylex")
}

fn remove(ctx: &mut Ctx<'_>, key: &[u8], interval: &Interval<'_>, event: &'static str) -> CommandResult {
    let Some(mut zset) = ctx.keys.edit::<Zset>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let ranks = interval.ranks_in(&zset);
    let removed = ranks.len();
    if removed > 0 {
        zset.remove_ranks(ranks);
        zset.changed_by(removed as u64, &[(EventClass::ZSET, event)]);
    }
    ctx.reply.count(removed);
    Ok(())
}
