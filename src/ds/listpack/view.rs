//! Reading a listpack, wherever its bytes are.

use std::fmt;

use thiserror::Error;

use super::entry::{back_length, decode, decode_checked, total_bytes};
use super::{At, COUNT_MANY, END, HEADER_BYTES, StrRef};
use crate::util::number::parse_i64;

/// Why bytes are not a listpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Malformed {
    #[error("the listpack is shorter than its header")]
    Header,
    #[error("the length in the header is not that of the listpack")]
    Length,
    #[error("an element of the listpack is malformed")]
    Element,
    #[error("the number of elements in the header is wrong")]
    Count,
    #[error("the listpack does not end where its elements do")]
    End,
}

/// A listpack to be read: from its header to its end byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ListPackRef<'a> {
    bytes: &'a [u8],
}

impl<'a> ListPackRef<'a> {
    /// The listpack that these bytes are. Whatever they are, this neither panics nor allocates.
    pub fn validate(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::examine(bytes, |_| ()).map(|(view, ..)| view)
    }

    /// The same for who has elements to look at, with their number and what `look` makes of them: what is read is
    /// checked on the way, and the rest afterwards.
    pub fn examine<T>(
        bytes: &'a [u8],
        look: impl FnOnce(&mut Unproven<'a>) -> T,
    ) -> Result<(Self, usize, T), Malformed> {
        let mut elements = Unproven::begin(bytes)?;
        let seen = look(&mut elements);
        let len = elements.finish()?;
        Ok((Self { bytes }, len, seen))
    }

    /// Takes the bytes for what they are said to be.
    #[inline]
    pub(super) fn trusted(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Length in bytes, header and end included.
    pub fn byte_len(self) -> usize {
        self.bytes.len()
    }

    /// Number of elements; counts them if the header does not tell.
    pub fn len(self) -> usize {
        match self.declared_len() {
            COUNT_MANY => self.count(),
            count => count,
        }
    }

    pub fn is_empty(self) -> bool {
        self.entries().is_empty()
    }

    pub fn first(self) -> Option<At> {
        self.checked(At::new(HEADER_BYTES))
    }

    pub fn last(self) -> Option<At> {
        self.before(self.end())
    }

    pub fn next(self, at: At) -> Option<At> {
        self.checked(At::new(self.end_of(at)))
    }

    pub fn prev(self, at: At) -> Option<At> {
        self.before(at.offset())
    }

    /// Where the element with this index is; -1 is the last. Walks from the nearer end.
    pub fn at_index(self, index: i64) -> Option<At> {
        let len = self.len();
        let from_front = if index < 0 { (len as i64).checked_add(index)? } else { index };
        let from_front = usize::try_from(from_front).ok().filter(|&index| index < len)?;
        if from_front <= len / 2 {
            return Some(At::new(self.skip_from(At::new(HEADER_BYTES), from_front)));
        }
        (1..len - from_front).try_fold(self.last()?, |at, _| self.prev(at))
    }

    #[inline]
    pub fn value(self, at: At) -> StrRef<'a> {
        self.decode_at(at.offset()).0
    }

    pub fn iter(self) -> Iter<'a> {
        Iter { bytes: self.bytes, front: HEADER_BYTES, back: self.end() }
    }

    /// The elements from one to the last.
    pub fn iter_from(self, at: At) -> Iter<'a> {
        Iter { front: at.offset(), ..self.iter() }
    }

    /// The elements from the first to one, which is included.
    pub fn iter_through(self, at: At) -> Iter<'a> {
        Iter { back: self.end_of(at), ..self.iter() }
    }

    /// Where the first element with this text is, looking at every `1 + skip`-th.
    pub fn find(self, text: &[u8], skip: usize) -> Option<At> {
        let matches = Matcher::new(text);
        let mut at = self.first()?;
        loop {
            if matches.matches(self.value(at)) {
                return Some(at);
            }
            for _ in 0..=skip {
                at = self.next(at)?;
            }
        }
    }

    /// The bytes between header and end.
    pub(super) fn entries(self) -> &'a [u8] {
        &self.bytes[HEADER_BYTES..self.end()]
    }

    /// The position, unless it is that of the end.
    #[inline]
    pub(super) fn checked(self, at: At) -> Option<At> {
        (at.offset() < self.end()).then_some(at)
    }

    /// Offset behind an element.
    #[inline]
    pub(super) fn end_of(self, at: At) -> usize {
        self.decode_at(at.offset()).1
    }

    /// Where the element with this index from the front is.
    pub(super) fn at_offset_index(self, index: usize) -> Option<At> {
        self.at_index(i64::try_from(index).ok()?)
    }

    /// Offset behind `count` elements, which must exist.
    pub(super) fn skip_from(self, at: At, count: usize) -> usize {
        (0..count).fold(at.offset(), |offset, _| self.decode_at(offset).1)
    }

    /// Number of elements as the header tells it.
    #[inline]
    pub(super) fn declared_len(self) -> usize {
        self.bytes[4..].first_chunk().map_or(0, |count| u16::from_le_bytes(*count).into())
    }

    /// Number of elements, counted.
    pub(super) fn count(self) -> usize {
        self.iter().count()
    }

    /// Offset of the end byte.
    #[inline]
    fn end(self) -> usize {
        self.bytes.len() - 1
    }

    fn before(self, offset: usize) -> Option<At> {
        (offset > HEADER_BYTES).then(|| At::new(start_before(self.bytes, offset)))
    }

    #[inline]
    fn decode_at(self, offset: usize) -> (StrRef<'a>, usize) {
        decode_entry(self.bytes, offset)
    }
}

