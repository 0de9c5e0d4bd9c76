//! XGROUP: groups and their consumers.
//!
//! Whoever watches or caches the key does not hear of changes of its groups; a stream that is made along with a
//! group is a change.

use super::entries::{changed_quietly, parse_id};
use crate::commands::args::Args;
use crate::commands::command::Arity::{AtLeast, Exactly};
use crate::commands::command::access::{DELETE, INSERT, RW, UPDATE};
use crate::commands::command::categories::STREAM;
use crate::commands::command::flags::{DENYOOM, LOADING, STALE, WRITE};
use crate::commands::command::{Command, CommandResult, command, key_at};
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::commands::help::{Entry, help, wrong_subcommand_arguments};
use crate::keyspace::{Edit, EventClass};
use crate::types::Stream;
use crate::types::stream::{ConsumerId, Group, StreamId};

pub const SUBCOMMANDS: &[Command] = &[
    command("create", create, AtLeast(5), WRITE | DENYOOM, STREAM, &[key_at(2, RW | INSERT)]),
    command(
        "createconsumer",
        create_consumer,
        Exactly(5),
        WRITE | DENYOOM,
        STREAM,
        &[key_at(2, RW | INSERT)],
    ),
    command("delconsumer", delete_consumer, Exactly(5), WRITE, STREAM, &[key_at(2, RW | DELETE)]),
    command("destroy", destroy, Exactly(4), WRITE, STREAM, &[key_at(2, RW | DELETE)]),
    command("help", xgroup_help, Exactly(2), LOADING | STALE, STREAM, &[]),
    command("setid", set_id, AtLeast(5), WRITE, STREAM, &[key_at(2, RW | UPDATE)]),
];

const HELP: &[Entry] = &[
    (
        "CREATE <key> <groupname> <id|$> [option]",
        "Make a group that reads what is behind <id>. Options are:\n\
         * MKSTREAM\n\
         \x20 Make an empty stream if there is none.\n\
         * ENTRIESREAD entries_read\n\
         \x20 Set how many entries the group has read (internal use).",
    ),
    ("CREATECONSUMER <key> <groupname> <consumer>", "Add a consumer to a group."),
    ("DELCONSUMER <key> <groupname> <consumer>", "Remove a consumer with what is pending with it."),
    ("DESTROY <key> <groupname>", "Remove a group."),
    (
        "SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]",
        "Make a group go on behind <id>, having read so many entries.",
    ),
];

/// CREATE takes each of its options once.
const CREATE_ARGUMENTS_MAX: usize = 8;

/// The options of CREATE and SETID.
#[derive(Debug, Default)]
struct Options {
    make_stream: bool,
    entries_read: Option<u64>,
}

/// `XGROUP CREATE key group id | $ [MKSTREAM] [ENTRIESREAD entries-read]`
pub fn create(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, position) = (args.next()?, args.next()?, args.next()?);
    let options = Options::parse(args, true)?;
    let mut stream = if options.make_stream {
        ctx.keys.edit_or_create::<Stream>(key)?
    } else {
        ctx.keys.edit::<Stream>(key)?.ok_or(CommandError::GroupNeedsKey)?
    };
    if args.len() > CREATE_ARGUMENTS_MAX {
        return Err(wrong_subcommand_arguments(args));
    }
    let position = if position == b"$" { stream.log().last_id() } else { parse_id(position)? };
    if !stream.add_group(name, Group::new(position, options.entries_read)) {
        return Err(CommandError::GroupExists);
    }
    if stream.is_new() {
        stream.changed(EventClass::STREAM, "xgroup-create");
    } else {
        changed_quietly(ctx.keys, key, 1, Some("xgroup-create"));
    }
    ctx.reply.ok();
    Ok(())
}

