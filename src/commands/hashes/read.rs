//! Commands that read fields, values, or a hash as a whole.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::keys::scan::{ScanOptions, parse_cursor, reply_with_page};
use crate::keyspace::StrRef;
use crate::resp::Reply;
use crate::types::Hash;

pub fn hget(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(args.at(1))?;
    reply_value(ctx.reply, hash.and_then(|hash| hash.get(args.at(2), now_ms)));
    Ok(())
}

pub fn hmget(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(args.next()?)?;
    ctx.reply.array(args.left());
    for field in args.rest() {
        reply_value(ctx.reply, hash.and_then(|hash| hash.get(field, now_ms)));
    }
    Ok(())
}

pub fn hgetall(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let Some(hash) = ctx.keys.read::<Hash>(args.at(1))? else {
        ctx.reply.map(0);
        return Ok(());
    };
    ctx.reply.map(hash.live_len(now_ms));
    for (field, value) in hash.iter(now_ms) {
        ctx.reply.bulk_str(field);
        ctx.reply.bulk_str(value);
    }
    Ok(())
}

pub fn hkeys(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_all(ctx, args, |(field, _)| field)
}

pub fn hvals(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_all(ctx, args, |(_, value)| value)
}

pub fn hlen(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(args.at(1))?;
    ctx.reply.count(hash.map_or(0, |hash| hash.live_len(now_ms)));
    Ok(())
}

pub fn hstrlen(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(args.at(1))?;
    let value = hash.and_then(|hash| hash.get(args.at(2), now_ms));
    ctx.reply.count(value.map_or(0, StrRef::len));
    Ok(())
}

pub fn hexists(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let hash = ctx.keys.read::<Hash>(args.at(1))?;
    ctx.reply.int(hash.is_some_and(|hash| hash.get(args.at(2), now_ms).is_some()).into());
    Ok(())
}

/// `HSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn hscan(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let mut cursor = parse_cursor(args.next()?)?;
    let now_ms = ctx.keys.fields_now_ms();
    let mut page = Reply::new(ctx.reply.protocol);
    let Some(hash) = ctx.keys.read::<Hash>(key)? else {
        // As Redis does: without a key even bad options are not an error.
        reply_with_page(ctx.reply, 0, 0, page);
        return Ok(());
    };
    let options = ScanOptions::parse(args, |_| Ok(false))?;

    let (mut seen, mut len) = (0, 0);
    for _ in 0..options.count.saturating_mul(SCAN_BUCKETS_PER_FIELD) {
        cursor = hash.scan(cursor, now_ms, |field, value| {
            seen += 1;
            if field.with_text(|text| options.pattern.matches(text)) {
                page.bulk_str(field);
                page.bulk_str(value);
                len += 2;
            }
        });
        if cursor == 0 || seen >= options.count {
            break;
        }
    }
    reply_with_page(ctx.reply, cursor, len, page);
    Ok(())
}

/// A step of HSCAN visits at most this many buckets per field asked for, so that a sparse table does not hold the
/// loop.
const SCAN_BUCKETS_PER_FIELD: usize = 10;

fn reply_all(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    choose: impl for<'a> Fn((StrRef<'a>, StrRef<'a>)) -> StrRef<'a>,
) -> CommandResult {
    let now_ms = ctx.keys.fields_now_ms();
    let Some(hash) = ctx.keys.read::<Hash>(args.at(1))? else {
        ctx.reply.array(0);
        return Ok(());
    };
    ctx.reply.array(hash.live_len(now_ms));
    for pair in hash.iter(now_ms) {
        ctx.reply.bulk_str(choose(pair));
    }
    Ok(())
}

pub(super) fn reply_value(reply: &mut Reply, value: Option<StrRef<'_>>) {
    match value {
        Some(value) => reply.bulk_str(value),
        None => reply.null(),
    }
}
