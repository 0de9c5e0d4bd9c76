//! Sorted-set commands: scores, ranks, ranges, algebra, pops.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
