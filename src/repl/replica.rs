//! What a primary knows of one replica: how far it is, what it has acknowledged, how it introduced itself.

use bitflags::bitflags;

bitflags! {
    /// REPLCONF capa: what a replica understands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
    pub struct Capabilities: u8 {
        /// Snapshots whose end is marked.
        const EOF = 1 << 0;
        /// +CONTINUE with a new id.
        const PSYNC2 = 1 << 1;
    }
}

/// How far a replica is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplicaState {
    /// It has introduced itself, or not even that.
    #[default]
    Handshake,
    /// It waits for a snapshot that has not been started.
    AwaitsSnapshot,
    /// The child is writing its snapshot: to a file...
    SnapshotToFile,
    /// ... or to its socket, which nobody else may write to meanwhile.
    SnapshotToSocket,
    /// The file is being sent.
    ReceivesFile,
    /// All of the snapshot was sent; the stream goes on when the replica says that it has it.
    Loads,
    /// It follows the stream.
    Online,
}

impl ReplicaState {
    /// As INFO names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Handshake => "handshake",
            Self::AwaitsSnapshot | Self::SnapshotToFile | Self::SnapshotToSocket => "wait_bgsave",
            Self::ReceivesFile | Self::Loads => "send_bulk",
            Self::Online => "online",
        }
    }
}

/// A replica, as its primary sees it.
#[derive(Debug, Clone, Default)]
pub struct Replica {
    pub state: ReplicaState,
    /// REPLCONF listening-port and ip-address; 0 and empty if it did not say.
    pub listening_port: u16,
    pub announced_ip: String,
    pub capabilities: Capabilities,
    /// Where the stream goes on for it.
    pub position: u64,
    /// The offset it has acknowledged, when, and up to where its append-only file is synced.
    pub acknowledged: u64,
    pub acknowledged_ms: i64,
    pub acknowledged_aof: u64,
    /// REPLCONF rdb-only: it wants a snapshot and nothing else (`redis-cli --rdb`).
    pub snapshot_only: bool,
    /// REPLCONF rdb-filter-only with nothing in it: neither keys nor functions.
    pub filters: SnapshotFilter,
    /// It came with SYNC: it never acknowledges anything.
    pub is_mute: bool,
}

/// REPLCONF rdb-filter-only: what a snapshot is to consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SnapshotFilter {
    pub without_keys: bool,
    pub without_functions: bool,
}

impl Replica {
    /// Whether it has a place in the stream, so that the stream must be kept for it from there on.
    pub fn holds_stream(&self) -> bool {
        !matches!(self.state, ReplicaState::Handshake | ReplicaState::AwaitsSnapshot)
    }

    pub fn is_online(&self) -> bool {
        self.state == ReplicaState::Online
    }

    /// Whether it is a replica to others: it has asked for the data.
    pub fn is_attached(&self) -> bool {
        self.state != ReplicaState::Handshake
    }

    /// REPLCONF ACK.
    pub fn acknowledge(&mut self, offset: u64, aof_offset: Option<u64>, now_ms: i64) {
        if matches!(self.state, ReplicaState::SnapshotToSocket | ReplicaState::Loads) {
            // Whoever was sent a marked snapshot says so when it has it, perhaps before we know of the child's end.
            self.state = ReplicaState::Online;
        }
        self.acknowledged = self.acknowledged.max(offset);
        if let Some(offset) = aof_offset {
            self.acknowledged_aof = self.acknowledged_aof.max(offset);
        }
        self.acknowledged_ms = now_ms;
    }

    /// Seconds since it last acknowledged anything.
    pub fn lag_s(&self, now_ms: i64) -> i64 {
        now_ms / 1000 - self.acknowledged_ms / 1000
    }

    /// `min-replicas-max-lag`.
    pub fn is_good(&self, max_lag_s: u32, now_ms: i64) -> bool {
        self.state == ReplicaState::Online && self.lag_s(now_ms) <= i64::from(max_lag_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_never_go_back() {
        let mut replica = Replica::default();
        replica.acknowledge(100, Some(50), 1000);
        replica.acknowledge(90, None, 2000);
        assert_eq!(
            (replica.acknowledged, replica.acknowledged_aof, replica.acknowledged_ms),
            (100, 50, 2000)
        );
    }

    #[test]
    fn a_replica_is_good_while_it_is_online_and_speaks() {
        let mut replica = Replica { acknowledged_ms: 10_000, ..Replica::default() };
        assert!(!replica.is_good(10, 10_000));
        replica.state = ReplicaState::Online;
        assert!(replica.is_good(10, 20_999));
        assert!(!replica.is_good(10, 21_000));
    }
}
