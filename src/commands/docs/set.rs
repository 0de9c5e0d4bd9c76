//! Documentation of the set group.

use super::doc::Doc;

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[];
