//! What a command asks for and only the loop can do: sockets, children, the end of the process.

use super::session::ClientId;
use crate::config::Apply;

/// SHUTDOWN's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ShutdownRequest {
    /// SAVE or NOSAVE; by default the configured save points decide.
    pub save: Option<bool>,
    /// Do not wait for replicas.
    pub now: bool,
    /// Exit although the save failed.
    pub force: bool,
}

/// Recorded by handlers, performed by the server after the command, in order.
#[derive(Debug)]
pub enum Action {
    /// CONFIG SET has changed the directives behind this and applied what could fail (see
    /// [`Engine::change_config`](super::Engine::change_config)): what is left is for the loop alone.
    Apply(Apply),
    /// Everything is saved that was to be saved: end the process.
    Exit,
    /// The server does not end after all: these clients have asked for it.
    ShutdownAborted { waiters: Vec<ClientId> },
    /// A client has become a replica.
    ReplicaArrived(ClientId),
    /// Requests postponed by a pause may go on.
    ResumePostponed,
    /// DEBUG RESTART: end this program and start it again in the same process, after a pause.
    Restart { delay_ms: u64 },
}
