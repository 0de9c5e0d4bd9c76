//! Snapshots: how the last ones went, and saving, while everybody waits or in a forked child.
//!
//! What a command can be told of a failure happens here, while the command executes; when a child ends and
//! when the next save is due is for the server's timer to ask ([`Engine::follow_child`],
//! [`Engine::snapshot_is_due`]).

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use thiserror::Error;

use super::loading::Loading;
use super::parts::Engine;
use super::replay::ReplayProgress;
use super::snapshot_child::{self, Purpose, Reporter, SnapshotChild, SnapshotTarget};
use crate::config::{Config, REDIS_VERSION, SavePoint};
use crate::dataset::{self, Header, KeptUsage, Loaded};
use crate::keyspace::{EvictionPolicy, Keyspace};
use crate::rdb::{self, SaveError, Writer, WriterOptions};
use crate::repl::{Saved, SnapshotDemand};
use crate::sys::files::{error_text, write_back};
use crate::sys::process::{self, Pid};
use crate::sys::signals::{self, Leftover};
use crate::sys::storage::Disk;
use crate::sys::{clock, memory};

/// `rdb-save-incremental-fsync`: how much may wait to be written by the kernel.
const WRITE_BACK_BYTES: u64 = 4 * 1024 * 1024;

/// After a failed save the next attempt waits this long.
const RETRY_DELAY_S: i64 = 5;

/// How the last snapshots went, and whether one is running.
#[derive(Debug)]
pub struct SnapshotStatus {
    /// The data set that is being loaded.
    pub loading: Option<Box<Loading>>,
    /// How far the data set is that is being read from an append-only file.
    pub replaying: Option<ReplayProgress>,
    pub last_save_s: i64,
    /// Whether the last background save succeeded.
    pub last_save_ok: bool,
    pub last_attempt_s: i64,
    /// How long the last background save took.
    pub last_duration_s: Option<i64>,
    /// The child that is saving.
    pub child: Option<SnapshotChild>,
    pub saves: u64,
    /// The keyspace's dirty counter at the last save, and when the running save began.
    pub dirty_at_last_save: u64,
    pub dirty_at_child_start: u64,
    /// BGSAVE was asked for while it could not start.
    pub scheduled: bool,
    /// What copying on write cost the last background save that succeeded.
    pub last_copied_bytes: usize,
    /// What the last load found.
    pub last_load: Loaded,
    /// The place in the stream of replication that it named.
    pub loaded_place: Option<Saved>,
    /// Where it is, if not in the place of the data set in use.
    pub loaded_aside: Option<Keyspace>,
    /// A child that has ended since the last look, for those who wait for its snapshot: whether it succeeded.
    pub ended: Option<(SnapshotTarget, bool)>,
}

impl SnapshotStatus {
    pub fn new(now_s: i64) -> Self {
        Self {
            loading: None,
            replaying: None,
            last_save_s: now_s,
            last_save_ok: true,
            last_attempt_s: 0,
            last_duration_s: None,
            child: None,
            saves: 0,
            dirty_at_last_save: 0,
            dirty_at_child_start: 0,
            scheduled: false,
            last_copied_bytes: 0,
            last_load: Loaded::default(),
            loaded_place: None,
            loaded_aside: None,
            ended: None,
        }
    }

    pub fn is_loading(&self) -> bool {
        self.loading.is_some() || self.replaying.is_some()
    }

    /// Whether clients are served from the data set in use while another one is loaded beside it.
    pub fn serves_meanwhile(&self) -> bool {
        self.loading.as_ref().is_some_and(|loading| loading.serves_meanwhile)
    }

    /// Whether there is anything to load at the moment.
    pub fn can_load_on(&self) -> bool {
        self.replaying.is_some() || self.loading.as_ref().is_some_and(|loading| loading.can_go_on())
    }

    pub fn is_saving(&self) -> bool {
        self.child.is_some()
    }

    /// `stop-writes-on-bgsave-error`: only where snapshots are wanted at all.
    pub fn refuses_writes(&self, config: &Config) -> bool {
        !self.last_save_ok && config.rdb.stop_writes_on_bgsave_error && !config.rdb.save_points.is_empty()
    }

    fn may_try_again(&self, now_s: i64) -> bool {
        self.last_save_ok || now_s - self.last_attempt_s > RETRY_DELAY_S
    }
}

/// Why no child saves.
#[derive(Debug, Error)]
pub enum BackgroundSaveError {
    #[error("Background save already in progress")]
    InProgress,
    /// Logged.
    #[error("Can't save in background: fork: {0}")]
    Fork(String),
}

