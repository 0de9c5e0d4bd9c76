//! Replication as the engine sees it: the stream of this server, who follows it, and whom it follows. Sockets are
//! the server's (`server::replicas`, `server::primary_link`).
//!
//! A server has one stream and one offset in it. A primary writes the stream: what commands leave in the feed of
//! `downstream` goes into the backlog. A replica repeats the stream of its primary, byte for byte, to those who
//! follow it; its own effects are not part of it.

use super::action::Action;
use super::blocked::Deadline;
use super::clients::Clients;
use super::downstream::Targets;
use super::failover::Failover;
use super::parts::Engine;
use super::session::{ClientId, Closing, Session};
use crate::config::PrimaryAddress;
use crate::repl::{Backlog, History, Link, Mismatch, Phase, Replica, ReplicationId, Saved, StreamRequest};
use crate::resp::push_request;

/// Between two lines in the log about commands of the primary that cannot be kept.
const DISK_ERROR_LOG_PERIOD_MS: i64 = 10_000;

/// See the module's page.
#[derive(Debug)]
pub struct Replication {
    pub history: History,
    /// None before the first replica came, and after `repl-backlog-ttl` without any.
    pub backlog: Option<Backlog>,
    /// The end of the stream; that of the backlog, if there is one.
    pub(super) offset: u64,
    /// Those who have asked for the data, in order of arrival.
    replicas: Vec<ClientId>,
    /// Since when there has been no replica.
    pub(super) no_replicas_since_ms: i64,
    /// The primary, if this server is a replica.
    pub primary: Option<Following>,
    /// Grows with every link to a primary: which one a socket belongs to.
    pub link_generation: u64,
    pub syncs: SyncCounters,
    /// A replica has acknowledged something since the last look.
    pub acknowledged: bool,
    /// Somebody waits for acknowledgements: replicas are to be asked for theirs.
    pub asks_for_acknowledgements: bool,
    pub waiters: Vec<Waiter>,
    /// When the log last said that what the primary sends cannot be kept.
    disk_error_logged_ms: i64,
    pub failover: Option<Failover>,
}

/// A client in WAIT.
#[derive(Debug)]
pub struct Waiter {
    pub client: ClientId,
    /// What replicas are to have.
    pub offset: u64,
    /// How many of them.
    pub replicas: usize,
    /// In their append-only files, and not only in memory.
    pub on_disk: bool,
    /// In ours as well.
    pub local: bool,
    pub deadline_us: Deadline,
}

/// How often replicas came, for INFO.
#[derive(Debug, Clone, Copy, Default)]
pub struct SyncCounters {
    pub full: u64,
    pub partial_ok: u64,
    pub partial_err: u64,
}

/// The primary that this server follows.
#[derive(Debug)]
pub struct Following {
    pub address: PrimaryAddress,
    pub link: Link,
    /// The client that executes the stream, while the link is online.
    pub client: Option<ClientId>,
    /// Since when the link has been down.
    pub down_since_ms: Option<i64>,
    /// What the data set is, if the stream can go on there: the database it had selected.
    pub resume_db: Option<usize>,
    /// Where a full synchronisation leads to.
    pub target: Option<(ReplicationId, u64)>,
    /// Of a transaction in the stream, what is not executed yet.
    pub(super) unapplied: Vec<u8>,
    /// The primary has asked how far we are.
    pub owes_acknowledgement: bool,
}

/// What becomes of a PSYNC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncDecision {
    Continue { from: u64 },
    Full,
}

impl Replication {
    pub fn new(id: ReplicationId, now_ms: i64) -> Self {
        Self {
            history: History::new(id),
            backlog: None,
            offset: 0,
            replicas: Vec::new(),
            no_replicas_since_ms: now_ms,
            primary: None,
            link_generation: 0,
            syncs: SyncCounters::default(),
            acknowledged: false,
            asks_for_acknowledgements: false,
            waiters: Vec::new(),
            disk_error_logged_ms: 0,
            failover: None,
        }
    }

    pub fn is_replica(&self) -> bool {
        self.primary.is_some()
    }

    /// Whether the log is to say now that what the primary sends cannot be kept.
    pub fn reports_disk_error(&mut self, now_ms: i64) -> bool {
        let is_due = now_ms > self.disk_error_logged_ms + DISK_ERROR_LOG_PERIOD_MS;
        if is_due {
            self.disk_error_logged_ms = now_ms;
        }
        is_due
    }

