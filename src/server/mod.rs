//! Where everything meets: the loop and its sources, the phases between polls, timers, start and
//! shutdown. In reading order:
//!
//! * `event_loop`: [`Server`], its sources, and the loop itself.
//! * `turn`: what happens between two polls, in order.
//! * `listeners`, `accept`: listening sockets, new connections, and the end of a connection.
//! * `requests`: from bytes to executed requests.
//! * `actions`: what commands ask of the loop.
//! * `output`, `limits`: replies on their way out, and what clients may hold.
//! * `timers`, `cron`, `visits`: deadlines, what they ask for, and the regular look at each client.
//! * `snapshots`, `aof`: save points, the saving child, loading; the same for the append-only file.
//! * `replicas`, `replica_sockets`: what replicas are sent; the sockets of those that the child feeds.
//! * `sync_files`: snapshots that go to replicas by a file.
//! * `primary_link`, `full_sync`: the socket to the primary we follow, and the snapshot that it sends.
//! * `dialer`: the sockets of MIGRATE.
//! * `invocation`, `start`, `logo`: from argv to a running loop.
//! * `shutdown`: signals, the last steps, starting anew.

mod accept;
mod actions;
mod aof;
mod cron;
mod dialer;
mod event_loop;
mod invocation;
mod limits;
mod listeners;
mod logo;
mod output;
mod requests;
mod blocked;
mod primary_link;
mod full_sync;
mod replicas;
mod replica_sockets;
mod shutdown;
mod snapshots;
mod start;
mod sync_files;
mod timers;
mod turn;
mod visits;

pub use event_loop::Server;
pub use start::main;
