//! Values as callers see them: strings read and written, and objects too big or too lively to be packed.

use super::layout::{Kind, size_class};

/// Text up to this length is packed behind its key; longer text has its own buffer.
pub const INLINE_BYTES_MAX: usize = 1024;
/// Redis packs a string up to this length together with its object header, and calls that `embstr`.
pub const EMBSTR_BYTES_MAX: usize = 44;

/// A string value that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrRef<'a> {
    Int(i64),
    Bytes(&'a [u8]),
}

impl<'a> StrRef<'a> {
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

/// A string value to be stored.
#[derive(Debug)]
pub enum NewString<'a> {
    /// What a client sent: becomes an integer if it is the text of one.
    Bytes(&'a [u8]),
    /// The same, in a buffer that is adopted if the text is long.
    Owned(Vec<u8>),
    Int(i64),
    /// Text that stays text even if it looks like an integer (the result of INCRBYFLOAT).
    Text(&'a [u8]),
    /// Text that reports `raw` at any length (what SETRANGE, SETBIT and BITOP make).
    Raw(Vec<u8>),
}

/// A value that does not fit behind its key. Lives in place in the entry's block, so it should stay small
/// (three words); the collection types become further variants.
#[derive(Debug, Clone)]
pub enum Object {
    Text(Vec<u8>),
}

impl Object {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::String,
        }
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Text(_) => "raw",
        }
    }

    /// Bytes on the heap, without the object itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(text) => size_class(text.capacity()),
        }
    }

    /// About how many allocations it takes to free this: decides whether a helper thread does it.
    pub fn free_effort(&self) -> usize {
        match self {
            Self::Text(_) => 1,
        }
    }
}

/// A string command met a value of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value has another type")]
pub struct WrongType;
