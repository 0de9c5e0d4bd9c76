//! DEBUG: a command with words of its own, which COMMAND does not list. What a word needs and this server
//! does not have is answered with an error that says so.

use std::ffi::CString;

use super::{crash, digest, inspect, populate, protocol, restart, switches};
use crate::commands::aof;
use crate::commands::args::Args;
use crate::commands::command::Arity::{self, AtLeast, Exactly};
use crate::commands::command::flags::{ADMIN, LOADING, NOSCRIPT, PROTECTED, STALE};
use crate::commands::command::{Command, CommandResult, Handler, command};
use crate::commands::config_commands;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::help::{Entry, help, wrong_subcommand_arguments};
use crate::repl::ReplicationId;
use crate::sys::files::error_text;
use crate::sys::{clock, memory};
use crate::util::number::parse_f64;

pub const COMMANDS: &[Command] =
    &[command("debug", debug, AtLeast(2), ADMIN | NOSCRIPT | LOADING | STALE | PROTECTED, 0, &[])];

/// A word, how many arguments it comes with (counted as for commands: DEBUG and the word are two), and what
/// it does with those behind it.
struct Word {
    name: &'static str,
    arity: Arity,
    handler: Handler,
}

const fn word(name: &'static str, arity: Arity, handler: Handler) -> Word {
    Word { name, arity, handler }
}

const WORDS: &[Word] = &[
    word("aof-flush-sleep", Exactly(3), aof::flush_sleep),
    word("assert", AtLeast(2), crash::assert),
    word("change-repl-id", Exactly(2), change_replication_id),
    word("client-eviction", Exactly(2), inspect::client_eviction),
    word("clusterlink", Exactly(5), |_, _| Err(CommandError::ClusterOff)),
    word("config-rewrite-force-all", Exactly(2), rewrite_all),
    word("crash-and-recover", AtLeast(2), restart::crash_and_recover),
    word("digest", Exactly(2), digest::digest),
    word("digest-value", AtLeast(2), digest::digest_value),
    word("drop-cluster-packet-filter", Exactly(3), |_, _| Err(CommandError::ClusterOff)),
    word("error", Exactly(3), error),
    word("help", Exactly(2), debug_help),
    word("htstats", AtLeast(3), inspect::table_statistics),
    word("htstats-key", AtLeast(3), inspect::table_statistics_of_key),
    word("leak", Exactly(3), leak),
    word("listpack", Exactly(3), inspect::listpack),
    word("loadaof", AtLeast(2), aof::load),
    word("log", Exactly(3), log),
    word("mallctl", AtLeast(3), mallctl),
    word("mallctl-str", AtLeast(3), |_, _| unavailable("MALLCTL-STR")),
    word("object", Exactly(3), inspect::object),
    word("oom", AtLeast(2), crash::out_of_memory),
    word("panic", AtLeast(2), crash::panic),
    word("pause-cron", Exactly(3), switches::pause_cron),
    word("populate", AtLeast(3), populate::populate),
    word("protocol", Exactly(3), protocol::protocol),
    word("quicklist", AtLeast(3), inspect::quicklist),
    word("quicklist-packed-threshold", Exactly(3), switches::quicklist_packed_threshold),
    word("replicate", AtLeast(3), replicate),
    word("replybuffer", Exactly(4), switches::reply_buffer),
    word("reload", AtLeast(2), restart::reload),
    word("restart", AtLeast(2), restart::restart),
    word("sdslen", Exactly(3), inspect::string_lengths),
    word("segfault", AtLeast(2), crash::segfault),
    word("set-active-expire", Exactly(3), switches::set_active_expire),
    word("set-disable-deny-scripts", Exactly(3), |_, _| unavailable("SET-DISABLE-DENY-SCRIPTS")),
    word("set-skip-checksum-validation", Exactly(3), switches::set_skip_checksum_validation),
    word("sleep", Exactly(3), sleep),
    word("stringmatch-test", Exactly(2), populate::match_random_patterns),
    word("structsize", Exactly(2), inspect::struct_sizes),
];

fn debug(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = args.next()?;
    let known = WORDS
        .iter()
        .find(|word| name.eq_ignore_ascii_case(word.name.as_bytes()) && word.arity.accepts(args.len()));
    match known {
        Some(word) => (word.handler)(ctx, args),
        None => Err(wrong_subcommand_arguments(args)),
    }
}

/// Reads a number of the allocator. Setting one is not offered.
fn mallctl(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = CString::new(args.at(2)).unwrap_or_default();
    let value = memory::mallctl(&name).filter(|_| args.len() == 3);
    ctx.reply.int(value.ok_or(CommandError::DebugUnavailable("MALLCTL of this key"))?);
    Ok(())
}

fn unavailable(word: &'static str) -> CommandResult {
    Err(CommandError::DebugUnavailable(word))
}

/// `DEBUG REPLICATE name [argument ...]`: a command that only replicas execute.
fn replicate(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let words: Vec<&[u8]> = args.rest().collect();
    ctx.engine.tell_replicas(&words);
    ctx.reply.ok();
    Ok(())
}

