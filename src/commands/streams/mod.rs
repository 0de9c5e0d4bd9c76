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

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, INSERT, RO, RW, UPDATE};
use super::command::categories::STREAM;
use super::command::flags::{BLOCKING, DENYOOM, FAST, LOADING, MOVABLE_KEYS, READONLY, STALE, WRITE};
use super::command::{Begin, Command, Find, KeySpec, command, container, key_at};

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
    command("xread", read::xread, AtLeast(4), BLOCKING | READONLY | MOVABLE_KEYS, STREAM, &[streams_from(1)])
        .keys_by(read::keys),
    command(
        "xreadgroup",
        read::xreadgroup,
        AtLeast(7),
        BLOCKING | WRITE | MOVABLE_KEYS,
        STREAM,
        &[streams_from(4)],
    )
    .keys_by(read::keys),
    container("xgroup", XGROUP),
    command("xsetid", add::xsetid, AtLeast(3), WRITE | DENYOOM | FAST, STREAM, UPDATED_KEY),
    command("xack", pending::xack, AtLeast(4), WRITE | FAST, STREAM, UPDATED_KEY),
    command("xpending", pending::xpending, AtLeast(3), READONLY, STREAM, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("xclaim", claim::xclaim, AtLeast(6), WRITE | FAST, STREAM, UPDATED_KEY)
        .tips(&["nondeterministic_output"]),
    command("xautoclaim", claim::xautoclaim, AtLeast(6), WRITE | FAST, STREAM, &[key_at(1, RW | DELETE)])
        .tips(&["nondeterministic_output"]),
    container("xinfo", XINFO),
    command("xdel", add::xdel, AtLeast(3), WRITE | FAST, STREAM, &[key_at(1, RW | DELETE)]),
    command("xtrim", trim::xtrim, AtLeast(4), WRITE, STREAM, &[key_at(1, RW | DELETE)])
        .tips(&["nondeterministic_output"]),
];

const XGROUP: &[Command] = &[
    command("create", groups::create, AtLeast(5), WRITE | DENYOOM, STREAM, &[key_at(2, RW | INSERT)]),
    command(
        "createconsumer",
        groups::create_consumer,
        Exactly(5),
        WRITE | DENYOOM,
        STREAM,
        &[key_at(2, RW | INSERT)],
    ),
    command("delconsumer", groups::delete_consumer, Exactly(5), WRITE, STREAM, &[key_at(2, RW | DELETE)]),
    command("destroy", groups::destroy, Exactly(4), WRITE, STREAM, &[key_at(2, RW | DELETE)]),
    command("help", groups::xgroup_help, Exactly(2), LOADING | STALE, STREAM, &[]),
    command("setid", groups::set_id, AtLeast(5), WRITE, STREAM, &[key_at(2, RW | UPDATE)]),
];

const XINFO: &[Command] = &[
    command("consumers", info::consumers, Exactly(4), READONLY, STREAM, &[key_at(2, RO | ACCESS)])
        .tips(&["nondeterministic_output"]),
    command("groups", info::groups, Exactly(3), READONLY, STREAM, &[key_at(2, RO | ACCESS)]),
    command("help", info::xinfo_help, Exactly(2), LOADING | STALE, STREAM, &[]),
    command("stream", info::stream, AtLeast(3), READONLY, STREAM, &[key_at(2, RO | ACCESS)]),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
const UPDATED_KEY: &[KeySpec] = &[key_at(1, RW | UPDATE)];

/// The first half of what follows STREAMS, which is looked for from this argument on.
const fn streams_from(start: i64) -> KeySpec {
    KeySpec {
        access: RO | ACCESS,
        begin: Begin::Keyword("STREAMS", start),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }
}
