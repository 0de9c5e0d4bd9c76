//! A string as an array of bits: single bits, counting, searching, and operations on whole arrays.
//!
//! Bit 0 is the most significant bit of byte 0. Loops go over blocks of a fixed length, which the compiler
//! turns into vector instructions. How long a string may become is its owner's business.

use std::ops::Range;

/// Counted at once: short enough for a byte per lane to hold the sum of its counts.
const COUNT_BLOCK_BYTES: usize = 64;
/// Skipped at once while searching.
const SEARCH_BLOCK_BYTES: usize = 64;
/// Combined at once: a block of the result stays in the first-level cache while the sources pass by.
const COMBINE_BLOCK_BYTES: usize = 8 * 1024;

const BITS: u64 = u8::BITS as u64;

/// What [`combine`] does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    And,
    Or,
    Xor,
    /// Of the first source alone.
    Not,
}

/// Bits of a text.
pub fn bits(text: &[u8]) -> u64 {
    text.len() as u64 * BITS
}

/// A bit; those behind the text are clear.
pub fn bit(text: &[u8], offset: u64) -> bool {
    let byte = usize::try_from(offset / BITS).ok().and_then(|index| text.get(index));
    byte.is_some_and(|byte| byte & mask(offset) != 0)
}

/// Sets or clears a bit, and returns what it was. Bits behind the text cannot be changed.
pub fn set_bit(text: &mut [u8], offset: u64, on: bool) -> bool {
    let Some(byte) = usize::try_from(offset / BITS).ok().and_then(|index| text.get_mut(index)) else {
        return false;
    };
    let was = *byte & mask(offset) != 0;
    *byte = if on { *byte | mask(offset) } else { *byte & !mask(offset) };
    was
}

/// How many bits of a range are set.
pub fn count(text: &[u8], range: Range<u64>) -> u64 {
    let Some(parts) = Parts::of(text, range) else { return 0 };
    let edges = parts.head.count_ones() + parts.tail.count_ones();
    count_bytes(parts.whole) + u64::from(edges)
}

/// The first bit of a range that is set (`wanted`) or clear.
pub fn position(text: &[u8], wanted: bool, range: Range<u64>) -> Option<u64> {
    let parts = Parts::of(text, range.clone())?;
    // The head holds the last bits of its byte, the tail the first ones of its own: a search for clear bits
    // inverts them within their masks.
    let flip = |bits: u8, mask: u8| if wanted { bits } else { !bits & mask };
    let first = range.start / BITS * BITS;
    let head = flip(parts.head, parts.head_mask);
    if head != 0 {
        return Some(first + u64::from(head.leading_zeros()));
    }
    let whole_at = if parts.head_mask == 0 { first } else { first + BITS };
    if let Some(index) = position_of_other(parts.whole, if wanted { 0 } else { u8::MAX }) {
        let found = flip(parts.whole[index], u8::MAX);
        return Some(whole_at + index as u64 * BITS + u64::from(found.leading_zeros()));
    }
    let tail = flip(parts.tail, parts.tail_mask);
    (tail != 0).then(|| whole_at + bits(parts.whole) + u64::from(tail.leading_zeros()))
}

/// The operation on several texts, the short ones filled up with zeros.
pub fn combine(operation: Operation, sources: &[&[u8]]) -> Vec<u8> {
    let length = sources.iter().map(|source| source.len()).max().unwrap_or_default();
    let mut result = Vec::with_capacity(length);
    let Some((first, others)) = sources.split_first() else { return result };
    while result.len() < length {
        let start = result.len();
        let end = length.min(start + COMBINE_BLOCK_BYTES);
        result.extend_from_slice(part(first, start, end));
        result.resize(end, 0);
        let block = &mut result[start..];
        match operation {
            Operation::Not => block.iter_mut().for_each(|byte| *byte = !*byte),
            _ => others.iter().for_each(|source| combine_block(operation, block, part(source, start, end))),
        }
    }
    result
}

/// A range of bits, taken apart where its bytes begin and end.
struct Parts<'a> {
    /// Bits of the first byte, if it is not in the range as a whole; the others are zero.
    head: u8,
    head_mask: u8,
    whole: &'a [u8],
    /// Bits of the last byte, if it is another one and not in the range as a whole.
    tail: u8,
    tail_mask: u8,
}

impl<'a> Parts<'a> {
    /// `None` for a range without a bit of the text; what is behind the text is cut off.
    fn of(text: &'a [u8], range: Range<u64>) -> Option<Self> {
        let end = range.end.min(bits(text));
        if range.start >= end {
            return None;
        }
        let (first, last) = ((range.start / BITS) as usize, ((end - 1) / BITS) as usize);
        let from_start = u8::MAX >> (range.start % BITS);
        let to_end = u8::MAX << (BITS - 1 - (end - 1) % BITS);
        if first == last {
            let mask = from_start & to_end;
            return Some(Self {
                head: text[first] & mask,
                head_mask: mask,
                whole: &[],
                tail: 0,
                tail_mask: 0,
            });
        }
        let head_mask = if from_start == u8::MAX { 0 } else { from_start };
        let tail_mask = if to_end == u8::MAX { 0 } else { to_end };
        let whole = &text[first + usize::from(head_mask != 0)..=last - usize::from(tail_mask != 0)];
        Some(Self {
            head: text[first] & head_mask,
            head_mask,
            whole,
            tail: text[last] & tail_mask,
            tail_mask,
        })
    }
}

fn mask(offset: u64) -> u8 {
    1 << (BITS - 1 - offset % BITS)
}

