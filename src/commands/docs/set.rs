//! Documentation of the set group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "sadd",
        "1.0.0",
        "O(1) for each member",
        "Adds members to a set, creating it if need be.",
        "key member ...",
    )
    .changed(&[("2.4.0", "Several members at once.")]),
    doc("scard", "1.0.0", "O(1)", "Tells how many members a set has.", "key"),
    doc(
        "sdiff",
        "1.0.0",
        "O(N), N being the members of all sets",
        "Returns the members of the first set that no other set has.",
        "key ...",
    ),
    doc(
        "sdiffstore",
        "1.0.0",
        "O(N), N being the members of all sets",
        "Stores the members of the first set that no other set has.",
        "destination:key key:key#1 ...",
    ),
    doc(
        "sinter",
        "1.0.0",
        "O(N*M), N being the members of the smallest set and M the sets",
        "Returns the members that all sets have.",
        "key ...",
    ),
    doc(
        "sintercard",
        "7.0.0",
        "O(N*M), N being the members of the smallest set and M the sets",
        "Counts the members that all sets have.",
        "numkeys:integer key ... [LIMIT limit:integer]",
    ),
    doc(
        "sinterstore",
        "1.0.0",
        "O(N*M), N being the members of the smallest set and M the sets",
        "Stores the members that all sets have.",
        "destination:key key:key#1 ...",
    ),
    doc("sismember", "1.0.0", "O(1)", "Tells whether a set has a member.", "key member"),
    doc("smembers", "1.0.0", "O(N), N being the members of the set", "Returns all members of a set.", "key"),
    doc(
        "smismember",
        "6.2.0",
        "O(N), N being the members asked about",
        "Tells of several members whether a set has them.",
        "key member ...",
    ),
    doc(
        "smove",
        "1.0.0",
        "O(1)",
        "Moves a member from one set to another.",
        "source:key destination:key#1 member",
    ),
    doc(
        "spop",
        "1.0.0",
        "O(N), N being the members popped",
        "Takes members drawn by chance out of a set and returns them.",
        "key [count:integer]@3.2.0",
    )
    .changed(&[("3.2.0", "The argument `count`.")]),
    doc(
        "srandmember",
        "1.0.0",
        "O(N), N being the members returned",
        "Returns members of a set drawn by chance.",
        "key [count:integer]@2.6.0",
    )
    .changed(&[("2.6.0", "The argument `count`.")]),
    doc(
        "srem",
        "1.0.0",
        "O(N), N being the members given",
        "Takes members out of a set, deleting it when it has none left.",
        "key member ...",
    )
    .changed(&[("2.4.0", "Several members at once.")]),
    doc(
        "sscan",
        "2.8.0",
        "O(1) for each step, O(N) for a whole iteration, N being the members of the set",
        "Goes through the members of a set step by step.",
        "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    ),
    doc(
        "sunion",
        "1.0.0",
        "O(N), N being the members of all sets",
        "Returns the members that any of the sets has.",
        "key ...",
    ),
    doc(
        "sunionstore",
        "1.0.0",
        "O(N), N being the members of all sets",
        "Stores the members that any of the sets has.",
        "destination:key key:key#1 ...",
    ),
];
