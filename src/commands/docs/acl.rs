//! Documentation of the access control commands, which Redis counts into the server group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc("acl", "6.0.0", "Depends on the subcommand.", "Manages users and what they may do.", ""),
    doc(
        "acl|cat",
        "6.0.0",
        "O(1): the categories and commands are fixed",
        "Lists the categories of commands, or the commands of one.",
        "[category]",
    ),
    doc(
        "acl|deluser",
        "6.0.0",
        "O(1) for the usual user",
        "Deletes users and closes their connections.",
        "username ...",
    ),
    doc(
        "acl|dryrun",
        "7.0.0",
        "O(1)",
        "Tells whether a user may run a command, without running it.",
        "username command [arg ...]",
    ),
    doc("acl|genpass", "6.0.0", "O(1)", "Makes up a password that is hard to guess.", "[bits:integer]"),
    doc(
        "acl|getuser",
        "6.0.0",
        "O(N), N being the rules of the user",
        "Tells the rules of a user.",
        "username",
    )
    .changed(&[
        ("6.2.0", "Channel patterns."),
        ("7.0.0", "Selectors; patterns of keys and channels are shown as rules, no longer as lists."),
    ]),
    doc("acl|help", "6.0.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("acl|list", "6.0.0", "O(N), N being the users", "Lists all users as lines of an ACL file.", ""),
    doc("acl|load", "6.0.0", "O(N), N being the users", "Replaces the users by those of the ACL file.", ""),
    doc(
        "acl|log",
        "6.0.0",
        "O(N), N being the entries shown",
        "Lists or clears the latest refusals.",
        "[operation:(count:integer|RESET)]",
    )
    .changed(&[("7.2.0", "Each entry has an id, and tells when it was created and last updated.")]),
    doc("acl|save", "6.0.0", "O(N), N being the users", "Writes the users to the ACL file.", ""),
    doc(
        "acl|setuser",
        "6.0.0",
        "O(N), N being the rules",
        "Creates a user or changes its rules.",
        "username [rule ...]",
    )
    .changed(&[("6.2.0", "Channel patterns."), ("7.0.0", "Selectors, and permissions per key.")]),
    doc("acl|users", "6.0.0", "O(N), N being the users", "Lists the names of all users.", ""),
    doc("acl|whoami", "6.0.0", "O(1)", "Tells which user the connection is logged in as.", ""),
];
