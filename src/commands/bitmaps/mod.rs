//! Bits and integers inside of strings.
//!
//! * `single`: SETBIT and GETBIT.
//! * `ranges`: BITCOUNT and BITPOS.
//! * `bitop`: operations on whole strings.
//! * `bitfield`: integers of any width.
//! * `room`: bit offsets, and strings long enough for them.

mod single;
mod ranges;
mod bitop;
mod bitfield;
mod room;
#[cfg(test)]
mod tests;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, OW, RO, RW, UPDATE, VARIABLE_FLAGS};
use super::command::categories::BITMAP;
use super::command::flags::{DENYOOM, FAST, READONLY, WRITE};
use super::command::{Command, KeySpec, command, key_at, keys_from};

pub const COMMANDS: &[Command] = &[
    command(
        "setbit",
        single::setbit,
        Exactly(4),
        WRITE | DENYOOM,
        BITMAP,
        &[key_at(1, RW | ACCESS | UPDATE)],
    ),
    command("getbit", single::getbit, Exactly(3), READONLY | FAST, BITMAP, READ_KEY),
    command("bitcount", ranges::bitcount, AtLeast(2), READONLY, BITMAP, READ_KEY),
    command("bitpos", ranges::bitpos, AtLeast(3), READONLY, BITMAP, READ_KEY),
    command(
        "bitop",
        bitop::bitop,
        AtLeast(4),
        WRITE | DENYOOM,
        BITMAP,
        &[key_at(2, OW | UPDATE), keys_from(3, RO | ACCESS)],
    ),
    command(
        "bitfield",
        bitfield::bitfield,
        AtLeast(2),
        WRITE | DENYOOM,
        BITMAP,
        &[key_at(1, RW | ACCESS | UPDATE | VARIABLE_FLAGS)
            .notes("This command allows both access and modification of the key")],
    )
    .keys_by(bitfield::keys),
    command("bitfield_ro", bitfield::bitfield_ro, AtLeast(2), READONLY | FAST, BITMAP, READ_KEY),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
