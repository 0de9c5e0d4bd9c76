//! WAIT WAITAOF: until enough replicas have what this client has written, in memory or on disk.

use crate::commands::args::Args;
use crate::commands::blocking::Release;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, ReplicationError};
use crate::engine::{ClientId, Deadline, Engine, Waiter};
use crate::resp::Reply;

/// `WAIT replicas timeout`
pub fn wait(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.engine.replication.is_replica() {
        return Err(ReplicationError::WaitOnReplica.into());
    }
    // A negative number has been reached before anyone waits.
    let replicas = usize::try_from(args.next_int()?).unwrap_or(0);
    let deadline_us = deadline(ctx, args)?;
    let waiter = Waiter {
        client: ctx.client.id,
        offset: ctx.client.written_offset,
        replicas,
        on_disk: false,
        local: false,
        deadline_us,
    };
    wait_for(ctx, waiter);
    Ok(())
}

/// `WAITAOF local replicas timeout`
pub fn waitaof(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let local = args.next_int()?;
    if !(0..=1).contains(&local) {
        return Err(CommandError::ValueMustBeBetween { min: 0, max: 1 });
    }
    let replicas = usize::try_from(args.next_int()?).map_err(|_| CommandError::MustBePositive)?;
    let deadline_us = deadline(ctx, args)?;
    if ctx.engine.replication.is_replica() {
        return Err(ReplicationError::WaitaofOnReplica.into());
    }
    if local > 0 && !ctx.engine.config.aof.enabled {
        return Err(ReplicationError::WaitaofWithoutAof.into());
    }
    let waiter = Waiter {
        client: ctx.client.id,
        offset: ctx.client.written_offset,
        replicas,
        on_disk: true,
        local: local > 0,
        deadline_us,
    };
    wait_for(ctx, waiter);
    Ok(())
}

fn deadline(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Deadline, CommandError> {
    let timeout_ms = args.next_int().map_err(|_| CommandError::TimeoutNotAnInteger)?;
    ctx.deadline_of_ms(timeout_ms)
}

fn wait_for(ctx: &mut Ctx<'_>, waiter: Waiter) {
    ctx.engine.replicate();
    let copies = Copies::of(ctx.engine, &waiter);
    if copies.suffice(&waiter) || !ctx.may_block() {
        copies.write(&waiter, ctx.reply);
        return;
    }
    ctx.client.blocked = true;
    ctx.engine.replication.waiters.push(waiter);
    ctx.engine.replication.asks_for_acknowledgements = true;
}

/// Who has what a client waits for.
#[derive(Debug, Clone, Copy)]
struct Copies {
    /// Our own append-only file; of no concern to WAIT.
    local: bool,
    /// Online replicas that have acknowledged it.
    replicas: usize,
}

impl Copies {
    fn of(engine: &Engine, waiter: &Waiter) -> Self {
        let replicas = engine.replication.replicas().iter().filter_map(|id| engine.replica(*id));
        let online = replicas.filter(|replica| replica.is_online());
        let have = online.filter(|replica| {
            let offset = if waiter.on_disk { replica.acknowledged_aof } else { replica.acknowledged };
            offset >= waiter.offset
        });
        Self { local: engine.aof.has_synced(waiter.offset), replicas: have.count() }
    }

    fn suffice(self, waiter: &Waiter) -> bool {
        self.replicas >= waiter.replicas && (self.local || !waiter.local)
    }

    fn write(self, waiter: &Waiter, reply: &mut Reply) {
        if waiter.on_disk {
            reply.array(2);
            reply.int(self.local.into());
        }
        reply.int(self.replicas as i64);
    }
}

/// Answers those who have waited long enough, or whose writes are where they are to be.
pub fn serve_waiters(engine: &mut Engine, now_us: u64) {
    if engine.replication.waiters.is_empty() {
        return;
    }
    for waiter in std::mem::take(&mut engine.replication.waiters) {
        let copies = Copies::of(engine, &waiter);
        let is_over = waiter.deadline_us.is_some_and(|deadline_us| deadline_us <= now_us);
        if waiter.local && !engine.config.aof.enabled {
            answer(engine, &waiter, Err(ReplicationError::WaitaofWithoutAof.into()));
        } else if copies.suffice(&waiter) || is_over {
            answer(engine, &waiter, Ok(copies));
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
        Release::TimedOut => Ok(Copies::of(engine, &waiter)),
        Release::Unblocked | Release::RoleChanged => Err(release.error()),
    };
    answer(engine, &waiter, outcome);
    true
}

fn answer(engine: &mut Engine, waiter: &Waiter, outcome: Result<Copies, CommandError>) {
    let Some(client) = engine.clients.by_id_mut(waiter.client) else { return };
    client.session.blocked = false;
    if !client.session.is_muted() {
        engine.clients.send(waiter.client, |reply| match outcome {
            Err(error) => reply.error(error.to_string().as_bytes()),
            Ok(copies) => copies.write(waiter, reply),
        });
    }
    engine.blocked.note_unblocked(waiter.client);
}
