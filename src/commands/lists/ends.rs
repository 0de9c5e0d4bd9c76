//! LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP.

use super::shared::{next_at_least, pop_event, pop_some, push_event};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{Edit, EventClass};
use crate::types::{End, List};

/// `LPUSH key element ...`
pub fn lpush(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    push(ctx, args, End::Front)
}

/// `RPUSH key element ...`
pub fn rpush(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    push(ctx, args, End::Back)
}

/// `LPUSHX key element ...`
pub fn lpushx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    push_existing(ctx, args, End::Front)
}

/// `RPUSHX key element ...`
pub fn rpushx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    push_existing(ctx, args, End::Back)
}

/// `LPOP key [count]`
pub fn lpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop(ctx, args, End::Front)
}

/// `RPOP key [count]`
pub fn rpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop(ctx, args, End::Back)
}

fn push(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    let limits = ctx.engine.list_limits();
    let mut list = ctx.keys.edit_or_create::<List>(args.at(1))?;
    let values = &mut *list;
    values.push(end, elements(args), &limits);
    ctx.reply.count(values.len());
    pushed(list, args, end);
    Ok(())
}

fn push_existing(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    let limits = ctx.engine.list_limits();
    let Some(mut list) = ctx.keys.edit::<List>(args.at(1))? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let values = &mut *list;
    values.push(end, elements(args), &limits);
    ctx.reply.count(values.len());
    pushed(list, args, end);
    Ok(())
}

fn elements<'a>(args: &'a Args<'_>) -> impl Iterator<Item = &'a [u8]> + Clone {
    (2..args.len()).map(|index| args.at(index))
}

fn pushed(list: Edit<'_, List>, args: &Args<'_>, end: End) {
    list.changed_by(args.len() as u64 - 2, &[(EventClass::LIST, push_event(end))]);
}

fn pop(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    if args.len() > 3 {
        return Err(CommandError::Arity(ctx.command_name().to_owned()));
    }
    let key = args.next()?;
    if args.left() > 0 {
        let count = next_at_least(args, 0, CommandError::MustBePositive)?;
        return pop_counted(ctx, key, count, end);
    }

    let limits = ctx.engine.list_limits();
    let Some(mut list) = ctx.keys.edit::<List>(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    list.pop(end, &limits, |value| ctx.reply.bulk_str(value));
    list.changed(EventClass::LIST, pop_event(end));
    Ok(())
}

fn pop_counted(ctx: &mut Ctx<'_>, key: &[u8], count: usize, end: End) -> CommandResult {
    let limits = ctx.engine.list_limits();
    match ctx.keys.edit::<List>(key)? {
        None => ctx.reply.null_array(),
        Some(_) if count == 0 => ctx.reply.array(0),
        Some(list) => {
            pop_some(ctx.reply, list, end, count, &limits);
        }
    }
    Ok(())
}
