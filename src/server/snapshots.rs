//! Snapshots as time and the start ask for them: save points, the child's end, and loading.

use std::io;
use std::path::Path;

use super::event_loop::Server;
use super::start::announce;
use crate::check::check_rdb_file;
use crate::engine::LoadFailed;
use crate::sys::clock;

impl Server {
    /// Takes the result of a child, then starts what is due.
    pub(super) fn snapshots_cron(&mut self) {
        if self.engine.snapshots.is_loading() {
            return;
        }
        self.start_scheduled_rewrite();
        if self.engine.has_child() {
            self.engine.follow_child();
        } else if let Some(point) = self.engine.snapshot_is_due(self.keys.effects.dirty()) {
            log::info!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.save_in_background();
        } else {
            self.rewrite_what_has_grown();
        }
        if self.engine.scheduled_snapshot_is_due() {
            self.engine.snapshots.scheduled = !self.save_in_background();
        }
    }

    /// Whether a child was started. A failure was logged, and is tried again later.
    fn save_in_background(&mut self) -> bool {
        self.engine.start_snapshot_child(&self.keys).is_ok()
    }

    /// Begins to load the data set: from the append-only file where there is to be one, and else from the
    /// snapshot. The error is the exit code.
    pub(super) fn begin_to_load(&mut self) -> Result<(), i32> {
        self.engine.handle_leftovers();
        if self.engine.config.aof.enabled {
            self.begin_to_replay()?;
        } else {
            self.engine.begin_loading(false).map_err(|error| refuse_to_serve(&error))?;
        }
        if !self.engine.snapshots.is_loading() {
            announce(&self.engine);
        }
        Ok(())
    }

    /// A part of the data set, while it is loading. At its end clients are welcome.
    pub(super) fn load_part(&mut self) {
        if self.engine.aof.replay.is_some() {
            self.replay_part();
            return;
        }
        let Some(loading) = &self.engine.snapshots.loading else { return };
        let started_us = loading.started_us;
        let is_from_primary = loading.is_from_primary;
        match self.engine.load_part(&mut self.keys) {
            Ok(None) => {}
            Ok(Some(_)) if is_from_primary => self.finish_full_sync(),
            Err(error) if is_from_primary => self.fail_full_sync(&error),
            Ok(Some(_)) => {
                let took_us = clock::now_us() - started_us;
                log::info!("DB loaded from disk: {:.3} seconds", took_us as f64 / 1e6);
                self.engine.resume_loaded_place();
                announce(&self.engine);
            }
            Err(error) => self.exit = Some(refuse_to_serve(&error)),
        }
    }
}

/// Half a data set must not be taken for the whole. Returns the exit code. Like Redis it shows, of a damaged
/// file, what the checker finds.
fn refuse_to_serve(error: &LoadFailed) -> i32 {
    log::warn!("{error}");
    // A pipe has been read, and holds no more.
    match error.damaged_file().filter(|path| Path::new(path).is_file()) {
        Some(path) => {
            // Nobody may be there to read it; the log has the reason.
            let _ = check_rdb_file(path, clock::unix_now_ms(), &mut io::stdout());
            log::warn!("Terminating server after rdb file reading failure.");
        }
        None => log::warn!("Fatal error loading the DB, check server logs. Exiting."),
    }
    1
}
