//! Stream commands and consumer groups.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
