//! What set commands share: key specifications, tips, and the limits of the encodings.

use crate::commands::command::access::{ACCESS, DELETE, INSERT, OW, RO, RW, UPDATE};
use crate::commands::command::{KeySpec, key_at, keys_from};
use crate::commands::context::Ctx;
use crate::types::SetLimits;

pub const READ_KEYS: &[KeySpec] = &[keys_from(1, RO | ACCESS)];
pub const MOVED_KEYS: &[KeySpec] = &[key_at(1, RW | ACCESS | DELETE), key_at(2, RW | INSERT)];
pub const STORED_KEYS: &[KeySpec] = &[key_at(1, OW | UPDATE), keys_from(2, RO | ACCESS)];
pub const UNORDERED: &[&str] = &["nondeterministic_output_order"];
pub const NONDETERMINISTIC: &[&str] = &["nondeterministic_output"];

/// The limits in force.
pub fn limits(ctx: &Ctx<'_>) -> SetLimits {
    let encoding = &ctx.engine.config.encoding;
    SetLimits {
        intset_entries_max: encoding.set_max_intset_entries,
        listpack_entries_max: encoding.set_max_listpack_entries,
        listpack_value_bytes_max: encoding.set_max_listpack_value,
    }
}