/// A switch as C's `atoi` reads it: anything but a number other than 0 is off.
pub fn switch(text: &[u8]) -> bool {
    let digits = text.trim_ascii_start();
    let digits = digits.strip_prefix(b"-").or_else(|| digits.strip_prefix(b"+")).unwrap_or(digits);
    digits.iter().take_while(|byte| byte.is_ascii_digit()).any(|digit| *digit != b'0')
}

fn sleep(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    // What is no number is no time, as in Redis.
    let seconds = parse_f64(args.next()?).unwrap_or(0.0).max(0.0);
    clock::sleep_us((seconds * 1_000_000.0) as u64);
    ctx.reply.ok();
    Ok(())
}

fn change_replication_id(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    log::info!("Changing replication IDs after receiving DEBUG change-repl-id");
    let id = ReplicationId::new(ctx.engine.random.hex_id());
    ctx.engine.replication.history.restart(id);
    ctx.reply.ok();
    Ok(())
}

fn rewrite_all(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    config_commands::rewrite_file(ctx, true)
        .map_err(|error| CommandError::ForcedRewriteFailed(error_text(&error)))?;
    ctx.reply.ok();
    Ok(())
}

fn log(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    log::warn!("DEBUG LOG: {}", String::from_utf8_lossy(args.next()?));
    ctx.reply.ok();
    Ok(())
}

fn error(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.reply.error(args.next()?);
    Ok(())
}

fn leak(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let _ = args.next()?.to_vec().leak();
    ctx.reply.ok();
    Ok(())
}

fn debug_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help(ctx, "DEBUG", HELP)
}

/// The words that do something here.
const HELP: &[Entry] = &[
    ("ASSERT", "End the process as a failed assertion would."),
    ("CHANGE-REPL-ID", "Take another replication ID."),
    ("CLIENT-EVICTION", "Count the clients by the memory they hold (only with maxmemory-clients)."),
    ("CONFIG-REWRITE-FORCE-ALL", "Like CONFIG REWRITE, with the directives at their defaults."),
    ("CRASH-AND-RECOVER [<milliseconds>]", "Start again from what is on disk, after a delay (default 0)."),
    ("DIGEST", "Return a signature of all data."),
    ("DIGEST-VALUE <key> [<key> ...]", "Return a signature of each value."),
    ("ERROR <string>", "Reply with this error."),
    ("HTSTATS <dbid> [full]", "Describe the tables of a database."),
    ("HTSTATS-KEY <key> [full]", "Describe the table that a value is stored in."),
    ("LEAK <string>", "Lose the memory of a string."),
    ("LISTPACK <key>", "Describe a value that is stored as a listpack."),
    ("LOG <message>", "Write a line to the log."),
    ("OBJECT <key>", "Describe how a value is stored."),
    ("OOM", "End the process as a failed allocation would."),
    ("PANIC", "End the process as a bug that was noticed would."),
    ("PAUSE-CRON <0|1>", "1: the timer does nothing. 0: the default."),
    (
        "POPULATE <count> [<prefix>] [<size>]",
        "Make keys <prefix>:<number> (key:<number>) where there are none.",
    ),
    (
        "PROTOCOL <type>",
        "Reply with a value of a type: string, integer, double, bignum, null, array, set, map, attrib,\n\
         push, verbatim, true or false.",
    ),
    ("QUICKLIST <key> [<0|1>]", "Describe a value that is stored as a quicklist."),
    ("QUICKLIST-PACKED-THRESHOLD <size>", "Elements of lists from this size on get a node of their own."),
    (
        "RELOAD [<option> ...]",
        "Save the data set and load it again. Options:\n\
         * MERGE: keys of the file replace present ones.\n\
         * NOFLUSH: the databases are not emptied first.\n\
         * NOSAVE: load the file that is there.",
    ),
    (
        "REPLYBUFFER PEAK-RESET-TIME <NEVER|RESET|milliseconds>",
        "Say after which time an idle reply buffer forgets its peak.",
    ),
    ("REPLYBUFFER RESIZING <0|1>", "0: reply buffers keep their size. 1: the default."),
    ("RESTART [<milliseconds>]", "Save configuration and data, and start again after a delay (default 0)."),
    ("SDSLEN <key>", "Show the lengths of a key and of its value."),
    ("SEGFAULT", "End the process by an access to memory that is not there."),
    ("SET-ACTIVE-EXPIRE <0|1>", "0: keys that nobody accesses do not expire. 1: the default."),
    ("SET-SKIP-CHECKSUM-VALIDATION <0|1>", "1: do not compare the checksums of RDB files. 0: the default."),
    ("SLEEP <seconds>", "Stop the server for a time, fractions allowed."),
    ("STRINGMATCH-TEST", "Match random patterns with random texts."),
    ("STRUCTSIZE", "Show the sizes of some structures of the server."),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_is_on_with_any_number_but_zero() {
        let on: [&[u8]; 4] = [b"1", b" 10x", b"-1", b"+03"];
        let off: [&[u8]; 5] = [b"0", b"", b"yes", b"x1", b"00"];
        assert!(on.into_iter().all(switch));
        assert!(!off.into_iter().any(switch));
    }
}
