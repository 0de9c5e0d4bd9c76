//! PING ECHO QUIT SELECT RESET: the commands a connection is tried, left and renewed with.

use super::args::Args;
use super::client_tracking;
use super::command::Arity::{AtLeast, Exactly};
use super::command::categories::CONNECTION;
use super::command::flags::{
    ALLOW_BUSY, FAILS_WITH_DISK, FAST, LOADING, NO_AUTH, NOSCRIPT, STALE, UNQUEUED, WHILE_SUBSCRIBED,
};
use super::command::{Command, CommandResult, command};
use super::context::Ctx;
use super::error::CommandError;
use super::transactions;
use crate::engine::{Closing, ReplyMode};
use crate::resp::Protocol;

pub const COMMANDS: &[Command] = &[
    command("ping", ping, AtLeast(1), FAST | WHILE_SUBSCRIBED | FAILS_WITH_DISK, CONNECTION, &[])
        .tips(&["request_policy:all_shards", "response_policy:all_succeeded"]),
    command("echo", echo, Exactly(2), LOADING | STALE | FAST, CONNECTION, &[]),
    command(
        "quit",
        quit,
        AtLeast(1),
        ALLOW_BUSY | NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | UNQUEUED | WHILE_SUBSCRIBED,
        CONNECTION,
        &[],
    ),
    command("select", select, Exactly(2), LOADING | STALE | FAST, CONNECTION, &[]),
    command(
        "reset",
        reset,
        Exactly(1),
        ALLOW_BUSY | NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | UNQUEUED | WHILE_SUBSCRIBED,
        CONNECTION,
        &[],
    ),
];

fn ping(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.len() > 2 {
        return Err(CommandError::Arity(ctx.command_name().to_owned()));
    }
    let message = args.at(1);
    if ctx.client.is_subscribed() && !ctx.reply.is_resp3() {
        // A subscribed RESP2 client can only tell messages apart by their shape.
        ctx.reply.array(2);
        ctx.reply.bulk(b"pong");
        ctx.reply.bulk(message);
    } else if args.len() == 1 {
        ctx.reply.status("PONG");
    } else {
        ctx.reply.bulk(message);
    }
    Ok(())
}

fn echo(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.reply.bulk(args.next()?);
    Ok(())
}

fn quit(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.ok();
    ctx.client.closing = Closing::AfterReply;
    Ok(())
}

fn select(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.client.db = ctx.database(args.next_int32()?)?;
    ctx.reply.ok();
    Ok(())
}

/// The connection as it was when it was accepted; only what CLIENT SETINFO said is kept.
fn reset(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    transactions::discard(ctx);
    client_tracking::disable(ctx);
    let id = ctx.client.id;
    ctx.engine.clients.remove_monitor(id);
    ctx.engine.pubsub.remove_client(id);
    let needs_no_password = ctx.engine.config.security.requirepass.is_none();
    let client = &mut *ctx.client;
    client.is_monitor = false;
    client.subscriptions = 0;
    client.pattern_subscriptions = 0;
    client.shard_subscriptions = 0;
    client.subscription_bytes = 0;
    client.db = 0;
    client.authenticated = needs_no_password;
    client.name.clear();
    client.reply_mode = ReplyMode::On;
    client.no_evict = false;
    client.no_touch = false;
    ctx.set_protocol(Protocol::Resp2);
    ctx.reply.status("RESET");
    Ok(())
}
