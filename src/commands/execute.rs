//! The one way a command executes, whoever asks for it: a client, EXEC for its queue, later a script,
//! the AOF loader or the link to a primary. They differ in the reply they hand in.

use super::admit::{self, Admission};
use super::args::Args;
use super::command::flags;
use super::context::Ctx;
use super::effects;
use super::error::CommandError;
use super::{invalidation, libraries, monitor};
use crate::engine::{Closing, CommandId, ReplyMode};
use crate::keyspace::Interest;
use crate::resp::{Mark, Request};
use crate::sys::{clock, task};

/// What became of a client's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It waits for CLIENT PAUSE to end and must be handed in again.
    Postponed,
    /// It waits for a key. The request has been kept; see `blocking`.
    Blocked,
}

/// Executes a client's request: lookup (unless done already), admission, MULTI's queue, and the command
/// itself.
#[inline]
pub fn process(ctx: &mut Ctx<'_>, request: Request<'_>, looked_up: Option<CommandId>) -> Outcome {
    if ctx.engine.tracking.is_active() {
        before_tracked(ctx);
    }
    let outcome = lookup_and_execute(ctx, request, looked_up);
    if outcome == Outcome::Done {
        ctx.client.reply_mode = match ctx.client.reply_mode {
            ReplyMode::SkipNext => ReplyMode::Skip,
            ReplyMode::Off => ReplyMode::Off,
            ReplyMode::On | ReplyMode::Skip => ReplyMode::On,
        };
    }
    // Messages to this client itself follow the reply that caused them.
    ctx.engine.clients.deliver_deferred(ctx.reply);
    outcome
}

/// What the table of client-side caching forgets for lack of room is told in front of the reply.
#[cold]
fn before_tracked(ctx: &mut Ctx<'_>) {
    invalidation::limit_tracking_table(ctx.engine, Some(ctx.client));
    ctx.engine.clients.deliver_deferred(ctx.reply);
}

/// Drops what was written since `mark` if the client wants no replies (CLIENT REPLY).
#[inline]
pub fn mute(ctx: &mut Ctx<'_>, mark: Mark) {
    if ctx.client.is_muted() {
        ctx.reply.output.truncate(mark);
    }
}

fn lookup_and_execute(ctx: &mut Ctx<'_>, request: Request<'_>, looked_up: Option<CommandId>) -> Outcome {
    let Some(id) = looked_up.or_else(|| ctx.registry.lookup(&request)) else {
        ctx.client.last_command = None;
        if ctx.client.is_primary && libraries::keep_of_primary(ctx, &request).is_some() {
            return Outcome::Done;
        }
        if is_http(&request) {
            abort_http(ctx);
            return Outcome::Done;
        }
        let error = admit::unknown_command(ctx.registry, &request);
        refuse(ctx, None, error);
        return Outcome::Done;
    };
    ctx.command = id;
    ctx.client.last_command = Some(id);
    match admit::admit(ctx, id, &request) {
        Ok(Admission::Now) => {}
        Ok(Admission::Later) => return Outcome::Postponed,
        Err(error) => {
            refuse(ctx, Some(id), error);
            return Outcome::Done;
        }
    }
    let mut args = arguments_of(ctx, id, request);
    if ctx.client.in_transaction() && ctx.registry.command(id).flags & flags::UNQUEUED == 0 {
        let mark = ctx.reply.mark();
        super::transactions::queue(ctx, id, &mut args);
        ctx.reply.status("QUEUED");
        mute(ctx, mark);
        return Outcome::Done;
    }
    call(ctx, id, &mut args);
    if ctx.client.blocked {
        let request = args.request_mut();
        ctx.engine.blocked.keep_request(ctx.client.id, || (id, request.to_owned_request()));
        return Outcome::Blocked;
    }
    if let Some(caching) = &mut ctx.client.caching
        && ctx.client.transaction.is_none()
        && ctx.registry.command(id).flags & flags::KEEPS_CACHING == 0
    {
        caching.exception = false;
    }
    Outcome::Done
}

/// A browser that was lured into sending a request to this port says one of these before what the
/// attacker put into the request's body.
fn is_http(request: &Request<'_>) -> bool {
    let name = request.argument(0).unwrap_or_default();
    name.eq_ignore_ascii_case(b"post") || name.eq_ignore_ascii_case(b"host:")
}

#[cold]
fn abort_http(ctx: &mut Ctx<'_>) {
    let now_ms = ctx.now_ms();
    if ctx.engine.clients.reports_http(now_ms) {
        log::warn!(
            "Possible SECURITY ATTACK detected. It looks like somebody is sending POST or Host: commands to \
             Redis. This is likely due to an attacker attempting to use Cross Protocol Scripting to compromise \
             your Redis instance. Connection from {} aborted.",
            ctx.client.peer
        );
    }
    ctx.client.closing = Closing::Now;
}

