//! Documentation of the generic group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "copy",
        "6.2.0",
        "O(N), N being the elements of the value; O(1) for a string",
        "Copies a value to another key.",
        "source:key destination:key#1 [DB destination-db:integer] [REPLACE]",
    ),
    doc(
        "del",
        "1.0.0",
        "O(N), N being the keys, plus the elements of their values",
        "Deletes keys.",
        "key ...",
    ),
    doc(
        "dump",
        "2.6.0",
        "O(N*M), N being the elements of the value and M their mean size",
        "Returns the value of a key in the form that RESTORE reads.",
        "key",
    ),
    doc("exists", "1.0.0", "O(N), N being the keys", "Counts how many of the keys exist.", "key ...")
        .changed(&[("3.0.3", "Takes several keys.")]),
    doc(
        "expire",
        "1.0.0",
        "O(1)",
        "Lets a key expire after some seconds.",
        "key seconds:integer [condition:(NX|XX|GT|LT)]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`.")]),
    doc(
        "expireat",
        "1.2.0",
        "O(1)",
        "Lets a key expire at a Unix time in seconds.",
        "key unix-time-seconds:unix-time [condition:(NX|XX|GT|LT)]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`.")]),
    doc("expiretime", "7.0.0", "O(1)", "Tells the Unix time in seconds at which a key expires.", "key"),
    doc(
        "keys",
        "1.0.0",
        "O(N), N being the keys of the database",
        "Lists all keys that match a pattern. Blocks meanwhile: prefer SCAN.",
        "pattern",
    ),
    doc(
        "migrate",
        "2.6.0",
        "That of DUMP and DEL here and of RESTORE there, plus O(N) to transfer the value",
        "Moves keys to another server, atomically.",
        "host port:integer key-selector:(key|empty-string='') destination-db:integer timeout:integer \
         [COPY]@3.0.0 [REPLACE]@3.0.0 \
         [authentication:(AUTH auth{password}@4.0.7|AUTH2 auth2:(username password)@6.0.0)] \
         [KEYS keys:key#1{key} ...]@3.0.6",
    )
    .changed(&[
        ("3.0.0", "Options `COPY` and `REPLACE`."),
        ("3.0.6", "Option `KEYS`."),
        ("4.0.7", "Option `AUTH`."),
        ("6.0.0", "Option `AUTH2`."),
    ]),
    doc(
        "move",
        "1.0.0",
        "O(1)",
        "Takes a key out of this database and puts it into another.",
        "key db:integer",
    ),
    doc("object", "2.2.3", "Depends on the subcommand.", "Looks at how values are kept.", ""),
    doc("object|encoding", "2.2.3", "O(1)", "Tells the encoding in which a value is kept.", "key"),
    doc(
        "object|freq",
        "4.0.0",
        "O(1)",
        "Tells the logarithmic access counter of a key under an LFU policy.",
        "key",
    ),
    doc("object|help", "6.2.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("object|idletime", "2.2.3", "O(1)", "Tells how many seconds ago a key was last used.", "key"),
    doc("object|refcount", "2.2.3", "O(1)", "Tells how many references a value has.", "key"),
    doc("persist", "2.2.0", "O(1)", "Lets a key live for ever again.", "key"),
    doc(
        "pexpire",
        "2.6.0",
        "O(1)",
        "Lets a key expire after some milliseconds.",
        "key milliseconds:integer [condition:(NX|XX|GT|LT)]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`.")]),
    doc(
        "pexpireat",
        "2.6.0",
        "O(1)",
        "Lets a key expire at a Unix time in milliseconds.",
        "key unix-time-milliseconds:unix-time [condition:(NX|XX|GT|LT)]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `NX`, `XX`, `GT` and `LT`.")]),
    doc("pexpiretime", "7.0.0", "O(1)", "Tells the Unix time in milliseconds at which a key expires.", "key"),
    doc("pttl", "2.6.0", "O(1)", "Tells how many milliseconds a key has left.", "key")
        .changed(&[("2.8.0", "Answers -2 for a key that does not exist.")]),
    doc("randomkey", "1.0.0", "O(1)", "Picks a key at random.", ""),
    doc("rename", "1.0.0", "O(1)", "Gives a key another name, replacing what was there.", "key newkey:key#1"),
    doc("renamenx", "1.0.0", "O(1)", "Gives a key another name if that is free.", "key newkey:key#1")
        .changed(&[("3.2.0", "Old and new name may be the same.")]),
    doc(
        "restore",
        "2.6.0",
        "O(N*M), N being the elements of the value and M their mean size; O(N*M*log(N)) for sorted \
         sets",
        "Creates a key from the output of DUMP.",
        "key ttl:integer serialized-value [REPLACE] [ABSTTL] [IDLETIME seconds:integer] [FREQ \
         frequency:integer]",
    )
    .changed(&[
        ("3.0.0", "Option `REPLACE`."),
        ("5.0.0", "Option `ABSTTL`."),
        ("5.0.0", "Options `IDLETIME` and `FREQ`."),
    ]),
    doc(
        "scan",
        "2.8.0",
        "O(1) per call, O(N) for a whole iteration, N being the keys of the database",
        "Iterates over the keys, some per call.",
        "cursor:integer [MATCH pattern] [COUNT count:integer] [TYPE type]@6.0.0",
    )
    .changed(&[("6.0.0", "Option `TYPE`.")]),
    doc(
        "sort",
        "1.0.0",
        "O(N+M*log(M)), N being the elements and M those returned; O(N) without sorting",
        "Sorts a list, set or sorted set, and returns or stores the result.",
        "key [BY by-pattern:pattern#1{pattern}] [LIMIT limit:(offset:integer count:integer)] [GET \
         get-pattern:pattern#1{pattern}]... [order:(ASC|DESC)] [sorting=ALPHA] [STORE \
         destination:key#2]",
    ),
    doc(
        "sort_ro",
        "7.0.0",
        "O(N+M*log(M)), N being the elements and M those returned; O(N) without sorting",
        "Sorts as SORT does, without the option to store.",
        "key [BY by-pattern:pattern#1{pattern}] [LIMIT limit:(offset:integer count:integer)] [GET \
         get-pattern:pattern#1{pattern}]... [order:(ASC|DESC)] [sorting=ALPHA]",
    ),
    doc(
        "touch",
        "3.2.1",
        "O(N), N being the keys",
        "Marks keys as just used and counts those that exist.",
        "key ...",
    ),
    doc("ttl", "1.0.0", "O(1)", "Tells how many seconds a key has left.", "key")
        .changed(&[("2.8.0", "Answers -2 for a key that does not exist.")]),
    doc("type", "1.0.0", "O(1)", "Tells the type of the value of a key.", "key"),
    doc(
        "unlink",
        "4.0.0",
        "O(1) per key; the memory is given back in the background",
        "Deletes keys and frees large values in the background.",
        "key ...",
    ),
    doc(
        "wait",
        "3.0.0",
        "O(1)",
        "Waits until enough replicas have the connection's writes.",
        "numreplicas:integer timeout:integer",
    ),
    doc(
        "waitaof",
        "7.2.0",
        "O(1)",
        "Waits until the connection's writes are synced to the AOF, here and on enough replicas.",
        "numlocal:integer numreplicas:integer timeout:integer",
    ),
];
