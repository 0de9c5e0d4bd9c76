//! Documentation of the server group.

use super::{Doc, Group};

const fn doc(
    name: &'static str,
    since: &'static str,
    complexity: &'static str,
    summary: &'static str,
    syntax: &'static str,
) -> Doc {
    Doc::new(Group::Server, name, since, complexity, summary, syntax)
}

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc("bgrewriteaof", "1.0.0", "O(1)", "Rewrites the append-only file in the background.", ""),
    doc("bgsave", "1.0.0", "O(1)", "Saves a snapshot in the background.", "[SCHEDULE]@3.2.2")
        .changed(&[("3.2.2", "Option `SCHEDULE`.")]),
    doc("command", "2.8.13", "O(N), N being the commands", "Describes all commands.", ""),
    doc("command|count", "2.8.13", "O(1)", "Counts the commands.", ""),
    doc(
        "command|docs",
        "7.0.0",
        "O(N), N being the commands asked for",
        "Documents the commands asked for, or all.",
        "[command-name ...]",
    ),
    doc(
        "command|getkeys",
        "2.8.13",
        "O(N), N being the arguments",
        "Finds the keys in a full command line.",
        "command [arg ...]",
    ),
    doc(
        "command|getkeysandflags",
        "7.0.0",
        "O(N), N being the arguments",
        "Finds the keys in a full command line, with what happens to each.",
        "command [arg ...]",
    ),
    doc("command|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc(
        "command|info",
        "2.8.13",
        "O(N), N being the commands asked for",
        "Describes the commands asked for, or all.",
        "[command-name ...]",
    )
    .changed(&[("7.0.0", "Without arguments, describes all commands.")]),
    doc(
        "command|list",
        "7.0.0",
        "O(N), N being the commands",
        "Lists command names, filtered by module, category or pattern.",
        "[FILTERBY filterby:(MODULE module-name|ACLCAT category|PATTERN pattern)]",
    ),
    doc("config", "2.0.0", "Depends on the subcommand.", "Reads and changes the configuration.", ""),
    doc(
        "config|get",
        "2.0.0",
        "O(N), N being the patterns",
        "Tells the values of the directives that match.",
        "parameter ...",
    )
    .changed(&[("7.0.0", "Takes several patterns.")]),
    doc("config|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("config|resetstat", "2.0.0", "O(1)", "Sets the statistics of INFO back to zero.", ""),
    doc(
        "config|rewrite",
        "2.8.0",
        "O(1)",
        "Writes the configuration in force to the configuration file.",
        "",
    ),
    doc(
        "config|set",
        "2.0.0",
        "O(N), N being the directives",
        "Changes directives while the server runs.",
        "data:(parameter value) ...",
    )
    .changed(&[("7.0.0", "Takes several directives: all of them change, or none.")]),
    doc("dbsize", "1.0.0", "O(1)", "Counts the keys of the database.", ""),
    doc("debug", "1.0.0", "Depends on the subcommand.", "Helps to test and debug the server.", "").system(),
    doc(
        "flushall",
        "1.0.0",
        "O(N), N being the keys of all databases",
        "Deletes all keys of all databases.",
        "[flush-type:(ASYNC@4.0.0|SYNC@6.2.0)]",
    )
    .changed(&[("4.0.0", "Option `ASYNC`."), ("6.2.0", "Option `SYNC`.")]),
    doc(
        "flushdb",
        "1.0.0",
        "O(N), N being the keys of the database",
        "Deletes all keys of the database.",
        "[flush-type:(ASYNC@4.0.0|SYNC@6.2.0)]",
    )
    .changed(&[("4.0.0", "Option `ASYNC`."), ("6.2.0", "Option `SYNC`.")]),
    doc("info", "1.0.0", "O(1)", "Reports the state and the statistics of the server.", "[section ...]")
        .changed(&[("7.0.0", "Takes several sections.")]),
    doc("lastsave", "1.0.0", "O(1)", "Tells the Unix time of the latest successful snapshot.", ""),
    doc("latency", "2.8.13", "Depends on the subcommand.", "Looks for the causes of latency.", ""),
    doc("latency|doctor", "2.8.13", "O(1)", "Explains the recorded latency spikes to a person.", ""),
    doc("latency|graph", "2.8.13", "O(1)", "Draws the latency of an event over time.", "event"),
    doc("latency|help", "2.8.13", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc(
        "latency|histogram",
        "7.0.0",
        "O(N), N being the commands that have latency data",
        "Returns the cumulative distribution of the latency of commands.",
        "[command ...]",
    ),
    doc(
        "latency|history",
        "2.8.13",
        "O(1)",
        "Lists the latency samples of an event with their times.",
        "event",
    ),
    doc("latency|latest", "2.8.13", "O(1)", "Tells the latest sample and the maximum of each event.", ""),
    doc("latency|reset", "2.8.13", "O(1)", "Forgets the samples of events, or of all.", "[event ...]"),
    doc("lolwut", "5.0.0", "", "Shows a piece of computer art and the version.", "[VERSION version:integer]"),
    doc("memory", "4.0.0", "Depends on the subcommand.", "Looks at the use of memory.", ""),
    doc("memory|doctor", "4.0.0", "O(1)", "Explains problems with the use of memory to a person.", ""),
    doc("memory|help", "4.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc(
        "memory|malloc-stats",
        "4.0.0",
        "Depends on how much is allocated; can be slow",
        "Returns the allocator's own report.",
        "",
    ),
    doc(
        "memory|purge",
        "4.0.0",
        "Depends on how much is allocated; can be slow",
        "Asks the allocator to give unused pages back.",
        "",
    ),
    doc("memory|stats", "4.0.0", "O(1)", "Breaks down the use of memory.", ""),
    doc(
        "memory|usage",
        "4.0.0",
        "O(N), N being the samples",
        "Estimates the memory that a key and its value occupy.",
        "key [SAMPLES count:integer]",
    ),
    doc("module", "4.0.0", "Depends on the subcommand.", "Manages modules.", ""),
    doc("module|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("module|list", "4.0.0", "O(N), N being the loaded modules", "Lists the loaded modules.", ""),
    doc("module|load", "4.0.0", "O(1)", "Loads a module from a file.", "path [arg ...]"),
    doc(
        "module|loadex",
        "7.0.0",
        "O(1)",
        "Loads a module with directives and arguments.",
        "path [CONFIG configs:(name value)]... [ARGS args ...]",
    ),
    doc("module|unload", "4.0.0", "O(1)", "Removes a loaded module.", "name"),
    doc("monitor", "1.0.0", "", "Streams every request the server executes.", ""),
    doc("role", "2.8.12", "O(1)", "Tells the role in replication, with the state of the links.", ""),
    doc(
        "save",
        "1.0.0",
        "O(N), N being the keys of all databases",
        "Saves a snapshot and lets everyone wait for it.",
        "",
    ),
    doc(
        "shutdown",
        "1.0.0",
        "O(N) if it saves, N being the keys of all databases, otherwise O(1)",
        "Saves if there is reason to, and ends the server.",
        "[save-selector:(NOSAVE|SAVE)] [NOW]@7.0.0 [FORCE]@7.0.0 [ABORT]@7.0.0",
    )
    .changed(&[("7.0.0", "Options `NOW`, `FORCE` and `ABORT`.")]),
    doc("slowlog", "2.2.12", "Depends on the subcommand.", "Looks at the slowest requests.", ""),
    doc(
        "slowlog|get",
        "2.2.12",
        "O(N), N being the entries returned",
        "Lists the latest entries of the slow log.",
        "[count:integer]",
    )
    .changed(&[("4.0.0", "Entries tell the client's address and name.")]),
    doc("slowlog|help", "6.2.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("slowlog|len", "2.2.12", "O(1)", "Counts the entries of the slow log.", ""),
    doc("slowlog|reset", "2.2.12", "O(N), N being the entries", "Empties the slow log.", ""),
    doc(
        "swapdb",
        "4.0.0",
        "O(N), N being the clients that watch or wait for keys of either database",
        "Exchanges two databases.",
        "index1:integer index2:integer",
    ),
    doc("time", "2.6.0", "O(1)", "Tells the server's time.", ""),
];
