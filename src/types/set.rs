//! The set type.
//!
//! Three encodings, with the names and the thresholds of Redis 7.2:
//!
//! * `intset`: integers alone, few of them;
//! * `listpack`: few members, short ones, in the order in which they were added;
//! * `hashtable`: everything else.
//!
//! Members make a set outgrow an encoding; nothing turns it back, except that what a big SPOP leaves is a
//! small set of its own. Set algebra is in [`algebra`], drawing members
//! by chance in `random`.

pub mod algebra;
mod bulk;
mod packed_members;
mod random;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::ops::ControlFlow;

use crate::ds::StrRef;
use crate::ds::intset::{self, IntSet, Integers};
use crate::ds::record_table::{Key, Nothing, Record, RecordTable};
use crate::util::size_class::size_class;
use packed_members::PackedMembers;

pub use bulk::SetBulk;

/// An intset never has more members than this, whatever the limits say.
const INTSET_ENTRIES_MAX: usize = 1 << 30;
/// A block of members never gets longer than this, whatever the limits say.
const BLOCK_BYTES_MAX: usize = 1 << 30;
/// A scan step visits at most this many buckets per requested member.
const SCAN_BUCKETS_PER_MEMBER: usize = 10;

/// Up to which size sets stay in their small encodings: the directives `set-max-*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SetLimits {
    pub intset_entries_max: usize,
    pub listpack_entries_max: usize,
    pub listpack_value_bytes_max: usize,
}

/// A set.
#[derive(Debug, Clone)]
pub struct Set(Repr);

#[derive(Debug, Clone)]
enum Repr {
    /// An intset or packed members, which the first byte tells apart; one variant for both, so that a set takes
    /// two words. No bytes at all are an intset without members.
    Block(Box<[u8]>),
    Table(Box<Table>),
}

type Table = RecordTable<Nothing>;

const _: () = assert!(size_of::<Set>() == 16);

