//! Which arguments of a command line are keys (or shard channels), as the key specifications of its
//! row say. Used by COMMAND GETKEYS; ACL checks and cluster routing ask the same question.

use smallvec::SmallVec;

use super::args::Args;
use super::command::access::{INCOMPLETE, NOT_KEY, VARIABLE_FLAGS};
use super::command::{Begin, Command, Find, KeySpec};
use crate::resp::Request;
use crate::util::number::parse_i64;

/// A command line, the command's name (for a subcommand: the container's) at index 0.
pub trait Line {
    fn len(&self) -> usize;
    fn word(&self, index: usize) -> &[u8];
}

impl Line for Request<'_> {
    fn len(&self) -> usize {
        Request::len(self)
    }

    fn word(&self, index: usize) -> &[u8] {
        self.argument(index).unwrap_or_default()
    }
}

impl Line for &[&[u8]] {
    fn len(&self) -> usize {
        <[_]>::len(self)
    }

    fn word(&self, index: usize) -> &[u8] {
        self.get(index).copied().unwrap_or_default()
    }
}

/// A command line that is the tail of another one's arguments.
#[derive(Debug)]
pub struct Tail<'a, 'b> {
    pub args: &'a Args<'b>,
    pub start: usize,
}

impl Line for Tail<'_, '_> {
    fn len(&self) -> usize {
        self.args.len().saturating_sub(self.start)
    }

    fn word(&self, index: usize) -> &[u8] {
        self.args.at(self.start + index)
    }
}

/// A key of a command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyPosition {
    pub index: usize,
    /// What the command does with it: bits of `command::access`.
    pub access: u32,
}

pub type Keys = SmallVec<[KeyPosition; 4]>;

/// Finds the keys of commands whose specifications do not tell everything (SORT's BY and GET, what SET
/// does to its key). `None` if the arguments make no sense.
pub type KeyFinder = fn(&dyn Line) -> Option<Keys>;

/// Which specifications count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    Keys,
    /// Shard channels too: they have a slot like keys.
    #[cfg_attr(not(test), expect(dead_code, reason = "cluster routing will ask for it"))]
    KeysAndChannels,
}

/// Whether a command line of this command can contain keys.
pub fn may_have_keys(command: &Command) -> bool {
    command.find_keys.is_some() || command.keys.iter().any(|spec| spec.access & NOT_KEY == 0)
}

/// The keys of a command line; `None` if its arguments do not fit the specifications.
pub fn keys_of(command: &Command, line: &dyn Line, wanted: Wanted) -> Option<Keys> {
    let Some(find) = command.find_keys else { return by_specs(command.keys, line, wanted) };
    // The finder costs more and is needed only where the specifications are not the whole truth.
    let reliable = command.keys.iter().all(|spec| spec.access & VARIABLE_FLAGS == 0);
    let by_specs = if reliable { by_specs(command.keys, line, wanted) } else { None };
    by_specs.or_else(|| find(line))
}

/// Key specifications alone.
fn by_specs(specs: &[KeySpec], line: &dyn Line, wanted: Wanted) -> Option<Keys> {
    let mut keys = Keys::new();
    for spec in specs {
        if spec.access & NOT_KEY != 0 && wanted == Wanted::Keys {
            continue;
        }
        let begin = match spec.begin {
            Begin::Index(index) => index,
            Begin::Keyword(word, start) => match behind_keyword(line, word, start) {
                Some(begin) => begin,
                None => continue,
            },
            Begin::Unknown => return None,
        };
        let (first, last, step) = extent(spec.find, begin, line)?;
        if last < first || last >= line.len() || spec.access & INCOMPLETE != 0 {
            return None;
        }
        let positions = (first..=last).step_by(step.max(1));
        keys.extend(positions.map(|index| KeyPosition { index, access: spec.access }));
    }
    Some(keys)
}

/// The argument behind `word`, looked for from `start`: forwards, or backwards from the end if negative.
/// Neither the last argument (forwards) nor the first (backwards) is looked at.
fn behind_keyword(line: &dyn Line, word: &str, start: i64) -> Option<usize> {
    let is_word = |index: &usize| line.word(*index).eq_ignore_ascii_case(word.as_bytes());
    let found = if start > 0 {
        (start as usize..line.len().saturating_sub(1)).find(is_word)
    } else {
        let from = line.len().checked_sub(start.unsigned_abs() as usize)?;
        (2..=from.min(line.len().saturating_sub(1))).rev().find(is_word)
    };
    found.map(|index| index + 1)
}

