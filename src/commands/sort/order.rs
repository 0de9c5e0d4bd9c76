//! Weights of elements, and the order that follows from them.

use std::cmp::Ordering;
use std::ops::Range;

use super::elements::Elements;
use super::pattern::{Lookup, Pattern};
use crate::commands::error::CommandError;
use crate::ds::StrRef;
use crate::sys::collation;
use crate::util::number::parse_f64;
use crate::util::text::is_space;

/// Sorts by numbers, those of equal weight by text, and keeps the elements of a range.
pub fn by_number(
    elements: &mut Elements,
    lookup: &mut Lookup<'_>,
    pattern: Option<Pattern<'_>>,
    descending: bool,
    range: Range<usize>,
) -> Result<(), CommandError> {
    let mut are_numbers = true;
    let mut weights = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let number = match pattern {
            None => number_of(element),
            // Who has no weight weighs nothing.
            Some(pattern) => lookup.value(pattern, element).map_or(Some(0.0), number_of),
        };
        // As in Redis, the others are looked up all the same.
        are_numbers &= number.is_some();
        weights.push(Weight { number: number.unwrap_or_default(), start: start_of(element), index });
    }
    if !are_numbers {
        return Err(CommandError::WeightNotAFloat);
    }
    let compare = |left: &Weight, right: &Weight| {
        let by_number = left.number.partial_cmp(&right.number).unwrap_or(Ordering::Equal);
        let by_start = by_number.then(left.start.cmp(&right.start));
        by_start.then_with(|| compare_texts(elements.get(left.index), elements.get(right.index)))
    };
    if descending {
        sort_up_to(range.end, &mut weights, |left, right| compare(right, left));
    } else {
        sort_up_to(range.end, &mut weights, compare);
    }
    elements.arrange(weights[range].iter().map(|weight| weight.index));
    Ok(())
}

/// An element by its number.
struct Weight {
    number: f64,
    /// How its text starts, see [`start_of`].
    start: u128,
    index: usize,
}

/// Puts the first items of a sequence in order; the others stand behind them in any. Who asks for ten of a hundred
/// thousand waits for one pass instead of a sort.
fn sort_up_to<T>(end: usize, items: &mut [T], compare: impl Fn(&T, &T) -> Ordering) {
    if end == 0 {
        return;
    }
    if end < items.len() {
        items.select_nth_unstable_by(end - 1, &compare);
    }
    items[..end].sort_unstable_by(compare);
}

/// The first bytes of a text, in the order of texts: almost always they decide, and then no digits are written
/// and no memory is visited to compare two elements. Short texts are filled up with zero bytes, so that texts
/// with the same start may still differ.
fn start_of(text: StrRef<'_>) -> u128 {
    text.with_text(|text| {
        let mut start = [0; size_of::<u128>()];
        let length = text.len().min(start.len());
        start[..length].copy_from_slice(&text[..length]);
        u128::from_be_bytes(start)
    })
}

/// Sorts by text, as the locale has it if `collate`, and keeps the elements of a range. Who has no weight comes
/// first; elements of equal weight stay in their order.
pub fn by_text(
    elements: &mut Elements,
    lookup: &mut Lookup<'_>,
    pattern: Option<Pattern<'_>>,
    descending: bool,
    collate: bool,
    range: Range<usize>,
) {
    let collate = collate && !collation::is_bytewise();
    let mut texts = Vec::new();
    let mut push = |text: &[u8]| {
        let start = texts.len();
        if collate {
            collation::push_sort_key(&mut texts, text);
        } else {
            texts.extend_from_slice(text);
        }
        start..texts.len()
    };
    let mut weights = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let weight = match pattern {
            None => Some(element),
            Some(pattern) => lookup.value(pattern, element),
        };
        weights.push((weight.map(|weight| weight.with_text(&mut push)), index));
    }
    let text_of = |weight: &(Option<Range<usize>>, usize)| weight.0.clone().map(|range| &texts[range]);
    if descending {
        weights.sort_by(|left, right| text_of(right).cmp(&text_of(left)));
    } else {
        weights.sort_by(|left, right| text_of(left).cmp(&text_of(right)));
    }
    elements.arrange(weights[range].iter().map(|(_, index)| *index));
}

/// A number as C's `strtod` reads it from a whole text: blanks may come before it, and no text is zero.
fn number_of(text: StrRef<'_>) -> Option<f64> {
    let text = match text {
        StrRef::Int(number) => return Some(number as f64),
        StrRef::Bytes(text) => text,
    };
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    if text.is_empty() {
        return Some(0.0);
    }
    // Where `strtod` had to round a number next to zero, it says so, and SORT takes that for an error.
    let blanks = text.iter().take_while(|byte| is_space(**byte)).count();
    parse_f64(&text[blanks..]).filter(|number| !number.is_subnormal())
}

/// The order of the bytes.
fn compare_texts(left: StrRef<'_>, right: StrRef<'_>) -> Ordering {
    let (mut left_digits, mut right_digits) = (itoa::Buffer::new(), itoa::Buffer::new());
    left.text(&mut left_digits).cmp(right.text(&mut right_digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_strtod_reads() {
        let cases: [(&[u8], Option<f64>); 16] = [
            (b"1.5", Some(1.5)),
            (b"-2", Some(-2.0)),
            (b"", Some(0.0)),
            (b" \t7", Some(7.0)),
            (b"7 ", None),
            (b" ", None),
            (b"0x10", Some(16.0)),
            (b"1e3", Some(1000.0)),
            (b"12\0rest", Some(12.0)),
            (b"inf", Some(f64::INFINITY)),
            (b"nan", None),
            (b"1e400", None),
            (b"1e-310", None),
            (b"1e-400", None),
            (b"0e-400", Some(0.0)),
            (b"1x", None),
        ];
        for (text, number) in cases {
            assert_eq!(number_of(StrRef::of(text)), number, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn starts_of_texts_are_in_the_order_of_texts() {
        let texts: [&[u8]; 8] =
            [b"", b"-1", b"10", b"100", b"9", b"a", b"exactly 16 bytes", b"exactly 16 bytes+"];
        for pair in texts.windows(2) {
            let (left, right) = (start_of(StrRef::of(pair[0])), start_of(StrRef::of(pair[1])));
            assert!(left <= right, "{}", pair[0].escape_ascii());
        }
    }

    #[test]
    fn the_first_of_many_are_in_order() {
        for end in 0..=7 {
            let mut items = [3, 1, 4, 1, 5, 9, 2];
            sort_up_to(end, &mut items, i32::cmp);
            assert_eq!(items[..end], [1, 1, 2, 3, 4, 5, 9][..end]);
        }
    }
}
