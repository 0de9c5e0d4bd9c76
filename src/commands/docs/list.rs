//! Documentation of the list group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "blmove",
        "6.2.0",
        "O(1)",
        "Moves an element from one list to another, waiting for one if there is none.",
        "source:key destination:key#1 wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT) timeout:double",
    ),
    doc(
        "blmpop",
        "7.0.0",
        "O(N+M), N being the keys and M the elements popped",
        "Pops elements from the first list that has some, waiting if none has.",
        "timeout:double numkeys:integer key ... where:(LEFT|RIGHT) [COUNT count:integer]",
    ),
    doc(
        "blpop",
        "2.0.0",
        "O(N), N being the keys",
        "Pops the first element of the first list that has one, waiting if none has.",
        "key ... timeout:double",
    )
    .changed(&[("6.0.0", "The timeout may have a fraction.")]),
    doc(
        "brpop",
        "2.0.0",
        "O(N), N being the keys",
        "Pops the last element of the first list that has one, waiting if none has.",
        "key ... timeout:double",
    )
    .changed(&[("6.0.0", "The timeout may have a fraction.")]),
    doc(
        "brpoplpush",
        "2.2.0",
        "O(1)",
        "Moves the last element of a list to the front of another, waiting for one if there is none.",
        "source:key destination:key#1 timeout:double",
    )
    .changed(&[("6.0.0", "The timeout may have a fraction.")])
    .deprecated("6.2.0", "`BLMOVE` with the `RIGHT` and `LEFT` arguments"),
    doc(
        "lindex",
        "1.0.0",
        "O(N), N being the distance from the nearer end",
        "Returns the element with an index.",
        "key index:integer",
    ),
    doc(
        "linsert",
        "2.2.0",
        "O(N), N being the elements up to the pivot",
        "Adds an element before or behind another.",
        "key where:(BEFORE|AFTER) pivot element",
    ),
    doc("llen", "1.0.0", "O(1)", "Returns the length of a list.", "key"),
    doc(
        "lmove",
        "6.2.0",
        "O(1)",
        "Moves an element from one list to another.",
        "source:key destination:key#1 wherefrom:(LEFT|RIGHT) whereto:(LEFT|RIGHT)",
    ),
    doc(
        "lmpop",
        "7.0.0",
        "O(N+M), N being the keys and M the elements popped",
        "Pops elements from the first list that has some.",
        "numkeys:integer key ... where:(LEFT|RIGHT) [COUNT count:integer]",
    ),
    doc(
        "lpop",
        "1.0.0",
        "O(N), N being the elements popped",
        "Pops the first elements of a list.",
        "key [count:integer]@6.2.0",
    )
    .changed(&[("6.2.0", "The argument `count`.")]),
    doc(
        "lpos",
        "6.0.6",
        "O(N), N being the elements looked at",
        "Returns the indexes at which an element is found.",
        "key element [RANK rank:integer] [COUNT num-matches:integer] [MAXLEN len:integer]",
    ),
    doc(
        "lpush",
        "1.0.0",
        "O(N), N being the elements pushed",
        "Adds elements to the front of a list, which is made if it is missing.",
        "key element ...",
    )
    .changed(&[("2.4.0", "Takes several elements.")]),
    doc(
        "lpushx",
        "2.2.0",
        "O(N), N being the elements pushed",
        "Adds elements to the front of a list that exists.",
        "key element ...",
    )
    .changed(&[("4.0.0", "Takes several elements.")]),
    doc(
        "lrange",
        "1.0.0",
        "O(S+N), S being the distance of the first from the nearer end, N the elements returned",
        "Returns the elements between two indexes.",
        "key start:integer stop:integer",
    ),
    doc(
        "lrem",
        "1.0.0",
        "O(N+M), N being the length of the list and M the elements removed",
        "Removes elements that equal a given one.",
        "key count:integer element",
    ),
    doc(
        "lset",
        "1.0.0",
        "O(N), N being the distance from the nearer end",
        "Replaces the element with an index.",
        "key index:integer element",
    ),
    doc(
        "ltrim",
        "1.0.0",
        "O(N), N being the elements removed",
        "Removes all elements but those between two indexes.",
        "key start:integer stop:integer",
    ),
    doc(
        "rpop",
        "1.0.0",
        "O(N), N being the elements popped",
        "Pops the last elements of a list.",
        "key [count:integer]@6.2.0",
    )
    .changed(&[("6.2.0", "The argument `count`.")]),
    doc(
        "rpoplpush",
        "1.2.0",
        "O(1)",
        "Moves the last element of a list to the front of another.",
        "source:key destination:key#1",
    )
    .deprecated("6.2.0", "`LMOVE` with the `RIGHT` and `LEFT` arguments"),
    doc(
        "rpush",
        "1.0.0",
        "O(N), N being the elements pushed",
        "Adds elements to the back of a list, which is made if it is missing.",
        "key element ...",
    )
    .changed(&[("2.4.0", "Takes several elements.")]),
    doc(
        "rpushx",
        "2.2.0",
        "O(N), N being the elements pushed",
        "Adds elements to the back of a list that exists.",
        "key element ...",
    )
    .changed(&[("4.0.0", "Takes several elements.")]),
];