impl Engine {
    /// SAVE: saves while everybody waits. Failures are logged.
    pub fn save_snapshot(&mut self, keys: &Keyspace) -> Result<(), SaveError> {
        let place = self.saved_place();
        self.snapshots.saves += 1;
        let temporary = temporary_file(&self.config, std::process::id());
        signals::remove_on_abrupt_exit(Leftover::TemporaryFile, Some(&temporary));
        let options = writer_options(keys, &self.config, None);
        let saved = write_file(keys, &self.config, options, place, |_| Ok(()));
        signals::remove_on_abrupt_exit(Leftover::TemporaryFile, None);
        saved.inspect_err(|error| log::warn!("{error}"))?;
        log::info!("DB saved on disk");
        self.snapshots.dirty_at_last_save = keys.effects.dirty();
        self.snapshots.last_save_s = clock::unix_now_ms() / 1000;
        self.snapshots.last_save_ok = true;
        Ok(())
    }

    /// BGSAVE: starts a child that saves.
    pub fn start_snapshot_child(&mut self, keys: &Keyspace) -> Result<(), BackgroundSaveError> {
        self.start_child_for(keys, SnapshotDemand::default())
    }

    /// The same for replicas, which may want an older version of the format.
    pub fn start_child_for(
        &mut self,
        keys: &Keyspace,
        demand: SnapshotDemand,
    ) -> Result<(), BackgroundSaveError> {
        let place = self.saved_place();
        let now_s = clock::unix_now_ms() / 1000;
        if !self.has_child() {
            self.snapshots.saves += 1;
            self.snapshots.last_attempt_s = now_s;
            self.snapshots.dirty_at_child_start = keys.effects.dirty();
        }
        self.start_child(SnapshotTarget::File, key_count(keys), |config, reporter| {
            let options = writer_options(keys, config, demand.version_max);
            write_file(keys, config, options, place, |count| reporter.after_key(count))?;
            log::info!("DB saved on disk");
            Ok(())
        })
    }

    /// Starts a child that writes a snapshot to a stream: what comes before it, the snapshot, and a mark.
    pub fn start_streaming_child<W: Write>(
        &mut self,
        keys: &Keyspace,
        make_stream: impl FnOnce() -> io::Result<W>,
        mark: &[u8],
        demand: SnapshotDemand,
    ) -> Result<(), BackgroundSaveError> {
        let place = self.saved_place();
        self.start_child(SnapshotTarget::Sockets, key_count(keys), |config, reporter| {
            let write = || -> io::Result<()> {
                let mut stream = make_stream()?;
                stream.write_all(b"$EOF:")?;
                stream.write_all(mark)?;
                stream.write_all(b"\r\n")?;
                let options = writer_options(keys, config, demand.version_max);
                let mut writer = Writer::new(stream, options)?;
                let header = header(place, false);
                if demand.is_filtered() {
                    dataset::write_header(&mut writer, &header)?;
                    if !demand.without_functions {
                        dataset::write_libraries(&mut writer, keys)?;
                    }
                } else {
                    write_data(&mut writer, keys, config, &header, |count| reporter.after_key(count))?;
                }
                let mut stream = writer.finish()?;
                stream.write_all(mark)?;
                stream.flush()
            };
            write().map_err(SaveError::Write)
        })
    }

