//! Documentation of the hyperloglog group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "pfadd",
        "2.8.9",
        "O(1) for each element",
        "Adds elements to a HyperLogLog, creating it if need be.",
        "key [element ...]",
    ),
    doc(
        "pfcount",
        "2.8.9",
        "O(1) for one key; O(N) with a large constant for N keys",
        "Estimates how many different elements were added to one HyperLogLog or to several together.",
        "key ...",
    ),
    doc("pfdebug", "2.8.9", "N/A", "Looks into a HyperLogLog; for tests.", "subcommand key").system(),
    doc(
        "pfmerge",
        "2.8.9",
        "O(N), N being the keys, with a large constant",
        "Adds to a HyperLogLog what was added to others.",
        "destkey:key [sourcekey:key#1 ...]",
    ),
    doc("pfselftest", "2.8.9", "N/A", "Tests the implementation of HyperLogLogs.", "").system(),
];
