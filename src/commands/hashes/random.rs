//! HRANDFIELD.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::repeats::Repeats;
use crate::keyspace::StrRef;
use crate::resp::Reply;
use crate::types::Hash;

/// `HRANDFIELD key [count [WITHVALUES]]`: a negative count asks for so many fields that may repeat.
pub fn hrandfield(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() > 0 {
        return random_fields(ctx, args, key);
    }
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(key)?;
    match hash.and_then(|hash| hash.random(now_ms, &mut ctx.engine.random)) {
        Some((field, _)) => ctx.reply.bulk_str(field),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn random_fields(ctx: &mut Ctx<'_>, args: &Args<'_>, key: &[u8]) -> CommandResult {
    let count = args.next_int()?;
    if count == i64::MIN {
        return Err(CommandError::ValueMustBeBetween { min: -i64::MAX, max: i64::MAX });
    }
    let with_values = args.left() > 0;
    if with_values && !(args.keyword("withvalues") && args.left() == 0) {
        return Err(CommandError::Syntax);
    }
    if with_values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(CommandError::ValueOutOfRange);
    }
    if count < 0 {
        return with_repetitions(ctx, key, count.unsigned_abs(), with_values);
    }
    let now_ms = ctx.keys.fields_now_ms();
    let Some(hash) = ctx.keys.read::<Hash>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let picks = hash.live_len(now_ms).min(count as usize);
    let reply = &mut *ctx.reply;
    head(reply, picks, with_values);
    hash.sample(now_ms, picks, &mut ctx.engine.random, |field, value| {
        pick(reply, field, value, with_values);
    });
    Ok(())
}

fn with_repetitions(ctx: &mut Ctx<'_>, key: &[u8], count: u64, with_values: bool) -> CommandResult {
    let repeats = Repeats::of(ctx, count);
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(key)?.filter(|hash| hash.live_len(now_ms) > 0);
    let Some(hash) = hash else {
        ctx.reply.array(0);
        return Ok(());
    };
    let mut repeats = repeats?;
    let reply = &mut *ctx.reply;
    head(reply, usize::try_from(count).unwrap_or(usize::MAX), with_values);
    hash.draw(now_ms, count, &mut ctx.engine.random, |field, value| {
        pick(reply, field, value, with_values);
        repeats.go_on(reply)
    });
    Ok(())
}

/// In RESP3 each field comes in an array with its value.
fn head(reply: &mut Reply, picks: usize, with_values: bool) {
    let flat = with_values && !reply.is_resp3();
    reply.array(if flat { 2 * picks } else { picks });
}

fn pick(reply: &mut Reply, field: StrRef<'_>, value: StrRef<'_>, with_values: bool) {
    if with_values && reply.is_resp3() {
        reply.array(2);
    }
    reply.bulk_str(field);
    if with_values {
        reply.bulk_str(value);
    }
}
