//! HyperLogLog commands.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
