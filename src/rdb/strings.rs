//! Strings: keys, fields, elements, and values of the type string.
//!
//! Any string may be stored as the integer it spells or compressed; only for values of the type
//! string does the reader's caller learn that it was an integer.

use std::borrow::Cow;
use std::io::{self, Read, Write};

use super::LoadError;
use super::format::StringEncoding;
use super::input::{Input, recycle};
use super::lengths::LengthOrEncoding;
use super::output::Output;
use crate::ds::StrRef;

/// Longest decimal text of an `i32`; longer strings are not tried as integers.
const INTEGER_TEXT_BYTES_MAX: usize = 11;

/// A value of so many bytes gets an allocation of its own, which its key can keep: it is not copied again.
const OWNED_BYTES_MIN: usize = 2048;

/// Strings up to this length are not compressed: hardly any would save four bytes.
const UNCOMPRESSED_BYTES_MAX: usize = 20;

/// A value of the type string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StringValue<'a> {
    /// The decimal text of a number.
    Int(i64),
    Bytes(Cow<'a, [u8]>),
}

impl<'a> From<&'a [u8]> for StringValue<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(Cow::Borrowed(bytes))
    }
}

impl StringValue<'_> {
    /// The same value, owning its bytes.
    pub fn into_owned(self) -> StringValue<'static> {
        match self {
            Self::Int(number) => StringValue::Int(number),
            Self::Bytes(bytes) => StringValue::Bytes(Cow::Owned(bytes.into_owned())),
        }
    }

    pub(super) fn save<W: Write>(&self, output: &mut Output<W>) -> io::Result<()> {
        match self {
            Self::Int(number) => output.put_integer_string(*number),
            Self::Bytes(bytes) => output.put_string(bytes),
        }
    }

    /// Reads a value, whose bytes will be in `scratch` unless they are many.
    pub(super) fn load<'s, R: Read>(
        input: &mut Input<R>,
        scratch: &'s mut Vec<u8>,
    ) -> Result<StringValue<'s>, LoadError> {
        Ok(match input.take_string_or_integer(scratch)? {
            Some(number) => StringValue::Int(number.into()),
            None if scratch.len() >= OWNED_BYTES_MIN => {
                StringValue::Bytes(Cow::Owned(std::mem::take(scratch)))
            }
            None => StringValue::Bytes(Cow::Borrowed(scratch)),
        })
    }
}

impl<W: Write> Output<W> {
    pub(super) fn put_string(&mut self, bytes: &[u8]) -> io::Result<()> {
        if let Some(number) = integer_spelled(bytes) {
            return self.put_i32(number);
        }
        if bytes.len() > UNCOMPRESSED_BYTES_MAX
            && let Some(compressor) = &mut self.compressor
            && compressor.compress(bytes, &mut self.compressed)
        {
            return self.put_compressed(bytes.len());
        }
        self.put_plain(bytes)
    }

    #[inline]
    pub(super) fn put_str(&mut self, string: StrRef<'_>) -> io::Result<()> {
        match string {
            StrRef::Int(number) => self.put_integer_string(number),
            StrRef::Bytes(bytes) => self.put_string(bytes),
        }
    }

    pub(super) fn put_integer_string(&mut self, number: i64) -> io::Result<()> {
        match i32::try_from(number) {
            Ok(number) => self.put_i32(number),
            Err(_) => self.put_plain(itoa::Buffer::new().format(number).as_bytes()),
        }
    }

    fn put_i32(&mut self, number: i32) -> io::Result<()> {
        if let Ok(number) = i8::try_from(number) {
            self.put_encoding(StringEncoding::Int8)?;
            self.put(&number.to_le_bytes())
        } else if let Ok(number) = i16::try_from(number) {
            self.put_encoding(StringEncoding::Int16)?;
            self.put(&number.to_le_bytes())
        } else {
            self.put_encoding(StringEncoding::Int32)?;
            self.put(&number.to_le_bytes())
        }
    }

    /// Writes what stands in `self.compressed`, as a string of `plain_bytes`.
    fn put_compressed(&mut self, plain_bytes: usize) -> io::Result<()> {
        let compressed = std::mem::take(&mut self.compressed);
        let put = self.put_lzf(&compressed, plain_bytes);
        self.compressed = compressed;
        put
    }

    /// Writes a string of `plain_bytes` by its LZF stream.
    pub(super) fn put_lzf(&mut self, stream: &[u8], plain_bytes: usize) -> io::Result<()> {
        self.put_encoding(StringEncoding::Lzf)?;
        self.put_len(stream.len() as u64)?;
        self.put_len(plain_bytes as u64)?;
        self.put(stream)
    }

    fn put_plain(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.put_len(bytes.len() as u64)?;
        self.put(bytes)
    }
}

/// The number whose decimal text is exactly `bytes`: "7", but neither "07" nor "+7".
fn integer_spelled(bytes: &[u8]) -> Option<i32> {
    if bytes.len() > INTEGER_TEXT_BYTES_MAX || !bytes.last()?.is_ascii_digit() {
        return None;
    }
    let number = std::str::from_utf8(bytes).ok()?.parse().ok()?;
    (itoa::Buffer::new().format::<i32>(number).as_bytes() == bytes).then_some(number)
}

impl<R: Read> Input<R> {
    /// Replaces `into` by the next string.
    pub(super) fn take_string(&mut self, into: &mut Vec<u8>) -> Result<(), LoadError> {
        recycle(into);
        self.append_string(into)
    }

