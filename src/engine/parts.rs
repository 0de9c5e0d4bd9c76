//! The engine: its parts by name. A part that needs more than a few lines has a module of its own.

use std::io;
use std::path::PathBuf;

use super::action::Action;
use super::aof::Aof;
use super::apply::{Listen, NoSockets, OomScore};
use super::blocked::Blocked;
use super::client_memory::ClientMemory;
use super::clients::Clients;
use super::downstream::Downstream;
use super::eviction::Eviction;
use super::migration::Migration;
use super::pause::Pause;
use super::replication::{Replication, SyncCounters};
use super::shutdown::Shutdown;
use super::snapshots::SnapshotStatus;
use super::watch::Watches;
use crate::config::Config;
use crate::keyspace::{ActiveExpiry, EventClass, OwnExpiry};
use crate::observe::{CommandStats, LatencyMonitor, SlowLog, Stats};
use crate::pubsub::PubSub;
use crate::repl::ReplicationId;
use crate::sys::clock::Clock;
use crate::sys::worker::Worker;
use crate::tracking::Tracking;
use crate::util::random::Random;

/// Everything commands work on besides the keyspace.
pub struct Engine {
    pub config: Config,
    pub clock: Clock,
    pub clients: Clients,
    pub client_memory: ClientMemory,
    pub expiry: ActiveExpiry,
    pub own_expiry: OwnExpiry,
    pub eviction: Eviction,
    pub watches: Watches,
    pub blocked: Blocked,
    pub downstream: Downstream,
    pub aof: Aof,
    pub replication: Replication,
    /// Where MIGRATE sends keys; nowhere until the server brings its sockets.
    pub migration: Migration,
    pub pubsub: PubSub,
    pub tracking: Tracking,
    pub pause: Pause,
    pub stats: Stats,
    pub command_stats: CommandStats,
    pub slowlog: SlowLog,
    pub latency: LatencyMonitor,
    pub snapshots: SnapshotStatus,
    pub shutdown: Shutdown,
    pub identity: Identity,
    pub debug: DebugSwitches,
    pub random: Random,
    /// How often the cron runs a second at present: `hz`, or more with `dynamic-hz`.
    pub cron_hz: u32,
    /// Drops large values off the loop.
    pub worker: Worker,
    /// What commands asked of the loop, performed after each of them.
    pub actions: Vec<Action>,
    /// The server's sockets; none until it brings its own.
    pub listeners: Box<dyn Listen>,
    pub oom_score: OomScore,
    /// Memory in use before any data was loaded.
    pub startup_bytes: usize,
    /// How many transactions or scripts the executing command is nested in.
    pub nesting: usize,
}

/// Who this server is: fixed at start.
#[derive(Debug)]
pub struct Identity {
    pub run_id: String,
    pub started_ms: i64,
    pub executable: PathBuf,
    pub config_file: Option<PathBuf>,
    pub process_id: u32,
    /// What we were called as: the process title's `{title}`.
    pub title: String,
}

