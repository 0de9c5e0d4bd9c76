//! What commands of replication answer when they cannot do what was asked.

use thiserror::Error;

/// Part of [`CommandError`](super::CommandError).
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplicationError {
    #[error("NOMASTERLINK Can't SYNC while not connected with my master")]
    NoPrimaryLink,
    #[error("NOMASTERLINK Can't SYNC while failing over")]
    SyncDuringFailover,
    #[error("ERR PSYNC FAILOVER can't be sent to a master.")]
    TakeOverOfPrimary,
    #[error("ERR PSYNC FAILOVER replid must match my replid.")]
    TakeOverOfOther,
    #[error("ERR No failover in progress.")]
    NoFailover,
    #[error("ERR FAILOVER already in progress.")]
    FailoverInProgress,
    #[error("ERR FAILOVER is not valid when server is a replica.")]
    FailoverOfReplica,
    #[error("ERR FAILOVER requires connected replicas.")]
    FailoverWithoutReplicas,
    #[error("ERR FAILOVER with force option requires both a timeout and target HOST and IP.")]
    FailoverForce,
    #[error("ERR FAILOVER target HOST and PORT is not a replica.")]
    FailoverTargetUnknown,
    #[error("ERR FAILOVER target replica is not online.")]
    FailoverTargetNotOnline,
    #[error("ERR FAILOVER timeout must be greater than 0")]
    FailoverTimeout,
    #[error(
        "ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas are just \
         local and are not propagated."
    )]
    WaitaofOnReplica,
    #[error("ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.")]
    WaitaofWithoutAof,
    #[error("ERR SYNC and PSYNC are invalid with pending output")]
    SyncWithPendingOutput,
    #[error("ERR Unrecognized REPLCONF option: {0}")]
    UnknownReplconfOption(String),
    #[error("ERR Unrecognized version format: {0}")]
    ReplicaVersion(String),
    #[error("ERR Missing rdb-filter-only values")]
    SnapshotFilterMissing,
    #[error("ERR Unsupported rdb-filter-only option: {0}")]
    SnapshotFilter(String),
    #[error("ERR Filtered replica requires EOF capability")]
    FilteredWithoutEof,
    #[error("ERR REPLCONF ip-address provided by replica instance is too long: {0} bytes")]
    AnnouncedIpTooLong(usize),
    #[error("ERR Replica can't interact with the keyspace")]
    ReplicaUsesKeys,
    #[error("ERR Invalid master port")]
    InvalidPrimaryPort,
    #[error("ERR REPLICAOF not allowed while failing over.")]
    ReplicaofDuringFailover,
    #[error(
        "ERR WAIT cannot be used with replica instances. Please also note that since Redis 4.0 if a replica \
             is configured to be writable (which is not the default) writes to replicas are just local and are \
             not propagated."
    )]
    WaitOnReplica,
}
