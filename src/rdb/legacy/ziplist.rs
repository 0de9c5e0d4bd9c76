//! Ziplists: the packed collections before version 10.
//!
//! ```text
//! bytes: u32 LE     length of the whole
//! tail: u32 LE      offset of the last entry, or of the end where there is none
//! count: u16 LE     number of entries; 65535 stands for that or more
//! entries           previous encoding data
//! 0xff
//!
//! previous          length of the entry before: one byte below 254, or 254 and 4 bytes LE
//! encoding, data    00nnnnnn text                 a text of up to 63 bytes
//!                   01nnnnnn nnnnnnnn text        of up to 16383 bytes, high bits first
//!                   10000000 length(4 BE) text    a longer one
//!                   c0, d0, e0, f0, fe            an integer of 2, 4, 8, 3, 1 bytes LE follows
//!                   f1 .. fd                      the integer 0 .. 12
//! ```

use std::io;

use crate::ds::StrRef;
use crate::ds::listpack;

const HEADER_BYTES: usize = 10;
const END: u8 = 0xff;
/// Number of entries from which the header does not tell it.
const COUNT_MANY: usize = u16::MAX as usize;
/// A length of an entry from which on it takes five bytes.
const LONG_PREVIOUS: u8 = 254;
const SHORT_TEXT_MAX: usize = 0x3f;
const MIDDLE_TEXT_MAX: usize = 0x3fff;

/// Makes a listpack of the entries, in `buffer`.
pub(in crate::rdb) fn to_listpack(ziplist: &[u8], buffer: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let malformed = "invalid ziplist";
    let (bytes, rest) = ziplist.split_first_chunk().ok_or(malformed)?;
    let (tail, rest) = rest.split_first_chunk().ok_or(malformed)?;
    let (declared, rest) = rest.split_first_chunk().ok_or(malformed)?;
    if u32::from_le_bytes(*bytes) as usize != ziplist.len() {
        return Err("the length in the header of a ziplist is wrong");
    }
    let Some((&END, mut rest)) = rest.split_last() else { return Err(malformed) };

    let mut pack = listpack::Builder::in_buffer(buffer);
    let mut count = 0;
    let mut previous_bytes = 0;
    while !rest.is_empty() {
        let before = rest.len();
        if take_previous(&mut rest).ok_or(malformed)? != previous_bytes {
            return Err("an entry of a ziplist is wrong about the one before");
        }
        pack.push(take_value(&mut rest).ok_or(malformed)?);
        previous_bytes = before - rest.len();
        count += 1;
    }
    let last_offset = ziplist.len() - 1 - previous_bytes;
    if count > 0 && u32::from_le_bytes(*tail) as usize != last_offset {
        return Err("a ziplist is wrong about its last entry");
    }
    match usize::from(u16::from_le_bytes(*declared)) {
        COUNT_MANY => {}
        declared if declared == count => {}
        _ => return Err("the number of entries in a ziplist is wrong"),
    }
    Ok(pack.finish())
}

/// A ziplist in the making, from first to last.
#[derive(Debug)]
pub(in crate::rdb) struct Builder {
    /// Without the end byte, and with a header that is filled in at last.
    bytes: Vec<u8>,
    /// Offset of the last entry.
    tail: usize,
    len: usize,
}

impl Builder {
    /// Begins a ziplist in a buffer, whatever is in it.
    pub(in crate::rdb) fn in_buffer(mut buffer: Vec<u8>) -> Self {
        buffer.clear();
        buffer.resize(HEADER_BYTES, 0);
        Self { bytes: buffer, tail: HEADER_BYTES, len: 0 }
    }

    /// Adds an entry behind the last.
    pub(in crate::rdb) fn push(&mut self, value: StrRef<'_>) {
        let previous_bytes = self.bytes.len() - self.tail;
        self.tail = self.bytes.len();
        push_previous(previous_bytes, &mut self.bytes);
        match value {
            StrRef::Int(number) => push_integer(number, &mut self.bytes),
            StrRef::Bytes(text) => push_text(text, &mut self.bytes),
        }
        self.len += 1;
    }

    /// The ziplist. `InvalidInput` if there is too much for one.
    pub(in crate::rdb) fn finish(mut self) -> io::Result<Vec<u8>> {
        self.bytes.push(END);
        // No length within is greater than that of the whole.
        let length = u32::try_from(self.bytes.len())
            .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "too long for a ziplist"))?;
        let len = u16::try_from(self.len).unwrap_or(u16::MAX).to_le_bytes();
        let header = length.to_le_bytes().into_iter().chain(u32_of(self.tail).to_le_bytes()).chain(len);
        self.bytes.iter_mut().zip(header).for_each(|(byte, known)| *byte = known);
        Ok(self.bytes)
    }
}

fn take_previous(rest: &mut &[u8]) -> Option<usize> {
    Some(match take::<1>(rest)? {
        [LONG_PREVIOUS] => u32::from_le_bytes(take(rest)?) as usize,
        [END] => return None,
        [short] => short.into(),
    })
}

