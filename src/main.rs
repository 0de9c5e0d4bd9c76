//! `russet-server`: argv to library.

use std::process::ExitCode;

fn main() -> ExitCode {
    russet::server::main()
}
