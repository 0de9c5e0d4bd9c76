//! Keys of any type: DEL EXISTS TYPE RENAME COPY MOVE SCAN KEYS FLUSHALL and their kin.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
