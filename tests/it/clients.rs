//! CLIENT and its subcommands, HELLO, AUTH, RESET.
