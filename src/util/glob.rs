//! Glob patterns as KEYS, SCAN, PSUBSCRIBE and CONFIG GET understand them.
//!
//! A pattern is a sequence of elements: `*` stands for any bytes, `?` for one byte, `[...]` for one
//! byte of a class, `\x` for `x`, everything else for itself. The corner cases are those of Redis:
//!
//! * `[^...]` negates; `!` has no special meaning.
//! * A class that is not closed ends with the pattern. `]` always closes, so `[]` is empty.
//! * `[z-a]` means `[a-z]`. Bytes from 0x80 count as negative in ranges, as `char` on x86-64.
//! * In a class, `\x` stands for `x` alone even if case is ignored.
//! * A final `\` stands for itself.
//! * An empty text is matched by the empty pattern only, not by `*`: callers for whom `*` means
//!   everything test for it first, which is faster anyway.
//!
//! Only the latest `*` is ever reconsidered: if what follows it does not fit further right, no other
//! choice for an earlier `*` helps. That bounds the time to pattern length times text length.

/// A pattern that needs more `*` than this to match is taken not to match.
///
/// Redis limits its recursion; clients see that limit, and its test suite checks for it.
const STARS_MAX: usize = 1000;

/// Whether `pattern` describes all of `text`. Case is that of ASCII letters.
pub fn matches(pattern: &[u8], text: &[u8], ignore_case: bool) -> bool {
    if text.is_empty() {
        return pattern.is_empty();
    }

    let mut pattern = pattern;
    let mut text = text;
    let mut stars = 0;
    // Where to resume after a mismatch: the pattern behind the latest star and the text it was
    // tried on last.
    let mut latest_star: Option<(&[u8], &[u8])> = None;
    while let Some((&byte, following)) = text.split_first() {
        if let [b'*', ..] = pattern {
            pattern = skip_stars(pattern);
            if pattern.is_empty() {
                return true;
            }
            stars += 1;
            if stars > STARS_MAX {
                return false;
            }
            latest_star = Some((pattern, text));
        } else if let Some(rest) = match_one(pattern, byte, ignore_case) {
            pattern = rest;
            text = following;
        } else if let Some((behind, [_, later @ ..])) = latest_star {
            pattern = behind;
            text = later;
            latest_star = Some((behind, later));
        } else {
            return false;
        }
    }
    skip_stars(pattern).is_empty()
}

fn skip_stars(pattern: &[u8]) -> &[u8] {
    let stars = pattern.iter().take_while(|byte| **byte == b'*').count();
    &pattern[stars..]
}

/// Matches `byte` with the first element, which is no star, and returns the pattern behind it.
fn match_one(pattern: &[u8], byte: u8, ignore_case: bool) -> Option<&[u8]> {
    let (matched, rest) = match pattern {
        [] => return None,
        [b'?', rest @ ..] => (true, rest),
        [b'[', class @ ..] => match_class(class, byte, ignore_case),
        [b'\\', escaped, rest @ ..] => (same(*escaped, byte, ignore_case), rest),
        [literal, rest @ ..] => (same(*literal, byte, ignore_case), rest),
    };
    matched.then_some(rest)
}

/// Looks for `byte` in a class, given from behind its `[`. Returns the pattern behind the class too.
fn match_class(class: &[u8], byte: u8, ignore_case: bool) -> (bool, &[u8]) {
    let (negated, mut members) = match class {
        [b'^', members @ ..] => (true, members),
        members => (false, members),
    };
    let mut found = false;
    let rest = loop {
        members = match members {
            [] => break members,
            [b'\\', escaped, others @ ..] => {
                found |= *escaped == byte;
                others
            }
            [b']', rest @ ..] => break rest,
            [start, b'-', end, others @ ..] => {
                found |= in_range(*start, *end, byte, ignore_case);
                others
            }
            [member, others @ ..] => {
                found |= same(*member, byte, ignore_case);
                others
            }
        };
    };
    (found != negated, rest)
}

fn same(expected: u8, byte: u8, ignore_case: bool) -> bool {
    expected == byte || (ignore_case && expected.eq_ignore_ascii_case(&byte))
}

/// The ends are put in order before case is folded, so `[Z-a]` folds to an empty range.
fn in_range(start: u8, end: u8, byte: u8, ignore_case: bool) -> bool {
    let fold = |byte: u8| if ignore_case { byte.to_ascii_lowercase() } else { byte }.cast_signed();
    let (start, end) = if start.cast_signed() > end.cast_signed() { (end, start) } else { (start, end) };
    (fold(start)..=fold(end)).contains(&fold(byte))
}

#[cfg(test)]
mod tests;
