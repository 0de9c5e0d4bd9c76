//! The end, up to what cannot fail: a shutdown waits for replicas that lag, may be called off, and then saves.
//!
//! While it waits, writes are paused: what is acknowledged is to be everywhere.

use thiserror::Error;

use super::action::{Action, ShutdownRequest};
use super::aof::AofState;
use super::parts::Engine;
use super::pause::{PauseKind, Purpose};
use super::replication::replica_name;
use super::session::ClientId;
use crate::config::Supervised;
use crate::keyspace::Keyspace;
use crate::repl::ReplicaState;
use crate::sys::process;
use crate::sys::signals::Signal;

/// Whether and how the server is about to end.
#[derive(Debug, Default)]
pub struct Shutdown {
    /// A signal asked for it; the timer has not obeyed yet.
    pub requested: Option<Signal>,
    /// It waits for replicas.
    pending: Option<Pending>,
    /// Who has sent SHUTDOWN, and gets a reply only if the server goes on.
    waiters: Vec<ClientId>,
}

#[derive(Debug, Clone, Copy)]
struct Pending {
    request: ShutdownRequest,
    deadline_ms: i64,
}

impl Shutdown {
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// How long replicas may still take, while that is waited for.
    pub fn left_ms(&self, now_ms: i64) -> Option<i64> {
        self.pending.map(|pending| (pending.deadline_ms - now_ms).max(0))
    }

    /// Clients that wait for the end.
    pub fn waiters(&self) -> usize {
        self.waiters.len()
    }

    pub fn forget_client(&mut self, id: ClientId) {
        self.waiters.retain(|waiter| *waiter != id);
    }
}

/// The server goes on. The reason was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Errors trying to shut down the server. Check the logs for more information.")]
pub struct ExitRefused;

/// How far a shutdown has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownProgress {
    /// Everything is done that can fail; nothing may change the keys any more.
    Done,
    /// It waits for replicas.
    Waits,
}

impl Engine {
    /// Begins to end the server: at once, or when replicas have everything.
    pub fn begin_shutdown(
        &mut self,
        keys: &Keyspace,
        request: ShutdownRequest,
    ) -> Result<ShutdownProgress, ExitRefused> {
        if self.shutdown.is_pending() {
            return Ok(ShutdownProgress::Waits);
        }
        log::info!("User requested shutdown...");
        self.tell_supervisor(process::notify_stopping);
        let timeout_ms = i64::from(self.config.process.shutdown_timeout_seconds) * 1000;
        self.replicate();
        if request.now || timeout_ms == 0 || self.lagging_replicas().next().is_none() {
            return self.prepare_exit(keys, request).map(|()| ShutdownProgress::Done);
        }
        let now_ms = self.clock.unix_ms();
        self.shutdown.pending = Some(Pending { request, deadline_ms: now_ms.saturating_add(timeout_ms) });
        self.replication.asks_for_acknowledgements = true;
        self.ask_for_acknowledgements();
        self.pause.start(Purpose::Shutdown, PauseKind::Write, i64::MAX, now_ms);
        log::info!("Waiting for replicas before shutting down.");
        Ok(ShutdownProgress::Waits)
    }

    /// Goes on with a shutdown that waits, if replicas have everything or time is up.
    pub fn drive_shutdown(&mut self, keys: &Keyspace) -> Result<ShutdownProgress, ExitRefused> {
        let Some(pending) = self.shutdown.pending else { return Ok(ShutdownProgress::Waits) };
        self.replicate();
        let is_late = self.clock.unix_ms() >= pending.deadline_ms;
        if !is_late && self.lagging_replicas().next().is_some() {
            return Ok(ShutdownProgress::Waits);
        }
        self.prepare_exit(keys, pending.request).map(|()| ShutdownProgress::Done)
    }

    /// A client waits for the end. It is answered only if that does not come.
    pub fn await_shutdown(&mut self, id: ClientId) {
        self.shutdown.waiters.push(id);
    }