/// The encoding in use, for reading ...
#[derive(Debug, Clone, Copy)]
enum View<'a> {
    Integers(Integers<'a>),
    Packed(PackedMembers<'a>),
    Table(&'a Table),
}

/// ... and for changing.
#[derive(Debug)]
enum ViewMut<'a> {
    Integers(&'a mut Box<[u8]>),
    Packed(&'a mut Box<[u8]>),
    Table(&'a mut Table),
}

/// How a snapshot stores a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// As the bytes of an intset.
    IntSet(&'a [u8]),
    /// As one listpack of the members that [`Set::iter`] gives.
    Listpack,
    /// Member by member, as [`Set::iter`] gives them.
    Members,
}

/// A member that is looked for in several sets: it is hashed once, if at all.
#[derive(Debug)]
pub struct Probe<'a> {
    member: StrRef<'a>,
    key: OnceCell<Key<'a>>,
}

impl Default for Set {
    fn default() -> Self {
        Self::new()
    }
}

impl Set {
    /// An empty set: an `intset` until another member than an integer is added.
    pub fn new() -> Self {
        Self(Repr::Block(Box::default()))
    }

    /// An empty `listpack`.
    pub fn new_packed() -> Self {
        Self(Repr::Block(packed_members::empty()))
    }

    /// An empty `hashtable`.
    pub fn new_table() -> Self {
        Self(Repr::Table(Box::default()))
    }

    /// An empty `hashtable` for about so many members.
    pub fn new_table_for(members: usize) -> Self {
        Self(Repr::Table(Box::new(Table::with_expected(members))))
    }

    /// The set of these integers.
    pub fn from_integers(integers: IntSet, limits: &SetLimits) -> Self {
        let mut set = Self(Repr::Block(integers.into_bytes()));
        set.leave_full_intset(limits);
        set
    }

    /// The set of members that are known to be distinct: a `listpack` unless there are too many.
    pub fn of_distinct<'a>(members: impl Iterator<Item = StrRef<'a>>, limits: &SetLimits) -> Self {
        let mut set = Self(Repr::Block(packed_members::of_distinct(members)));
        if set.len() > limits.listpack_entries_max {
            set.convert_to_table();
        }
        set
    }

    /// Chooses the encoding for about `count` members to be added, `first` of them first. For a client's
    /// additions, as the names of encodings depend on it, and who has received them all: a table gets their buckets.
    pub fn expect(&mut self, first: StrRef<'_>, count: usize, limits: &SetLimits) {
        if self.is_empty() {
            *self = match first {
                StrRef::Int(_) if count <= limits.intset_entries_max => Self::new(),
                _ if count <= limits.listpack_entries_max => Self::new_packed(),
                _ => Self::new_table_for(count),
            };
            return;
        }
        let too_many = match self.view() {
            View::Integers(_) => count > limits.intset_entries_max,
            View::Packed(_) => count > limits.listpack_entries_max,
            View::Table(_) => false,
        };
        if too_many {
            self.convert_to_table();
        }
    }

    /// Adds a member; whether it was missing.
    pub fn insert(&mut self, member: StrRef<'_>, limits: &SetLimits) -> bool {
        match (self.view(), member) {
            (View::Integers(_), StrRef::Int(number)) => return self.insert_integer(number, limits),
            (View::Integers(integers), StrRef::Bytes(text)) => {
                if integers_fit_packed(integers, text, limits) {
                    self.convert_to_packed();
                } else {
                    self.convert_to_table();
                }
            }
            (View::Packed(members), _) if members.contains(member) => return false,
            (View::Packed(members), _) if !fits_packed(members, member, limits) => self.convert_to_table(),
            (View::Packed(_) | View::Table(_), _) => {}
        }
        match &mut self.0 {
            Repr::Table(table) => table.insert(&Key::of_str(member), &[]),
            Repr::Block(block) => {
                packed_members::push(block, member);
                true
            }
        }
    }

    /// Takes a member out; whether it was there.
    pub fn remove(&mut self, member: StrRef<'_>) -> bool {
        match (self.view_mut(), member) {
            (ViewMut::Integers(block), StrRef::Int(number)) => edit_integers(block, |it| it.remove(number)),
            (ViewMut::Integers(_), StrRef::Bytes(_)) => false,
            (ViewMut::Packed(block), _) => {
                let place = PackedMembers::of(block).find(member);
                place.map(|place| packed_members::remove(block, place)).is_some()
            }
            (ViewMut::Table(table), _) => table.remove(&Key::of_str(member)),
        }
    }

    /// Visits the members as what other sets can be asked for, until told to stop.
    #[inline]
    pub fn try_each(&self, mut visit: impl FnMut(&Probe<'_>) -> ControlFlow<()>) {
        let _ = match self.view() {
            View::Table(table) => table.iter().try_for_each(|record| visit(&Probe::of_record(record))),
            View::Integers(_) | View::Packed(_) => {
                self.iter().try_for_each(|member| visit(&Probe::new(member)))
            }
        };
    }

    pub fn contains(&self, member: StrRef<'_>) -> bool {
        self.holds(&Probe::new(member))
    }

    /// As [`Set::contains`], for a member that other sets are asked for, too.
    #[inline]
    pub fn holds(&self, probe: &Probe<'_>) -> bool {
        match (self.view(), probe.member) {
            (View::Integers(integers), StrRef::Int(number)) => integers.contains(number),
            (View::Integers(_), StrRef::Bytes(_)) => false,
            (View::Packed(members), member) => members.contains(member),
            (View::Table(table), _) => table.contains(probe.key()),
        }
    }

    /// The members: of an intset ascending, else in no order that may be relied on.
    pub fn iter(&self) -> impl Iterator<Item = StrRef<'_>> {
        match self.view() {
            View::Integers(integers) => Members::Integers(integers.iter()),
            View::Packed(members) => Members::Packed(members.iter()),
            View::Table(table) => Members::Table(table.iter().map(|record| record.key())),
        }
    }

    /// A step of SSCAN: visits about `count` members and returns the next cursor; 0 starts and ends. Small
    /// encodings are visited whole. A member that is there from the first to the last step is visited.
    pub fn scan(&self, mut cursor: u64, count: usize, mut visit: impl FnMut(StrRef<'_>)) -> u64 {
        let View::Table(table) = self.view() else {
            self.iter().for_each(visit);
            return 0;
        };
        let mut seen = 0;
        for _ in 0..count.max(1).saturating_mul(SCAN_BUCKETS_PER_MEMBER) {
            cursor = table.scan(cursor, |record| {
                seen += 1;
                visit(record.key());
            });
            if cursor == 0 || seen >= count {
                break;
            }
        }
        cursor
    }

    pub fn len(&self) -> usize {
        match self.view() {
            View::Integers(integers) => integers.len(),
            View::Packed(members) => members.len(),
            View::Table(table) => table.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match self.view() {
            View::Integers(_) => "intset",
            View::Packed(_) => "listpack",
            View::Table(_) => "hashtable",
        }
    }

    fn is_intset(&self) -> bool {
        matches!(self.view(), View::Integers(_))
    }

    /// What a snapshot stores.
    pub fn content(&self) -> Content<'_> {
        match &self.0 {
            Repr::Block(block) if packed_members::is_one(block) => Content::Listpack,
            Repr::Block(block) => Content::IntSet(block),
            Repr::Table(_) => Content::Members,
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.0 {
            Repr::Block(block) => size_class(block.len()),
            Repr::Table(table) => size_class(size_of::<Table>()) + table.heap_bytes(),
        }
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        match &self.0 {
            Repr::Block(_) => 1,
            Repr::Table(table) => 1 + table.allocations(),
        }
    }

    /// Checks the encoding in use.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        match self.view() {
            View::Integers(integers) => assert!(integers.iter().is_sorted_by(|left, right| left < right)),
            View::Packed(members) => assert_eq!(members.iter().count(), members.len()),
            View::Table(table) => table.assert_invariants(),
        }
    }

    fn view(&self) -> View<'_> {
        match &self.0 {
            Repr::Block(block) if packed_members::is_one(block) => View::Packed(PackedMembers::of(block)),
            Repr::Block(block) => View::Integers(Integers::of(block)),
            Repr::Table(table) => View::Table(table),
        }
    }

    fn view_mut(&mut self) -> ViewMut<'_> {
        match &mut self.0 {
            Repr::Block(block) => {
                if packed_members::is_one(block) {
                    ViewMut::Packed(block)
                } else {
                    ViewMut::Integers(block)
                }
            }
            Repr::Table(table) => ViewMut::Table(table),
        }
    }

    /// Adds an integer to an intset.
    fn insert_integer(&mut self, number: i64, limits: &SetLimits) -> bool {
        let ViewMut::Integers(block) = self.view_mut() else { unreachable!("the caller has looked") };
        let is_new = edit_integers(block, |it| it.insert(number));
        if is_new {
            self.leave_full_intset(limits);
        }
        is_new
    }

    fn leave_full_intset(&mut self, limits: &SetLimits) {
        if self.len() > limits.intset_entries_max.min(INTSET_ENTRIES_MAX) {
            self.convert_to_table();
        }
    }

    /// Makes an intset of a set of integers, unless there are too many.
    fn return_to_integers(&mut self, limits: &SetLimits) {
        if self.is_intset() || self.len() > limits.intset_entries_max.min(INTSET_ENTRIES_MAX) {
            return;
        }
        let mut integers = IntSet::new();
        for member in self.iter() {
            let StrRef::Int(number) = member else { return };
            integers.insert(number);
        }
        self.0 = Repr::Block(integers.into_bytes());
    }

    fn convert_to_packed(&mut self) {
        let mut block = packed_members::empty();
        self.iter().for_each(|member| packed_members::push(&mut block, member));
        self.0 = Repr::Block(block);
    }

    fn convert_to_table(&mut self) {
        let mut table = Box::<Table>::default();
        for member in self.iter() {
            table.insert_new(&Key::of_str(member), &[]);
        }
        self.0 = Repr::Table(table);
    }
}

