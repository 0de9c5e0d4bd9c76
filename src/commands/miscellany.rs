//! TIME, LOLWUT and MODULE: what belongs to no group.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::flags::{ADMIN, FAST, LOADING, NO_ASYNC_LOADING, NOSCRIPT, PROTECTED, READONLY, STALE};
use super::command::{Command, CommandResult, command, container};
use super::context::Ctx;
use super::error::CommandError;
use super::help;
use crate::config::REDIS_VERSION;
use crate::util::random::Random;

const MODULE_CHANGE: u32 = NO_ASYNC_LOADING | ADMIN | NOSCRIPT | PROTECTED;

pub const COMMANDS: &[Command] = &[
    command("time", time, Exactly(1), LOADING | STALE | FAST, 0, &[]).tips(&["nondeterministic_output"]),
    command("lolwut", lolwut, AtLeast(1), READONLY | FAST, 0, &[]),
    container(
        "module",
        &[
            command("list", module_list, Exactly(2), ADMIN | NOSCRIPT, 0, &[])
                .tips(&["nondeterministic_output_order"]),
            command("load", module_load, AtLeast(3), MODULE_CHANGE, 0, &[]),
            command("loadex", module_load, AtLeast(3), MODULE_CHANGE, 0, &[]),
            command("unload", module_unload, Exactly(3), MODULE_CHANGE, 0, &[]),
            command("help", module_help, Exactly(2), LOADING | STALE, 0, &[]),
        ],
    ),
];

fn time(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let now_us = ctx.engine.clock.unix_us();
    ctx.reply.array(2);
    ctx.reply.bulk_int(now_us / 1_000_000);
    ctx.reply.bulk_int(now_us % 1_000_000);
    Ok(())
}

/// Columns and rows of the picture are bounded: it must stay cheap to draw.
const SIDE_MAX: i64 = 1000;

/// Versions 5 and 6 take sizes; any other draws its picture whatever the arguments.
fn lolwut(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let version = if args.left() >= 2 && args.keyword("version") { args.next_int()? } else { 0 };
    let (mut columns, mut rows) = (66, 12);
    if matches!(version, 5 | 6) {
        for size in [&mut columns, &mut rows] {
            if args.left() > 0 {
                *size = args.next_int()?.clamp(1, SIDE_MAX);
            }
        }
    }
    // Version 5 has a third size, of a picture that is not this one.
    if version == 5 && args.left() > 0 {
        args.next_int()?;
    }
    let mut text = maze(&mut ctx.engine.random, columns as usize, rows as usize);
    text.push_str("\nRedis ver. ");
    text.push_str(REDIS_VERSION);
    text.push('\n');
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// A maze of random diagonals, the one-line program of every home computer.
fn maze(random: &mut Random, columns: usize, rows: usize) -> String {
    let mut text = String::with_capacity(rows * (columns * '\u{2571}'.len_utf8() + 1));
    for _ in 0..rows {
        text.extend((0..columns).map(|_| if random.below(2) == 0 { '\u{2571}' } else { '\u{2572}' }));
        text.push('\n');
    }
    text
}

fn module_list(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.array(0);
    Ok(())
}

/// Modules are written against Redis's C interface, which this server does not have.
fn module_load(_: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let path = String::from_utf8_lossy(args.next()?);
    log::warn!("Module {path} cannot be loaded: this server has no modules");
    Err(CommandError::NoModules)
}

fn module_unload(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    Err(CommandError::NoSuchModule)
}

fn module_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "MODULE",
        &[
            ("LIST", "List the loaded modules: there are none."),
            ("LOAD <path> [<arg> ...]", "Refused: this server has no modules."),
            (
                "LOADEX <path> [[CONFIG NAME VALUE] [CONFIG NAME VALUE]] [ARGS ...]",
                "Refused: this server has no modules.",
            ),
            ("UNLOAD <name>", "Refused: no module is loaded."),
        ],
    )
}
