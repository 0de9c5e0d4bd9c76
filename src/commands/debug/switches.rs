//! The words of DEBUG that change how the server behaves.

use super::words::switch;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::help::wrong_subcommand_arguments;
use crate::engine::DebugSwitches;
use crate::util::text::parse_memory;

/// Beyond this a node of a list could not be described.
const PACKED_THRESHOLD_BYTES_MAX: u64 = (1 << 32) - (1 << 20);

pub fn set_active_expire(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.engine.debug.active_expire = switch(args.next()?);
    ctx.reply.ok();
    Ok(())
}

pub fn pause_cron(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.engine.debug.pause_cron = switch(args.next()?);
    ctx.reply.ok();
    Ok(())
}

pub fn set_skip_checksum_validation(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.engine.debug.skip_checksum_validation = switch(args.next()?);
    ctx.reply.ok();
    Ok(())
}

pub fn quicklist_packed_threshold(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let bytes = parse_memory(args.next()?)
        .filter(|bytes| *bytes <= PACKED_THRESHOLD_BYTES_MAX)
        .ok_or(CommandError::PackedThreshold)?;
    ctx.engine.debug.quicklist_packed_threshold_bytes =
        if bytes == 0 { DebugSwitches::default().quicklist_packed_threshold_bytes } else { bytes };
    ctx.reply.ok();
    Ok(())
}

pub fn reply_buffer(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let debug = &mut ctx.engine.debug;
    if args.keyword("peak-reset-time") {
        debug.reply_buffer_peak_reset_ms = if args.keyword("never") {
            -1
        } else if args.keyword("reset") {
            DebugSwitches::default().reply_buffer_peak_reset_ms
        } else {
            args.next_int()?
        };
    } else if args.keyword("resizing") {
        debug.reply_buffer_resizing = switch(args.next()?);
    } else {
        return Err(wrong_subcommand_arguments(args));
    }
    ctx.reply.ok();
    Ok(())
}
