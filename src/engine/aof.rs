//! The append-only file of a running server: whether there is one, where it stands, and what INFO and
//! admission want to know of it.
//!
//! What is to be appended comes from the feed in `downstream`. `aof_flush` brings it to the file once per turn
//! of the loop, `aof_rewrite` makes new bases, `replay` reads the files at the start.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU32, AtomicU64, Ordering};
use std::{fmt, io};

use super::aof_rewrite::Rewrites;
use super::parts::Engine;
use super::replay::Replay;
use crate::aof::{Cover, Files, FilesError, Increment, Names, Writer};
use crate::config::AppendFsync;
use crate::keyspace::Keyspace;
use crate::sys::clock;
use crate::sys::files::error_text;
use crate::sys::storage::{Disk, DiskFile};
use crate::sys::worker::Worker;

/// Whether commands are appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AofState {
    #[default]
    Off,
    On,
    /// Switched on while the server runs: until a first base is made the files are not the data set.
    WaitsForBase,
}

/// The append-only file. See the module's page.
#[derive(Debug, Default)]
pub struct Aof {
    pub(super) state: AofState,
    /// None before it was ever needed.
    pub(super) files: Option<Files<Disk>>,
    pub(super) open: Option<Open>,
    /// Syncs and removes files; started when first needed.
    pub(super) worker: Option<Worker>,
    pub(super) report: Arc<SyncReport>,
    /// The offset of the replication stream up to which everything is in the file.
    pub(super) written_offset: u64,
    /// The message of the last write, if it failed.
    pub(super) write_error: Option<String>,
    /// When a failure was last logged.
    pub(super) error_logged_us: Option<u64>,
    pub rewrites: Rewrites,
    /// What is being read at the start.
    pub replay: Option<Box<Replay>>,
    /// The size of base and incremental files now, and after the last rewrite.
    pub current_bytes: u64,
    pub base_bytes: u64,
    /// Writes that did not wait for a slow sync any longer.
    pub delayed_syncs: u64,
    /// DEBUG AOF-FLUSH-SLEEP: a pause before each write.
    pub flush_sleep_us: u64,
}

/// The file that is being appended to.
#[derive(Debug)]
pub(super) struct Open {
    pub writer: Writer<DiskFile>,
    /// How much of it the last sync that was asked for covers, and when that was.
    pub synced_bytes: u64,
    pub synced_us: u64,
    /// Since when a write has been waiting for a sync to end.
    pub postponed_us: Option<u64>,
    /// Since when there have been bytes that no checksum line covers.
    pub uncovered_us: Option<u64>,
    /// The last time that a timestamp line says; and up to where the pending bytes are older than the next.
    pub stamped_s: i64,
    pub stamped_bytes: usize,
}

impl Open {
    pub fn new(writer: Writer<DiskFile>) -> Self {
        let now_us = clock::now_us();
        Self {
            synced_bytes: writer.size(),
            synced_us: now_us,
            postponed_us: None,
            uncovered_us: writer.is_uncovered().then_some(now_us),
            stamped_s: 0,
            stamped_bytes: 0,
            writer,
        }
    }
}

/// What the helper thread tells of its syncs. Each time that the append-only file is switched on there is a new
/// one: what a late sync of the files before says of an offset may be about another stream.
#[derive(Default)]
pub struct SyncReport {
    in_flight: AtomicBool,
    /// Files that are no longer appended to, and not synced yet.
    closing: AtomicU32,
    /// The error number of the last sync; 0 if it succeeded.
    error_number: AtomicI32,
    /// The offset of the replication stream up to which everything is on disk.
    synced_offset: AtomicU64,
}

impl SyncReport {
    pub(super) fn is_in_flight(&self) -> bool {
        self.in_flight.load(Ordering::Acquire)
    }

    pub(super) fn begin(&self) {
        self.in_flight.store(true, Ordering::Release);
    }

    pub(super) fn finish(&self, synced: &io::Result<()>, offset: u64) {
        self.note(synced, offset);
        self.in_flight.store(false, Ordering::Release);
    }

    pub(super) fn note(&self, synced: &io::Result<()>, offset: u64) {
        let number = match synced {
            Ok(()) => {
                self.note_offset(offset);
                0
            }
            Err(error) => error.raw_os_error().unwrap_or(libc::EIO),
        };
        self.error_number.store(number, Ordering::Release);
    }

    /// All of the stream up to here is on disk.
    pub(super) fn note_offset(&self, offset: u64) {
        self.synced_offset.fetch_max(offset, Ordering::AcqRel);
    }

    /// Whether no sync is under way or has failed.
    pub(super) fn is_settled(&self) -> bool {
        !self.is_in_flight() && !self.has_failed() && self.closing.load(Ordering::Acquire) == 0
    }

    pub(super) fn forget_error(&self) -> bool {
        self.error_number.swap(0, Ordering::AcqRel) != 0
    }

