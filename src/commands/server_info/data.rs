//! Sections on what the server holds and does: `persistence`, `stats`, statistics by command
//! and by error, `cluster`, `keyspace`. What Russet does not have (yet) is shown as what Redis shows when it
//! is not in use.

use super::lines::{Lines, safe_name};
use crate::commands::context::Ctx;
use crate::observe::Stats;

pub fn persistence(ctx: &Ctx<'_>, lines: &mut Lines) {
    let snapshots = &ctx.engine.snapshots;
    let now_s = ctx.now_ms() / 1000;
    lines.flag("loading", snapshots.is_loading() && !snapshots.serves_meanwhile());
    lines.flag("async_loading", snapshots.serves_meanwhile());
    snapshot_progress(ctx, lines);
    let changes = ctx.keys.effects.dirty().saturating_sub(snapshots.dirty_at_last_save);
    lines.field("rdb_changes_since_last_save", changes);
    lines.flag("rdb_bgsave_in_progress", snapshots.is_saving());
    lines.field("rdb_last_save_time", snapshots.last_save_s);
    lines.status("rdb_last_bgsave_status", snapshots.last_save_ok);
    lines.field("rdb_last_bgsave_time_sec", snapshots.last_duration_s.unwrap_or(-1));
    let running_s = snapshots.child.as_ref().map_or(-1, |child| now_s - child.since_s);
    lines.field("rdb_current_bgsave_time_sec", running_s);
    lines.field("rdb_saves", snapshots.saves);
    lines.field("rdb_last_cow_size", snapshots.last_copied_bytes);
    lines.field("rdb_last_load_keys_expired", snapshots.last_load.expired_keys);
    lines.field("rdb_last_load_keys_loaded", snapshots.last_load.keys);
    append_only_file(ctx, lines);
    lines.fields(&["module_fork_in_progress", "module_fork_last_cow_size"], 0);
    append_only_file_sizes(ctx, lines);
    loading_progress(ctx, lines);
}

/// How far the child is that saves; all zero without one.
fn snapshot_progress(ctx: &Ctx<'_>, lines: &mut Lines) {
    let child = ctx.engine.snapshots.child.as_ref().or(ctx.engine.aof.rewrites.child.as_ref());
    let Some(child) = child else {
        lines.fields(&["current_cow_peak", "current_cow_size", "current_cow_size_age"], 0);
        lines.decimal("current_fork_perc", 0.0);
        lines.fields(&["current_save_keys_processed", "current_save_keys_total"], 0);
        return;
    };
    let now_us = ctx.engine.clock.monotonic_us();
    let age_s = child.copied_at_us.map_or(0, |at_us| now_us.saturating_sub(at_us) / 1_000_000);
    lines.field("current_cow_peak", child.copied_bytes_max);
    lines.field("current_cow_size", child.copied_bytes);
    lines.field("current_cow_size_age", age_s);
    lines.decimal("current_fork_perc", child.keys_saved as f64 / child.keys_total.max(1) as f64 * 100.0);
    lines.field("current_save_keys_processed", child.keys_saved);
    lines.field("current_save_keys_total", child.keys_total);
}

/// How far the data set is that is loading, if there is one.
fn loading_progress(ctx: &Ctx<'_>, lines: &mut Lines) {
    if let Some(progress) = &ctx.engine.snapshots.replaying {
        lines.field("loading_start_time", progress.started_s);
        lines.field("loading_total_bytes", progress.total_bytes);
        lines.field("loading_rdb_used_mem", 0);
        lines.field("loading_loaded_bytes", progress.loaded_bytes);
        lines.decimal("loading_loaded_perc", progress.percentage());
        lines.field("loading_eta_seconds", progress.left_s(ctx.now_ms() / 1000));
    }
    let Some(loading) = &ctx.engine.snapshots.loading else { return };
    lines.field("loading_start_time", loading.started_s);
    lines.field("loading_total_bytes", loading.total_bytes);
    lines.field("loading_rdb_used_mem", loading.saved_memory_bytes());
    lines.field("loading_loaded_bytes", loading.loaded_bytes);
    lines.decimal("loading_loaded_perc", loading.percentage());
    lines.field("loading_eta_seconds", loading.left_s(ctx.now_ms() / 1000));
}

