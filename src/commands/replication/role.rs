//! REPLICAOF, SLAVEOF, ROLE.

use crate::commands::args::Args;
use crate::commands::blocking::force_unblock_all;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::ReplicationError;
use crate::config::PrimaryAddress;
use crate::engine::replica_name;
use crate::repl::{Phase, ReplicaState};

/// `REPLICAOF host port`, `REPLICAOF NO ONE`
pub fn replicaof(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.engine.replication.failover.is_some() {
        return Err(ReplicationError::ReplicaofDuringFailover.into());
    }
    let (host, port) = (args.at(1).to_vec(), args.at(2).to_vec());
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        if ctx.engine.replication.is_replica() {
            ctx.engine.promote();
            log::info!("MASTER MODE enabled (user request from '{}')", ctx.client.peer);
        }
        ctx.reply.ok();
        return Ok(());
    }
    args.next()?;
    let port = args.next_int()?;
    let port = u16::try_from(port).map_err(|_| ReplicationError::InvalidPrimaryPort)?;
    let address = PrimaryAddress { host: String::from_utf8_lossy(&host).into_owned(), port };
    if ctx.engine.replication.primary.as_ref().is_some_and(|primary| primary.address == address) {
        log::info!(
            "REPLICAOF would result into synchronization with the master we are already connected with. No operation performed."
        );
        ctx.reply.status("OK Already connected to specified master");
        return Ok(());
    }
    let was_primary = !ctx.engine.replication.is_replica();
    ctx.engine.follow(address);
    if was_primary {
        force_unblock_all(ctx.engine);
    }
    let primary = &ctx.engine.config.replication.primary;
    if let Some(PrimaryAddress { host, port }) = primary {
        log::info!("REPLICAOF {host}:{port} enabled (user request from '{}')", ctx.client.peer);
    }
    ctx.reply.ok();
    Ok(())
}

pub fn role(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.engine.replicate();
    match &ctx.engine.replication.primary {
        Some(primary) => {
            let state = match primary.link.phase() {
                Phase::Waits => "connect",
                Phase::Connecting => "connecting",
                Phase::Handshake => "handshake",
                Phase::AwaitsSnapshot | Phase::Transfer | Phase::Loading => "sync",
                Phase::Online => "connected",
            };
            let is_past_sync = matches!(primary.link.phase(), Phase::Online);
            ctx.reply.array(5);
            ctx.reply.bulk(b"slave");
            ctx.reply.bulk(primary.address.host.as_bytes());
            ctx.reply.int(primary.address.port.into());
            ctx.reply.bulk(state.as_bytes());
            let offset = ctx.engine.replication.offset() as i64;
            ctx.reply.int(if is_past_sync || primary.resume_db.is_some() { offset } else { -1 });
        }
        None => role_of_primary(ctx),
    }
    Ok(())
}

fn role_of_primary(ctx: &mut Ctx<'_>) {
    let engine = &ctx.engine;
    let clients = engine.replication.replicas().iter().filter_map(|id| engine.clients.by_id(*id));
    let online: Vec<(String, String, u64)> = clients
        .filter_map(|client| {
            let replica = client.session.replica.as_deref()?;
            let name = replica_name(&client.session);
            let ip = match name.rsplit_once(':') {
                Some((ip, _)) => ip.to_owned(),
                None => client.session.peer.rsplit_once(':')?.0.to_owned(),
            };
            (replica.state == ReplicaState::Online)
                .then(|| (ip, replica.listening_port.to_string(), replica.acknowledged))
        })
        .collect();
    ctx.reply.array(3);
    ctx.reply.bulk(b"master");
    ctx.reply.int(ctx.engine.replication.offset() as i64);
    ctx.reply.array(online.len());
    for (ip, port, offset) in online {
        ctx.reply.array(3);
        ctx.reply.bulk(ip.as_bytes());
        ctx.reply.bulk(port.as_bytes());
        ctx.reply.bulk(offset.to_string().as_bytes());
    }
}
