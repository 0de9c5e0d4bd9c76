//! HyperLogLogs: counting different elements, about, in little memory. They are strings of a certain form.
//!
//! * `sketches`: PFADD, PFCOUNT, PFMERGE.
//! * `inside`: PFDEBUG and PFSELFTEST, for tests.

mod sketches;
mod inside;
#[cfg(test)]
mod tests;

use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, INSERT, RO, RW};
use super::command::categories::HYPERLOGLOG;
use super::command::flags::{ADMIN, DENYOOM, FAST, MAY_REPLICATE, READONLY, WRITE};
use super::command::{Command, command, key_at, keys_from};

pub const COMMANDS: &[Command] = &[
    command(
        "pfadd",
        sketches::pfadd,
        AtLeast(2),
        WRITE | DENYOOM | FAST,
        HYPERLOGLOG,
        &[key_at(1, RW | INSERT)],
    ),
    command(
        "pfcount",
        sketches::pfcount,
        AtLeast(2),
        READONLY | MAY_REPLICATE,
        HYPERLOGLOG,
        &[keys_from(1, RW | ACCESS).notes(
            "RW because it may change the internal representation of the key, and propagate to replicas",
        )],
    ),
    command(
        "pfmerge",
        sketches::pfmerge,
        AtLeast(2),
        WRITE | DENYOOM,
        HYPERLOGLOG,
        &[key_at(1, RW | ACCESS | INSERT), keys_from(2, RO | ACCESS)],
    ),
    command(
        "pfdebug",
        inside::pfdebug,
        Exactly(3),
        WRITE | DENYOOM | ADMIN,
        HYPERLOGLOG,
        &[key_at(2, RW | ACCESS)],
    ),
    command("pfselftest", inside::pfselftest, Exactly(1), ADMIN, HYPERLOGLOG, &[]),
];