impl fmt::Debug for ListPackRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

impl<'a> IntoIterator for ListPackRef<'a> {
    type Item = StrRef<'a>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// The elements of a listpack, from both sides.
#[derive(Debug, Clone)]
pub struct Iter<'a> {
    bytes: &'a [u8],
    /// Offset of the next element from the front.
    front: usize,
    /// Offset behind the next element from the back.
    back: usize,
}

impl Iter<'_> {
    /// Bytes of the elements that are left.
    pub fn byte_len(&self) -> usize {
        self.back.saturating_sub(self.front)
    }
}

impl<'a> Iterator for Iter<'a> {
    type Item = StrRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<StrRef<'a>> {
        if self.front >= self.back {
            return None;
        }
        let (value, end) = decode_entry(self.bytes, self.front);
        self.front = end;
        Some(value)
    }
}

impl DoubleEndedIterator for Iter<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<Self::Item> {
        if self.front >= self.back {
            return None;
        }
        self.back = start_before(self.bytes, self.back);
        Some(decode_entry(self.bytes, self.back).0)
    }
}

impl std::iter::FusedIterator for Iter<'_> {}

/// The elements of bytes that may be no listpack: each is checked when it is read. What is malformed ends them, and
/// is an error of [`ListPackRef::examine`].
#[derive(Debug)]
pub struct Unproven<'a> {
    /// The entries that have not been read.
    rest: &'a [u8],
    count: usize,
    declared_count: usize,
    is_malformed: bool,
}

impl<'a> Unproven<'a> {
    fn begin(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let declared = declared_bytes(bytes).ok_or(Malformed::Header)?;
        if declared != bytes.len() {
            return Err(Malformed::Length);
        }
        let Some((&END, rest)) = bytes.get(HEADER_BYTES..).and_then(<[u8]>::split_last) else {
            return Err(Malformed::End);
        };
        let declared_count = ListPackRef { bytes }.declared_len();
        Ok(Self { rest, count: 0, declared_count, is_malformed: false })
    }

    #[inline(never)]
    fn take_any(&mut self) -> Option<StrRef<'a>> {
        self.take_first()
    }

    /// Inlined so that who looks at no value makes none.
    #[inline(always)]
    fn take_first(&mut self) -> Option<StrRef<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let Some((value, entry_bytes)) = decode_checked(self.rest) else {
            self.rest = &[];
            self.is_malformed = true;
            return None;
        };
        self.rest = &self.rest[entry_bytes..];
        self.count += 1;
        Some(value)
    }

    /// Checks the elements that have not been read, and tells how many there are.
    fn finish(mut self) -> Result<usize, Malformed> {
        while self.take_first().is_some() {}
        match self.declared_count {
            _ if self.is_malformed => Err(Malformed::Element),
            COUNT_MANY => Ok(self.count),
            declared if declared == self.count => Ok(self.count),
            _ => Err(Malformed::Count),
        }
    }
}

impl<'a> Iterator for Unproven<'a> {
    type Item = StrRef<'a>;

    /// Numbers are small, most of them: the many of a stream are read without a call.
    #[inline(always)]
    fn next(&mut self) -> Option<StrRef<'a>> {
        if let [number @ 0..=0x7f, 1, rest @ ..] = self.rest {
            self.rest = rest;
            self.count += 1;
            return Some(StrRef::Int((*number).into()));
        }
        self.take_any()
    }
}

/// A text that elements are compared with, parsed once.
#[derive(Debug, Clone, Copy)]
pub struct Matcher<'a> {
    text: &'a [u8],
    number: Option<i64>,
}

impl<'a> Matcher<'a> {
    pub fn new(text: &'a [u8]) -> Self {
        Self { text, number: parse_i64(text) }
    }

    /// Digits kept as a text, which nothing here writes but a file may hold, are the same text too.
    pub fn matches(&self, value: StrRef<'_>) -> bool {
        match value {
            StrRef::Int(number) => self.number == Some(number),
            StrRef::Bytes(bytes) => self.text == bytes,
        }
    }
}

/// Length of the whole as a header tells it, if there is a header.
#[inline]
pub(super) fn declared_bytes(bytes: &[u8]) -> Option<usize> {
    if bytes.len() < HEADER_BYTES {
        return None;
    }
    bytes.first_chunk().map(|length| u32::from_le_bytes(*length) as usize)
}

/// The value at an offset, and the offset behind its entry.
#[inline(always)]
fn decode_entry(bytes: &[u8], offset: usize) -> (StrRef<'_>, usize) {
    let (value, value_bytes) = decode(&bytes[offset..]).expect("a listpack is well-formed");
    (value, offset + total_bytes(value_bytes))
}

/// Offset of the entry that ends at an offset.
#[inline]
fn start_before(bytes: &[u8], end: usize) -> usize {
    let value_bytes = back_length(&bytes[..end]).expect("a listpack is well-formed");
    end - total_bytes(value_bytes)
}
