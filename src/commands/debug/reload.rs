//! The words of DEBUG that read the data set again: within the process, or by another start of it.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::config_commands::rewrite_file;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::{Action, ReloadFailed, ReloadOptions, ShutdownRequest};
use crate::sys::files::error_text;

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
    ctx.engine.reload_snapshot(ctx.keys, options).map_err(|failed| match failed {
        ReloadFailed::Save => CommandError::SeeLog,
        ReloadFailed::Load => CommandError::ReloadFailed,
    })?;
    ctx.reply.ok();
    Ok(())
}

/// Writes configuration and data to disk and starts again; answers only if that cannot be.
pub fn restart(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let delay_ms = delay_ms(args)?;
    if ctx.engine.identity.config_file.is_some()
        && let Err(error) = rewrite_file(ctx, false)
    {
        log::warn!("Can't restart: config rewrite process failed: {}", error_text(&error));
        return Err(CommandError::RestartFailed);
    }
    let request = ShutdownRequest { save: None, now: true, force: false };
    ctx.engine.prepare_exit(ctx.keys, request).map_err(|_| CommandError::RestartFailed)?;
    ctx.engine.actions.push(Action::Restart { delay_ms });
    Ok(())
}

/// Starts again with what is on disk.
pub fn crash_and_recover(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let delay_ms = delay_ms(args)?;
    ctx.engine.actions.push(Action::Restart { delay_ms });
    Ok(())
}

fn delay_ms(args: &Args<'_>) -> Result<u64, CommandError> {
    if args.left() == 0 {
        return Ok(0);
    }
    Ok(u64::try_from(args.next_int()?).unwrap_or(0))
}
