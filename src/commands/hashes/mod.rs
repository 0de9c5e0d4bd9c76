//! Hash commands, those on the expiry of fields included.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
