//! Snapshots as time and the start ask for them: save points, the child's end, and loading.

use super::event_loop::Server;
use crate::sys::clock;

/// The process is to end: the data set could not be loaded (which the log explains), or a signal came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotLoaded {
    pub(super) exit_code: i32,
}

impl Server {
    /// Takes the result of a child, then starts what is due.
    pub(super) fn snapshots_cron(&mut self) {
        if self.engine.snapshots.is_saving() {
            self.engine.follow_snapshot_child();
        } else if let Some(point) = self.engine.snapshot_is_due(self.keys.effects.dirty()) {
            log::info!("{} changes in {} seconds. Saving...", point.changes, point.seconds);
            self.save_in_background();
        }
        if self.engine.scheduled_snapshot_is_due() {
            self.engine.snapshots.scheduled = !self.save_in_background();
        }
    }

    /// Whether a child was started. A failure was logged, and is tried again later.
    fn save_in_background(&mut self) -> bool {
        self.engine.start_snapshot_child(&self.keys).is_ok()
    }

    /// Loads the snapshot, if there is one, before anyone is served.
    pub(super) fn load_data_set(&mut self) -> Result<(), NotLoaded> {
        let started_us = clock::now_us();
        let Self { engine, keys, signals, .. } = self;
        // Half a data set is not saved: a signal ends the process as it is.
        let loaded = engine.load_snapshot(keys, false, || signals.take().is_none());
        match loaded {
            Ok(None) => Ok(()),
            Ok(Some(_)) => {
                let seconds = (clock::now_us() - started_us) as f64 / 1e6;
                log::info!("DB loaded from disk: {seconds:.3} seconds");
                Ok(())
            }
            Err(error) if error.is_interruption() => {
                log::warn!("Received shutdown signal during loading, scheduling shutdown.");
                log::info!("User requested shutdown...");
                self.leave();
                Err(NotLoaded { exit_code: 0 })
            }
            Err(error) => {
                log::warn!("{error}");
                log::warn!("Fatal error loading the DB, check server logs. Exiting.");
                Err(NotLoaded { exit_code: 1 })
            }
        }
    }
}