    /// The next string, whose text will be in `scratch`.
    #[inline]
    pub(super) fn take_str<'s>(&mut self, scratch: &'s mut Vec<u8>) -> Result<StrRef<'s>, LoadError> {
        Ok(match self.take_string_or_integer(scratch)? {
            Some(number) => StrRef::Int(number.into()),
            None => StrRef::of(scratch),
        })
    }

    /// The next string in an allocation of its own, which has no spare room.
    pub(super) fn take_owned_string(&mut self) -> Result<Vec<u8>, LoadError> {
        self.take_string_behind(0)
    }

    /// The same behind so many other bytes.
    pub(super) fn take_string_behind(&mut self, front_bytes: usize) -> Result<Vec<u8>, LoadError> {
        let mut string = vec![0; front_bytes];
        self.append_string(&mut string)?;
        Ok(string)
    }

    fn append_string(&mut self, into: &mut Vec<u8>) -> Result<(), LoadError> {
        if let Some(number) = self.append_bytes_or_take_integer(into)? {
            into.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        Ok(())
    }

    /// Reads the next string: the number if it is stored as one, else its bytes into `into`.
    #[inline]
    fn take_string_or_integer(&mut self, into: &mut Vec<u8>) -> Result<Option<i32>, LoadError> {
        recycle(into);
        self.append_bytes_or_take_integer(into)
    }

    #[inline]
    fn append_bytes_or_take_integer(&mut self, into: &mut Vec<u8>) -> Result<Option<i32>, LoadError> {
        let encoding = match self.take_len_or_encoding()? {
            LengthOrEncoding::Length(length) => return self.append(length, into).map(|()| None),
            LengthOrEncoding::Encoding(encoding) => encoding,
        };
        match encoding {
            StringEncoding::Int8 => Ok(Some(i8::from_le_bytes(self.take_array()?).into())),
            StringEncoding::Int16 => Ok(Some(i16::from_le_bytes(self.take_array()?).into())),
            StringEncoding::Int32 => Ok(Some(i32::from_le_bytes(self.take_array()?))),
            StringEncoding::Lzf => {
                let (compressed_bytes, plain_bytes) = (self.take_len()?, self.take_len()?);
                self.append_decompressed(compressed_bytes, plain_bytes, into).map(|()| None)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(value: &StringValue<'_>, compression: bool) -> Vec<u8> {
        let mut output = Output::new(Vec::new(), compression, false);
        value.save(&mut output).unwrap();
        output.flush().unwrap();
        output.into_inner()
    }

    fn saved_bytes(bytes: &[u8]) -> Vec<u8> {
        saved(&bytes.into(), true)
    }

    fn loaded(bytes: &[u8]) -> Result<StringValue<'static>, LoadError> {
        StringValue::load(&mut Input::new(bytes, None), &mut Vec::new()).map(StringValue::into_owned)
    }

    #[test]
    fn text_of_small_integers_is_stored_in_binary() {
        let cases: &[(&str, &[u8])] = &[
            ("0", &[0xc0, 0]),
            ("-128", &[0xc0, 0x80]),
            ("128", &[0xc1, 0x80, 0]),
            ("-32768", &[0xc1, 0, 0x80]),
            ("32768", &[0xc2, 0, 0x80, 0, 0]),
            ("2147483647", &[0xc2, 0xff, 0xff, 0xff, 0x7f]),
            ("-2147483648", &[0xc2, 0, 0, 0, 0x80]),
        ];
        for &(text, bytes) in cases {
            assert_eq!(saved_bytes(text.as_bytes()), bytes, "{text}");
            let number: i64 = text.parse().unwrap();
            assert_eq!(saved(&StringValue::Int(number), true), bytes);
            assert_eq!(loaded(bytes).unwrap(), StringValue::Int(number));
        }
    }

    #[test]
    fn text_that_is_not_an_integers_own_is_stored_as_it_is() {
        for text in ["", "+1", "01", "-0", "1 ", " 1", "-", "2147483648", "99999999999", "\u{661}"] {
            let bytes = saved_bytes(text.as_bytes());
            assert_eq!(bytes, [&[text.len() as u8], text.as_bytes()].concat());
            assert_eq!(loaded(&bytes).unwrap(), text.as_bytes().into());
        }
    }

    #[test]
    fn integers_past_32_bits_are_stored_as_text() {
        assert_eq!(saved(&StringValue::Int(i64::MIN), true), b"\x14-9223372036854775808");
    }

    #[test]
    fn an_integer_read_as_a_key_is_its_text() {
        let mut key = b"before".to_vec();
        Input::new(&[0xc1, 0x39, 0x30][..], None).take_string(&mut key).unwrap();
        assert_eq!(key, b"12345");
    }

    #[test]
    fn strings_longer_than_twenty_bytes_are_compressed_if_asked_for() {
        assert_eq!(saved_bytes(&[b'a'; 20]).len(), 21);
        let bytes = saved_bytes(&[b'a'; 21]);
        assert_eq!(bytes, [0xc3, 5, 21, 0, b'a', 0xe0, 11, 0]);
        assert_eq!(loaded(&bytes).unwrap(), [b'a'; 21][..].into());
        assert_eq!(saved(&[b'a'; 21][..].into(), false).len(), 22);
        assert_eq!(saved_bytes(b"the quick brown fox jumps over a lazy dog").len(), 42);
    }

    #[test]
    fn a_compressed_string_must_have_its_declared_length() {
        for length in [20, 22] {
            let error = loaded(&[0xc3, 5, length, 0, b'a', 0xe0, 11, 0]).unwrap_err();
            assert!(matches!(error, LoadError::Corrupt { offset: 3, .. }), "{error}");
        }
    }

    #[test]
    fn long_strings_survive_the_buffers() {
        for length in [65_535, 65_536, 65_537, 200_000, 3_000_000] {
            let text: Vec<u8> =
                (0..length as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
            let bytes = saved(&text[..].into(), false);
            assert_eq!(loaded(&bytes).unwrap(), text[..].into(), "{length}");
        }
    }
}
