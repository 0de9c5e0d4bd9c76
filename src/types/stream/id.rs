//! Identifiers of stream entries, and the forms in which commands write them.

use std::fmt;

use crate::util::number::{parse_i64, parse_u64_lenient};

/// A longer text is no ID: Redis reads them in a buffer of this size.
const TEXT_BYTES_MAX: usize = 127;

/// Identifier of an entry: a time and a number within it. Entries of a stream lie in the order of their IDs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct StreamId {
    /// Unix time in milliseconds, unless the client chose otherwise.
    pub ms: u64,
    pub seq: u64,
}

/// The ID of an entry to be added, as XADD gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewId {
    /// `*`
    Auto,
    /// `<ms>-*`
    AutoSeq(u64),
    Exact(StreamId),
}

impl StreamId {
    /// No entry has it: `0-0` stands for "none".
    pub const MIN: Self = Self { ms: 0, seq: 0 };
    pub const MAX: Self = Self { ms: u64::MAX, seq: u64::MAX };

    pub const fn new(ms: u64, seq: u64) -> Self {
        Self { ms, seq }
    }

    /// Reads `<ms>` or `<ms>-<seq>`; `missing_seq` completes the short form.
    pub fn parse(text: &[u8], missing_seq: u64) -> Option<Self> {
        let (ms, seq) = split(text)?;
        let seq = seq.map_or(Some(missing_seq), parse_part)?;
        Some(Self { ms, seq })
    }

    /// As [`StreamId::parse`], and `-` and `+` are the least and the greatest ID.
    pub fn parse_bound(text: &[u8], missing_seq: u64) -> Option<Self> {
        match until_nul(text) {
            b"-" => Some(Self::MIN),
            b"+" => Some(Self::MAX),
            _ => Self::parse(text, missing_seq),
        }
    }

    pub fn is_zero(self) -> bool {
        self == Self::MIN
    }

    /// The ID behind this one; `None` behind the last.
    pub fn next(self) -> Option<Self> {
        match self.seq.checked_add(1) {
            Some(seq) => Some(Self { seq, ..self }),
            None => self.ms.checked_add(1).map(|ms| Self { ms, seq: 0 }),
        }
    }

    /// The ID before this one; `None` before the first.
    pub fn previous(self) -> Option<Self> {
        match self.seq.checked_sub(1) {
            Some(seq) => Some(Self { seq, ..self }),
            None => self.ms.checked_sub(1).map(|ms| Self { ms, seq: u64::MAX }),
        }
    }

    /// Big-endian, as snapshots keep it: the order of the bytes is that of the IDs.
    pub fn to_be_bytes(self) -> [u8; 16] {
        ((u128::from(self.ms) << 64) | u128::from(self.seq)).to_be_bytes()
    }

    pub fn from_be_bytes(bytes: [u8; 16]) -> Self {
        let number = u128::from_be_bytes(bytes);
        Self { ms: (number >> 64) as u64, seq: number as u64 }
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.ms, self.seq)
    }
}

/// The text of an ID (or of a number), without an allocation.
#[derive(Debug, Clone, Copy)]
pub struct IdText {
    bytes: [u8; Self::BYTES_MAX],
    used: u8,
}

impl IdText {
    /// Two numbers of twenty digits and a dash.
    const BYTES_MAX: usize = 41;

    /// The text of a number that stands where an ID might.
    pub fn of_number(number: u64) -> Self {
        let mut text = Self { bytes: [0; Self::BYTES_MAX], used: 0 };
        text.push(itoa::Buffer::new().format(number).as_bytes());
        text
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.used)]
    }

    fn push(&mut self, part: &[u8]) {
        let start = usize::from(self.used);
        self.bytes[start..start + part.len()].copy_from_slice(part);
        self.used += part.len() as u8;
    }
}

impl From<StreamId> for IdText {
    fn from(id: StreamId) -> Self {
        let mut text = Self::of_number(id.ms);
        text.push(b"-");
        text.push(itoa::Buffer::new().format(id.seq).as_bytes());
        text
    }
}

