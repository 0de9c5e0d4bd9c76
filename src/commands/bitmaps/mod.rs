//! Bits and integers inside of strings.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
