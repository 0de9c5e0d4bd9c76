//! [`Config`]: the values in force, typed and grouped by who reads them. Their names in files,
//! defaults and bounds are in `table.rs`; a field says only its unit and what is not obvious.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bitflags::bitflags;

use super::choices::{
    AclPubsubDefault, AppendFsync, DisklessLoad, LogLevel, OomScoreAdj, PropagationErrorBehavior,
    ProtectedAction, SanitizeDumpPayload, Supervised, SyslogFacility,
};
use super::kind::Value;
use crate::keyspace::{EventClass, EvictionPolicy};

/// The configuration in force. Its `Debug` form shows no password.
#[derive(Clone, PartialEq)]
pub struct Config {
    pub process: Process,
    pub network: Network,
    pub limits: Limits,
    pub memory: Memory,
    pub encoding: Encoding,
    pub expiry: Expiry,
    pub log: Log,
    pub rdb: Rdb,
    pub aof: Aof,
    pub replication: Replication,
    pub security: Security,
    pub observe: Observe,
    /// Classes of keyspace events to publish.
    pub notify_keyspace_events: EventClass,
    /// Values of directives that no field stands for, by name; absent means default.
    pub(super) kept: BTreeMap<&'static str, Value>,
}

impl Config {
    /// Whether the data set is to be on no disk.
    pub fn keeps_nothing(&self) -> bool {
        self.rdb.save_points.is_empty() && !self.aof.enabled
    }

    /// What the rows' defaults are written over.
    pub(super) fn blank() -> Self {
        Self {
            process: Process::default(),
            network: Network::default(),
            limits: Limits::default(),
            memory: Memory::default(),
            encoding: Encoding::default(),
            expiry: Expiry::default(),
            log: Log::default(),
            rdb: Rdb::default(),
            aof: Aof::default(),
            replication: Replication::default(),
            security: Security::default(),
            observe: Observe::default(),
            notify_keyspace_events: EventClass::default(),
            kept: BTreeMap::new(),
        }
    }
}

/// The process: where it runs, what it is called, how it ends.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// Absolute working directory; files of persistence are in it.
    pub dir: PathBuf,
    pub databases: u32,
    /// Background tasks run this many times a second (1 to 500).
    pub hz: u32,
    /// Raise `hz` while many clients are connected.
    pub dynamic_hz: bool,
    pub daemonize: bool,
    pub supervised: Supervised,
    pub pidfile: Option<PathBuf>,
    pub always_show_logo: bool,
    pub set_proc_title: bool,
    pub proc_title_template: String,
    /// The locale whose order of text SORT uses; empty: that of the environment.
    pub locale_collate: String,
    pub oom_score_adj: OomScoreAdj,
    /// For a primary, a replica and a background child.
    pub oom_score_adj_values: [i32; 3],
    pub disable_thp: bool,
    pub crash_log_enabled: bool,
    /// How long the loop may not come round without a report; 0: for ever.
    pub watchdog_period_ms: u32,
    /// How long a shutdown waits for replicas to catch up.
    pub shutdown_timeout_seconds: u32,
    pub shutdown_on_sigint: ShutdownFlags,
    pub shutdown_on_sigterm: ShutdownFlags,
    /// A script or function that runs longer may be interrupted.
    pub busy_reply_threshold_ms: u64,
}

bitflags! {
    /// How a signal shuts the server down; empty is the default way.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct ShutdownFlags: u8 {
        const SAVE = 1 << 0;
        const NOSAVE = 1 << 1;
        /// Do not wait for replicas.
        const NOW = 1 << 2;
        /// Go down even if the snapshot fails.
        const FORCE = 1 << 3;
    }
}

/// Sockets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// 0: no TCP.
    pub port: u16,
    /// Addresses to listen on; a leading `-` makes an unavailable one harmless, `*` is any IPv4.
    pub bind: Vec<String>,
    /// Local address of outgoing connections.
    pub bind_source_addr: Option<String>,
    pub unix_socket: Option<PathBuf>,
    /// Mode bits of the Unix socket; 0 leaves them to the umask.
    pub unix_socket_permissions: u32,
    pub tcp_backlog: u32,
    /// 0: off.
    pub tcp_keepalive_seconds: u32,
    /// Idle clients are closed after this; 0: never.
    pub timeout_seconds: u32,
    /// Refuse remote clients while there is neither a password nor an explicit `bind`.
    pub protected_mode: bool,
    /// `SO_MARK` of listening sockets; 0: none.
    pub socket_mark_id: u32,
}

