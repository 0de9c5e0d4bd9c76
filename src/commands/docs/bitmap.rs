//! Documentation of the bitmap group.

use super::doc::Doc;

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[];
