//! Replication. Redis counts these commands among those of the server.

use super::doc::{Doc, doc};

pub(super) const ROWS: &[Doc] = &[
    doc(
        "failover",
        "6.2.0",
        "O(1)",
        "Hands the role of the primary over to a replica.",
        "[TO target:(host port:integer [FORCE])] [ABORT] [TIMEOUT milliseconds:integer]",
    ),
    doc(
        "psync",
        "2.8.0",
        "",
        "Asks for the stream of replication, from an offset on if possible.",
        "replicationid offset:integer",
    ),
    doc("replconf", "3.0.0", "O(1)", "What the two ends of replication tell each other.", "").system(),
    doc(
        "replicaof",
        "5.0.0",
        "O(1)",
        "Follows another server, or nobody any more.",
        "args:(host-port:(host port:integer)|no-one:(NO ONE))",
    ),
    doc(
        "slaveof",
        "1.0.0",
        "O(1)",
        "Follows another server, or nobody any more.",
        "args:(host-port:(host port:integer)|no-one:(NO ONE))",
    )
    .deprecated("5.0.0", "`REPLICAOF`"),
    doc("sync", "1.0.0", "", "Asks for a snapshot and the stream of replication behind it.", ""),
];
