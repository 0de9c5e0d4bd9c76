//! LZF compression, in the stream format of liblzf, which snapshots and packed lists use.
//!
//! A stream is a sequence of two kinds of item, told apart by the first byte:
//!
//! ```text
//! 000nnnnn, n+1 bytes             literal run: copy the next n+1 (1 to 32) bytes
//! nnnddddd dddddddd               n in 1..=6: copy n+2 (3 to 8) bytes from distance d+1
//! 111ddddd nnnnnnnn dddddddd      copy n+9 (9 to 264) bytes from distance d+1
//! ```
//!
//! The 13-bit distance has its high bits first and counts back from the end of the output, at most
//! 8192 bytes; source and destination may overlap, which is how runs are coded. The stream carries
//! neither its own length nor that of the output: both are kept next to it.
//!
//! The compressor's choices are its own: its streams are valid for liblzf, not equal to liblzf's.

use thiserror::Error;

const LITERAL_RUN_MAX: usize = 32;
const MATCH_MIN: usize = 3;
const MATCH_MAX: usize = 264;
const DISTANCE_MAX: usize = 8192;

/// Compression that saves less than this is not worth the time to decompress.
const SAVED_BYTES_MIN: usize = 4;

/// No stream expands by more than this: three bytes can stand for at most 264.
const EXPANSION_MAX: usize = MATCH_MAX / MATCH_MIN;

/// Only the last 8192 positions can be referred to: a larger table would find hardly anything more,
/// and this one (64 KiB) stays in the second-level cache.
const TABLE_BITS_MAX: u32 = 14;
const TABLE_BITS_MIN: u32 = 8;

/// A compressor, to be reused: its table is allocated once and not cleared between inputs.
///
/// The table maps a hash of three bytes to the last position where they stood. Positions are counted
/// through all inputs of the compressor's life, so what an earlier input left behind is recognised
/// by being smaller than the present input's first position.
#[derive(Debug, Default)]
pub struct Compressor {
    table: Vec<u32>,
    /// The first position of the next input. Never 0, which stands for an empty slot.
    next_base: u32,
}

impl Compressor {
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces `output` by the compressed `input`.
    ///
    /// False, with `output` unspecified, if that would not save at least four bytes.
    pub fn compress(&mut self, input: &[u8], output: &mut Vec<u8>) -> bool {
        output.clear();
        let Some(limit) = input.len().checked_sub(SAVED_BYTES_MIN) else { return false };
        let Some(base) = self.begin(input.len()) else { return false };

        let mut literals_from = 0;
        let mut position = 0;
        while let Some(slot) = self.slot(input, position) {
            let candidate = slot.checked_sub(base).map(|from| from as usize);
            *slot = base + position as u32;
            let Some((distance, length)) = candidate.and_then(|from| find_match(input, from, position))
            else {
                position += 1;
                continue;
            };

            put_literals(output, &input[literals_from..position]);
            put_match(output, distance, length);
            if output.len() > limit {
                return false;
            }

            // Entering only the last positions of a match loses little and saves most of the work.
            let end = position + length;
            for skipped in end - 2..end {
                if let Some(slot) = self.slot(input, skipped) {
                    *slot = base + skipped as u32;
                }
            }
            position = end;
            literals_from = end;
        }

        put_literals(output, &input[literals_from..]);
        output.len() <= limit
    }

    /// Makes the table fit an input of this length, and gives the input's first position.
    /// None if the input is too long for its positions to be told from older ones.
    fn begin(&mut self, input_bytes: usize) -> Option<u32> {
        let input_bytes = u32::try_from(input_bytes).ok().filter(|&bytes| bytes < u32::MAX)?;
        let bits = (u32::BITS - input_bytes.leading_zeros()).clamp(TABLE_BITS_MIN, TABLE_BITS_MAX);
        if self.table.len() < 1 << bits {
            self.table = vec![0; 1 << bits];
            self.next_base = 1;
        } else if self.next_base.checked_add(input_bytes).is_none() {
            self.table.fill(0);
            self.next_base = 1;
        }
        let base = self.next_base;
        self.next_base += input_bytes;
        Some(base)
    }

    /// The slot of the three bytes at `position`, None if there are not as many.
    #[inline]
    fn slot(&mut self, input: &[u8], position: usize) -> Option<&mut u32> {
        let &[a, b, c] = input.get(position..)?.first_chunk::<MATCH_MIN>()?;
        let bytes = u32::from_le_bytes([a, b, c, 0]);
        // Multiplicative hashing: the high bits of the product depend on all three bytes.
        let hash = bytes.wrapping_mul(0x9e37_79b1) >> (u32::BITS - self.table.len().trailing_zeros());
        self.table.get_mut(hash as usize)
    }
}

/// Distance and length of the match between `from` and the later `position`, if it is one.
#[inline]
fn find_match(input: &[u8], from: usize, position: usize) -> Option<(usize, usize)> {
    let distance = position - from;
    if distance > DISTANCE_MAX {
        return None;
    }
    let length = common_length(&input[from..], &input[position..]);
    (length >= MATCH_MIN).then_some((distance, length))
}