impl NewId {
    /// Reads the ID argument of XADD.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text == b"*" {
            return Some(Self::Auto);
        }
        match split(text)? {
            (ms, Some(b"*")) => Some(Self::AutoSeq(ms)),
            (ms, None) => Some(Self::Exact(StreamId { ms, seq: 0 })),
            (ms, Some(seq)) => parse_part(seq).map(|seq| Self::Exact(StreamId { ms, seq })),
        }
    }
}

/// The number before the first dash, and the text behind it.
fn split(text: &[u8]) -> Option<(u64, Option<&[u8]>)> {
    if text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let text = until_nul(text);
    let (ms, seq) = match text.iter().position(|byte| *byte == b'-') {
        Some(dash) => (&text[..dash], Some(&text[dash + 1..])),
        None => (text, None),
    };
    Some((parse_part(ms)?, seq))
}

/// One half of an ID. Redis is generous with what is no canonical integer (spaces, leading zeros, wrapping
/// negatives), but refuses a canonical negative one.
fn parse_part(text: &[u8]) -> Option<u64> {
    match parse_i64(text) {
        Some(number) => u64::try_from(number).ok(),
        None => parse_u64_lenient(text),
    }
}

/// Redis reads IDs as C strings.
fn until_nul(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn id(ms: u64, seq: u64) -> StreamId {
        StreamId::new(ms, seq)
    }

    #[test]
    fn a_short_form_is_completed() {
        assert_eq!(StreamId::parse(b"5", 0), Some(id(5, 0)));
        assert_eq!(StreamId::parse(b"5", u64::MAX), Some(id(5, u64::MAX)));
        assert_eq!(StreamId::parse(b"5-7", 9), Some(id(5, 7)));
        let greatest = b"18446744073709551615-18446744073709551615";
        assert_eq!(StreamId::parse(greatest, 0), Some(StreamId::MAX));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "-", "+", "*", "abc", "1-", "-1", "1-x", "1--5", "1-1-1", "1-*", "18446744073709551616"]
        {
            assert_eq!(StreamId::parse(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(StreamId::parse(&[b'1'; 128], 0), None);
    }

    #[test]
    fn redis_s_generosity_is_kept() {
        assert_eq!(StreamId::parse(b"007-01", 0), Some(id(7, 1)));
        assert_eq!(StreamId::parse(b"1--01", 0), Some(id(1, u64::MAX)));
        assert_eq!(StreamId::parse(b"1-2\0rest", 0), Some(id(1, 2)));
    }

    #[test]
    fn bounds_have_signs_for_the_ends() {
        assert_eq!(StreamId::parse_bound(b"-", 3), Some(StreamId::MIN));
        assert_eq!(StreamId::parse_bound(b"+", 3), Some(StreamId::MAX));
        assert_eq!(StreamId::parse_bound(b"4", 3), Some(id(4, 3)));
    }

    #[test]
    fn new_ids_may_be_left_to_the_stream() {
        assert_eq!(NewId::parse(b"*"), Some(NewId::Auto));
        assert_eq!(NewId::parse(b"9-*"), Some(NewId::AutoSeq(9)));
        assert_eq!(NewId::parse(b"9"), Some(NewId::Exact(id(9, 0))));
        assert_eq!(NewId::parse(b"9-1"), Some(NewId::Exact(id(9, 1))));
        assert_eq!(NewId::parse(b"9-**"), None);
        assert_eq!(NewId::parse(b"+"), None);
    }

    #[test]
    fn neighbours_cross_milliseconds_and_stop_at_the_ends() {
        assert_eq!(id(1, u64::MAX).next(), Some(id(2, 0)));
        assert_eq!(id(2, 0).previous(), Some(id(1, u64::MAX)));
        assert_eq!(StreamId::MAX.next(), None);
        assert_eq!(StreamId::MIN.previous(), None);
    }

    #[test]
    fn texts_and_bytes_read_back() {
        for id in [StreamId::MIN, id(1, 20), StreamId::MAX] {
            assert_eq!(StreamId::from_be_bytes(id.to_be_bytes()), id);
            assert_eq!(StreamId::parse(IdText::from(id).as_bytes(), 0), Some(id));
            assert_eq!(IdText::from(id).as_bytes(), id.to_string().as_bytes());
        }
    }
}
