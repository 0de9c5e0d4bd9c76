//! Strings one behind the other in a block of bytes: the records of small collections and of hash buckets.
//!
//! **Encoding.** One byte says what follows:
//!
//! ```text
//! 0x00-0xef  text of so many bytes
//! 0xf0       text, its length in 2 bytes      0xf1   text, its length in 4 bytes
//! 0xf2       the number (4 bytes) of a long string kept beside the block, see `slab`
//! 0xf3-0xf8  an integer in 1, 2, 3, 4, 6, 8 bytes
//! 0xf9-0xff  never starts a string: free for the structure above
//! ```
//!
//! Numbers are little-endian. The encoding is canonical: a text that `parse_i64` accepts is always the shortest
//! integer, so that two strings of blocks are equal exactly if their bytes are (long strings apart).
//! Unlike a listpack it cannot be read backwards, and so costs a byte less for each string.
//!
//! **Invariant:** blocks are made here and nowhere else; a block that does not decode is a bug, and panics.

use super::StrRef;
use super::slab::LongId;
use crate::util::number::parse_i64;

const TEXT_16: u8 = 0xf0;
const TEXT_32: u8 = 0xf1;
const LONG: u8 = 0xf2;
const INT_FIRST: u8 = 0xf3;
const INT_LAST: u8 = 0xf8;
/// Bytes of the integer behind each of the six codes.
const INT_BYTES: [usize; 6] = [1, 2, 3, 4, 6, 8];

/// Bytes of a reference to a long string.
pub const LONG_BYTES: usize = 5;
/// Texts longer than this are kept beside blocks that are searched and moved often.
pub const SHORT_TEXT_BYTES_MAX: usize = 64;

/// One string of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packed<'a> {
    Str(StrRef<'a>),
    /// Kept beside the block.
    Long(LongId),
}

impl<'a> Packed<'a> {
    /// The string at the start of `block`, and the bytes it takes there.
    #[inline]
    pub fn read(block: &'a [u8]) -> (Self, usize) {
        let code = block[0];
        match code {
            0..TEXT_16 => text(block, 1, code.into()),
            TEXT_16 => text(block, 3, usize::from(u16::from_le_bytes([block[1], block[2]]))),
            TEXT_32 => text(block, 5, number(&block[1..5]) as u32 as usize),
            LONG => (Self::Long(LongId::from_u32(number(&block[1..LONG_BYTES]) as u32)), LONG_BYTES),
            INT_FIRST..=INT_LAST => {
                let bytes = INT_BYTES[usize::from(code - INT_FIRST)];
                (Self::Str(StrRef::Int(number(&block[1..=bytes]))), 1 + bytes)
            }
            _ => unreachable!("no string starts with this byte"),
        }
    }

    /// Bytes of the string at the start of `block`.
    #[inline]
    pub fn len_at(block: &[u8]) -> usize {
        let code = block[0];
        match code {
            0..TEXT_16 => 1 + usize::from(code),
            TEXT_16 => 3 + usize::from(u16::from_le_bytes([block[1], block[2]])),
            TEXT_32 => 5 + number(&block[1..5]) as u32 as usize,
            LONG => LONG_BYTES,
            _ => 1 + INT_BYTES[usize::from(code - INT_FIRST)],
        }
    }
}

#[inline]
fn text(block: &[u8], start: usize, length: usize) -> (Packed<'_>, usize) {
    (Packed::Str(StrRef::Bytes(&block[start..start + length])), start + length)
}

/// A signed little-endian number of up to 8 bytes.
#[inline]
fn number(bytes: &[u8]) -> i64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let unused_bits = 64 - 8 * bytes.len() as u32;
    i64::from_le_bytes(word) << unused_bits >> unused_bits
}

/// Appends a text, as an integer if it is the text of one. Texts must be shorter than 4 GiB.
#[inline]
pub fn push_text(text: &[u8], block: &mut Vec<u8>) {
    match parse_i64(text) {
        Some(number) => push_int(number, block),
        None => push_bytes(text, block),
    }
}

/// Appends a string that is canonical already.
#[inline]
pub fn push_str(string: StrRef<'_>, block: &mut Vec<u8>) {
    match string {
        StrRef::Int(number) => push_int(number, block),
        StrRef::Bytes(text) => push_bytes(text, block),
    }
}

fn push_int(number: i64, block: &mut Vec<u8>) {
    let (code, bytes) = int_form(number);
    block.push(code);
    block.extend_from_slice(&number.to_le_bytes()[..bytes]);
}

/// The code of an integer, and how many of its bytes follow.
fn int_form(number: i64) -> (u8, usize) {
    let significant_bits = 65 - (if number < 0 { !number } else { number }).leading_zeros() as usize;
    let fits = INT_BYTES.iter().position(|bytes| significant_bits <= 8 * bytes).unwrap_or(5);
    (INT_FIRST + fits as u8, INT_BYTES[fits])
}

