//! Sections on the server itself: `server`, `clients`, `memory`, `cpu`.

use std::sync::LazyLock;

use super::lines::{Lines, percentage};
use crate::commands::context::Ctx;
use crate::config::{Config, REDIS_VERSION, Supervised};
use crate::engine::MemoryShares;
use crate::keyspace::Libraries;
use crate::keyspace::aging::lru_bits_of_idle;
use crate::repl::Backlog;
use crate::sys::memory::{self, allocator_name, allocator_stats, resident_bytes, total_system_memory};
use crate::sys::process::{CpuTime, cpu_times, supervised_by_systemd, uname};
use crate::util::crc64::crc64;

const SECONDS_PER_DAY: i64 = 24 * 3600;

pub fn server(ctx: &Ctx<'_>, lines: &mut Lines) {
    static SYSTEM: LazyLock<String> = LazyLock::new(uname);
    let (config, identity) = (&ctx.engine.config, &ctx.engine.identity);
    let uptime_s = (ctx.now_ms() - identity.started_ms) / 1000;
    lines.field("redis_version", REDIS_VERSION);
    lines.field("server_name", "russet");
    lines.field("russet_version", env!("CARGO_PKG_VERSION"));
    lines.field("redis_git_sha1", "00000000");
    lines.field("redis_git_dirty", 0);
    lines.field("redis_build_id", format_args!("{:016x}", crc64(env!("CARGO_PKG_VERSION").as_bytes())));
    lines.field("redis_mode", "standalone");
    lines.field("os", &*SYSTEM);
    lines.field("arch_bits", usize::BITS);
    lines.field("monotonic_clock", "POSIX clock_gettime");
    lines.field("multiplexing_api", "epoll");
    lines.field("atomicvar_api", "c11-builtin");
    // No C compiler made this server; tools that parse the line get what Redis says without GCC.
    lines.field("gcc_version", "0.0.0");
    lines.field("process_id", identity.process_id);
    lines.field("process_supervised", supervisor(config));
    lines.field("run_id", &identity.run_id);
    lines.field("tcp_port", config.network.port);
    lines.field("server_time_usec", ctx.engine.clock.unix_us());
    lines.field("uptime_in_seconds", uptime_s);
    lines.field("uptime_in_days", uptime_s / SECONDS_PER_DAY);
    lines.field("hz", ctx.engine.cron_hz);
    lines.field("configured_hz", config.process.hz);
    lines.field("lru_clock", lru_bits_of_idle(0, ctx.now_ms()));
    lines.field("executable", identity.executable.display());
    let config_file = identity.config_file.as_ref();
    lines.field("config_file", config_file.map_or_else(String::new, |path| path.display().to_string()));
    lines.field("io_threads_active", 0);
    if let Some(left_ms) = ctx.engine.shutdown.left_ms(ctx.now_ms()) {
        lines.field("shutdown_in_milliseconds", left_ms);
    }
    listeners(config, lines);
}

fn supervisor(config: &Config) -> &'static str {
    match config.process.supervised {
        // Nothing is left to ask: the variable that says so is gone once upstart was signalled.
        Supervised::Upstart => "upstart",
        Supervised::Systemd | Supervised::Auto if supervised_by_systemd() => "systemd",
        _ => "no",
    }
}

/// A line per kind of socket, with all its addresses.
fn listeners(config: &Config, lines: &mut Lines) {
    let network = &config.network;
    if network.port != 0 {
        let mut words = vec!["name=tcp".to_owned()];
        words.extend(network.bind.iter().map(|address| format!("bind={address}")));
        words.push(format!("port={}", network.port));
        lines.field("listener0", words.join(","));
    }
    if let Some(path) = &network.unix_socket {
        lines.field("listener1", format_args!("name=unix,bind={}", path.display()));
    }
}

pub fn clients(ctx: &Ctx<'_>, lines: &mut Lines) {
    let clients = &ctx.engine.clients;
    let memory = &ctx.engine.client_memory;
    let replicas = ctx.engine.replication.replicas().len();
    lines.field("connected_clients", clients.len().saturating_sub(replicas));
    lines.field("cluster_connections", 0);
    lines.field("maxclients", ctx.engine.config.limits.maxclients);
    lines.field("client_recent_max_input_buffer", memory.recent_input_peak());
    lines.field("client_recent_max_output_buffer", memory.recent_output_peak());
    lines.field("blocked_clients", clients.iter().filter(|client| client.session.waits()).count());
    lines.field("tracking_clients", ctx.engine.tracking.client_count());
    let blocked = &ctx.engine.blocked;
    let (keys, keys_on_loss) = blocked.key_counts();
    lines.field("clients_in_timeout_table", blocked.with_deadline());
    lines.field("total_blocking_keys", keys);
    lines.field("total_blocking_keys_on_nokey", keys_on_loss);
}

