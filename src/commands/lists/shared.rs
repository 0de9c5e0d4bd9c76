//! What list commands share: key specifications, the two ends, index ranges, and pops of several elements.

use crate::commands::args::Args;
use crate::commands::command::access::{ACCESS, DELETE, INSERT, RW};
use crate::commands::command::{KeySpec, key_at, range};
use crate::commands::error::CommandError;
use crate::keyspace::{Edit, EventClass};
use crate::resp::Reply;
use crate::types::{End, List, ListLimits};
use crate::util::number::parse_i64;

pub const PUSHED_KEY: &[KeySpec] = &[key_at(1, RW | INSERT)];
pub const POPPED_KEY: &[KeySpec] = &[key_at(1, RW | ACCESS | DELETE)];
pub const MOVED_KEYS: &[KeySpec] = &[key_at(1, RW | ACCESS | DELETE), key_at(2, RW | INSERT)];
pub const AWAITED_KEYS: &[KeySpec] = &[range(1, -2, 1, RW | ACCESS | DELETE)];

/// The next argument as an integer of at least `min`; anything else is `error`.
pub fn next_at_least(args: &Args<'_>, min: usize, error: CommandError) -> Result<usize, CommandError> {
    let number = parse_i64(args.next()?).and_then(|number| usize::try_from(number).ok());
    number.filter(|number| *number >= min).ok_or(error)
}

/// The end that a word names: LEFT or RIGHT.
pub fn parse_end(word: &[u8]) -> Result<End, CommandError> {
    if word.eq_ignore_ascii_case(b"right") {
        Ok(End::Back)
    } else if word.eq_ignore_ascii_case(b"left") {
        Ok(End::Front)
    } else {
        Err(CommandError::Syntax)
    }
}

/// The event of a push at this end.
pub fn push_event(end: End) -> &'static str {
    match end {
        End::Front => "lpush",
        End::Back => "rpush",
    }
}

/// The event of a pop at this end.
pub fn pop_event(end: End) -> &'static str {
    match end {
        End::Front => "lpop",
        End::Back => "rpop",
    }
}

/// The command that pops at this end, as it is propagated.
pub fn pop_command(end: End) -> &'static [u8] {
    match end {
        End::Front => b"LPOP",
        End::Back => b"RPOP",
    }
}

/// The part of a list that a first and a last index (from the end where negative) enclose: where it begins and
/// how many elements it has, possibly none.
pub fn enclosed(len: usize, first: i64, last: i64) -> (usize, usize) {
    let from_front = |index: i64| if index < 0 { index.saturating_add(len as i64) } else { index };
    let first = usize::try_from(from_front(first)).unwrap_or(0);
    match usize::try_from(from_front(last)) {
        Ok(last) if first <= last && first < len => (first, last.min(len - 1) - first + 1),
        _ => (0, 0),
    }
}

/// Takes up to `count` elements off an end, replies with them as an array, and says so to the keyspace.
/// Returns how many there were.
pub fn pop_some(
    reply: &mut Reply,
    mut list: Edit<'_, List>,
    end: End,
    count: usize,
    limits: &ListLimits,
) -> usize {
    let len = list.len();
    let count = count.min(len);
    reply.array(count);
    let (start, towards, removed_from) = match end {
        End::Front => (0, End::Back, 0),
        End::Back => (len - 1, End::Front, len - count),
    };
    list.visit_some(start, towards, count, |value| reply.bulk_str(value));
    list.remove_range(removed_from, count, limits);
    list.changed_by(count as u64, &[(EventClass::LIST, pop_event(end))]);
    count
}

#[cfg(test)]
mod tests {
    use super::enclosed;

    #[test]
    fn an_index_range_is_cut_to_the_list() {
        let cases = [
            ((0, -1), (0, 5)),
            ((1, 3), (1, 3)),
            ((-2, -1), (3, 2)),
            ((-100, 0), (0, 1)),
            ((4, 100), (4, 1)),
            ((3, 2), (0, 0)),
            ((5, 9), (0, 0)),
            ((0, -6), (0, 0)),
            ((-9, -6), (0, 0)),
            ((i64::MIN, i64::MAX), (0, 5)),
            ((i64::MAX, i64::MIN), (0, 0)),
        ];
        for ((first, last), expected) in cases {
            assert_eq!(enclosed(5, first, last), expected, "{first} {last}");
        }
        assert_eq!(enclosed(0, 0, -1), (0, 0));
    }
}
