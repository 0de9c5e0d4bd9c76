//! Integration tests: real `russet-server` processes in directories of their own, driven over
//! sockets as clients would. One module per area.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "it/support.rs"]
mod support;

#[path = "it/aof.rs"]
mod aof;
#[path = "it/bitmaps.rs"]
mod bitmaps;
#[path = "it/clients.rs"]
mod clients;
#[path = "it/configuration.rs"]
mod configuration;
#[path = "it/connections.rs"]
mod connections;
#[path = "it/contents.rs"]
mod contents;
#[path = "it/dump.rs"]
mod dump;
#[path = "it/eviction.rs"]
mod eviction;
#[path = "it/exchange.rs"]
mod exchange;
#[path = "it/expiry.rs"]
mod expiry;
#[path = "it/failures.rs"]
mod failures;
#[path = "it/full_sync.rs"]
mod full_sync;
#[path = "it/fuzz.rs"]
mod fuzz;
#[path = "it/geo.rs"]
mod geo;
#[path = "it/hashes.rs"]
mod hashes;
#[path = "it/hyperloglog.rs"]
mod hyperloglog;
#[path = "it/introspection.rs"]
mod introspection;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/libraries.rs"]
mod libraries;
#[path = "it/lifecycle.rs"]
mod lifecycle;
#[path = "it/lists.rs"]
mod lists;
#[path = "it/migrate.rs"]
mod migrate;
#[path = "it/oracle.rs"]
mod oracle;
#[path = "it/peers.rs"]
mod peers;
#[path = "it/protocol.rs"]
mod protocol;
#[path = "it/pubsub.rs"]
mod pubsub;
#[path = "it/replicas.rs"]
mod replicas;
#[path = "it/replication.rs"]
mod replication;
#[path = "it/sentinel.rs"]
mod sentinel;
#[path = "it/sets.rs"]
mod sets;
#[path = "it/snapshots.rs"]
mod snapshots;
#[path = "it/sort.rs"]
mod sort;
#[path = "it/stock_clients.rs"]
mod stock_clients;
#[path = "it/streams.rs"]
mod streams;
#[path = "it/strings.rs"]
mod strings;
#[path = "it/transactions.rs"]
mod transactions;
#[path = "it/zsets.rs"]
mod zsets;
