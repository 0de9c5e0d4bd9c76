//! `russet-server`: argv to library.

fn main() {}