/// What one client, and all of them, may take.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    pub maxclients: u32,
    /// Longest single argument of a request.
    pub bulk_bytes: u64,
    /// Longest request not yet executed.
    pub query_buffer_bytes: u64,
    /// Indexed by [`OutputClass`].
    pub output: [OutputLimit; 3],
    /// Keys the invalidation table of client-side caching may hold; 0: no limit.
    pub tracking_table_keys: usize,
}

/// Clients that share one output limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputClass {
    Normal,
    Replica,
    Pubsub,
}

/// When a client that does not read its replies is closed. 0 means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    /// Above this, at once.
    pub hard_bytes: u64,
    /// Above this, if it stays above it for `soft_seconds`.
    pub soft_bytes: u64,
    pub soft_seconds: u64,
}

impl Limits {
    /// The output limit of a class of clients.
    pub fn output_of(&self, class: OutputClass) -> OutputLimit {
        self.output[class as usize]
    }
}

/// The memory limit, eviction, and who frees memory in the background.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Memory {
    /// 0: no limit.
    pub maxmemory_bytes: u64,
    pub policy: EvictionPolicy,
    /// Keys looked at before one is evicted.
    pub samples: u32,
    /// 0 to 100: how long one turn of the loop may evict.
    pub eviction_tenacity: u32,
    /// Limit of all clients' buffers together.
    pub clients: ClientsMemory,
    pub lfu_log_factor: u32,
    pub lfu_decay_minutes: u32,
    pub active_rehashing: bool,
    pub lazyfree_lazy_eviction: bool,
    pub lazyfree_lazy_expire: bool,
    pub lazyfree_lazy_server_del: bool,
    pub lazyfree_lazy_user_del: bool,
    pub lazyfree_lazy_user_flush: bool,
}

/// Memory that all clients together may use before the largest are closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientsMemory {
    /// 0: no limit.
    Bytes(u64),
    /// Of maxmemory.
    Percent(u8),
}

impl Default for ClientsMemory {
    fn default() -> Self {
        Self::Bytes(0)
    }
}

impl ClientsMemory {
    /// The limit in bytes, 0 if there is none (a percentage of no maxmemory is no limit).
    pub fn limit_bytes(self, maxmemory_bytes: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Percent(percent) => {
                maxmemory_bytes / 100 * u64::from(percent) + maxmemory_bytes % 100 * u64::from(percent) / 100
            }
        }
    }
}

/// Up to which size a collection stays in its packed encoding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Encoding {
    pub hash_max_listpack_entries: usize,
    pub hash_max_listpack_value: usize,
    pub set_max_intset_entries: usize,
    pub set_max_listpack_entries: usize,
    pub set_max_listpack_value: usize,
    pub zset_max_listpack_entries: usize,
    pub zset_max_listpack_value: usize,
    /// Positive: elements of a node. -1 to -5: 4, 8, 16, 32, 64 kilobytes.
    pub list_max_listpack_size: i32,
    pub list_compress_depth: u32,
    pub stream_node_max_bytes: usize,
    pub stream_node_max_entries: u64,
    pub hll_sparse_max_bytes: usize,
}

/// Removal of keys whose time has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Expiry {
    /// 1 to 10.
    pub active_effort: u32,
}

/// Where messages go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    pub level: LogLevel,
    /// Empty: standard output.
    pub file: PathBuf,
    pub syslog_enabled: bool,
    pub syslog_ident: String,
    pub syslog_facility: SyslogFacility,
}

/// A snapshot is due once `changes` were made and `seconds` have passed since the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavePoint {
    pub seconds: u64,
    pub changes: u64,
}

