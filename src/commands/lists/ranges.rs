//! LLEN, LRANGE, LTRIM.

use super::shared::enclosed;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::keyspace::EventClass;
use crate::types::{End, List};

/// `LLEN key`
pub fn llen(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let len = ctx.keys.read::<List>(args.at(1))?.map_or(0, List::len);
    ctx.reply.count(len);
    Ok(())
}

/// `LRANGE key start stop`
pub fn lrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let (start, stop) = (args.next_int()?, args.next_int()?);
    let Some(list) = ctx.keys.read::<List>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let (from, count) = enclosed(list.len(), start, stop);
    ctx.reply.array(count);
    list.visit_some(from, End::Back, count, |value| ctx.reply.bulk_str(value));
    Ok(())
}

/// `LTRIM key start stop`
pub fn ltrim(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let (start, stop) = (args.next_int()?, args.next_int()?);
    let limits = ctx.engine.list_limits();
    if let Some(mut list) = ctx.keys.edit::<List>(key)? {
        let len = list.len();
        let (from, count) = enclosed(len, start, stop);
        list.remove_range(from + count, len, &limits);
        list.remove_range(0, from, &limits);
        list.changed_by((len - count) as u64, &[(EventClass::LIST, "ltrim")]);
    }
    ctx.reply.ok();
    Ok(())
}
