//! One element of a listpack: its value, then the length of that once more, to be read from behind.
//!
//! ```text
//! 0nnnnnnn                  an integer, 0 to 127
//! 10nnnnnn text             a text of up to 63 bytes
//! 110nnnnn nnnnnnnn         an integer of 13 bits, high bits first
//! 1110nnnn nnnnnnnn text    a text of up to 4095 bytes, high bits first
//! 0xf0 length(4) text       a longer text; little endian, like all that follows
//! 0xf1 .. 0xf4 number       an integer of 2, 3, 4, 8 bytes
//! ```
//!
//! The length behind has one to five bytes of seven bits, high bits first; all but the first byte have the top
//! bit set, so that a reader from behind knows where to stop.

use super::StrRef;

/// Texts up to here have their length in one byte, in two bytes.
const SHORT_TEXT_MAX: usize = 63;
const MIDDLE_TEXT_MAX: usize = 4095;
/// Bytes of a length behind an entry.
const BACK_LENGTH_BYTES_MAX: usize = 5;

/// A value on its way into a listpack.
pub(super) struct Encoded<'a> {
    /// What stands before the text; all of it for an integer.
    head: [u8; 9],
    head_bytes: usize,
    text: &'a [u8],
}

impl<'a> Encoded<'a> {
    pub(super) fn of(value: StrRef<'a>) -> Self {
        match value {
            StrRef::Int(number) => Self::of_integer(number),
            StrRef::Bytes(text) => Self::of_text(text),
        }
    }

    fn of_integer(number: i64) -> Self {
        let bytes = number.to_le_bytes();
        let wide = |kind: u8, width: usize| Self::new(&[kind], &bytes[..width], &[]);
        match number {
            0..=127 => Self::new(&[bytes[0]], &[], &[]),
            -4096..=4095 => Self::new(&[0xc0 | bytes[1] & 0x1f, bytes[0]], &[], &[]),
            -0x8000..=0x7fff => wide(0xf1, 2),
            -0x80_0000..=0x7f_ffff => wide(0xf2, 3),
            -0x8000_0000..=0x7fff_ffff => wide(0xf3, 4),
            _ => wide(0xf4, 8),
        }
    }

    fn of_text(text: &'a [u8]) -> Self {
        let length = (text.len() as u32).to_le_bytes();
        match text.len() {
            0..=SHORT_TEXT_MAX => Self::new(&[0x80 | length[0]], &[], text),
            _ if text.len() <= MIDDLE_TEXT_MAX => Self::new(&[0xe0 | length[1], length[0]], &[], text),
            _ => Self::new(&[0xf0], &length, text),
        }
    }

    fn new(kind: &[u8], rest: &[u8], text: &'a [u8]) -> Self {
        let mut head = [0; 9];
        head[..kind.len()].copy_from_slice(kind);
        head[kind.len()..kind.len() + rest.len()].copy_from_slice(rest);
        Self { head, head_bytes: kind.len() + rest.len(), text }
    }

    /// Length of the entry, the length behind it included.
    pub(super) fn total_bytes(&self) -> usize {
        total_bytes(self.head_bytes + self.text.len())
    }

    /// Writes the entry to a gap of just its length.
    pub(super) fn write(&self, gap: &mut [u8]) {
        let (head, gap) = gap.split_at_mut(self.head_bytes);
        head.copy_from_slice(&self.head[..self.head_bytes]);
        let (text, back_length) = gap.split_at_mut(self.text.len());
        text.copy_from_slice(self.text);

        let mut length = self.head_bytes + self.text.len();
        let (first, others) = back_length.split_first_mut().expect("an entry ends with its length");
        for byte in others.iter_mut().rev() {
            *byte = 0x80 | (length & 0x7f) as u8;
            length >>= 7;
        }
        *first = length as u8;
    }
}

/// The value that begins a slice, and its length without the length behind. `None` if nothing well-formed does.
#[inline]
pub(super) fn decode(bytes: &[u8]) -> Option<(StrRef<'_>, usize)> {
    let (&kind, rest) = bytes.split_first()?;
    let text = |head: usize, length: usize| {
        let end = head.checked_add(length)?;
        Some((StrRef::Bytes(bytes.get(head..end)?), end))
    };
    let integer = |number: i64, width: usize| Some((StrRef::Int(number), 1 + width));
    match kind {
        0..=0x7f => integer(kind.into(), 0),
        0x80..=0xbf => text(1, usize::from(kind & 0x3f)),
        0xc0..=0xdf => {
            let number = u16::from_be_bytes([kind & 0x1f, *rest.first()?]);
            // The 13 bits go to the top and come back with their sign.
            integer(((number << 3).cast_signed() >> 3).into(), 1)
        }
        0xe0..=0xef => text(2, usize::from(u16::from_be_bytes([kind & 0xf, *rest.first()?]))),
        0xf0 => text(5, u32::from_le_bytes(*rest.first_chunk()?) as usize),
        0xf1 => integer(i16::from_le_bytes(*rest.first_chunk()?).into(), 2),
        0xf2 => {
            let &[low, middle, high] = rest.first_chunk()?;
            integer((i32::from_le_bytes([0, low, middle, high]) >> 8).into(), 3)
        }
        0xf3 => integer(i32::from_le_bytes(*rest.first_chunk()?).into(), 4),
        0xf4 => integer(i64::from_le_bytes(*rest.first_chunk()?), 8),
        _ => None,
    }
}

/// The entry that begins a slice, whatever that is: its value, and the length of the entry with that behind the
/// value. `None` if nothing well-formed begins there.
#[inline(always)]
pub(super) fn decode_checked(bytes: &[u8]) -> Option<(StrRef<'_>, usize)> {
    let (value, value_bytes) = decode(bytes)?;
    if value_bytes <= 127 {
        // As below; most entries are short.
        return (usize::from(*bytes.get(value_bytes)?) == value_bytes).then_some((value, value_bytes + 1));
    }
    let entry = bytes.get(..total_bytes(value_bytes))?;
    (back_length(entry) == Some(value_bytes)).then_some((value, entry.len()))
}

/// Length of an entry whose value takes `value_bytes`, with the length behind it.
///
/// The limits are one below powers of two (but for the first), which is how Redis chose them.
#[inline]
pub(super) fn total_bytes(value_bytes: usize) -> usize {
    value_bytes
        + match value_bytes {
            0..=127 => 1,
            128..=16_382 => 2,
            16_383..=2_097_150 => 3,
            2_097_151..=268_435_454 => 4,
            _ => BACK_LENGTH_BYTES_MAX,
        }
}

/// The length of a value, from the bytes up to the end of its entry. `None` if they end in no such length.
#[inline]
pub(super) fn back_length(bytes: &[u8]) -> Option<usize> {
    let mut length = 0;
    for (place, byte) in bytes.iter().rev().take(BACK_LENGTH_BYTES_MAX).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}