fn take_value<'a>(rest: &mut &'a [u8]) -> Option<StrRef<'a>> {
    let [code] = take(rest)?;
    let integer = match code {
        0x00..=0x3f => return take_text(rest, code.into()),
        0x40..=0x7f => {
            let [low] = take(rest)?;
            return take_text(rest, u16::from_be_bytes([code & 0x3f, low]).into());
        }
        0x80 => {
            let length = u32::from_be_bytes(take(rest)?);
            return take_text(rest, length as usize);
        }
        0xc0 => i16::from_le_bytes(take(rest)?).into(),
        0xd0 => i32::from_le_bytes(take(rest)?).into(),
        0xe0 => i64::from_le_bytes(take(rest)?),
        0xf0 => {
            let [low, middle, high] = take(rest)?;
            (i32::from_le_bytes([0, low, middle, high]) >> 8).into()
        }
        0xf1..=0xfd => i64::from(code & 0xf) - 1,
        0xfe => i8::from_le_bytes(take(rest)?).into(),
        _ => return None,
    };
    Some(StrRef::Int(integer))
}

fn take_text<'a>(rest: &mut &'a [u8], length: usize) -> Option<StrRef<'a>> {
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(StrRef::of(text))
}

fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(*taken)
}

fn push_previous(bytes: usize, ziplist: &mut Vec<u8>) {
    if let Ok(short @ 0..LONG_PREVIOUS) = u8::try_from(bytes) {
        ziplist.push(short);
    } else {
        ziplist.push(LONG_PREVIOUS);
        ziplist.extend_from_slice(&u32_of(bytes).to_le_bytes());
    }
}

fn push_text(text: &[u8], ziplist: &mut Vec<u8>) {
    let length = u32_of(text.len()).to_be_bytes();
    let [.., high, low] = length;
    match text.len() {
        0..=SHORT_TEXT_MAX => ziplist.push(low),
        _ if text.len() <= MIDDLE_TEXT_MAX => ziplist.extend_from_slice(&[0x40 | high, low]),
        _ => {
            ziplist.push(0x80);
            ziplist.extend_from_slice(&length);
        }
    }
    ziplist.extend_from_slice(text);
}

fn push_integer(number: i64, ziplist: &mut Vec<u8>) {
    let [a, b, c, d, ..] = number.to_le_bytes();
    match number {
        0..=12 => ziplist.push(0xf1 + a),
        -0x80..=0x7f => ziplist.extend_from_slice(&[0xfe, a]),
        -0x8000..=0x7fff => ziplist.extend_from_slice(&[0xc0, a, b]),
        -0x80_0000..=0x7f_ffff => ziplist.extend_from_slice(&[0xf0, a, b, c]),
        -0x8000_0000..=0x7fff_ffff => ziplist.extend_from_slice(&[0xd0, a, b, c, d]),
        _ => {
            ziplist.push(0xe0);
            ziplist.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// A length; one that does not fit makes a ziplist that cannot be finished.
fn u32_of(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ds::listpack::ListPackRef;

    fn texts(ziplist: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let bytes = to_listpack(ziplist, Vec::new())?;
        Ok(ListPackRef::validate(&bytes).unwrap().iter().map(StrRef::to_vec).collect())
    }

    fn ziplist(values: &[&[u8]]) -> Vec<u8> {
        let mut builder = Builder::in_buffer(vec![1; 30]);
        for text in values {
            builder.push(StrRef::of(text));
        }
        builder.finish().unwrap()
    }

    #[test]
    fn the_bytes_are_those_of_redis() {
        // The example of Redis's own description of the format.
        assert_eq!(ziplist(&[b"2", b"5"]), b"\x0f\0\0\0\x0c\0\0\0\x02\0\0\xf3\x02\xf6\xff");
        assert_eq!(ziplist(&[]), b"\x0b\0\0\0\x0a\0\0\0\0\0\xff");
    }

    #[test]
    fn every_form_of_entry_comes_back() {
        let long = vec![b'l'; 20_000];
        let middle = vec![b'm'; 300];
        let values: [&[u8]; 16] = [
            b"",
            b"0",
            b"12",
            b"13",
            b"-1",
            b"-128",
            b"32767",
            b"-32769",
            b"8388607",
            b"-8388609",
            b"2147483647",
            b"-9223372036854775808",
            b"text",
            &middle,
            &long,
            b"007",
        ];
        assert_eq!(texts(&ziplist(&values)).unwrap(), values);
    }

    #[test]
    fn the_count_may_be_missing_where_there_are_many() {
        let values = vec![&b"1"[..]; 65_536];
        let bytes = ziplist(&values);
        assert_eq!(bytes[8..10], [0xff, 0xff]);
        assert_eq!(texts(&bytes).unwrap().len(), 65_536);
    }

    #[test]
    fn every_truncation_and_every_wrong_fact_is_an_error() {
        let bytes = ziplist(&[b"2", b"five", b"100000"]);
        for length in 0..bytes.len() {
            assert!(texts(&bytes[..length]).is_err(), "{length}");
        }
        // Length, tail, count, an entry's word on the one before, an encoding, the end.
        for (at, byte) in [(0, 0), (4, 11), (8, 2), (12, 3), (13, 0x7f), (bytes.len() - 1, 0)] {
            let mut wrong = bytes.clone();
            wrong[at] = byte;
            assert!(texts(&wrong).is_err(), "{at}");
        }
    }
}
