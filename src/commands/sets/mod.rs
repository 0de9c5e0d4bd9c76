//! Set commands and set algebra.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
