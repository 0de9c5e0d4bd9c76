//! Performs what commands asked of the loop.

use super::event_loop::Server;
use crate::config::Apply;
use crate::engine::{Action, ClientId};
use crate::sys::signals::Signal;

impl Server {
    /// Performs the actions recorded by the requests of one client.
    pub(super) fn perform_actions(&mut self, client: ClientId) {
        for action in std::mem::take(&mut self.engine.actions) {
            self.perform_action(action, client);
        }
    }

    fn perform_action(&mut self, action: Action, _client: ClientId) {
        match action {
            Action::Shutdown { .. } => self.exit = Some(0),
            Action::Apply(Apply::Maxmemory) => self.apply_maxmemory(),
            _ => {}
        }
    }

    pub(super) fn on_signals(&mut self) {
        while let Some(signal) = self.signals.take() {
            log::warn!(
                "Received {}",
                match signal {
                    Signal::Terminate => "SIGTERM scheduling shutdown...",
                    Signal::Interrupt => "SIGINT scheduling shutdown...",
                }
            );
            self.exit = Some(0);
        }
    }
}
