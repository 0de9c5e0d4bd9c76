//! ZRANDMEMBER.

use std::collections::HashSet;

use super::reply::{self, Scores};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::ds::StrRef;
use crate::resp::Reply;
use crate::types::Zset;
use crate::util::random::Random;

/// From so many times more elements than asked for, ranks are drawn until there are enough different ones.
const DRAWN_FROM: usize = 3;

/// `ZRANDMEMBER key [count [WITHSCORES]]`
pub fn zrandmember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        let zset = ctx.keys.read::<Zset>(key)?;
        match zset.and_then(|zset| zset.random(&mut ctx.engine.random)) {
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

    let Some(zset) = ctx.keys.read::<Zset>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let random = &mut ctx.engine.random;
    let wanted = count.unsigned_abs() as usize;
    if count < 0 {
        write_repeatable(ctx.reply, zset, wanted, scores, random);
    } else if wanted >= zset.len() {
        reply::elements(ctx.reply, zset.len(), zset.iter(), scores);
    } else {
        write_different(ctx.reply, zset, wanted, scores, random);
    }
    Ok(())
}
