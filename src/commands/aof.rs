//! BGREWRITEAOF, and what DEBUG has for the append-only file.

use super::args::Args;
use super::command::Arity::Exactly;
use super::command::flags::{ADMIN, NO_ASYNC_LOADING, NOSCRIPT};
use super::command::{Command, CommandResult, command};
use super::context::Ctx;
use super::error::CommandError;
use super::replay::{Replayed, replay_part};

pub const COMMANDS: &[Command] =
    &[command("bgrewriteaof", rewrite, Exactly(1), ADMIN | NOSCRIPT | NO_ASYNC_LOADING, 0, &[])];

fn rewrite(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.engine.aof.rewrites.child.is_some() {
        return Err(CommandError::RewriteInProgress);
    }
    if ctx.engine.has_child() || ctx.engine.nesting > 0 {
        ctx.engine.aof.rewrites.schedule_on_request();
        ctx.reply.status("Background append only file rewriting scheduled");
        return Ok(());
    }
    ctx.engine.start_rewrite(ctx.keys).map_err(|_| CommandError::RewriteFailed)?;
    ctx.reply.status("Background append only file rewriting started");
    Ok(())
}

/// `DEBUG LOADAOF`: the data set is what the files say, while everybody waits.
pub fn load(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.engine.snapshots.is_loading() {
        // The files themselves may say so.
        return Err(CommandError::Loading);
    }
    let _ = ctx.engine.flush_aof(true);
    ctx.keys.effects.propagate_nothing();
    ctx.keys.libraries.clear();
    drop(ctx.keys.flush(None));
    // What is executed again is not to be appended again.
    let feed = std::mem::take(&mut ctx.engine.downstream);
    let loaded = load_files(ctx);
    ctx.engine.downstream = feed;
    ctx.keys.effects.propagate_nothing();
    loaded?;
    log::info!("Append Only File loaded by DEBUG LOADAOF");
    ctx.reply.ok();
    Ok(())
}

fn load_files(ctx: &mut Ctx<'_>) -> Result<(), CommandError> {
    let failed = |error| {
        log::warn!("{error}");
        CommandError::LoadAofFailed
    };
    if !ctx.engine.begin_replay().map_err(failed)? {
        return Ok(());
    }
    while let Replayed::More = replay_part(ctx.keys, ctx.engine, ctx.registry).map_err(failed)? {}
    Ok(())
}

/// `DEBUG AOF-FLUSH-SLEEP <microseconds>`
pub fn flush_sleep(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.engine.aof.flush_sleep_us = args.next_int()?.try_into().unwrap_or(0);
    ctx.reply.ok();
    Ok(())
}
