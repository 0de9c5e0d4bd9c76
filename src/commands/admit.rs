//! Whether a request may execute now: Redis's checks, in Redis's order. The order is visible: the first
//! check that fails decides the error a client sees.

use super::command::{Command, flags};
use super::context::Ctx;
use super::error::{CommandError, REPEATED_BYTES_MAX, ReplicationError, shortened};
use super::registry::Registry;
use crate::engine::{CommandId, PauseKind};
use crate::resp::Request;

/// The verdict on a request that is not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Now,
    /// A pause is in force for it.
    Later,
}

/// Flags of the request as a whole: EXEC counts as what its transaction contains.
#[derive(Debug, Clone, Copy)]
struct Nature {
    flags: u32,
    /// Flags that every command of the request has.
    common: u32,
}

/// All gates, in order.
#[inline]
pub fn admit(ctx: &mut Ctx<'_>, id: CommandId, request: &Request<'_>) -> Result<Admission, CommandError> {
    let command = ctx.registry.command(id);
    right_number_of_arguments(ctx, id, command, request)?;
    if ctx.client.is_primary {
        // It has been decided elsewhere.
        keep_or_stop(ctx, command);
        return Ok(Admission::Now);
    }
    allowed_by_configuration(ctx, command)?;
    let nature = nature_of(ctx, command);
    authenticated(ctx, command)?;
    possible_in_transaction(ctx, command)?;
    memory_left(ctx, command, nature)?;
    disk_writable(ctx, command, nature)?;
    enough_replicas(ctx, nature)?;
    writable(ctx, nature)?;
    possible_while_subscribed(ctx, id, command)?;
    not_stale(ctx, nature)?;
    not_loading(ctx, nature)?;
    no_keys_for_replicas(ctx, nature)?;
    Ok(not_paused(ctx, nature))
}

/// The reply to a name that is no command; it echoes the first arguments, cut short.
pub fn unknown_command(registry: &Registry, request: &Request<'_>) -> CommandError {
    let name = request.argument(0).unwrap_or_default();
    if registry.lookup_name(name).is_some() {
        return CommandError::UnknownSubcommand {
            name: shortened(request.argument(1).unwrap_or_default(), REPEATED_BYTES_MAX),
            container: String::from_utf8_lossy(name).to_uppercase(),
        };
    }
    let mut arguments = String::new();
    for argument in request.iter().skip(1) {
        let room = REPEATED_BYTES_MAX.saturating_sub(arguments.len());
        if room == 0 {
            break;
        }
        arguments.push('\'');
        arguments.push_str(&shortened(argument, room));
        arguments.push_str("' ");
    }
    CommandError::UnknownCommand { name: shortened(name, REPEATED_BYTES_MAX), arguments }
}

#[inline]
fn right_number_of_arguments(
    ctx: &Ctx<'_>,
    id: CommandId,
    command: &Command,
    request: &Request<'_>,
) -> Result<(), CommandError> {
    if command.arity.accepts(request.len()) {
        return Ok(());
    }
    Err(CommandError::Arity(ctx.registry.full_name(id).to_owned()))
}

/// DEBUG and MODULE are off, on, or for local connections only.
#[inline]
fn allowed_by_configuration(ctx: &Ctx<'_>, command: &Command) -> Result<(), CommandError> {
    if command.flags & flags::PROTECTED == 0 {
        return Ok(());
    }
    let (action, name, option) = if command.name == "debug" {
        (ctx.engine.config.security.enable_debug_command, "DEBUG", "enable-debug-command")
    } else {
        (ctx.engine.config.security.enable_module_command, "MODULE", "enable-module-command")
    };
    if action.allows(ctx.client.is_local) {
        Ok(())
    } else {
        Err(CommandError::Protected { command: name, option })
    }
}

#[inline]
fn nature_of(ctx: &Ctx<'_>, command: &Command) -> Nature {
    match &ctx.client.transaction {
        Some(transaction) if command.flags & flags::RUNS_TRANSACTION != 0 => Nature {
            flags: command.flags | transaction.flags,
            common: command.flags & !transaction.missing_flags,
        },
        _ => Nature { flags: command.flags, common: command.flags },
    }
}

#[inline]
fn authenticated(ctx: &Ctx<'_>, command: &Command) -> Result<(), CommandError> {
    if command.flags & flags::NO_AUTH == 0 && ctx.client.owes_password(&ctx.engine.config.security) {
        return Err(CommandError::NoAuth);
    }
    Ok(())
}

#[inline]
fn possible_in_transaction(ctx: &Ctx<'_>, command: &Command) -> Result<(), CommandError> {
    if ctx.client.in_transaction() && command.flags & flags::NO_MULTI != 0 {
        return Err(CommandError::NotInTransaction);
    }
    Ok(())
}

/// Evicts until `maxmemory` is kept; refuses what would grow if that fails. Queueing grows too.
#[inline]
fn memory_left(ctx: &mut Ctx<'_>, command: &Command, nature: Nature) -> Result<(), CommandError> {
    let engine = &ctx.engine;
    let leaves_it_to_primary = engine.replication.is_replica() && engine.config.replication.ignore_maxmemory;
    if engine.config.memory.maxmemory_bytes == 0 || leaves_it_to_primary {
        return Ok(());
    }
    let has_room = super::evict::make_room(ctx.keys, ctx.engine, Some(ctx.client));
    // What eviction has to tell this client itself belongs in front of the reply.
    ctx.engine.clients.deliver_deferred(ctx.reply);
    if has_room {
        return Ok(());
    }
    let queues = ctx.client.in_transaction() && command.flags & flags::UNQUEUED == 0;
    if queues || nature.flags & flags::DENYOOM != 0 { Err(CommandError::OutOfMemory) } else { Ok(()) }
}

