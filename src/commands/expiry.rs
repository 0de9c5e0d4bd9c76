//! EXPIRE and its forms, TTL, PERSIST.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
