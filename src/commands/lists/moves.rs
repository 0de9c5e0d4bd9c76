//! LMOVE and RPOPLPUSH, and the forms that wait for something to move.

use super::shared::{parse_end, pop_event, push_event};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::Deadline;
use crate::keyspace::{EventClass, Kind};
use crate::types::{Element, End, List};

/// From where to where.
#[derive(Debug, Clone, Copy)]
struct Move<'a> {
    source: &'a [u8],
    destination: &'a [u8],
    from: End,
    to: End,
}

/// `LMOVE source destination LEFT | RIGHT LEFT | RIGHT`
pub fn lmove(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if !Move::parse(args)?.perform(ctx)? {
        ctx.reply.null();
    }
    Ok(())
}

/// `RPOPLPUSH source destination`
pub fn rpoplpush(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if !Move::right_to_left(args)?.perform(ctx)? {
        ctx.reply.null();
    }
    Ok(())
}

/// `BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout`
pub fn blmove(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let wanted = Move::parse(args)?;
    let deadline_us = ctx.deadline_of_seconds(args.next()?)?;
    if wanted.perform_or_block(ctx, deadline_us)? {
        let propagated = [&b"LMOVE"[..], args.at(1), args.at(2), args.at(3), args.at(4)];
        ctx.keys.effects.propagate_as(ctx.client.db, &propagated);
    }
    Ok(())
}

/// `BRPOPLPUSH source destination timeout`
pub fn brpoplpush(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let wanted = Move::right_to_left(args)?;
    let deadline_us = ctx.deadline_of_seconds(args.next()?)?;
    if wanted.perform_or_block(ctx, deadline_us)? {
        ctx.keys.effects.propagate_as(ctx.client.db, &[b"RPOPLPUSH", wanted.source, wanted.destination]);
    }
    Ok(())
}

impl<'a> Move<'a> {
    fn parse(args: &'a Args<'_>) -> Result<Self, CommandError> {
        let (source, destination) = (args.next()?, args.next()?);
        let (from, to) = (parse_end(args.next()?)?, parse_end(args.next()?)?);
        Ok(Self { source, destination, from, to })
    }

    fn right_to_left(args: &'a Args<'_>) -> Result<Self, CommandError> {
        Ok(Self { source: args.next()?, destination: args.next()?, from: End::Back, to: End::Front })
    }

    /// Moves an element and replies with it. False, without a reply, if there is none.
    fn perform(self, ctx: &mut Ctx<'_>) -> Result<bool, CommandError> {
        if self.source == self.destination {
            return self.rotate(ctx);
        }
        let limits = ctx.engine.list_limits();
        let Some(source) = ctx.keys.edit::<List>(self.source)? else { return Ok(false) };
        let index = if self.from == End::Front { 0 } else { -1 };
        let Some(element) = source.get(index, |value| value.with_text(Element::from_slice)) else {
            return Ok(false);
        };

        // The source changes last, so that its events come last, as in Redis.
        let mut destination = ctx.keys.edit_or_create::<List>(self.destination)?;
        destination.push(self.to, std::iter::once(&element[..]), &limits);
        destination.changed_by(0, &[(EventClass::LIST, push_event(self.to))]);
        if let Some(mut source) = ctx.keys.edit::<List>(self.source)? {
            source.pop(self.from, &limits, |_| ());
            source.changed(EventClass::LIST, pop_event(self.from));
        }
        ctx.reply.bulk(&element);
        Ok(true)
    }

    /// Moves an element from one end of a list to the other, or to the same.
    fn rotate(self, ctx: &mut Ctx<'_>) -> Result<bool, CommandError> {
        let limits = ctx.engine.list_limits();
        let Some(mut list) = ctx.keys.edit::<List>(self.source)? else { return Ok(false) };
        let Some(element) = list.rotate(self.from, self.to, &limits) else { return Ok(false) };
        let events = [(EventClass::LIST, push_event(self.to)), (EventClass::LIST, pop_event(self.from))];
        list.changed_by(1, &events);
        ctx.reply.bulk(&element);
        Ok(true)
    }

    /// The same; if there is nothing to move, the client waits for it. Returns whether an element was moved.
    fn perform_or_block(self, ctx: &mut Ctx<'_>, deadline_us: Deadline) -> Result<bool, CommandError> {
        let is_moved = self.perform(ctx)?;
        if !is_moved && ctx.may_block() {
            ctx.block_on(std::iter::once(self.source), Kind::List, deadline_us);
        } else if !is_moved {
            ctx.reply.null();
        }
        Ok(is_moved)
    }
}
