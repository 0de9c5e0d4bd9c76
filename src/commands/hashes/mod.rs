//! Hash commands, those on the expiry of fields included.
//!
//! * `write`: HSET and its relatives, HDEL.
//! * `read`: values, whole hashes, HSCAN.
//! * `counters`: HINCRBY, HINCRBYFLOAT.
//! * `random`: HRANDFIELD.
//! * `deadline`: moments at which fields expire, and the arguments `FIELDS numfields field ...`.
//! * `expiry`: HEXPIRE, HTTL, HPERSIST and their relatives, as Redis 7.4 has them.
//! * `volatile`: HSETEX, HGETEX, HGETDEL, as Redis 8 has them.

mod counters;
mod deadline;
mod expiry;
mod random;
mod read;
#[cfg(test)]
mod tests;
mod volatile;
mod write;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, INSERT, RO, RW, UPDATE};
use super::command::categories::HASH;
use super::command::flags::{DENYOOM, FAST, READONLY, WRITE};
use super::command::{Command, KeySpec, command, key_at};

pub const COMMANDS: &[Command] = &[
    command("hset", write::hset, AtLeast(4), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hsetnx", write::hsetnx, Exactly(4), WRITE | DENYOOM | FAST, HASH, &[key_at(1, RW | INSERT)]),
    command("hmset", write::hmset, AtLeast(4), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hdel", write::hdel, AtLeast(3), WRITE | FAST, HASH, &[key_at(1, RW | DELETE)]),
    command("hget", read::hget, Exactly(3), READONLY | FAST, HASH, READ_KEY),
    command("hmget", read::hmget, AtLeast(3), READONLY | FAST, HASH, READ_KEY),
    command("hgetall", read::hgetall, Exactly(2), READONLY, HASH, READ_KEY)
        .tips(&["nondeterministic_output_order"]),
    command("hkeys", read::hkeys, Exactly(2), READONLY, HASH, READ_KEY)
        .tips(&["nondeterministic_output_order"]),
    command("hvals", read::hvals, Exactly(2), READONLY, HASH, READ_KEY)
        .tips(&["nondeterministic_output_order"]),
    command("hlen", read::hlen, Exactly(2), READONLY | FAST, HASH, &[key_at(1, RO)]),
    command("hstrlen", read::hstrlen, Exactly(3), READONLY | FAST, HASH, &[key_at(1, RO)]),
    command("hexists", read::hexists, Exactly(3), READONLY | FAST, HASH, &[key_at(1, RO)]),
    command("hscan", read::hscan, AtLeast(3), READONLY, HASH, READ_KEY).tips(&["nondeterministic_output"]),
    command(
        "hincrby",
        counters::hincrby,
        Exactly(4),
        WRITE | DENYOOM | FAST,
        HASH,
        &[key_at(1, RW | ACCESS | UPDATE)],
    ),
    command(
        "hincrbyfloat",
        counters::hincrbyfloat,
        Exactly(4),
        WRITE | DENYOOM | FAST,
        HASH,
        &[key_at(1, RW | ACCESS | UPDATE)],
    ),
    command("hrandfield", random::hrandfield, AtLeast(2), READONLY, HASH, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("hexpire", expiry::hexpire, AtLeast(6), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hpexpire", expiry::hpexpire, AtLeast(6), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hexpireat", expiry::hexpireat, AtLeast(6), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hpexpireat", expiry::hpexpireat, AtLeast(6), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command("hpersist", expiry::hpersist, AtLeast(5), WRITE | FAST, HASH, UPDATED_KEY),
    command("httl", expiry::httl, AtLeast(5), READONLY | FAST, HASH, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("hpttl", expiry::hpttl, AtLeast(5), READONLY | FAST, HASH, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("hexpiretime", expiry::hexpiretime, AtLeast(5), READONLY | FAST, HASH, READ_KEY),
    command("hpexpiretime", expiry::hpexpiretime, AtLeast(5), READONLY | FAST, HASH, READ_KEY),
    command("hsetex", volatile::hsetex, AtLeast(6), WRITE | DENYOOM | FAST, HASH, UPDATED_KEY),
    command(
        "hgetex",
        volatile::hgetex,
        AtLeast(5),
        WRITE | FAST,
        HASH,
        &[key_at(1, RW | ACCESS | UPDATE).notes("RW and UPDATE because it changes the TTL")],
    ),
    command("hgetdel", volatile::hgetdel, AtLeast(5), WRITE | FAST, HASH, &[key_at(1, RW | ACCESS | DELETE)]),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
const UPDATED_KEY: &[KeySpec] = &[key_at(1, RW | UPDATE)];
