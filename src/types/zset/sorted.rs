//! A large sorted set: a hash table from members to scores, and a tree of the same elements in order. A member of
//! more than a few bytes is stored in both; a long one stands in the table's slab, once.

use std::ops::Range;

use super::Added;
use crate::ds::StrRef;
use crate::ds::packed::Packed;
use crate::ds::ranked::{Ascending, Descending, Ranked};
use crate::ds::record_table::{Bulk, Key, Record, RecordTable, Score};
use crate::ds::slab::Slab;

/// The table and the tree; both hold the same elements.
#[derive(Debug, Clone, Default)]
pub struct Sorted {
    table: RecordTable<Score>,
    tree: Ranked,
}

impl Sorted {
    /// No elements yet, but the buckets for about so many.
    pub fn with_expected(elements: usize) -> Self {
        Self { table: RecordTable::with_expected(elements), tree: Ranked::new() }
    }

    /// Of elements in order, each member once.
    pub fn from_sorted<'a>(elements: impl Iterator<Item = (StrRef<'a>, f64)>) -> Self {
        let mut table = RecordTable::new();
        let mut in_order = Vec::new();
        for (member, score) in elements {
            let place = table.insert_new(&Key::of_str(member), &score.to_le_bytes());
            let kept = match Packed::read(table.packed_of(place)).0 {
                Packed::Str(_) => Packed::Str(member),
                Packed::Long(id) => Packed::Long(id),
            };
            in_order.push((score, kept));
        }
        Self { table, tree: Ranked::from_sorted(&in_order) }
    }

    /// Of a table.
    pub fn from_table(table: RecordTable<Score>) -> Self {
        let in_order: Vec<_> = records_in_order(&table).into_iter().map(|(_, it)| ranked(it)).collect();
        let tree = Ranked::from_sorted(&in_order);
        Self { table, tree }
    }

    /// Of records, each with another key or there is no such set. Often they come in descending order: snapshots
    /// hold them in this one.
    pub fn from_bulk(bulk: Bulk<Score>) -> Option<Self> {
        let tree = bulk.records().and_then(|records| {
            let ascending = records.rev();
            let in_order =
                ascending.clone().is_sorted_by(|left, right| is_before(element(*left), element(*right)));
            in_order.then(|| Ranked::from_sorted(&ascending.map(ranked).collect::<Vec<_>>()))
        });
        let table = bulk.finish()?;
        Some(match tree {
            Some(tree) => Self { table, tree },
            None => Self::from_table(table),
        })
    }

    pub fn len(&self) -> usize {
        self.tree.len()
    }

    pub fn score(&self, member: StrRef<'_>) -> Option<f64> {
        self.table.find(&Key::of_str(member)).map(|place| self.table.score(place))
    }

    /// Does with a member what `decide` says, which is given the member's score.
    pub fn update(&mut self, member: StrRef<'_>, decide: impl FnOnce(Option<f64>) -> Added) -> Added {
        let Self { table, tree } = self;
        let key = Key::of_str(member);
        let Some(place) = table.find(&key) else {
            let added = decide(None);
            if let Added::New(score) = added {
                let place = table.insert_new(&key, &score.to_le_bytes());
                tree.insert(score, Packed::read(table.packed_of(place)).0, table.slab());
            }
            return added;
        };
        let old = table.score(place);
        let added = decide(Some(old));
        if let Added::Moved(score) = added {
            let member = Packed::read(table.packed_of(place)).0;
            tree.remove(old, member, table.slab());
            tree.insert(score, member, table.slab());
            table.set_score(place, score);
        }
        added
    }

    pub fn remove(&mut self, member: StrRef<'_>) -> bool {
        let Self { table, tree } = self;
        let Some(place) = table.find(&Key::of_str(member)) else { return false };
        tree.remove(table.score(place), Packed::read(table.packed_of(place)).0, table.slab());
        table.remove_at(place);
        true
    }

    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        let Self { table, tree } = self;
        if ranks == (0..tree.len()) {
            *self = Self::default();
            return;
        }
        tree.remove_range(ranks, |_, member| {
            match member {
                Packed::Str(member) => table.remove(&Key::of_str(member)),
                Packed::Long(id) => {
                    let text = table.slab().get(id).to_vec();
                    table.remove(&Key::of(&text))
                }
            };
        });
    }

    /// The rank and the score of a member.
    pub fn rank(&self, member: StrRef<'_>) -> Option<(usize, f64)> {
        let place = self.table.find(&Key::of_str(member))?;
        let score = self.table.score(place);
        let member = Packed::read(self.table.packed_of(place)).0;
        self.tree.rank_of(score, member, self.table.slab()).map(|rank| (rank, score))
    }

    pub fn tree(&self) -> &Ranked {
        &self.tree
    }

    pub fn slab(&self) -> &Slab {
        self.table.slab()
    }

    /// One step of a scan, see [`RecordTable::scan`].
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(StrRef<'_>, f64)) -> u64 {
        self.table.scan(cursor, |record| visit(record.key(), Score::read(record.payload())))
    }

    pub fn heap_bytes(&self) -> usize {
        self.table.heap_bytes() + self.tree.heap_bytes()
    }

    pub fn allocations(&self) -> usize {
        self.table.allocations() + self.tree.allocations()
    }

    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        self.table.assert_invariants();
        self.tree.assert_invariants(self.table.slab());
        assert_eq!(self.table.len(), self.tree.len());
        for (score, member) in self.tree.ascending_from(0) {
            let found = self.score(text(self.slab(), member));
            assert_eq!(found.map(f64::to_bits), Some(score.to_bits()));
        }
    }
}

