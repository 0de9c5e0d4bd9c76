//! Executes what the append-only file says, at the start or for DEBUG LOADAOF: the same handlers, without
//! admission, replies, statistics and effects, since nobody is there whom they could concern.
//!
//! A transaction is executed at its EXEC; one without EXEC never was.

use super::admit::stop_diverging;
use super::args::Args;
use super::command::flags;
use super::context::Ctx;
use super::error::CommandError;
use super::execute::arguments_of;
use super::libraries;
use super::registry::Registry;
use super::transactions;
use crate::aof::Cover;
use crate::config::PropagationErrorBehavior;
use crate::engine::{CommandId, Engine, Executor, Replay, ReplayFailed, Step, announce_libraries};
use crate::keyspace::{Batch, EventClass, ExpiredKeys, Interest, Keyspace};
use crate::resp::{Limits, Progress};
use crate::sys::{clock, memory};

/// A file may hold what a larger `proto-max-bulk-len` has let in.
const LIMITS: Limits = Limits { bulk_bytes_max: i64::MAX, authenticated: true, in_one_piece: false };

/// Commands between two looks at how much was read.
const COMMANDS_PER_LOOK: usize = 64;

/// How far reading came.
#[derive(Debug)]
pub enum Replayed {
    More,
    All {
        /// Belongs to the end of the last file.
        cover: Box<Cover>,
        took_us: u64,
    },
}

/// Reads and executes the next `loading-process-events-interval-bytes` of the append-only file.
pub fn replay_part(
    keys: &mut Keyspace,
    engine: &mut Engine,
    registry: &Registry,
) -> Result<Replayed, ReplayFailed> {
    let Some(mut replay) = engine.aof.replay.take() else { return Ok(Replayed::More) };
    keys.set_expired_keys(ExpiredKeys::Ignore);
    keys.effects.set_interest(Interest::empty());
    keys.effects.set_event_classes(EventClass::empty());
    let result = run(&mut replay, keys, engine, registry);
    keys.effects.take_into(&mut Batch::default());
    keys.effects.take_propagation();
    keys.set_expired_keys(ExpiredKeys::Delete);
    engine.stats.observe_memory(memory::used_memory());
    match result {
        Ok(Outcome::More) => {
            engine.aof.replay = Some(replay);
            Ok(Replayed::More)
        }
        Ok(Outcome::Again) => {
            engine.end_replay(*replay);
            begin_again(keys, engine)
        }
        Ok(Outcome::All) => {
            // What the files said is saved: in the files.
            engine.snapshots.dirty_at_last_save = keys.effects.dirty();
            announce_libraries(&keys.libraries);
            let took_us = clock::now_us() - replay.source.started_us;
            Ok(Replayed::All { cover: Box::new(engine.end_replay(*replay)), took_us })
        }
        Err(error) => {
            engine.end_replay(*replay);
            Err(error)
        }
    }
}

/// The files no longer say all that was executed.
fn begin_again(keys: &mut Keyspace, engine: &mut Engine) -> Result<Replayed, ReplayFailed> {
    keys.libraries.clear();
    drop(keys.flush(None));
    keys.effects.take_into(&mut Batch::default());
    if engine.begin_replay()? {
        return Ok(Replayed::More);
    }
    // There is nothing left.
    Ok(Replayed::All { cover: Box::new(Cover::new()), took_us: 0 })
}

/// What became of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    More,
    All,
    /// What was executed is not what is left.
    Again,
}

