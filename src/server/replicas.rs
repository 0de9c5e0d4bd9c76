//! What replicas are sent: the stream, straight from the backlog; before it a snapshot, which a child writes to
//! their sockets, or to a file that is sent from here.

use std::io::{self, IoSlice};

use super::event_loop::Server;
use super::replica_sockets::{ReplicaSockets, StallReports};
use super::sync_files::FileTransfer;
use crate::commands::{force_unblock_all, serve_waiters};
use crate::config::OutputClass;
use crate::engine::{ClientId, Closing, Session, SnapshotTarget, replica_name};
use crate::net::Connection;
use crate::repl::{Capabilities, Replica, ReplicaState, SnapshotDemand, acknowledgement};
use crate::sys::files::error_text;

/// The most that one turn sends to one replica.
pub(super) const BYTES_PER_TURN_MAX: usize = 4 * 1024 * 1024;
/// Pieces of the backlog handed to one `writev`.
const SLICES_MAX: usize = 32;

/// Snapshots on their way from files to replicas.
#[derive(Default)]
pub struct Transfers {
    pub(super) files: Vec<FileTransfer>,
    /// Whose sockets the child writes to, and where it says which of them it waits for.
    streaming: Vec<ClientId>,
    stalls: Option<StallReports>,
    /// No later version of the format than this is in the file that a child was last asked to write for replicas.
    file_version_max: Option<u8>,
    /// The file was not written for ourselves (see `rdb-del-sync-files`).
    pub(super) file_is_for_replicas: bool,
    /// It was received from our primary.
    pub(super) file_is_from_primary: bool,
    /// A replica has used up its share of the turn.
    pub(super) goes_on: bool,
    /// Seconds since replicas were last told that we are alive.
    seconds_since_ping: u32,
}

impl Server {
    /// Moves what this turn's commands have left for replicas into the stream.
    pub(super) fn replicate(&mut self) {
        self.engine.ask_for_acknowledgements();
        self.engine.replicate();
        if self.engine.replication.failover.is_some() && self.engine.drive_failover() {
            force_unblock_all(&mut self.engine);
        }
        if let Some((target, succeeded)) = self.engine.snapshots.ended.take() {
            self.on_snapshot_end(target, succeeded);
        }
        if !self.engine.replication.replicas().is_empty() {
            self.start_due_snapshot();
            self.cut_slow_replicas();
        }
    }

    /// Tells the primary, if it asks, how far we are; and those in WAIT and WAITAOF whose time has come.
    pub(super) fn acknowledge(&mut self) {
        let now_us = self.engine.clock.monotonic_us();
        serve_waiters(&mut self.engine, now_us);
        let (offset, synced) = (self.engine.replication.offset(), self.engine.aof.synced_offset());
        let Some(primary) = &mut self.engine.replication.primary else { return };
        if std::mem::take(&mut primary.owes_acknowledgement)
            && let Some(client) = primary.client
        {
            self.engine.clients.send(client, |reply| reply.output.push(&acknowledgement(offset, synced)));
        }
    }

    /// Once a second.
    pub(super) fn replication_cron(&mut self) {
        self.tick_primary_link();
        self.transfers.seconds_since_ping += 1;
        if self.transfers.seconds_since_ping >= self.engine.config.replication.ping_period_seconds {
            self.transfers.seconds_since_ping = 0;
            self.engine.ping_replicas();
        }
        let now_ms = self.engine.clock.unix_ms();
        let timeout_s = i64::from(self.engine.config.replication.timeout_seconds);
        for id in self.engine.replication.replicas().to_vec() {
            let Some(client) = self.engine.clients.by_id(id) else { continue };
            let Some(replica) = &client.session.replica else { continue };
            match replica.state {
                ReplicaState::AwaitsSnapshot | ReplicaState::SnapshotToFile => {
                    // So that it goes on waiting.
                    self.engine.clients.send(id, |reply| reply.output.push(b"\n"));
                }
                ReplicaState::Online if !replica.is_mute && replica.lag_s(now_ms) > timeout_s => {
                    let name = replica_name(&client.session);
                    log::warn!("Disconnecting timedout replica (streaming sync): {name}");
                    self.engine.clients.close(id);
                }
                _ => {}
            }
        }
        self.hang_up_on_stalled(timeout_s);
        self.engine.expire_backlog();
        self.remove_file_for_replicas();
    }

