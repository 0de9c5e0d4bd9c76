//! Snapshots that go to replicas by a file: sending it; and removing it where nothing is to be left on the disk
//! (`rdb-del-sync-files`).

use std::fs::File;
use std::io::{self, IoSlice, Read};

use super::event_loop::Server;
use super::replicas::{BYTES_PER_TURN_MAX, Transfers};
use crate::engine::ClientId;
use crate::net::Connection;
use crate::repl::ReplicaState;
use crate::sys::files::error_text;

const FILE_READ_BYTES: usize = 64 * 1024;

/// A file on its way to a replica.
pub(super) struct FileTransfer {
    pub(super) client: ClientId,
    pub(super) file: File,
    /// What has been read and not sent.
    pub(super) unsent: Vec<u8>,
    pub(super) left_bytes: u64,
}

impl Server {
    pub(super) fn begin_file_transfer(&mut self, id: ClientId) -> io::Result<()> {
        let config = &self.engine.config;
        let file = File::open(config.process.dir.join(&config.rdb.file_name))?;
        let left_bytes = file.metadata()?.len();
        let unsent = format!("${left_bytes}\r\n").into_bytes();
        self.transfers.files.push(FileTransfer { client: id, file, unsent, left_bytes });
        if let Some(replica) = self.engine.replica_mut(id) {
            replica.state = ReplicaState::ReceivesFile;
        }
        Ok(())
    }

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

impl Transfers {
    /// Sends a file as far as the socket takes it; returns the bytes sent.
    pub(super) fn send_file(&mut self, client: ClientId, connection: &mut Connection) -> io::Result<usize> {
        let Some(transfer) = self.files.iter_mut().find(|transfer| transfer.client == client) else {
            return Ok(0);
        };
        let mut total = 0;
        while total < BYTES_PER_TURN_MAX && !connection.awaits_room {
            if transfer.unsent.is_empty() {
                let share = transfer.left_bytes.min(FILE_READ_BYTES as u64);
                if share == 0 {
                    break;
                }
                let read = (&transfer.file).take(share).read_to_end(&mut transfer.unsent)? as u64;
                if read < share {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                transfer.left_bytes -= read;
            }
            let sent = connection.write_slices(&[IoSlice::new(&transfer.unsent)])?;
            transfer.unsent.drain(..sent);
            total += sent;
        }
        Ok(total)
    }
}
