//! List commands: pushes and pops, ranges, moves, and the blocking forms.
//!
//! * `ends`: pushing and popping, one list at a time.
//! * `elements`: finding, reading and changing single elements.
//! * `ranges`: lengths and ranges.
//! * `moves`: from one list to another, at once or when there is something to move.
//! * `first_of_many`: pops from the first of several lists that has elements, at once or when one has.
//! * `shared`: key specifications, limits, ends and index ranges.

mod ends;
mod elements;
mod ranges;
mod moves;
mod first_of_many;
mod shared;
#[cfg(test)]
mod tests;

use self::shared::{AWAITED_KEYS, MOVED_KEYS, POPPED_KEY, PUSHED_KEY};
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, RO, RW, UPDATE};
use super::command::categories::LIST;
use super::command::flags::{BLOCKING, DENYOOM, FAST, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Command, KeySpec, command, counted_keys, key_at};

pub const COMMANDS: &[Command] = &[
    command("lpush", ends::lpush, AtLeast(3), WRITE | DENYOOM | FAST, LIST, PUSHED_KEY),
    command("rpush", ends::rpush, AtLeast(3), WRITE | DENYOOM | FAST, LIST, PUSHED_KEY),
    command("lpushx", ends::lpushx, AtLeast(3), WRITE | DENYOOM | FAST, LIST, PUSHED_KEY),
    command("rpushx", ends::rpushx, AtLeast(3), WRITE | DENYOOM | FAST, LIST, PUSHED_KEY),
    command("lpop", ends::lpop, AtLeast(2), WRITE | FAST, LIST, POPPED_KEY),
    command("rpop", ends::rpop, AtLeast(2), WRITE | FAST, LIST, POPPED_KEY),
    command("llen", ranges::llen, Exactly(2), READONLY | FAST, LIST, &[key_at(1, RO)]),
    command("lrange", ranges::lrange, Exactly(4), READONLY, LIST, READ_KEY),
    command("ltrim", ranges::ltrim, Exactly(4), WRITE, LIST, &[key_at(1, RW | DELETE)]),
    command("lindex", elements::lindex, Exactly(3), READONLY, LIST, READ_KEY),
    command("lset", elements::lset, Exactly(4), WRITE | DENYOOM, LIST, &[key_at(1, RW | UPDATE)]),
    command("linsert", elements::linsert, Exactly(5), WRITE | DENYOOM, LIST, PUSHED_KEY),
    command("lrem", elements::lrem, Exactly(4), WRITE, LIST, &[key_at(1, RW | DELETE)]),
    command("lpos", elements::lpos, AtLeast(3), READONLY, LIST, READ_KEY),
    command("lmove", moves::lmove, Exactly(5), WRITE | DENYOOM, LIST, MOVED_KEYS),
    command("rpoplpush", moves::rpoplpush, Exactly(3), WRITE | DENYOOM, LIST, MOVED_KEYS),
    command("blmove", moves::blmove, Exactly(6), WRITE | DENYOOM | BLOCKING, LIST, MOVED_KEYS),
    command("brpoplpush", moves::brpoplpush, Exactly(4), WRITE | DENYOOM | BLOCKING, LIST, MOVED_KEYS),
    command(
        "lmpop",
        first_of_many::lmpop,
        AtLeast(4),
        WRITE | MOVABLE_KEYS,
        LIST,
        &[counted_keys(1, RW | ACCESS | DELETE)],
    ),
    command(
        "blmpop",
        first_of_many::blmpop,
        AtLeast(5),
        WRITE | BLOCKING | MOVABLE_KEYS,
        LIST,
        &[counted_keys(2, RW | ACCESS | DELETE)],
    ),
    command("blpop", first_of_many::blpop, AtLeast(3), WRITE | BLOCKING, LIST, AWAITED_KEYS),
    command("brpop", first_of_many::brpop, AtLeast(3), WRITE | BLOCKING, LIST, AWAITED_KEYS),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