impl<'a> Probe<'a> {
    pub fn new(member: StrRef<'a>) -> Self {
        Self { member, key: OnceCell::new() }
    }

    /// Of a record: mostly other tables are asked for what was in one, so that it is hashed at once.
    #[inline]
    fn of_record(record: Record<'a>) -> Self {
        Self { member: record.key(), key: OnceCell::from(Key::of_record(record)) }
    }

    pub fn member(&self) -> StrRef<'a> {
        self.member
    }

    fn key(&self) -> &Key<'a> {
        self.key.get_or_init(|| Key::of_str(self.member))
    }
}

/// The members of a set in any encoding.
enum Members<'a, T> {
    Integers(intset::Iter<'a>),
    Packed(packed_members::Iter<'a>),
    Table(T),
}

impl<'a, T: Iterator<Item = StrRef<'a>>> Iterator for Members<'a, T> {
    type Item = StrRef<'a>;

    #[inline]
    fn next(&mut self) -> Option<StrRef<'a>> {
        match self {
            Self::Integers(integers) => integers.next().map(StrRef::Int),
            Self::Packed(members) => members.next(),
            Self::Table(members) => members.next(),
        }
    }
}

/// Whether the members of an intset and one more make a `listpack`. As in Redis, its longest integers alone
/// are measured.
fn integers_fit_packed(integers: Integers<'_>, text: &[u8], limits: &SetLimits) -> bool {
    let extremes = [integers.min(), integers.max()].into_iter().flatten();
    let longest = extremes.map(|number| StrRef::Int(number).len()).max().unwrap_or(0);
    integers.len() < limits.listpack_entries_max
        && longest.max(text.len()) <= limits.listpack_value_bytes_max
        && integers.len() * size_of::<i64>() + text.len() < BLOCK_BYTES_MAX
}

fn fits_packed(members: PackedMembers<'_>, member: StrRef<'_>, limits: &SetLimits) -> bool {
    members.len() < limits.listpack_entries_max
        && member.len() <= limits.listpack_value_bytes_max
        && members.block_bytes() + member.len() < BLOCK_BYTES_MAX
}

/// Changes the intset that a block is.
fn edit_integers<R>(block: &mut Box<[u8]>, edit: impl FnOnce(&mut IntSet) -> R) -> R {
    let mut integers = match std::mem::take(block) {
        bytes if bytes.is_empty() => IntSet::new(),
        bytes => IntSet::from_own_bytes(bytes),
    };
    let result = edit(&mut integers);
    *block = integers.into_bytes();
    result
}
