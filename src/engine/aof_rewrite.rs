//! Rewriting the append-only file: a child writes a new base of the data set as it is now, while what changes
//! from now on goes to a new incremental file. When the child is done, the manifest swaps both in.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use thiserror::Error;

use super::aof::{AofState, Open};
use super::parts::Engine;
use super::snapshot_child::{self, Purpose, SnapshotChild, SnapshotTarget};
use super::snapshots::{Snapshot, key_count, pause, write_snapshot, writer_options};
use crate::aof::{FilesError, Increment, Names};
use crate::config::{Aof as AofConfig, Config};
use crate::dataset;
use crate::keyspace::Keyspace;
use crate::sys::files::error_text;
use crate::sys::{clock, process};

/// From so many failures in a row on, the next attempt waits: a minute, then twice as long each time.
const FAILURES_UNPUNISHED: u64 = 3;
const DELAY_MAX_MINUTES: i64 = 60;

/// How the rewrites went, and the one that is running.
#[derive(Debug)]
pub struct Rewrites {
    pub child: Option<SnapshotChild>,
    /// The kind of base that the child writes.
    writes_snapshot: bool,
    /// To be started once nothing speaks against it.
    pub scheduled: bool,
    pub last_ok: bool,
    pub last_duration_s: Option<i64>,
    pub count: u64,
    pub consecutive_failures: u64,
    /// What copying on write cost the last one.
    pub last_copied_bytes: usize,
    delay_minutes: i64,
    not_before_s: Option<i64>,
}

impl Default for Rewrites {
    fn default() -> Self {
        Self {
            child: None,
            writes_snapshot: true,
            scheduled: false,
            last_ok: true,
            last_duration_s: None,
            count: 0,
            consecutive_failures: 0,
            last_copied_bytes: 0,
            delay_minutes: 0,
            not_before_s: None,
        }
    }
}

impl Rewrites {
    /// Whether rewrites that nobody asked for have to wait, since the last ones failed.
    fn must_wait(&mut self, now_s: i64) -> bool {
        if self.consecutive_failures < FAILURES_UNPUNISHED {
            (self.delay_minutes, self.not_before_s) = (0, None);
            return false;
        }
        if let Some(not_before_s) = self.not_before_s {
            if now_s < not_before_s {
                return true;
            }
            self.not_before_s = None;
            return false;
        }
        self.delay_minutes = (self.delay_minutes * 2).clamp(1, DELAY_MAX_MINUTES);
        self.not_before_s = Some(now_s + self.delay_minutes * 60);
        log::warn!(
            "Background AOF rewrite has repeatedly failed and triggered the limit, will retry in {} minutes",
            self.delay_minutes
        );
        true
    }

    /// Somebody asked for one: that the last ones failed is no reason to wait.
    pub fn schedule_on_request(&mut self) {
        self.scheduled = true;
        self.consecutive_failures = 0;
    }

    fn note_failure(&mut self) {
        self.last_ok = false;
        self.consecutive_failures += 1;
    }
}

/// Why no child rewrites. Logged.
#[derive(Debug, Error)]
pub enum RewriteFailed {
    #[error("another child is running")]
    Busy,
    #[error(transparent)]
    Files(#[from] FilesError),
    #[error("Can't rewrite append only file in background: what is pending cannot be written")]
    Pending,
    #[error("Can't rewrite append only file in background: fork: {0}")]
    Fork(String),
}

impl Engine {
    /// Starts a child that makes a new base.
    pub fn start_rewrite(&mut self, keys: &Keyspace) -> Result<(), RewriteFailed> {
        if self.has_child() {
            return Err(RewriteFailed::Busy);
        }
        self.try_start_rewrite(keys).inspect_err(|error| {
            log::warn!("{error}");
            // Each attempt leaves an incremental file: they must not follow each other ten times a second.
            self.aof.rewrites.note_failure();
        })
    }

    fn try_start_rewrite(&mut self, keys: &Keyspace) -> Result<(), RewriteFailed> {
        let files = self.aof_files()?;
        files.create_directory()?;
        let directory = files.storage().root().join(files.names().directory());
        self.begin_increment()?;
        self.aof.rewrites.count += 1;
        let started_us = clock::now_us();
        let title = self.process_title("redis-aof-rewrite");
        let purpose = Purpose { title: &title, name: "AOF rewrite" };
        let child = snapshot_child::start(
            SnapshotTarget::File,
            &self.config,
            &purpose,
            &mut self.oom_score,
            &*self.listeners,
            |config, reporter| {
                let name = Names::temporary_base(std::process::id());
                match write_base(keys, config, &directory.join(&name), |count| reporter.after_key(count)) {
                    Ok(()) => {
                        log::info!("Successfully created the temporary AOF base file {}", name.display());
                        true
                    }
                    Err(reason) => {
                        log::warn!("Write error writing append only file on disk: {reason}");
                        false
                    }
                }
            },
        );
        let mut child = child.map_err(|error| RewriteFailed::Fork(error_text(&error)))?;
        child.keys_total = key_count(keys);
        self.note_fork(clock::now_us() - started_us);
        log::info!("Background append only file rewriting started by pid {}", child.pid);
        self.aof.rewrites.writes_snapshot = self.config.aof.use_rdb_preamble;
        self.aof.rewrites.scheduled = false;
        self.aof.rewrites.child = Some(child);
        Ok(())
    }

