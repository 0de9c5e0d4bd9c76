//! What others see of executed commands: MONITOR and its lines, and the slow log.

use super::args::Args;
use super::command::Arity::Exactly;
use super::command::flags::{ADMIN, LOADING, NOSCRIPT, STALE};
use super::command::{Command, CommandResult, command};
use super::context::Ctx;
use super::error::CommandError;
use crate::util::text::push_quoted;

pub const COMMANDS: &[Command] =
    &[command("monitor", monitor, Exactly(1), ADMIN | NOSCRIPT | LOADING | STALE, 0, &[])];

/// A client that monitors already gets no second answer.
fn monitor(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.engine.nesting > 0 {
        return Err(CommandError::MonitorInTransaction);
    }
    if !ctx.client.is_monitor {
        ctx.client.is_monitor = true;
        ctx.engine.clients.add_monitor(ctx.client.id);
        ctx.reply.ok();
    }
    Ok(())
}

/// Sends a command to the clients in MONITOR mode. Redis does so once the command is done: EXEC comes
/// behind the commands of its transaction.
pub fn feed(ctx: &mut Ctx<'_>, args: &Args<'_>, db: usize) {
    let unix_us = ctx.engine.clock.unix_us();
    let client = &*ctx.client;
    let peer = match client.local.strip_suffix(":0").filter(|_| client.is_unix) {
        Some(path) => format!("unix:{path}"),
        None => client.peer.clone(),
    };
    let mut line = format!("{}.{:06} [{db} {peer}]", unix_us / 1_000_000, unix_us % 1_000_000).into_bytes();
    for argument in args.shown() {
        line.push(b' ');
        push_quoted(&mut line, argument);
    }
    let line = String::from_utf8_lossy(&line).into_owned();
    for monitor in ctx.engine.clients.monitors().to_vec() {
        ctx.engine.clients.send(monitor, |reply| reply.status(&line));
    }
}

/// Enters a command into the slow log.
pub fn log_slow(ctx: &mut Ctx<'_>, args: &Args<'_>, duration_us: u64) {
    let engine = &mut *ctx.engine;
    let now_s = (engine.clock.unix_ms() / 1000) as u64;
    engine.slowlog.push(now_s, duration_us, args.shown(), ctx.client.peer.as_bytes(), &ctx.client.name);
    engine.slowlog.trim(engine.config.observe.slowlog_max_len);
}
