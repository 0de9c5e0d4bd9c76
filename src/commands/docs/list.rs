//! Documentation of the list group.

use super::doc::Doc;

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[];
