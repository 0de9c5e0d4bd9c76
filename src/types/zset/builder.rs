//! Collects members in any order, with scores that may still change, and makes a sorted set of them: the results
//! of unions, intersections and differences. Sorting once at the end is cheaper than keeping order meanwhile.

use super::block::Block;
use super::sorted::{Sorted, is_before, records_in_order};
use super::{Repr, Zset, ZsetLimits};
use crate::ds::StrRef;
use crate::ds::record_table::{Key, RecordTable, Score};

/// The members so far.
#[derive(Debug, Default)]
pub struct ZsetBuilder {
    table: RecordTable<Score>,
}

impl ZsetBuilder {
    pub fn new() -> Self {
        Self::default()
    }

    /// The members of a table.
    pub(super) fn of_table(table: RecordTable<Score>) -> Self {
        Self { table }
    }

    pub fn len(&self) -> usize {
        self.table.len()
    }

    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Adds a member; if it is there already, its score becomes what `combine` makes of both.
    pub fn add(&mut self, member: StrRef<'_>, score: f64, combine: impl FnOnce(f64, f64) -> f64) {
        let key = Key::of_str(member);
        match self.table.find(&key) {
            Some(place) => {
                let combined = combine(self.table.score(place), score);
                self.table.set_score(place, combined);
            }
            None => {
                self.table.insert_new(&key, &score.to_le_bytes());
            }
        }
    }

    /// Takes a member out again.
    pub fn remove(&mut self, member: StrRef<'_>) {
        self.table.remove(&Key::of_str(member));
    }

    /// The elements in order.
    pub fn sorted(&self) -> impl Iterator<Item = (StrRef<'_>, f64)> {
        records_in_order(&self.table).into_iter().map(|(score, record)| (record.key(), score))
    }

    /// The sorted set, in the encoding that fits its final size.
    pub fn finish(self, limits: &ZsetLimits) -> Zset {
        let is_small = self.len() <= limits.entries_max
            && self.table.iter().all(|record| record.key().len() <= limits.value_bytes_max);
        Zset {
            repr: if is_small {
                Repr::Block(Block::from_sorted(self.sorted()))
            } else {
                Repr::Sorted(Box::new(Sorted::from_table(self.table)))
            },
        }
    }
}

impl Zset {
    /// The sorted set of members that are known to be distinct, in any order: small unless there are too many.
    pub fn of_distinct<'a>(
        elements: impl Iterator<Item = (StrRef<'a>, f64)> + Clone,
        limits: &ZsetLimits,
    ) -> Self {
        let is_small = elements.clone().count() <= limits.entries_max;
        if elements.clone().is_sorted_by(|left, right| is_before(*left, *right)) {
            let repr = if is_small {
                Repr::Block(Block::from_sorted(elements))
            } else {
                Repr::Sorted(Box::new(Sorted::from_sorted(elements)))
            };
            return Self { repr };
        }
        let mut builder = ZsetBuilder::new();
        for (member, score) in elements {
            builder.add(member, score, |first, _| first);
        }
        builder.finish(limits)
    }
}
