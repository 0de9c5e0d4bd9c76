//! Invocations that start no server: version, help, checks of the machine, and programs that this binary is
//! not. As in Redis only the first argument decides; everything else is configuration.

use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ArgAction, CommandFactory, Parser};

use crate::check as checkers;
use crate::config::REDIS_VERSION;
use crate::sys::clock::unix_now_ms;
use crate::sys::{check, memory};
use crate::util::crc64::Crc64;

/// How often `--test-memory` repeats its patterns.
const MEMORY_TEST_PASSES: u32 = 50;

/// A drop-in replacement for redis-server.
#[derive(Debug, Parser)]
#[command(
    name = "russet-server",
    disable_version_flag = true,
    override_usage = "russet-server [FILE] [--DIRECTIVE VALUE...]... [-]\n       \
                      russet-server -v | -h | --test-memory <MEGABYTES> | --check-system",
    after_help = "Every directive of the configuration file can also be given as --DIRECTIVE VALUE, or in the \
                  environment as RUSSET_<DIRECTIVE>. The file counts least, the command line most.\n\n\
                  Examples:\n  \
                  russet-server\n  \
                  russet-server /etc/redis/6379.conf --loglevel verbose\n  \
                  russet-server --port 7777 --save '900 1' --appendonly no\n  \
                  echo 'maxmemory 128mb' | russet-server -"
)]
struct Arguments {
    /// Configuration file; a lone '-' as the last argument reads more of it from standard input
    file: Option<PathBuf>,
    /// Print the version and exit
    #[arg(short = 'v', long, action = ArgAction::SetTrue)]
    version: bool,
    /// Test so much of the machine's memory and exit
    #[arg(long, value_name = "MEGABYTES")]
    test_memory: Option<usize>,
    /// Look for settings of the system that harm and exit
    #[arg(long)]
    check_system: bool,
}

/// Does what the arguments (with the program's name) ask for other than to serve. `None`: a server is to start.
pub(super) fn without_server(argv: &[OsString]) -> Option<ExitCode> {
    if is_called(argv, "check-aof") {
        let arguments: Vec<String> = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let code = checkers::check_aof(&arguments, &mut io::stdout(), &mut io::stdin().lock());
        return Some(ExitCode::from(code));
    }
    if is_called(argv, "check-rdb") {
        let arguments: Vec<String> = argv.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        let code = checkers::check_rdb(&arguments, unix_now_ms(), &mut io::stdout(), &mut io::stderr());
        return Some(ExitCode::from(code));
    }
    if let Some(program) = other_program(argv) {
        eprintln!("russet-server cannot act as {program}: it is not part of this program.");
        return Some(ExitCode::FAILURE);
    }
    let first = argv.get(1)?.to_str()?;
    let done = match first {
        "-v" | "--version" => writeln!(io::stdout(), "{}", version_line()).map(|()| 0),
        "-h" | "--help" => write!(io::stdout(), "{}", Arguments::command().render_help()).map(|()| 0),
        "--check-system" => check::check_system(&mut io::stdout()),
        "--test-memory" => return Some(test_memory(argv)),
        _ => return None,
    };
    // Whoever closed our output does not wait for an explanation.
    Some(done.map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8)))
}

fn test_memory(argv: &[OsString]) -> ExitCode {
    let megabytes = match argv {
        [_, _, megabytes] => megabytes.to_str().and_then(|text| text.parse().ok()),
        _ => None,
    };
    let Some(megabytes) = megabytes else {
        eprintln!("Please specify the amount of memory to test in megabytes.");
        eprintln!("Example: russet-server --test-memory 4096\n");
        return ExitCode::FAILURE;
    };
    check::test_memory(megabytes, MEMORY_TEST_PASSES, &mut io::stdout())
        .map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))
}

/// A program that Redis packs into the same binary and we do not, by the name we were called or by an option.
fn other_program(argv: &[OsString]) -> Option<&'static str> {
    let by_option = argv.iter().skip(1).any(|argument| argument == "--sentinel");
    (is_called(argv, "sentinel") || by_option).then_some("a sentinel")
}

/// Whether the name that we were called by contains this.
fn is_called(argv: &[OsString], part: &str) -> bool {
    let name = argv.first().map(Path::new).and_then(Path::file_name).and_then(OsStr::to_str);
    name.is_some_and(|name| name.contains(part))
}

/// Redis's line, which tools take apart, with our own version as a further word.
fn version_line() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut build = Crc64::new();
    build.update(version.as_bytes());
    format!(
        "Redis server v={REDIS_VERSION} sha=00000000:0 malloc={} bits=64 build={:x} russet={version}",
        memory::allocator_name(),
        build.value()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn other_programs_are_known_by_name_and_option() {
        assert_eq!(other_program(&argv(&["/usr/bin/redis-sentinel", "x.conf"])), Some("a sentinel"));
        assert!(is_called(&argv(&["/bin/redis-check-aof"]), "check-aof"));
        assert_eq!(other_program(&argv(&["russet-server", "x.conf", "--sentinel"])), Some("a sentinel"));
        assert_eq!(other_program(&argv(&["/srv/sentinel/redis-server", "--port", "1"])), None);
        assert_eq!(other_program(&[]), None);
    }

    #[test]
    fn the_version_line_has_the_words_that_tools_look_for() {
        let line = version_line();
        assert!(line.starts_with("Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-5."), "{line}");
        assert!(line.contains(" bits=64 build="), "{line}");
        assert!(line.ends_with(&format!(" russet={}", env!("CARGO_PKG_VERSION"))), "{line}");
    }

    #[test]
    fn only_the_first_argument_is_special() {
        assert!(without_server(&argv(&["russet-server", "--port", "1", "--version"])).is_none());
        assert!(without_server(&argv(&["russet-server"])).is_none());
    }

    #[test]
    fn the_help_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
