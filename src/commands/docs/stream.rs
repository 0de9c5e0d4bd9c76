//! Documentation of the stream group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "xack",
        "5.0.0",
        "O(1) for each ID",
        "Acknowledges entries that were delivered to a group: they are pending no more.",
        "key group id ...",
    ),
    doc(
        "xadd",
        "5.0.0",
        "O(1); trimming: O(N), N being the entries removed",
        "Adds an entry to a stream, creating it if need be.",
        "key [NOMKSTREAM]@6.2.0 [trim:(strategy:(MAXLEN|MINID@6.2.0) [operator:(equal='='|approximately='~')] \
         threshold [LIMIT count:integer]@6.2.0)] id-selector:(auto-id='*'|id) data:(field value) ...",
    )
    .changed(&[
        ("6.2.0", "Options `NOMKSTREAM`, `MINID` and `LIMIT`."),
        ("7.0.0", "IDs of the form `<ms>-*`."),
    ]),
    doc(
        "xautoclaim",
        "6.2.0",
        "O(1) for a small COUNT",
        "Hands pending entries that were idle for long over to a consumer.",
        "key group consumer min-idle-time start [COUNT count:integer] [JUSTID]",
    )
    .changed(&[("7.0.0", "A third element of the reply: the IDs of entries that were found deleted.")]),
    doc(
        "xclaim",
        "5.0.0",
        "O(log N) for each ID, N being the pending entries of the group",
        "Hands pending entries over to a consumer.",
        "key group consumer min-idle-time id ... [IDLE ms:integer] [TIME unix-time-milliseconds:unix-time] \
         [RETRYCOUNT count:integer] [FORCE] [JUSTID] [LASTID lastid]",
    ),
    doc("xdel", "5.0.0", "O(1) for each ID", "Deletes entries of a stream.", "key id ..."),
    doc("xgroup", "5.0.0", "Depends on subcommand.", "Groups of consumers that read a stream together.", ""),
    doc(
        "xgroup|create",
        "5.0.0",
        "O(1)",
        "Makes a group.",
        "key group id-selector:(id|new-id='$') [MKSTREAM] [ENTRIESREAD entries-read:integer]",
    )
    .changed(&[("7.0.0", "Option `ENTRIESREAD`.")]),
    doc("xgroup|createconsumer", "6.2.0", "O(1)", "Adds a consumer to a group.", "key group consumer"),
    doc("xgroup|delconsumer", "5.0.0", "O(1)", "Removes a consumer from a group.", "key group consumer"),
    doc(
        "xgroup|destroy",
        "5.0.0",
        "O(N), N being the pending entries of the group",
        "Removes a group.",
        "key group",
    ),
    doc("xgroup|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc(
        "xgroup|setid",
        "5.0.0",
        "O(1)",
        "Sets the ID behind which a group goes on reading.",
        "key group id-selector:(id|new-id='$') [ENTRIESREAD entriesread:integer{entries-read}]",
    )
    .changed(&[("7.0.0", "Option `ENTRIESREAD`.")]),
    doc("xinfo", "5.0.0", "Depends on subcommand.", "What there is to know of a stream.", ""),
    doc("xinfo|consumers", "5.0.0", "O(1)", "Lists the consumers of a group.", "key group")
        .changed(&[("7.2.0", "Field `inactive`.")]),
    doc("xinfo|groups", "5.0.0", "O(1)", "Lists the groups of a stream.", "key")
        .changed(&[("7.0.0", "Fields `entries-read` and `lag`.")]),
    doc("xinfo|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc(
        "xinfo|stream",
        "5.0.0",
        "O(1)",
        "Describes a stream.",
        "key [full-block:(FULL [COUNT count:integer])]",
    )
    .changed(&[
        ("6.0.0", "Option `FULL`."),
        (
            "7.0.0",
            "Fields `max-deleted-entry-id`, `entries-added`, `recorded-first-entry-id`, `entries-read` and `lag`.",
        ),
        ("7.2.0", "Field `active-time`; `seen-time` also tells of attempts."),
    ]),
    doc("xlen", "5.0.0", "O(1)", "Counts the entries of a stream.", "key"),
    doc(
        "xpending",
        "5.0.0",
        "O(N), N being the entries returned (with IDLE: looked at), or the consumers in a summary",
        "Tells what was delivered to a group and is not acknowledged.",
        "key group [filters:([IDLE min-idle-time:integer]@6.2.0 start end count:integer [consumer])]",
    )
    .changed(&[("6.2.0", "Option `IDLE`, and intervals without their ends.")]),
    doc(
        "xrange",
        "5.0.0",
        "O(N), N being the entries returned",
        "Reads the entries of a stream between two IDs.",
        "key start end [COUNT count:integer]",
    )
    .changed(&[("6.2.0", "Intervals without their ends.")]),
    doc(
        "xread",
        "5.0.0",
        "",
        "Reads the entries of streams behind given IDs, and may wait for some.",
        "[COUNT count:integer] [BLOCK milliseconds:integer] STREAMS streams:(key ... id ...)",
    ),
    doc(
        "xreadgroup",
        "5.0.0",
        "O(M) for each stream, M being the entries returned; an XADD takes O(N) for N clients that wait",
        "Reads for a consumer what his group has not read yet, or what was delivered to him, and may wait for some.",
        "GROUP group-block:(group consumer) [COUNT count:integer] [BLOCK milliseconds:integer] [NOACK] \
         STREAMS streams:(key ... id ...)",
    ),
    doc(
        "xrevrange",
        "5.0.0",
        "O(N), N being the entries returned",
        "Reads the entries of a stream between two IDs, the last one first.",
        "key end start [COUNT count:integer]",
    )
    .changed(&[("6.2.0", "Intervals without their ends.")]),
    doc(
        "xsetid",
        "5.0.0",
        "O(1)",
        "Sets the counters of a stream, for replicas.",
        "key last-id [ENTRIESADDED entries-added:integer]@7.0.0 [MAXDELETEDID max-deleted-id]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `ENTRIESADDED` and `MAXDELETEDID`.")]),
    doc(
        "xtrim",
        "5.0.0",
        "O(N), N being the entries removed; whole nodes go at once",
        "Removes entries from the front of a stream.",
        "key trim:(strategy:(MAXLEN|MINID@6.2.0) [operator:(equal='='|approximately='~')] threshold \
         [LIMIT count:integer]@6.2.0)",
    )
    .changed(&[("6.2.0", "Options `MINID` and `LIMIT`.")]),
];
