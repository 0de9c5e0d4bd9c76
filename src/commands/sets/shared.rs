//! What set commands share: key specifications and tips.

use crate::commands::command::access::{ACCESS, DELETE, INSERT, OW, RO, RW, UPDATE};
use crate::commands::command::{KeySpec, key_at, keys_from};

pub const READ_KEYS: &[KeySpec] = &[keys_from(1, RO | ACCESS)];
pub const MOVED_KEYS: &[KeySpec] = &[key_at(1, RW | ACCESS | DELETE), key_at(2, RW | INSERT)];
pub const STORED_KEYS: &[KeySpec] = &[key_at(1, OW | UPDATE), keys_from(2, RO | ACCESS)];
pub const UNORDERED: &[&str] = &["nondeterministic_output_order"];
pub const NONDETERMINISTIC: &[&str] = &["nondeterministic_output"];
