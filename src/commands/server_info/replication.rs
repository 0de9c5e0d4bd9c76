//! The section `replication` of INFO.

use super::lines::Lines;
use crate::commands::context::Ctx;
use crate::engine::replica_name;
use crate::engine::{Failover, Following};
use crate::repl::{Phase, ReplicaState};

/// What `master_link_down_since_seconds` says of a primary that was never reached.
const UNKNOWN: i64 = -1;

pub fn replication(ctx: &Ctx<'_>, lines: &mut Lines) {
    let engine = &ctx.engine;
    let state = &engine.replication;
    let config = &engine.config.replication;
    match &state.primary {
        None => lines.field("role", "master"),
        Some(primary) => {
            lines.field("role", "slave");
            followed(ctx, primary, lines);
        }
    }
    replicas(ctx, lines);
    lines.field("master_failover_state", Failover::state(state.failover.as_ref()));
    lines.field("master_replid", state.history.id());
    let second = state.history.second();
    lines.field("master_replid2", second.map_or_else(|| "0".repeat(40), |(id, _)| id.to_string()));
    let pending = engine.downstream.replicas.pending().len() as u64;
    lines.field("master_repl_offset", engine.stream_end());
    lines.field("second_repl_offset", second.map_or(-1, |(_, end)| end as i64 + 1));
    let backlog = state.backlog.as_ref();
    lines.flag("repl_backlog_active", backlog.is_some());
    lines.field("repl_backlog_size", config.backlog_bytes);
    lines.field("repl_backlog_first_byte_offset", backlog.map_or(0, |backlog| backlog.start() + 1));
    lines.field("repl_backlog_histlen", backlog.map_or(0, |backlog| backlog.len() + pending));
}

/// The primary, as its replica sees it.
fn followed(ctx: &Ctx<'_>, primary: &Following, lines: &mut Lines) {
    let config = &ctx.engine.config.replication;
    let now_ms = ctx.now_ms();
    let phase = primary.link.phase();
    let is_linked = phase == Phase::Online;
    let is_syncing = matches!(phase, Phase::AwaitsSnapshot | Phase::Transfer | Phase::Loading);
    let heard_s = (now_ms - primary.link.heard_ms()) / 1000;
    lines.field("master_host", &primary.address.host);
    lines.field("master_port", primary.address.port);
    lines.field("master_link_status", if is_linked { "up" } else { "down" });
    lines.field("master_last_io_seconds_ago", if is_linked { heard_s } else { UNKNOWN });
    lines.flag("master_sync_in_progress", is_syncing);
    let offset = ctx.engine.replication.offset();
    lines.field("slave_read_repl_offset", offset);
    lines.field("slave_repl_offset", offset);
    if is_syncing {
        let (read, total) = primary.link.progress();
        let total = total.unwrap_or(0);
        lines.field("master_sync_total_bytes", total);
        lines.field("master_sync_read_bytes", read);
        lines.field("master_sync_left_bytes", total as i64 - read as i64);
        lines.decimal("master_sync_perc", if total == 0 { 0.0 } else { read as f64 / total as f64 * 100.0 });
        lines.field("master_sync_last_io_seconds_ago", heard_s);
    }
    if !is_linked {
        let down_s = primary.down_since_ms.map_or(UNKNOWN, |since_ms| (now_ms - since_ms) / 1000);
        lines.field("master_link_down_since_seconds", down_s);
    }
    lines.field("slave_priority", config.priority);
    lines.flag("slave_read_only", config.read_only);
    lines.flag("replica_announced", config.announced);
}

fn replicas(ctx: &Ctx<'_>, lines: &mut Lines) {
    let engine = &ctx.engine;
    let config = &engine.config.replication;
    lines.field("connected_slaves", engine.replication.replicas().len());
    if config.min_replicas_to_write > 0 && config.min_replicas_max_lag_seconds > 0 {
        lines.field("min_slaves_good_slaves", engine.good_replicas());
    }
    let now_ms = ctx.now_ms();
    let clients = engine.replication.replicas().iter().filter_map(|id| engine.clients.by_id(*id));
    for (index, client) in clients.enumerate() {
        let Some(replica) = client.session.replica.as_deref() else { continue };
        let name = replica_name(&client.session);
        let ip = name.rsplit_once(':').or_else(|| client.session.peer.rsplit_once(':'));
        let ip = ip.map_or("", |(ip, _)| ip);
        let lag_s = if replica.state == ReplicaState::Online { replica.lag_s(now_ms) } else { 0 };
        lines.field(
            &format!("slave{index}"),
            format_args!(
                "ip={ip},port={},state={},offset={},lag={lag_s}",
                replica.listening_port,
                replica.state.name(),
                replica.acknowledged
            ),
        );
    }
}
