//! DEBUG RELOAD, RESTART and CRASH-AND-RECOVER: the data set, or the whole process, gone and back.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::config_commands::rewrite_file;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::{Action, Closing, ReloadFailed, ReloadOptions, ShutdownProgress, ShutdownRequest};
use crate::sys::files::error_text;

/// `DEBUG RELOAD [MERGE] [NOFLUSH] [NOSAVE]`
pub fn reload(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let mut options = ReloadOptions { save: true, flush: true, replace: false };
    while args.left() > 0 {
        if args.keyword("merge") {
            options.replace = true;
        } else if args.keyword("noflush") {
            options.flush = false;
        } else if args.keyword("nosave") {
            options.save = false;
        } else {
            return Err(CommandError::ReloadOptions);
        }
    }
    if ctx.engine.snapshots.is_loading() {
        return Err(CommandError::Loading);
    }
    ctx.engine.reload_snapshot(ctx.keys, options).map_err(|failed| match failed {
        ReloadFailed::Save => CommandError::SeeLog,
        ReloadFailed::Load => CommandError::ReloadFailed,
    })?;
    ctx.reply.ok();
    Ok(())
}

/// `DEBUG RESTART [milliseconds]`: saves as SHUTDOWN does, with the configuration, then starts again.
pub fn restart(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let delay_ms = delay_ms(args)?;
    if ctx.engine.identity.config_file.is_some()
        && let Err(error) = rewrite_file(ctx, false)
    {
        log::warn!("Can't restart: configuration rewrite process failed: {}", error_text(&error));
        return Err(CommandError::RestartFailed);
    }
    let request = ShutdownRequest { now: true, ..ShutdownRequest::default() };
    match ctx.engine.begin_shutdown(ctx.keys, request) {
        Ok(ShutdownProgress::Done) => start_again(ctx, delay_ms),
        Ok(ShutdownProgress::Waits) | Err(_) => Err(CommandError::RestartFailed),
    }
}

/// `DEBUG CRASH-AND-RECOVER [milliseconds]`: starts again from what is on disk.
pub fn crash_and_recover(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let delay_ms = delay_ms(args)?;
    start_again(ctx, delay_ms)
}

fn delay_ms(args: &Args<'_>) -> Result<u64, CommandError> {
    let delay_ms = if args.left() > 0 { args.next_int()? } else { 0 };
    Ok(u64::try_from(delay_ms).unwrap_or(0))
}

fn start_again(ctx: &mut Ctx<'_>, delay_ms: u64) -> CommandResult {
    ctx.engine.actions.push(Action::Restart { delay_ms });
    ctx.client.closing = Closing::Now;
    Ok(())
}
