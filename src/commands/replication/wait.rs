//! WAIT: until enough replicas have what this client has written.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::Waiter;
use crate::engine::{ClientId, Engine};

/// `WAIT replicas timeout`
pub fn wait(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.engine.replication.is_replica() {
        return Err(CommandError::WaitOnReplica);
    }
    let wanted = args.next_int()?;
    let deadline_us = {
        let timeout_ms = args.next_int().map_err(|_| CommandError::TimeoutNotAnInteger)?;
        ctx.deadline_of_ms(timeout_ms)?
    };
    ctx.engine.replicate();
    let offset = ctx.client.written_offset;
    let have = replicas_at(ctx.engine, offset);
    if have as i64 >= wanted || !ctx.may_block() {
        ctx.reply.int(have as i64);
        return Ok(());
    }
    ctx.client.blocked = true;
    let waiter = Waiter { client: ctx.client.id, offset, replicas: wanted as usize, deadline_us };
    ctx.engine.replication.waiters.push(waiter);
    ctx.engine.replication.asks_for_acknowledgements = true;
    Ok(())
}

/// How many online replicas have acknowledged the stream up to `offset`.
fn replicas_at(engine: &Engine, offset: u64) -> usize {
    let replicas = engine.replication.replicas().iter().filter_map(|id| engine.replica(*id));
    replicas.filter(|replica| replica.is_online() && replica.acknowledged >= offset).count()
}

/// Answers those who have waited long enough, or whose writes enough replicas have.
pub fn serve_waiters(engine: &mut Engine, now_us: u64) {
    if engine.replication.waiters.is_empty() {
        return;
    }
    let waiters = std::mem::take(&mut engine.replication.waiters);
    for waiter in waiters {
        let have = replicas_at(engine, waiter.offset);
        let is_over = waiter.deadline_us.is_some_and(|deadline_us| deadline_us <= now_us);
        if have >= waiter.replicas || is_over {
            answer(engine, waiter.client, have);
        } else {
            engine.replication.waiters.push(waiter);
        }
    }
}

fn answer(engine: &mut Engine, id: ClientId, have: usize) {
    if let Some(client) = engine.clients.by_id_mut(id) {
        client.session.blocked = false;
        let is_muted = client.session.is_muted();
        engine.clients.send(id, |reply| {
            if !is_muted {
                reply.int(have as i64);
            }
        });
        engine.blocked.note_unblocked(id);
    }
}
