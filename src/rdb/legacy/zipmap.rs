//! Zipmaps: the small hashes of Redis 2.2 and 2.4.
//!
//! ```text
//! pairs: u8                     254 and more: not told
//! (length field  length free value  spare bytes)*
//! 0xff
//! ```
//!
//! A length is one byte below 254, or 254 and 4 bytes, little-endian; `free` is a byte: how many spare bytes
//! stand behind the value.

use crate::ds::StrRef;
use crate::ds::listpack::Builder;

const LONG_LENGTH: u8 = 254;
const END: u8 = 255;

/// Makes a listpack of fields and values, in `buffer`.
pub(in crate::rdb) fn to_listpack(zipmap: &[u8], buffer: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    let malformed = "invalid zipmap";
    let mut pack = Builder::in_buffer(buffer);
    let (&declared, mut rest) = zipmap.split_first().ok_or(malformed)?;
    let mut pairs: usize = 0;
    while rest.first() != Some(&END) {
        let length = take_length(&mut rest).ok_or(malformed)?;
        let field = take(&mut rest, length).ok_or(malformed)?;
        let length = take_length(&mut rest).ok_or(malformed)?;
        let free = take_byte(&mut rest).ok_or(malformed)?;
        let value = take(&mut rest, length).ok_or(malformed)?;
        take(&mut rest, free.into()).ok_or(malformed)?;
        pack.push(StrRef::of(field));
        pack.push(StrRef::of(value));
        pairs += 1;
    }
    if rest.len() > 1 {
        return Err("bytes behind the end of a zipmap");
    }
    if pairs == 0 {
        return Err("a zipmap without pairs");
    }
    if declared < LONG_LENGTH && usize::from(declared) != pairs {
        return Err("the number of pairs in a zipmap is wrong");
    }
    Ok(pack.finish())
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    match take_byte(rest)? {
        END => None,
        LONG_LENGTH => {
            let (length, after) = rest.split_first_chunk()?;
            *rest = after;
            Some(u32::from_le_bytes(*length) as usize)
        }
        short => Some(short.into()),
    }
}

fn take_byte(rest: &mut &[u8]) -> Option<u8> {
    let (&byte, after) = rest.split_first()?;
    *rest = after;
    Some(byte)
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ds::listpack::ListPackRef;

    fn texts(zipmap: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
        let bytes = to_listpack(zipmap, Vec::new())?;
        Ok(ListPackRef::validate(&bytes).unwrap().iter().map(StrRef::to_vec).collect())
    }

    #[test]
    fn fields_and_values_are_read_past_the_spare_bytes() {
        let zipmap = b"\x02\x03foo\x03\x00bar\x05hello\x05\x02world..\xff";
        assert_eq!(texts(zipmap).unwrap(), [&b"foo"[..], b"bar", b"hello", b"world"]);
        let long = [&b"\x01\x01f\xfe\x2c\x01\0\0\x00"[..], &[b'v'; 300], b"\xff"].concat();
        assert_eq!(texts(&long).unwrap(), [&b"f"[..], &[b'v'; 300]]);
        assert!(texts(b"\0\xff").is_err(), "no server wrote an empty one");
    }

    #[test]
    fn every_truncation_and_every_wrong_count_is_an_error() {
        let zipmap = b"\x02\x03foo\x03\x00bar\x05hello\x05\x02world..\xff";
        for length in 0..zipmap.len() {
            assert!(texts(&zipmap[..length]).is_err(), "{length}");
        }
        let mut wrong = zipmap.to_vec();
        wrong[0] = 3;
        assert!(texts(&wrong).is_err());
        wrong[0] = 254;
        assert!(texts(&wrong).is_ok());
        wrong.push(0);
        assert!(texts(&wrong).is_err());
    }
}