    /// What comes from now on goes to a file of its own; all that came before is in the base to be.
    fn begin_increment(&mut self) -> Result<(), RewriteFailed> {
        if self.aof.is_off() {
            return Ok(());
        }
        if self.flush_aof(true).is_err() || !self.downstream.aof.pending().is_empty() {
            // It would follow the base that contains it already.
            return Err(RewriteFailed::Pending);
        }
        let waits_for_base = self.aof.state == AofState::WaitsForBase;
        let files = self.aof_files()?;
        let (name, writer) =
            if waits_for_base { files.begin_temporary_increment()? } else { files.begin_increment()? };
        log::info!("Creating AOF incr file {} on background rewrite", name.display());
        if let Some(previous) = self.aof.open.replace(Open::new(writer)) {
            self.aof.sync_and_close(previous);
        }
        if waits_for_base {
            // The base, once it counts, is all of the stream up to here.
            self.replicate();
            self.aof.written_offset = self.replication.offset();
            self.aof.report.note_offset(self.aof.written_offset);
        }
        // The new file selects its database itself.
        self.downstream.aof.start();
        Ok(())
    }

    /// CONFIG SET appendonly yes. Failures are logged.
    pub(super) fn start_aof(&mut self, keys: &Keyspace) -> Result<(), ()> {
        self.aof.state = AofState::WaitsForBase;
        if self.snapshots.is_saving() {
            self.aof.rewrites.scheduled = true;
            log::info!(
                "AOF was enabled but there is already another background operation. An AOF background was \
                 scheduled to start when possible."
            );
        } else if self.nesting > 0 {
            self.aof.rewrites.scheduled = true;
            log::info!(
                "AOF was enabled during a transaction. An AOF background was scheduled to start when possible."
            );
        } else {
            if self.aof.rewrites.child.is_some() {
                log::info!(
                    "AOF was enabled but there is already an AOF rewriting in background. Stopping background \
                     AOF and starting a rewrite now."
                );
                self.kill_rewrite_child();
            }
            if self.start_rewrite(keys).is_err() {
                self.aof.state = AofState::Off;
                self.aof.open = None;
                self.downstream.aof.stop();
                self.remove_temporary_increment();
                log::warn!(
                    "Redis needs to enable the AOF but can't trigger a background AOF rewrite operation. Check \
                     the above logs for more info about the error."
                );
                return Err(());
            }
        }
        if self.aof.report.forget_error() {
            log::warn!("AOF reopen, just ignore the AOF fsync error in bio job");
        }
        if self.aof.write_error.take().is_some() {
            log::warn!("AOF reopen, just ignore the last error.");
        }
        Ok(())
    }

    /// A child has ended that was rewriting.
    pub(super) fn finish_rewrite(&mut self, mut child: SnapshotChild, status: ExitStatus) {
        child.receive();
        let now_s = clock::unix_now_ms() / 1000;
        self.aof.rewrites.last_duration_s = Some(now_s - child.since_s);
        let temporary = Names::temporary_base(child.pid.as_raw() as u32);
        if status.success() {
            log::info!("Background AOF rewrite terminated with success");
            self.aof.rewrites.last_copied_bytes = child.copied_bytes_max;
            if let Err(error) = self.adopt_base(&temporary) {
                log::warn!("{error}");
                self.aof.rewrites.note_failure();
            } else {
                log::info!("Background AOF rewrite finished successfully");
            }
        } else if let Some(signal) = status.signal() {
            log::warn!("Background AOF rewrite terminated by signal {signal}");
            // That one is ours: it calls a rewrite off.
            if signal != process::SIGUSR1 {
                self.aof.rewrites.note_failure();
            }
        } else {
            log::warn!("Background AOF rewrite terminated with error");
            self.aof.rewrites.note_failure();
        }
        if let Some(files) = &self.aof.files {
            let path = files.disk_path(&temporary);
            if path.exists() {
                self.aof.remove_later(path);
            }
        }
        if self.aof.state == AofState::WaitsForBase {
            // Without a base what was appended is worth nothing. The next attempt starts afresh.
            self.downstream.aof.stop();
            self.aof.open = None;
            self.remove_temporary_increment();
            self.aof.rewrites.scheduled = true;
        }
    }