    fn start_child(
        &mut self,
        target: SnapshotTarget,
        keys_total: u64,
        work: impl FnOnce(&Config, &mut Reporter<'_>) -> Result<(), SaveError>,
    ) -> Result<(), BackgroundSaveError> {
        if self.has_child() {
            return Err(BackgroundSaveError::InProgress);
        }
        let started_us = clock::now_us();
        let title = self.process_title(match target {
            SnapshotTarget::File => "redis-rdb-bgsave",
            SnapshotTarget::Sockets => "redis-rdb-to-slaves",
        });
        let purpose = Purpose { title: &title, name: "RDB" };
        let Self { config, oom_score, listeners, .. } = self;
        let child =
            snapshot_child::start(target, config, &purpose, oom_score, &**listeners, |config, reporter| {
                work(config, reporter).inspect_err(|error| log::warn!("{error}")).is_ok()
            });
        match child {
            Ok(mut child) => {
                child.keys_total = keys_total;
                self.note_fork(clock::now_us() - started_us);
                match target {
                    SnapshotTarget::File => log::info!("Background saving started by pid {}", child.pid),
                    SnapshotTarget::Sockets => {
                        log::info!("Background RDB transfer started by pid {}", child.pid);
                    }
                }
                self.snapshots.child = Some(child);
                Ok(())
            }
            Err(error) => {
                self.snapshots.last_save_ok &= target != SnapshotTarget::File;
                let error = BackgroundSaveError::Fork(error_text(&error));
                log::warn!("{error}");
                Err(error)
            }
        }
    }

    pub(super) fn note_fork(&mut self, duration_us: u64) {
        let stats = &mut self.stats;
        stats.forks += 1;
        stats.latest_fork_us = duration_us;
        let gigabytes = memory::used_memory() as f64 / f64::from(1 << 30);
        stats.fork_rate_gb_per_second = gigabytes * 1e6 / duration_us.max(1) as f64;
        self.note_latency("fork", duration_us);
    }

    /// Takes the child's reports and, if it has ended, its result.
    pub fn follow_child(&mut self) {
        for child in [&mut self.snapshots.child, &mut self.aof.rewrites.child].into_iter().flatten() {
            child.receive();
        }
        while let Some((pid, status)) = process::wait_child() {
            if let Some(child) = self.snapshots.child.take_if(|child| child.pid == pid) {
                self.finish_snapshot_child(child, status);
            } else if let Some(child) = self.aof.rewrites.child.take_if(|child| child.pid == pid) {
                self.finish_rewrite(child, status);
            } else {
                log::warn!("Warning, detected child with unmatched pid: {pid}");
            }
        }
    }

    fn finish_snapshot_child(&mut self, mut child: SnapshotChild, status: ExitStatus) {
        child.receive();
        self.snapshots.ended = Some((child.target, status.success()));
        if child.target == SnapshotTarget::Sockets {
            note_streamed(status);
            return;
        }
        let now_s = clock::unix_now_ms() / 1000;
        self.snapshots.last_duration_s = Some(now_s - child.since_s);
        if status.success() {
            log::info!("Background saving terminated with success");
            self.snapshots.dirty_at_last_save = self.snapshots.dirty_at_child_start;
            self.snapshots.last_save_s = now_s;
            self.snapshots.last_save_ok = true;
            self.snapshots.last_copied_bytes = child.copied_bytes_max;
        } else if let Some(signal) = status.signal() {
            log::warn!("Background saving terminated by signal {signal}");
            self.remove_temporary_file(child.pid);
            // That one is ours: it calls a save off.
            self.snapshots.last_save_ok &= signal == process::SIGUSR1;
        } else {
            log::warn!("Background saving error");
            self.snapshots.last_save_ok = false;
        }
    }

    /// Calls the running background save off, if there is one.
    pub fn kill_snapshot_child(&mut self) {
        let Some(child) = self.snapshots.child.take() else { return };
        let ended = process::kill(child.pid, process::SIGUSR1).and_then(|()| process::wait_for(child.pid));
        match ended {
            Ok(status) => self.finish_snapshot_child(child, status),
            Err(error) => log::warn!("Killing the child {}: {}", child.pid, error_text(&error)),
        }
    }

    /// The name goes at once. What it stood for is freed with its last descriptor, which may take a while
    /// for a large file: not here.
    fn remove_temporary_file(&self, child: Pid) {
        let path = temporary_file(&self.config, child.as_raw() as u32);
        let Ok(file) = File::open(&path) else { return };
        if let Err(error) = std::fs::remove_file(&path) {
            log::warn!("Removing {}: {}", path.display(), error_text(&error));
        }
        self.worker.drop_later(file);
    }

    /// What FLUSHALL owes to the file: a save that is running would bring the keys back, and the file would
    /// after a restart.
    pub fn snapshot_of_nothing(&mut self, keys: &Keyspace) {
        self.kill_snapshot_child();
        if !self.config.rdb.save_points.is_empty() {
            // Logged; the keys are gone all the same.
            let _ = self.save_snapshot(keys);
        }
    }

    /// The save point that is reached, if no child is saving.
    pub fn snapshot_is_due(&self, dirty: u64) -> Option<SavePoint> {
        let status = &self.snapshots;
        let now_s = self.clock.unix_ms() / 1000;
        if self.has_child() || !status.may_try_again(now_s) {
            return None;
        }
        let changes = dirty.saturating_sub(status.dirty_at_last_save);
        let is_reached = |point: &&SavePoint| {
            changes >= point.changes && now_s - status.last_save_s > point.seconds as i64
        };
        self.config.rdb.save_points.iter().find(is_reached).copied()
    }

    /// Whether a save that was scheduled may start now.
    pub fn scheduled_snapshot_is_due(&self) -> bool {
        let status = &self.snapshots;
        status.scheduled && !self.has_child() && status.may_try_again(self.clock.unix_ms() / 1000)
    }
}

/// Replaces the configured file by a snapshot.
pub(super) fn write_file(
    keys: &Keyspace,
    config: &Config,
    options: WriterOptions,
    place: Option<Saved>,
    after_key: impl FnMut(u64) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let path = config.process.dir.join(&config.rdb.file_name);
    let writes_back = config.rdb.save_incremental_fsync;
    let snapshot = Snapshot { path: &path, options, place, is_aof_base: false, writes_back };
    write_snapshot(keys, config, &snapshot, after_key)
}

/// A snapshot to be written.
#[derive(Debug)]
pub(super) struct Snapshot<'a> {
    pub path: &'a Path,
    pub options: WriterOptions,
    /// The place in the replication stream that it is of.
    pub place: Option<Saved>,
    pub is_aof_base: bool,
    /// The disk is to be busy all the while, not only at the end.
    pub writes_back: bool,
}

