//! Commands: the table's vocabulary, the way a request takes, and a file of handlers per group. Each
//! group's file opens with its rows.
//!
//! * `command`, `registry`: rows, and the numbered table made of them.
//! * `args`, `context`, `error`: what a handler reads, works on, and answers when it cannot.
//! * `execute`, `admit`, `effects`: the way of a request: admission, handler, statistics, effects.
//! * `help`: the shape of every container's HELP.
//! * `prefetch`: the keys of a pipeline, asked for before they are used.
//! * `client_info`, `invalidation`: the line that describes a client; what client-side caches are told.
//! * `monitor`, `evict`, `free`: MONITOR and slow log entries; room under `maxmemory`; dropping values.
//! * the groups: `connection`, `authentication`, `client`, `transactions`, `strings`, ...
//! * `key_extraction`: which arguments of a command line are keys.
//! * `docs`, `syntax`: what COMMAND DOCS says.
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
mod monitor;
mod help;
mod evict;
mod free;
mod connection;
mod authentication;
mod client;
mod client_info;
mod client_kill;
mod client_tracking;
mod invalidation;
mod transactions;
mod pubsub;
mod keys;
mod object;
mod expiry;
mod strings;
mod persistence;
mod config_commands;
mod server_info;
mod command_info;
mod command_docs;
mod key_extraction;
mod slowlog;
mod latency;
mod memory;
mod debug;
mod miscellany;
#[cfg(test)]
mod testing;
pub mod docs;
pub mod syntax;

pub use client_info::client_info_line;
pub use command::Command;
pub use context::Ctx;
pub use effects::{declare_interest, perform_in_background};
pub use evict::{aging_of, drop_entry, make_room};
pub use execute::{Outcome, process};
pub use invalidation::{broadcast_invalidations, limit_tracking_table};
pub use prefetch::Prefetch;
pub use registry::Registry;

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
    strings::COMMANDS,
    persistence::COMMANDS,
    config_commands::COMMANDS,
    server_info::COMMANDS,
    command_info::COMMANDS,
    slowlog::COMMANDS,
    latency::COMMANDS,
    memory::COMMANDS,
    debug::COMMANDS,
    miscellany::COMMANDS,
];
