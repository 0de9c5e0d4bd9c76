//! Set commands and set algebra.
//!
//! * `members`: single sets: adding, removing, asking, moving, listing.
//! * `random`: members drawn by chance, with and without taking them out.
//! * `algebra`: intersection, union and difference, replied or stored.
//! * `shared`: key specifications and tips, limits.

mod members;
mod random;
mod algebra;
mod shared;
#[cfg(test)]
mod tests;

use self::shared::{MOVED_KEYS, NONDETERMINISTIC, READ_KEYS, STORED_KEYS, UNORDERED};
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, INSERT, RO, RW, UPDATE};
use super::command::categories::SET;
use super::command::flags::{DENYOOM, FAST, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Command, KeySpec, command, counted_keys, key_at, keys_from};

pub const COMMANDS: &[Command] = &[
    command("sadd", members::sadd, AtLeast(3), WRITE | DENYOOM | FAST, SET, &[key_at(1, RW | INSERT)]),
    command("srem", members::srem, AtLeast(3), WRITE | FAST, SET, &[key_at(1, RW | DELETE)]),
    command("smove", members::smove, Exactly(4), WRITE | FAST, SET, MOVED_KEYS),
    command("scard", members::scard, Exactly(2), READONLY | FAST, SET, &[key_at(1, RO)]),
    command("sismember", members::sismember, Exactly(3), READONLY | FAST, SET, &[key_at(1, RO)]),
    command("smismember", members::smismember, AtLeast(3), READONLY | FAST, SET, READ_KEY),
    command("smembers", members::smembers, Exactly(2), READONLY, SET, READ_KEY).tips(UNORDERED),
    command("sscan", members::sscan, AtLeast(3), READONLY, SET, READ_KEY).tips(NONDETERMINISTIC),
    command("spop", random::spop, AtLeast(2), WRITE | FAST, SET, &[key_at(1, RW | ACCESS | DELETE)])
        .tips(NONDETERMINISTIC),
    command("srandmember", random::srandmember, AtLeast(2), READONLY, SET, READ_KEY).tips(NONDETERMINISTIC),
    command("sinter", algebra::sinter, AtLeast(2), READONLY, SET, READ_KEYS).tips(UNORDERED),
    command(
        "sintercard",
        algebra::sintercard,
        AtLeast(3),
        READONLY | MOVABLE_KEYS,
        SET,
        &[counted_keys(1, RO | ACCESS)],
    ),
    command("sunion", algebra::sunion, AtLeast(2), READONLY, SET, READ_KEYS).tips(UNORDERED),
    command("sdiff", algebra::sdiff, AtLeast(2), READONLY, SET, READ_KEYS).tips(UNORDERED),
    command(
        "sinterstore",
        algebra::sinterstore,
        AtLeast(3),
        WRITE | DENYOOM,
        SET,
        &[key_at(1, RW | UPDATE), keys_from(2, RO | ACCESS)],
    ),
    command("sunionstore", algebra::sunionstore, AtLeast(3), WRITE | DENYOOM, SET, STORED_KEYS),
    command("sdiffstore", algebra::sdiffstore, AtLeast(3), WRITE | DENYOOM, SET, STORED_KEYS),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
