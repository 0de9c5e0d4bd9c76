//! Channels, patterns and shard channels: SUBSCRIBE and its kin, PUBLISH, PUBSUB.
//!
//! What others publish is written by the engine; here are the confirmations, which in RESP3 are
//! out-of-band messages as well, although they are the only answer a subscription gets.

use std::rc::Rc;

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::NOT_KEY;
use super::command::flags::{FAST, LOADING, MAY_REPLICATE, NOSCRIPT, PUBSUB, STALE, WHILE_SUBSCRIBED};
use super::command::{Command, CommandResult, command, container, key_at, keys_from};
use super::context::Ctx;
use super::help::{self, wrong_subcommand_arguments};
use crate::engine::{ClientId, ReplyMode};
use crate::pubsub::PubSub;
use crate::resp::Reply;

const SUBSCRIPTION: u32 = PUBSUB | NOSCRIPT | LOADING | STALE | WHILE_SUBSCRIBED;
const PUBLICATION: u32 = PUBSUB | LOADING | STALE | FAST | MAY_REPLICATE;
const QUESTION: u32 = PUBSUB | LOADING | STALE;

pub const COMMANDS: &[Command] = &[
    command("subscribe", subscribe, AtLeast(2), SUBSCRIPTION, 0, &[]),
    command("unsubscribe", unsubscribe, AtLeast(1), SUBSCRIPTION, 0, &[]),
    command("psubscribe", psubscribe, AtLeast(2), SUBSCRIPTION, 0, &[]),
    command("punsubscribe", punsubscribe, AtLeast(1), SUBSCRIPTION, 0, &[]),
    command("ssubscribe", ssubscribe, AtLeast(2), SUBSCRIPTION, 0, &[keys_from(1, NOT_KEY)]),
    command("sunsubscribe", sunsubscribe, AtLeast(1), SUBSCRIPTION, 0, &[keys_from(1, NOT_KEY)]),
    command("publish", publish, Exactly(3), PUBLICATION, 0, &[]),
    command("spublish", spublish, Exactly(3), PUBLICATION, 0, &[key_at(1, NOT_KEY)]),
    container(
        "pubsub",
        &[
            command("channels", channels, AtLeast(2), QUESTION, 0, &[]),
            command("numpat", numpat, Exactly(2), QUESTION, 0, &[]),
            command("numsub", numsub, AtLeast(2), QUESTION, 0, &[]),
            command("shardchannels", shardchannels, AtLeast(2), QUESTION, 0, &[]),
            command("shardnumsub", shardnumsub, AtLeast(2), QUESTION, 0, &[]),
            command("help", pubsub_help, Exactly(2), LOADING | STALE, 0, &[]),
        ],
    ),
];

/// What makes the three kinds of subscription differ.
struct Kind {
    /// The first words of the confirmations.
    subscribed: &'static [u8],
    unsubscribed: &'static [u8],
    join: fn(&mut PubSub, ClientId, &[u8]) -> bool,
    leave: fn(&mut PubSub, ClientId, &[u8]) -> bool,
    names: fn(&PubSub, ClientId) -> Vec<Rc<[u8]>>,
    /// The number in the confirmations. Channels and patterns count together.
    count: fn(&PubSub, ClientId) -> usize,
}

const CHANNEL: Kind = Kind {
    subscribed: b"subscribe",
    unsubscribed: b"unsubscribe",
    join: PubSub::subscribe,
    leave: PubSub::unsubscribe,
    names: PubSub::channels_of,
    count: PubSub::count,
};

const PATTERN: Kind = Kind {
    subscribed: b"psubscribe",
    unsubscribed: b"punsubscribe",
    join: PubSub::psubscribe,
    leave: PubSub::punsubscribe,
    names: PubSub::patterns_of,
    count: PubSub::count,
};

const SHARD_CHANNEL: Kind = Kind {
    subscribed: b"ssubscribe",
    unsubscribed: b"sunsubscribe",
    join: PubSub::ssubscribe,
    leave: PubSub::sunsubscribe,
    names: PubSub::shard_channels_of,
    count: PubSub::shard_count,
};

fn subscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    join_all(ctx, args, &CHANNEL)
}

fn unsubscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    leave_all(ctx, args, &CHANNEL)
}

fn psubscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    join_all(ctx, args, &PATTERN)
}

fn punsubscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    leave_all(ctx, args, &PATTERN)
}

fn ssubscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    join_all(ctx, args, &SHARD_CHANNEL)
}

fn sunsubscribe(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    leave_all(ctx, args, &SHARD_CHANNEL)
}

