//! `rdb-del-sync-files`: a server that is to leave nothing on the disk removes what full synchronisations put there.

use std::fs::File;

use super::event_loop::Server;
use crate::repl::ReplicaState;
use crate::sys::files::error_text;

impl Server {
    /// What was written for replicas goes once they have it.
    pub(super) fn remove_file_for_replicas(&mut self) {
        let is_wanted = self.engine.config.rdb.delete_sync_files && self.engine.config.keeps_nothing();
        if !is_wanted || !self.transfers.file_is_for_replicas {
            return;
        }
        let replicas = self.engine.replication.replicas().iter().filter_map(|id| self.engine.replica(*id));
        let mut states = replicas.map(|replica| replica.state);
        if states.all(|state| matches!(state, ReplicaState::Loads | ReplicaState::Online)) {
            self.transfers.file_is_for_replicas = false;
            let name = self.engine.config.rdb.file_name.display();
            log::info!("Removing the RDB file {name} used to feed replicas in a persistence-less instance");
            self.remove_snapshot_file();
        }
    }

    /// What the primary has sent goes once it is loaded, or cannot be.
    pub(super) fn remove_file_from_primary(&mut self) {
        let was_one = std::mem::take(&mut self.transfers.file_is_from_primary);
        if was_one && self.engine.config.rdb.delete_sync_files && self.engine.config.keeps_nothing() {
            log::info!(
                "Removing the RDB file obtained from the master. This replica has persistence disabled"
            );
            self.remove_snapshot_file();
        }
    }

    /// Its name goes at once; what it stood for may take a while.
    fn remove_snapshot_file(&self) {
        let path = self.engine.config.process.dir.join(&self.engine.config.rdb.file_name);
        let file = File::open(&path);
        if let Err(error) = std::fs::remove_file(&path) {
            log::warn!("Removing {}: {}", path.display(), error_text(&error));
        }
        self.engine.worker.drop_later(file);
    }
}
