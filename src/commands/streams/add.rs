//! Commands on the entries of a stream: XADD, XDEL, XLEN, and XSETID, which sets its counters.

use smallvec::SmallVec;

use super::entries::{changed_quietly, node_limits, parse_id, parse_ids, reply_id};
use super::propagate::propagate_replacing;
use super::trim::{ExactTrim, TrimOptions, Trimming};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::EventClass;
use crate::types::Stream;
use crate::types::stream::{AppendError, IdText, NewId, StreamId};

const ADDED: (EventClass, &str) = (EventClass::STREAM, "xadd");
const TRIMMED: (EventClass, &str) = (EventClass::STREAM, "xtrim");

/// What XADD is asked for; the fields are the arguments left.
#[derive(Debug)]
struct Addition {
    no_make: bool,
    trimming: Option<Trimming>,
    id: NewId,
    /// Where the ID stands among the arguments.
    id_at: usize,
}

/// `XADD key [NOMKSTREAM] [MAXLEN | MINID [= | ~] threshold [LIMIT count]] id field value [field value ...]`
pub fn xadd(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let addition = Addition::parse(ctx, args)?;
    let limits = node_limits(ctx);
    let now_ms = u64::try_from(ctx.now_ms()).unwrap_or(0);
    let mut stream = if addition.no_make {
        let Some(stream) = ctx.keys.edit::<Stream>(key)? else {
            ctx.reply.null();
            return Ok(());
        };
        stream
    } else {
        ctx.keys.edit_or_create::<Stream>(key)?
    };
    let log = stream.log_mut();
    let id = log.id_for(addition.id, now_ms)?;
    let pairs = (addition.id_at + 1..args.len()).step_by(2).map(|at| (args.at(at), args.at(at + 1)));
    log.append(id, pairs, limits)?;
    let removed = addition.trimming.as_ref().map_or(0, |trimming| log.trim(&trimming.trim));
    let exact = addition.trimming.and_then(|trimming| trimming.exact(log));
    stream.changed_by(1, if removed > 0 { &[ADDED, TRIMMED] } else { &[ADDED] });
    propagate_addition(ctx, args, &addition, id, exact.as_ref());
    reply_id(ctx.reply, id);
    Ok(())
}

/// `XDEL key id [id ...]`
pub fn xdel(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let Some(mut stream) = ctx.keys.edit::<Stream>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let ids: SmallVec<[StreamId; 8]> = parse_ids(args)?;
    let deleted = stream.log_mut().delete(ids);
    if deleted > 0 {
        stream.changed_by(deleted, &[(EventClass::STREAM, "xdel")]);
    }
    ctx.reply.count(deleted as usize);
    Ok(())
}

pub fn xlen(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let length = ctx.keys.read::<Stream>(args.next()?)?.map_or(0, Stream::len);
    ctx.reply.count(length);
    Ok(())
}

/// `XSETID key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]`
pub fn xsetid(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let last_id = parse_id(args.next()?)?;
    let (mut entries_added, mut max_deleted_id) = (None, StreamId::MIN);
    while args.left() >= 2 {
        if args.keyword("entriesadded") {
            let number = u64::try_from(args.next_int()?).map_err(|_| CommandError::EntriesAddedNegative)?;
            entries_added = Some(number);
        } else if args.keyword("maxdeletedid") {
            max_deleted_id = parse_id(args.next()?)?;
            if last_id < max_deleted_id {
                return Err(CommandError::LastIdBelowGivenDeleted);
            }
        } else {
            return Err(CommandError::Syntax);
        }
    }
    args.finish()?;
    let mut stream = ctx.keys.edit::<Stream>(key)?.ok_or(CommandError::NoSuchKey)?;
    let log = stream.log_mut();
    if last_id < log.max_deleted_id() {
        return Err(CommandError::LastIdBelowDeleted);
    }
    if log.last_entry_id().is_some_and(|last_entry| last_id < last_entry) {
        return Err(CommandError::LastIdBelowTop);
    }
    if entries_added.is_some_and(|added| added < log.len()) {
        return Err(CommandError::EntriesAddedBelowLength);
    }
    log.set_last_id(last_id);
    if let Some(entries_added) = entries_added {
        log.set_entries_added(entries_added);
    }
    if !max_deleted_id.is_zero() {
        log.set_max_deleted_id(max_deleted_id);
    }
    changed_quietly(ctx.keys, key, 1, Some("xsetid"));
    ctx.reply.ok();
    Ok(())
}

impl Addition {
    /// Reads what stands between key and fields.
    fn parse(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Self, CommandError> {
        let (mut no_make, mut options) = (false, TrimOptions::default());
        let id = loop {
            if args.left() == 0 {
                break None;
            }
            if args.peek_is("*") {
                break Some(NewId::Auto);
            }
            if options.read(args)? {
                continue;
            }
            if args.keyword("nomkstream") {
                no_make = true;
                continue;
            }
            break Some(NewId::parse(args.at(args.position())).ok_or(CommandError::InvalidStreamId)?);
        };
        let trimming = options.optional(ctx)?;
        let id_at = args.position();
        let fields = args.len().saturating_sub(id_at + 1);
        let id = id
            .filter(|_| fields >= 2 && fields.is_multiple_of(2))
            .ok_or_else(|| CommandError::Arity(ctx.command_name().to_owned()))?;
        if id == NewId::Exact(StreamId::MIN) {
            return Err(CommandError::IdNotAboveZero);
        }
        Ok(Self { no_make, trimming, id, id_at })
    }
}

/// Replicas and the log get the ID that was given, and are told exactly what to trim.
fn propagate_addition(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    addition: &Addition,
    id: StreamId,
    exact: Option<&ExactTrim>,
) {
    let is_given = matches!(addition.id, NewId::Exact(_));
    if is_given && exact.is_none() {
        return;
    }
    let text = IdText::from(id);
    let mut replacements: SmallVec<[(usize, &[u8]); 3]> = SmallVec::new();
    replacements.extend(exact.iter().flat_map(|exact| exact.replacements()));
    if !is_given {
        replacements.push((addition.id_at, text.as_bytes()));
    }
    propagate_replacing(ctx, args, &replacements);
}

impl From<AppendError> for CommandError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Exhausted => Self::StreamExhausted,
            AppendError::NotIncreasing => Self::IdNotIncreasing,
            AppendError::TooLarge => Self::EntryTooLarge,
        }
    }
}
