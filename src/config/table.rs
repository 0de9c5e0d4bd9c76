//! The directives: every one of Redis 7.2, a row each. The field a row names is documented in
//! `settings.rs`; a row made by `kept` has no meaning here but is checked and reported.

use super::choices::{
    AclPubsubDefault, AppendFsync, Choice, DisklessLoad, LogLevel, OomScoreAdj, PropagationErrorBehavior,
    ProtectedAction, SanitizeDumpPayload, Supervised, SyslogFacility,
};
use super::kind::{
    Kind, Unit, Value, any, aof_directory, aof_name, host_name, node_name, snapshot_name, title_template,
    utf8,
};
use super::row::{Apply, Field, Row, Setting, choice_value, chosen, kept, row};
use crate::keyspace::EvictionPolicy;

/// The field at a path below `Config`.
macro_rules! at {
    ($($path:ident).+) => {
        Field::Typed { read: |c| c.$($path).+.value(), write: |c, v| c.$($path).+.assign(v) }
    };
}

/// The same for a field that holds one of a list of words.
macro_rules! word_at {
    ($($path:ident).+) => {
        Field::Typed { read: |c| choice_value(c.$($path).+), write: |c, v| c.$($path).+ = chosen(v) }
    };
}

const FLAG: Kind = Kind::Flag;
const TEXT: Kind = text(utf8);
const PATH: Kind = text(any);
const OPTIONAL_TEXT: Kind = Kind::Text { optional: true, check: utf8 };
const OPTIONAL_PATH: Kind = Kind::Text { optional: true, check: any };
const PASSWORD: Kind = OPTIONAL_PATH;
const PORT: Kind = number(0, 65_535);

const INT_MIN: i128 = i32::MIN as i128;
const INT_MAX: i128 = i32::MAX as i128;
const UINT_MAX: i128 = u32::MAX as i128;
const LONG_MAX: i128 = i64::MAX as i128;
const ULONG_MAX: i128 = u64::MAX as i128;
const MEGABYTE: i128 = 1024 * 1024;

const fn number(min: i128, max: i128) -> Kind {
    Kind::Number { min, max, unit: Unit::Plain }
}

const fn memory(min: i128, max: i128) -> Kind {
    Kind::Number { min, max, unit: Unit::Memory }
}

const fn text(check: fn(&[u8]) -> Result<(), &'static str>) -> Kind {
    Kind::Text { optional: false, check }
}

const fn word<T: Choice>() -> Kind {
    Kind::Choice(T::NAMES)
}

const NO_DEFRAG: &str = "Active defragmentation cannot be enabled: it requires a Redis server \
    compiled with a modified Jemalloc like the one shipped by default with the Redis source \
    distribution";

/// `hz` takes any number but only these are in force.
const HZ_MIN: i128 = 1;
const HZ_MAX: i128 = 500;

const HZ: Field = Field::Typed {
    read: |c| c.process.hz.value(),
    write: |c, v| {
        c.process.hz.assign(match v {
            Value::Number(hz) => Value::Number(hz.clamp(HZ_MIN, HZ_MAX)),
            other => other,
        });
    },
};

