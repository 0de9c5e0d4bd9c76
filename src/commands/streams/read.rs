//! XREAD and XREADGROUP: what they are asked, and where each stream is read from.
//!
//! Both serve what there is. If there is nothing, they may wait until there is; then the command is executed
//! again, with each `$` become the ID that it stood for at first.

use smallvec::SmallVec;

use super::entries::{count_of, parse_id};
use super::serve::{serve_consumer, serve_reader};
use crate::commands::args::Args;
use crate::commands::command::access::{ACCESS, RO};
use crate::commands::command::{Begin, CommandResult, Find, KeySpec};
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::commands::key_extraction::{KeyPosition, Keys, Line};
use crate::engine::Deadline;
use crate::keyspace::Kind;
use crate::types::Stream;
use crate::types::stream::{IdText, StreamId};
use crate::util::number::parse_i64;

pub const XREAD_KEYS: &[KeySpec] = &[keys_behind_streams(1)];
pub const XREADGROUP_KEYS: &[KeySpec] = &[keys_behind_streams(4)];

/// The first half of what follows STREAMS, which is looked for from this argument on.
const fn keys_behind_streams(start: i64) -> KeySpec {
    KeySpec {
        access: RO | ACCESS,
        begin: Begin::Keyword("STREAMS", start),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    }
}

/// Where to read a stream from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// `>`: behind what was delivered to the group.
    New,
    After(StreamId),
}

/// Who reads in XREADGROUP.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a> {
    pub group: &'a [u8],
    pub consumer: &'a [u8],
    /// What is delivered does not become pending.
    pub no_ack: bool,
}

/// What is asked.
#[derive(Debug)]
pub struct ReadRequest<'a> {
    /// 0 is without a limit.
    pub count: usize,
    pub reader: Option<Reader<'a>>,
    /// Whether and how long to wait.
    block: Option<Deadline>,
    /// The argument that is the first key.
    first_key: usize,
    /// How many keys; behind them are as many IDs.
    keys: usize,
}

/// Where each of the streams is read from.
pub type Positions = SmallVec<[Position; 8]>;

/// `XREAD [COUNT count] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]`
pub fn xread(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let request = ReadRequest::parse(ctx, args, false)?;
    let positions = request.positions(ctx, args)?;
    if serve_reader(ctx, args, &request, &positions)? {
        return Ok(());
    }
    request.wait(ctx, args, &positions);
    Ok(())
}

/// `XREADGROUP GROUP group consumer [COUNT count] [BLOCK milliseconds] [NOACK] STREAMS key [key ...] id [id ...]`
pub fn xreadgroup(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let request = ReadRequest::parse(ctx, args, true)?;
    let positions = request.positions(ctx, args)?;
    if serve_consumer(ctx, args, &request, &positions) {
        return Ok(());
    }
    request.wait(ctx, args, &positions);
    Ok(())
}

/// The keys of both: the first half of what follows STREAMS, where the options before it make sense.
pub fn keys(line: &dyn Line) -> Option<Keys> {
    let is = |index: usize, word: &str| line.word(index).eq_ignore_ascii_case(word.as_bytes());
    let mut index = 1;
    while index < line.len() && !is(index, "streams") {
        index += if is(index, "block") || is(index, "count") {
            2
        } else if is(index, "group") {
            3
        } else if is(index, "noack") {
            1
        } else {
            return None;
        };
    }
    let first = index + 1;
    let behind = line.len().checked_sub(first).filter(|behind| *behind > 0 && behind.is_multiple_of(2))?;
    Some((first..first + behind / 2).map(|index| KeyPosition { index, access: 0 }).collect())
}

