//! Where everything meets: the loop and its sources, the phases between polls, timers, start and
//! shutdown.

mod accept;
mod actions;
mod cron;
mod visits;
mod timers;
mod event_loop;
mod invocation;
mod limits;
mod listeners;
mod logo;
mod output;
mod requests;
mod shutdown;
mod snapshots;
mod start;
mod turn;

pub use event_loop::Server;
pub use start::main;