/// First and last argument and the step between them; `None` where they cannot be told, or lie nowhere.
fn extent(find: Find, begin: usize, line: &dyn Line) -> Option<(usize, usize, usize)> {
    match find {
        Find::Range { last, step, limit } => {
            let last = match (last, limit) {
                (0.., _) => begin as i64 + last,
                (_, 0) => line.len() as i64 + last,
                (_, limit) => begin as i64 + (line.len().saturating_sub(begin) / limit) as i64 + last,
            };
            Some((begin, usize::try_from(last).ok()?, step))
        }
        Find::Count { at, first, step } => {
            let count = usize::try_from(parse_i64(line.word(begin + at))?).ok()?;
            let first = begin + first;
            // Without any key the last one would lie before the first.
            Some((first, first.checked_add(count.checked_sub(1)?)?, step))
        }
        Find::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::Arity::AtLeast;
    use super::super::command::access::{ACCESS, RO, RW};
    use super::super::command::{command, counted_keys, keys_from, range};
    use super::*;

    fn found(specs: &[KeySpec], line: &str) -> Option<Vec<usize>> {
        indexes(by_specs(specs, &words(line).as_slice(), Wanted::Keys))
    }

    fn found_of(command: &Command, line: &str, wanted: Wanted) -> Option<Vec<usize>> {
        indexes(keys_of(command, &words(line).as_slice(), wanted))
    }

    fn words(line: &str) -> Vec<&[u8]> {
        line.split(' ').map(str::as_bytes).collect()
    }

    fn indexes(keys: Option<Keys>) -> Option<Vec<usize>> {
        Some(keys?.into_iter().map(|key| key.index).collect())
    }

    const fn row(specs: &'static [KeySpec]) -> Command {
        command("x", |_, _| Ok(()), AtLeast(1), 0, 0, specs)
    }

    #[test]
    fn a_range_may_end_at_either_end() {
        assert_eq!(found(&[range(1, 0, 1, RO)], "get a b"), Some(vec![1]));
        assert_eq!(found(&[keys_from(1, RO)], "del a b c"), Some(vec![1, 2, 3]));
        assert_eq!(found(&[range(1, -2, 1, RO)], "blpop a b 0"), Some(vec![1, 2]));
        assert_eq!(found(&[range(1, -1, 2, RO)], "mset a 1 b 2"), Some(vec![1, 3]));
        assert_eq!(found(&[range(1, -2, 1, RO)], "blpop 0"), None);
        assert_eq!(found(&[range(1, 1, 1, RO)], "rename a"), None);
    }

    const STREAMS: KeySpec = KeySpec {
        access: RO | ACCESS,
        begin: Begin::Keyword("STREAMS", 1),
        find: Find::Range { last: -1, step: 1, limit: 2 },
        notes: "",
    };

    #[test]
    fn half_of_what_follows_a_keyword() {
        assert_eq!(found(&[STREAMS], "xread count 1 streams a b 0 0"), Some(vec![4, 5]));
        assert_eq!(found(&[STREAMS], "xread count 1"), Some(vec![]));
        // A keyword in the last place has nothing behind it.
        assert_eq!(found(&[STREAMS], "xread streams"), Some(vec![]));
    }

    const BACKWARDS: KeySpec = KeySpec {
        access: RW,
        begin: Begin::Keyword("KEYS", -2),
        find: Find::Range { last: -1, step: 1, limit: 0 },
        notes: "",
    };

    #[test]
    fn a_keyword_can_be_looked_for_from_the_end() {
        assert_eq!(found(&[BACKWARDS], "migrate h p keys a b"), Some(vec![4, 5]));
        assert_eq!(found(&[BACKWARDS], "migrate keys p"), Some(vec![]));
        assert_eq!(found(&[BACKWARDS], "migrate"), Some(vec![]));
    }

    #[test]
    fn a_count_must_be_a_number_and_fit() {
        const SPECS: &[KeySpec] = &[counted_keys(2, RO)];
        assert_eq!(found(SPECS, "eval x 2 a b c"), Some(vec![3, 4]));
        for line in ["eval x 0", "eval x -1 a", "eval x two a", "eval x 3 a", "eval", "eval x"] {
            assert_eq!(found(SPECS, line), None, "{line}");
        }
        assert_eq!(found(SPECS, "eval x 9223372036854775807 a"), None);
    }

    #[test]
    fn channels_count_only_when_asked_for() {
        const PUBLISH: Command = row(&[range(1, 0, 1, NOT_KEY)]);
        assert!(!may_have_keys(&PUBLISH));
        assert_eq!(found_of(&PUBLISH, "spublish a b", Wanted::Keys), Some(vec![]));
        assert_eq!(found_of(&PUBLISH, "spublish a b", Wanted::KeysAndChannels), Some(vec![1]));
    }

    #[test]
    fn a_finder_decides_where_specifications_are_vague() {
        const SURE: Command = row(&[range(1, 0, 1, RO)]).keys_by(|_| None);
        const VAGUE: Command = row(&[range(1, 0, 1, RW | VARIABLE_FLAGS)])
            .keys_by(|line| Some(Keys::from_iter([KeyPosition { index: line.len() - 1, access: RO }])));
        const INCOMPLETE_ROW: Command = row(&[range(1, 0, 1, RO | INCOMPLETE)]).keys_by(|_| None);
        assert_eq!(found_of(&SURE, "get a", Wanted::Keys), Some(vec![1]));
        assert_eq!(found_of(&VAGUE, "x a b", Wanted::Keys), Some(vec![2]));
        assert_eq!(found_of(&INCOMPLETE_ROW, "sort a", Wanted::Keys), None);
    }
}
