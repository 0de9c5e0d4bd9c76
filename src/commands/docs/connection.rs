//! Documentation of the connection group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "auth",
        "1.0.0",
        "O(N), N being the passwords of the user",
        "Logs the connection in.",
        "[username]@6.0.0 password",
    )
    .changed(&[("6.0.0", "Takes a user name before the password.")]),
    doc("client", "2.4.0", "Depends on the subcommand.", "Looks at and controls client connections.", ""),
    doc(
        "client|caching",
        "6.0.0",
        "O(1)",
        "Opts the next command into or out of tracking, in the OPTIN and OPTOUT modes.",
        "mode:(YES|NO)",
    ),
    doc("client|getname", "2.6.9", "O(1)", "Tells the name that the connection was given.", ""),
    doc(
        "client|getredir",
        "6.0.0",
        "O(1)",
        "Tells which client receives this connection's invalidation messages.",
        "",
    ),
    doc("client|help", "5.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("client|id", "5.0.0", "O(1)", "Tells the number of the connection.", ""),
    doc("client|info", "6.2.0", "O(1)", "Describes this connection in one line, as CLIENT LIST would.", ""),
    doc(
        "client|kill",
        "2.4.0",
        "O(N), N being the connected clients",
        "Closes the connections that match an address or filters.",
        "filter:(old-format{ip:port}~2.8.12|new-format:([ID client-id:integer]@2.8.12|[TYPE client-type:(\
         NORMAL|MASTER@3.2.0|SLAVE|REPLICA@5.0.0|PUBSUB)]@2.8.12|[USER username]|[ADDR addr{ip:port}]|\
         [LADDR laddr{ip:port}]@6.2.0|[SKIPME skipme:(YES|NO)]) ...)",
    )
    .changed(&[
        ("2.8.12", "Filters can be combined, besides the single-address form."),
        ("2.8.12", "Filter `ID`."),
        ("3.2.0", "`TYPE` knows `master`."),
        ("5.0.0", "`TYPE` says `replica`; `slave` keeps working."),
        ("6.2.0", "Filter `LADDR`."),
    ]),
    doc(
        "client|list",
        "2.4.0",
        "O(N), N being the connected clients",
        "Describes the connections, one per line.",
        "[TYPE client-type:(NORMAL|MASTER|REPLICA|PUBSUB)]@5.0.0 [ID client-id:integer ...]@6.2.0",
    )
    .changed(&[
        ("2.8.12", "Each line has a unique `id`."),
        ("5.0.0", "Filter `TYPE`."),
        ("6.0.0", "Field `user`."),
        ("6.2.0", "Fields `argv-mem`, `tot-mem`, `laddr` and `redir`, and filter `ID`."),
        ("7.0.0", "Fields `resp`, `multi-mem`, `rbs` and `rbp`."),
        ("7.0.3", "Field `ssub`."),
    ]),
    doc(
        "client|no-evict",
        "7.0.0",
        "O(1)",
        "Exempts the connection from eviction by maxmemory-clients, or ends that.",
        "enabled:(ON|OFF)",
    ),
    doc(
        "client|no-touch",
        "7.2.0",
        "O(1)",
        "Stops or resumes refreshing the LRU and LFU data of the keys this connection uses.",
        "enabled:(ON|OFF)",
    ),
    doc(
        "client|pause",
        "3.0.0",
        "O(1)",
        "Lets clients wait before their commands run, for a time.",
        "timeout:integer [mode:(WRITE|ALL)]@6.2.0",
    )
    .changed(&[("6.2.0", "`WRITE` pauses only commands that write; the mode became an argument.")]),
    doc(
        "client|reply",
        "3.2.0",
        "O(1)",
        "Turns replies to this connection off, on, or off for one command.",
        "action:(ON|OFF|SKIP)",
    ),
    doc(
        "client|setinfo",
        "7.2.0",
        "O(1)",
        "Tells the server the name or version of the client library.",
        "attr:(LIB-NAME libname|LIB-VER libver)",
    ),
    doc("client|setname", "2.6.9", "O(1)", "Names the connection.", "connection-name"),
    doc(
        "client|tracking",
        "6.0.0",
        "O(1), more with some options",
        "Turns invalidation messages for client-side caches on or off.",
        "status:(ON|OFF) [REDIRECT client-id:integer] [PREFIX prefix]... [BCAST] [OPTIN] [OPTOUT] \
         [NOLOOP]",
    ),
    doc("client|trackinginfo", "6.2.0", "O(1)", "Tells how tracking is set up for this connection.", ""),
    doc(
        "client|unblock",
        "5.0.0",
        "O(log N), N being the connected clients",
        "Ends the wait of a client that a blocking command holds.",
        "client-id:integer [unblock-type:(TIMEOUT|ERROR)]",
    ),
    doc("client|unpause", "6.2.0", "O(N), N being the paused clients", "Ends a CLIENT PAUSE early.", ""),
    doc("echo", "1.0.0", "O(1)", "Answers with its argument.", "message"),
    doc(
        "hello",
        "6.0.0",
        "O(1)",
        "Chooses the protocol version, optionally logs in and names the connection, and describes \
         the server.",
        "[arguments:(protover:integer [AUTH auth:(username password)] [SETNAME clientname])]",
    )
    .changed(&[("6.2.0", "`protover` may be left out: the connection is described and stays as it is.")]),
    doc("ping", "1.0.0", "O(1)", "Answers PONG, or its argument.", "[message]"),
    doc("quit", "1.0.0", "O(1)", "Closes the connection after an OK.", "")
        .deprecated("7.2.0", "closing the connection"),
    doc("reset", "6.2.0", "O(1)", "Brings the connection back to the state of a new one.", ""),
    doc("select", "1.0.0", "O(1)", "Changes the database that the connection works on.", "index:integer"),
];
