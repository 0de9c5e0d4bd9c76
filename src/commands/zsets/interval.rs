//! Parts of a sorted set as clients name them: from one rank, score or text to another.

use std::ops::Range;

use crate::commands::error::CommandError;
use crate::types::{LexBound, LexRange, ScoreBound, ScoreRange, Zset};
use crate::util::number::{parse_f64, parse_i64};
use crate::util::text::is_space;

/// A part of a sorted set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Interval<'a> {
    /// Both included; negative ones count from the end.
    Ranks {
        first: i64,
        last: i64,
    },
    Scores(ScoreRange),
    Texts(LexRange<'a>),
}

impl<'a> Interval<'a> {
    pub fn of_ranks(first: &[u8], last: &[u8]) -> Result<Self, CommandError> {
        let rank = |text| parse_i64(text).ok_or(CommandError::NotAnInteger);
        Ok(Self::Ranks { first: rank(first)?, last: rank(last)? })
    }

    pub fn of_scores(min: &[u8], max: &[u8]) -> Result<Self, CommandError> {
        Ok(Self::Scores(ScoreRange { min: score_bound(min)?, max: score_bound(max)? }))
    }

    pub fn of_texts(min: &'a [u8], max: &'a [u8]) -> Result<Self, CommandError> {
        Ok(Self::Texts(LexRange { min: text_bound(min)?, max: text_bound(max)? }))
    }

    /// The ranks of the elements in the interval, counted from the lowest score.
    pub fn ranks_in(&self, zset: &Zset) -> Range<usize> {
        match self {
            Self::Ranks { first, last } => ranks(*first, *last, zset.len()),
            Self::Scores(range) => zset.ranks_by_score(range),
            Self::Texts(range) => zset.ranks_by_text(range),
        }
    }

    /// The same where ranks are counted from the highest score. Scores and texts are what they are.
    pub fn ranks_reversed_in(&self, zset: &Zset) -> Range<usize> {
        let ranks = self.ranks_in(zset);
        match self {
            Self::Ranks { .. } => zset.len() - ranks.end..zset.len() - ranks.start,
            Self::Scores(_) | Self::Texts(_) => ranks,
        }
    }
}

/// Ranks from `first` to `last`, both included, negative ones counting from the end.
fn ranks(first: i64, last: i64, len: usize) -> Range<usize> {
    let len = len as i64;
    let from_start = |rank: i64| if rank < 0 { (rank + len).max(-1) } else { rank };
    let first = from_start(first).clamp(0, len);
    let end = from_start(last).saturating_add(1).clamp(first, len);
    first as usize..end as usize
}

/// `1.5` is included, `(1.5` is not.
fn score_bound(text: &[u8]) -> Result<ScoreBound, CommandError> {
    let (is_exclusive, number) = match text {
        [b'(', number @ ..] => (true, number),
        number => (false, number),
    };
    let score = lenient_f64(number).ok_or(CommandError::ScoreBound)?;
    Ok(ScoreBound { score, is_exclusive })
}

/// A number as C's `strtod` reads it, which Redis leaves this to: spaces in front are skipped, nothing at all is
/// zero, a NUL ends the text, and what is too large is infinite.
fn lenient_f64(text: &[u8]) -> Option<f64> {
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(text.len());
    if end == 0 {
        return Some(0.0);
    }
    let blanks = text[..end].iter().take_while(|byte| is_space(**byte)).count();
    let number = &text[blanks..end];
    parse_f64(number).or_else(|| {
        let number: f64 = str::from_utf8(number).ok()?.parse().ok()?;
        (!number.is_nan()).then_some(number)
    })
}

/// `-` and `+` are in front of and behind every text, `[text` is included, `(text` is not.
fn text_bound(text: &[u8]) -> Result<LexBound<'_>, CommandError> {
    match text {
        [b'-'] => Ok(LexBound::Lowest),
        [b'+'] => Ok(LexBound::Highest),
        [b'[', text @ ..] => Ok(LexBound::Included(text)),
        [b'(', text @ ..] => Ok(LexBound::Excluded(text)),
        // What follows a NUL is not looked at.
        [b'-', 0, ..] => Ok(LexBound::Lowest),
        [b'+', 0, ..] => Ok(LexBound::Highest),
        _ => Err(CommandError::TextBound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_clamped_to_the_set() {
        assert_eq!(ranks(0, -1, 5), 0..5);
        assert_eq!(ranks(-2, -1, 5), 3..5);
        assert_eq!(ranks(1, 1, 5), 1..2);
        assert_eq!(ranks(i64::MIN, i64::MAX, 5), 0..5);
        assert_eq!(ranks(3, 1, 5).len(), 0);
        assert_eq!(ranks(0, -6, 5).len(), 0);
        assert_eq!(ranks(0, i64::MIN, 5).len(), 0);
        assert_eq!(ranks(5, 9, 5).len(), 0);
        assert_eq!(ranks(i64::MAX, i64::MAX, 5).len(), 0);
        assert_eq!(ranks(0, -1, 0).len(), 0);
    }

    #[test]
    fn a_bound_of_scores_is_what_strtod_reads() {
        let cases: [(&[u8], Option<f64>); 14] = [
            (b"1.5", Some(1.5)),
            (b"", Some(0.0)),
            (b" 1", Some(1.0)),
            (b" ", None),
            (b"1 ", None),
            (b"1\0x", Some(1.0)),
            (b"1e400", Some(f64::INFINITY)),
            (b"-1e400", Some(f64::NEG_INFINITY)),
            (b"1e-400", Some(0.0)),
            (b"+inf", Some(f64::INFINITY)),
            (b"-Infinity", Some(f64::NEG_INFINITY)),
            (b"0x10", Some(16.0)),
            (b"nan", None),
            (b"str", None),
        ];
        for (text, score) in cases {
            assert_eq!(score_bound(text).ok().map(|bound| bound.score), score, "{}", text.escape_ascii());
        }
        assert_eq!(score_bound(b"(1"), Ok(ScoreBound { score: 1.0, is_exclusive: true }));
        assert_eq!(score_bound(b"((1"), Err(CommandError::ScoreBound));
    }

    #[test]
    fn a_bound_of_texts_says_whether_it_is_included() {
        assert_eq!(text_bound(b"[a"), Ok(LexBound::Included(b"a")));
        assert_eq!(text_bound(b"("), Ok(LexBound::Excluded(b"")));
        assert_eq!(text_bound(b"-"), Ok(LexBound::Lowest));
        assert_eq!(text_bound(b"-x"), Err(CommandError::TextBound));
        assert_eq!(text_bound(b"a"), Err(CommandError::TextBound));
        assert_eq!(text_bound(b""), Err(CommandError::TextBound));
    }
}
