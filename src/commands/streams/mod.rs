//! Stream commands and consumer groups.
//!
//! * `add`: XADD, XSETID, XDEL, XLEN.
//! * `trim`: XTRIM, and the options it shares with XADD.
//! * `range`: XRANGE and XREVRANGE; intervals of IDs.
//! * `read`, `serve`: XREAD and XREADGROUP: what is asked, and how it is served.
//! * `groups`: XGROUP.
//! * `pending`: XACK and XPENDING.
//! * `claim`: XCLAIM and XAUTOCLAIM.
//! * `info`, `info_full`: XINFO.
//! * `entries`: how IDs and entries look in replies.
//! * `propagate`: what replicas and the log get in place of commands that depend on time or on what was there.

mod add;
mod trim;
mod range;
mod read;
mod serve;
mod groups;
mod pending;
mod claim;
mod info;
mod info_full;
mod entries;
mod propagate;
#[cfg(test)]
mod tests;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, RO, RW, UPDATE};
use super::command::categories::STREAM;
use super::command::flags::{BLOCKING, DENYOOM, FAST, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Command, KeySpec, command, container, key_at};

pub const COMMANDS: &[Command] = &[
    command(
        "xadd",
        add::xadd,
        AtLeast(5),
        WRITE | DENYOOM | FAST,
        STREAM,
        &[key_at(1, RW | UPDATE).notes("UPDATE instead of INSERT because of the optional trimming feature")],
    )
    .tips(&["nondeterministic_output"]),
    command("xrange", range::xrange, AtLeast(4), READONLY, STREAM, READ_KEY),
    command("xrevrange", range::xrevrange, AtLeast(4), READONLY, STREAM, READ_KEY),
    command("xlen", add::xlen, Exactly(2), READONLY | FAST, STREAM, &[key_at(1, RO)]),
    command("xread", read::xread, AtLeast(4), BLOCKING | READONLY | MOVABLE_KEYS, STREAM, read::XREAD_KEYS)
        .keys_by(read::keys),
    command(
        "xreadgroup",
        read::xreadgroup,
        AtLeast(7),
        BLOCKING | WRITE | MOVABLE_KEYS,
        STREAM,
        read::XREADGROUP_KEYS,
    )
    .keys_by(read::keys),
    container("xgroup", groups::SUBCOMMANDS),
    command("xsetid", add::xsetid, AtLeast(3), WRITE | DENYOOM | FAST, STREAM, UPDATED_KEY),
    command("xack", pending::xack, AtLeast(4), WRITE | FAST, STREAM, UPDATED_KEY),
    command("xpending", pending::xpending, AtLeast(3), READONLY, STREAM, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("xclaim", claim::xclaim, AtLeast(6), WRITE | FAST, STREAM, UPDATED_KEY)
        .tips(&["nondeterministic_output"]),
    command("xautoclaim", claim::xautoclaim, AtLeast(6), WRITE | FAST, STREAM, &[key_at(1, RW | DELETE)])
        .tips(&["nondeterministic_output"]),
    container("xinfo", info::SUBCOMMANDS),
    command("xdel", add::xdel, AtLeast(3), WRITE | FAST, STREAM, &[key_at(1, RW | DELETE)]),
    command("xtrim", trim::xtrim, AtLeast(4), WRITE, STREAM, &[key_at(1, RW | DELETE)])
        .tips(&["nondeterministic_output"]),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
const UPDATED_KEY: &[KeySpec] = &[key_at(1, RW | UPDATE)];