    fn adopt_base(&mut self, temporary: &OsString) -> Result<(), FilesError> {
        let increment = match (self.aof.state, &self.aof.open) {
            (AofState::WaitsForBase, _) => Increment::Temporary,
            (AofState::On, Some(_)) => Increment::Last,
            _ => Increment::None,
        };
        let Some(files) = &mut self.aof.files else { return Ok(()) };
        let started_us = clock::now_us();
        let adopted = files.adopt_base(temporary, self.aof.rewrites.writes_snapshot, increment)?;
        let renamed_us = clock::now_us();
        log::info!(
            "Successfully renamed the temporary AOF base file {} into {}",
            temporary.display(),
            adopted.base.display()
        );
        if let (Increment::Temporary, Some(name)) = (increment, &adopted.increment) {
            log::info!(
                "Successfully renamed the temporary AOF incr file {} into {}",
                files.names().temporary_increment().display(),
                name.display()
            );
            self.aof.state = AofState::On;
        }
        let path = files.disk_path(&adopted.base);
        let base_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        if let Some(open) = &self.aof.open {
            self.aof.current_bytes = base_bytes + open.writer.size();
            self.aof.base_bytes = self.aof.current_bytes;
        }
        self.aof.rewrites.last_ok = true;
        self.aof.rewrites.consecutive_failures = 0;
        self.note_latency("aof-rename", renamed_us - started_us);
        self.aof.remove_history(self.config.aof.disable_auto_gc);
        Ok(())
    }

    /// Calls the running rewrite off, if there is one.
    pub fn kill_rewrite_child(&mut self) {
        let Some(child) = self.aof.rewrites.child.take() else { return };
        log::info!("Killing running AOF rewrite child: {}", child.pid);
        let ended = process::kill(child.pid, process::SIGUSR1).and_then(|()| process::wait_for(child.pid));
        if let Err(error) = ended {
            log::warn!("Killing the child {}: {}", child.pid, error_text(&error));
        }
        if let Some(files) = &self.aof.files {
            let name = Names::temporary_base(child.pid.as_raw() as u32);
            let path = files.disk_path(&name);
            self.aof.remove_later(path);
        }
    }

    /// Whether a rewrite that was scheduled may start now.
    pub fn scheduled_rewrite_is_due(&mut self) -> bool {
        self.aof.rewrites.scheduled
            && !self.has_child()
            && !self.aof.rewrites.must_wait(self.clock.unix_ms() / 1000)
    }

    /// By how many percent the files have grown, if that asks for a rewrite.
    pub fn growth_asks_for_rewrite(&mut self) -> Option<u64> {
        let AofConfig { auto_rewrite_percentage, auto_rewrite_min_bytes, .. } = self.config.aof;
        let aof = &self.aof;
        if aof.state != AofState::On
            || self.has_child()
            || auto_rewrite_percentage == 0
            || aof.current_bytes <= auto_rewrite_min_bytes
        {
            return None;
        }
        let percent = u128::from(aof.current_bytes) * 100 / u128::from(aof.base_bytes.max(1));
        let growth = percent.saturating_sub(100).min(u64::MAX.into()) as u64;
        let is_due = growth >= auto_rewrite_percentage.into()
            && !self.aof.rewrites.must_wait(self.clock.unix_ms() / 1000);
        is_due.then_some(growth)
    }
}

/// Writes the whole data set to a new file, and to the disk.
pub(super) fn write_base(
    keys: &Keyspace,
    config: &Config,
    path: &Path,
    mut after_key: impl FnMut(u64) -> io::Result<()>,
) -> Result<(), String> {
    if config.aof.use_rdb_preamble {
        let snapshot = Snapshot {
            path,
            options: writer_options(keys, config, None),
            place: None,
            is_aof_base: true,
            writes_back: config.aof.rewrite_incremental_fsync,
        };
        return write_snapshot(keys, config, &snapshot, after_key)
            .map(drop)
            .map_err(|error| error.to_string());
    }
    let mut write = || {
        let mut base = super::aof_base::BaseFile::create(path, config.aof.rewrite_incremental_fsync)?;
        if config.aof.timestamp_enabled {
            base.annotate(&crate::aof::timestamp_line(clock::unix_now_ms() / 1000))?;
        }
        let delay_us = config.rdb.key_save_delay_us;
        dataset::write_commands(&mut base, keys, |count| {
            pause(delay_us, count);
            after_key(count)
        })?;
        base.finish()
    };
    write().map_err(|error: io::Error| {
        let _ = std::fs::remove_file(path);
        error_text(&error)
    })
}
