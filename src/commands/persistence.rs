//! SAVE BGSAVE LASTSAVE SHUTDOWN: the data set on disk, and the end of the server.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::categories::{ADMIN as ADMIN_CATEGORY, DANGEROUS};
use super::command::flags::{ADMIN, ALLOW_BUSY, FAST, LOADING, NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, STALE};
use super::command::{Command, CommandResult, command};
use super::context::Ctx;
use super::error::CommandError;
use crate::engine::{
    Action, BackgroundSaveError, ClientId, Closing, Engine, ShutdownProgress, ShutdownRequest,
};

pub const COMMANDS: &[Command] = &[
    command("save", save, Exactly(1), ADMIN | NOSCRIPT | NO_ASYNC_LOADING | NO_MULTI, 0, &[]),
    command("bgsave", background_save, AtLeast(1), ADMIN | NOSCRIPT | NO_ASYNC_LOADING, 0, &[]),
    command("lastsave", last_save, Exactly(1), LOADING | STALE | FAST, ADMIN_CATEGORY | DANGEROUS, &[])
        .tips(&["nondeterministic_output"]),
    command(
        "shutdown",
        shutdown,
        AtLeast(1),
        ADMIN | NOSCRIPT | LOADING | STALE | NO_MULTI | ALLOW_BUSY,
        0,
        &[],
    ),
];

fn save(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.engine.snapshots.is_saving() {
        return Err(CommandError::SaveInProgress);
    }
    ctx.engine.save_snapshot(ctx.keys).map_err(|_| CommandError::SeeLog)?;
    ctx.reply.ok();
    Ok(())
}

/// `BGSAVE [SCHEDULE]`
fn background_save(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let schedules = args.keyword("schedule");
    args.finish()?;
    if ctx.engine.snapshots.is_saving() {
        return Err(CommandError::SaveInProgress);
    }
    if ctx.engine.has_child() && !schedules && ctx.engine.nesting == 0 {
        return Err(CommandError::OtherChild);
    }
    if ctx.engine.nesting > 0 || ctx.engine.has_child() {
        // The snapshot is to contain the whole transaction.
        ctx.engine.snapshots.scheduled = true;
        ctx.reply.status("Background saving scheduled");
        return Ok(());
    }
    ctx.engine.start_snapshot_child(ctx.keys).map_err(|error| match error {
        BackgroundSaveError::InProgress => CommandError::SaveInProgress,
        BackgroundSaveError::Fork(_) => CommandError::SeeLog,
    })?;
    ctx.reply.status("Background saving started");
    Ok(())
}

fn last_save(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.int(ctx.engine.snapshots.last_save_s);
    Ok(())
}

/// `SHUTDOWN [NOSAVE|SAVE] [NOW] [FORCE] [ABORT]`
fn shutdown(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(request) = shutdown_request(args)? else {
        if !ctx.engine.abort_shutdown() {
            return Err(CommandError::NoShutdown);
        }
        ctx.reply.ok();
        return Ok(());
    };
    match ctx.engine.begin_shutdown(ctx.keys, request).map_err(|_| CommandError::ShutdownFailed)? {
        ShutdownProgress::Done => {
            ctx.engine.actions.push(Action::Exit);
            // Nothing more is executed for this client: it would be in no snapshot.
            ctx.client.closing = Closing::Now;
        }
        ShutdownProgress::Waits => {
            ctx.client.blocked = true;
            ctx.engine.await_shutdown(ctx.client.id);
        }
    }
    Ok(())
}

/// Answers clients that have waited for the end, which does not come.
pub fn tell_of_failed_shutdown(engine: &mut Engine, waiters: Vec<ClientId>) {
    let error = CommandError::ShutdownFailed.to_string();
    for id in waiters {
        let Some(client) = engine.clients.by_id_mut(id) else { continue };
        client.session.blocked = false;
        if !client.session.is_muted() {
            engine.clients.send(id, |reply| reply.error(error.as_bytes()));
        }
        engine.stats.record_error(error.as_bytes());
        engine.blocked.note_unblocked(id);
    }
}

/// What SHUTDOWN asks for; `None` is ABORT.
fn shutdown_request(args: &Args<'_>) -> Result<Option<ShutdownRequest>, CommandError> {
    let mut request = ShutdownRequest::default();
    let (mut saves, mut does_not_save, mut aborts) = (false, false, false);
    while args.left() > 0 {
        if args.keyword("nosave") {
            does_not_save = true;
        } else if args.keyword("save") {
            saves = true;
        } else if args.keyword("now") {
            request.now = true;
        } else if args.keyword("force") {
            request.force = true;
        } else if args.keyword("abort") {
            aborts = true;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    if saves && does_not_save {
        return Err(CommandError::Syntax);
    }
    if saves || does_not_save {
        request.save = Some(saves);
    }
    match aborts {
        true if request != ShutdownRequest::default() => Err(CommandError::Syntax),
        true => Ok(None),
        false => Ok(Some(request)),
    }
}