    /// The child waits for a replica that does not read: not for ever.
    fn hang_up_on_stalled(&mut self, timeout_s: i64) {
        let Some(stalls) = &self.transfers.stalls else { return };
        while let Some((id, stalled_us)) = stalls.next() {
            let Some(client) = self.engine.clients.by_id(id) else { continue };
            if (stalled_us / 1_000_000) as i64 > timeout_s && client.session.closing == Closing::No {
                log::warn!("Disconnecting timedout replica (full sync): {}", replica_name(&client.session));
                self.engine.clients.close(id);
            }
        }
    }

    /// `repl-disable-tcp-nodelay`: fewer packets, and up to 40 ms more for each.
    pub(super) fn tune_replica(&self, id: ClientId) {
        let slot = self.engine.clients.by_id(id).map(|client| client.session.slot);
        let connection = slot.and_then(|slot| self.connections.get(slot)).and_then(Option::as_ref);
        if self.engine.config.replication.disable_tcp_nodelay
            && let Some(Err(error)) = connection.map(Connection::send_in_large_packets)
        {
            log::warn!("Setting options of a replica's socket: {}", error_text(&error));
        }
    }

    /// Sends replicas what they are still to be sent.
    pub(super) fn feed_replicas(&mut self) {
        self.transfers.goes_on = false;
        for id in self.engine.replication.replicas().to_vec() {
            if let Some(slot) = self.engine.clients.by_id(id).map(|client| client.session.slot) {
                self.feed_replica(slot);
            }
        }
        self.engine.trim_backlog();
    }

    /// The same for one, as far as its socket takes it.
    pub(super) fn feed_replica(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        let Some(client) = self.engine.clients.by_slot(slot) else { return };
        let session = &client.session;
        // Its replies are first; write_client comes here once they are out.
        if connection.awaits_room || session.closing != Closing::No || !client.reply.output.is_empty() {
            return;
        }
        let id = session.id;
        let sent = match session.replica.as_ref().map(|replica| replica.state) {
            Some(ReplicaState::Online) => self.send_stream(slot),
            Some(ReplicaState::ReceivesFile) => self.transfers.send_file(id, connection),
            _ => return,
        };
        match sent {
            Ok(sent) => {
                self.engine.stats.replication_output_bytes += sent as u64;
                self.end_sent_file(id);
                self.transfers.goes_on |= sent >= BYTES_PER_TURN_MAX;
            }
            Err(error) => {
                log::debug!("Error writing to replica: {error}");
                self.engine.clients.close(id);
            }
        }
    }

