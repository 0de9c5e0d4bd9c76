//! Integration tests: real `russet-server` processes in directories of their own, driven over
//! sockets as clients would. One module per area.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "it/support.rs"]
mod support;

#[path = "it/clients.rs"]
mod clients;
#[path = "it/configuration.rs"]
mod configuration;
#[path = "it/connections.rs"]
mod connections;
#[path = "it/eviction.rs"]
mod eviction;
#[path = "it/expiry.rs"]
mod expiry;
#[path = "it/fuzz.rs"]
mod fuzz;
#[path = "it/introspection.rs"]
mod introspection;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/lifecycle.rs"]
mod lifecycle;
#[path = "it/oracle.rs"]
mod oracle;
#[path = "it/protocol.rs"]
mod protocol;
#[path = "it/pubsub.rs"]
mod pubsub;
#[path = "it/snapshots.rs"]
mod snapshots;
#[path = "it/stock_clients.rs"]
mod stock_clients;
#[path = "it/strings.rs"]
mod strings;
#[path = "it/transactions.rs"]
mod transactions;
