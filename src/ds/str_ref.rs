//! A string that is read: its bytes, or the integer whose digits it consists of.
//!
//! Encodings keep integers as numbers wherever they find the text of one. The form is canonical: a text is
//! an integer here exactly if `parse_i64` accepts it, so that the digits come back as they were.

use crate::util::number::parse_i64;

/// A string that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrRef<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

impl<'a> StrRef<'a> {
    /// The string of a text, as an integer if it is the text of one.
    pub fn of(text: &'a [u8]) -> Self {
        parse_i64(text).map_or(Self::Bytes(text), Self::Int)
    }

    /// Length of the text, which STRLEN reports.
    pub fn len(self) -> usize {
        self.with_text(<[u8]>::len)
    }

    pub fn is_empty(self) -> bool {
        self == StrRef::Bytes(&[])
    }

    /// The text; digits are written to the buffer.
    #[inline]
    pub fn text<'b>(self, buffer: &'b mut itoa::Buffer) -> &'b [u8]
    where
        'a: 'b,
    {
        match self {
            Self::Int(number) => buffer.format(number).as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    /// What `use_text` makes of the text.
    pub fn with_text<R>(self, use_text: impl FnOnce(&[u8]) -> R) -> R {
        use_text(self.text(&mut itoa::Buffer::new()))
    }

    pub fn to_vec(self) -> Vec<u8> {
        self.with_text(<[u8]>::to_vec)
    }
}
