//! Positions on earth, kept in sorted sets.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
