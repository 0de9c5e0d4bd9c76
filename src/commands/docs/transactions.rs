//! Documentation of the transactions group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "discard",
        "2.0.0",
        "O(N), N being the queued commands",
        "Drops the queued commands and ends the transaction.",
        "",
    ),
    doc("exec", "1.2.0", "That of the queued commands", "Executes the queued commands as one.", ""),
    doc("multi", "1.2.0", "O(1)", "Begins to queue commands for a transaction.", ""),
    doc("unwatch", "2.2.0", "O(1)", "Forgets all watched keys.", ""),
    doc(
        "watch",
        "2.2.0",
        "O(1) per key",
        "Lets the next EXEC fail if one of the keys changes before it.",
        "key ...",
    ),
];
