//! A small hash: fields and values one behind the other in a block of just their size.
//!
//! ```text
//! [0xfa  next expiry, 8 bytes]   field  value   field  value ...
//! ```
//!
//! The order is that of insertion. The head is there once any field has had an expiry, which is when Redis speaks
//! of `listpackex`; it holds the earliest one, or `i64::MAX`. The block is a boxed slice, which leaves a hash at
//! two words: the allocator's classes are the spare room, and growing within one moves nothing.

use std::ops::Range;

use super::value::{self, Value};
use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, Short};
use crate::ds::record_table::Payload as _;
use crate::util::size_class::size_class;

/// What announces the head; no field starts with it.
const HEAD: u8 = 0xfa;
const HEAD_BYTES: usize = 1 + size_of::<i64>();

/// A block of pairs.
#[derive(Debug, Clone, Default)]
pub(super) struct Pairs(Box<[u8]>);

/// Where a pair is. Valid until the next change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    start: usize,
    value: usize,
    end: usize,
}

/// A pair that is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair<'a> {
    pub field: StrRef<'a>,
    pub value: StrRef<'a>,
    pub expiry_ms: Option<i64>,
}

impl Pairs {
    /// A block of distinct fields, and how many they are. `bytes` is a guess at its length.
    pub fn of_distinct<'a>(
        fields: impl Iterator<Item = (StrRef<'a>, StrRef<'a>, Option<i64>)>,
        bytes: usize,
    ) -> (Self, usize) {
        let mut block = Vec::with_capacity(bytes);
        let (mut len, mut has_expiries) = (0, false);
        for (field, value, expiry_ms) in fields {
            packed::push_str(field, &mut block);
            value::push_whole(value, expiry_ms, &mut block);
            has_expiries |= expiry_ms.is_some();
            len += 1;
        }
        let mut pairs = Self(block.into_boxed_slice());
        if has_expiries {
            pairs.note_expiries();
        }
        (pairs, len)
    }

    pub fn is_empty(&self) -> bool {
        self.0.len() == self.first()
    }

    pub fn heap_bytes(&self) -> usize {
        size_class(self.0.len())
    }

    /// Whether any field has had an expiry.
    pub fn has_head(&self) -> bool {
        self.0.first() == Some(&HEAD)
    }

    /// The earliest expiry of a field.
    #[inline]
    pub fn next_expiry_ms(&self) -> Option<i64> {
        let [HEAD, next @ ..] = &*self.0 else { return None };
        next.first_chunk().map(|bytes| i64::from_le_bytes(*bytes)).filter(|next_ms| *next_ms != i64::MAX)
    }

    pub fn spans(&self) -> impl Iterator<Item = Span> {
        let mut start = self.first();
        std::iter::from_fn(move || {
            let span = (start < self.0.len()).then(|| self.span_at(start))?;
            start = span.end;
            Some(span)
        })
    }

    /// Where a field is; if it is nowhere, how many fields there are.
    #[inline]
    pub fn find(&self, field: StrRef<'_>) -> Result<Span, usize> {
        let probe = Short::of(field);
        let mut len = 0;
        for span in self.spans() {
            let is_it = match &probe {
                Some(probe) => self.0[span.start..span.value] == *probe.as_bytes(),
                None => Packed::read(&self.0[span.start..]).0 == Packed::Str(field),
            };
            if is_it {
                return Ok(span);
            }
            len += 1;
        }
        Err(len)
    }

    pub fn pair(&self, span: Span) -> Pair<'_> {
        let value = self.value(span);
        Pair {
            field: in_block(&self.0[span.start..span.value]),
            value: in_block(value::string_bytes(value)),
            expiry_ms: value::expiry_ms(value),
        }
    }

    pub fn value(&self, span: Span) -> &[u8] {
        &self.0[span.value..span.end]
    }

    /// Adds a field that is not there, without an expiry.
    pub fn push(&mut self, field: StrRef<'_>, text: &[u8]) {
        let mut pair = value::pack_whole(field, None);
        pair.extend_from_slice(&value::pack_whole(StrRef::of(text), None));
        self.splice(self.0.len()..self.0.len(), &pair);
    }

    /// Puts another value in the place of one.
    pub fn replace(&mut self, span: Span, text: &[u8], expiry_ms: Option<i64>) {
        let had_expiry = value::expiry_ms(self.value(span)).is_some();
        self.splice(span.value..span.end, &value::pack_whole(StrRef::of(text), expiry_ms));
        if had_expiry || expiry_ms.is_some() {
            self.note_expiries();
        }
    }

    pub fn set_expiry_ms(&mut self, span: Span, expiry_ms: Option<i64>) {
        let value = value::repack(self.value(span), expiry_ms);
        self.splice(span.value..span.end, &value);
        self.note_expiries();
    }

    pub fn remove(&mut self, span: Span) {
        let had_expiry = value::expiry_ms(self.value(span)).is_some();
        self.splice(span.start..span.end, &[]);
        if had_expiry {
            self.note_expiries();
        }
    }

    /// Takes out up to `count` fields that expire before a moment.
    pub fn remove_expired(&mut self, now_ms: i64, count: usize) -> Vec<Vec<u8>> {
        let mut removed = Vec::new();
        let mut kept = Vec::with_capacity(self.0.len());
        kept.extend_from_slice(&self.0[..self.first()]);
        for span in self.spans() {
            let expiry_ms = value::expiry_ms(self.value(span));
            if removed.len() < count && expiry_ms.is_some_and(|expiry_ms| expiry_ms < now_ms) {
                removed.push(self.pair(span).field.to_vec());
            } else {
                kept.extend_from_slice(&self.0[span.start..span.end]);
            }
        }
        self.0 = kept.into_boxed_slice();
        self.note_expiries();
        removed
    }

    /// Brings the head up to date, and makes it if need be.
    fn note_expiries(&mut self) {
        let next_ms = self.spans().filter_map(|span| value::expiry_ms(self.value(span))).min();
        let mut head = [HEAD; HEAD_BYTES];
        head[1..].copy_from_slice(&next_ms.unwrap_or(i64::MAX).to_le_bytes());
        self.splice(0..self.first(), &head);
    }

    /// Puts other bytes in the place of a range.
    fn splice(&mut self, range: Range<usize>, bytes: &[u8]) {
        let end = range.start + bytes.len();
        if range.end != end {
            let mut block = std::mem::take(&mut self.0).into_vec();
            let len = block.len();
            if end > range.end {
                block.reserve_exact(end - range.end);
                block.resize(len + end - range.end, 0);
                block.copy_within(range.end..len, end);
            } else {
                block.copy_within(range.end.., end);
                block.truncate(len - (range.end - end));
            }
            self.0 = block.into_boxed_slice();
        }
        self.0[range.start..end].copy_from_slice(bytes);
    }

    fn first(&self) -> usize {
        if self.has_head() { HEAD_BYTES } else { 0 }
    }

    #[inline]
    fn span_at(&self, start: usize) -> Span {
        let value = start + Packed::len_at(&self.0[start..]);
        Span { start, value, end: value + Value::len_at(&self.0[value..]) }
    }
}

fn in_block(packed: &[u8]) -> StrRef<'_> {
    match Packed::read(packed).0 {
        Packed::Str(string) => string,
        Packed::Long(_) => unreachable!("small hashes have no slab"),
    }
}
