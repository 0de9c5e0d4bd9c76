//! CONFIG: reading and changing the configuration of the running server, and keeping it in its file.

use std::fs;
use std::io;

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::flags::{ADMIN, LOADING, NOSCRIPT, STALE};
use super::command::{Command, CommandResult, command, container};
use super::context::Ctx;
use super::error::CommandError;
use super::help::help;
use crate::config::{SetContext, is_sensitive};
use crate::sys::files::{error_text, replace_atomically};

const FLAGS: u32 = ADMIN | NOSCRIPT | LOADING | STALE;
const TIPS: &[&str] = &["request_policy:all_nodes", "response_policy:all_succeeded"];

pub const COMMANDS: &[Command] = &[container(
    "config",
    &[
        command("get", config_get, AtLeast(3), FLAGS, 0, &[]),
        command("help", config_help, Exactly(2), LOADING | STALE, 0, &[]),
        command("resetstat", config_resetstat, Exactly(2), FLAGS, 0, &[]).tips(TIPS),
        command("rewrite", config_rewrite, Exactly(2), FLAGS, 0, &[]).tips(TIPS),
        command("set", config_set, AtLeast(4), FLAGS, 0, &[]).tips(TIPS),
    ],
)];

fn config_get(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let patterns: Vec<&[u8]> = args.rest().collect();
    let found = ctx.engine.config.get(&patterns);
    ctx.reply.map(found.len());
    for (name, value) in found {
        ctx.reply.bulk(name.as_bytes());
        ctx.reply.bulk(&value);
    }
    Ok(())
}

fn config_set(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if !args.left().is_multiple_of(2) {
        return Err(CommandError::Syntax);
    }
    let first = args.position();
    let pairs: Vec<(&[u8], &[u8])> =
        (first..args.len()).step_by(2).map(|index| (args.at(index), args.at(index + 1))).collect();
    // Before anything can fail: a secret in a request that is refused is a secret still.
    for (pair, _) in pairs.iter().enumerate().filter(|(_, (name, _))| is_sensitive(name)) {
        args.redact(first + 2 * pair + 1);
    }
    let context =
        SetContext { loading: ctx.engine.snapshots.is_loading(), client_is_local: ctx.client.is_local };
    let (config, changes) = ctx.engine.config.set(&pairs, context)?;
    ctx.engine.change_config(config, &changes, ctx.keys)?;
    ctx.reply.ok();
    Ok(())
}

fn config_resetstat(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.engine.reset_statistics();
    ctx.keys.statistics = crate::keyspace::Statistics::default();
    ctx.reply.ok();
    Ok(())
}

fn config_rewrite(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.engine.identity.config_file.is_none() {
        return Err(CommandError::NoConfigFile);
    }
    if let Err(error) = rewrite_file(ctx, false) {
        let reason = error_text(&error);
        log::warn!("CONFIG REWRITE failed: {reason}");
        return Err(CommandError::ConfigRewriteFailed(reason));
    }
    log::info!("CONFIG REWRITE executed with success.");
    ctx.reply.ok();
    Ok(())
}

/// Writes the configuration to its file; `all`: also what is at its default and not in the file.
pub fn rewrite_file(ctx: &Ctx<'_>, all: bool) -> io::Result<()> {
    let Some(file) = &ctx.engine.identity.config_file else { return Err(io::ErrorKind::NotFound.into()) };
    let original = match fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    let config = &ctx.engine.config;
    let text = if all { config.rewrite_all(&original, None) } else { config.rewrite(&original, None) };
    replace_atomically(file, &text)
}

fn config_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help(
        ctx,
        "CONFIG",
        &[
            (
                "GET <pattern> [<pattern> ...]",
                "List the directives whose names match a pattern, with their values.",
            ),
            (
                "SET <directive> <value> [<directive> <value> ...]",
                "Change directives: all of them, or none if any value is refused.",
            ),
            ("RESETSTAT", "Let the statistics of INFO start afresh."),
            ("REWRITE", "Write the configuration in force to the configuration file."),
        ],
    )
}
