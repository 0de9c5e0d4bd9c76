//! XRANGE and XREVRANGE, and intervals of IDs as they and others take them.

use super::entries::{count_of, reply_range};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::types::Stream;
use crate::types::stream::{Direction, StreamId};

/// `XRANGE key start end [COUNT count]`
pub fn xrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    range(ctx, args, Direction::Forward)
}

/// `XREVRANGE key end start [COUNT count]`
pub fn xrevrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    range(ctx, args, Direction::Backward)
}

fn range(ctx: &mut Ctx<'_>, args: &Args<'_>, direction: Direction) -> CommandResult {
    let key = args.next()?;
    let (first, second) = (args.next()?, args.next()?);
    let (start, end) = match direction {
        Direction::Forward => (first, second),
        Direction::Backward => (second, first),
    };
    let (start, end) = (interval_start(start)?, interval_end(end)?);
    let mut count = None;
    while args.left() > 0 {
        if args.left() < 2 || !args.keyword("count") {
            return Err(CommandError::Syntax);
        }
        count = Some(count_of(args.next_int()?));
    }
    let Some(stream) = ctx.keys.read::<Stream>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    if count == Some(0) {
        ctx.reply.null_array();
    } else {
        reply_range(ctx.reply, stream.log(), start, end, direction, count.unwrap_or(0));
    }
    Ok(())
}

/// The least ID of an interval that begins so; `(` leaves out the ID itself.
pub fn interval_start(argument: &[u8]) -> Result<StreamId, CommandError> {
    match bound(argument, 0)? {
        (start, false) => Ok(start),
        (start, true) => start.next().ok_or(CommandError::IntervalStart),
    }
}

/// The greatest ID of an interval that ends so.
pub fn interval_end(argument: &[u8]) -> Result<StreamId, CommandError> {
    match bound(argument, u64::MAX)? {
        (end, false) => Ok(end),
        (end, true) => end.previous().ok_or(CommandError::IntervalEnd),
    }
}

/// An ID, and whether it is left out.
fn bound(argument: &[u8], missing_seq: u64) -> Result<(StreamId, bool), CommandError> {
    let bound = match argument {
        [b'(', id @ ..] if !id.is_empty() => StreamId::parse(id, missing_seq).map(|id| (id, true)),
        id => StreamId::parse_bound(id, missing_seq).map(|id| (id, false)),
    };
    bound.ok_or(CommandError::InvalidStreamId)
}
