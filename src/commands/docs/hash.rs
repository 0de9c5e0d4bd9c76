//! Documentation of the hash group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "hdel",
        "2.0.0",
        "O(N), N being the fields given",
        "Deletes fields, and the hash with its last one.",
        "key field ...",
    )
    .changed(&[("2.4.0", "Takes several fields.")]),
    doc("hexists", "2.0.0", "O(1)", "Tells whether a field is there.", "key field"),
    doc(
        "hexpire",
        "7.4.0",
        "O(N), N being the fields given",
        "Lets fields expire after some seconds.",
        "key seconds:integer [condition:(NX|XX|GT|LT)] FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hexpireat",
        "7.4.0",
        "O(N), N being the fields given",
        "Lets fields expire at a time given in seconds.",
        "key unix-time-seconds:unix-time [condition:(NX|XX|GT|LT)] FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hexpiretime",
        "7.4.0",
        "O(N), N being the fields given",
        "Tells when fields expire, in seconds.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc("hget", "2.0.0", "O(1)", "Reads a field.", "key field"),
    doc(
        "hgetall",
        "2.0.0",
        "O(N), N being the fields of the hash",
        "Reads all fields and their values.",
        "key",
    ),
    doc(
        "hgetdel",
        "8.0.0",
        "O(N), N being the fields given",
        "Reads fields and deletes them.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hgetex",
        "8.0.0",
        "O(N), N being the fields given",
        "Reads fields and changes when they expire.",
        "key [expiration:(EX seconds:integer|PX milliseconds:integer|EXAT unix-time-seconds:unix-time|PXAT \
         unix-time-milliseconds:unix-time|PERSIST)] FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hincrby",
        "2.0.0",
        "O(1)",
        "Adds a number to an integer in a field; a missing field counts as 0.",
        "key field increment:integer",
    ),
    doc(
        "hincrbyfloat",
        "2.6.0",
        "O(1)",
        "Adds a floating-point number to the one in a field; a missing field counts as 0.",
        "key field increment:double",
    ),
    doc("hkeys", "2.0.0", "O(N), N being the fields of the hash", "Lists all fields.", "key"),
    doc("hlen", "2.0.0", "O(1)", "Counts the fields of a hash.", "key"),
    doc("hmget", "2.0.0", "O(N), N being the fields given", "Reads several fields.", "key field ..."),
    doc("hmset", "2.0.0", "O(N), N being the fields given", "Sets fields.", "key data:(field value) ...")
        .deprecated("4.0.0", "`HSET` with multiple field-value pairs"),
    doc(
        "hpersist",
        "7.4.0",
        "O(N), N being the fields given",
        "Keeps fields from expiring.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hpexpire",
        "7.4.0",
        "O(N), N being the fields given",
        "Lets fields expire after some milliseconds.",
        "key milliseconds:integer [condition:(NX|XX|GT|LT)] FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hpexpireat",
        "7.4.0",
        "O(N), N being the fields given",
        "Lets fields expire at a time given in milliseconds.",
        "key unix-time-milliseconds:unix-time [condition:(NX|XX|GT|LT)] FIELDS \
         fields:(numfields:integer field ...)",
    ),
    doc(
        "hpexpiretime",
        "7.4.0",
        "O(N), N being the fields given",
        "Tells when fields expire, in milliseconds.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hpttl",
        "7.4.0",
        "O(N), N being the fields given",
        "Tells how many milliseconds fields have left.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc(
        "hrandfield",
        "6.2.0",
        "O(N), N being the fields returned",
        "Picks fields at random.",
        "key [options:(count:integer [WITHVALUES])]",
    ),
    doc(
        "hscan",
        "2.8.0",
        "O(1) per call, O(N) for a whole iteration over N fields",
        "Iterates over the fields of a hash and their values.",
        "key cursor:integer [MATCH pattern] [COUNT count:integer]",
    ),
    doc("hset", "2.0.0", "O(N), N being the fields given", "Sets fields.", "key data:(field value) ...")
        .changed(&[("4.0.0", "Takes several fields with their values.")]),
    doc(
        "hsetex",
        "8.0.0",
        "O(N), N being the fields given",
        "Sets fields and when they expire.",
        "key [condition:(FNX|FXX)] [expiration:(EX seconds:integer|PX milliseconds:integer|EXAT \
         unix-time-seconds:unix-time|PXAT unix-time-milliseconds:unix-time|KEEPTTL)] FIELDS \
         fields:(numfields:integer data:(field value) ...)",
    ),
    doc("hsetnx", "2.0.0", "O(1)", "Sets a field that is not there yet.", "key field value"),
    doc("hstrlen", "3.2.0", "O(1)", "Tells the length of the value of a field.", "key field"),
    doc(
        "httl",
        "7.4.0",
        "O(N), N being the fields given",
        "Tells how many seconds fields have left.",
        "key FIELDS fields:(numfields:integer field ...)",
    ),
    doc("hvals", "2.0.0", "O(N), N being the fields of the hash", "Lists all values.", "key"),
];
