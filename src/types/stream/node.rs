//! A node: some entries of a stream in a listpack, in the form in which Redis keeps and saves them.
//!
//! ```text
//! head     live  deleted  fields  name ... name  0
//! entry    flags  ms  seq  value ... value  elements                           if SAME_FIELDS
//! entry    flags  ms  seq  fields  name  value ... name  value  elements       otherwise
//! ```
//!
//! `live` and `deleted` count the entries of either kind. `ms` and `seq` are differences to the ID of the
//! node, which is that of its first entry, and may be negative; `elements` is the number of elements before it
//! in its entry, so that a reader from behind finds the beginning. A deleted entry stays where it is and is
//! flagged, until the whole node goes.
//!
//! **Invariant.** A node is what was made here or passed [`Node::from_block`]; reading relies on it. At least one
//! of its entries is live.

use super::cursor::{Backward, Forward, Head, id_of, int, number};
use super::id::StreamId;
use crate::ds::StrRef;
use crate::ds::listpack::{At, ListPack, ListPackRef};

/// Flags of an entry.
pub(super) const DELETED: i64 = 1 << 0;
pub(super) const SAME_FIELDS: i64 = 1 << 1;

/// Fields with their values, as a command gives them.
pub trait Pairs<'a>: Iterator<Item = (&'a [u8], &'a [u8])> + Clone {}
impl<'a, T: Iterator<Item = (&'a [u8], &'a [u8])> + Clone> Pairs<'a> for T {}

#[derive(Debug, Clone)]
pub(super) struct Node(ListPack);

/// What is wrong with the bytes of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNode {
    #[error("a node is no listpack")]
    Listpack,
    #[error("the entries of a node do not have the form of entries")]
    Entries,
    #[error("the counters of a node are not those of its entries")]
    Counters,
    #[error("the IDs of a node are not in order")]
    Order,
}

/// What a whole stream is checked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub live: u64,
    /// The last entry that is not deleted; `None` if all are.
    pub last_live: Option<StreamId>,
}

/// Number of elements of an entry, without the last one that tells it.
pub(super) fn elements_of(fields: usize, same_fields: bool) -> usize {
    if same_fields { 3 + fields } else { 4 + 2 * fields }
}

impl Node {
    /// A node without entries, the names of the first one's fields in its head.
    pub fn new<'a>(pairs: impl Pairs<'a>) -> Self {
        let mut pack = ListPack::new();
        push_int(&mut pack, 0);
        push_int(&mut pack, 0);
        push_int(&mut pack, pairs.clone().count() as i64);
        for (name, _) in pairs {
            pack.push_back_text(name);
        }
        push_int(&mut pack, 0);
        Self(pack)
    }

    /// The node that stands in a block (see [`ListPack::from_block`]) and whose first entry has this ID.
    pub fn from_block(first_id: StreamId, block: Vec<u8>) -> Result<(Self, Extent), InvalidNode> {
        let examined = ListPack::examine(block, |elements| Survey::of(first_id, elements));
        let (pack, survey) = examined.map_err(|_| InvalidNode::Listpack)?;
        let extent = survey.ok_or(InvalidNode::Entries)?.extent()?;
        Ok((Self(pack), extent))
    }

    /// Adds an entry, whose ID is greater than that of any other.
    pub fn push<'a>(&mut self, first_id: StreamId, id: StreamId, pairs: impl Pairs<'a>) {
        let same_fields = self.has_fields(pairs.clone());
        let live = self.head().live as i64;
        self.set_live(live + 1);

        let pack = &mut self.0;
        push_int(pack, if same_fields { SAME_FIELDS } else { 0 });
        push_int(pack, id.ms.wrapping_sub(first_id.ms) as i64);
        push_int(pack, id.seq.wrapping_sub(first_id.seq) as i64);
        let mut fields = 0;
        if !same_fields {
            push_int(pack, pairs.clone().count() as i64);
        }
        for (name, value) in pairs {
            if !same_fields {
                pack.push_back_text(name);
            }
            pack.push_back_text(value);
            fields += 1;
        }
        push_int(pack, elements_of(fields, same_fields) as i64);
    }

    /// Flags the entry with this ID as deleted, if it is there and was not.
    pub fn delete(&mut self, first_id: StreamId, id: StreamId) -> bool {
        let mut found = false;
        self.delete_where(first_id, |entry| {
            found = entry == id;
            if found {
                Verdict::DeleteAndStop
            } else if entry > id {
                Verdict::Stop
            } else {
                Verdict::Keep
            }
        });
        found
    }

    /// Asks of each live entry, in order, whether to delete it. Returns how many were.
    pub fn delete_where(&mut self, first_id: StreamId, mut ask: impl FnMut(StreamId) -> Verdict) -> u64 {
        let head = self.head();
        let (live, deleted) = (head.live, head.deleted);
        let mut doomed = Vec::new();
        let mut index = 3 + head.fields + 1;
        for record in Forward::new(first_id, self.view()) {
            let verdict = if record.is_deleted { Verdict::Keep } else { ask(record.entry.id) };
            if matches!(verdict, Verdict::Delete | Verdict::DeleteAndStop) {
                doomed.push(index);
            }
            if matches!(verdict, Verdict::Stop | Verdict::DeleteAndStop) {
                break;
            }
            index += record.elements + 1;
        }
        self.flag_deleted(&doomed);
        let count = doomed.len() as u64;
        if count > 0 {
            self.set_live((live - count) as i64);
            self.set_deleted((deleted + count) as i64);
        }
        count
    }

    /// Gives back unused room, when nothing will be added any more.
    pub fn shrink(&mut self) {
        self.0.shrink();
    }

    pub fn view(&self) -> ListPackRef<'_> {
        self.0.view()
    }

    pub fn head(&self) -> Head<'_> {
        Head::read(self.view())
    }

    /// The ID of the last entry, deleted or not.
    pub fn last_id(&self, first_id: StreamId) -> Option<StreamId> {
        Backward::new(first_id, self.view()).next().map(|record| record.entry.id)
    }

    /// Length as a snapshot has it.
    pub fn byte_len(&self) -> usize {
        self.0.byte_len()
    }

    pub fn heap_bytes(&self) -> usize {
        self.0.heap_bytes()
    }

    /// Whether the fields of an entry are those in the head.
    fn has_fields<'a>(&self, mut pairs: impl Pairs<'a>) -> bool {
        let head = self.head();
        let mut names = head.names.take(head.fields);
        loop {
            match (names.next(), pairs.next()) {
                (None, None) => return true,
                (Some(name), Some((given, _))) if is_text(name, given) => {}
                _ => return false,
            }
        }
    }

    /// Flags the entries whose flags are these elements (in ascending order).
    fn flag_deleted(&mut self, doomed: &[usize]) {
        let (mut at, mut reached) = (self.0.first(), 0);
        for &index in doomed {
            while reached < index {
                at = at.and_then(|at| self.0.next(at));
                reached += 1;
            }
            if let Some(at) = at {
                let flags = int(self.0.value(at));
                self.0.replace(at, StrRef::Int(flags | DELETED));
            }
        }
    }

    fn set_live(&mut self, live: i64) {
        if let Some(at) = self.0.first() {
            self.0.replace(at, StrRef::Int(live));
        }
    }

    fn set_deleted(&mut self, deleted: i64) {
        if let Some(at) = self.0.first().and_then(|at: At| self.0.next(at)) {
            self.0.replace(at, StrRef::Int(deleted));
        }
    }
}