/// Every directive.
pub(super) static ROWS: &[Row] = &[
    // Process.
    row("dir", Kind::Directory, ".", at!(process.dir)).protected().deny_loading().apply(Apply::Dir),
    row("databases", number(1, INT_MAX), "16", at!(process.databases)).immutable(),
    row("hz", number(0, INT_MAX), "10", HZ).apply(Apply::Hz),
    row("dynamic-hz", FLAG, "yes", at!(process.dynamic_hz)),
    row("daemonize", FLAG, "no", at!(process.daemonize)).immutable(),
    row("supervised", word::<Supervised>(), "no", word_at!(process.supervised)).immutable(),
    row("pidfile", OPTIONAL_PATH, "", at!(process.pidfile)).immutable(),
    row("always-show-logo", FLAG, "no", at!(process.always_show_logo)).immutable(),
    row("set-proc-title", FLAG, "yes", at!(process.set_proc_title)).immutable(),
    row(
        "proc-title-template",
        text(title_template),
        "{title} {listen-addr} {server-mode}",
        at!(process.proc_title_template),
    )
    .apply(Apply::ProcTitle),
    row("oom-score-adj", word::<OomScoreAdj>(), "no", word_at!(process.oom_score_adj))
        .apply(Apply::OomScoreAdj),
    row("oom-score-adj-values", Kind::OomScores, "0 200 800", at!(process.oom_score_adj_values))
        .apply(Apply::OomScoreAdj),
    row("disable-thp", FLAG, "yes", at!(process.disable_thp)).immutable(),
    row("crash-log-enabled", FLAG, "yes", at!(process.crash_log_enabled)).apply(Apply::CrashLog),
    kept("crash-memcheck-enabled", FLAG, "yes"),
    kept("use-exit-on-panic", FLAG, "no").hidden(),
    row("watchdog-period", number(0, INT_MAX), "0", at!(process.watchdog_period_ms))
        .hidden()
        .apply(Apply::Watchdog),
    row("shutdown-timeout", number(0, INT_MAX), "10", at!(process.shutdown_timeout_seconds)),
    row("shutdown-on-sigint", Kind::ShutdownFlags, "default", at!(process.shutdown_on_sigint)),
    row("shutdown-on-sigterm", Kind::ShutdownFlags, "default", at!(process.shutdown_on_sigterm)),
    row("busy-reply-threshold", number(0, LONG_MAX), "5000", at!(process.busy_reply_threshold_ms))
        .alias("lua-time-limit"),
    kept("io-threads", number(1, 128), "1").immutable(),
    kept("io-threads-do-reads", FLAG, "no").immutable(),
    kept("server_cpulist", OPTIONAL_TEXT, "").immutable(),
    kept("bio_cpulist", OPTIONAL_TEXT, "").immutable(),
    kept("aof_rewrite_cpulist", OPTIONAL_TEXT, "").immutable(),
    kept("bgsave_cpulist", OPTIONAL_TEXT, "").immutable(),
    kept("ignore-warnings", TEXT, ""),
    row("locale-collate", TEXT, "", at!(process.locale_collate)).apply(Apply::Locale),
    row(
        "propagation-error-behavior",
        word::<PropagationErrorBehavior>(),
        "ignore",
        word_at!(replication.propagation_error_behavior),
    ),
    // Network.
    row("port", PORT, "6379", at!(network.port)).apply(Apply::Listen),
    row("bind", Kind::Addresses, "* -::*", at!(network.bind)).apply(Apply::Listen),
    row("bind-source-addr", OPTIONAL_TEXT, "", at!(network.bind_source_addr)),
    row("unixsocket", OPTIONAL_PATH, "", at!(network.unix_socket)).immutable(),
    row(
        "unixsocketperm",
        Kind::Number { min: 0, max: 0o777, unit: Unit::Octal },
        "0",
        at!(network.unix_socket_permissions),
    )
    .immutable(),
    row("tcp-backlog", number(0, INT_MAX), "511", at!(network.tcp_backlog)).immutable(),
    row("tcp-keepalive", number(0, INT_MAX), "300", at!(network.tcp_keepalive_seconds)),
    row("timeout", number(0, INT_MAX), "0", at!(network.timeout_seconds)),
    row("protected-mode", FLAG, "yes", at!(network.protected_mode)),
    row("socket-mark-id", number(0, UINT_MAX), "0", at!(network.socket_mark_id)).immutable(),
    // Limits of clients.
    row("maxclients", number(1, UINT_MAX), "10000", at!(limits.maxclients)).apply(Apply::Maxclients),
    row("proto-max-bulk-len", memory(MEGABYTE, LONG_MAX), "512mb", at!(limits.bulk_bytes)),
    row("client-query-buffer-limit", memory(MEGABYTE, LONG_MAX), "1gb", at!(limits.query_buffer_bytes)),
    row(
        "client-output-buffer-limit",
        Kind::OutputLimits,
        "normal 0 0 0 replica 256mb 64mb 60 pubsub 32mb 8mb 60",
        at!(limits.output),
    ),
    row("tracking-table-max-keys", number(0, LONG_MAX), "1000000", at!(limits.tracking_table_keys)),
    // Memory.
    row("maxmemory", memory(0, ULONG_MAX), "0", at!(memory.maxmemory_bytes)).apply(Apply::Maxmemory),
    row("maxmemory-policy", word::<EvictionPolicy>(), "noeviction", word_at!(memory.policy))
        .apply(Apply::Maxmemory),
    row("maxmemory-samples", number(1, INT_MAX), "5", at!(memory.samples)),
    row("maxmemory-eviction-tenacity", number(0, 100), "10", at!(memory.eviction_tenacity)),
    row(
        "maxmemory-clients",
        Kind::Number { min: -100, max: LONG_MAX, unit: Unit::MemoryOrPercent },
        "0",
        at!(memory.clients),
    )
    .apply(Apply::MaxmemoryClients),
    row("lfu-log-factor", number(0, INT_MAX), "10", at!(memory.lfu_log_factor)).apply(Apply::Maxmemory),
    row("lfu-decay-time", number(0, INT_MAX), "1", at!(memory.lfu_decay_minutes)).apply(Apply::Maxmemory),
    row("activerehashing", FLAG, "yes", at!(memory.active_rehashing)),
    row("lazyfree-lazy-eviction", FLAG, "no", at!(memory.lazyfree_lazy_eviction)),
    row("lazyfree-lazy-expire", FLAG, "no", at!(memory.lazyfree_lazy_expire)),
    row("lazyfree-lazy-server-del", FLAG, "no", at!(memory.lazyfree_lazy_server_del)),
    row("lazyfree-lazy-user-del", FLAG, "no", at!(memory.lazyfree_lazy_user_del)),
    row("lazyfree-lazy-user-flush", FLAG, "no", at!(memory.lazyfree_lazy_user_flush)),
    kept("jemalloc-bg-thread", FLAG, "yes"),
    kept("activedefrag", FLAG, "no").absent(NO_DEFRAG),
    kept("active-defrag-cycle-min", number(1, 99), "1"),
    kept("active-defrag-cycle-max", number(1, 99), "25"),
    kept("active-defrag-threshold-lower", number(0, 1000), "10"),
    kept("active-defrag-threshold-upper", number(0, 1000), "100"),
    kept("active-defrag-max-scan-fields", number(1, LONG_MAX), "1000"),
    kept("active-defrag-ignore-bytes", memory(1, LONG_MAX), "100mb"),
    // Encodings and expiry.
    row("hash-max-listpack-entries", number(0, LONG_MAX), "512", at!(encoding.hash_max_listpack_entries))
        .alias("hash-max-ziplist-entries")
        .apply(Apply::Encoding),
    row("hash-max-listpack-value", memory(0, LONG_MAX), "64", at!(encoding.hash_max_listpack_value))
        .alias("hash-max-ziplist-value")
        .apply(Apply::Encoding),
    row("set-max-intset-entries", number(0, LONG_MAX), "512", at!(encoding.set_max_intset_entries))
        .apply(Apply::Encoding),
    row("set-max-listpack-entries", number(0, LONG_MAX), "128", at!(encoding.set_max_listpack_entries))
        .apply(Apply::Encoding),
    row("set-max-listpack-value", number(0, LONG_MAX), "64", at!(encoding.set_max_listpack_value))
        .apply(Apply::Encoding),
    row("zset-max-listpack-entries", number(0, LONG_MAX), "128", at!(encoding.zset_max_listpack_entries))
        .alias("zset-max-ziplist-entries")
        .apply(Apply::Encoding),
    row("zset-max-listpack-value", memory(0, LONG_MAX), "64", at!(encoding.zset_max_listpack_value))
        .alias("zset-max-ziplist-value")
        .apply(Apply::Encoding),
    row("list-max-listpack-size", number(INT_MIN, INT_MAX), "-2", at!(encoding.list_max_listpack_size))
        .alias("list-max-ziplist-size")
        .apply(Apply::Encoding),
    row("list-compress-depth", number(0, INT_MAX), "0", at!(encoding.list_compress_depth))
        .apply(Apply::Encoding),
    row("stream-node-max-bytes", memory(0, LONG_MAX), "4096", at!(encoding.stream_node_max_bytes))
        .apply(Apply::Encoding),
    row("stream-node-max-entries", number(0, LONG_MAX), "100", at!(encoding.stream_node_max_entries))
        .apply(Apply::Encoding),
    row("hll-sparse-max-bytes", memory(0, LONG_MAX), "3000", at!(encoding.hll_sparse_max_bytes))
        .apply(Apply::Encoding),
    row("active-expire-effort", number(1, 10), "1", at!(expiry.active_effort)),
    // Log.
    row("loglevel", word::<LogLevel>(), "notice", word_at!(log.level)).apply(Apply::LogLevel),
    row("logfile", PATH, "", at!(log.file)).immutable(),
    row("syslog-enabled", FLAG, "no", at!(log.syslog_enabled)).immutable(),
    row("syslog-ident", TEXT, "redis", at!(log.syslog_ident)).immutable(),
    row("syslog-facility", word::<SyslogFacility>(), "local0", word_at!(log.syslog_facility)).immutable(),
    // Snapshots.
    row("save", Kind::SavePoints, "3600 1 300 100 60 10000", at!(rdb.save_points)).apply(Apply::SavePoints),
    row("dbfilename", text(snapshot_name), "dump.rdb", at!(rdb.file_name)).protected(),
    row("rdbcompression", FLAG, "yes", at!(rdb.compression)),
    row("rdbchecksum", FLAG, "yes", at!(rdb.checksum)).immutable(),
    row("rdb-compat-version", number(9, 12), "12", at!(rdb.compat_version)),
    row("stop-writes-on-bgsave-error", FLAG, "yes", at!(rdb.stop_writes_on_bgsave_error)),
    row("rdb-save-incremental-fsync", FLAG, "yes", at!(rdb.save_incremental_fsync)),
    row("rdb-del-sync-files", FLAG, "no", at!(rdb.delete_sync_files)),
    row("sanitize-dump-payload", word::<SanitizeDumpPayload>(), "no", word_at!(rdb.sanitize_dump_payload)),
    row("rdb-key-save-delay", number(INT_MIN, INT_MAX), "0", at!(rdb.key_save_delay_us)).hidden(),
    row("key-load-delay", number(INT_MIN, INT_MAX), "0", at!(rdb.key_load_delay_us)).hidden(),
    row(
        "loading-process-events-interval-bytes",
        number(1024, INT_MAX),
        "2097152",
        at!(rdb.loading_process_events_interval_bytes),
    )
    .hidden(),
    // Append-only file.
    row("appendonly", FLAG, "no", at!(aof.enabled)).deny_loading().apply(Apply::AppendOnly),
    row("appendfilename", text(aof_name), "appendonly.aof", at!(aof.file_name)).immutable(),
    row("appenddirname", text(aof_directory), "appendonlydir", at!(aof.dir_name)).immutable(),
    row("appendfsync", word::<AppendFsync>(), "everysec", word_at!(aof.fsync)).apply(Apply::AppendFsync),
    row("no-appendfsync-on-rewrite", FLAG, "no", at!(aof.no_fsync_on_rewrite)),
    row("auto-aof-rewrite-percentage", number(0, INT_MAX), "100", at!(aof.auto_rewrite_percentage)),
    row("auto-aof-rewrite-min-size", memory(0, LONG_MAX), "64mb", at!(aof.auto_rewrite_min_bytes)),
    row("aof-load-truncated", FLAG, "yes", at!(aof.load_truncated)),
    row("aof-load-corrupt-tail-max-size", memory(0, LONG_MAX), "0", at!(aof.load_corrupt_tail_max_bytes)),
    row("aof-use-rdb-preamble", FLAG, "yes", at!(aof.use_rdb_preamble)),
    row("aof-timestamp-enabled", FLAG, "no", at!(aof.timestamp_enabled)),
    row("aof-rewrite-incremental-fsync", FLAG, "yes", at!(aof.rewrite_incremental_fsync)),
    row("aof-disable-auto-gc", FLAG, "no", at!(aof.disable_auto_gc)).hidden().apply(Apply::AofAutoGc),
    // Replication.
    row("replicaof", Kind::Primary, "no one", at!(replication.primary)).alias("slaveof").immutable(),
    row("masteruser", OPTIONAL_TEXT, "", at!(replication.primary_user)).sensitive(),
    row("masterauth", PASSWORD, "", at!(replication.primary_password)).sensitive(),
    row("replica-serve-stale-data", FLAG, "yes", at!(replication.serve_stale_data))
        .alias("slave-serve-stale-data"),
    row("replica-read-only", FLAG, "yes", at!(replication.read_only)).alias("slave-read-only"),
    row("replica-ignore-maxmemory", FLAG, "yes", at!(replication.ignore_maxmemory))
        .alias("slave-ignore-maxmemory"),
    row("replica-lazy-flush", FLAG, "no", at!(replication.lazy_flush)).alias("slave-lazy-flush"),
    row("replica-ignore-disk-write-errors", FLAG, "no", at!(replication.ignore_disk_write_errors)),
    row("replica-priority", number(0, INT_MAX), "100", at!(replication.priority)).alias("slave-priority"),
    row("replica-announced", FLAG, "yes", at!(replication.announced)),
    row("replica-announce-ip", OPTIONAL_TEXT, "", at!(replication.announce_ip)).alias("slave-announce-ip"),
    row("replica-announce-port", PORT, "0", at!(replication.announce_port)).alias("slave-announce-port"),
    row("repl-timeout", number(1, INT_MAX), "60", at!(replication.timeout_seconds)),
    row("repl-ping-replica-period", number(1, INT_MAX), "10", at!(replication.ping_period_seconds))
        .alias("repl-ping-slave-period"),
    row("repl-backlog-size", memory(1, LONG_MAX), "1mb", at!(replication.backlog_bytes))
        .apply(Apply::ReplicationBacklog),
    row("repl-backlog-ttl", number(0, LONG_MAX), "3600", at!(replication.backlog_ttl_seconds)),
    row("repl-disable-tcp-nodelay", FLAG, "no", at!(replication.disable_tcp_nodelay)),
    row("repl-diskless-sync", FLAG, "yes", at!(replication.diskless_sync)),
    row("repl-diskless-sync-delay", number(0, INT_MAX), "5", at!(replication.diskless_sync_delay_seconds)),
    row(
        "repl-diskless-sync-max-replicas",
        number(0, INT_MAX),
        "0",
        at!(replication.diskless_sync_max_replicas),
    ),
    row("repl-diskless-load", word::<DisklessLoad>(), "disabled", word_at!(replication.diskless_load))
        .deny_loading(),
    row("min-replicas-to-write", number(0, INT_MAX), "0", at!(replication.min_replicas_to_write))
        .alias("min-slaves-to-write")
        .apply(Apply::MinReplicas),
    row("min-replicas-max-lag", number(0, INT_MAX), "10", at!(replication.min_replicas_max_lag_seconds))
        .alias("min-slaves-max-lag")
        .apply(Apply::MinReplicas),
    // Security.
    row("requirepass", PASSWORD, "", at!(security.requirepass)).sensitive().apply(Apply::RequirePass),
    row("aclfile", PATH, "", at!(security.acl_file)).immutable(),
    row("acllog-max-len", number(0, LONG_MAX), "128", at!(security.acl_log_max_len)),
    row(
        "acl-pubsub-default",
        word::<AclPubsubDefault>(),
        "resetchannels",
        word_at!(security.acl_pubsub_default),
    ),
    row(
        "enable-protected-configs",
        word::<ProtectedAction>(),
        "no",
        word_at!(security.enable_protected_configs),
    )
    .immutable(),
    row("enable-debug-command", word::<ProtectedAction>(), "no", word_at!(security.enable_debug_command))
        .immutable(),
    row("enable-module-command", word::<ProtectedAction>(), "no", word_at!(security.enable_module_command))
        .immutable(),
    // What is measured and announced.
    row("slowlog-log-slower-than", number(-1, LONG_MAX), "10000", at!(observe.slowlog_log_slower_than_us)),
    row("slowlog-max-len", number(0, LONG_MAX), "128", at!(observe.slowlog_max_len)).apply(Apply::SlowLog),
    row("latency-monitor-threshold", number(0, LONG_MAX), "0", at!(observe.latency_monitor_threshold_ms)),
    row("latency-tracking", FLAG, "yes", at!(observe.latency_tracking)).apply(Apply::LatencyTracking),
    row(
        "latency-tracking-info-percentiles",
        Kind::Percentiles,
        "50 99 99.9",
        at!(observe.latency_percentiles),
    ),
    row("notify-keyspace-events", Kind::NotifyFlags, "", at!(notify_keyspace_events))
        .apply(Apply::NotifyKeyspaceEvents),
    // Cluster.
    kept("cluster-enabled", FLAG, "no").immutable(),
    kept("cluster-config-file", TEXT, "nodes.conf").immutable(),
    kept("cluster-port", PORT, "0").immutable(),
    kept("cluster-node-timeout", number(0, LONG_MAX), "15000"),
    kept("cluster-ping-interval", number(0, LONG_MAX), "0").hidden(),
    kept("cluster-replica-validity-factor", number(0, INT_MAX), "10").alias("cluster-slave-validity-factor"),
    kept("cluster-replica-no-failover", FLAG, "no").alias("cluster-slave-no-failover"),
    kept("cluster-migration-barrier", number(0, INT_MAX), "1"),
    kept("cluster-allow-replica-migration", FLAG, "yes"),
    kept("cluster-require-full-coverage", FLAG, "yes"),
    kept("cluster-allow-reads-when-down", FLAG, "no"),
    kept("cluster-allow-pubsubshard-when-down", FLAG, "yes"),
    kept("cluster-link-sendbuf-limit", memory(0, ULONG_MAX), "0"),
    kept("cluster-announce-ip", OPTIONAL_TEXT, ""),
    kept("cluster-announce-port", PORT, "0"),
    kept("cluster-announce-tls-port", PORT, "0"),
    kept("cluster-announce-bus-port", PORT, "0"),
    kept("cluster-announce-hostname", Kind::Text { optional: true, check: host_name }, ""),
    kept("cluster-announce-human-nodename", Kind::Text { optional: true, check: node_name }, ""),
    kept("cluster-preferred-endpoint-type", Kind::Choice(&["ip", "hostname", "unknown-endpoint"]), "ip"),
    // TLS.
    kept("tls-port", PORT, "0").apply(Apply::Tls),
    kept("tls-cluster", FLAG, "no").apply(Apply::Tls),
    kept("tls-replication", FLAG, "no").apply(Apply::Tls),
    kept("tls-auth-clients", Kind::Choice(&["no", "yes", "optional"]), "yes"),
    kept("tls-prefer-server-ciphers", FLAG, "no").apply(Apply::Tls),
    kept("tls-session-caching", FLAG, "yes").apply(Apply::Tls),
    kept("tls-session-cache-size", number(0, INT_MAX), "20480").apply(Apply::Tls),
    kept("tls-session-cache-timeout", number(0, INT_MAX), "300").apply(Apply::Tls),
    kept("tls-cert-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-key-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-key-file-pass", OPTIONAL_TEXT, "").sensitive().apply(Apply::Tls),
    kept("tls-client-cert-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-client-key-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-client-key-file-pass", OPTIONAL_TEXT, "").sensitive().apply(Apply::Tls),
    kept("tls-dh-params-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-ca-cert-file", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-ca-cert-dir", OPTIONAL_PATH, "").volatile().apply(Apply::Tls),
    kept("tls-protocols", OPTIONAL_TEXT, "").apply(Apply::Tls),
    kept("tls-ciphers", OPTIONAL_TEXT, "").apply(Apply::Tls),
    kept("tls-ciphersuites", OPTIONAL_TEXT, "").apply(Apply::Tls),
];

#[cfg(test)]
mod tests;
