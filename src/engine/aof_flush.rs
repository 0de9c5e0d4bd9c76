//! Brings what was fed to the append-only file to the disk, once per turn of the loop and before the turn's
//! replies leave.
//!
//! `appendfsync` decides what a reply promises. *always*: one sync per turn, for all clients of the turn
//! together. *everysec*: a helper thread syncs once a second; while it does, a write would wait for it in the
//! kernel, so that the write is put off, but for two seconds at most. *no*: the kernel decides.
//!
//! A write that fails leaves its bytes in the feed. Writes of clients are refused until it succeeds; with
//! *always* the process ends instead, since what was executed can neither be kept nor taken back.

use std::sync::Arc;

use thiserror::Error;

use super::aof::Open;
use super::parts::Engine;
use crate::aof::{AppendError, timestamp_line};
use crate::config::AppendFsync;
use crate::sys::clock;
use crate::sys::files::error_text;

const SECOND_US: u64 = 1_000_000;

/// The longest that a write waits for a sync.
const POSTPONED_MAX_US: u64 = 2 * SECOND_US;

/// Between two lines in the log about writes that fail.
const ERROR_LOG_PERIOD_US: u64 = 30 * SECOND_US;

/// `appendfsync always` cannot be kept. Logged; the process must end without a further reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the append-only file cannot be written")]
pub struct AofFatal;

impl Engine {
    /// Writes what is pending and syncs what is due. With `force` it does not wait for a sync.
    #[inline]
    pub fn flush_aof(&mut self, force: bool) -> Result<(), AofFatal> {
        if self.aof.open.is_none() { Ok(()) } else { self.flush_open_aof(force) }
    }

    fn flush_open_aof(&mut self, force: bool) -> Result<(), AofFatal> {
        let now_us = clock::now_us();
        self.stamp_pending();
        let fsync = self.config.aof.fsync;
        let is_syncing = fsync == AppendFsync::Everysec && self.aof.report.is_in_flight();
        let Some(open) = &mut self.aof.open else { return Ok(()) };
        let pending = self.downstream.aof.pending();
        let seals = open.uncovered_us.is_some_and(|since_us| now_us.saturating_sub(since_us) >= SECOND_US);
        if !pending.is_empty() || seals {
            if is_syncing && !force && must_wait(open, now_us) {
                return Ok(());
            }
            if is_syncing && open.postponed_us.is_some() && !force {
                self.aof.delayed_syncs += 1;
                log::info!(
                    "Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without \
                     waiting for fsync to complete, this may slow down Redis."
                );
            }
            self.write_pending_to_aof(seals, is_syncing, fsync)?;
        }
        if self.downstream.aof.pending().is_empty() {
            self.replicate();
            self.aof.written_offset = self.replication.offset();
        }
        self.sync_aof_if_due(fsync, now_us)
    }

    /// Puts a timestamp line in front of what this turn has fed, if it is the first of its second.
    fn stamp_pending(&mut self) {
        let Some(open) = self.aof.open.as_mut().filter(|_| self.config.aof.timestamp_enabled) else { return };
        let feed = &mut self.downstream.aof;
        let now_s = self.clock.unix_ms() / 1000;
        if feed.pending().len() > open.stamped_bytes && open.stamped_s < now_s {
            open.stamped_s = now_s;
            feed.insert(open.stamped_bytes, &timestamp_line(now_s));
        }
        open.stamped_bytes = feed.pending().len();
    }

    fn write_pending_to_aof(
        &mut self,
        seals: bool,
        is_syncing: bool,
        fsync: AppendFsync,
    ) -> Result<(), AofFatal> {
        let Some(open) = &mut self.aof.open else { return Ok(()) };
        let feed = &mut self.downstream.aof;
        if self.aof.flush_sleep_us > 0 && !feed.pending().is_empty() {
            clock::sleep_us(self.aof.flush_sleep_us);
        }
        let started_us = clock::now_us();
        let before = open.writer.size();
        let appended = open.writer.append(feed.pending(), seals);
        let ended_us = clock::now_us();
        self.aof.current_bytes += open.writer.size() - before;
        open.postponed_us = None;
        open.uncovered_us = if open.writer.is_uncovered() {
            open.uncovered_us.filter(|_| !seals).or(Some(ended_us))
        } else {
            None
        };
        match &appended {
            Ok(()) => feed.clear(),
            Err(error) => feed.drop_first(error.kept),
        }
        open.stamped_bytes = feed.pending().len();
        self.note_write_latency(ended_us - started_us, is_syncing);
        match appended {
            Ok(()) => {
                if self.aof.write_error.take().is_some() {
                    log::info!("AOF write error looks solved, Redis can write again.");
                }
                Ok(())
            }
            Err(error) => self.note_write_error(&error, ended_us, fsync),
        }
    }