    /// Whether the link to the primary is up.
    pub fn is_linked(&self) -> bool {
        self.primary.as_ref().is_some_and(|primary| primary.link.phase() == Phase::Online)
    }

    /// The end of the stream.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether somebody waits for replicas until `deadline_us`, or anybody at all.
    pub fn next_deadline_us(&self) -> Deadline {
        self.waiters.iter().filter_map(|waiter| waiter.deadline_us).min()
    }

    pub fn replicas(&self) -> &[ClientId] {
        &self.replicas
    }

    /// Adds bytes to the stream.
    fn append(&mut self, bytes: &[u8]) {
        self.offset += bytes.len() as u64;
        if let Some(backlog) = &mut self.backlog {
            backlog.append(bytes);
        }
    }

    /// The bytes of a command of the primary, which has been executed. A transaction counts as a whole: a link
    /// that breaks within it has to repeat all of it.
    pub fn note_applied(&mut self, bytes: &[u8], in_transaction: bool) {
        let Some(primary) = &mut self.primary else { return };
        if in_transaction {
            primary.unapplied.extend_from_slice(bytes);
            return;
        }
        let before = std::mem::take(&mut primary.unapplied);
        if !before.is_empty() {
            self.append(&before);
        }
        self.append(bytes);
    }

    /// Forgets half a transaction: the link is gone.
    pub fn forget_unapplied(&mut self) {
        if let Some(primary) = &mut self.primary {
            primary.unapplied = Vec::new();
        }
    }

    /// What a snapshot taken now says of its place. `db` is what the stream has selected.
    pub fn saved(&self, db: usize) -> Option<Saved> {
        let has_place = match &self.primary {
            None => self.backlog.is_some(),
            Some(primary) => primary.link.phase() == Phase::Online || primary.resume_db.is_some(),
        };
        has_place.then(|| Saved { id: self.history.id(), offset: self.offset, db })
    }

    /// Whether a replica's request can be answered with the rest of the stream.
    pub fn decide(&self, request: StreamRequest, peer: &str) -> SyncDecision {
        match self.history.matches(request) {
            Ok(()) => {}
            Err(reason) => {
                log_mismatch(reason, request, &self.history, peer);
                return SyncDecision::Full;
            }
        }
        let from = request.offset();
        let reached = from.filter(|from| self.backlog.as_ref().is_some_and(|backlog| backlog.reaches(*from)));
        let Some(from) = reached else {
            log::info!(
                "Unable to partial resync with replica {peer} for lack of backlog (Replica request was: {}).",
                request.next
            );
            if from.is_some_and(|from| from > self.offset) {
                log::warn!(
                    "Warning: replica {peer} tried to PSYNC with an offset that is greater than the master \
                     replication offset."
                );
            }
            return SyncDecision::Full;
        };
        log::info!(
            "Partial resynchronization request from {peer} accepted. Sending {} bytes of backlog starting from \
             offset {}.",
            self.offset - from,
            request.next
        );
        SyncDecision::Continue { from }
    }
}

fn log_mismatch(reason: Mismatch, request: StreamRequest, history: &History, peer: &str) {
    match reason {
        Mismatch::WantsAll => log::info!("Full resync requested by replica {peer}"),
        Mismatch::OtherId => {
            let asked = request.id.map(|id| id.to_string()).unwrap_or_default();
            let second = history.second().map_or_else(|| "0".repeat(40), |(id, _)| id.to_string());
            log::info!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for '{asked}', my \
                 replication IDs are '{}' and '{second}')",
                history.id()
            );
        }
        Mismatch::BeyondSecond { left_at } => log::info!(
            "Partial resynchronization not accepted: Requested offset for second ID was {}, but I can reply up \
             to {}",
            request.next,
            left_at + 1
        ),
    }
}

impl Engine {
    /// Moves what commands have left for replicas into the stream. Before anything that depends on the offset.
    pub fn replicate(&mut self) {
        let feed = &mut self.downstream.replicas;
        if !feed.pending().is_empty() {
            self.replication.append(feed.pending());
            feed.clear();
        }
        let unstreamed = std::mem::take(&mut self.downstream.unstreamed);
        if unstreamed > 0 && !self.replication.is_replica() {
            // Nobody can ask for these parts of the stream, but WAITAOF goes by offsets all the same.
            self.replication.offset += unstreamed;
        }
    }

