//! INFO: everything the server knows of itself, in lines.
//!
//! * `sections`: the command, and the table of sections.
//! * `process`: what the sections on the server itself say.
//! * `data`: what the sections on its work and its data say.
//! * `lines`: how fields and numbers are written.

mod sections;
mod process;
mod replication;
mod data;
mod lines;

pub use sections::COMMANDS;
