//! DEBUG: a command with words of its own, which COMMAND does not list.
//!
//! * `words`: the table of words, its dispatcher, and the words of a line or two.
//! * the other files: words that belong together.

mod words;
mod crash;
mod digest;
mod inspect;
mod populate;
mod protocol;
mod restart;
mod switches;

pub use words::COMMANDS;