    /// The end of the stream, with what commands have left for it.
    pub fn stream_end(&self) -> u64 {
        let pending = self.downstream.replicas.pending().len() as u64;
        let unstreamed = if self.replication.is_replica() { 0 } else { self.downstream.unstreamed };
        self.replication.offset + pending + unstreamed
    }

    /// Drops what neither the window nor a replica needs.
    pub fn trim_backlog(&mut self) {
        let Self { replication, clients, .. } = self;
        let Replication { backlog, replicas, .. } = replication;
        let Some(backlog) = backlog else { return };
        let positions = replicas.iter().filter_map(|id| replica_of(clients, *id));
        let needed = positions.filter(|replica| replica.holds_stream()).map(|replica| replica.position).min();
        backlog.trim(needed);
    }

    /// Begins to keep the stream, if nobody did so far.
    pub fn ensure_backlog(&mut self) {
        if self.replication.backlog.is_some() {
            return;
        }
        let window_bytes = self.config.replication.backlog_bytes;
        if !self.replication.is_replica() {
            // What was executed meanwhile is in nobody's stream.
            let id = ReplicationId::new(self.random.hex_id());
            self.replication.history.restart(id);
            self.downstream.replicas.start();
            log::info!(
                "Replication backlog created, my new replication IDs are '{id}' and '{}'",
                "0".repeat(40)
            );
        }
        self.replication.backlog = Some(Backlog::new(window_bytes, self.replication.offset));
    }

    /// `repl-backlog-ttl`: a primary whom nobody has followed for long stops keeping its stream.
    pub fn expire_backlog(&mut self) {
        let ttl_s = self.config.replication.backlog_ttl_seconds;
        let replication = &mut self.replication;
        if ttl_s == 0
            || replication.backlog.is_none()
            || replication.is_replica()
            || !replication.replicas.is_empty()
        {
            return;
        }
        let idle_s = (self.clock.unix_ms() - replication.no_replicas_since_ms) / 1000;
        if idle_s <= ttl_s as i64 {
            return;
        }
        // Otherwise a replica that was promoted meanwhile could take our stream for a part of its own.
        replication.history.restart(ReplicationId::new(self.random.hex_id()));
        replication.backlog = None;
        self.downstream.replicas.stop();
        log::info!("Replication backlog freed after {ttl_s} seconds without connected replicas.");
    }

    /// A client has become a replica.
    pub fn add_replica(&mut self, id: ClientId) {
        self.replication.replicas.push(id);
        self.actions.push(Action::ReplicaArrived(id));
    }

    pub fn remove_replica(&mut self, id: ClientId) {
        let replication = &mut self.replication;
        let before = replication.replicas.len();
        replication.replicas.retain(|replica| *replica != id);
        if before > 0 && replication.replicas.is_empty() {
            replication.no_replicas_since_ms = self.clock.unix_ms();
        }
    }

    /// What is known of a replica.
    pub fn replica(&self, id: ClientId) -> Option<&Replica> {
        replica_of(&self.clients, id)
    }

    pub fn replica_mut(&mut self, id: ClientId) -> Option<&mut Replica> {
        self.clients.by_id_mut(id)?.session.replica.as_deref_mut()
    }

    /// Ends the connections of all replicas: what they follow is no more.
    pub fn disconnect_replicas(&mut self) {
        for id in self.replication.replicas.clone() {
            self.clients.close(id);
        }
    }

    /// How many replicas are online and have spoken lately.
    pub fn good_replicas(&self) -> usize {
        let max_lag_s = self.config.replication.min_replicas_max_lag_seconds;
        let now_ms = self.clock.unix_ms();
        let replicas = self.replication.replicas.iter().filter_map(|id| self.replica(*id));
        replicas.filter(|replica| replica.is_good(max_lag_s, now_ms)).count()
    }

    /// Whether this server follows the wall clock of a primary: it then hides expired keys, and deletes none.
    pub fn leaves_expiry_to_primary(&self) -> bool {
        self.replication.is_replica()
    }

