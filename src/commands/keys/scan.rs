//! KEYS SCAN RANDOMKEY: finding keys without knowing them. Cursor, options and reply of SCAN are those of
//! the commands that scan a collection, too.

use crate::commands::args::Args;
use crate::commands::command::Arity::{AtLeast, Exactly};
use crate::commands::command::categories::{DANGEROUS, KEYSPACE};
use crate::commands::command::flags::{READONLY, TOUCHES_ARBITRARY_KEYS};
use crate::commands::command::{Command, CommandResult, command};
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EntryRef, Kind};
use crate::resp::Reply;
use crate::util::glob;
use crate::util::number::parse_u64_lenient;
use crate::util::text::is_space;

pub const COMMANDS: &[Command] =
    &[
        command("keys", keys, Exactly(2), READONLY, KEYSPACE | DANGEROUS, &[])
            .tips(&["request_policy:all_shards", "nondeterministic_output_order"]),
        command("scan", scan, AtLeast(2), READONLY | TOUCHES_ARBITRARY_KEYS, KEYSPACE, &[]).tips(&[
            "nondeterministic_output",
            "request_policy:special",
            "response_policy:special",
        ]),
        command("randomkey", randomkey, Exactly(1), READONLY | TOUCHES_ARBITRARY_KEYS, KEYSPACE, &[])
            .tips(&["request_policy:all_shards", "response_policy:special", "nondeterministic_output"]),
    ];

/// Keys visited by a step that does not say how many.
const COUNT_DEFAULT: usize = 10;

/// Which names a client is interested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern<'a> {
    All,
    Glob(&'a [u8]),
}

impl<'a> Pattern<'a> {
    pub fn new(pattern: &'a [u8]) -> Self {
        if pattern == b"*" { Self::All } else { Self::Glob(pattern) }
    }

    #[inline]
    pub fn matches(self, name: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Glob(pattern) => glob::matches(pattern, name, false),
        }
    }
}

/// Which types of values SCAN is interested in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TypeFilter {
    Any,
    Only(Kind),
    /// The name of no type: no key has it, which is not an error.
    Unknown,
}

impl TypeFilter {
    fn named(name: &[u8]) -> Self {
        let kinds = [Kind::String, Kind::List, Kind::Set, Kind::Zset, Kind::Hash, Kind::Stream];
        let named = kinds.into_iter().find(|kind| name.eq_ignore_ascii_case(kind.name().as_bytes()));
        named.map_or(Self::Unknown, Self::Only)
    }

    fn accepts(self, kind: Kind) -> bool {
        match self {
            Self::Any => true,
            Self::Only(wanted) => wanted == kind,
            Self::Unknown => false,
        }
    }
}

/// MATCH and COUNT, which all commands of the SCAN family take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanOptions<'a> {
    pub pattern: Pattern<'a>,
    pub count: usize,
}

impl<'a> ScanOptions<'a> {
    /// Reads the arguments that are left; `other` gets the first word of an option that is not one of
    /// these, and says whether it has taken it.
    pub fn parse(
        args: &'a Args<'_>,
        mut other: impl FnMut(&'a Args<'_>) -> Result<bool, CommandError>,
    ) -> Result<Self, CommandError> {
        let mut options = Self { pattern: Pattern::All, count: COUNT_DEFAULT };
        while args.left() > 0 {
            if args.keyword("count") {
                let count = args.next_int()?;
                options.count =
                    usize::try_from(count).ok().filter(|count| *count > 0).ok_or(CommandError::Syntax)?;
            } else if args.keyword("match") {
                options.pattern = Pattern::new(args.next()?);
            } else if !other(args)? {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }
}

/// The position in a scan that a client sends back. Redis reads it with `strtoul`, hence what is accepted:
/// a sign (`-1` is the highest position), leading zeros, nothing at all, anything behind a zero byte.
pub fn parse_cursor(text: &[u8]) -> Result<u64, CommandError> {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    let digits = &text[..end];
    if digits.is_empty() {
        return Ok(0);
    }
    let starts_with_space = digits.first().copied().is_some_and(is_space);
    parse_u64_lenient(digits).filter(|_| !starts_with_space).ok_or(CommandError::InvalidCursor)
}

/// Replies with the next cursor and a page of `len` elements, written before the cursor was known.
pub fn reply_with_page(reply: &mut Reply, cursor: u64, len: usize, mut page: Reply) {
    reply.array(2);
    reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
    reply.array(len);
    reply.output.append(&mut page.output);
}

fn scan(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let cursor = parse_cursor(args.next()?)?;
    let mut types = TypeFilter::Any;
    let options = ScanOptions::parse(args, |args| {
        let is_type = args.keyword("type");
        if is_type {
            types = TypeFilter::named(args.next()?);
        }
        Ok(is_type)
    })?;

    let mut page = Reply::new(ctx.reply.protocol);
    let mut len = 0;
    let cursor = ctx.keys.scan(cursor, options.count, |entry: EntryRef<'_>| {
        if types.accepts(entry.kind()) && options.pattern.matches(entry.key()) {
            page.bulk(entry.key());
            len += 1;
        }
    });
    reply_with_page(ctx.reply, cursor, len, page);
    Ok(())
}

fn keys(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let pattern = Pattern::new(args.next()?);
    let keys = ctx.keys.iter(ctx.client.db).map(EntryRef::key).filter(|key| pattern.matches(key));
    ctx.reply.array_of_unknown(|reply| keys.map(|key| reply.bulk(key)).count());
    Ok(())
}

fn randomkey(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    match ctx.keys.random_key() {
        Some(entry) => ctx.reply.bulk(entry.key()),
        None => ctx.reply.null(),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_what_strtoul_reads() {
        let cases: [(&[u8], Option<u64>); 12] = [
            (b"0", Some(0)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"-1", Some(u64::MAX)),
            (b"+007", Some(7)),
            (b"", Some(0)),
            (b"12\0x", Some(12)),
            (b" 1", None),
            (b"\t1", None),
            (b"1 ", None),
            (b"-", None),
            (b"0x10", None),
        ];
        for (text, cursor) in cases {
            assert_eq!(parse_cursor(text).ok(), cursor, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_lone_star_matches_even_the_empty_name() {
        assert!(Pattern::new(b"*").matches(b""));
        assert!(!Pattern::new(b"**").matches(b""));
        assert!(Pattern::new(b"a?c").matches(b"abc"));
    }

    #[test]
    fn types_are_named_in_any_case() {
        assert_eq!(TypeFilter::named(b"ZSet"), TypeFilter::Only(Kind::Zset));
        assert_eq!(TypeFilter::named(b"none"), TypeFilter::Unknown);
    }
}