fn join_all(ctx: &mut Ctx<'_>, args: &Args<'_>, kind: &Kind) -> CommandResult {
    for name in args.rest() {
        (kind.join)(&mut ctx.engine.pubsub, ctx.client.id, name);
        confirm(ctx, kind.subscribed, Some(name), kind);
    }
    note_counts(ctx);
    Ok(())
}

/// Without names, all subscriptions of the kind end; one confirmation goes out even then.
fn leave_all(ctx: &mut Ctx<'_>, args: &Args<'_>, kind: &Kind) -> CommandResult {
    if args.left() > 0 {
        for name in args.rest() {
            leave(ctx, name, kind);
        }
    } else {
        let names = (kind.names)(&ctx.engine.pubsub, ctx.client.id);
        for name in &names {
            leave(ctx, name, kind);
        }
        if names.is_empty() {
            confirm(ctx, kind.unsubscribed, None, kind);
        }
    }
    note_counts(ctx);
    Ok(())
}

fn leave(ctx: &mut Ctx<'_>, name: &[u8], kind: &Kind) {
    (kind.leave)(&mut ctx.engine.pubsub, ctx.client.id, name);
    confirm(ctx, kind.unsubscribed, Some(name), kind);
}

fn confirm(ctx: &mut Ctx<'_>, word: &[u8], name: Option<&[u8]>, kind: &Kind) {
    let count = (kind.count)(&ctx.engine.pubsub, ctx.client.id);
    let write = |reply: &mut Reply| {
        reply.push(3);
        reply.bulk(word);
        match name {
            Some(name) => reply.bulk(name),
            None => reply.null(),
        }
        reply.count(count);
    };
    if ctx.client.reply_mode == ReplyMode::On {
        write(ctx.reply);
    } else {
        // CLIENT REPLY silences replies, and a confirmation is a message.
        ctx.engine.clients.send(ctx.client.id, write);
    }
}

/// Keeps the session's numbers, which decide about the subscribed mode, in step.
fn note_counts(ctx: &mut Ctx<'_>) {
    ctx.client.subscriptions = ctx.engine.pubsub.count(ctx.client.id);
    ctx.client.shard_subscriptions = ctx.engine.pubsub.shard_count(ctx.client.id);
}

fn publish(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let receivers = ctx.engine.publish(args.at(1), args.at(2));
    ctx.reply.count(receivers);
    Ok(())
}

fn spublish(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let receivers = ctx.engine.publish_to_shard(args.at(1), args.at(2));
    ctx.reply.count(receivers);
    Ok(())
}

fn channels(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let pattern = optional_pattern(args)?;
    list(ctx.reply, ctx.engine.pubsub.channels(pattern));
    Ok(())
}

fn shardchannels(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let pattern = optional_pattern(args)?;
    list(ctx.reply, ctx.engine.pubsub.shard_channels(pattern));
    Ok(())
}

fn optional_pattern<'a>(args: &'a Args<'_>) -> Result<Option<&'a [u8]>, super::error::CommandError> {
    match args.left() {
        0 => Ok(None),
        1 => args.next().map(Some),
        _ => Err(wrong_subcommand_arguments(args)),
    }
}

fn list<'a>(reply: &mut Reply, names: impl Iterator<Item = &'a [u8]>) {
    reply.array_of_unknown(|reply| names.map(|name| reply.bulk(name)).count());
}

fn numpat(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.count(ctx.engine.pubsub.numpat());
    Ok(())
}

fn numsub(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    count_each(ctx, args, PubSub::numsub)
}

fn shardnumsub(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    count_each(ctx, args, PubSub::shardnumsub)
}

/// A flat array even in RESP3: each channel, then the number of its subscribers.
fn count_each(ctx: &mut Ctx<'_>, args: &Args<'_>, count: fn(&PubSub, &[u8]) -> usize) -> CommandResult {
    ctx.reply.array(2 * args.left());
    for channel in args.rest() {
        ctx.reply.bulk(channel);
        ctx.reply.count(count(&ctx.engine.pubsub, channel));
    }
    Ok(())
}

fn pubsub_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "PUBSUB",
        &[
            ("CHANNELS [<pattern>]", "List the channels that have subscribers, or those matching a pattern."),
            ("NUMPAT", "Count the patterns that have subscribers."),
            (
                "NUMSUB [<channel> ...]",
                "Count the subscribers of each channel; those of patterns are not included.",
            ),
            (
                "SHARDCHANNELS [<pattern>]",
                "List the shard channels that have subscribers, or those matching a pattern.",
            ),
            ("SHARDNUMSUB [<shardchannel> ...]", "Count the subscribers of each shard channel."),
        ],
    )
}
