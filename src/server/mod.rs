//! Where everything meets: the loop and its sources, the phases between polls, timers, start and
//! shutdown.

mod accept;
mod actions;
mod cron;
mod visits;
mod timers;
mod event_loop;
mod listeners;
mod output;
mod requests;
mod start;
mod turn;

pub use event_loop::Server;
pub use start::main;
