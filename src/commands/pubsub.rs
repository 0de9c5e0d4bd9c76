//! Channels: SUBSCRIBE, PUBLISH and their kin.

use super::command::Command;

pub const COMMANDS: &[Command] = &[];
