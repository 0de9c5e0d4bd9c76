//! SAVE BGSAVE LASTSAVE SHUTDOWN.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
