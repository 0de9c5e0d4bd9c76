//! Hash commands, those on the expiry of fields included.
//!
//! * `write`: HSET and its relatives, HDEL.
//! * `read`: values, whole hashes, HSCAN.
//! * `counters`: HINCRBY, HINCRBYFLOAT.
//! * `random`: HRANDFIELD.

mod counters;
mod random;
mod read;
#[cfg(test)]
mod tests;
mod write;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, INSERT, RO, RW, UPDATE};
use super::command::categories::HASH;
use super::command::flags::{DENYOOM, FAST, READONLY, WRITE};
use super::command::{Command, KeySpec, command, key_at};
use super::context::Ctx;
use crate::types::HashLimits;

pub const COMMANDS: &[Command] = &[
    command("hset", write::hset, AtLeast(4), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hsetnx", write::hsetnx, Exactly(4), WRITE | DENYOOM | FAST, HASH, &[key_at(1, RW | INSERT)]),
    command("hmset", write::hmset, AtLeast(4), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hdel", write::hdel, AtLeast(3), WRITE | FAST, HASH, &[key_at(1, RW | DELETE)]),
    command("hget", read::hget, Exactly(3), READONLY | FAST, HASH, READ_KEY),
    command("hmget", read::hmget, AtLeast(3), READONLY | FAST, HASH, READ_KEY),
    command("hgetall", read::hgetall, Exactly(2), READONLY, HASH, READ_KEY).tips(UNORDERED),
    command("hkeys", read::hkeys, Exactly(2), READONLY, HASH, READ_KEY).tips(UNORDERED),
    command("hvals", read::hvals, Exactly(2), READONLY, HASH, READ_KEY).tips(UNORDERED),
    command("hlen", read::hlen, Exactly(2), READONLY | FAST, HASH, ASKED_KEY),
    command("hstrlen", read::hstrlen, Exactly(3), READONLY | FAST, HASH, ASKED_KEY),
    command("hexists", read::hexists, Exactly(3), READONLY | FAST, HASH, ASKED_KEY),
    command("hscan", read::hscan, AtLeast(3), READONLY, HASH, READ_KEY).tips(&["nondeterministic_output"]),
    command("hincrby", counters::hincrby, Exactly(4), WRITE | DENYOOM | FAST, HASH, COUNTED_KEY),
    command("hincrbyfloat", counters::hincrbyfloat, Exactly(4), WRITE | DENYOOM | FAST, HASH, COUNTED_KEY),
    command("hrandfield", random::hrandfield, AtLeast(2), READONLY, HASH, READ_KEY)
        .tips(&["nondeterministic_output"]),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
const ASKED_KEY: &[KeySpec] = &[key_at(1, RO)];
const UPDATED_KEY: &[KeySpec] = &[key_at(1, RW | UPDATE)];
const COUNTED_KEY: &[KeySpec] = &[key_at(1, RW | ACCESS | UPDATE)];
const UNORDERED: &[&str] = &["nondeterministic_output_order"];

fn limits(ctx: &Ctx<'_>) -> HashLimits {
    let encoding = &ctx.engine.config.encoding;
    HashLimits {
        entries_max: encoding.hash_max_listpack_entries,
        value_bytes_max: encoding.hash_max_listpack_value,
    }
}