    pub(super) fn has_failed(&self) -> bool {
        self.error_number.load(Ordering::Acquire) != 0
    }

    fn error(&self) -> Option<io::Error> {
        match self.error_number.load(Ordering::Acquire) {
            0 => None,
            number => Some(io::Error::from_raw_os_error(number)),
        }
    }
}

impl fmt::Debug for SyncReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SyncReport({:?})", self.error())
    }
}

impl Aof {
    pub fn state(&self) -> AofState {
        self.state
    }

    pub fn is_off(&self) -> bool {
        self.state == AofState::Off
    }

    /// Why writes are refused: what the operating system said to the last write or sync.
    pub fn trouble(&self) -> Option<String> {
        if self.is_off() {
            return None;
        }
        self.write_error.clone().or_else(|| self.report.error().map(|error| error_text(&error)))
    }

    /// Whether a write or sync has failed and not succeeded since.
    #[inline]
    pub fn is_in_trouble(&self) -> bool {
        self.state != AofState::Off && (self.write_error.is_some() || self.report.has_failed())
    }

    /// Whether the helper thread is syncing the file that is appended to.
    pub fn is_syncing(&self) -> bool {
        self.report.is_in_flight()
    }

    /// Up to which offset of the replication stream everything is known to survive a loss of power; `None` if
    /// nothing is appended.
    pub fn synced_offset(&self) -> Option<u64> {
        match self.state {
            AofState::Off => None,
            // Without a base what was appended is worth nothing.
            AofState::WaitsForBase => Some(0),
            AofState::On => Some(self.report.synced_offset.load(Ordering::Acquire)),
        }
    }

    /// Whether all of the stream up to this offset is known to survive a loss of power.
    pub fn has_synced(&self, offset: u64) -> bool {
        self.state == AofState::On && self.synced_offset().is_some_and(|synced| synced >= offset)
    }

    /// Forgets what CONFIG RESETSTAT forgets.
    pub(super) fn reset_statistics(&mut self) {
        self.delayed_syncs = 0;
        self.rewrites.count = 0;
        self.rewrites.consecutive_failures = 0;
    }

    /// The helper thread, started if need be.
    pub(super) fn worker(&mut self) -> io::Result<&Worker> {
        if self.worker.is_none() {
            self.worker = Some(Worker::start("aof")?);
        }
        self.worker.as_ref().ok_or_else(|| io::Error::other("the thread was started above"))
    }

    /// Before syncs happen in the loop, those on the helper thread end: they must not report behind the first.
    pub(super) fn settle_syncs(&self, fsync: AppendFsync) {
        if let Some(worker) = self.worker.as_ref().filter(|_| fsync == AppendFsync::Always) {
            worker.drain();
        }
    }

    /// Removes files for good, which may take a while for large ones: not here.
    pub(super) fn remove_later(&mut self, path: PathBuf) {
        let remove = move || {
            if let Err(error) = std::fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                log::warn!("Removing {}: {}", path.display(), error_text(&error));
            }
        };
        match self.worker() {
            Ok(worker) => worker.run(remove),
            Err(_) => remove(),
        }
    }

    /// Syncs a file that is no longer appended to, and closes it.
    pub(super) fn sync_and_close(&mut self, open: Open) {
        let file = open.writer.file().shared();
        let report = Arc::clone(&self.report);
        report.closing.fetch_add(1, Ordering::AcqRel);
        let offset = self.written_offset;
        let close = move || {
            report.note(&file.sync_data(), offset);
            report.closing.fetch_sub(1, Ordering::AcqRel);
        };
        match self.worker() {
            Ok(worker) => worker.run(close),
            Err(_) => close(),
        }
    }

    /// Removes what the manifest no longer counts, unless that is switched off.
    pub(super) fn remove_history(&mut self, is_kept: bool) {
        let Some(files) = self.files.as_mut().filter(|_| !is_kept) else { return };
        let root = files.storage().root().to_owned();
        match files.take_history() {
            Ok(paths) => {
                for path in paths {
                    let name = path.file_name().unwrap_or_default().display().to_string();
                    log::info!("Removing the history file {name} in the background");
                    self.remove_later(root.join(path));
                }
            }
            Err(error) => log::warn!("{error}"),
        }
    }
}

impl Engine {
    /// Whether a child saves or rewrites.
    pub fn has_child(&self) -> bool {
        self.snapshots.is_saving() || self.aof.rewrites.child.is_some()
    }

    /// The files of the configured directory. Their manifest is read when they are first needed.
    pub(super) fn aof_files(&mut self) -> Result<&mut Files<Disk>, FilesError> {
        let files = if let Some(files) = self.aof.files.take() {
            files
        } else {
            let names = Names::new(&self.config.aof.dir_name, &self.config.aof.file_name);
            // Absolute: CONFIG SET dir is not to split the files over two directories.
            let root = std::path::absolute(&self.config.process.dir);
            let root = root.unwrap_or_else(|_| self.config.process.dir.clone());
            Files::open(Disk::new(&root), names)?
        };
        Ok(self.aof.files.insert(files))
    }