/// A cursor over a request, standing behind the command's name.
pub fn arguments_of<'a>(ctx: &Ctx<'_>, id: CommandId, request: Request<'a>) -> Args<'a> {
    let words_in_name = if ctx.registry.get(id).parent.is_some() { 2 } else { 1 };
    Args::new(request, words_in_name)
}

/// Executes an admitted command: handler, statistics, effects. Nested calls come here directly.
pub fn call(ctx: &mut Ctx<'_>, id: CommandId, args: &mut Args<'_>) {
    let command = ctx.registry.command(id);
    let outer = std::mem::replace(&mut ctx.command, id);
    let db = ctx.client.db;
    ctx.keys.begin(ctx.client.db, ctx.engine.clock.unix_ms(), !ctx.client.no_touch);
    effects::declare_interest(ctx.keys, ctx.engine);
    let started_us = ctx.engine.clock.monotonic_us();
    let outer_task = task::begin(&command.name);
    let mark = ctx.reply.mark();
    let is_monitored = !ctx.engine.clients.monitors().is_empty()
        && command.flags & (flags::SKIP_MONITOR | flags::ADMIN) == 0;
    if is_monitored || ctx.keys.effects.interest().contains(Interest::PROPAGATION) {
        args.keep_whole();
    }

    let dirty = ctx.keys.effects.dirty();
    let result = (command.handler)(ctx, args);

    let ended_us = clock::now_us();
    let failed = result.is_err();
    if let Err(error) = result {
        // Whatever a failing handler wrote must not reach the client in front of the error.
        ctx.reply.output.truncate(mark);
        write_error(ctx, &error);
        mute(ctx, mark);
    } else if command.flags & flags::RUNS_TRANSACTION == 0 {
        // A transaction may change CLIENT REPLY midway: EXEC mutes what it writes itself.
        mute(ctx, mark);
    }
    // A command that waits has not been executed yet; it is once its client is served.
    if !ctx.client.blocked {
        record(ctx, id, args, ended_us.saturating_sub(started_us), failed);
    }
    if is_monitored && !ctx.engine.blocked.is_retrying() {
        monitor::feed(ctx, args, db);
    }
    let changed = ctx.keys.effects.dirty() != dirty;
    effects::perform(ctx, args, changed);
    invalidation::remember_reads(ctx, command, args);
    ctx.command = outer;
    task::end(outer_task);
    if ctx.engine.nesting == 0 {
        // Time stands still within a transaction or script.
        ctx.engine.clock.advance_to(ended_us);
    }
}

/// Answers a command that is not executed.
fn refuse(ctx: &mut Ctx<'_>, id: Option<CommandId>, error: CommandError) {
    let mark = ctx.reply.mark();
    write_refusal(ctx, id, error);
    mute(ctx, mark);
}

fn write_refusal(ctx: &mut Ctx<'_>, id: Option<CommandId>, error: CommandError) {
    ctx.client.abort_transaction();
    if let Some(id) = id {
        ctx.engine.command_stats.record_rejected(usize::from(id.0));
        if ctx.registry.command(id).flags & flags::RUNS_TRANSACTION != 0 {
            super::transactions::discard(ctx);
            let reason = error.to_string();
            let reason = reason.strip_prefix("ERR ").unwrap_or(&reason).to_owned();
            write_error(ctx, &CommandError::ExecRefused(reason));
            return;
        }
    }
    write_error(ctx, &error);
}

/// Sends an error and counts it.
pub fn write_error(ctx: &mut Ctx<'_>, error: &CommandError) {
    let text = error.to_string();
    ctx.engine.stats.record_error(text.as_bytes());
    ctx.reply.error(text.as_bytes());
}

/// Statistics, slow log and latency events of one execution.
fn record(ctx: &mut Ctx<'_>, id: CommandId, args: &Args<'_>, duration_us: u64, failed: bool) {
    let engine = &mut *ctx.engine;
    let tracking = engine.config.observe.latency_tracking;
    engine.command_stats.record(usize::from(id.0), duration_us * 1000, tracking);
    engine.stats.commands_processed += 1;
    if engine.nesting == 0 {
        engine.stats.event_loop.commands.record(duration_us);
    }
    if failed {
        engine.command_stats.record_failed(usize::from(id.0));
    }
    let command = ctx.registry.command(id);
    engine
        .note_latency(if command.flags & flags::FAST != 0 { "fast-command" } else { "command" }, duration_us);
    let slower_than_us = engine.config.observe.slowlog_log_slower_than_us;
    if slower_than_us >= 0 && duration_us >= slower_than_us as u64 && command.flags & flags::SKIP_SLOWLOG == 0
    {
        monitor::log_slow(ctx, args, duration_us);
    }
}