fn append_only_file(ctx: &Ctx<'_>, lines: &mut Lines) {
    let (aof, now_s) = (&ctx.engine.aof, ctx.now_ms() / 1000);
    let rewrites = &aof.rewrites;
    lines.flag("aof_enabled", !aof.is_off());
    lines.flag("aof_rewrite_in_progress", rewrites.child.is_some());
    lines.flag("aof_rewrite_scheduled", rewrites.scheduled);
    lines.field("aof_last_rewrite_time_sec", rewrites.last_duration_s.unwrap_or(-1));
    let running_s = rewrites.child.as_ref().map_or(-1, |child| now_s - child.since_s);
    lines.field("aof_current_rewrite_time_sec", running_s);
    lines.status("aof_last_bgrewrite_status", rewrites.last_ok);
    lines.field("aof_rewrites", rewrites.count);
    lines.field("aof_rewrites_consecutive_failures", rewrites.consecutive_failures);
    lines.status("aof_last_write_status", !aof.is_in_trouble());
    lines.field("aof_last_cow_size", rewrites.last_copied_bytes);
}

/// Only shown while the append-only file is on, behind all other fields.
fn append_only_file_sizes(ctx: &Ctx<'_>, lines: &mut Lines) {
    if !ctx.engine.config.aof.enabled {
        return;
    }
    let aof = &ctx.engine.aof;
    lines.field("aof_current_size", aof.current_bytes);
    lines.field("aof_base_size", aof.base_bytes);
    lines.flag("aof_pending_rewrite", aof.rewrites.scheduled);
    lines.field("aof_buffer_length", ctx.engine.downstream.aof.pending().len());
    lines.field("aof_pending_bio_fsync", u8::from(aof.is_syncing()));
    lines.field("aof_delayed_fsync", aof.delayed_syncs);
}

pub fn stats(ctx: &Ctx<'_>, lines: &mut Lines) {
    let (stats, keyspace) = (&ctx.engine.stats, &ctx.keys.statistics);
    traffic(stats, lines);
    lines.field("rejected_connections", stats.connections_rejected);
    let syncs = &ctx.engine.replication.syncs;
    lines.field("sync_full", syncs.full);
    lines.field("sync_partial_ok", syncs.partial_ok);
    lines.field("sync_partial_err", syncs.partial_err);
    lines.field("expired_keys", keyspace.expired);
    lines.field("expired_subkeys", keyspace.expired_fields);
    let (expiry, eviction) = (&ctx.engine.expiry, &ctx.engine.eviction);
    let now_us = ctx.engine.clock.monotonic_us();
    lines.decimal("expired_stale_perc", expiry.stale_percent());
    lines.field("expired_time_cap_reached_count", expiry.time_cap_reached());
    lines.field("expire_cycle_cpu_milliseconds", expiry.time_used_us() / 1000);
    lines.field("evicted_keys", keyspace.evicted);
    lines.field("evicted_clients", stats.evicted_clients);
    lines.field("total_eviction_exceeded_time", eviction.total_exceeded_ms(now_us));
    lines.field("current_eviction_exceeded_time", eviction.current_exceeded_ms(now_us));
    lines.field("keyspace_hits", keyspace.hits);
    lines.field("keyspace_misses", keyspace.misses);
    lines.field("pubsub_channels", ctx.engine.pubsub.numchannels());
    lines.field("pubsub_patterns", ctx.engine.pubsub.numpat());
    lines.field("pubsubshard_channels", ctx.engine.pubsub.numshardchannels());
    lines.field("latest_fork_usec", stats.latest_fork_us);
    lines.field("total_forks", stats.forks);
    lines.field("migrate_cached_sockets", ctx.engine.migration.kept());
    lines.field("slave_expires_tracked_keys", ctx.engine.own_expiry.len());
    lines.fields(
        &[
            "active_defrag_hits",
            "active_defrag_misses",
            "active_defrag_key_hits",
            "active_defrag_key_misses",
            "total_active_defrag_time",
            "current_active_defrag_time",
        ],
        0,
    );
    lines.field("tracking_total_keys", ctx.engine.tracking.key_count());
    lines.field("tracking_total_items", ctx.engine.tracking.item_count());
    lines.field("tracking_total_prefixes", ctx.engine.tracking.prefix_count());
    lines.field("unexpected_error_replies", stats.unexpected_error_replies);
    lines.field("total_error_replies", stats.total_error_replies);
    lines.field("dump_payload_sanitizations", stats.dump_payload_sanitizations);
    loop_turns(stats, lines);
    lines.field("acl_access_denied_auth", stats.acl_denied.auth);
    lines.field("acl_access_denied_cmd", stats.acl_denied.command);
    lines.field("acl_access_denied_key", stats.acl_denied.key);
    lines.field("acl_access_denied_channel", stats.acl_denied.channel);
}

