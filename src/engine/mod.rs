//! The parts of a running server that commands work on: clients, watched keys, pauses, statistics,
//! and the actions that only the loop can perform.
//!
//! * `parts`: the engine itself.
//! * `session`, `clients`: one client, and the table of all.
//! * `client_memory`: what clients hold.
//! * `blocked`: who waits on which keys.
//! * `watch`, `pause`, `eviction`, `memory`: state behind WATCH, CLIENT PAUSE, `maxmemory` and INFO memory.
//! * `snapshots`, `snapshot_child`: saving, here or in a child. `loading`, `load_source`: loading, from a file or
//!   from a primary that is still sending.
//! * `downstream`: what the append-only file and replicas have to repeat.
//! * `aof`, `aof_flush`, `aof_rewrite` with `aof_base`, `replay`: the append-only file: its state, writing and
//!   syncing, new bases, reading it back.
//! * `leftovers`: what a killed server did not finish.
//! * `replication`, `following`, `failover`: the stream of replication and who follows it; whom this server
//!   follows; and how a primary hands its role over.
//! * `migration`, `delivery`: keys on their way to other servers.
//! * `action`, `apply`, `shutdown`: what only the loop can do, what CONFIG SET entails, the end.
//!
//! **Invariant:** no sockets, no loop, and no files but snapshots and the append-only file. A test
//! builds an [`Engine`] and a keyspace, and can execute commands for clients that have no connection.

mod parts;
mod session;
mod clients;
mod client_memory;
mod watch;
mod blocked;
mod pause;
mod eviction;
mod encoding_limits;
mod load_source;
mod loading;
mod memory;
mod snapshots;
mod snapshot_child;
mod downstream;
mod aof;
mod aof_base;
mod aof_flush;
mod aof_rewrite;
mod replay;
mod replay_failed;
mod leftovers;
mod replication;
mod following;
mod failover;
mod action;
mod apply;
mod migration;
mod delivery;
mod shutdown;

pub use action::{Action, ShutdownRequest};
pub use aof::{Aof, AofState};
pub use aof_flush::AofFatal;
pub use aof_rewrite::{RewriteFailed, Rewrites};
pub use apply::{Listen, ListenFailed, NoSockets, OomScore};
pub use blocked::{Blocked, Deadline, Retry, Wait};
pub use client_memory::{ClientMemory, client_memory_bytes};
pub use clients::{Client, Clients};
pub use delivery::{Conversation, Delivery, DeliveryError, Peer};
pub use downstream::{Downstream, Feed, Targets};
pub use eviction::Eviction;
pub use failover::Failover;
pub use loading::{Abandoned, LoadFailed, Loading, ReloadFailed, ReloadOptions, announce_libraries};
pub use memory::MemoryShares;
pub use migration::{Dial, DialError, Migration};
pub use parts::{DebugSwitches, Engine, Identity};
pub use pause::{Pause, PauseKind, Purpose};
pub use replay::{Executor, REPLAY_CLIENT, Replay, ReplayProgress, Step};
pub use replay_failed::ReplayFailed;
pub use replication::{Following, Replication, SyncDecision, Waiter, replica_name};
pub use session::{ClientId, ClientKind, Closing, CommandId, QueuedCommand, ReplyMode, Session, Transaction};
pub use shutdown::{ExitRefused, Shutdown, ShutdownProgress};
pub use snapshot_child::{SnapshotChild, SnapshotTarget};
pub use snapshots::{BackgroundSaveError, SnapshotStatus};
pub use watch::Watches;
