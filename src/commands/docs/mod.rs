//! What the commands do, in words: the data of COMMAND DOCS, one row per command and subcommand.
//!
//! Facts (versions, groups, arguments) are Redis 7.2's; sentences are our own. The rows do not
//! depend on the command table, nor it on them.

mod acl;
mod bitmap;
mod connection;
mod doc;
mod generic;
mod geo;
mod hash;
mod hyperloglog;
mod list;
mod pubsub;
mod replication;
mod server;
mod set;
mod sorted_set;
mod stream;
mod string;
mod transactions;

pub use doc::{Deprecation, Doc, Group, lookup};
