//! WAIT WAITAOF: until enough replicas have what this client has written, in memory or on disk.

use crate::commands::args::Args;
use crate::commands::blocking::Release;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::{ClientId, Engine, Waiter};

/// `WAIT replicas timeout`
pub fn wait(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.engine.replication.is_replica() {
        return Err(CommandError::WaitOnReplica);
    }
    // A negative number has been reached before anyone waits.
    let replicas = usize::try_from(args.next_int()?).unwrap_or(0);
    wait_for(ctx, args, replicas, false)
}

/// `WAITAOF local replicas timeout`
pub fn waitaof(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let local = args.next_int()?;
    if !(0..=1).contains(&local) {
        return Err(CommandError::ValueMustBeBetween { min: 0, max: 1 });
    }
    let replicas = usize::try_from(args.next_int()?).map_err(|_| CommandError::MustBePositive)?;
    if ctx.engine.replication.is_replica() {
        return Err(CommandError::WaitaofOnReplica);
    }
    if local > 0 && !ctx.engine.config.aof.enabled {
        return Err(CommandError::WaitaofWithoutAof);
    }
    wait_for(ctx, args, replicas, true)
}

fn wait_for(ctx: &mut Ctx<'_>, args: &Args<'_>, replicas: usize, on_disk: bool) -> CommandResult {
    let timeout_ms = args.next_int().map_err(|_| CommandError::TimeoutNotAnInteger)?;
    let deadline_us = ctx.deadline_of_ms(timeout_ms)?;
    ctx.engine.replicate();
    let offset = ctx.client.written_offset;
    let waiter = Waiter { client: ctx.client.id, offset, replicas, on_disk, deadline_us };
    let have = replicas_that_have(ctx.engine, &waiter);
    if have >= replicas || !ctx.may_block() {
        if on_disk {
            ctx.reply.array(2);
            ctx.reply.int(0);
        }
        ctx.reply.int(have as i64);
        return Ok(());
    }
    ctx.client.blocked = true;
    ctx.engine.replication.waiters.push(waiter);
    ctx.engine.replication.asks_for_acknowledgements = true;
    Ok(())
}

/// How many online replicas have acknowledged what a client waits for.
fn replicas_that_have(engine: &Engine, waiter: &Waiter) -> usize {
    let replicas = engine.replication.replicas().iter().filter_map(|id| engine.replica(*id));
    let online = replicas.filter(|replica| replica.is_online());
    online
        .filter(|replica| {
            let offset = if waiter.on_disk { replica.acknowledged_aof } else { replica.acknowledged };
            offset >= waiter.offset
        })
        .count()
}

/// Answers those who have waited long enough, or whose writes enough replicas have.
pub fn serve_waiters(engine: &mut Engine, now_us: u64) {
    if engine.replication.waiters.is_empty() {
        return;
    }
    for waiter in std::mem::take(&mut engine.replication.waiters) {
        let have = replicas_that_have(engine, &waiter);
        let is_over = waiter.deadline_us.is_some_and(|deadline_us| deadline_us <= now_us);
        if have >= waiter.replicas || is_over {
            answer(engine, &waiter, Ok(have));
        } else {
            engine.replication.waiters.push(waiter);
        }
    }
}

/// Frees a client in WAIT before its time. Returns whether it was in it.
pub fn release_waiter(engine: &mut Engine, id: ClientId, release: Release) -> bool {
    let waiters = &mut engine.replication.waiters;
    let Some(at) = waiters.iter().position(|waiter| waiter.client == id) else { return false };
    let waiter = waiters.remove(at);
    let outcome = match release {
        Release::TimedOut => Ok(replicas_that_have(engine, &waiter)),
        Release::Unblocked | Release::RoleChanged => Err(release.error()),
    };
    answer(engine, &waiter, outcome);
    true
}

fn answer(engine: &mut Engine, waiter: &Waiter, outcome: Result<usize, CommandError>) {
    let Some(client) = engine.clients.by_id_mut(waiter.client) else { return };
    client.session.blocked = false;
    if !client.session.is_muted() {
        engine.clients.send(waiter.client, |reply| match outcome {
            Err(error) => reply.error(error.to_string().as_bytes()),
            Ok(have) => {
                if waiter.on_disk {
                    reply.array(2);
                    reply.int(0);
                }
                reply.int(have as i64);
            }
        });
    }
    engine.blocked.note_unblocked(waiter.client);
}
