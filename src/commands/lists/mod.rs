//! List commands: pushes and pops, ranges, moves, and the blocking forms.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