/// `XGROUP SETID key group id | $ [ENTRIESREAD entries-read]`
pub fn set_id(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, position) = (args.next()?, args.next()?, args.next()?);
    let options = Options::parse(args, false)?;
    let mut stream = edit_with_group(ctx, key, name)?;
    if !matches!(args.len(), 5 | 7) {
        return Err(wrong_subcommand_arguments(args));
    }
    let position = match position {
        b"$" => stream.log().last_id(),
        text => StreamId::parse_bound(text, 0).ok_or(CommandError::InvalidStreamId)?,
    };
    if let Some((_, group)) = stream.log_and_group_mut(name) {
        group.set_position(position, options.entries_read);
    }
    changed_quietly(ctx.keys, key, 1, Some("xgroup-setid"));
    ctx.reply.ok();
    Ok(())
}

/// `XGROUP DESTROY key group`
pub fn destroy(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name) = (args.next()?, args.next()?);
    let mut stream = ctx.keys.edit::<Stream>(key)?.ok_or(CommandError::GroupNeedsKey)?;
    if !stream.remove_group(name) {
        ctx.reply.int(0);
        return Ok(());
    }
    changed_quietly(ctx.keys, key, 1, Some("xgroup-destroy"));
    // Those who wait to read with the group get an error.
    ctx.keys.effects.wake(ctx.client.db, key);
    ctx.reply.int(1);
    Ok(())
}

/// `XGROUP CREATECONSUMER key group consumer`
pub fn create_consumer(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let now_ms = ctx.now_ms();
    let mut stream = edit_with_group(ctx, key, name)?;
    let group = stream.log_and_group_mut(name).map(|(_, group)| group);
    let is_new = group.is_some_and(|group| group.add_consumer(consumer, now_ms).is_some());
    if is_new {
        changed_quietly(ctx.keys, key, 1, Some("xgroup-createconsumer"));
    }
    ctx.reply.int(is_new.into());
    Ok(())
}

/// `XGROUP DELCONSUMER key group consumer`
pub fn delete_consumer(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, name, consumer) = (args.next()?, args.next()?, args.next()?);
    let mut stream = edit_with_group(ctx, key, name)?;
    let group = stream.log_and_group_mut(name).map(|(_, group)| group);
    let removed = group.and_then(|group| {
        let consumer = group.find_consumer(consumer)?;
        Some(group.remove_consumer(consumer))
    });
    if removed.is_some() {
        changed_quietly(ctx.keys, key, 1, Some("xgroup-delconsumer"));
    }
    ctx.reply.count(removed.unwrap_or(0));
    Ok(())
}

pub fn xgroup_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help(ctx, "XGROUP", HELP)
}

/// The consumer of this name, made if it is not there; whether it was made.
pub fn consumer_of(group: &mut Group, name: &[u8], now_ms: i64) -> (ConsumerId, bool) {
    match group.find_consumer(name) {
        Some(consumer) => {
            group.saw(consumer, now_ms);
            (consumer, false)
        }
        None => (group.add_consumer(name, now_ms).expect("no consumer has the name"), true),
    }
}

/// A stream that has this group, for subcommands that need both.
fn edit_with_group<'a>(
    ctx: &'a mut Ctx<'_>,
    key: &'a [u8],
    name: &[u8],
) -> Result<Edit<'a, Stream>, CommandError> {
    let stream = ctx.keys.edit::<Stream>(key)?.ok_or(CommandError::GroupNeedsKey)?;
    if stream.group(name).is_none() {
        return Err(CommandError::NoGroup { key: repeated(key), group: repeated(name) });
    }
    Ok(stream)
}

impl Options {
    fn parse(args: &Args<'_>, makes_streams: bool) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            if makes_streams && args.keyword("mkstream") {
                options.make_stream = true;
            } else if args.left() >= 2 && args.keyword("entriesread") {
                options.entries_read = match args.next_int()? {
                    -1 => None,
                    number => Some(u64::try_from(number).map_err(|_| CommandError::EntriesReadNegative)?),
                };
            } else {
                return Err(wrong_subcommand_arguments(args));
            }
        }
        Ok(options)
    }
}
