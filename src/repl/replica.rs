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
    pub demand: SnapshotDemand,
    /// It came with SYNC: it never acknowledges anything.
    pub is_mute: bool,
}

/// What a replica wants of a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SnapshotDemand {
    /// REPLCONF rdb-filter-only: of what else there might be, only what was named.
    pub without_keys: bool,
    pub without_functions: bool,
    /// REPLCONF version: no later version of the format than this; `None` where it did not say.
    pub version_max: Option<u8>,
}

impl SnapshotDemand {
    /// Whether it is not a whole data set that is wanted. Such a snapshot must not be put into a file.
    pub fn is_filtered(&self) -> bool {
        self.without_keys || self.without_functions
    }

    /// What serves both, if anything does.
    #[must_use]
    pub fn with(self, other: Self) -> Option<Self> {
        let is_same =
            (self.without_keys, self.without_functions) == (other.without_keys, other.without_functions);
        let version_max = match (self.version_max, other.version_max) {
            (Some(own), Some(others)) => Some(own.min(others)),
            (own, others) => own.or(others),
        };
        is_same.then_some(Self { version_max, ..self })
    }
}

/// The latest version of the snapshot format that a server of this version reads; `None` if that is no version.
/// Later than 11 is what Redis 7.4 alone reads: those that go by another name, and announce themselves, do not.
pub fn format_version_of(server: &str) -> Option<u8> {
    let mut numbers = server.split('.').map(|number| number.parse::<u32>().ok());
    let (major, minor) = (numbers.next()??, numbers.next()??);
    Some(match (major, minor) {
        (..7, _) => 9,
        (7, ..2) => 10,
        (7, 4..) => 12,
        _ => 11,
    })
}

impl Replica {
    /// Whether it has a place in the stream, so that the stream must be kept for it from there on.
    pub fn holds_stream(&self) -> bool {
        !matches!(self.state, ReplicaState::Handshake | ReplicaState::AwaitsSnapshot)
    }

    /// Whether it waits for a file that a child is writing.
    pub fn is_promised_file(&self) -> bool {
        self.state == ReplicaState::SnapshotToFile
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
    fn the_version_of_a_server_says_what_it_reads() {
        let versions = ["6.2.14", "7.0.15", "7.2.4", "7.4.1", "8.0.3", "5.0", "7", "latest", "7.x.1"];
        let expected = [Some(9), Some(10), Some(11), Some(12), Some(11), Some(9), None, None, None];
        assert_eq!(versions.map(format_version_of), expected);
    }

    #[test]
    fn a_snapshot_for_several_is_one_that_all_can_read() {
        let plain = SnapshotDemand::default();
        let old = SnapshotDemand { version_max: Some(10), ..plain };
        let older = SnapshotDemand { version_max: Some(9), ..plain };
        let filtered = SnapshotDemand { without_keys: true, ..plain };
        assert_eq!(plain.with(plain), Some(plain));
        assert_eq!((plain.with(old), older.with(old)), (Some(old), Some(older)));
        assert_eq!(plain.with(filtered), None);
        assert!(filtered.is_filtered() && !old.is_filtered());
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
