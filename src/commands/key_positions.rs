//! Where the keys of a request are, as the key specifications of its command say.

use smallvec::SmallVec;

use super::args::Args;
use super::command::{Begin, Command, Find, KeySpec, access};

/// Argument numbers of keys, in the order of the specifications.
pub type Positions = SmallVec<[usize; 8]>;

/// The positions of a request's keys. What a specification cannot tell is left out; what it tells
/// beyond the arguments there are, too.
pub fn key_positions(command: &Command, args: &Args<'_>) -> Positions {
    let mut positions = Positions::new();
    for spec in command.keys.iter().filter(|spec| spec.access & access::NOT_KEY == 0) {
        if let Some(first) = begin(spec, args) {
            add_found(spec, first, args, &mut positions);
        }
    }
    positions
}

fn begin(spec: &KeySpec, args: &Args<'_>) -> Option<usize> {
    let is_word = |index: &usize, word: &str| args.at(*index).eq_ignore_ascii_case(word.as_bytes());
    match spec.begin {
        Begin::Index(index) => Some(index),
        Begin::Keyword(word, from) if from >= 0 => {
            (from as usize..args.len()).find(|index| is_word(index, word)).map(|index| index + 1)
        }
        Begin::Keyword(word, from) => {
            let from = args.len().checked_add_signed(from as isize)?;
            (1..=from).rev().find(|index| is_word(index, word)).map(|index| index + 1)
        }
        Begin::Unknown => None,
    }
}

fn add_found(spec: &KeySpec, first: usize, args: &Args<'_>, positions: &mut Positions) {
    let count = args.len();
    match spec.find {
        Find::Range { last, step, limit } => {
            let end = match usize::try_from(last) {
                Ok(last) => first + last + 1,
                Err(_) if limit > 1 => first + count.saturating_sub(first) / limit,
                Err(_) => count.saturating_add_signed(last as isize + 1),
            };
            positions.extend((first..end.min(count)).step_by(step));
        }
        Find::Count { at, first: offset, step } => {
            let announced = crate::util::number::parse_i64(args.at(first + at)).unwrap_or(0);
            let keys = usize::try_from(announced).unwrap_or(0);
            positions.extend((first + offset..count).step_by(step).take(keys));
        }
        Find::Unknown => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::Arity::AtLeast;
    use super::super::command::{command, counted_keys, key_at, keys_from, range};
    use super::super::{CommandResult, Ctx};
    use super::*;
    use crate::resp::OwnedRequest;

    fn never(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
        Ok(())
    }

    fn found(keys: &'static [KeySpec], words: &[&str]) -> Vec<usize> {
        let row = command("test", never, AtLeast(1), 0, 0, keys);
        let words: Vec<&[u8]> = words.iter().map(|word| word.as_bytes()).collect();
        let mut request = OwnedRequest::of(&words);
        key_positions(&row, &Args::new(request.view(), 1)).to_vec()
    }

    #[test]
    fn ranges_count_from_either_end() {
        assert_eq!(found(const { &[key_at(1, access::RO)] }, &["get", "k"]), [1]);
        assert_eq!(found(const { &[keys_from(1, access::RO)] }, &["mget", "a", "b"]), [1, 2]);
        assert_eq!(found(const { &[range(1, -1, 2, access::OW)] }, &["mset", "a", "1", "b", "2"]), [1, 3]);
        assert_eq!(found(const { &[range(1, -2, 1, access::RW)] }, &["blpop", "a", "b", "0"]), [1, 2]);
    }

    #[test]
    fn a_count_that_lies_reaches_no_further_than_the_arguments() {
        const KEYS: &[KeySpec] = &[counted_keys(1, access::RO)];
        assert_eq!(found(KEYS, &["sintercard", "2", "a", "b", "limit"]), [2, 3]);
        assert_eq!(found(KEYS, &["sintercard", "9999999999", "a"]), [2]);
        assert_eq!(found(KEYS, &["sintercard", "-1", "a"]), [0_usize; 0]);
    }

    #[test]
    fn keys_behind_a_word_are_found_from_the_front_and_from_the_back() {
        const fn behind(from: i64) -> KeySpec {
            KeySpec {
                access: access::RO,
                begin: Begin::Keyword("STREAMS", from),
                find: Find::Range { last: -1, step: 1, limit: 2 },
                notes: "",
            }
        }
        assert_eq!(found(const { &[behind(1)] }, &["xread", "streams", "a", "b", "0", "0"]), [2, 3]);
        assert_eq!(found(const { &[behind(-1)] }, &["x", "streams", "streams", "a"]), [0_usize; 0]);
        assert_eq!(found(const { &[behind(1)] }, &["xread", "a", "b"]), [0_usize; 0]);
    }
}
