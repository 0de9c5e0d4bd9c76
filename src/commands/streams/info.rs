//! XINFO: streams, groups and consumers.

use super::entries::{count_of, reply_entry, reply_id};
use super::info_full::reply_full;
use crate::commands::args::Args;
use crate::commands::command::Arity::{AtLeast, Exactly};
use crate::commands::command::access::{ACCESS, RO};
use crate::commands::command::categories::STREAM;
use crate::commands::command::flags::{LOADING, READONLY, STALE};
use crate::commands::command::{Command, CommandResult, command, key_at};
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::commands::help::{Entry, help, wrong_subcommand_arguments};
use crate::resp::Reply;
use crate::types::Stream;
use crate::types::stream::{Direction, Group, Log, StreamId};

pub const SUBCOMMANDS: &[Command] = &[
    command("consumers", consumers, Exactly(4), READONLY, STREAM, &[key_at(2, RO | ACCESS)])
        .tips(&["nondeterministic_output"]),
    command("groups", groups, Exactly(3), READONLY, STREAM, &[key_at(2, RO | ACCESS)]),
    command("help", xinfo_help, Exactly(2), LOADING | STALE, STREAM, &[]),
    command("stream", stream, AtLeast(3), READONLY, STREAM, &[key_at(2, RO | ACCESS)]),
];

const HELP: &[Entry] = &[
    ("CONSUMERS <key> <groupname>", "Show the consumers of a group."),
    ("GROUPS <key>", "Show the groups of a stream."),
    (
        "STREAM <key> [FULL [COUNT <count>]",
        "Show a stream; with FULL also entries, groups and what is pending.",
    ),
];

/// Entries and pending entries that FULL shows of each kind.
const FULL_COUNT_DEFAULT: usize = 10;

/// `XINFO STREAM key [FULL [COUNT count]]`
pub fn stream(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let stream = ctx.keys.read::<Stream>(args.next()?)?.ok_or(CommandError::NoSuchKey)?;
    match full_count(args)? {
        Some(count_max) => reply_full(ctx.reply, stream, count_max),
        None => reply_summary(ctx.reply, stream),
    }
    Ok(())
}

/// `XINFO GROUPS key`
pub fn groups(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let stream = ctx.keys.read::<Stream>(args.next()?)?.ok_or(CommandError::NoSuchKey)?;
    let reply = &mut *ctx.reply;
    reply.array(stream.groups().len());
    for (name, group) in stream.groups() {
        reply.map(6);
        reply.bulk(b"name");
        reply.bulk(name);
        reply.bulk(b"consumers");
        reply.count(group.consumer_count());
        reply.bulk(b"pending");
        reply.count(group.pending_len());
        reply_progress(reply, stream.log(), group);
    }
    Ok(())
}

/// `XINFO CONSUMERS key group`
pub fn consumers(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name) = (args.next()?, args.next()?);
    let now_ms = ctx.now_ms();
    let stream = ctx.keys.read::<Stream>(key)?.ok_or(CommandError::NoSuchKey)?;
    let group = stream
        .group(name)
        .ok_or_else(|| CommandError::NoGroup { key: repeated(key), group: repeated(name) })?;
    let reply = &mut *ctx.reply;
    reply.array(group.consumer_count());
    for (_, consumer) in group.consumers() {
        reply.map(4);
        reply.bulk(b"name");
        reply.bulk(consumer.name());
        reply.bulk(b"pending");
        reply.count(consumer.pending_len());
        reply.bulk(b"idle");
        reply.int(now_ms.wrapping_sub(consumer.seen_ms).max(0));
        reply.bulk(b"inactive");
        reply.int(consumer.active_ms.map_or(-1, |active_ms| now_ms.wrapping_sub(active_ms)));
    }
    Ok(())
}

pub fn xinfo_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help(ctx, "XINFO", HELP)
}

/// What both forms of XINFO STREAM begin with.
pub fn reply_counters(reply: &mut Reply, log: &Log) {
    reply.bulk(b"length");
    reply.count(log.len() as usize);
    // Redis keeps nodes in a radix tree; here are as many keys, and the tree's own nodes as one.
    reply.bulk(b"radix-tree-keys");
    reply.count(log.node_count());
    reply.bulk(b"radix-tree-nodes");
    reply.count(log.node_count() + 1);
    reply.bulk(b"last-generated-id");
    reply_id(reply, log.last_id());
    reply.bulk(b"max-deleted-entry-id");
    reply_id(reply, log.max_deleted_id());
    reply.bulk(b"entries-added");
    reply.int(log.entries_added() as i64);
    reply.bulk(b"recorded-first-entry-id");
    reply_id(reply, log.first_id());
}

/// How far a group has read.
pub fn reply_progress(reply: &mut Reply, log: &Log, group: &Group) {
    reply.bulk(b"last-delivered-id");
    reply_id(reply, group.last_delivered());
    reply.bulk(b"entries-read");
    reply_known(reply, group.entries_read().map(|read| read as i64));
    reply.bulk(b"lag");
    reply_known(reply, group.lag(log));
}

fn reply_summary(reply: &mut Reply, stream: &Stream) {
    let log = stream.log();
    reply.map(10);
    reply_counters(reply, log);
    reply.bulk(b"groups");
    reply.count(stream.groups().len());
    for (name, direction) in [("first-entry", Direction::Forward), ("last-entry", Direction::Backward)] {
        reply.bulk(name.as_bytes());
        match log.range(StreamId::MIN, StreamId::MAX, direction).next() {
            Some(entry) => reply_entry(reply, &entry),
            None => reply.null(),
        }
    }
}

fn reply_known(reply: &mut Reply, number: Option<i64>) {
    match number {
        Some(number) => reply.int(number),
        None => reply.null(),
    }
}

/// The COUNT of FULL (0 is without a limit), if that is asked for.
fn full_count(args: &Args<'_>) -> Result<Option<usize>, CommandError> {
    if args.left() == 0 {
        return Ok(None);
    }
    if !matches!(args.left(), 1 | 3) || !args.keyword("full") {
        return Err(wrong_subcommand_arguments(args));
    }
    if args.left() == 0 {
        return Ok(Some(FULL_COUNT_DEFAULT));
    }
    if !args.keyword("count") {
        return Err(wrong_subcommand_arguments(args));
    }
    let count = args.next_int()?;
    Ok(Some(if count < 0 { FULL_COUNT_DEFAULT } else { count_of(count) }))
}