fn run(
    replay: &mut Replay,
    keys: &mut Keyspace,
    engine: &mut Engine,
    registry: &Registry,
) -> Result<Outcome, ReplayFailed> {
    let started_bytes = replay.source.loaded_bytes();
    let end_bytes = started_bytes.saturating_add(engine.config.rdb.loading_process_events_interval_bytes);
    let mut commands = 0_usize;
    loop {
        let in_transaction = replay.executor.client.in_transaction();
        match replay.source.next(keys, &engine.config, in_transaction)? {
            Step::Done => return Ok(Outcome::All),
            Step::Again => return Ok(Outcome::Again),
            Step::Progress => {}
            Step::Command(command) => match execute(command, &mut replay.executor, keys, engine, registry) {
                Ok(()) => {
                    commands += 1;
                    if !commands.is_multiple_of(COMMANDS_PER_LOOK) {
                        continue;
                    }
                }
                Err(command) => {
                    let name = replay.source.file_name();
                    match replay.source.instead_of_last(&engine.config)? {
                        None => return Err(ReplayFailed::UnknownCommand { command, name }),
                        Some(Step::Again) => return Ok(Outcome::Again),
                        Some(_) => {}
                    }
                }
            },
        }
        // Half a transaction ends with its file.
        if replay.source.is_between_files() {
            replay.executor.client.transaction = None;
            replay.executor.client.db = 0;
        }
        let loaded_bytes = replay.source.loaded_bytes();
        if let Some(progress) = &mut engine.snapshots.replaying {
            progress.loaded_bytes = loaded_bytes;
            replay.source.note_progress(progress.total_bytes);
        }
        if loaded_bytes >= end_bytes {
            return Ok(Outcome::More);
        }
    }
}

/// Executes a command, or keeps it for EXEC. The error is the name of one that does not exist.
fn execute(
    command: &[u8],
    executor: &mut Executor,
    keys: &mut Keyspace,
    engine: &mut Engine,
    registry: &Registry,
) -> Result<(), String> {
    let Executor { client, reply, parser } = executor;
    parser.reset();
    let shown = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
    if parser.parse(command, &LIMITS) != Ok(Progress::Complete) {
        // The reader has found it well-formed.
        return Err("?".to_owned());
    }
    let request = parser.request(command);
    let name = request.argument(0).unwrap_or_default();
    let Some(id) = registry.lookup(&request) else {
        return match libraries::keep(&request, &mut keys.libraries) {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => {
                log::warn!("What the AOF says of a function library is left out: {error}");
                Ok(())
            }
            None => Err(shown(name)),
        };
    };
    let row = registry.command(id);
    let mut ctx = Ctx { keys, reply, client, engine, registry, command: id };
    if !row.arity.accepts(request.len()) {
        complain(&mut ctx, id, &CommandError::Arity(registry.full_name(id).to_owned()));
        return Ok(());
    }
    let mut args = arguments_of(&ctx, id, request);
    if ctx.client.in_transaction() && row.flags & flags::UNQUEUED == 0 {
        transactions::queue(&mut ctx, id, &mut args);
        return Ok(());
    }
    if row.flags & flags::RUNS_TRANSACTION == 0 {
        handle(&mut ctx, id, &mut args);
        return Ok(());
    }
    let transaction = ctx.client.transaction.take().unwrap_or_default();
    for mut queued in transaction.queue {
        let mut args = arguments_of(&ctx, queued.command, queued.request.view());
        handle(&mut ctx, queued.command, &mut args);
    }
    Ok(())
}

fn handle(ctx: &mut Ctx<'_>, id: CommandId, args: &mut Args<'_>) {
    ctx.command = id;
    let (db, now_ms) = (ctx.client.db, ctx.now_ms());
    ctx.keys.begin(db, now_ms, false);
    // As in a transaction: nothing waits for a key.
    ctx.engine.nesting += 1;
    let result = (ctx.registry.command(id).handler)(ctx, args);
    ctx.engine.nesting -= 1;
    ctx.reply.output.clear();
    if let Err(error) = result {
        complain(ctx, id, &error);
    }
}

/// What was executed once should succeed again. As in Redis, the log says so, and the data set is what it is.
fn complain(ctx: &mut Ctx<'_>, id: CommandId, error: &CommandError) {
    ctx.engine.stats.unexpected_error_replies += 1;
    log::warn!(
        "== CRITICAL == This server is sending an error to its AOF-loading-client: '{error}' after processing \
         the command '{}'",
        ctx.registry.full_name(id)
    );
    let behavior = ctx.engine.config.replication.propagation_error_behavior;
    if behavior == PropagationErrorBehavior::Panic {
        stop_diverging(&format!(
            "This server panicked sending an error to its AOF-loading-client after processing the command '{}'",
            ctx.registry.full_name(id)
        ));
    }
}