    /// Replicas that have not acknowledged all of the stream.
    fn lagging_replicas(&self) -> impl Iterator<Item = ClientId> + '_ {
        let end = self.replication.offset();
        let replicas = self.replication.replicas().iter().copied();
        replicas.filter(move |id| self.replica(*id).is_some_and(|replica| replica.acknowledged != end))
    }

    fn report_replicas(&self) {
        let total = self.replication.replicas().len();
        if total == 0 {
            return;
        }
        let (end, now_ms) = (self.replication.offset(), self.clock.unix_ms());
        let mut lagging = 0;
        for id in self.lagging_replicas() {
            lagging += 1;
            let (Some(replica), Some(client)) = (self.replica(id), self.clients.by_id(id)) else { continue };
            let lag_s = if replica.state == ReplicaState::Online { replica.lag_s(now_ms) } else { 0 };
            log::info!(
                "Lagging replica {} reported offset {} behind master, lag={lag_s}, state={}.",
                replica_name(&client.session),
                end.saturating_sub(replica.acknowledged),
                replica.state.name()
            );
        }
        log::info!("{} of {total} replicas are in sync when shutting down.", total - lagging);
    }

    /// Ends the child and saves, as the request and the save points say. After success nothing may change
    /// the keys any more.
    pub fn prepare_exit(&mut self, keys: &Keyspace, request: ShutdownRequest) -> Result<(), ExitRefused> {
        self.report_replicas();
        if self.snapshots.is_saving() {
            log::warn!("There is a child saving an .rdb. Killing it!");
            self.kill_snapshot_child();
        }
        if self.aof.rewrites.child.is_some() {
            if self.aof.state() == AofState::WaitsForBase {
                if !request.force {
                    log::warn!("Writing initial AOF, can't exit.");
                    self.tell_supervisor(|| process::notify_status("Writing initial AOF, can't exit."));
                    return Err(self.refuse_exit());
                }
                log::warn!("Writing initial AOF. Exit anyway.");
            }
            log::warn!("There is a child rewriting the AOF. Killing it!");
            self.kill_rewrite_child();
        }
        // A failure was logged, and calls nothing off: as in Redis, the snapshot alone decides.
        let _ = self.finish_aof();
        if self.saves_on_exit(request) {
            log::info!("Saving the final RDB snapshot before exiting.");
            self.tell_supervisor(|| process::notify_status("Saving the final RDB snapshot"));
            if self.save_snapshot(keys).is_err() {
                if !request.force {
                    log::warn!("Error trying to save the DB, can't exit.");
                    self.tell_supervisor(|| {
                        process::notify_status("Error trying to save the DB, can't exit.")
                    });
                    return Err(self.refuse_exit());
                }
                log::warn!("Error trying to save the DB. Exit anyway.");
            }
        }
        Ok(())
    }

    fn refuse_exit(&mut self) -> ExitRefused {
        log::warn!("{ExitRefused}");
        self.cancel_shutdown();
        ExitRefused
    }

    /// Half a data set must not replace the file it is being loaded from.
    fn saves_on_exit(&self, request: ShutdownRequest) -> bool {
        !self.snapshots.is_loading() && request.save.unwrap_or(!self.config.rdb.save_points.is_empty())
    }

    /// SHUTDOWN ABORT: whether there was something to call off.
    pub fn abort_shutdown(&mut self) -> bool {
        let is_under_way = self.shutdown.requested.is_some() || self.shutdown.is_pending();
        if is_under_way {
            self.cancel_shutdown();
            log::info!("Shutdown manually aborted.");
        }
        is_under_way
    }

    /// The server goes on: who waited for its end is to be told, and who waited to write may do so.
    fn cancel_shutdown(&mut self) {
        self.shutdown.requested = None;
        self.shutdown.pending = None;
        self.pause.lift(Purpose::Shutdown);
        let waiters = std::mem::take(&mut self.shutdown.waiters);
        self.actions.extend([Action::ShutdownAborted { waiters }, Action::ResumePostponed]);
    }

    /// Tells systemd something, if it supervises us.
    pub fn tell_supervisor(&self, tell: impl FnOnce() -> std::io::Result<()>) {
        if self.config.process.supervised == Supervised::Systemd
            && let Err(error) = tell()
        {
            log::warn!("Telling systemd: {error}");
        }
    }
}
