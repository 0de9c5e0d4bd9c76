//! The snapshot that a primary sends: received into a file and then loaded, or loaded while it arrives
//! (`repl-diskless-load`), in the place of our data or beside them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use super::event_loop::Server;
use super::primary_link::LinkError;
use crate::commands;
use crate::config::DisklessLoad;
use crate::engine::{Abandoned, LoadFailed};
use crate::keyspace::Keyspace;
use crate::sys::files::{error_text, fsync_dir, write_back};

/// So much of the file may wait in the kernel before it is told to write: little is left for the sync at the end.
const WRITE_BACK_BYTES: u64 = 4 * 1024 * 1024;

/// A file that a snapshot is received into.
pub struct SnapshotFile {
    file: File,
    path: PathBuf,
    bytes: u64,
    /// Up to where the kernel has been told to write.
    written_back: u64,
}

impl SnapshotFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        let waiting = self.bytes - self.written_back;
        if waiting >= WRITE_BACK_BYTES {
            write_back(&self.file, self.written_back, waiting, false)?;
            self.written_back = self.bytes;
        }
        Ok(())
    }
}

impl Server {
    /// The primary begins to send; `bytes` if it knows how much.
    pub(super) fn begin_snapshot(&mut self, bytes: Option<u64>) -> Result<(), LinkError> {
        let loads_at_once = match self.engine.config.replication.diskless_load {
            DisklessLoad::Disabled => false,
            DisklessLoad::OnEmptyDb => self.keys.is_empty(),
            DisklessLoad::SwapDb => true,
        };
        let goal = if loads_at_once { "to parser" } else { "to disk" };
        match bytes {
            Some(bytes) => log::info!("MASTER <-> REPLICA sync: receiving {bytes} bytes from master {goal}"),
            None => {
                log::info!("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF {goal}");
            }
        }
        if loads_at_once {
            self.load_while_receiving(bytes);
            return Ok(());
        }
        let name = format!("temp-{}.{}.rdb", self.engine.clock.unix_ms() / 1000, std::process::id());
        let path = self.engine.config.process.dir.join(name);
        let file = File::create(&path).map_err(LinkError::File)?;
        self.primary_link.snapshot = Some(SnapshotFile { file, path, bytes: 0, written_back: 0 });
        Ok(())
    }

    fn load_while_receiving(&mut self, bytes: Option<u64>) {
        let swaps = self.engine.config.replication.diskless_load == DisklessLoad::SwapDb;
        // Only an older state of the same data is better than none.
        let serves_meanwhile = swaps && self.engine.is_synced_with_later_state();
        self.make_way_for_loading();
        let aside = swaps.then(|| self.keys.empty_twin());
        if aside.is_none() {
            self.discard_data();
        }
        log::info!("MASTER <-> REPLICA sync: Loading DB in memory");
        self.engine.begin_loading_arriving(bytes, aside, serves_meanwhile);
    }

    /// A part of the snapshot has arrived.
    pub(super) fn take_payload(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        if let Some(snapshot) = &mut self.primary_link.snapshot {
            snapshot.append(bytes).map_err(LinkError::File)?;
        } else if let Some(loading) = &mut self.engine.snapshots.loading {
            loading.push(bytes);
        }
        Ok(())
    }

    /// The snapshot is complete; the last `mark_bytes` are none of it.
    pub(super) fn end_snapshot(&mut self, mark_bytes: u64) -> Result<(), LinkError> {
        if let Some(snapshot) = self.primary_link.snapshot.take() {
            return self.load_file(snapshot, mark_bytes);
        }
        if let Some(loading) = &mut self.engine.snapshots.loading {
            loading.end(mark_bytes);
        }
        Ok(())
    }

    /// The file takes the place of ours, and its keys that of ours.
    fn load_file(&mut self, snapshot: SnapshotFile, mark_bytes: u64) -> Result<(), LinkError> {
        let failed = |reason| LinkError::Load { from: "disk", reason };
        self.make_way_for_loading();
        let config = &self.engine.config;
        let path = config.process.dir.join(&config.rdb.file_name);
        let SnapshotFile { file, path: temporary, bytes, .. } = snapshot;
        file.set_len(bytes.saturating_sub(mark_bytes))
            .and_then(|()| file.sync_all())
            .and_then(|()| fs::rename(&temporary, &path))
            .and_then(|()| fsync_dir(&config.process.dir))
            .map_err(LinkError::File)?;
        self.transfers.file_is_from_primary = true;
        self.discard_data();
        log::info!("MASTER <-> REPLICA sync: Loading DB in memory");
        self.engine.begin_loading_from_primary(&path).map_err(|error| failed(error.to_string()))?;
        // Otherwise nobody would ever say that it is loaded.
        if self.engine.snapshots.is_loading() { Ok(()) } else { Err(failed("it is gone".to_owned())) }
    }

