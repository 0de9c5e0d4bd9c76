//! Before the end: what of a shutdown can fail, and therefore call it off.

use thiserror::Error;

use super::action::{Action, ShutdownRequest};
use super::aof::AofState;
use super::parts::Engine;
use crate::config::Supervised;
use crate::keyspace::Keyspace;
use crate::sys::process;

/// The server goes on. The reason was logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("Errors trying to shut down the server. Check the logs for more information.")]
pub struct ExitRefused;

impl Engine {
    /// Ends the child and saves, as the request and the save points say. After success nothing may change
    /// the keys any more.
    pub fn prepare_exit(&mut self, keys: &Keyspace, request: ShutdownRequest) -> Result<(), ExitRefused> {
        log::info!("User requested shutdown...");
        self.tell_supervisor(process::notify_stopping);
        if self.snapshots.is_saving() {
            log::warn!("There is a child saving an .rdb. Killing it!");
            self.kill_snapshot_child();
        }
        if self.aof.rewrites.child.is_some() {
            log::warn!("There is a child rewriting the AOF. Killing it!");
            if self.aof.state() == AofState::WaitsForBase {
                if !request.force {
                    log::warn!("Writing initial AOF, can't exit.");
                    self.tell_supervisor(|| process::notify_status("Writing initial AOF, can't exit."));
                    log::warn!("{ExitRefused}");
                    return Err(ExitRefused);
                }
                log::warn!("Writing initial AOF. Exit anyway.");
            }
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
                    log::warn!("{ExitRefused}");
                    return Err(ExitRefused);
                }
                log::warn!("Error trying to save the DB. Exit anyway.");
            }
        }
        Ok(())
    }

    /// Half a data set must not replace the file it is being loaded from.
    fn saves_on_exit(&self, request: ShutdownRequest) -> bool {
        !self.snapshots.is_loading() && request.save.unwrap_or(!self.config.rdb.save_points.is_empty())
    }

    /// SHUTDOWN ABORT: whether there was something to call off.
    pub fn abort_shutdown(&mut self) -> bool {
        let was_requested = self.shutdown_requested.take().is_some();
        if was_requested {
            self.actions.push(Action::ShutdownAborted);
            log::info!("Shutdown manually aborted.");
        }
        was_requested
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