    /// The point of the stream that the data set is, for a snapshot.
    pub fn saved_place(&mut self) -> Option<Saved> {
        self.replicate();
        let db = match &self.replication.primary {
            // Where nothing is selected, the stream will say so before its next command.
            None => self.downstream.replicas.selected(),
            Some(primary) => match primary.client.and_then(|id| self.clients.by_id(id)) {
                Some(client) => Some(client.session.db),
                None => primary.resume_db,
            },
        };
        self.replication.saved(db.unwrap_or(0))
    }

    /// A primary tells its replicas that it is alive.
    pub fn ping_replicas(&mut self) {
        // A replica that is to take over must get to the end of the stream.
        if self.replication.failover.is_some() {
            return;
        }
        self.tell_replicas(&[b"PING"]);
    }

    /// Asks replicas how far they are, if somebody waits for that. Not during a pause: whoever wants them to get to
    /// the end of the stream must not see it grow.
    pub fn ask_for_acknowledgements(&mut self) {
        if self.pause.at(self.clock.unix_ms()).is_none()
            && std::mem::take(&mut self.replication.asks_for_acknowledgements)
        {
            self.tell_replicas(&[b"REPLCONF", b"GETACK", b"*"]);
        }
    }

    /// A command that selects no database, and that this server does not execute.
    pub fn tell_replicas(&mut self, words: &[&[u8]]) {
        if !self.downstream.replicas.is_active() || self.replication.replicas.is_empty() {
            return;
        }
        let mut request = Vec::new();
        push_request(&mut request, words.iter().copied());
        self.downstream.replicas.append(&request);
    }
}

/// A replica as the log shows it: where it listens, or else its client's id.
pub fn replica_name(session: &Session) -> String {
    let replica = session.replica.as_deref();
    let announced = replica.map(|replica| replica.announced_ip.as_str()).filter(|ip| !ip.is_empty());
    let ip = announced.or_else(|| session.peer.rsplit_once(':').map(|(ip, _)| ip)).unwrap_or_default();
    match replica.map_or(0, |replica| replica.listening_port) {
        0 => format!("client id #{}", session.id),
        port => format!("{ip}:{port}"),
    }
}

fn replica_of(clients: &Clients, id: ClientId) -> Option<&Replica> {
    let client = clients.by_id(id)?;
    client.session.replica.as_deref().filter(|_| client.session.closing != Closing::Now)
}

impl Engine {
    /// A data set was loaded that says which point of which stream it is: whoever followed that stream can go on
    /// with us, and we with our primary.
    pub fn resume_loaded_place(&mut self) {
        let Some(place) = self.snapshots.loaded_place.take() else { return };
        if self.replication.is_replica() || self.replication.backlog.is_none() {
            self.resume_at(place);
        }
    }

    /// Keys that a snapshot holds were not loaded: they have expired. Others who follow its stream have them.
    pub(super) fn replicate_expired(&mut self, place: Option<Saved>, expired: Vec<(usize, Vec<u8>)>) {
        if !self.downstream.replicas.is_active() {
            // At the start of a primary: what the snapshot lacks now is the first that happens behind its place.
            let Some(place) = place.filter(|_| !self.replication.is_replica()) else { return };
            self.resume_at(place);
        }
        let name: &[u8] = if self.config.memory.lazyfree_lazy_expire { b"UNLINK" } else { b"DEL" };
        for (db, key) in expired {
            self.downstream.push(db, Targets::REPLICAS, [name, &key].into_iter());
        }
        if self.nesting == 0 {
            self.downstream.end_single_units();
            self.replicate();
            self.trim_backlog();
        }
    }

    fn resume_at(&mut self, place: Saved) {
        let window_bytes = self.config.replication.backlog_bytes;
        self.replication.offset = place.offset;
        self.replication.backlog = Some(Backlog::new(window_bytes, place.offset));
        self.replication.no_replicas_since_ms = self.clock.unix_ms();
        let own = self.replication.history.id();
        self.replication.history.restart(place.id);
        if let Some(primary) = &mut self.replication.primary {
            primary.resume_db = Some(place.db);
            self.renew_link(false);
        } else {
            self.replication.history.branch(own, place.offset);
            self.downstream.replicas.start();
        }
    }
}
