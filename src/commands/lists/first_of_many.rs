//! LMPOP, BLMPOP, BLPOP, BRPOP: pops from the first of several lists that has elements.

use std::ops::Range;

use super::shared::{next_at_least, parse_end, pop_command, pop_event, pop_some};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::Deadline;
use crate::keyspace::{EventClass, Kind};
use crate::types::{End, List};

/// `LMPOP numkeys key ... LEFT | RIGHT [COUNT count]`
pub fn lmpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let wanted = ManyPop::parse(args)?;
    if !wanted.perform(ctx, args)? {
        ctx.reply.null_array();
    }
    Ok(())
}

/// `BLMPOP timeout numkeys key ... LEFT | RIGHT [COUNT count]`
pub fn blmpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let timeout = args.next()?;
    let wanted = ManyPop::parse(args)?;
    let deadline_us = ctx.deadline_of_seconds(timeout)?;
    if !wanted.perform(ctx, args)? {
        wait(ctx, args, wanted.keys, deadline_us);
    }
    Ok(())
}

/// `BLPOP key ... timeout`
pub fn blpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_or_wait(ctx, args, End::Front)
}

/// `BRPOP key ... timeout`
pub fn brpop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    pop_or_wait(ctx, args, End::Back)
}

/// A pop of up to `count` elements from the first list among the keys.
#[derive(Debug)]
struct ManyPop {
    /// The arguments that are keys.
    keys: Range<usize>,
    end: End,
    count: usize,
}

impl ManyPop {
    /// Reads everything from the number of keys on.
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let numkeys = next_at_least(args, 1, CommandError::NumkeysNotPositive)?;
        if numkeys >= args.left() {
            return Err(CommandError::Syntax);
        }
        let keys = args.position()..args.position() + numkeys;
        for _ in keys.clone() {
            args.next()?;
        }
        let end = parse_end(args.next()?)?;
        let mut count = None;
        while args.left() > 0 {
            if count.is_some() || !args.keyword("count") || args.left() == 0 {
                return Err(CommandError::Syntax);
            }
            count = Some(next_at_least(args, 1, CommandError::CountNotPositive)?);
        }
        Ok(Self { keys, end, count: count.unwrap_or(1) })
    }

    /// Pops and replies. False, without a reply, if no key holds a list.
    fn perform(&self, ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<bool, CommandError> {
        let limits = ctx.engine.list_limits();
        for key in self.keys.clone().map(|index| args.at(index)) {
            let Some(list) = ctx.keys.edit::<List>(key)? else { continue };
            ctx.reply.array(2);
            ctx.reply.bulk(key);
            let popped = pop_some(ctx.reply, list, self.end, self.count, &limits);
            let mut digits = itoa::Buffer::new();
            let propagated = [pop_command(self.end), key, digits.format(popped).as_bytes()];
            ctx.keys.effects.propagate_as(ctx.client.db, &propagated);
            return Ok(true);
        }
        Ok(false)
    }
}

fn pop_or_wait(ctx: &mut Ctx<'_>, args: &Args<'_>, end: End) -> CommandResult {
    let keys = 1..args.len() - 1;
    let deadline_us = ctx.deadline_of_seconds(args.at(keys.end))?;
    let limits = ctx.engine.list_limits();
    for key in keys.clone().map(|index| args.at(index)) {
        let Some(mut list) = ctx.keys.edit::<List>(key)? else { continue };
        ctx.reply.array(2);
        ctx.reply.bulk(key);
        list.pop(end, &limits, |value| ctx.reply.bulk_str(value));
        list.changed(EventClass::LIST, pop_event(end));
        ctx.keys.effects.propagate_as(ctx.client.db, &[pop_command(end), key]);
        return Ok(());
    }
    wait(ctx, args, keys, deadline_us);
    Ok(())
}

/// Lets the client wait for a list under one of the keys.
fn wait(ctx: &mut Ctx<'_>, args: &Args<'_>, keys: Range<usize>, deadline_us: Deadline) {
    if ctx.may_block() {
        ctx.block_on(keys.map(|index| args.at(index)), Kind::List, deadline_us);
    } else {
        ctx.reply.null_array();
    }
}