pub fn memory(ctx: &Ctx<'_>, lines: &mut Lines) {
    let used = memory::used_memory();
    let shares = MemoryShares::of(ctx.engine, ctx.keys);
    let peak = ctx.engine.stats.peak_memory_bytes.max(used);
    let resident = resident_bytes();
    let overhead = shares.overhead();
    let dataset = used.saturating_sub(overhead);
    lines.bytes("used_memory", used);
    lines.bytes("used_memory_rss", resident);
    lines.bytes("used_memory_peak", peak);
    lines.percent("used_memory_peak_perc", percentage(used, peak));
    lines.field("used_memory_overhead", overhead);
    lines.field("used_memory_startup", shares.startup);
    lines.field("used_memory_dataset", dataset);
    lines.percent("used_memory_dataset_perc", percentage(dataset, used.saturating_sub(shares.startup)));
    let allocator = allocator_stats();
    lines.field("allocator_allocated", allocator.allocated);
    lines.field("allocator_active", allocator.active);
    lines.field("allocator_resident", allocator.resident);
    lines.bytes("total_system_memory", total_system_memory());
    scripts(&ctx.keys.libraries, lines);
    limits(&ctx.engine.config, lines);
    lines.decimal("allocator_frag_ratio", allocator.fragmentation_ratio());
    lines.field("allocator_frag_bytes", allocator.fragmentation_bytes());
    lines.decimal("allocator_rss_ratio", allocator.rss_ratio());
    lines.field("allocator_rss_bytes", allocator.rss_bytes());
    lines.decimal("rss_overhead_ratio", allocator.process_overhead_ratio(resident));
    lines.field("rss_overhead_bytes", allocator.process_overhead_bytes(resident));
    lines.decimal("mem_fragmentation_ratio", percentage(resident, used) / 100.0);
    lines.field("mem_fragmentation_bytes", resident as i64 - used as i64);
    lines.field("mem_not_counted_for_evict", shares.aof_buffer);
    let backlog = ctx.engine.replication.backlog.as_ref();
    let stream = backlog.map_or(0, Backlog::memory_bytes);
    // What is beyond the window is there for replicas that are behind it.
    let for_replicas = backlog.map_or(0, Backlog::excess_bytes);
    lines.field("mem_replication_backlog", stream - for_replicas);
    lines.field("mem_total_replication_buffers", stream);
    lines.field("mem_clients_slaves", for_replicas);
    lines.field("mem_clients_normal", shares.clients);
    lines.field("mem_cluster_links", 0);
    lines.field("mem_aof_buffer", shares.aof_buffer);
    lines.field("mem_allocator", allocator_name());
    lines.field("active_defrag_running", 0);
    lines.field("lazyfree_pending_objects", ctx.engine.worker.pending());
    lines.field("lazyfreed_objects", ctx.engine.worker.done());
}

fn scripts(libraries: &Libraries, lines: &mut Lines) {
    lines.fields(&["used_memory_lua", "used_memory_vm_eval"], 0);
    lines.human("used_memory_lua", 0);
    lines.fields(
        &[
            "used_memory_scripts_eval",
            "number_of_cached_scripts",
            // Those that could be called.
            "number_of_functions",
        ],
        0,
    );
    lines.field("number_of_libraries", libraries.len());
    lines.field("used_memory_vm_functions", 0);
    lines.bytes("used_memory_vm_total", 0);
    lines.field("used_memory_functions", libraries.bytes());
    lines.bytes("used_memory_scripts", libraries.bytes());
}

fn limits(config: &Config, lines: &mut Lines) {
    lines.bytes("maxmemory", config.memory.maxmemory_bytes as usize);
    lines.field("maxmemory_policy", config.memory.policy.name());
}

pub fn cpu(_: &Ctx<'_>, lines: &mut Lines) {
    let times = cpu_times();
    let mut both = |suffix: &str, time: CpuTime| {
        lines.seconds(&format!("used_cpu_sys{suffix}"), time.system_us);
        lines.seconds(&format!("used_cpu_user{suffix}"), time.user_us);
    };
    both("", times.process);
    both("_children", times.children);
    both("_main_thread", times.thread);
}
