//! What replicas say to their primary, and, for REPLCONF GETACK, the other way round. The data itself is sent by
//! the server: these handlers only note who wants what.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, ReplicationError};
use crate::engine::{Engine, Session, SyncDecision, replica_name};
use crate::repl::{
    Capabilities, Replica, ReplicaState, ReplicationId, SnapshotDemand, StreamRequest, format_version_of,
};
use crate::util::number::parse_i64;
use crate::util::text::split_args;

/// The longest REPLCONF ip-address.
const ANNOUNCED_IP_BYTES_MAX: usize = 45;

/// `PSYNC id offset`
pub fn psync(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let id = ReplicationId::parse(args.next()?);
    let next = args.next_int().inspect_err(|_| {
        let name = replica_name(ctx.client);
        log::warn!("Replica {name} asks for synchronization but with a wrong offset");
    })?;
    if args.keyword("failover") && !ctx.client.is_replica() {
        take_over(ctx, id)?;
    }
    attach(ctx, Some(StreamRequest { id, next }))
}

/// Our primary hands its role over, and goes on as our replica.
fn take_over(ctx: &mut Ctx<'_>, id: Option<ReplicationId>) -> CommandResult {
    let shown = id.map_or_else(|| "?".to_owned(), |id| id.to_string());
    log::info!("Failover request received for replid {shown}.");
    if !ctx.engine.replication.is_replica() {
        return Err(ReplicationError::TakeOverOfPrimary.into());
    }
    if id != Some(ctx.engine.replication.history.id()) {
        return Err(ReplicationError::TakeOverOfOther.into());
    }
    ctx.engine.promote();
    log::info!("MASTER MODE enabled (failover request from '{}')", ctx.client.peer);
    Ok(())
}

pub fn sync(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    attach(ctx, None)
}

/// Makes the client a replica, which goes on with the stream or gets a snapshot.
fn attach(ctx: &mut Ctx<'_>, request: Option<StreamRequest>) -> CommandResult {
    if ctx.client.is_replica() {
        return Ok(());
    }
    if ctx.engine.replication.is_replica() && !ctx.engine.replication.is_linked() {
        return Err(ReplicationError::NoPrimaryLink.into());
    }
    if ctx.engine.replication.failover.is_some() {
        return Err(ReplicationError::SyncDuringFailover.into());
    }
    // A part of a data set is not put into a file: the replica must take it straight from the child.
    let takes_what_it_wants = ctx.client.replica.as_ref().is_none_or(|replica| {
        !replica.demand.is_filtered() || replica.capabilities.contains(Capabilities::EOF)
    });
    if !takes_what_it_wants {
        return Err(ReplicationError::FilteredWithoutEof.into());
    }
    // What is sent from here on is the stream's.
    if !ctx.reply.output.is_empty() {
        return Err(ReplicationError::SyncWithPendingOutput.into());
    }
    ctx.engine.replicate();
    let name = replica_name(ctx.client);
    log::info!("Replica {name} asks for synchronization");
    let decision =
        request.map_or(SyncDecision::Full, |request| ctx.engine.replication.decide(request, &name));
    match decision {
        SyncDecision::Continue { from } => go_on(ctx, from),
        SyncDecision::Full => {
            let was_refused = request.is_some_and(|request| request.id.is_some());
            ctx.engine.replication.syncs.partial_err += u64::from(was_refused);
            ctx.engine.replication.syncs.full += 1;
            ctx.engine.ensure_backlog();
            enter(ctx, ReplicaState::AwaitsSnapshot, 0, request.is_none());
        }
    }
    Ok(())
}

fn go_on(ctx: &mut Ctx<'_>, from: u64) {
    ctx.engine.replication.syncs.partial_ok += 1;
    let knows_new_ids = ctx
        .client
        .replica
        .as_ref()
        .is_some_and(|replica| replica.capabilities.contains(Capabilities::PSYNC2));
    if knows_new_ids {
        let id = ctx.engine.replication.history.id();
        ctx.reply.status(&format!("CONTINUE {id}"));
    } else {
        ctx.reply.status("CONTINUE");
    }
    enter(ctx, ReplicaState::Online, from, false);
}