impl<'a> ReadRequest<'a> {
    fn parse(ctx: &Ctx<'_>, args: &'a Args<'_>, is_group: bool) -> Result<Self, CommandError> {
        let (mut count, mut block) = (0, None);
        let (mut reader, mut no_ack) = (None, false);
        loop {
            let has_value = args.left() >= 2;
            if has_value && args.keyword("block") {
                let timeout_ms = parse_i64(args.next()?).ok_or(CommandError::TimeoutNotAnInteger)?;
                block = Some(ctx.deadline_of_ms(timeout_ms)?);
            } else if has_value && args.keyword("count") {
                count = count_of(args.next_int()?);
            } else if has_value && args.keyword("streams") {
                break;
            } else if args.left() >= 3 && args.keyword("group") {
                if !is_group {
                    return Err(CommandError::OnlyInGroup("GROUP"));
                }
                reader = Some((args.next()?, args.next()?));
            } else if args.keyword("noack") {
                if !is_group {
                    return Err(CommandError::OnlyInGroup("NOACK"));
                }
                no_ack = true;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        if !args.left().is_multiple_of(2) {
            let command = ctx.command_name().to_owned();
            return Err(CommandError::UnbalancedStreams { command, sign: if is_group { '>' } else { '$' } });
        }
        if is_group && reader.is_none() {
            return Err(CommandError::GroupMissing);
        }
        let reader = reader.map(|(group, consumer)| Reader { group, consumer, no_ack });
        Ok(Self { count, reader, block, first_key: args.position(), keys: args.left() / 2 })
    }

    /// The keys with what they are read from, as Redis looks at them: each is found, has the right type and the
    /// group, before its ID is read.
    fn positions(&self, ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<Positions, CommandError> {
        let position = |index: usize| {
            let (key, id) = (self.key(args, index), self.id(args, index));
            let stream = ctx.keys.read::<Stream>(key)?;
            let Some(reader) = self.reader else {
                return match id {
                    b"$" => {
                        Ok(Position::After(stream.map_or(StreamId::MIN, |stream| stream.log().last_id())))
                    }
                    b">" => Err(CommandError::NewEntriesWithoutGroup),
                    _ => parse_id(id).map(Position::After),
                };
            };
            if stream.and_then(|stream| stream.group(reader.group)).is_none() {
                return Err(CommandError::NoGroupToRead {
                    key: repeated(key),
                    group: repeated(reader.group),
                });
            }
            match id {
                b"$" => Err(CommandError::LastIdInGroup),
                b">" => Ok(Position::New),
                _ => match parse_id(id)? {
                    // Redis tells the two apart no further.
                    StreamId::MAX => Ok(Position::New),
                    id => Ok(Position::After(id)),
                },
            }
        };
        (0..self.keys).map(position).collect()
    }

    /// There is nothing to read yet.
    fn wait(&self, ctx: &mut Ctx<'_>, args: &Args<'_>, positions: &Positions) {
        let Some(deadline) = self.block.filter(|_| ctx.may_block()) else {
            ctx.reply.null_array();
            return;
        };
        let keys = (0..self.keys).map(|index| self.key(args, index));
        if self.reader.is_some() {
            ctx.block_on_or_loss(keys, Kind::Stream, deadline);
        } else {
            ctx.block_on(keys, Kind::Stream, deadline);
            self.keep_resolved(ctx, args, positions);
        }
    }

    /// Each `$` means what it meant now, also when the command is executed again.
    fn keep_resolved(&self, ctx: &mut Ctx<'_>, args: &Args<'_>, positions: &Positions) {
        let resolved: SmallVec<[Option<IdText>; 8]> = positions
            .iter()
            .enumerate()
            .map(|(index, position)| match position {
                Position::After(id) if self.id(args, index) == b"$" => Some(IdText::from(*id)),
                _ => None,
            })
            .collect();
        if resolved.iter().all(Option::is_none) {
            return;
        }
        let mut arguments: SmallVec<[&[u8]; 16]> = args.all().collect();
        let ids = self.first_key + self.keys;
        for (argument, id) in arguments.iter_mut().skip(ids).zip(&resolved) {
            if let Some(id) = id {
                *argument = id.as_bytes();
            }
        }
        ctx.retry_as(&arguments);
    }

    pub fn key<'k>(&self, args: &'k Args<'_>, index: usize) -> &'k [u8] {
        args.at(self.first_key + index)
    }

    fn id<'k>(&self, args: &'k Args<'_>, index: usize) -> &'k [u8] {
        args.at(self.first_key + self.keys + index)
    }
}