/// What [`Node::delete_where`] is told of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Keep,
    Delete,
    DeleteAndStop,
    /// This entry and all behind it stay.
    Stop,
}

/// What a node says in its head, and what is found in it.
struct Survey {
    declared: (u64, u64),
    deleted: u64,
    found: Extent,
    /// Of deleted entries the order does not matter.
    in_order: bool,
}

impl Survey {
    /// `None` if the elements are not a head and whole entries.
    fn of<'a>(first_id: StreamId, elements: &mut impl Iterator<Item = StrRef<'a>>) -> Option<Self> {
        let (live, deleted) = (count(elements.next()?)?, count(elements.next()?)?);
        let head_fields = count(elements.next()?)?;
        pass(elements, head_fields)?;
        if number(elements.next()?)? != 0 {
            return None;
        }
        let declared = (live as u64, deleted as u64);
        let found = Extent { live: 0, last_live: None };
        let mut survey = Self { declared, deleted: 0, found, in_order: true };
        while let Some(flags) = elements.next() {
            let flags = number(flags)?;
            let (ms, seq) = (number(elements.next()?)?, number(elements.next()?)?);
            let same_fields = flags & SAME_FIELDS != 0;
            let fields = if same_fields { head_fields } else { count(elements.next()?)? };
            pass(elements, if same_fields { fields } else { fields.checked_mul(2)? })?;
            if number(elements.next()?)? != elements_of(fields, same_fields) as i64 {
                return None;
            }
            survey.note(first_id, id_of(first_id, ms, seq), flags & DELETED != 0);
        }
        Some(survey)
    }

    #[inline]
    fn note(&mut self, first_id: StreamId, id: StreamId, is_deleted: bool) {
        if is_deleted {
            self.deleted += 1;
            return;
        }
        self.in_order &= id >= first_id && self.found.last_live.is_none_or(|last| id > last);
        self.found.live += 1;
        self.found.last_live = Some(id);
    }

    /// What is found, if the node tells the truth.
    fn extent(self) -> Result<Extent, InvalidNode> {
        if !self.in_order {
            return Err(InvalidNode::Order);
        }
        let counted = (self.found.live, self.deleted);
        if self.declared == counted { Ok(self.found) } else { Err(InvalidNode::Counters) }
    }
}

fn count(element: StrRef<'_>) -> Option<usize> {
    usize::try_from(number(element)?).ok()
}

/// Steps over `count` elements, which must be there.
#[inline]
fn pass<'a>(elements: &mut impl Iterator<Item = StrRef<'a>>, count: usize) -> Option<()> {
    for _ in 0..count {
        elements.next()?;
    }
    Some(())
}

fn is_text(element: StrRef<'_>, text: &[u8]) -> bool {
    match element {
        StrRef::Bytes(bytes) => bytes == text,
        StrRef::Int(_) => element == StrRef::of(text),
    }
}

fn push_int(pack: &mut ListPack, number: i64) {
    pack.push_back(StrRef::Int(number));
}
