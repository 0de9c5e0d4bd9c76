//! A hash out of many fields at once, as when it is loaded.

use std::collections::BTreeSet;

use super::fields::{Deadlines, Fields};
use super::value::{self, Value};
use super::{Hash, HashLimits, Repr};
use crate::ds::StrRef;
use crate::ds::record_table::Bulk;

/// Fields that will be a hash.
#[derive(Debug)]
pub struct HashBulk {
    fields: Bulk<Value>,
    deadlines: Deadlines,
}

impl HashBulk {
    /// For about so many fields.
    pub fn with_expected(fields: usize) -> Self {
        Self { fields: Bulk::with_expected(fields), deadlines: BTreeSet::new() }
    }

    /// Adds a field with its value and expiry. False if a field is known to be there twice, which makes the whole
    /// unusable.
    #[inline]
    pub fn add(&mut self, field: StrRef<'_>, value: StrRef<'_>, expiry_ms: Option<i64>) -> bool {
        let pushed = self.fields.push(field, |block, slab| value::push(value, expiry_ms, slab, block));
        if let (Some(hash), Some(expiry_ms)) = (pushed, expiry_ms) {
            self.deadlines.insert((expiry_ms, hash));
        }
        pushed.is_some()
    }

    /// The hash, in the encoding that suits it; `None` if a field is there twice.
    pub fn finish(self, limits: HashLimits) -> Option<Hash> {
        let fields = Fields::of_table(self.fields.finish()?, self.deadlines);
        let mut hash = Hash(Repr::Large(Box::new(fields)));
        hash.settle(limits);
        Some(hash)
    }
}
