//! Documentation of the hyperloglog group.

use super::doc::Doc;

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[];