fn enter(ctx: &mut Ctx<'_>, state: ReplicaState, position: u64, is_mute: bool) {
    let now_ms = ctx.now_ms();
    let replica = ctx.client.replica.get_or_insert_default();
    replica.state = state;
    replica.position = position;
    replica.is_mute = is_mute;
    replica.acknowledged_ms = now_ms;
    ctx.engine.add_replica(ctx.client.id);
}

/// `REPLCONF option value ...`
pub fn replconf(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    let now_ms = ctx.now_ms();
    while args.left() > 0 {
        if args.keyword("ack") {
            // Never answered: it comes within a stream.
            let offset = args.next_int().unwrap_or(0);
            let aof_offset = args.keyword("fack").then(|| args.next_int().unwrap_or(0));
            if let Some(replica) = ctx.client.replica.as_deref_mut().filter(|replica| replica.is_attached()) {
                let aof_offset = aof_offset.map(|offset| u64::try_from(offset).unwrap_or(0));
                replica.acknowledge(u64::try_from(offset).unwrap_or(0), aof_offset, now_ms);
                ctx.engine.replication.acknowledged = true;
            }
            return Ok(());
        }
        if args.keyword("getack") {
            args.next()?;
            if ctx.client.is_primary
                && let Some(primary) = &mut ctx.engine.replication.primary
            {
                primary.owes_acknowledgement = true;
            }
            return Ok(());
        }
        introduce(ctx.engine, ctx.client, args)?;
    }
    ctx.reply.ok();
    Ok(())
}

/// One option by which a replica introduces itself.
fn introduce(_: &Engine, client: &mut Session, args: &Args<'_>) -> Result<(), CommandError> {
    let replica: &mut Replica = client.replica.get_or_insert_default();
    if args.keyword("listening-port") {
        replica.listening_port = u16::try_from(args.next_int()?).map_err(|_| CommandError::NotAnInteger)?;
    } else if args.keyword("ip-address") {
        let ip = args.next()?;
        if ip.len() > ANNOUNCED_IP_BYTES_MAX {
            return Err(ReplicationError::AnnouncedIpTooLong(ip.len()).into());
        }
        replica.announced_ip = String::from_utf8_lossy(ip).into_owned();
    } else if args.keyword("capa") {
        let name = args.next()?;
        // Those we do not know are of no use to us.
        if name.eq_ignore_ascii_case(b"eof") {
            replica.capabilities |= Capabilities::EOF;
        } else if name.eq_ignore_ascii_case(b"psync2") {
            replica.capabilities |= Capabilities::PSYNC2;
        }
    } else if args.keyword("rdb-only") {
        replica.snapshot_only = parse_i64(args.next()?).is_some_and(|number| number == 1);
    } else if args.keyword("version") {
        let version = String::from_utf8_lossy(args.next()?).into_owned();
        let readable = format_version_of(&version).ok_or(ReplicationError::ReplicaVersion(version))?;
        replica.demand.version_max = Some(readable);
    } else if args.keyword("rdb-filter-only") {
        filter(&mut replica.demand, args.next()?)?;
    } else {
        let option = String::from_utf8_lossy(args.next()?).into_owned();
        return Err(ReplicationError::UnknownReplconfOption(option).into());
    }
    Ok(())
}

/// REPLCONF rdb-filter-only: names what the snapshot is to consist of; there is only one such name.
fn filter(demand: &mut SnapshotDemand, parts: &[u8]) -> Result<(), CommandError> {
    let parts = split_args(parts).map_err(|_| ReplicationError::SnapshotFilterMissing)?;
    (demand.without_keys, demand.without_functions) = (true, true);
    for part in parts {
        if !part.eq_ignore_ascii_case(b"functions") {
            let part = String::from_utf8_lossy(&part).into_owned();
            return Err(ReplicationError::SnapshotFilter(part).into());
        }
        demand.without_functions = false;
    }
    Ok(())
}
