//! Positions on earth, kept in sorted sets.
//!
//! * `arguments`: positions, lengths and units as clients give them.
//! * `members`: GEOADD, and what is known of single members: GEODIST, GEOHASH, GEOPOS.
//! * `query`: what the search commands ask for. `search`: those commands.

mod arguments;
mod members;
mod query;
mod search;
#[cfg(test)]
mod tests;

use super::command::Arity::AtLeast;
use super::command::access::{ACCESS, OW, RO, RW, UPDATE};
use super::command::categories::GEO;
use super::command::flags::{DENYOOM, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Command, KeySpec, command, key_at, key_behind};

pub const COMMANDS: &[Command] = &[
    command("geoadd", members::geoadd, AtLeast(5), WRITE | DENYOOM, GEO, &[key_at(1, RW | UPDATE)]),
    command("geodist", members::geodist, AtLeast(4), READONLY, GEO, READ_KEY),
    command("geohash", members::geohash, AtLeast(2), READONLY, GEO, READ_KEY),
    command("geopos", members::geopos, AtLeast(2), READONLY, GEO, READ_KEY),
    command("geosearch", search::geosearch, AtLeast(7), READONLY, GEO, READ_KEY),
    command(
        "geosearchstore",
        search::geosearchstore,
        AtLeast(8),
        WRITE | DENYOOM,
        GEO,
        &[key_at(1, OW | UPDATE), key_at(2, RO | ACCESS)],
    ),
    command(
        "georadius",
        search::georadius,
        AtLeast(6),
        WRITE | DENYOOM | MOVABLE_KEYS,
        GEO,
        &[
            key_at(1, RO | ACCESS),
            key_behind("STORE", 6, OW | UPDATE),
            key_behind("STOREDIST", 6, OW | UPDATE),
        ],
    ),
    command("georadius_ro", search::georadius_ro, AtLeast(6), READONLY, GEO, READ_KEY),
    command(
        "georadiusbymember",
        search::georadiusbymember,
        AtLeast(5),
        WRITE | DENYOOM | MOVABLE_KEYS,
        GEO,
        &[
            key_at(1, RO | ACCESS),
            key_behind("STORE", 5, OW | UPDATE),
            key_behind("STOREDIST", 5, OW | UPDATE),
        ],
    ),
    command("georadiusbymember_ro", search::georadiusbymember_ro, AtLeast(5), READONLY, GEO, READ_KEY),
];

const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];
