//! Documentation of the bitmap group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "bitcount",
        "2.6.0",
        "O(N), N being the bytes looked at",
        "Counts the bits that are set in a string or a part of it.",
        "key [range:(start:integer end:integer [unit:(BYTE|BIT)]@7.0.0)]",
    )
    .changed(&[("7.0.0", "Options `BYTE` and `BIT`.")]),
    doc(
        "bitfield",
        "3.2.0",
        "O(1) for each subcommand",
        "Reads, writes and increments integers of any width at any bit of a string.",
        "key [operation:(GET get-block:(encoding offset:integer)|\
         write:([OVERFLOW overflow-block:(WRAP|SAT|FAIL)] \
         write-operation:(SET set-block:(encoding offset:integer value:integer)|\
         INCRBY incrby-block:(encoding offset:integer increment:integer)))) ...]",
    ),
    doc(
        "bitfield_ro",
        "6.0.0",
        "O(1) for each subcommand",
        "Reads integers of any width at any bit of a string.",
        "key [GET get-block:(encoding offset:integer)]...",
    ),
    doc(
        "bitop",
        "2.6.0",
        "O(N), N being the bytes of the longest string",
        "Combines strings bit by bit and stores the result.",
        "operation:(AND|OR|XOR|NOT) destkey:key key:key#1 ...",
    ),
    doc(
        "bitpos",
        "2.8.7",
        "O(N), N being the bytes looked at",
        "Finds the first bit of a string that is set or clear.",
        "key bit:integer [range:(start:integer [end-unit-block:(end:integer [unit:(BYTE|BIT)]@7.0.0)])]",
    )
    .changed(&[("7.0.0", "Options `BYTE` and `BIT`.")]),
    doc("getbit", "2.2.0", "O(1)", "Reads one bit of a string.", "key offset:integer"),
    doc(
        "setbit",
        "2.2.0",
        "O(1)",
        "Sets or clears one bit of a string, making it longer if need be.",
        "key offset:integer value:integer",
    ),
];