/// How many bytes two slices have in common from their start, at most `MATCH_MAX`.
#[inline]
fn common_length(earlier: &[u8], later: &[u8]) -> usize {
    let later = &later[..later.len().min(MATCH_MAX)];
    let mut length = 0;
    while let (Some(left), Some(right)) =
        (earlier[length..].first_chunk::<8>(), later[length..].first_chunk::<8>())
    {
        let difference = u64::from_le_bytes(*left) ^ u64::from_le_bytes(*right);
        if difference != 0 {
            return length + difference.trailing_zeros() as usize / 8;
        }
        length += 8;
    }
    length + earlier[length..].iter().zip(&later[length..]).take_while(|(left, right)| left == right).count()
}

fn put_literals(output: &mut Vec<u8>, literals: &[u8]) {
    for run in literals.chunks(LITERAL_RUN_MAX) {
        output.push((run.len() - 1) as u8);
        output.extend_from_slice(run);
    }
}

fn put_match(output: &mut Vec<u8>, distance: usize, length: usize) {
    let [high, low] = ((distance - 1) as u16).to_be_bytes();
    match length - 2 {
        short @ 1..=6 => output.extend_from_slice(&[(short as u8) << 5 | high, low]),
        long => output.extend_from_slice(&[7 << 5 | high, (long - 7) as u8, low]),
    }
}

/// Why a stream could not be decompressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LzfError {
    #[error("the compressed data ends in the middle of an item")]
    Truncated,
    #[error("the compressed data refers to bytes before its beginning")]
    Distance,
    #[error("the compressed data does not have the declared length")]
    Length,
}

/// Appends the decompressed `input`, which must give exactly `length` bytes, to `output`; after an error, what is
/// there is of no use.
///
/// `output` never grows by more than `input` can stand for, whatever was declared.
pub fn decompress(input: &[u8], length: usize, output: &mut Vec<u8>) -> Result<(), LzfError> {
    if length / EXPANSION_MAX > input.len() {
        return Err(LzfError::Length);
    }
    let start = output.len();
    output.reserve_exact(length);
    output.resize(start + length, 0);
    fill(&mut output[start..], input)
}

/// Decompresses `input` to the whole of `output`.
///
/// Most pieces are a few bytes long, and moves of a length that is known when this is compiled are the fastest.
/// So where there is room, more is moved than the stream says; what is too much is written over by the next piece.
fn fill(output: &mut [u8], mut input: &[u8]) -> Result<(), LzfError> {
    let mut end = 0;
    while let Some(control) = take(&mut input) {
        let control = usize::from(control);
        if control < LITERAL_RUN_MAX {
            let length = control + 1;
            let run = input.get(..length).ok_or(LzfError::Truncated)?;
            match (input.first_chunk::<LITERAL_RUN_MAX>(), output[end..].first_chunk_mut()) {
                (Some(more), Some(room)) => *room = *more,
                (_, _) => output[end..].get_mut(..length).ok_or(LzfError::Length)?.copy_from_slice(run),
            }
            input = &input[length..];
            end += length;
        } else {
            let mut length = (control >> 5) + 2;
            if length == 9 {
                length += usize::from(take(&mut input).ok_or(LzfError::Truncated)?);
            }
            let low = usize::from(take(&mut input).ok_or(LzfError::Truncated)?);
            let distance = ((control & 0x1f) << 8 | low) + 1;
            if length > output.len() - end {
                return Err(LzfError::Length);
            }
            let from = end.checked_sub(distance).ok_or(LzfError::Distance)?;
            repeat(output, from, end, length);
            end += length;
        }
    }
    if end == output.len() { Ok(()) } else { Err(LzfError::Length) }
}

#[inline]
fn take(rest: &mut &[u8]) -> Option<u8> {
    let (&first, after) = rest.split_first()?;
    *rest = after;
    Some(first)
}

