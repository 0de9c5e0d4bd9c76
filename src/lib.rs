//! Russet: a drop-in replacement for redis-server. This page is the map of the code.
//!
//! `src/` is a stack of layers; a layer uses only what stands above it in this list
//! (`tests/tidy.rs` checks the `use crate::...` lines). Read them in this order.
//!
//! * [`util`]: pure helpers: numbers and text, glob patterns, quoting, checksums, LZF, random
//!   numbers. **Invariant:** nothing here knows Redis, does I/O or keeps state.
//! * [`sys`]: what the operating system does for us: clock, signals, fork, process title, files,
//!   memory statistics, log output. Home of most `unsafe`. **Invariant:** knows no commands.
//! * [`ds`]: data structures without a notion of keys, clients or configuration.
//! * [`types`]: lists, hashes, sets, sorted sets and streams with their private encodings. **Invariant:**
//!   knows no keys, clients or configuration; limits and time are arguments.
//! * [`keyspace`]: databases, entries (key, value, expiry, LRU/LFU in one allocation), expiry,
//!   eviction, scanning, and the effects that handlers record. **Invariant:** knows neither
//!   clients nor sockets; time and limits are arguments.
//! * [`resp`]: request parser and reply writer, RESP2 and RESP3. **Invariant:** knows no commands.
//! * [`net`]: listeners and connections: bytes, not commands.
//! * [`rdb`]: the snapshot format, reader beside writer, on streams.
//! * [`aof`]: the append-only file: its several files, their manifest, reader beside writer. **Invariant:**
//!   executes nothing and knows no configuration.
//! * [`repl`]: replication as state machines. **Invariant:** no sockets, no clock, no keys.
//! * [`dataset`]: between the keyspace and the snapshot format. **Invariant:** no files, no children.
//! * [`pubsub`], [`tracking`], [`observe`]: features that know neither each other nor the clients' sockets.
//! * [`config`]: one row per directive; files, CONFIG, argv and environment derive from it.
//! * [`check`]: the programs that examine files: `russet-check-aof`, `russet-check-rdb`.
//! * [`engine`]: the parts of a running server that commands work on (clients, keyspace,
//!   features), everything but sockets. A test can drive it without a network.
//! * [`commands`]: the command table, admission, execution, effects, and a file of handlers per
//!   group. **Invariant:** knows no sockets.
//! * [`server`]: where everything meets: the loop, the phases between polls, timers, start and
//!   shutdown.

pub mod util;
pub mod sys;
pub mod ds;
pub mod types;
pub mod keyspace;
pub mod resp;
pub mod net;
pub mod rdb;
pub mod aof;
pub mod repl;
pub mod dataset;
pub mod pubsub;
pub mod tracking;
pub mod observe;
pub mod config;
pub mod check;
pub mod engine;
pub mod commands;
pub mod server;
