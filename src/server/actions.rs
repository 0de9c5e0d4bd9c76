//! Performs what commands asked of the loop.

use super::event_loop::Server;
use crate::commands;
use crate::config::Apply;
use crate::engine::Action;

impl Server {
    /// Performs the actions that the requests just executed have recorded.
    pub(super) fn perform_actions(&mut self) {
        for action in std::mem::take(&mut self.engine.actions) {
            self.perform_action(action);
        }
    }

    fn perform_action(&mut self, action: Action) {
        match action {
            Action::Apply(Apply::Maxmemory) => self.apply_maxmemory(),
            // The engine has done what could fail; the rest is read from the configuration when needed.
            Action::Apply(_) => {}
            Action::Exit => self.leave(),
            Action::ShutdownAborted { waiters } => {
                // The next signal is a first one again.
                self.signals.rearm();
                commands::tell_of_failed_shutdown(&mut self.engine, waiters);
            }
            Action::ReplicaArrived(id) => self.tune_replica(id),
            Action::ResumePostponed => self.resume_postponed(),
            Action::Restart { delay_ms } => {
                self.restart_delay_ms = Some(delay_ms);
                self.exit = Some(0);
            }
        }
    }
}
