//! What a handler works on.

use super::error::CommandError;
use super::registry::Registry;
use crate::engine::{ClientKind, CommandId, Engine, REPLAY_CLIENT, Session};
use crate::keyspace::Keyspace;
use crate::resp::{Protocol, Reply};

/// The parts of the server lent to one command.
pub struct Ctx<'a> {
    pub keys: &'a mut Keyspace,
    /// Where the reply goes: the client's output, or a script's.
    pub reply: &'a mut Reply,
    pub client: &'a mut Session,
    pub engine: &'a mut Engine,
    pub registry: &'a Registry,
    /// The command being executed.
    pub command: CommandId,
}

impl Ctx<'_> {
    /// The time of this command, frozen while it (or its transaction) executes.
    pub fn now_ms(&self) -> i64 {
        self.engine.clock.unix_ms()
    }

    /// Whether what the client says has been decided already: by our primary, or by this server before it was
    /// started again.
    pub fn must_obey(&self) -> bool {
        self.client.kind() == ClientKind::Primary || self.client.id == REPLAY_CLIENT
    }

    /// The length a string may grow to: `proto-max-bulk-len`, but not for what has been decided already.
    pub fn string_bytes_max(&self) -> u64 {
        if self.must_obey() { u64::MAX } else { self.engine.config.limits.bulk_bytes }
    }

    /// The database of this number, if there is one.
    pub fn database(&self, number: i32) -> Result<usize, CommandError> {
        usize::try_from(number)
            .ok()
            .filter(|db| *db < self.keys.databases())
            .ok_or(CommandError::DbOutOfRange)
    }

    /// Switches the client's protocol, also for messages that wait behind the present reply.
    pub fn set_protocol(&mut self, protocol: Protocol) {
        self.client.protocol = protocol;
        self.reply.protocol = protocol;
        self.engine.clients.set_deferred_protocol(protocol);
    }

    /// The full name of the command being executed, as error texts show it.
    pub fn command_name(&self) -> &str {
        self.registry.full_name(self.command)
    }
}