/// Puts a snapshot in the place of a file.
pub(super) fn write_snapshot(
    keys: &Keyspace,
    config: &Config,
    snapshot: &Snapshot<'_>,
    after_key: impl FnMut(u64) -> io::Result<()>,
) -> Result<u64, SaveError> {
    let disk = Disk::new(Path::new("")).open_to_all();
    rdb::save_file(&disk, snapshot.path, snapshot.options, |writer| {
        if snapshot.writes_back {
            let mut write_back = WriteBack::default();
            writer
                .on_progress(WRITE_BACK_BYTES, move |file, bytes| write_back.behind(file.0.as_ref(), bytes));
        }
        let header = header(snapshot.place, snapshot.is_aof_base);
        write_data(writer, keys, config, &header, after_key)
    })
}

/// `version_max` is what a replica can read.
pub(super) fn writer_options(keys: &Keyspace, config: &Config, version_max: Option<u8>) -> WriterOptions {
    let latest = config.rdb.latest_version();
    WriterOptions {
        compression: config.rdb.compression,
        checksum: config.rdb.checksum,
        version: dataset::version_of(keys, version_max.map_or(latest, |readable| readable.min(latest))),
    }
}

fn header(place: Option<Saved>, is_aof_base: bool) -> Header<'static> {
    Header {
        version: REDIS_VERSION,
        created_s: clock::unix_now_ms() / 1000,
        used_memory_bytes: memory::used_memory(),
        place,
        is_aof_base,
    }
}

fn write_data<W: Write>(
    writer: &mut Writer<W>,
    keys: &Keyspace,
    config: &Config,
    header: &Header<'_>,
    mut after_key: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    let delay_us = config.rdb.key_save_delay_us;
    dataset::write(writer, keys, header, kept_usage(config.memory.policy), |count| {
        pause(delay_us, count);
        after_key(count)
    })
}

pub(super) fn key_count(keys: &Keyspace) -> u64 {
    (0..keys.databases()).map(|db| keys.len(db) as u64).sum()
}

/// How a snapshot for replicas ended. It is no save.
fn note_streamed(status: ExitStatus) {
    match status.signal() {
        _ if status.success() => log::info!("Background RDB transfer terminated with success"),
        Some(signal) => log::warn!("Background transfer terminated by signal {signal}"),
        None => log::warn!("Background transfer error"),
    }
}

/// How far a file that is being written has been handed to the disk.
#[derive(Debug, Default)]
pub(super) struct WriteBack {
    started_bytes: u64,
}

impl WriteBack {
    /// Starts writing what is new, once it is enough, and waits for what was started the time before: the
    /// disk always has something to do, and never more than two pieces.
    pub fn behind(&mut self, file: &File, bytes: u64) -> io::Result<()> {
        let started = self.started_bytes;
        if bytes - started < WRITE_BACK_BYTES {
            return Ok(());
        }
        write_back(file, started, bytes - started, false)?;
        if let Some(before) = started.checked_sub(WRITE_BACK_BYTES) {
            write_back(file, before, WRITE_BACK_BYTES, true)?;
        }
        self.started_bytes = bytes;
        Ok(())
    }
}

fn kept_usage(policy: EvictionPolicy) -> KeptUsage {
    match policy {
        EvictionPolicy::AllKeysLru | EvictionPolicy::VolatileLru => KeptUsage::IdleTime,
        policy if policy.is_lfu() => KeptUsage::Frequency,
        _ => KeptUsage::Nothing,
    }
}

/// The file that the process `id` writes before it is renamed; see [`rdb::save_file`].
fn temporary_file(config: &Config, id: u32) -> PathBuf {
    config.process.dir.join(format!("temp-{id}.rdb"))
}

/// `rdb-key-save-delay` and `key-load-delay`: microseconds behind each key, or one behind several keys if
/// negative.
pub(super) fn pause(delay_us: i32, count: u64) {
    if delay_us > 0 {
        clock::sleep_us(delay_us as u64);
    } else if delay_us < 0 && count.is_multiple_of(delay_us.unsigned_abs().into()) {
        clock::sleep_us(1);
    }
}
