//! Key specifications that several commands share.

use crate::commands::command::access::{ACCESS, DELETE, OW, RO, RW, UPDATE};
use crate::commands::command::{KeySpec, counted_keys, key_at, range};

pub const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
pub const READ_KEYS: &[KeySpec] = &[counted_keys(1, RO | ACCESS)];
/// A destination, then the number of keys to read.
pub const STORED_KEYS: &[KeySpec] = &[key_at(1, OW | UPDATE), counted_keys(2, RO | ACCESS)];
pub const REMOVED_KEY: &[KeySpec] = &[key_at(1, RW | DELETE)];
pub const POPPED_KEY: &[KeySpec] = &[key_at(1, RW | ACCESS | DELETE)];
pub const POPPED_KEYS: &[KeySpec] = &[counted_keys(1, RW | ACCESS | DELETE)];
/// All arguments but the last, a timeout.
pub const AWAITED_KEYS: &[KeySpec] = &[range(1, -2, 1, RW | ACCESS | DELETE)];
