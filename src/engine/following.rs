//! The server as a replica: whom it follows, how the link proceeds, and promotion.

use super::parts::Engine;
use super::replication::Following;
use super::session::{ClientId, Session};
use crate::config::PrimaryAddress;
use crate::repl::{Backlog, Introduction, Link, ReplicationId, Resume};
use crate::sys;

impl Engine {
    /// Becomes a replica of `address`, or of another primary than before.
    pub fn follow(&mut self, address: PrimaryAddress) {
        self.replicate();
        let now_ms = self.clock.unix_ms();
        let resume_db = match self.replication.primary.take() {
            // A primary's own stream may go on with a replica that was promoted.
            None => {
                self.replication.backlog.is_some().then(|| self.downstream.replicas.selected().unwrap_or(0))
            }
            Some(before) => self.leave_link(before),
        };
        self.downstream.replicas.stop();
        self.config.replication.primary = Some(address.clone());
        self.replication.primary = Some(Following {
            address,
            link: Link::new(Introduction::default(), None, 0, now_ms),
            client: None,
            down_since_ms: Some(now_ms),
            resume_db,
            target: None,
            unapplied: Vec::new(),
            owes_acknowledgement: false,
        });
        sys::log::set_role('S');
        self.renew_link(false);
    }

    /// Ceases to be a replica: the stream goes on under an id of its own.
    pub fn promote(&mut self) {
        let Some(before) = self.replication.primary.take() else { return };
        self.resume_aof_after_sync();
        sys::log::set_role('M');
        self.replication.link_generation += 1;
        self.leave_link(before);
        self.config.replication.primary = None;
        let old = self.replication.history.id();
        let id = ReplicationId::new(self.random.hex_id());
        let offset = self.replication.offset;
        self.replication.history.branch(id, offset);
        log::info!(
            "Setting secondary replication ID to {old}, valid up to offset: {}. New replication ID is {id}",
            offset + 1
        );
        // They come back and learn of the new id; without an interruption they would not.
        self.disconnect_replicas();
        self.replication.no_replicas_since_ms = self.clock.unix_ms();
        // So that those who followed the same primary can go on with us.
        if self.replication.backlog.is_none() {
            let window_bytes = self.config.replication.backlog_bytes;
            self.replication.backlog = Some(Backlog::new(window_bytes, offset));
        }
        self.downstream.replicas.start();
    }

    /// The state of a link that is given up, and its client closed. Returns what a later link can go on from.
    fn leave_link(&mut self, following: Following) -> Option<usize> {
        match following.client.and_then(|id| self.clients.by_id(id).map(|client| (id, client.session.db))) {
            Some((id, db)) => {
                self.clients.close(id);
                Some(db)
            }
            None => following.resume_db,
        }
    }

    /// A fresh link to the same primary: at once, or after a pause.
    pub fn renew_link(&mut self, after_failure: bool) {
        let now_ms = self.clock.unix_ms();
        let replication = &self.config.replication;
        let introduction = Introduction {
            user: replication.primary_user.clone(),
            password: replication.primary_password.clone(),
            port: match replication.announce_port {
                0 => self.config.network.port,
                port => port,
            },
            announced_ip: replication.announce_ip.clone(),
            hands_over: self.replication.failover.as_ref().is_some_and(|failover| failover.is_handed_over),
        };
        let (id, offset) = (self.replication.history.id(), self.replication.offset);
        let Some(primary) = &mut self.replication.primary else { return };
        let resume: Resume = primary.resume_db.map(|_| (id, offset));
        let link = Link::new(introduction, resume, replication.timeout_seconds, now_ms);
        primary.link = if after_failure { link.after_failure() } else { link };
        primary.client = None;
        primary.target = None;
        self.replication.link_generation += 1;
    }

    /// The client that executed the primary's stream is gone. Half a transaction is forgotten with it.
    pub fn primary_lost(&mut self, session: &Session) {
        self.replication.forget_unapplied();
        let now_ms = self.clock.unix_ms();
        let Some(primary) = &mut self.replication.primary else { return };
        if primary.client != Some(session.id) {
            return;
        }
        log::warn!("Connection with master lost.");
        log::info!("Caching the disconnected master state.");
        primary.resume_db = Some(session.db);
        primary.down_since_ms = Some(now_ms);
        self.renew_link(false);
    }
}

/// The link to the primary, as it proceeds.
impl Engine {
    /// The primary is about to send everything.
    pub fn begin_full_sync(&mut self, target: Option<(ReplicationId, u64)>) {
        self.end_failover();
        if let Some(primary) = &mut self.replication.primary {
            primary.target = target;
        }
    }

    /// The data set ceases to be a point of the stream that it was: nobody can go on from here, neither we nor those
    /// who follow us. Until then a full synchronisation that fails has changed nothing.
    pub fn leave_stream(&mut self) {
        self.disconnect_replicas();
        self.replication.backlog = None;
        if let Some(primary) = &mut self.replication.primary {
            primary.resume_db = None;
        }
    }

    /// Whether what the primary is about to send is a later state of the data set that we have.
    pub fn is_synced_with_later_state(&self) -> bool {
        let target = self.replication.primary.as_ref().and_then(|primary| primary.target);
        target.is_some_and(|(id, _)| id == self.replication.history.id())
    }

    /// The snapshot is loaded: the bytes that tell the primary so.
    pub fn end_full_sync(&mut self, db: usize, now_ms: i64) -> Option<Vec<u8>> {
        let unknown = (ReplicationId::new(self.random.hex_id()), 0);
        let primary = self.replication.primary.as_mut()?;
        let (id, offset) = primary.target.take().unwrap_or(unknown);
        primary.resume_db = Some(db);
        let acknowledgement = primary.link.loaded(offset, now_ms);
        self.replication.history.restart(id);
        self.replication.offset = offset;
        self.replication.backlog = Some(Backlog::new(self.config.replication.backlog_bytes, offset));
        Some(acknowledgement)
    }

    /// The stream goes on where we are.
    pub fn continue_stream(&mut self, id: Option<ReplicationId>) {
        self.end_failover();
        let offset = self.replication.offset;
        if let Some(id) = id.filter(|id| *id != self.replication.history.id()) {
            self.replication.history.branch(id, offset);
            log::info!("Master replication ID changed to {id}");
            // They are to learn of it.
            self.disconnect_replicas();
        }
        let window_bytes = self.config.replication.backlog_bytes;
        self.replication.backlog.get_or_insert_with(|| Backlog::new(window_bytes, offset));
    }

    /// A client executes the stream from here on.
    pub fn primary_online(&mut self, client: ClientId) {
        let Some(primary) = &mut self.replication.primary else { return };
        primary.client = Some(client);
        primary.down_since_ms = None;
        let db = primary.resume_db.take().unwrap_or(0);
        if let Some(client) = self.clients.by_id_mut(client) {
            client.session.db = db;
        }
    }
}