    fn note_write_latency(&mut self, duration_us: u64, is_syncing: bool) {
        let event = match () {
            () if is_syncing => "aof-write-pending-fsync",
            () if self.has_child() => "aof-write-active-child",
            () => "aof-write-alone",
        };
        self.note_latency(event, duration_us);
        self.note_latency("aof-write", duration_us);
    }

    fn note_write_error(
        &mut self,
        error: &AppendError,
        now_us: u64,
        fsync: AppendFsync,
    ) -> Result<(), AofFatal> {
        let logged_us = self.aof.error_logged_us;
        if logged_us.is_none_or(|at_us| now_us - at_us > ERROR_LOG_PERIOD_US) {
            self.aof.error_logged_us = Some(now_us);
            if error.written > 0 {
                log::warn!("Short write while writing to the AOF file: (nwritten={})", error.written);
            }
            log::warn!("Error writing to the AOF file: {}", error_text(&error.source));
            if let Some(reason) = &error.not_undone {
                log::warn!(
                    "Could not remove short write from the append-only file.  Redis may refuse to load the AOF \
                     the next time it starts.  ftruncate: {}",
                    error_text(reason)
                );
            }
        }
        if fsync == AppendFsync::Always {
            log::warn!(
                "Can't recover from AOF write error when the AOF fsync policy is 'always'. Exiting..."
            );
            return Err(AofFatal);
        }
        self.aof.write_error = Some(error_text(&error.source));
        Ok(())
    }

    fn sync_aof_if_due(&mut self, fsync: AppendFsync, now_us: u64) -> Result<(), AofFatal> {
        let has_child = self.has_child();
        let Some(open) = &mut self.aof.open else { return Ok(()) };
        let size = open.writer.size();
        let is_behind = open.synced_bytes != size || self.aof.report.has_failed();
        let offset = self.aof.written_offset;
        if !is_behind && self.aof.report.is_settled() {
            // What came since the last sync was not for the file.
            self.aof.report.note_offset(offset);
        }
        if !is_behind || (self.config.aof.no_fsync_on_rewrite && has_child) {
            return Ok(());
        }
        match fsync {
            AppendFsync::No => Ok(()),
            AppendFsync::Always => {
                let synced = open.writer.sync();
                let ended_us = clock::now_us();
                (open.synced_bytes, open.synced_us) = (size, ended_us);
                self.aof.report.note(&synced, offset);
                self.note_latency("aof-fsync-always", ended_us - now_us);
                synced.map_err(|error| {
                    log::warn!(
                        "Can't persist AOF for fsync error when the AOF fsync policy is 'always': {}. \
                         Exiting...",
                        error_text(&error)
                    );
                    AofFatal
                })
            }
            AppendFsync::Everysec => {
                if now_us.saturating_sub(open.synced_us) >= SECOND_US && !self.aof.report.is_in_flight() {
                    (open.synced_bytes, open.synced_us) = (size, now_us);
                    let file = open.writer.file().shared();
                    self.sync_in_background(file, offset);
                }
                Ok(())
            }
        }
    }

    fn sync_in_background(&mut self, file: Arc<std::fs::File>, offset: u64) {
        let report = Arc::clone(&self.aof.report);
        report.begin();
        let sync = move || {
            let synced = file.sync_data();
            if let Err(error) = &synced {
                log::warn!("Fail to fsync the AOF file: {}", error_text(error));
            }
            report.finish(&synced, offset);
        };
        match self.aof.worker() {
            Ok(worker) => worker.run(sync),
            Err(_) => sync(),
        }
    }
}

/// Whether a write waits for the sync that is going on.
fn must_wait(open: &mut Open, now_us: u64) -> bool {
    let since_us = *open.postponed_us.get_or_insert(now_us);
    now_us - since_us < POSTPONED_MAX_US
}
