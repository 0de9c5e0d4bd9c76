//! What others see of executed commands: MONITOR's lines and the slow log.

use super::args::Args;
use super::context::Ctx;
use crate::util::text::push_quoted;

/// Sends a command to the clients in MONITOR mode.
pub fn feed(ctx: &mut Ctx<'_>, args: &Args<'_>) {
    let unix_us = ctx.engine.clock.unix_us();
    let peer =
        if ctx.client.is_unix { format!("unix:{}", ctx.client.local) } else { ctx.client.peer.clone() };
    let mut line =
        format!("{}.{:06} [{} {peer}]", unix_us / 1_000_000, unix_us % 1_000_000, ctx.client.db).into_bytes();
    for argument in args.all() {
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
    let arguments = (0..args.len()).map(|index| args.at(index));
    engine.slowlog.push(now_s, duration_us, arguments, ctx.client.peer.as_bytes(), &ctx.client.name);
    engine.slowlog.trim(engine.config.observe.slowlog_max_len);
}