fn traffic(stats: &Stats, lines: &mut Lines) {
    lines.field("total_connections_received", stats.connections_received);
    lines.field("total_commands_processed", stats.commands_processed);
    lines.field("instantaneous_ops_per_sec", stats.commands_per_second());
    lines.field("total_net_input_bytes", stats.total_net_input_bytes());
    lines.field("total_net_output_bytes", stats.total_net_output_bytes());
    lines.field("total_net_repl_input_bytes", stats.replication_input_bytes);
    lines.field("total_net_repl_output_bytes", stats.replication_output_bytes);
    lines.decimal("instantaneous_input_kbps", stats.input_kb_per_second());
    lines.decimal("instantaneous_output_kbps", stats.output_kb_per_second());
    lines.decimal("instantaneous_input_repl_kbps", stats.replication_input_kb_per_second());
    lines.decimal("instantaneous_output_repl_kbps", stats.replication_output_kb_per_second());
}

fn loop_turns(stats: &Stats, lines: &mut Lines) {
    lines.field("total_reads_processed", stats.reads_processed);
    lines.field("total_writes_processed", stats.writes_processed);
    lines.fields(&["io_threaded_reads_processed", "io_threaded_writes_processed"], 0);
    lines.field("reply_buffer_shrinks", stats.reply_buffer_shrinks);
    lines.field("reply_buffer_expands", stats.reply_buffer_expands);
    lines.field("eventloop_cycles", stats.event_loop.turns.count);
    lines.field("eventloop_duration_sum", stats.event_loop.turns.sum_us);
    lines.field("eventloop_duration_cmd_sum", stats.event_loop.commands.sum_us);
    lines.field("instantaneous_eventloop_cycles_per_sec", stats.turns_per_second());
    lines.field("instantaneous_eventloop_duration_usec", stats.turn_duration_us());
}

pub fn command_stats(ctx: &Ctx<'_>, lines: &mut Lines) {
    for (id, registered) in ctx.registry.all() {
        let counters = ctx.engine.command_stats.counters(usize::from(id.0));
        if counters.is_untouched() {
            continue;
        }
        lines.field(
            &format!("cmdstat_{}", safe_name(&registered.full_name)),
            format_args!(
                "calls={},usec={},usec_per_call={:.2},rejected_calls={},failed_calls={}",
                counters.calls,
                counters.duration_us(),
                counters.us_per_call(),
                counters.rejected_calls,
                counters.failed_calls
            ),
        );
    }
}

pub fn error_stats(ctx: &Ctx<'_>, lines: &mut Lines) {
    for (code, count) in ctx.engine.stats.errors.iter() {
        let code = safe_name(&String::from_utf8_lossy(code));
        lines.field(&format!("errorstat_{code}"), format_args!("count={count}"));
    }
}

pub fn latency_stats(ctx: &Ctx<'_>, lines: &mut Lines) {
    let observe = &ctx.engine.config.observe;
    if !observe.latency_tracking {
        return;
    }
    for (id, registered) in ctx.registry.all() {
        let of = |percentile: f64| ctx.engine.command_stats.percentile_us(usize::from(id.0), percentile);
        if !ctx.engine.command_stats.has_histogram(usize::from(id.0)) {
            continue;
        }
        let percentiles: Vec<String> = observe
            .latency_percentiles
            .iter()
            .map(|percentile| format!("p{percentile}={:.3}", of(*percentile).unwrap_or(0.0)))
            .collect();
        let name = format!("latency_percentiles_usec_{}", safe_name(&registered.full_name));
        lines.field(&name, percentiles.join(","));
    }
}

pub fn cluster(_: &Ctx<'_>, lines: &mut Lines) {
    lines.field("cluster_enabled", 0);
}

pub fn keyspace(ctx: &Ctx<'_>, lines: &mut Lines) {
    for db in 0..ctx.keys.databases() {
        let keys = ctx.keys.len(db);
        if keys > 0 {
            let (expires, average_ttl_ms) = (ctx.keys.volatile_len(db), ctx.keys.average_ttl_ms(db));
            lines.field(
                &format!("db{db}"),
                format_args!("keys={keys},expires={expires},avg_ttl={average_ttl_ms}"),
            );
        }
    }
}

pub fn debug(ctx: &Ctx<'_>, lines: &mut Lines) {
    let turns = &ctx.engine.stats.event_loop;
    lines.field("eventloop_duration_aof_sum", turns.aof.sum_us);
    lines.field("eventloop_duration_cron_sum", turns.cron.sum_us);
    lines.field("eventloop_duration_max", turns.turns.max_us);
    lines.field("eventloop_cmd_per_cycle_max", turns.commands_per_turn_max);
}
