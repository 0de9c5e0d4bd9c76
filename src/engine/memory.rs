//! What memory is spent on apart from the data itself: the figures of INFO memory.

use super::parts::Engine;
use crate::keyspace::Keyspace;

/// Bytes by what they are spent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MemoryShares {
    /// In use before any data was loaded.
    pub startup: usize,
    /// Clients: their state, pending requests and pending replies.
    pub clients: usize,
    /// What is to be written to the append-only file.
    pub aof_buffer: usize,
    /// Tables of the keyspace, without the entries.
    pub tables: usize,
}

impl MemoryShares {
    /// The shares now; that of the clients is as of the last look at each of them.
    pub fn of(engine: &Engine, keys: &Keyspace) -> Self {
        Self {
            startup: engine.startup_bytes,
            clients: engine.client_memory.normal_bytes(),
            aof_buffer: engine.downstream.aof.allocated_bytes(),
            tables: (0..keys.databases()).map(|db| keys.table_bytes(db)).sum(),
        }
    }

    /// Everything that is not data.
    pub fn overhead(&self) -> usize {
        self.startup + self.clients + self.aof_buffer + self.tables
    }
}