/// After a failed snapshot or append, writes are refused rather than lost later.
#[inline]
fn disk_writable(ctx: &Ctx<'_>, command: &Command, nature: Nature) -> Result<(), CommandError> {
    let concerned = nature.flags & flags::WRITE != 0 || command.flags & flags::FAILS_WITH_DISK != 0;
    if !concerned {
        return Ok(());
    }
    if ctx.engine.snapshots.refuses_writes(&ctx.engine.config) {
        return Err(CommandError::SnapshotsFail);
    }
    if ctx.engine.aof.is_in_trouble() {
        return Err(CommandError::AofFails(ctx.engine.aof.trouble().unwrap_or_default()));
    }
    Ok(())
}

/// What the primary sends must be executed, although it cannot be kept: `replica-ignore-disk-write-errors` decides
/// whether the server goes on like this.
#[inline]
fn keep_or_stop(ctx: &mut Ctx<'_>, command: &Command) {
    let nature = nature_of(ctx, command);
    if disk_writable(ctx, command, nature).is_err() {
        go_on_without_disk(ctx, nature);
    }
}

#[cold]
fn go_on_without_disk(ctx: &mut Ctx<'_>, nature: Nature) {
    let may_go_on = ctx.engine.config.replication.ignore_disk_write_errors;
    if !may_go_on && nature.flags & flags::WRITE != 0 {
        stop_diverging("Replica was unable to write command to disk.");
    }
    if ctx.engine.replication.reports_disk_error(ctx.now_ms()) {
        log::warn!("Replica is applying a command even though it is unable to write to disk.");
    }
}

/// Ends the process with a report, since its data set is not what it should be and never will be.
#[cold]
#[expect(clippy::panic, reason = "a directive asks for the end, and the report says why")]
pub fn stop_diverging(reason: &str) -> ! {
    panic!("{reason}")
}

/// `min-replicas-to-write`: without enough replicas, writes are refused rather than lost with this server.
#[inline]
fn enough_replicas(ctx: &Ctx<'_>, nature: Nature) -> Result<(), CommandError> {
    let replication = &ctx.engine.config.replication;
    let are_wanted = replication.min_replicas_to_write > 0 && replication.min_replicas_max_lag_seconds > 0;
    if !are_wanted || nature.flags & flags::WRITE == 0 || ctx.engine.replication.is_replica() {
        return Ok(());
    }
    let are_enough = ctx.engine.good_replicas() >= replication.min_replicas_to_write as usize;
    if are_enough { Ok(()) } else { Err(CommandError::NoReplicas) }
}

/// `replica-read-only`.
#[inline]
fn writable(ctx: &Ctx<'_>, nature: Nature) -> Result<(), CommandError> {
    let engine = &ctx.engine;
    if engine.replication.is_replica()
        && engine.config.replication.read_only
        && nature.flags & flags::WRITE != 0
    {
        return Err(CommandError::ReadOnlyReplica);
    }
    Ok(())
}

/// `replica-serve-stale-data no`: without its primary a replica says nothing about the data.
#[inline]
fn not_stale(ctx: &Ctx<'_>, nature: Nature) -> Result<(), CommandError> {
    let engine = &ctx.engine;
    if engine.replication.is_replica()
        && !engine.config.replication.serve_stale_data
        && !engine.replication.is_linked()
        && nature.common & flags::STALE == 0
    {
        return Err(CommandError::PrimaryDown);
    }
    Ok(())
}

#[inline]
fn possible_while_subscribed(ctx: &Ctx<'_>, id: CommandId, command: &Command) -> Result<(), CommandError> {
    if ctx.client.is_subscribed() && !ctx.reply.is_resp3() && command.flags & flags::WHILE_SUBSCRIBED == 0 {
        return Err(CommandError::SubscribedMode(ctx.registry.full_name(id).to_owned()));
    }
    Ok(())
}

#[inline]
fn not_loading(ctx: &Ctx<'_>, nature: Nature) -> Result<(), CommandError> {
    let snapshots = &ctx.engine.snapshots;
    if !snapshots.is_loading() {
        return Ok(());
    }
    let is_possible = if snapshots.serves_meanwhile() {
        nature.flags & flags::NO_ASYNC_LOADING == 0
    } else {
        nature.common & flags::LOADING != 0
    };
    if is_possible { Ok(()) } else { Err(CommandError::Loading) }
}

/// Pauses do not hold replicas up: they must not use that.
#[inline]
fn no_keys_for_replicas(ctx: &Ctx<'_>, nature: Nature) -> Result<(), CommandError> {
    let concerned = nature.flags & (flags::WRITE | flags::READONLY | flags::MAY_REPLICATE) != 0;
    if concerned && ctx.client.is_replica() { Err(ReplicationError::ReplicaUsesKeys.into()) } else { Ok(()) }
}

#[inline]
fn not_paused(ctx: &Ctx<'_>, nature: Nature) -> Admission {
    if !ctx.engine.pause.is_set() || ctx.client.is_replica() {
        return Admission::Now;
    }
    match ctx.engine.pause.at(ctx.engine.clock.unix_ms()) {
        Some(PauseKind::All) => Admission::Later,
        Some(PauseKind::Write) if nature.flags & (flags::WRITE | flags::MAY_REPLICATE) != 0 => {
            Admission::Later
        }
        _ => Admission::Now,
    }
}
