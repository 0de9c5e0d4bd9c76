//! A set out of many members at once, as when it is loaded.

use super::{Repr, Set};
use crate::ds::StrRef;
use crate::ds::record_table::{Bulk, Nothing};

/// Members that will be a `hashtable`.
#[derive(Debug)]
pub struct SetBulk(Bulk<Nothing>);

impl SetBulk {
    /// For about so many members.
    pub fn with_expected(members: usize) -> Self {
        Self(Bulk::with_expected(members))
    }

    /// Adds a member. False if one is known to be there twice, which makes the whole unusable.
    #[inline]
    pub fn add(&mut self, member: StrRef<'_>) -> bool {
        self.0.push(member, |_, _| ()).is_some()
    }

    /// The set; `None` if a member is there twice.
    pub fn finish(self) -> Option<Set> {
        self.0.finish().map(|table| Set(Repr::Table(Box::new(table))))
    }
}
