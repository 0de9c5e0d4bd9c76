//! SINTER SINTERCARD SUNION SDIFF and the forms that store the result.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::free::{free, free_object};
use crate::keyspace::{EventClass, Object};
use crate::types::Set;
use crate::types::set::algebra::{difference, intersect, intersection, subtract, union};

/// The sets of a command; `None` where there is no key.
type Operands<'a> = SmallVec<[Option<&'a Set>; 8]>;

pub fn sinter(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    let Some(sets) = all_present(&operands) else {
        ctx.reply.set(0);
        return Ok(());
    };
    ctx.reply.set_of_unknown(|reply| {
        let mut len = 0;
        intersect(&sets, |member| {
            reply.bulk_str(member);
            len += 1;
            ControlFlow::Continue(())
        });
        len
    });
    Ok(())
}

/// `SINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn sintercard(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let numkeys =
        args.next_int().ok().and_then(|count| usize::try_from(count).ok()).filter(|count| *count > 0);
    let numkeys = numkeys.ok_or(CommandError::NumkeysNotPositive)?;
    if numkeys > args.left() {
        return Err(CommandError::NumkeysTooBig);
    }
    let mut keys = keys(args);
    for _ in 0..numkeys {
        args.next()?;
    }
    keys.truncate(numkeys);
    let mut limit = 0;
    while args.left() > 0 {
        if args.left() < 2 || !args.keyword("limit") {
            return Err(CommandError::Syntax);
        }
        let number = args.next_int().ok().and_then(|limit| usize::try_from(limit).ok());
        limit = number.ok_or(CommandError::NegativeLimit)?;
    }

    let operands = ctx.keys.read_all::<Set>(&keys)?;
    let mut len = 0;
    if let Some(sets) = all_present(&operands) {
        intersect(&sets, |_| {
            len += 1;
            if len == limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    ctx.reply.count(len);
    Ok(())
}

pub fn sunion(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limits = ctx.engine.set_limits();
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    let result = union(operands.iter().copied().flatten(), &limits);
    ctx.reply.set(result.len());
    result.iter().for_each(|member| ctx.reply.bulk_str(member));
    let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
    free_object(&ctx.engine.worker, Object::Set(result), lazy);
    Ok(())
}

pub fn sdiff(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limits = ctx.engine.set_limits();
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    ctx.reply.set_of_unknown(|reply| {
        let mut len = 0;
        if let Some((first, others)) = minuend_and_subtrahends(&operands) {
            subtract(first, &others, &limits, |member| {
                reply.bulk_str(member);
                len += 1;
            });
        }
        len
    });
    Ok(())
}

pub fn sinterstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (limits, target) = (ctx.engine.set_limits(), args.next()?);
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    let result = all_present(&operands).map(|sets| intersection(&sets, &limits));
    drop(operands);
    store(ctx, target, result.unwrap_or_default(), "sinterstore");
    Ok(())
}

pub fn sunionstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (limits, target) = (ctx.engine.set_limits(), args.next()?);
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    let result = union(operands.iter().copied().flatten(), &limits);
    drop(operands);
    store(ctx, target, result, "sunionstore");
    Ok(())
}

pub fn sdiffstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (limits, target) = (ctx.engine.set_limits(), args.next()?);
    let operands = ctx.keys.read_all::<Set>(&keys(args))?;
    let result =
        minuend_and_subtrahends(&operands).map(|(first, others)| difference(first, &others, &limits));
    drop(operands);
    store(ctx, target, result.unwrap_or_default(), "sdiffstore");
    Ok(())
}

/// The arguments that are left.
fn keys<'a>(args: &'a Args<'_>) -> SmallVec<[&'a [u8]; 8]> {
    args.rest().collect()
}

/// The sets, unless one is missing: then they have nothing in common.
fn all_present<'a>(operands: &Operands<'a>) -> Option<SmallVec<[&'a Set; 8]>> {
    operands.iter().copied().collect()
}

/// The first set, if it is there, and those of the others that are.
fn minuend_and_subtrahends<'a>(operands: &Operands<'a>) -> Option<(&'a Set, SmallVec<[&'a Set; 8]>)> {
    let (first, others) = operands.split_first()?;
    Some(((*first)?, others.iter().copied().flatten().collect()))
}

/// Puts a result under a key, or deletes the key if the result is empty; replies with the number of members.
fn store(ctx: &mut Ctx<'_>, target: &[u8], result: Set, event: &'static str) {
    let (db, len) = (ctx.client.db, result.len());
    let (replaced, class, event) = if len == 0 {
        (ctx.keys.remove(target), EventClass::GENERIC, "del")
    } else {
        (ctx.keys.set_object(target, result), EventClass::SET, event)
    };
    if len > 0 || replaced.is_some() {
        ctx.keys.effects.changed(db, target);
        ctx.keys.effects.event(class, event, db, target);
    }
    if let Some(entry) = replaced {
        free(&ctx.engine.worker, entry, ctx.engine.config.memory.lazyfree_lazy_server_del);
    }
    ctx.reply.count(len);
}
