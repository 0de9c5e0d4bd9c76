//! What memory is spent on apart from the data itself: the figures of INFO memory.

use super::parts::Engine;
use super::session::Session;
use crate::keyspace::Keyspace;
use crate::resp::Reply;

/// Bytes by what they are spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShares {
    /// In use before any data was loaded.
    pub startup: usize,
    /// Clients: their state, pending requests and pending replies.
    pub clients: usize,
    /// Tables of the keyspace, without the entries.
    pub tables: usize,
}

impl MemoryShares {
    /// The shares while `client`, which is not in the table of clients, executes a command.
    pub fn of(engine: &Engine, keys: &Keyspace, client: &Session, reply: &Reply) -> Self {
        let others = engine.clients.iter().map(|other| other.session.held_bytes(&other.reply.output));
        Self {
            startup: engine.startup_bytes,
            clients: client.held_bytes(&reply.output) + others.sum::<usize>(),
            tables: (0..keys.databases()).map(|db| keys.table_bytes(db)).sum(),
        }
    }

    /// Everything that is not data.
    pub fn overhead(&self) -> usize {
        self.startup + self.clients + self.tables
    }
}