#[inline]
fn push_bytes(text: &[u8], block: &mut Vec<u8>) {
    match text.len() {
        length @ 0..0xf0 => block.push(length as u8),
        length @ 0..=0xffff => {
            block.push(TEXT_16);
            block.extend_from_slice(&(length as u16).to_le_bytes());
        }
        length => {
            let length = u32::try_from(length).expect("texts in blocks are shorter than 4 GiB");
            block.push(TEXT_32);
            block.extend_from_slice(&length.to_le_bytes());
        }
    }
    block.extend_from_slice(text);
}

/// Appends a reference to a long string.
pub fn push_long(id: LongId, block: &mut Vec<u8>) {
    block.push(LONG);
    block.extend_from_slice(&id.to_u32().to_le_bytes());
}

/// A packed string by itself, without an allocation: what is looked for in blocks, and appended to them.
#[derive(Debug, Clone, Copy)]
pub struct Short {
    bytes: [u8; 1 + SHORT_TEXT_BYTES_MAX],
    len: u8,
}

impl Short {
    /// Packs a canonical string, unless it is longer than [`SHORT_TEXT_BYTES_MAX`].
    #[inline]
    pub fn of(string: StrRef<'_>) -> Option<Self> {
        let mut bytes = [0; 1 + SHORT_TEXT_BYTES_MAX];
        let len = match string {
            StrRef::Int(number) => {
                let (code, length) = int_form(number);
                bytes[0] = code;
                bytes[1..=length].copy_from_slice(&number.to_le_bytes()[..length]);
                length
            }
            StrRef::Bytes(text) if text.len() <= SHORT_TEXT_BYTES_MAX => {
                bytes[0] = text.len() as u8;
                bytes[1..=text.len()].copy_from_slice(text);
                text.len()
            }
            StrRef::Bytes(_) => return None,
        };
        Some(Self { bytes, len: 1 + len as u8 })
    }

    /// A short string that is packed already.
    pub fn of_packed(packed: &[u8]) -> Self {
        let mut bytes = [0; 1 + SHORT_TEXT_BYTES_MAX];
        bytes[..packed.len()].copy_from_slice(packed);
        Self { bytes, len: packed.len() as u8 }
    }

    /// A reference to a long string.
    pub fn of_long(id: LongId) -> Self {
        let mut bytes = [0; 1 + SHORT_TEXT_BYTES_MAX];
        bytes[0] = LONG;
        bytes[1..LONG_BYTES].copy_from_slice(&id.to_u32().to_le_bytes());
        Self { bytes, len: LONG_BYTES as u8 }
    }

    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut block = Vec::new();
        push_text(text, &mut block);
        block
    }

    #[test]
    fn every_string_reads_back_with_its_length() {
        let long = [vec![b'x'; 239], vec![b'y'; 240], vec![b'z'; 0x1_0000]];
        let short: [&[u8]; 18] = [
            b"",
            b"a",
            b"0",
            b"-0",
            b"007",
            b"-1",
            b"127",
            b"128",
            b"-128",
            b"-129",
            b"32768",
            b"8388607",
            b"8388608",
            b"2147483648",
            b"140737488355327",
            b"140737488355328",
            b"-9223372036854775808",
            b"+5",
        ];
        for text in short.into_iter().chain(long.iter().map(Vec::as_slice)) {
            let mut block = packed(text);
            let length = block.len();
            block.push(0xff);
            let (string, used) = Packed::read(&block);
            assert_eq!((used, Packed::len_at(&block)), (length, length));
            let Packed::Str(string) = string else { panic!("{string:?}") };
            assert_eq!(string, StrRef::of(text));
            assert_eq!(string.to_vec(), text);
        }
    }

    #[test]
    fn integers_take_as_few_bytes_as_they_need() {
        let lengths: [(&[u8], usize); 7] = [
            (b"-128", 2),
            (b"-129", 3),
            (b"32768", 4),
            (b"8388608", 5),
            (b"2147483648", 7),
            (b"140737488355328", 9),
            (b"99999999999999999999", 21),
        ];
        for (text, length) in lengths {
            assert_eq!(packed(text).len(), length, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn a_string_by_itself_is_packed_as_in_a_block() {
        let texts: [&[u8]; 5] = [b"", b"-7", b"123456789012", b"member", &[b'x'; SHORT_TEXT_BYTES_MAX]];
        for text in texts {
            assert_eq!(Short::of(StrRef::of(text)).unwrap().as_bytes(), packed(text));
        }
        assert!(Short::of(StrRef::of(&[b'x'; SHORT_TEXT_BYTES_MAX + 1])).is_none());
        let id = LongId::from_u32(0x0102_0304);
        assert_eq!(Packed::read(Short::of_long(id).as_bytes()), (Packed::Long(id), LONG_BYTES));
    }

    #[test]
    fn a_long_string_is_a_number() {
        let mut block = Vec::new();
        push_long(LongId::from_u32(u32::MAX), &mut block);
        assert_eq!(Packed::read(&block), (Packed::Long(LongId::from_u32(u32::MAX)), LONG_BYTES));
    }
}
