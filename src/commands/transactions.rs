//! MULTI EXEC DISCARD WATCH UNWATCH. EXEC is the first user of nested execution: each queued command
//! goes through [`call`] like any other, its reply becoming an element of EXEC's.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::RO;
use super::command::categories::TRANSACTION;
use super::command::flags::{
    ALLOW_BUSY, FAST, LOADING, NOSCRIPT, RUNS_TRANSACTION, SKIP_SLOWLOG, STALE, UNQUEUED,
};
use super::command::{Command, CommandResult, command, keys_from};
use super::context::Ctx;
use super::error::CommandError;
use super::execute::{arguments_of, call, mute};
use crate::engine::{CommandId, QueuedCommand, Transaction};

pub const COMMANDS: &[Command] = &[
    command(
        "multi",
        multi,
        Exactly(1),
        NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | UNQUEUED,
        TRANSACTION,
        &[],
    ),
    command(
        "exec",
        exec,
        Exactly(1),
        NOSCRIPT | LOADING | STALE | SKIP_SLOWLOG | UNQUEUED | RUNS_TRANSACTION,
        TRANSACTION,
        &[],
    ),
    command(
        "discard",
        discard_command,
        Exactly(1),
        NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | UNQUEUED,
        TRANSACTION,
        &[],
    ),
    command(
        "watch",
        watch,
        AtLeast(2),
        NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY | UNQUEUED,
        TRANSACTION,
        &[keys_from(1, RO)],
    ),
    command("unwatch", unwatch, Exactly(1), NOSCRIPT | LOADING | STALE | FAST | ALLOW_BUSY, TRANSACTION, &[]),
];

/// Keeps a command for EXEC.
pub fn queue(ctx: &mut Ctx<'_>, id: CommandId, args: &mut Args<'_>) {
    let row = ctx.registry.command(id).flags;
    let Some(transaction) = ctx.client.transaction.as_deref_mut() else { return };
    // EXEC will fail anyway: nothing is kept for it, so that a client cannot fill the memory.
    if transaction.aborted || ctx.client.watch_broken {
        return;
    }
    let request = args.request_mut().to_owned_request();
    transaction.flags |= row;
    transaction.missing_flags |= !row;
    transaction.queue_bytes += request.memory_bytes() + size_of::<QueuedCommand>();
    transaction.queue.push(QueuedCommand { command: id, request });
}

/// Ends a transaction, if there is one, and all watches.
pub fn discard(ctx: &mut Ctx<'_>) {
    ctx.client.transaction = None;
    ctx.engine.watches.unwatch(ctx.client);
    ctx.client.watch_broken = false;
}

fn multi(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.client.in_transaction() {
        return Err(CommandError::NestedMulti);
    }
    ctx.client.transaction = Some(Box::default());
    ctx.reply.ok();
    Ok(())
}

fn exec(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if !ctx.client.in_transaction() {
        return Err(CommandError::ExecWithoutMulti);
    }
    let broken = ctx.client.watch_broken || a_watched_key_expired(ctx);
    let transaction = ctx.client.transaction.take();
    // Before the commands execute: their own changes concern nobody's EXEC here.
    discard(ctx);
    let transaction = transaction.unwrap_or_default();
    if transaction.aborted {
        return Err(CommandError::ExecAborted);
    }
    if broken {
        let mark = ctx.reply.mark();
        ctx.reply.null_array();
        mute(ctx, mark);
        return Ok(());
    }
    execute_queue(ctx, *transaction);
    Ok(())
}

fn execute_queue(ctx: &mut Ctx<'_>, transaction: Transaction) {
    let mark = ctx.reply.mark();
    ctx.reply.array(transaction.queue.len());
    mute(ctx, mark);
    ctx.engine.nesting += 1;
    for mut queued in transaction.queue {
        let mut args = arguments_of(ctx, queued.command, queued.request.view());
        call(ctx, queued.command, &mut args);
    }
    ctx.engine.nesting -= 1;
}

/// A key that has expired since WATCH has changed, even if nobody has looked at it since.
fn a_watched_key_expired(ctx: &Ctx<'_>) -> bool {
    ctx.engine
        .watches
        .keys_of(ctx.client.id)
        .any(|(db, key, was_expired)| !was_expired && ctx.keys.is_expired(db, key))
}

fn discard_command(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if !ctx.client.in_transaction() {
        return Err(CommandError::DiscardWithoutMulti);
    }
    discard(ctx);
    ctx.reply.ok();
    Ok(())
}

fn watch(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.client.in_transaction() {
        return Err(CommandError::WatchInMulti);
    }
    // A broken watch stays broken until EXEC, DISCARD or UNWATCH: nothing more needs watching.
    if !ctx.client.watch_broken {
        let db = ctx.client.db;
        for key in args.rest() {
            let was_expired = ctx.keys.is_expired(db, key);
            ctx.engine.watches.watch(ctx.client, db, key, was_expired);
        }
    }
    ctx.reply.ok();
    Ok(())
}

fn unwatch(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.engine.watches.unwatch(ctx.client);
    ctx.client.watch_broken = false;
    ctx.reply.ok();
    Ok(())
}
