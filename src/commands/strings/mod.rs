//! Commands on strings.
//!
//! * `set`: SET and its relatives, which replace a whole value.
//! * `get`: GET and its relatives, which read a whole value and may do something to its key.
//! * `lifetime`: the options of SET and GETEX that say how long a key lives.
//! * `counters`: INCR and its relatives.
//! * `ranges`: APPEND, STRLEN and the commands on parts of a value.
//! * `lcs`: the longest common subsequence of two values.

mod set;
mod get;
mod lifetime;
mod counters;
mod ranges;
mod lcs;
#[cfg(test)]
mod tests;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, INSERT, OW, RO, RW, UPDATE, VARIABLE_FLAGS};
use super::command::categories::STRING;
use super::command::flags::{DENYOOM, FAST, READONLY, WRITE};
use super::command::{Command, KeySpec, command, key_at, keys_from, range};

pub const COMMANDS: &[Command] = &[
    command(
        "set",
        set::set,
        AtLeast(3),
        WRITE | DENYOOM,
        STRING,
        &[key_at(1, RW | ACCESS | UPDATE | VARIABLE_FLAGS)
            .notes("RW and ACCESS due to the optional `GET` argument")],
    )
    .keys_by(set::keys),
    command("setnx", set::setnx, Exactly(3), WRITE | DENYOOM | FAST, STRING, &[key_at(1, OW | INSERT)]),
    command("setex", set::setex, Exactly(4), WRITE | DENYOOM, STRING, &[key_at(1, OW | UPDATE)]),
    command("psetex", set::psetex, Exactly(4), WRITE | DENYOOM, STRING, &[key_at(1, OW | UPDATE)]),
    command("getset", set::getset, Exactly(3), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("mset", set::mset, AtLeast(3), WRITE | DENYOOM, STRING, &[range(1, -1, 2, OW | UPDATE)])
        .tips(&["request_policy:multi_shard", "response_policy:all_succeeded"]),
    command("msetnx", set::msetnx, AtLeast(3), WRITE | DENYOOM, STRING, &[range(1, -1, 2, OW | INSERT)]),
    command("get", get::get, Exactly(2), READONLY | FAST, STRING, READ_KEY),
    command(
        "getex",
        get::getex,
        AtLeast(2),
        WRITE | FAST,
        STRING,
        &[key_at(1, RW | ACCESS | UPDATE).notes("RW and UPDATE because it changes the TTL")],
    ),
    command("getdel", get::getdel, Exactly(2), WRITE | FAST, STRING, &[key_at(1, RW | ACCESS | DELETE)]),
    command("mget", get::mget, AtLeast(2), READONLY | FAST, STRING, &[keys_from(1, RO | ACCESS)])
        .tips(&["request_policy:multi_shard"]),
    command("incr", counters::incr, Exactly(2), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("decr", counters::decr, Exactly(2), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("incrby", counters::incrby, Exactly(3), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("decrby", counters::decrby, Exactly(3), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("incrbyfloat", counters::incrbyfloat, Exactly(3), WRITE | DENYOOM | FAST, STRING, UPDATED_KEY),
    command("append", ranges::append, Exactly(3), WRITE | DENYOOM | FAST, STRING, &[key_at(1, RW | INSERT)]),
    command("strlen", ranges::strlen, Exactly(2), READONLY | FAST, STRING, &[key_at(1, RO)]),
    command("setrange", ranges::setrange, Exactly(4), WRITE | DENYOOM, STRING, &[key_at(1, RW | UPDATE)]),
    command("getrange", ranges::getrange, Exactly(4), READONLY, STRING, READ_KEY),
    command("substr", ranges::getrange, Exactly(4), READONLY, STRING, READ_KEY),
    command("lcs", lcs::lcs, AtLeast(3), READONLY, STRING, &[range(1, 1, 1, RO | ACCESS)]),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
const UPDATED_KEY: &[KeySpec] = &[key_at(1, RW | ACCESS | UPDATE)];