    /// Once the data set is there: begins to append where the files end. `cover` belongs to the end of the
    /// last one. An empty data set gets a base first, so that the manifest always names one.
    pub fn open_aof(&mut self, keys: &Keyspace, cover: Cover) -> Result<(), FilesError> {
        if !self.config.aof.enabled {
            return Ok(());
        }
        self.aof_files()?.create_directory()?;
        let Some(files) = &mut self.aof.files else { return Ok(()) };
        if files.manifest().is_empty() {
            let temporary = Names::temporary_base(std::process::id());
            let path = files.disk_path(&temporary);
            super::aof_rewrite::write_base(keys, &self.config, &path, |_| Ok(()))
                .map_err(|reason| FilesError::Open { name: temporary.display().to_string(), reason })?;
            let is_snapshot = self.config.aof.use_rdb_preamble;
            let adopted = files.adopt_base(&temporary, is_snapshot, Increment::None)?;
            log::info!("Creating AOF base file {} on server start", adopted.base.display());
        }
        let is_new = files.manifest().increments.is_empty();
        let (name, writer) = files.open_last(cover)?;
        let verb = if is_new { "Creating" } else { "Opening" };
        log::info!("{verb} AOF incr file {} on server start", name.display());
        self.aof.open = Some(Open::new(writer));
        self.aof.state = AofState::On;
        self.downstream.aof.start();
        self.aof.remove_history(self.config.aof.disable_auto_gc);
        self.measure_aof();
        Ok(())
    }

    /// Looks how large the files are, as after a load.
    fn measure_aof(&mut self) {
        let Some(files) = &self.aof.files else { return };
        let size =
            |path: PathBuf| std::fs::metadata(files.storage().root().join(path)).map_or(0, |m| m.len());
        let manifest = files.manifest();
        self.aof.base_bytes = manifest.base.as_ref().map_or(0, |part| size(files.path_of(part)));
        self.aof.current_bytes = manifest.parts().map(|part| size(files.path_of(part))).sum();
    }

    /// CONFIG SET appendonly: begins, or ends, to append.
    pub(super) fn apply_append_only(&mut self, keys: &Keyspace) -> Result<(), &'static str> {
        match (self.config.aof.enabled, self.aof.is_off()) {
            (true, true) => self.start_aof(keys).map_err(|()| "Unable to turn on AOF. Check server logs."),
            (false, false) => {
                self.stop_aof();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Everything that was fed is in the file, and on disk, before it is closed.
    fn stop_aof(&mut self) {
        self.kill_rewrite_child();
        let _ = self.flush_aof(true);
        if let Some(mut open) = self.aof.open.take()
            && let Err(error) = open.writer.sync()
        {
            log::warn!("Fail to fsync the AOF file: {}", error_text(&error));
        }
        self.downstream.aof.stop();
        if self.aof.state == AofState::WaitsForBase {
            self.remove_temporary_increment();
        }
        self.aof.state = AofState::Off;
        self.aof.rewrites.scheduled = false;
        self.aof.write_error = None;
        self.aof.report = Arc::default();
        self.aof.files = None;
    }

    /// The data set is about to be replaced by that of a primary: what the files hold is void with it, and
    /// nothing that is loaded goes there.
    pub fn stop_aof_for_sync(&mut self) {
        if !self.aof.is_off() {
            self.stop_aof();
        }
    }

    /// A synchronization that had stopped it is over, for better or worse: the files begin with what is there
    /// now, as soon as a child can be started.
    pub fn resume_aof_after_sync(&mut self) {
        if self.config.aof.enabled && self.aof.is_off() {
            self.aof.state = AofState::WaitsForBase;
            self.aof.rewrites.schedule_on_request();
        }
    }

    /// Before the end: everything is written and synced. Whether that succeeded.
    pub(super) fn finish_aof(&mut self) -> bool {
        if self.aof.open.is_none() {
            return true;
        }
        log::info!("Calling fsync() on the AOF file.");
        let written = self.flush_aof(true).is_ok() && self.downstream.aof.pending().is_empty();
        let Some(open) = &mut self.aof.open else { return true };
        // The last checksum line: nothing comes after it.
        let sealed = written && open.writer.append(b"", true).is_ok();
        match open.writer.sync() {
            Ok(()) => sealed,
            Err(error) => {
                log::warn!("Fail to fsync the AOF file: {}.", error_text(&error));
                false
            }
        }
    }

    /// The file that does not count yet, when there is no more use for it.
    pub(super) fn remove_temporary_increment(&mut self) {
        let Some(files) = &self.aof.files else { return };
        let name = files.names().temporary_increment();
        let path = files.disk_path(&name);
        log::info!("Removing the temp incr aof file {} in the background", name.display());
        self.aof.remove_later(path);
    }
}
