//! `russet-check-rdb`: argv to library.

use std::io;
use std::process::ExitCode;

use russet::check::check_rdb;
use russet::sys::clock::unix_now_ms;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    ExitCode::from(check_rdb(&arguments, unix_now_ms(), &mut io::stdout(), &mut io::stderr()))
}
