//! LCS: the longest common subsequence of two strings.
//!
//! The textbook table of (length + 1) x (length + 1) counters. It is transient memory that a client
//! decides on, so like any value it must not exceed `proto-max-bulk-len`, which bounds the time as
//! well.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EntryRef, Keyspace, StrRef};
use crate::resp::Reply;

/// Counters are 32 bits wide.
const LENGTH_MAX: usize = u32::MAX as usize - 2;

#[derive(Debug, Default)]
struct Options {
    len: bool,
    idx: bool,
    with_match_len: bool,
    match_len_min: i64,
}

/// `LCS key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]`
pub fn lcs(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (first_key, second_key) = (args.next()?, args.next()?);
    let lengths = (length_of(ctx.keys, first_key), length_of(ctx.keys, second_key));
    let (Some(first_len), Some(second_len)) = lengths else {
        return Err(CommandError::LcsNotStrings);
    };
    let options = Options::parse(args)?;
    let cells = cells(first_len, second_len, ctx.engine.config.limits.bulk_bytes)?;
    let (first, second) = (text_of(ctx.keys, first_key), text_of(ctx.keys, second_key));
    let table = Table::new(&first, &second, cells)?;
    if options.idx {
        reply_matches(ctx.reply, &table, &options);
    } else if options.len {
        ctx.reply.int(i64::from(table.length()));
    } else {
        ctx.reply.bulk(&table.subsequence());
    }
    Ok(())
}

impl Options {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            if args.keyword("idx") {
                options.idx = true;
            } else if args.keyword("len") {
                options.len = true;
            } else if args.keyword("withmatchlen") {
                options.with_match_len = true;
            } else if args.keyword("minmatchlen") {
                options.match_len_min = args.next_int()?;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        if options.len && options.idx { Err(CommandError::LcsLenAndIdx) } else { Ok(options) }
    }
}

/// The length of a string, which is empty if it is missing; `None` for another type.
fn length_of(keys: &mut Keyspace, key: &[u8]) -> Option<usize> {
    keys.find_string(key).ok().map(|string| string.map_or(0, StrRef::len))
}

fn text_of(keys: &mut Keyspace, key: &[u8]) -> Vec<u8> {
    keys.peek(key).and_then(EntryRef::string).map(StrRef::to_vec).unwrap_or_default()
}

/// The number of counters two strings need.
fn cells(first_len: usize, second_len: usize, bytes_max: u64) -> Result<usize, CommandError> {
    if first_len > LENGTH_MAX || second_len > LENGTH_MAX {
        return Err(CommandError::LcsStringTooLong);
    }
    let cells = (first_len + 1).checked_mul(second_len + 1).ok_or(CommandError::LcsOutOfMemory)?;
    let bytes = cells.checked_mul(size_of::<u32>()).ok_or(CommandError::LcsOutOfMemory)?;
    if bytes as u64 > bytes_max { Err(CommandError::LcsTableTooBig) } else { Ok(cells) }
}

fn reply_matches(reply: &mut Reply, table: &Table<'_>, options: &Options) {
    reply.map(2);
    reply.bulk(b"matches");
    reply.array_of_unknown(|reply| {
        let wanted = table.matches().filter(|found| found.len as i64 >= options.match_len_min);
        wanted.map(|found| reply_match(reply, found, options.with_match_len)).count()
    });
    reply.bulk(b"len");
    reply.int(i64::from(table.length()));
}

fn reply_match(reply: &mut Reply, found: Match, with_len: bool) {
    reply.array(if with_len { 3 } else { 2 });
    for start in [found.first, found.second] {
        reply.array(2);
        reply.count(start);
        reply.count(start + found.len - 1);
    }
    if with_len {
        reply.count(found.len);
    }
}

/// A run of bytes that both strings have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    /// Where it starts in the first string.
    first: usize,
    second: usize,
    len: usize,
}

/// For each pair of prefixes the length of their longest common subsequence.
struct Table<'a> {
    first: &'a [u8],
    second: &'a [u8],
    /// Row by row, a row per prefix of `first`.
    lengths: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(first: &'a [u8], second: &'a [u8], cells: usize) -> Result<Self, CommandError> {
        let columns = second.len() + 1;
        let mut lengths = Vec::new();
        lengths.try_reserve_exact(cells).map_err(|_| CommandError::LcsOutOfMemory)?;
        lengths.resize(columns, 0);
        for (row, byte) in first.iter().enumerate() {
            let above = row * columns;
            let mut left = 0;
            lengths.push(left);
            for (column, other) in second.iter().enumerate() {
                left = if byte == other {
                    lengths[above + column] + 1
                } else {
                    left.max(lengths[above + column + 1])
                };
                lengths.push(left);
            }
        }
        Ok(Self { first, second, lengths })
    }

    fn at(&self, row: usize, column: usize) -> u32 {
        self.lengths[row * (self.second.len() + 1) + column]
    }

    fn length(&self) -> u32 {
        self.at(self.first.len(), self.second.len())
    }

    fn subsequence(&self) -> Vec<u8> {
        let mut reversed = Vec::with_capacity(self.length() as usize);
        for found in self.matches() {
            reversed.extend(self.first[found.first..found.first + found.len].iter().rev());
        }
        reversed.reverse();
        reversed
    }

    /// The runs the subsequence consists of, from the last to the first. Where several subsequences have
    /// the same length, the bytes at the end of the first string are preferred.
    fn matches(&self) -> impl Iterator<Item = Match> {
        let (mut row, mut column) = (self.first.len(), self.second.len());
        std::iter::from_fn(move || {
            while row > 0 && column > 0 && self.first[row - 1] != self.second[column - 1] {
                if self.at(row - 1, column) > self.at(row, column - 1) { row -= 1 } else { column -= 1 }
            }
            let reversed = self.first[..row].iter().rev().zip(self.second[..column].iter().rev());
            let len = reversed.take_while(|(one, other)| one == other).count();
            row -= len;
            column -= len;
            (len > 0).then_some(Match { first: row, second: column, len })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table<'a>(first: &'a str, second: &'a str) -> Table<'a> {
        let cells = cells(first.len(), second.len(), u64::MAX).unwrap();
        Table::new(first.as_bytes(), second.as_bytes(), cells).unwrap()
    }

    #[test]
    fn matches_come_from_the_last_to_the_first() {
        let table = table("ohmytext", "mynewtext");
        assert_eq!(table.length(), 6);
        assert_eq!(table.subsequence(), b"mytext");
        let matches: Vec<Match> = table.matches().collect();
        assert_eq!(matches, [Match { first: 4, second: 5, len: 4 }, Match { first: 2, second: 0, len: 2 }]);
    }

    #[test]
    fn strings_without_a_common_byte_have_no_match() {
        assert_eq!(table("abc", "xyz").matches().count(), 0);
        assert_eq!(table("", "").subsequence(), b"");
    }

    #[test]
    fn the_table_is_bounded_before_it_is_allocated() {
        assert_eq!(cells(99, 99, 40_000), Ok(10_000));
        assert_eq!(cells(99, 100, 40_000), Err(CommandError::LcsTableTooBig));
        assert_eq!(cells(LENGTH_MAX + 1, 0, u64::MAX), Err(CommandError::LcsStringTooLong));
        assert_eq!(cells(LENGTH_MAX, LENGTH_MAX, u64::MAX), Err(CommandError::LcsOutOfMemory));
    }
}
