//! FAILOVER: a primary hands its role over to a replica. Writes wait until the replica has everything; then this
//! server follows it, and asks it in the same breath to become a primary.

use super::parts::Engine;
use super::pause::{PauseKind, Purpose};
use super::session::ClientId;
use crate::config::PrimaryAddress;
use crate::engine::Action;
use crate::repl::ReplicaState;

/// A failover in progress.
#[derive(Debug)]
pub struct Failover {
    /// `None`: any replica that has everything.
    pub target: Option<PrimaryAddress>,
    pub deadline_ms: Option<i64>,
    /// At the deadline the target takes over with what it has.
    pub force: bool,
    /// The target has been asked to take over.
    pub is_handed_over: bool,
}

impl Failover {
    /// As INFO names it.
    pub fn state(failover: Option<&Self>) -> &'static str {
        match failover {
            None => "no-failover",
            Some(failover) if failover.is_handed_over => "failover-in-progress",
            Some(_) => "waiting-for-sync",
        }
    }
}

impl Engine {
    /// Where a replica can be reached.
    pub fn replica_address(&self, id: ClientId) -> Option<PrimaryAddress> {
        let session = &self.clients.by_id(id)?.session;
        let replica = session.replica.as_deref()?;
        let peer = session.peer.rsplit_once(':').map(|(ip, _)| ip.to_owned());
        let host = if replica.announced_ip.is_empty() { peer? } else { replica.announced_ip.clone() };
        Some(PrimaryAddress { host, port: replica.listening_port })
    }

    pub fn start_failover(&mut self, failover: Failover) {
        match &failover.target {
            Some(target) => log::info!("FAILOVER requested to {}:{}.", target.host, target.port),
            None => log::info!("FAILOVER requested to any replica."),
        }
        self.replication.failover = Some(failover);
        self.pause.start(Purpose::Failover, PauseKind::Write, i64::MAX, self.clock.unix_ms());
    }

    /// Proceeds if a replica has everything, or time is up. Returns whether this server follows it now.
    pub fn drive_failover(&mut self) -> bool {
        let Some(failover) = self.replication.failover.as_ref().filter(|failover| !failover.is_handed_over)
        else {
            return false;
        };
        let is_late = failover.deadline_ms.is_some_and(|deadline_ms| self.clock.unix_ms() >= deadline_ms);
        let (force, target) = (failover.force, failover.target.clone());
        let heir = match target {
            Some(target) if is_late && force => {
                log::info!("Failover to {}:{} time out exceeded, failing over.", target.host, target.port);
                Some(target)
            }
            _ if is_late => {
                self.abort_failover("Replica never caught up before timeout");
                return false;
            }
            target => self.heir(target.as_ref()),
        };
        let Some(heir) = heir else { return false };
        log::info!("Failover target is {}:{}, failing over.", heir.host, heir.port);
        if let Some(failover) = &mut self.replication.failover {
            failover.is_handed_over = true;
            failover.target = Some(heir.clone());
        }
        self.follow(heir);
        true
    }

    /// A replica that has everything, and may take over.
    fn heir(&self, target: Option<&PrimaryAddress>) -> Option<PrimaryAddress> {
        let offset = self.replication.offset();
        let complete = self.replication.replicas().iter().filter(|id| {
            self.replica(**id).is_some_and(|replica| {
                replica.state == ReplicaState::Online && replica.acknowledged == offset
            })
        });
        complete
            .filter_map(|id| self.replica_address(*id))
            .find(|address| target.is_none_or(|target| target == address))
    }

    /// Calls it off: this server is the primary again, or still.
    pub fn abort_failover(&mut self, reason: &str) {
        let Some(failover) = &self.replication.failover else { return };
        match &failover.target {
            Some(target) => log::info!("FAILOVER to {}:{} aborted: {reason}", target.host, target.port),
            None => log::info!("FAILOVER to any replica aborted: {reason}"),
        }
        let was_handed_over = failover.is_handed_over;
        self.end_failover();
        if was_handed_over {
            self.promote();
        }
    }

    /// It is over, one way or the other: who waited may go on.
    pub fn end_failover(&mut self) {
        if self.replication.failover.take().is_some() {
            self.pause.lift(Purpose::Failover);
            self.actions.push(Action::ResumePostponed);
        }
    }
}
