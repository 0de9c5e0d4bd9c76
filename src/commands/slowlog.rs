//! SLOWLOG: the requests that took long.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::flags::{ADMIN, LOADING, STALE};
use super::command::{Command, CommandResult, command, container};
use super::context::Ctx;
use super::error::CommandError;
use super::help::{self, wrong_subcommand_arguments};
use crate::observe::slowlog::SlowLogEntry;
use crate::resp::Reply;

pub const COMMANDS: &[Command] = &[container(
    "slowlog",
    &[
        command("get", get, AtLeast(2), ADMIN | LOADING | STALE, 0, &[])
            .tips(&["request_policy:all_nodes", "nondeterministic_output"]),
        command("len", len, Exactly(2), ADMIN | LOADING | STALE, 0, &[]).tips(&[
            "request_policy:all_nodes",
            "response_policy:agg_sum",
            "nondeterministic_output",
        ]),
        command("reset", reset, Exactly(2), ADMIN | LOADING | STALE, 0, &[])
            .tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
        command("help", slowlog_help, Exactly(2), LOADING | STALE, 0, &[]),
    ],
)];

/// Entries shown when no number is given.
const COUNT_DEFAULT: usize = 10;

fn get(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let count = match args.left() {
        0 => COUNT_DEFAULT,
        1 => match args.next_int() {
            Ok(-1) => usize::MAX,
            Ok(count) => usize::try_from(count).map_err(|_| CommandError::SlowLogCount)?,
            Err(_) => return Err(CommandError::SlowLogCount),
        },
        _ => return Err(wrong_subcommand_arguments(args)),
    };
    let entries = ctx.engine.slowlog.newest(count);
    ctx.reply.array(entries.len());
    for entry in entries {
        write_entry(ctx.reply, entry);
    }
    Ok(())
}

fn write_entry(reply: &mut Reply, entry: &SlowLogEntry) {
    reply.array(6);
    reply.int(entry.id as i64);
    reply.int(entry.time_s as i64);
    reply.int(entry.duration_us as i64);
    reply.array(entry.arguments.len());
    for argument in &entry.arguments {
        reply.bulk(argument);
    }
    reply.bulk(&entry.peer);
    reply.bulk(&entry.client_name);
}

fn len(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.count(ctx.engine.slowlog.len());
    Ok(())
}

fn reset(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.engine.slowlog.reset();
    ctx.reply.ok();
    Ok(())
}

fn slowlog_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "SLOWLOG",
        &[
            (
                "GET [<count>]",
                "Show the latest entries (10 unless told otherwise, -1 for all), newest first. Each is an array:\n\
                 id, unix time, duration in microseconds, arguments, client address, client name.",
            ),
            ("LEN", "Count the entries."),
            ("RESET", "Forget all entries."),
        ],
    )
}