    /// Children that save would copy what is about to change, and what they save is out of date.
    fn make_way_for_loading(&mut self) {
        self.engine.stop_aof_for_sync();
        if self.engine.snapshots.is_saving() {
            log::info!(
                "Replica is about to load the RDB file received from the master, but there is a pending RDB child \
                 running. Killing it and removing its temp file to avoid any race"
            );
            self.engine.kill_snapshot_child();
        }
    }

    /// Empties all databases: those of the primary take their place.
    fn discard_data(&mut self) {
        self.engine.leave_stream();
        log::info!("MASTER <-> REPLICA sync: Flushing old data");
        self.empty_data();
    }

    fn empty_data(&mut self) {
        let nothing = self.keys.empty_twin();
        self.replace_data(nothing, self.engine.config.replication.lazy_flush);
    }

    fn replace_data(&mut self, successor: Keyspace, is_lazy: bool) {
        self.engine.own_expiry.forget_all();
        let detached = commands::replace_all(&mut self.keys, &self.engine, successor);
        if is_lazy {
            self.engine.worker.drop_weighing(detached.len() as u64, detached);
        } else {
            drop(detached);
        }
        commands::perform_in_background(&mut self.keys, &mut self.engine);
    }

    /// The data set of the primary is loaded.
    pub(super) fn finish_full_sync(&mut self) {
        if let Some(aside) = self.engine.snapshots.loaded_aside.take() {
            self.engine.leave_stream();
            log::info!("MASTER <-> REPLICA sync: Swapping active DB with loaded DB");
            self.replace_data(aside, true);
            log::info!("MASTER <-> REPLICA sync: Discarding old DB in background");
        }
        // What is in memory is in no file of ours, unless it came by one.
        self.keys.effects.add_dirty(1);
        let now_ms = self.engine.clock.unix_ms();
        let db = self.engine.snapshots.loaded_place.take().map_or(0, |place| place.db);
        let acknowledged = self.engine.end_full_sync(db, now_ms);
        log::info!("MASTER <-> REPLICA sync: Finished with success");
        self.remove_file_from_primary();
        self.engine.resume_aof_after_sync();
        // At once: until there is a base, nothing that follows is kept.
        self.start_scheduled_rewrite();
        let handed_over = match acknowledged {
            Some(acknowledgement) => {
                self.primary_link.unsent.extend_from_slice(&acknowledgement);
                self.hand_over_to_client()
            }
            None => Ok(()),
        };
        if let Err(error) = handed_over {
            self.fail_primary_link(&error);
        }
    }

    /// The snapshot cannot be used.
    pub(super) fn fail_full_sync(&mut self, error: &LoadFailed) {
        let is_arriving = self.engine.snapshots.loading.as_ref().is_some_and(|loading| loading.is_arriving());
        let from = if is_arriving { "socket" } else { "disk" };
        self.abandon_loading();
        self.remove_file_from_primary();
        self.fail_primary_link(&LinkError::Load { from, reason: error.to_string() });
    }

    /// The link is gone, and with it what had arrived.
    pub(super) fn abandon_snapshot(&mut self, file: Option<SnapshotFile>) {
        if let Some(snapshot) = file {
            let removed = fs::remove_file(&snapshot.path);
            self.engine.worker.drop_later(snapshot.file);
            if let Err(error) = removed {
                log::warn!("Removing {}: {}", snapshot.path.display(), error_text(&error));
            }
        }
        if self.engine.snapshots.loading.as_ref().is_some_and(|loading| loading.is_arriving()) {
            self.abandon_loading();
        }
    }

    fn abandon_loading(&mut self) {
        match self.engine.abandon_loading() {
            // Half a data set is none.
            Some(Abandoned::InPlace) => self.empty_data(),
            Some(Abandoned::Aside) => {
                log::info!("MASTER <-> REPLICA sync: Discarding temporary DB in background");
            }
            None => {}
        }
    }
}
