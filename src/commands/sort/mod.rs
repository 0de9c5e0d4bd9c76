//! SORT and SORT_RO.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
