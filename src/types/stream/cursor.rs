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

    /// Begins at the first entry or at a later one, but leaves out none that is not before `start`. What seems to
    /// lie in the second half (most readers ask for what is new) is looked for from the end.
    pub fn near(first_id: StreamId, pack: ListPackRef<'a>, start: StreamId) -> Self {
        let mut backward = Backward::new(first_id, pack);
        let last =
            backward.clone().step().and_then(|(first, _)| read_id(first_id, &mut pack.iter_from(first)));
        if last.is_some_and(|(_, last_id)| is_in_second_half(start, first_id, last_id)) {
            while let Some((first, last)) = backward.step() {
                if is_live_before(start, first_id, &mut pack.iter_from(first)) {
                    let mut elements = pack.iter_from(last);
                    elements.next();
                    return Self { first_id, head: backward.head, elements };
                }
            }
        }
        let mut forward = Self::new(first_id, pack);
        forward.skip_before(start);
        forward
    }

    /// Steps over entries up to the first that is not before `start`.
    fn skip_before(&mut self, start: StreamId) {
        loop {
            let mut elements = self.elements.clone();
            let Some((flags, id)) = read_id(self.first_id, &mut elements) else { return };
            if id >= start {
                return;
            }
            skip_fields(&self.head, flags, &mut elements);
            self.elements = elements;
        }
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

    /// Steps over an entry; returns its first and its last element.
    fn step(&mut self) -> Option<(At, At)> {
        self.left = self.left.checked_sub(1)?;
        let last = self.end?;
        let first = (0..int(self.pack.value(last))).try_fold(last, |at, _| self.pack.prev(at))?;
        self.end = self.pack.prev(first);
        Some((first, last))
    }
}

impl<'a> Iterator for Backward<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (first, _) = self.step()?;
        read_record(self.first_id, &self.head, &mut self.pack.iter_from(first))
    }
}

/// Reads an entry and leaves `elements` behind it.
#[inline]
fn read_record<'a>(first_id: StreamId, head: &Head<'a>, elements: &mut Iter<'a>) -> Option<Record<'a>> {
    let (flags, id) = read_id(first_id, elements)?;
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

/// Reads the flags and the ID that an entry begins with.
#[inline]
fn read_id(first_id: StreamId, elements: &mut Iter<'_>) -> Option<(i64, StreamId)> {
    let flags = int(elements.next()?);
    let (ms, seq) = (next_int(elements), next_int(elements));
    Some((flags, id_of(first_id, ms, seq)))
}

/// The ID of an entry from its differences to that of the node.
#[inline]
pub(super) fn id_of(first_id: StreamId, ms: i64, seq: i64) -> StreamId {
    StreamId { ms: first_id.ms.wrapping_add_signed(ms), seq: first_id.seq.wrapping_add_signed(seq) }
}

/// Steps over what follows flags and ID.
fn skip_fields(head: &Head<'_>, flags: i64, elements: &mut Iter<'_>) {
    let same_fields = flags & SAME_FIELDS != 0;
    let values = if same_fields { head.fields } else { 2 * next_int(elements) as usize };
    skip(elements, values + 1);
}

fn is_live_before(start: StreamId, first_id: StreamId, elements: &mut Iter<'_>) -> bool {
    read_id(first_id, elements).is_some_and(|(flags, id)| flags & DELETED == 0 && id < start)
}

/// Whether an ID is nearer to the last than to the first, if entries came at a steady pace.
fn is_in_second_half(id: StreamId, first: StreamId, last: StreamId) -> bool {
    let (offset, length) = if first.ms == last.ms {
        (id.seq.saturating_sub(first.seq), last.seq.saturating_sub(first.seq))
    } else {
        (id.ms.saturating_sub(first.ms), last.ms.saturating_sub(first.ms))
    };
    id > first && offset > length / 2
}

fn next_int(elements: &mut Iter<'_>) -> i64 {
    elements.next().map_or(0, int)
}

fn skip(elements: &mut Iter<'_>, count: usize) {
    if let Some(last) = count.checked_sub(1) {
        elements.nth(last);
    }
}
