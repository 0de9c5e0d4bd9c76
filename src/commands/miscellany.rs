//! TIME LOLWUT MODULE and other single commands.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
