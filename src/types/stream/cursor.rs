//! Reading the entries of a node one by one, forwards or backwards, deleted ones included.
//!
//! Nodes are well-formed (see `node`), so a number that is missing reads as 0 rather than being an error.

use super::id::StreamId;
use super::node::{DELETED, SAME_FIELDS, elements_of};
use crate::ds::StrRef;
use crate::ds::listpack::{At, Iter, ListPackRef};
use crate::util::number::parse_i64;

/// An entry, read in place.
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub id: StreamId,
    fields: usize,
    /// The names of the fields, where they are those of the node's head.
    names: Option<Iter<'a>>,
    /// The values, each behind its field's name if that is not in the head.
    body: Iter<'a>,
}

impl<'a> Entry<'a> {
    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields
    }

    pub fn is_empty(&self) -> bool {
        self.fields == 0
    }

    /// Fields with their values, in the order in which they were given.
    pub fn fields(&self) -> impl Iterator<Item = (StrRef<'a>, StrRef<'a>)> + use<'a> {
        let (mut names, mut body) = (self.names.clone(), self.body.clone());
        (0..self.fields).map_while(move |_| {
            let name = match &mut names {
                Some(names) => names.next(),
                None => body.next(),
            };
            Some((name?, body.next()?))
        })
    }
}

/// What a node begins with.
#[derive(Debug, Clone)]
pub(super) struct Head<'a> {
    /// Entries that are not deleted.
    pub live: u64,
    pub deleted: u64,
    /// Number of fields of the first entry ...
    pub fields: usize,
    /// ... and their names, with the rest of the node behind them.
    pub names: Iter<'a>,
}

impl<'a> Head<'a> {
    pub fn read(pack: ListPackRef<'a>) -> Self {
        let mut elements = pack.iter();
        let live = next_int(&mut elements) as u64;
        let deleted = next_int(&mut elements) as u64;
        let fields = next_int(&mut elements) as usize;
        Self { live, deleted, fields, names: elements }
    }

    /// Entries, deleted ones included.
    pub fn entries(&self) -> u64 {
        self.live + self.deleted
    }

    /// What follows the head: the entries.
    fn entries_behind(&self) -> Iter<'a> {
        let mut elements = self.names.clone();
        // The names, and the zero that ends the head.
        skip(&mut elements, self.fields + 1);
        elements
    }
}

/// An entry that may be deleted.
#[derive(Debug, Clone)]
pub(super) struct Record<'a> {
    pub entry: Entry<'a>,
    pub is_deleted: bool,
    /// Elements of the listpack it takes.
    pub elements: usize,
}

/// Reads a node from its first entry on.
#[derive(Debug, Clone)]
pub(super) struct Forward<'a> {
    first_id: StreamId,
    head: Head<'a>,
    elements: Iter<'a>,
}

impl<'a> Forward<'a> {
    pub fn new(first_id: StreamId, pack: ListPackRef<'a>) -> Self {
        let head = Head::read(pack);
        let elements = head.entries_behind();
        Self { first_id, head, elements }
    }
}

impl<'a> Iterator for Forward<'a> {
    type Item = Record<'a>;

    #[inline]
    fn next(&mut self) -> Option<Record<'a>> {
        read_record(self.first_id, &self.head, &mut self.elements)
    }
}

/// Reads a node from its last entry on.
#[derive(Debug, Clone)]
pub(super) struct Backward<'a> {
    first_id: StreamId,
    pack: ListPackRef<'a>,
    head: Head<'a>,
    /// How many entries are left.
    left: u64,
    /// The last element of the next entry to be read: how many there are before it.
    end: Option<At>,
}

impl<'a> Backward<'a> {
    pub fn new(first_id: StreamId, pack: ListPackRef<'a>) -> Self {
        let head = Head::read(pack);
        let left = head.entries();
        Self { first_id, pack, head, left, end: pack.last() }
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        self.left = self.left.checked_sub(1)?;
        let end = self.end?;
        let start = (0..int(self.pack.value(end))).try_fold(end, |at, _| self.pack.prev(at))?;
        self.end = self.pack.prev(start);
        read_record(self.first_id, &self.head, &mut self.pack.iter_from(start))
    }
}

/// Reads an entry and leaves `elements` behind it.
#[inline]
fn read_record<'a>(first_id: StreamId, head: &Head<'a>, elements: &mut Iter<'a>) -> Option<Record<'a>> {
    let flags = int(elements.next()?);
    let (ms_delta, seq_delta) = (next_int(elements), next_int(elements));
    let id = StreamId {
        ms: first_id.ms.wrapping_add(ms_delta as u64),
        seq: first_id.seq.wrapping_add(seq_delta as u64),
    };
    let same_fields = flags & SAME_FIELDS != 0;
    let (fields, names) = if same_fields {
        (head.fields, Some(head.names.clone()))
    } else {
        (next_int(elements) as usize, None)
    };
    let entry = Entry { id, fields, names, body: elements.clone() };
    // The values, the names if they are here, and the number that ends the entry.
    skip(elements, if same_fields { fields } else { 2 * fields } + 1);
    Some(Record { entry, is_deleted: flags & DELETED != 0, elements: elements_of(fields, same_fields) })
}

/// An element that is a number. It is written as one, but a file may hold its digits.
#[inline]
pub(super) fn number(element: StrRef<'_>) -> Option<i64> {
    match element {
        StrRef::Int(number) => Some(number),
        StrRef::Bytes(text) => parse_i64(text),
    }
}

/// An element of a well-formed node that is a number.
#[inline]
pub(super) fn int(element: StrRef<'_>) -> i64 {
    number(element).unwrap_or(0)
}

fn next_int(elements: &mut Iter<'_>) -> i64 {
    elements.next().map_or(0, int)
}

fn skip(elements: &mut Iter<'_>, count: usize) {
    if let Some(last) = count.checked_sub(1) {
        elements.nth(last);
    }
}