/// Whether an element stands before another one: by its score, then by its text.
pub fn is_before((left, left_score): (StrRef<'_>, f64), (right, right_score): (StrRef<'_>, f64)) -> bool {
    left_score < right_score
        || left_score == right_score && left.with_text(|left| right.with_text(|right| left < right))
}

fn element(record: Record<'_>) -> (StrRef<'_>, f64) {
    (record.key(), Score::read(record.payload()))
}

/// A record as the tree takes it.
fn ranked(record: Record<'_>) -> (f64, Packed<'_>) {
    (Score::read(record.payload()), Packed::read(record.packed()).0)
}

/// The records of a table by score and text. Scores are sorted as integers with nothing but an index beside them:
/// cheap to compare and to move. Texts are compared where scores turn out to be equal.
pub fn records_in_order(table: &RecordTable<Score>) -> Vec<(f64, Record<'_>)> {
    let records: Vec<_> = table.iter().map(|record| (Score::read(record.payload()), record)).collect();
    let mut order: Vec<(u64, usize)> =
        records.iter().enumerate().map(|(index, (score, _))| (ordinal(*score), index)).collect();
    order.sort_unstable();
    for equals in order.chunk_by_mut(|left, right| left.0 == right.0).filter(|equals| equals.len() > 1) {
        equals.sort_unstable_by(|left, right| {
            let (left, right) = (records[left.1].1.key(), records[right.1].1.key());
            left.with_text(|left| right.with_text(|right| left.cmp(right)))
        });
    }
    order.into_iter().map(|(_, index)| records[index]).collect()
}

/// An integer for each score that is not NaN, in the same order; both zeros have the same.
fn ordinal(score: f64) -> u64 {
    let bits = (score + 0.0).to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

/// Elements of a tree with their texts.
#[derive(Debug, Clone)]
pub struct WithTexts<'a, I> {
    walk: I,
    slab: &'a Slab,
}

impl Sorted {
    pub fn ascending_from(&self, rank: usize) -> WithTexts<'_, Ascending<'_>> {
        WithTexts { walk: self.tree.ascending_from(rank), slab: self.table.slab() }
    }

    pub fn descending_from(&self, rank: usize) -> WithTexts<'_, Descending<'_>> {
        WithTexts { walk: self.tree.descending_from(rank), slab: self.table.slab() }
    }
}

impl<'a, I: Iterator<Item = (f64, Packed<'a>)>> Iterator for WithTexts<'a, I> {
    type Item = (StrRef<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        self.walk.next().map(|(score, member)| (text(self.slab, member), score))
    }
}

/// The text of a member.
#[inline]
fn text<'a>(slab: &'a Slab, member: Packed<'a>) -> StrRef<'a> {
    match member {
        Packed::Str(member) => member,
        Packed::Long(id) => StrRef::Bytes(slab.get(id)),
    }
}
