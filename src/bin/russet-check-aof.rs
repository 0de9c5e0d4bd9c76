//! `russet-check-aof`: argv to library.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    ExitCode::from(russet::check::check_aof(&arguments, &mut io::stdout(), &mut io::stdin().lock()))
}