/// Copies `length` bytes from `from` to the later `to`, as if byte by byte: what has been copied is copied on.
#[inline]
fn repeat(output: &mut [u8], from: usize, to: usize, length: usize) {
    const WORD: usize = 8;
    let distance = to - from;
    if distance >= WORD && output.len() - to >= length + WORD {
        let mut copied = 0;
        while copied < length {
            output.copy_within(from + copied..from + copied + WORD, to + copied);
            copied += WORD;
        }
    } else if distance == 1 {
        let byte = output[from];
        output[to..to + length].fill(byte);
    } else {
        // Each round can take what the rounds before have copied.
        let mut copied = 0;
        while copied < length {
            let step = (length - copied).min(distance + copied);
            output.copy_within(from..from + step, to + copied);
            copied += step;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn compressed(input: &[u8]) -> Option<Vec<u8>> {
        let mut output = Vec::new();
        Compressor::new().compress(input, &mut output).then_some(output)
    }

    fn decompressed(input: &[u8], length: usize) -> Result<Vec<u8>, LzfError> {
        let mut output = Vec::new();
        decompress(input, length, &mut output).map(|()| output)
    }

    #[test]
    fn a_run_becomes_a_literal_and_overlapping_copies() {
        let input = [b'a'; 300];
        let expected = [0, b'a', 0xe0, 255, 0, 0xe0, 26, 0];
        assert_eq!(compressed(&input).unwrap(), expected);
        assert_eq!(decompressed(&expected, 300).unwrap(), input);
    }

    #[test]
    fn what_saves_less_than_four_bytes_is_not_compressed() {
        assert_eq!(compressed(b""), None);
        assert_eq!(compressed(b"abc"), None);
        assert_eq!(compressed(b"aaaaaaa"), None);
        assert_eq!(compressed(b"aaaaaaaa").unwrap(), [0, b'a', 5 << 5, 0]);
        assert_eq!(compressed(b"the quick brown fox jumps over a lazy dog"), None);
    }

    #[test]
    fn every_match_length_and_distance_survives() {
        for length in (3..300).step_by(7) {
            for distance in [1, 2, 3, 7, 255, 256, 8191, 8192, 8193] {
                let mut input: Vec<u8> = (0..distance).map(|n: u32| (n.wrapping_mul(n) >> 3) as u8).collect();
                let pattern = input.clone();
                input.extend(pattern.iter().cycle().take(length));
                input.extend([0; 20]);
                let output = compressed(&input).unwrap();
                assert_eq!(decompressed(&output, input.len()).unwrap(), input, "{length} from {distance}");
            }
        }
    }

    #[test]
    fn a_compressor_forgets_its_earlier_inputs() {
        let mut compressor = Compressor::new();
        let mut output = Vec::new();
        for round in 0..300_u32 {
            let input: Vec<u8> =
                b"abcdefgh".iter().map(|byte| byte ^ (round % 7) as u8).cycle().take(90).collect();
            assert!(compressor.compress(&input, &mut output));
            assert_eq!(decompressed(&output, input.len()).unwrap(), input);
        }
    }

    #[test]
    fn positions_start_again_when_their_counter_is_full() {
        let mut compressor = Compressor::new();
        let mut output = Vec::new();
        let input = [b'x'; 100];
        assert!(compressor.compress(&input, &mut output));
        compressor.next_base = u32::MAX - 150;
        for _ in 0..3 {
            assert!(compressor.compress(&input, &mut output));
            assert_eq!(decompressed(&output, 100).unwrap(), input);
        }
        assert_eq!(compressor.next_base, 201);
    }

    #[test]
    fn a_stream_must_have_exactly_the_declared_length() {
        let stream = [2, b'a', b'b', b'c', 0x20, 2];
        assert_eq!(decompressed(&stream, 6).unwrap(), b"abcabc");
        assert_eq!(decompressed(&stream, 5), Err(LzfError::Length));
        assert_eq!(decompressed(&stream, 7), Err(LzfError::Length));
        assert_eq!(decompressed(&stream, 2), Err(LzfError::Length));
        assert_eq!(decompressed(&[], 0).unwrap(), b"");
    }

    #[test]
    fn broken_streams_are_refused() {
        assert_eq!(decompressed(&[2, b'a', b'b'], 3), Err(LzfError::Truncated));
        assert_eq!(decompressed(&[0, b'a', 0x20], 4), Err(LzfError::Truncated));
        assert_eq!(decompressed(&[0, b'a', 0xe0], 10), Err(LzfError::Truncated));
        assert_eq!(decompressed(&[0, b'a', 0xe0, 0], 10), Err(LzfError::Truncated));
        assert_eq!(decompressed(&[0, b'a', 0x20, 1], 4), Err(LzfError::Distance));
        assert_eq!(decompressed(&[0x20, 0], 3), Err(LzfError::Distance));
    }

    #[test]
    fn what_stands_before_the_output_is_not_part_of_it() {
        let mut output = b"before".to_vec();
        assert_eq!(decompress(&[0, b'a', 0x20, 0], 4, &mut output), Ok(()));
        assert_eq!(output, b"beforeaaaa");
        assert_eq!(decompress(&[0, b'a', 0x20, 1], 4, &mut output), Err(LzfError::Distance));
    }

    #[test]
    fn a_huge_declared_length_allocates_nothing() {
        let mut output = Vec::new();
        assert_eq!(decompress(&[0, b'a'], usize::MAX, &mut output), Err(LzfError::Length));
        assert_eq!(output.capacity(), 0);
    }

    proptest! {
        #[test]
        fn any_input_survives(
            pieces in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..40), 1_usize..30), 0..40),
        ) {
            let input: Vec<u8> = pieces.iter().flat_map(|(piece, times)| piece.repeat(*times)).collect();
            if let Some(output) = compressed(&input) {
                prop_assert!(output.len() + SAVED_BYTES_MIN <= input.len());
                prop_assert_eq!(decompressed(&output, input.len()).unwrap(), input);
            }
        }

        #[test]
        fn garbage_never_exceeds_the_declared_length(
            input in prop::collection::vec(prop_oneof![0_u8..8, any::<u8>()], 0..200),
            length in 0_usize..2000,
        ) {
            let mut output = Vec::new();
            let result = decompress(&input, length, &mut output);
            prop_assert!(output.len() <= length);
            prop_assert!(result.is_err() || output.len() == length);
        }
    }
}
