//! Commands: the table's vocabulary, the way a request takes, and a file of handlers per group. Each
//! group's file opens with its rows.
//!
//! * `command`, `registry`: rows, and the numbered table made of them.
//! * `args`, `context`, `error`: what a handler reads, works on, and answers when it cannot.
//! * `execute`, `admit`, `effects`: the way of a request: admission, handler, statistics, effects.
//! * `replay`: execution of what the append-only file says.
//! * `prefetch`: the keys of a pipeline, asked for before they are used.
//! * `blocking`: commands that wait for a key.
//! * `evict`, `free`: room under `maxmemory`; dropping values.
//! * `repeats`: replies of random elements that may be without end.
//! * `invalidation`, `client_info`: what client-side caches are told; the line that describes a client.
//! * `key_extraction`: which arguments of a command line are keys.
//! * `help`, `docs`, `syntax`: the shape of every HELP; what COMMAND DOCS says, and its notation.
//! * The groups. Connections: `connection`, `authentication`, `client` with `client_kill` and
//!   `client_tracking`, `monitor`, `transactions`, `pubsub`. Keys: `keys`, `object`, `expiry`, `sort`,
//!   `dump`, `migrate`.
//!   Values: `strings`, `bitmaps`, `hyperloglog`, `lists`, `hashes`, `sets`, `zsets`, `geo`, `streams`.
//!   The server: `persistence`, `aof`, `config_commands`, `server_info`, `command_info` with `command_docs`,
//!   The server: `persistence`, `replication`, `config_commands`, `server_info`, `command_info` with `command_docs`,
//!   `slowlog`, `latency`, `memory`, `debug`, `miscellany`.
//!
//! **Invariant:** nothing here knows a socket or the loop.

mod command;
mod registry;
mod args;
mod context;
mod error;
mod execute;
mod prefetch;
mod admit;
mod effects;
mod replay;
mod blocking;
mod evict;
mod free;
mod repeats;
mod invalidation;
mod client_info;
mod key_extraction;
mod help;
pub mod docs;
pub mod syntax;
mod connection;
mod authentication;
mod client;
mod client_kill;
mod client_tracking;
mod monitor;
mod transactions;
mod pubsub;
mod keys;
mod object;
mod expiry;
mod strings;
mod lists;
mod hashes;
mod sets;
mod zsets;
mod streams;
mod bitmaps;
mod hyperloglog;
mod geo;
mod sort;
mod dump;
mod migrate;
mod persistence;
mod aof;
mod libraries;
mod replication;
mod config_commands;
mod server_info;
mod command_info;
mod command_docs;
mod slowlog;
mod latency;
mod memory;
mod debug;
mod miscellany;
#[cfg(test)]
mod testing;

pub use admit::stop_diverging;
pub use blocking::{Release, force_unblock_all, may_serve, process_again, release};
pub use client_info::client_info_line;
pub use command::Command;
pub use context::Ctx;
pub use effects::{declare_interest, perform_in_background};
pub use evict::{aging_of, make_room};
pub use execute::{Outcome, process};
pub use free::free;
pub use invalidation::{broadcast_invalidations, limit_tracking_table};
pub use keys::flush::{flush, replace_all};
pub use persistence::tell_of_failed_shutdown;
pub use prefetch::Prefetch;
pub use registry::Registry;
pub use replay::{Replayed, replay_part};
pub use replication::serve_waiters;

/// The rows of all groups.
pub const TABLES: &[&[Command]] = &[
    connection::COMMANDS,
    authentication::COMMANDS,
    client::COMMANDS,
    monitor::COMMANDS,
    transactions::COMMANDS,
    pubsub::COMMANDS,
    keys::presence::COMMANDS,
    keys::scan::COMMANDS,
    keys::transfer::COMMANDS,
    keys::flush::COMMANDS,
    object::COMMANDS,
    expiry::COMMANDS,
    dump::COMMANDS,
    migrate::COMMANDS,
    strings::COMMANDS,
    lists::COMMANDS,
    hashes::COMMANDS,
    sets::COMMANDS,
    zsets::COMMANDS,
    streams::COMMANDS,
    bitmaps::COMMANDS,
    hyperloglog::COMMANDS,
    geo::COMMANDS,
    sort::COMMANDS,
    persistence::COMMANDS,
    aof::COMMANDS,
    replication::COMMANDS,
    config_commands::COMMANDS,
    server_info::COMMANDS,
    command_info::COMMANDS,
    slowlog::COMMANDS,
    latency::COMMANDS,
    memory::COMMANDS,
    debug::COMMANDS,
    miscellany::COMMANDS,
];