/// Snapshots.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rdb {
    pub save_points: Vec<SavePoint>,
    /// A file in `process.dir`, never a path.
    pub file_name: PathBuf,
    pub compression: bool,
    pub checksum: bool,
    /// The latest version of the format that may be written, for older peers and tools.
    pub compat_version: u32,
    pub stop_writes_on_bgsave_error: bool,
    pub save_incremental_fsync: bool,
    /// Without persistence, delete the files that replication left.
    pub delete_sync_files: bool,
    pub sanitize_dump_payload: SanitizeDumpPayload,
    /// Pause per key while saving, for tests; negative: shorter than one microsecond.
    pub key_save_delay_us: i32,
    /// Pause per key while loading, for tests.
    pub key_load_delay_us: i32,
    pub loading_process_events_interval_bytes: u64,
}

impl Rdb {
    /// `compat_version`, which its row keeps within the versions there are.
    pub fn latest_version(&self) -> u8 {
        u8::try_from(self.compat_version).unwrap_or(u8::MAX)
    }
}

/// The append-only file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Aof {
    pub enabled: bool,
    /// Base of the names in `dir_name`, never a path.
    pub file_name: PathBuf,
    pub dir_name: PathBuf,
    pub fsync: AppendFsync,
    pub no_fsync_on_rewrite: bool,
    /// Growth since the last rewrite that starts the next; 0: never.
    pub auto_rewrite_percentage: u32,
    pub auto_rewrite_min_bytes: u64,
    pub load_truncated: bool,
    /// So much of a damaged end of the last file may be cut off; 0: nothing.
    pub load_corrupt_tail_max_bytes: u64,
    pub use_rdb_preamble: bool,
    pub timestamp_enabled: bool,
    pub rewrite_incremental_fsync: bool,
    pub disable_auto_gc: bool,
}

/// The primary a replica follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrimaryAddress {
    pub host: String,
    pub port: u16,
}

/// Both sides of replication.
#[derive(Clone, Default, PartialEq)]
pub struct Replication {
    /// `None`: this server is a primary.
    pub primary: Option<PrimaryAddress>,
    /// User and password for the primary.
    pub primary_user: Option<String>,
    pub primary_password: Option<Vec<u8>>,
    pub serve_stale_data: bool,
    pub read_only: bool,
    pub ignore_maxmemory: bool,
    pub lazy_flush: bool,
    pub ignore_disk_write_errors: bool,
    /// Lower is promoted first; 0: never.
    pub priority: u32,
    pub announced: bool,
    pub announce_ip: Option<String>,
    /// 0: the port we listen on.
    pub announce_port: u16,
    pub timeout_seconds: u32,
    pub ping_period_seconds: u32,
    pub backlog_bytes: u64,
    /// 0: never freed.
    pub backlog_ttl_seconds: u64,
    pub disable_tcp_nodelay: bool,
    pub diskless_sync: bool,
    pub diskless_sync_delay_seconds: u32,
    /// 0: no limit.
    pub diskless_sync_max_replicas: u32,
    pub diskless_load: DisklessLoad,
    /// 0: writes need no replica.
    pub min_replicas_to_write: u32,
    pub min_replicas_max_lag_seconds: u32,
    pub propagation_error_behavior: PropagationErrorBehavior,
}

/// Who may do what.
#[derive(Clone, Default, PartialEq)]
pub struct Security {
    /// Password of the default user.
    pub requirepass: Option<Vec<u8>>,
    /// Empty: users are in the configuration file.
    pub acl_file: PathBuf,
    pub acl_log_max_len: usize,
    pub acl_pubsub_default: AclPubsubDefault,
    pub enable_protected_configs: ProtectedAction,
    pub enable_debug_command: ProtectedAction,
    pub enable_module_command: ProtectedAction,
}

/// What is measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observe {
    /// Negative: nothing is logged; 0: everything.
    pub slowlog_log_slower_than_us: i64,
    pub slowlog_max_len: usize,
    /// 0: off.
    pub latency_monitor_threshold_ms: u64,
    pub latency_tracking: bool,
    /// Percentiles of INFO latencystats, 0 to 100.
    pub latency_percentiles: Vec<f64>,
}