impl Identity {
    pub fn new(started_ms: i64, config_file: Option<PathBuf>, random: &mut Random) -> Self {
        Self {
            run_id: String::from_utf8_lossy(&random.hex_id()).into_owned(),
            started_ms,
            executable: std::env::current_exe().unwrap_or_default(),
            config_file,
            process_id: std::process::id(),
            title: std::env::args_os().next().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

/// What DEBUG switches on and off.
#[derive(Debug)]
pub struct DebugSwitches {
    pub active_expire: bool,
    /// After how long an idle reply buffer forgets its peak, in milliseconds.
    pub reply_buffer_peak_reset_ms: i64,
    pub reply_buffer_resizing: bool,
    pub pause_cron: bool,
    /// Checksums of RDB files are not checked.
    pub skip_checksum_validation: bool,
    /// Elements of lists from this size on get a node of their own. Checked and kept for when there are lists.
    pub quicklist_packed_threshold_bytes: u64,
}

impl Default for DebugSwitches {
    fn default() -> Self {
        Self {
            active_expire: true,
            reply_buffer_peak_reset_ms: 5000,
            reply_buffer_resizing: true,
            pause_cron: false,
            skip_checksum_validation: false,
            quicklist_packed_threshold_bytes: 1 << 30,
        }
    }
}

impl Engine {
    /// An engine with the given configuration, for a registry of `commands` commands. Fails if no helper
    /// thread can be started.
    pub fn new(config: Config, config_file: Option<PathBuf>, commands: usize) -> io::Result<Self> {
        let clock = Clock::new();
        let now_ms = clock.unix_ms();
        let mut random = Random::from_os();
        Ok(Self {
            cron_hz: config.process.hz,
            config,
            clock,
            clients: Clients::default(),
            client_memory: ClientMemory::default(),
            expiry: ActiveExpiry::default(),
            own_expiry: OwnExpiry::default(),
            eviction: Eviction::default(),
            watches: Watches::default(),
            blocked: Blocked::default(),
            downstream: Downstream::default(),
            aof: Aof::default(),
            replication: Replication::new(ReplicationId::new(random.hex_id()), now_ms),
            migration: Migration::new(Box::new(NoSockets)),
            pubsub: PubSub::default(),
            tracking: Tracking::default(),
            pause: Pause::default(),
            stats: Stats::default(),
            command_stats: CommandStats::new(commands),
            slowlog: SlowLog::default(),
            latency: LatencyMonitor::default(),
            snapshots: SnapshotStatus::new(now_ms / 1000),
            shutdown: Shutdown::default(),
            identity: Identity::new(now_ms, config_file, &mut random),
            debug: DebugSwitches::default(),
            random,
            worker: Worker::start("lazy-free")?,
            actions: Vec::new(),
            listeners: Box::new(NoSockets),
            oom_score: OomScore::default(),
            startup_bytes: 0,
            nesting: 0,
        })
    }

    /// Forgets what CONFIG RESETSTAT forgets, but for the counters of the keyspace.
    pub fn reset_statistics(&mut self) {
        self.stats.reset();
        self.command_stats.reset();
        self.snapshots.saves = 0;
        self.aof.reset_statistics();
        self.replication.syncs = SyncCounters::default();
        self.expiry.reset_statistics();
        self.eviction.reset_statistics();
        self.worker.reset_done();
    }

    /// Enters an event into the latency monitor if it took as long as `latency-monitor-threshold` says.
    #[inline]
    pub fn note_latency(&mut self, event: &'static str, duration_us: u64) {
        let threshold_ms = self.config.observe.latency_monitor_threshold_ms;
        if threshold_ms > 0 {
            let now_s = (self.clock.unix_ms() / 1000) as u64;
            self.latency.add_if_needed(event, duration_us / 1000, threshold_ms, now_s);
        }
    }

    /// Sends a message to everyone subscribed to `channel`; returns how many copies went out.
    pub fn publish(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let Self { pubsub, clients, .. } = self;
        pubsub.receivers(channel, |client, pattern| {
            clients.send(client, |reply| match pattern {
                None => {
                    reply.push(3);
                    reply.bulk(b"message");
                    reply.bulk(channel);
                    reply.bulk(message);
                }
                Some(pattern) => {
                    reply.push(4);
                    reply.bulk(b"pmessage");
                    reply.bulk(pattern);
                    reply.bulk(channel);
                    reply.bulk(message);
                }
            });
        })
    }

    /// As [`Engine::publish`], for a shard channel.
    pub fn publish_to_shard(&mut self, channel: &[u8], message: &[u8]) -> usize {
        let Self { pubsub, clients, .. } = self;
        pubsub.shard_receivers(channel, |client| {
            clients.send(client, |reply| {
                reply.push(3);
                reply.bulk(b"smessage");
                reply.bulk(channel);
                reply.bulk(message);
            });
        })
    }

    /// Announces an event of the keyspace on the channels that `notify-keyspace-events` asks for.
    pub fn notify(&mut self, class: EventClass, event: &str, db: usize, key: &[u8]) {
        let wanted = self.config.notify_keyspace_events;
        if !wanted.contains(class) {
            return;
        }
        let mut channel = Vec::with_capacity(24 + key.len());
        if wanted.contains(EventClass::KEYSPACE) {
            channel.extend_from_slice(format!("__keyspace@{db}__:").as_bytes());
            channel.extend_from_slice(key);
            self.publish(&channel, event.as_bytes());
        }
        if wanted.contains(EventClass::KEYEVENT) {
            let channel = format!("__keyevent@{db}__:{event}");
            self.publish(channel.as_bytes(), key);
        }
    }
}
