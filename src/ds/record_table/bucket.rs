//! The records of one bucket, in one block of bytes.
//!
//! ```text
//! count (1 byte)   a tag per record (1 byte each)   the records: packed key, payload
//! ```
//!
//! A tag is the top byte of the key's hash: who looks for a key reads only the records with its tag, and of
//! the others no more than their lengths; who looks in vain reads one record in twenty times.
//! An empty bucket allocates nothing; the others have blocks of whole allocation classes.

use std::marker::PhantomData;
use std::ops::Range;

use super::key::Key;
use super::payload::Payload;
use crate::ds::packed::Packed;
use crate::ds::slab::Slab;
use crate::util::size_class::{reserve_class, size_class};

/// Records with the same low hash bits.
#[derive(Debug, Clone)]
pub(super) struct Bucket<P> {
    block: Vec<u8>,
    payload: PhantomData<P>,
}

/// Where a record is in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// Its number in the bucket.
    pub slot: usize,
    pub start: usize,
    pub payload: usize,
    pub end: usize,
}

impl<P> Bucket<P> {
    /// As many records fit at most.
    pub const RECORDS_MAX: usize = u8::MAX as usize;

    pub const fn new() -> Self {
        Self { block: Vec::new(), payload: PhantomData }
    }

    /// Number of records.
    #[inline]
    pub fn count(&self) -> usize {
        self.block.first().map_or(0, |count| usize::from(*count))
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        size_class(self.block.capacity())
    }

    pub fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.block[range]
    }

    pub fn bytes_mut(&mut self, range: Range<usize>) -> &mut [u8] {
        &mut self.block[range]
    }

    fn tags(&self) -> &[u8] {
        &self.block[1.min(self.block.len())..self.records_start()]
    }

    fn records_start(&self) -> usize {
        if self.block.is_empty() { 0 } else { 1 + self.count() }
    }
}

impl<P: Payload> Bucket<P> {
    /// A bucket of these records, each with its tag; the sequence is gone through twice.
    pub fn of<'a>(records: impl Iterator<Item = (u8, &'a [u8])> + Clone) -> Self {
        let (count, bytes) =
            records.clone().fold((0, 1), |(count, bytes), (_, record)| (count + 1, bytes + 1 + record.len()));
        if count == 0 {
            return Self::new();
        }
        let mut block = Vec::with_capacity(size_class(bytes));
        block.push(u8::try_from(count).expect("the caller counts"));
        block.extend(records.clone().map(|(tag, _)| tag));
        records.for_each(|(_, record)| block.extend_from_slice(record));
        Self { block, payload: PhantomData }
    }

    /// The record with this key.
    #[inline]
    pub fn find(&self, tag: u8, key: &Key<'_>, slab: &Slab) -> Option<Span> {
        let (mut slot, mut start) = (0, self.records_start());
        for (candidate, _) in self.tags().iter().enumerate().filter(|(_, its_tag)| **its_tag == tag) {
            while slot < candidate {
                start = self.span_at(slot, start).end;
                slot += 1;
            }
            if key.is_at(&self.block[start..], slab) {
                return Some(self.span_at(slot, start));
            }
        }
        None
    }

    /// Where the records are.
    pub fn spans(&self) -> impl Iterator<Item = Span> + Clone {
        let mut start = self.records_start();
        (0..self.count()).map(move |slot| {
            let span = self.span_at(slot, start);
            start = span.end;
            span
        })
    }

    /// The records with their tags.
    pub fn records(&self) -> impl Iterator<Item = (u8, &[u8])> + Clone {
        self.spans().map(|span| self.record(span))
    }

    /// A record with its tag.
    pub fn record(&self, span: Span) -> (u8, &[u8]) {
        (self.block[1 + span.slot], &self.block[span.start..span.end])
    }

    /// Gives a bucket without records room for some of this size.
    pub fn reserve_for(&mut self, records: usize, record_bytes: usize) {
        reserve_class(&mut self.block, 1 + records * (1 + record_bytes));
    }

    /// Adds a record, for which there must be room in the count.
    #[inline]
    pub fn push(&mut self, tag: u8, key: &[u8], payload: &[u8]) -> Span {
        if self.block.is_empty() {
            reserve_class(&mut self.block, 2 + key.len() + payload.len());
            self.block.push(0);
        } else {
            reserve_class(&mut self.block, 1 + key.len() + payload.len());
        }
        let slot = self.count();
        self.block.insert(self.records_start(), tag);
        self.block[0] = u8::try_from(slot + 1).expect("the caller has looked for room");
        let start = self.block.len();
        self.block.extend_from_slice(key);
        self.block.extend_from_slice(payload);
        Span { slot, start, payload: start + key.len(), end: self.block.len() }
    }

    /// Takes a record out.
    pub fn remove(&mut self, span: Span) {
        if self.count() == 1 {
            *self = Self::new();
            return;
        }
        self.block.drain(span.start..span.end);
        self.block.remove(1 + span.slot);
        self.block[0] -= 1;
        self.give_back();
    }

    /// Puts other bytes in the place of a payload.
    pub fn replace_payload(&mut self, span: Span, payload: &[u8]) -> Span {
        let old_len = span.end - span.payload;
        if payload.len() == old_len {
            self.block[span.payload..span.end].copy_from_slice(payload);
            return span;
        }
        if payload.len() > old_len {
            reserve_class(&mut self.block, payload.len() - old_len);
        }
        self.block.splice(span.payload..span.end, payload.iter().copied());
        self.give_back();
        Span { end: span.payload + payload.len(), ..span }
    }

    /// Shrinks a block that is half empty.
    fn give_back(&mut self) {
        if self.block.len() * 2 <= self.block.capacity() {
            self.block.shrink_to(size_class(self.block.len()));
        }
    }

    #[inline]
    fn span_at(&self, slot: usize, start: usize) -> Span {
        let payload = start + Packed::len_at(&self.block[start..]);
        Span { slot, start, payload, end: payload + P::len_at(&self.block[payload..]) }
    }
}
