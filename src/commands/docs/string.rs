//! Documentation of the string group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "append",
        "2.0.0",
        "O(1), amortized",
        "Adds to the end of a string, creating it if need be.",
        "key value",
    ),
    doc("decr", "1.0.0", "O(1)", "Subtracts one from an integer; a missing key counts as 0.", "key"),
    doc(
        "decrby",
        "1.0.0",
        "O(1)",
        "Subtracts a number from an integer; a missing key counts as 0.",
        "key decrement:integer",
    ),
    doc("get", "1.0.0", "O(1)", "Reads a string.", "key"),
    doc("getdel", "6.2.0", "O(1)", "Reads a string and deletes its key.", "key"),
    doc(
        "getex",
        "6.2.0",
        "O(1)",
        "Reads a string and changes when its key expires.",
        "key [expiration:(EX seconds:integer|PX milliseconds:integer|EXAT \
         unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|PERSIST)]",
    ),
    doc(
        "getrange",
        "2.4.0",
        "O(N), N being the bytes returned",
        "Reads a part of a string.",
        "key start:integer end:integer",
    ),
    doc("getset", "1.0.0", "O(1)", "Stores a string and returns the one before.", "key value")
        .deprecated("6.2.0", "`SET` with `GET`"),
    doc("incr", "1.0.0", "O(1)", "Adds one to an integer; a missing key counts as 0.", "key"),
    doc(
        "incrby",
        "1.0.0",
        "O(1)",
        "Adds a number to an integer; a missing key counts as 0.",
        "key increment:integer",
    ),
    doc(
        "incrbyfloat",
        "2.6.0",
        "O(1)",
        "Adds to a floating point number; a missing key counts as 0.",
        "key increment:double",
    ),
    doc(
        "lcs",
        "7.0.0",
        "O(N*M), N and M being the lengths of the strings",
        "Finds the longest common subsequence of two strings.",
        "key1:key key2:key [LEN] [IDX] [MINMATCHLEN min-match-len:integer] [WITHMATCHLEN]",
    ),
    doc("mget", "1.0.0", "O(N), N being the keys", "Reads several strings at once.", "key ..."),
    doc("mset", "1.0.1", "O(N), N being the keys", "Stores several strings at once.", "data:(key value) ..."),
    doc(
        "msetnx",
        "1.0.1",
        "O(N), N being the keys",
        "Stores several strings at once if none of the keys exists.",
        "data:(key value) ...",
    ),
    doc(
        "psetex",
        "2.6.0",
        "O(1)",
        "Stores a string that expires after some milliseconds.",
        "key milliseconds:integer value",
    )
    .deprecated("2.6.12", "`SET` with `PX`"),
    doc(
        "set",
        "1.0.0",
        "O(1)",
        "Stores a string under a key, replacing any value.",
        "key value [condition:(NX|XX)]@2.6.12 [GET]@6.2.0 [expiration:(EX seconds:integer@2.6.12|\
         PX milliseconds:integer@2.6.12|EXAT unix-time-seconds:unix-time@6.2.0|\
         PXAT unix-time-milliseconds:unix-time@6.2.0|KEEPTTL@6.0.0)]",
    )
    .changed(&[
        ("2.6.12", "Options `EX`, `PX`, `NX` and `XX`."),
        ("6.0.0", "Option `KEEPTTL`."),
        ("6.2.0", "Options `GET`, `EXAT` and `PXAT`."),
        ("7.0.0", "`NX` and `GET` may be combined."),
    ]),
    doc(
        "setex",
        "2.0.0",
        "O(1)",
        "Stores a string that expires after some seconds.",
        "key seconds:integer value",
    )
    .deprecated("2.6.12", "`SET` with `EX`"),
    doc("setnx", "1.0.0", "O(1)", "Stores a string if the key does not exist.", "key value")
        .deprecated("2.6.12", "`SET` with `NX`"),
    doc(
        "setrange",
        "2.2.0",
        "O(M), M being the length of the value; amortized O(1) for short ones",
        "Overwrites a part of a string, filling a gap with zero bytes.",
        "key offset:integer value",
    ),
    doc("strlen", "2.2.0", "O(1)", "Tells the length of a string in bytes.", "key"),
    doc(
        "substr",
        "1.0.0",
        "O(N), N being the bytes returned",
        "Reads a part of a string.",
        "key start:integer end:integer",
    )
    .deprecated("2.0.0", "`GETRANGE`"),
];
