//! What the commands do, in words: the data of COMMAND DOCS, one row per command and subcommand.
//!
//! Facts (versions, groups, arguments) are Redis 7.2's; sentences are our own. The rows do not
//! depend on the command table, nor it on them.

mod acl;
mod connection;
mod doc;
mod generic;
mod pubsub;
mod server;
mod string;
mod transactions;

pub use doc::{Deprecation, Doc, Group, lookup};
