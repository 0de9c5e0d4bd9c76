//! The parts of a running server that commands work on: clients, watched keys, pauses, statistics,
//! and the actions that only the loop can perform.
//!
//! **Invariant:** no sockets, no loop, and no files but the snapshots that commands wait for. A test
//! builds an [`Engine`] and a keyspace, and can execute commands for clients that have no connection.

mod action;
mod apply;
mod clients;
mod parts;
mod client_memory;
mod eviction;
mod memory;
mod pause;
mod session;
mod shutdown;
mod snapshot_child;
mod snapshots;
mod watch;

pub use action::{Action, CloseReason, ShutdownRequest};
pub use apply::{Listen, ListenFailed, NoSockets, OomScore};
pub use client_memory::{ClientMemory, client_memory_bytes};
pub use clients::{Client, Clients};
pub use eviction::Eviction;
pub use memory::MemoryShares;
pub use parts::{DebugSwitches, Engine, Identity};
pub use pause::{Pause, PauseKind};
pub use session::{ClientId, ClientKind, Closing, CommandId, QueuedCommand, ReplyMode, Session, Transaction};
pub use shutdown::ExitRefused;
pub use snapshot_child::SnapshotChild;
pub use snapshots::{BackgroundSaveError, LoadFailed, ReloadFailed, ReloadOptions, SnapshotStatus};
pub use watch::Watches;