fn count_bytes(text: &[u8]) -> u64 {
    let (blocks, rest) = text.as_chunks::<COUNT_BLOCK_BYTES>();
    let of_rest: u32 = rest.iter().map(|byte| byte.count_ones()).sum();
    blocks.iter().map(|block| u64::from(count_block(block))).sum::<u64>() + u64::from(of_rest)
}

fn count_block(block: &[u8; COUNT_BLOCK_BYTES]) -> u32 {
    block.as_chunks().0.iter().map(|word| u64::from_ne_bytes(*word).count_ones()).sum()
}

/// The first byte that is not `filler`.
fn position_of_other(text: &[u8], filler: u8) -> Option<usize> {
    let (blocks, _) = text.as_chunks::<SEARCH_BLOCK_BYTES>();
    let is_filled =
        |block: &[u8; SEARCH_BLOCK_BYTES]| block.iter().fold(0, |all, byte| all | (byte ^ filler)) == 0;
    let skipped = blocks.iter().take_while(|block| is_filled(block)).count() * SEARCH_BLOCK_BYTES;
    text[skipped..].iter().position(|byte| *byte != filler).map(|index| skipped + index)
}

/// What a text has between two places.
fn part(text: &[u8], start: usize, end: usize) -> &[u8] {
    text.get(start..end.min(text.len())).unwrap_or_default()
}

/// Behind the source there are zeros.
fn combine_block(operation: Operation, block: &mut [u8], source: &[u8]) {
    let (common, behind) = block.split_at_mut(source.len());
    let pairs = common.iter_mut().zip(source);
    match operation {
        Operation::And => {
            pairs.for_each(|(byte, other)| *byte &= other);
            behind.fill(0);
        }
        Operation::Or => pairs.for_each(|(byte, other)| *byte |= other),
        Operation::Xor => pairs.for_each(|(byte, other)| *byte ^= other),
        Operation::Not => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bit_0_is_the_most_significant_bit_of_the_first_byte() {
        let mut text = [0; 2];
        assert!(!set_bit(&mut text, 0, true));
        assert!(!set_bit(&mut text, 15, true));
        assert_eq!(text, [0x80, 1]);
        assert!(bit(&text, 0) && bit(&text, 15) && !bit(&text, 1));
        assert!(set_bit(&mut text, 0, false));
        assert_eq!(text, [0, 1]);
    }

    #[test]
    fn bits_behind_the_text_are_clear_and_stay_so() {
        let mut text = [0xff];
        assert!(!bit(&text, 8) && !bit(&text, u64::MAX));
        assert!(!set_bit(&mut text, 8, true) && !set_bit(&mut text, u64::MAX, true));
        assert_eq!(text, [0xff]);
    }

    #[test]
    fn a_range_may_end_behind_the_text_or_be_empty() {
        assert_eq!(count(b"\xff\x0f", 4..u64::MAX), 8);
        assert_eq!(count(b"\xff", 8..16), 0);
        assert_eq!(count(b"\xff", 3..3), 0);
        assert_eq!(count(b"", 0..1), 0);
        assert_eq!(position(b"\xff", false, 0..u64::MAX), None);
    }

    #[test]
    fn a_single_source_is_copied_or_inverted() {
        assert_eq!(combine(Operation::Or, &[b"\x0f"]), [0x0f]);
        assert_eq!(combine(Operation::Not, &[b"\x0f\xff"]), [0xf0, 0]);
        assert_eq!(combine(Operation::And, &[]), b"");
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0), Just(0xff), any::<u8>()];
        let filled = (0..200usize, prop_oneof![Just(0), Just(0xff)]).prop_map(|(len, byte)| vec![byte; len]);
        (filled, prop::collection::vec(byte, 0..100)).prop_map(|(mut text, more)| {
            text.extend(more);
            text
        })
    }

    proptest! {
        #[test]
        fn counting_and_searching_agree_with_a_loop_over_bits(
            text in text(), start in 0..2400_u64, length in 0..2400_u64, wanted: bool,
        ) {
            let range = start..start + length;
            let mut inside = range.start..range.end.min(bits(&text));
            let set = inside.clone().filter(|offset| bit(&text, *offset)).count();
            prop_assert_eq!(count(&text, range.clone()), set as u64);
            let found = inside.find(|offset| bit(&text, *offset) == wanted);
            prop_assert_eq!(position(&text, wanted, range), found);
        }

        #[test]
        fn operations_agree_with_a_loop_over_bytes(
            sources in prop::collection::vec((text(), 0..3_usize), 1..5),
        ) {
            // Some of them longer than a block.
            let sources: Vec<Vec<u8>> =
                sources.into_iter().map(|(text, times)| text.repeat(1 + times * 40)).collect();
            let sources: Vec<&[u8]> = sources.iter().map(Vec::as_slice).collect();
            let length = sources.iter().map(|source| source.len()).max().unwrap();
            let bytes_at = |at: usize| sources.iter().map(move |source| source.get(at).copied().unwrap_or(0));
            let model = |of: fn(u8, u8) -> u8| -> Vec<u8> {
                (0..length).map(|at| bytes_at(at).reduce(of).unwrap()).collect()
            };
            prop_assert_eq!(combine(Operation::And, &sources), model(|one, other| one & other));
            prop_assert_eq!(combine(Operation::Or, &sources), model(|one, other| one | other));
            prop_assert_eq!(combine(Operation::Xor, &sources), model(|one, other| one ^ other));
        }
    }
}
