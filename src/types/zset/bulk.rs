//! A sorted set out of many members at once, as when it is loaded.

use super::sorted::Sorted;
use super::{Repr, Zset, ZsetBuilder, ZsetLimits};
use crate::ds::StrRef;
use crate::ds::record_table::{Bulk, Score};

/// Members that will be a sorted set, in any order.
#[derive(Debug)]
pub struct ZsetBulk(Bulk<Score>);

impl ZsetBulk {
    /// For about so many members.
    pub fn with_expected(members: usize) -> Self {
        Self(Bulk::with_expected(members))
    }

    /// Adds a member. False if one is known to be there twice, which makes the whole unusable.
    #[inline]
    pub fn add(&mut self, member: StrRef<'_>, score: f64) -> bool {
        self.0.push(member, |block, _| block.extend_from_slice(&score.to_le_bytes())).is_some()
    }

    /// The sorted set, in the encoding that fits its size; `None` if a member is there twice.
    pub fn finish(self, limits: &ZsetLimits) -> Option<Zset> {
        if self.0.record_count() <= limits.entries_max {
            return self.0.finish().map(|table| ZsetBuilder::of_table(table).finish(limits));
        }
        let sorted = Sorted::from_bulk(self.0)?;
        Some(Zset { repr: Repr::Sorted(Box::new(sorted)) })
    }
}
