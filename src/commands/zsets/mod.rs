//! Sorted-set commands.
//!
//! * `add`: ZADD and ZINCRBY.
//! * `score`: scores, ranks and counts. `scan`: ZSCAN. `random`: ZRANDMEMBER.
//! * `interval`: parts of a sorted set as clients name them: by rank, score or text.
//! * `range`: ZRANGE, its older relatives, and ZRANGESTORE. `remove`: ZREM and ZREMRANGEBY...
//! * `pop`: ZPOPMIN, ZMPOP and their relatives, also the ones that wait.
//! * `inputs`, `algebra`: unions, intersections and differences of sorted sets and sets.
//! * `specs`: key specifications. `reply`: elements as they are sent. `store`: results that become a key.

pub mod add;
mod score;
mod scan;
mod random;
mod interval;
mod range;
mod remove;
mod pop;
mod inputs;
mod algebra;
mod specs;
mod reply;
pub mod store;
#[cfg(test)]
mod tests;

use self::specs::{AWAITED_KEYS, POPPED_KEY, POPPED_KEYS, READ_KEY, READ_KEYS, REMOVED_KEY, STORED_KEYS};
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, DELETE, OW, RO, RW, UPDATE};
use super::command::categories::SORTEDSET;
use super::command::flags::{BLOCKING, DENYOOM, FAST, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Command, command, counted_keys, key_at};

pub const COMMANDS: &[Command] = &[
    command("zadd", add::zadd, AtLeast(4), WRITE | DENYOOM | FAST, SORTEDSET, &[key_at(1, RW | UPDATE)]),
    command(
        "zincrby",
        add::zincrby,
        Exactly(4),
        WRITE | DENYOOM | FAST,
        SORTEDSET,
        &[key_at(1, RW | ACCESS | UPDATE)],
    ),
    command("zcard", score::zcard, Exactly(2), READONLY | FAST, SORTEDSET, &[key_at(1, RO)]),
    command("zscore", score::zscore, Exactly(3), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zmscore", score::zmscore, AtLeast(3), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zrank", score::zrank, AtLeast(3), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zrevrank", score::zrevrank, AtLeast(3), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zcount", score::zcount, Exactly(4), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zlexcount", score::zlexcount, Exactly(4), READONLY | FAST, SORTEDSET, READ_KEY),
    command("zscan", scan::zscan, AtLeast(3), READONLY, SORTEDSET, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("zrandmember", random::zrandmember, AtLeast(2), READONLY, SORTEDSET, READ_KEY)
        .tips(&["nondeterministic_output"]),
    command("zrange", range::zrange, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command("zrevrange", range::zrevrange, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command("zrangebyscore", range::zrangebyscore, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command("zrevrangebyscore", range::zrevrangebyscore, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command("zrangebylex", range::zrangebylex, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command("zrevrangebylex", range::zrevrangebylex, AtLeast(4), READONLY, SORTEDSET, READ_KEY),
    command(
        "zrangestore",
        range::zrangestore,
        AtLeast(5),
        WRITE | DENYOOM,
        SORTEDSET,
        &[key_at(1, OW | UPDATE), key_at(2, RO | ACCESS)],
    ),
    command("zrem", remove::zrem, AtLeast(3), WRITE | FAST, SORTEDSET, REMOVED_KEY),
    command("zremrangebyrank", remove::zremrangebyrank, Exactly(4), WRITE, SORTEDSET, REMOVED_KEY),
    command("zremrangebyscore", remove::zremrangebyscore, Exactly(4), WRITE, SORTEDSET, REMOVED_KEY),
    command("zremrangebylex", remove::zremrangebylex, Exactly(4), WRITE, SORTEDSET, REMOVED_KEY),
    command("zpopmin", pop::zpopmin, AtLeast(2), WRITE | FAST, SORTEDSET, POPPED_KEY),
    command("zpopmax", pop::zpopmax, AtLeast(2), WRITE | FAST, SORTEDSET, POPPED_KEY),
    command("zmpop", pop::zmpop, AtLeast(4), WRITE | MOVABLE_KEYS, SORTEDSET, POPPED_KEYS),
    command("bzpopmin", pop::bzpopmin, AtLeast(3), WRITE | FAST | BLOCKING, SORTEDSET, AWAITED_KEYS),
    command("bzpopmax", pop::bzpopmax, AtLeast(3), WRITE | FAST | BLOCKING, SORTEDSET, AWAITED_KEYS),
    command(
        "bzmpop",
        pop::bzmpop,
        AtLeast(5),
        WRITE | BLOCKING | MOVABLE_KEYS,
        SORTEDSET,
        &[counted_keys(2, RW | ACCESS | DELETE)],
    ),
    command("zunion", algebra::zunion, AtLeast(3), READONLY | MOVABLE_KEYS, SORTEDSET, READ_KEYS),
    command("zinter", algebra::zinter, AtLeast(3), READONLY | MOVABLE_KEYS, SORTEDSET, READ_KEYS),
    command("zdiff", algebra::zdiff, AtLeast(3), READONLY | MOVABLE_KEYS, SORTEDSET, READ_KEYS),
    command("zintercard", algebra::zintercard, AtLeast(3), READONLY | MOVABLE_KEYS, SORTEDSET, READ_KEYS),
    command(
        "zunionstore",
        algebra::zunionstore,
        AtLeast(4),
        WRITE | DENYOOM | MOVABLE_KEYS,
        SORTEDSET,
        STORED_KEYS,
    ),
    command(
        "zinterstore",
        algebra::zinterstore,
        AtLeast(4),
        WRITE | DENYOOM | MOVABLE_KEYS,
        SORTEDSET,
        STORED_KEYS,
    ),
    command(
        "zdiffstore",
        algebra::zdiffstore,
        AtLeast(4),
        WRITE | DENYOOM | MOVABLE_KEYS,
        SORTEDSET,
        STORED_KEYS,
    ),
];
