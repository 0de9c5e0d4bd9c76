//! Replication as state machines: bytes and time in, bytes and decisions out.
//!
//! * `history`: which stream of commands a data set is a point of, and whether a replica can go on in it.
//! * `backlog`: the latest part of the stream, kept once for all replicas.
//! * `replica`: what a primary knows of one replica.
//! * `link`: a replica's side of the link to its primary, from the first PING to the stream.
//!
//! Offsets count the bytes of a stream from 0: `offset` is where the next byte goes. The wire says one more, since
//! PSYNC asks for the first byte that is missing and counts from 1.
//!
//! **Invariant:** no sockets, no clock, no keys. Whatever a peer sends, nothing panics, and nothing is allocated
//! that has not arrived.

#![deny(clippy::indexing_slicing)]

mod backlog;
mod history;
mod link;
mod replica;
#[cfg(test)]
mod simulation;

pub use backlog::Backlog;
pub use history::{History, Mismatch, ReplicationId, Saved, StreamRequest};
pub use link::{Event, Failure, Introduction, Link, Phase, Resume, acknowledgement};
pub use replica::{Capabilities, Replica, ReplicaState, SnapshotDemand, format_version_of};
