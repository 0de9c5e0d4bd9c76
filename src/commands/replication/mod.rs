//! PSYNC SYNC REPLCONF: what replicas say. REPLICAOF SLAVEOF ROLE: whom this server follows, and who follows it.
//! FAILOVER: handing the role over. WAIT WAITAOF: until replicas have the writes.

mod failover;
mod link;
mod role;
mod wait;

pub use wait::{release_waiter, serve_waiters};

use super::command::Arity::{AtLeast, Exactly};
use super::command::categories::{ADMIN as ADMIN_CATEGORY, CONNECTION, DANGEROUS};
use super::command::flags::{ADMIN, ALLOW_BUSY, FAST, LOADING, NO_ASYNC_LOADING, NO_MULTI, NOSCRIPT, STALE};
use super::command::{Command, command};

pub const COMMANDS: &[Command] = &[
    command("psync", link::psync, AtLeast(3), NO_ASYNC_LOADING | ADMIN | NO_MULTI | NOSCRIPT, 0, &[]),
    command("sync", link::sync, Exactly(1), NO_ASYNC_LOADING | ADMIN | NO_MULTI | NOSCRIPT, 0, &[]),
    command("replconf", link::replconf, AtLeast(1), ADMIN | NOSCRIPT | LOADING | STALE | ALLOW_BUSY, 0, &[]),
    command("replicaof", role::replicaof, Exactly(3), NO_ASYNC_LOADING | ADMIN | NOSCRIPT | STALE, 0, &[]),
    command("slaveof", role::replicaof, Exactly(3), NO_ASYNC_LOADING | ADMIN | NOSCRIPT | STALE, 0, &[]),
    command(
        "role",
        role::role,
        Exactly(1),
        NOSCRIPT | LOADING | STALE | FAST,
        ADMIN_CATEGORY | DANGEROUS,
        &[],
    ),
    command("failover", failover::failover, AtLeast(1), ADMIN | NOSCRIPT | STALE, 0, &[]),
    command("waitaof", wait::waitaof, Exactly(4), NOSCRIPT, CONNECTION, &[])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
    command("wait", wait::wait, Exactly(3), 0, CONNECTION, &[])
        .tips(&["request_policy:all_shards", "response_policy:agg_min"]),
];