    fn send_stream(&mut self, slot: usize) -> io::Result<usize> {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return Ok(0) };
        let Some(backlog) = &self.engine.replication.backlog else { return Ok(0) };
        let Some(client) = self.engine.clients.by_slot_mut(slot) else { return Ok(0) };
        let Some(replica) = client.session.replica.as_deref_mut() else { return Ok(0) };
        let mut total = 0;
        while total < BYTES_PER_TURN_MAX && replica.position < backlog.end() && !connection.awaits_room {
            let mut slices = [IoSlice::new(&[]); SLICES_MAX];
            let filled = backlog.slices(replica.position, &mut slices);
            let sent = connection.write_slices(slices.get(..filled).unwrap_or_default())?;
            replica.position += sent as u64;
            total += sent;
        }
        client.session.awaits_room = connection.awaits_room;
        Ok(total)
    }

    /// The stream goes on behind a file that was sent whole.
    fn end_sent_file(&mut self, id: ClientId) {
        let Some(at) = self.transfers.files.iter().position(|transfer| transfer.client == id) else { return };
        let transfer = &self.transfers.files[at];
        if transfer.left_bytes > 0 || !transfer.unsent.is_empty() {
            return;
        }
        let transfer = self.transfers.files.swap_remove(at);
        self.engine.worker.drop_later(transfer.file);
        let now_ms = self.engine.clock.unix_ms();
        let Some(client) = self.engine.clients.by_id_mut(id) else { return };
        let name = replica_name(&client.session);
        let slot = client.session.slot;
        let Some(replica) = client.session.replica.as_deref_mut() else { return };
        replica.acknowledged_ms = now_ms;
        if replica.snapshot_only {
            log::info!("RDB transfer completed, rdb only replica ({name}) should be disconnected asap");
            self.engine.clients.close(id);
            return;
        }
        replica.state = ReplicaState::Online;
        log::info!("Synchronization with replica {name} succeeded");
        self.feed_replica(slot);
    }

    /// A replica that does not read must not make us keep the stream for ever.
    fn cut_slow_replicas(&mut self) {
        let limit = self.engine.config.limits.output_of(OutputClass::Replica);
        // The window is kept anyway.
        let hard_bytes = match limit.hard_bytes {
            0 => u64::MAX,
            bytes => bytes.max(self.engine.config.replication.backlog_bytes),
        };
        let now_ms = self.engine.clock.unix_ms();
        let end = self.engine.replication.offset();
        for id in self.engine.replication.replicas().to_vec() {
            let Some(client) = self.engine.clients.by_id_mut(id) else { continue };
            let session = &mut client.session;
            let Some(replica) = session.replica.as_deref().filter(|replica| replica.holds_stream()) else {
                continue;
            };
            let pending = end - replica.position.min(end);
            let is_soft = limit.soft_bytes != 0 && pending >= limit.soft_bytes;
            let is_too_long = if is_soft {
                let since_ms = *session.soft_limit_since_ms.get_or_insert(now_ms);
                now_ms / 1000 - since_ms / 1000 > limit.soft_seconds as i64
            } else {
                session.soft_limit_since_ms = None;
                false
            };
            if (pending >= hard_bytes || is_too_long) && session.closing == Closing::No {
                log::warn!(
                    "Client {} scheduled to be closed ASAP for overcoming of output buffer limits.",
                    replica_name(session)
                );
                self.engine.clients.close(id);
            }
        }
    }

    /// Starts a child for those who wait for a snapshot, or lets them share one that is being written.
    fn start_due_snapshot(&mut self) {
        let Some((demand, waiting)) = self.next_to_be_served() else { return };
        if self.engine.snapshots.is_loading() {
            return;
        }
        if let Some(child) = &self.engine.snapshots.child {
            if child.target == SnapshotTarget::File && self.transfers.file_serves(demand) {
                self.share_snapshot(&waiting);
            }
            return;
        }
        let config = &self.engine.config.replication;
        let now_ms = self.engine.clock.unix_ms();
        let replicas = || waiting.iter().filter_map(|id| self.engine.replica(*id));
        let waited_ms = replicas().map(|replica| now_ms - replica.acknowledged_ms).max().unwrap_or(0);
        let is_full = config.diskless_sync_max_replicas > 0
            && waiting.len() >= config.diskless_sync_max_replicas as usize;
        let all_take_marks = replicas().all(|replica| replica.capabilities.contains(Capabilities::EOF));
        let to_sockets = (config.diskless_sync || demand.is_filtered()) && all_take_marks;
        let waits = config.diskless_sync && to_sockets && !is_full;
        if waits && waited_ms < i64::from(config.diskless_sync_delay_seconds) * 1000 {
            return;
        }
        self.start_snapshot(&waiting, to_sockets, demand);
    }

    /// Of those who wait for a snapshot the first, with all whom the same one serves.
    fn next_to_be_served(&self) -> Option<(SnapshotDemand, Vec<ClientId>)> {
        let mut ready = self.ready_for_snapshot();
        let demand_of = |id: &ClientId| self.engine.replica(*id).map(|replica| replica.demand);
        let mut common = demand_of(ready.first()?)?;
        ready.retain(|id| {
            let both = demand_of(id).and_then(|demand| common.with(demand));
            common = both.unwrap_or(common);
            both.is_some()
        });
        Some((common, ready))
    }

    /// Those who wait for a snapshot, and have been sent all their replies.
    fn ready_for_snapshot(&self) -> Vec<ClientId> {
        let ids = self.engine.replication.replicas().iter().copied();
        ids.filter(|id| {
            self.engine.clients.by_id(*id).is_some_and(|client| {
                let replica = client.session.replica.as_ref();
                client.reply.output.is_empty()
                    && client.session.closing == Closing::No
                    && replica.is_some_and(|replica| replica.state == ReplicaState::AwaitsSnapshot)
            })
        })
        .collect()
    }

    fn start_snapshot(&mut self, waiting: &[ClientId], to_sockets: bool, demand: SnapshotDemand) {
        log::info!(
            "Starting BGSAVE for SYNC with target: {}",
            if to_sockets { "replicas sockets" } else { "disk" }
        );
        self.engine.replicate();
        // The stream must say what it is for: the snapshot does not.
        if self.engine.downstream.replicas.is_active() {
            self.engine.downstream.replicas.start();
        }
        let offset = self.engine.replication.offset();
        let started =
            if to_sockets { self.start_streaming(waiting, demand) } else { self.start_file(demand) };
        for id in waiting {
            if started.is_err() {
                log::warn!("BGSAVE for replication failed");
                self.engine.clients.close(*id);
            } else if to_sockets {
                self.transfers.streaming.push(*id);
                self.set_snapshot_state(*id, ReplicaState::SnapshotToSocket, offset);
            } else {
                self.announce_snapshot(*id, offset);
            }
        }
    }

    fn start_file(&mut self, demand: SnapshotDemand) -> Result<(), ()> {
        self.engine.start_child_for(&self.keys, demand).map_err(|_| ())?;
        self.transfers.file_version_max = demand.version_max;
        self.transfers.file_is_for_replicas = true;
        Ok(())
    }

    /// The child tells the replicas the rest: what it writes to a socket must not meet what we write.
    fn start_streaming(&mut self, waiting: &[ClientId], demand: SnapshotDemand) -> Result<(), ()> {
        let id = self.engine.replication.history.id();
        let offset = self.engine.replication.offset();
        let (mut sockets, stalls) = ReplicaSockets::new().map_err(|error| {
            log::warn!("Making sockets for a child: {}", error_text(&error));
        })?;
        for client in waiting.iter().filter_map(|id| self.engine.clients.by_id(*id)) {
            let is_mute = client.session.replica.as_ref().is_some_and(|replica| replica.is_mute);
            let greeting = if is_mute { String::new() } else { format!("+FULLRESYNC {id} {offset}\r\n") };
            let connection = self.connections.get(client.session.slot).and_then(Option::as_ref);
            let id = client.session.id;
            let added = connection.map(|connection| sockets.add(connection, id, &greeting));
            if let Some(Err(error)) = added {
                log::warn!("Duplicating a replica's socket: {}", error_text(&error));
            }
        }
        let mark = self.engine.random.hex_id();
        let mut stalls = Some(stalls);
        let open = || {
            // So that a report fails once the parent is gone.
            drop(stalls.take());
            sockets.open()
        };
        let started = self.engine.start_streaming_child(&self.keys, open, &mark, demand);
        self.transfers.stalls = stalls;
        started.map_err(|_| ())
    }

    fn announce_snapshot(&mut self, client: ClientId, offset: u64) {
        let id = self.engine.replication.history.id();
        let is_mute = self.engine.replica(client).is_some_and(|replica| replica.is_mute);
        self.set_snapshot_state(client, ReplicaState::SnapshotToFile, offset);
        if !is_mute {
            self.engine.clients.send(client, |reply| reply.status(&format!("FULLRESYNC {id} {offset}")));
        }
    }

    fn set_snapshot_state(&mut self, client: ClientId, state: ReplicaState, offset: u64) {
        if let Some(replica) = self.engine.replica_mut(client) {
            replica.state = state;
            replica.position = offset;
        }
    }

    /// Replicas that come while a file is written for another one can have the same, with the stream from the
    /// same offset on.
    fn share_snapshot(&mut self, waiting: &[ClientId]) {
        let replicas = self.engine.replication.replicas().iter().filter_map(|id| self.engine.replica(*id));
        let first = replicas.filter(|replica| replica.state == ReplicaState::SnapshotToFile);
        let Some(offset) = first.map(|replica| replica.position).next() else { return };
        for id in waiting {
            log::info!("Waiting for end of BGSAVE for SYNC");
            self.announce_snapshot(*id, offset);
        }
    }

    /// A child has ended: its snapshot is with the replicas, or in the file, or nowhere.
    fn on_snapshot_end(&mut self, target: SnapshotTarget, succeeded: bool) {
        if target == SnapshotTarget::Sockets {
            let count = std::mem::take(&mut self.transfers.streaming).len();
            if succeeded {
                log::info!("Diskless rdb transfer, done reading from pipe, {count} replicas still up.");
            }
        }
        let waits_in = match target {
            SnapshotTarget::File => ReplicaState::SnapshotToFile,
            SnapshotTarget::Sockets => ReplicaState::SnapshotToSocket,
        };
        for id in self.engine.replication.replicas().to_vec() {
            if self.engine.replica(id).is_none_or(|replica| replica.state != waits_in) {
                continue;
            }
            if !succeeded {
                log::warn!("SYNC failed. BGSAVE child returned an error");
                self.engine.clients.close(id);
            } else if target == SnapshotTarget::Sockets {
                self.await_acknowledgement(id);
            } else if let Err(error) = self.begin_file_transfer(id) {
                log::warn!("SYNC failed. Can't open/stat DB after BGSAVE: {}", error_text(&error));
                self.engine.clients.close(id);
            }
        }
    }

    fn await_acknowledgement(&mut self, id: ClientId) {
        let Some(client) = self.engine.clients.by_id_mut(id) else { return };
        let name = replica_name(&client.session);
        let Some(replica) = client.session.replica.as_deref_mut() else { return };
        replica.state = ReplicaState::Loads;
        if replica.snapshot_only {
            log::info!("RDB transfer completed, rdb only replica ({name}) should be disconnected asap");
            self.engine.clients.close(id);
            return;
        }
        log::info!(
            "Streamed replica with replica {name} succeeded (socket). Waiting for REPLCONF ACK from replica to \
             enable streaming"
        );
    }

    /// A replica is gone.
    pub(super) fn forget_replica(&mut self, session: &Session) {
        log::info!("Connection with replica {} lost.", replica_name(session));
        self.engine.remove_replica(session.id);
        self.transfers.files.retain(|transfer| transfer.client != session.id);
        let was_streaming = self.transfers.streaming.contains(&session.id);
        self.transfers.streaming.retain(|client| *client != session.id);
        if was_streaming && self.transfers.streaming.is_empty() {
            log::warn!("Diskless rdb transfer, last replica dropped, killing fork child.");
            self.engine.kill_snapshot_child();
        }
        let awaited_file = session.replica.as_ref().is_some_and(|replica| replica.is_promised_file());
        if awaited_file && self.nobody_wants_file() {
            self.engine.kill_snapshot_child();
        }
    }

    /// Whether a child writes a file that no replica waits for, and that nobody else has asked for.
    fn nobody_wants_file(&self) -> bool {
        let writes_file =
            self.engine.snapshots.child.as_ref().is_some_and(|child| child.target == SnapshotTarget::File);
        let mut replicas =
            self.engine.replication.replicas().iter().filter_map(|id| self.engine.replica(*id));
        writes_file
            && self.engine.config.rdb.save_points.is_empty()
            && !replicas.any(Replica::is_promised_file)
    }
}

impl Transfers {
    /// Whether the file that is being written is of use to a replica.
    fn file_serves(&self, demand: SnapshotDemand) -> bool {
        let is_readable = match (self.file_version_max, demand.version_max) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some(written), Some(readable)) => written <= readable,
        };
        is_readable && !demand.is_filtered()
    }
}
