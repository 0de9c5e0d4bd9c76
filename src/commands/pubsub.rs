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
    ctx.client.pattern_subscriptions = ctx.engine.pubsub.pattern_count(ctx.client.id);
    ctx.client.shard_subscriptions = ctx.engine.pubsub.shard_count(ctx.client.id);
    ctx.client.subscription_bytes = ctx.engine.pubsub.subscriptions_bytes(ctx.client.id);
}

fn publish(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let receivers = ctx.engine.publish(args.at(1), args.at(2));
    // Replicas have subscribers of their own; the append-only file has none.
    ctx.keys.effects.propagate_to_replicas();
    ctx.reply.count(receivers);
    Ok(())
}

fn spublish(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let receivers = ctx.engine.publish_to_shard(args.at(1), args.at(2));
    ctx.keys.effects.propagate_to_replicas();
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

#[cfg(test)]
mod tests {
    use super::super::registry::Registry;
    use super::super::testing;
    use super::super::{TABLES, process};
    use super::*;
    use crate::config::Config;
    use crate::engine::{Client, CommandId, Engine, Session};
    use crate::keyspace::{EventClass, Keyspace};
    use crate::resp::{OwnedRequest, Protocol};

    /// A server without sockets, and one client of it.
    struct Bench {
        engine: Engine,
        keys: Keyspace,
        registry: Registry,
        slot: usize,
    }

    impl Bench {
        fn new(protocol: Protocol) -> Self {
            let registry = Registry::new(TABLES);
            let mut engine = Engine::new(Config::default(), None, registry.len()).unwrap();
            let session = Session::new(engine.clients.allocate_id(), 0);
            let slot = engine.clients.insert(Client {
                session: Session { authenticated: true, protocol, ..session },
                reply: Reply::new(protocol),
            });
            Self { engine, keys: Keyspace::new(16, (1, 2)), registry, slot }
        }

        /// What the client receives for these requests, line ends shown as blanks.
        fn receives(&mut self, requests: &[&str]) -> String {
            let mut client = self.engine.clients.take(self.slot).unwrap();
            for request in requests {
                let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
                let mut ctx = Ctx {
                    keys: &mut self.keys,
                    reply: &mut client.reply,
                    client: &mut client.session,
                    engine: &mut self.engine,
                    registry: &self.registry,
                    command: CommandId(0),
                };
                process(&mut ctx, OwnedRequest::of(&words).view(), None);
            }
            let received = client.reply.output.single().unwrap_or_default().to_vec();
            client.reply.output.clear();
            self.engine.clients.put_back(client);
            String::from_utf8(received).unwrap().replace("\r\n", " ")
        }

        fn session(&self) -> &Session {
            &self.engine.clients.by_slot(self.slot).unwrap().session
        }
    }

    #[test]
    fn confirmations_are_pushed_in_resp3() {
        let mut bench = Bench::new(Protocol::Resp3);
        assert_eq!(
            bench.receives(&["SUBSCRIBE a", "UNSUBSCRIBE a", "UNSUBSCRIBE"]),
            ">3 $9 subscribe $1 a :1 >3 $11 unsubscribe $1 a :0 >3 $11 unsubscribe _ :0 "
        );
        let mut bench = Bench::new(Protocol::Resp2);
        assert_eq!(bench.receives(&["PUNSUBSCRIBE"]), "*3 $12 punsubscribe $-1 :0 ");
    }

    #[test]
    fn a_message_to_oneself_follows_the_reply_to_publish() {
        let mut bench = Bench::new(Protocol::Resp3);
        bench.receives(&["SUBSCRIBE a", "PSUBSCRIBE a*", "SSUBSCRIBE a"]);
        assert_eq!(
            bench.receives(&["PUBLISH a x"]),
            ":2 >3 $7 message $1 a $1 x >4 $8 pmessage $2 a* $1 a $1 x "
        );
        assert_eq!(bench.receives(&["SPUBLISH a x"]), ":1 >3 $8 smessage $1 a $1 x ");
    }

    #[test]
    fn confirmations_are_part_of_execs_reply_and_messages_follow_it() {
        let mut bench = Bench::new(Protocol::Resp3);
        assert_eq!(
            bench.receives(&["MULTI", "SUBSCRIBE a", "PUBLISH a x", "PING", "EXEC"]),
            "+OK +QUEUED +QUEUED +QUEUED *3 >3 $9 subscribe $1 a :1 :1 +PONG >3 $7 message $1 a $1 x "
        );
    }

    #[test]
    fn own_changes_are_announced_behind_the_reply() {
        let mut bench = Bench::new(Protocol::Resp3);
        bench.engine.config.notify_keyspace_events = EventClass::KEYEVENT | EventClass::STRING;
        bench.receives(&["SUBSCRIBE __keyevent@0__:set"]);
        assert_eq!(bench.receives(&["SET k 1"]), "+OK >3 $7 message $18 __keyevent@0__:set $1 k ");
    }

    #[test]
    fn a_client_that_wants_no_replies_gets_its_messages() {
        let mut bench = Bench::new(Protocol::Resp3);
        let mut client = bench.engine.clients.take(bench.slot).unwrap();
        client.session.reply_mode = ReplyMode::Off;
        bench.engine.clients.put_back(client);
        assert_eq!(
            bench.receives(&["SUBSCRIBE a", "PUBLISH a x"]),
            ">3 $9 subscribe $1 a :1 >3 $7 message $1 a $1 x "
        );
    }

    #[test]
    fn replicas_publish_what_is_published_here() {
        for command in ["PUBLISH a x", "SPUBLISH a x"] {
            let recorded = testing::Bench::new().recorded(command);
            assert_eq!(recorded, ["propagate to replicas", "dirty 0"], "{command}");
        }
    }

    #[test]
    fn the_session_knows_its_subscriptions() {
        let mut bench = Bench::new(Protocol::Resp3);
        bench.receives(&["SUBSCRIBE a b", "PSUBSCRIBE a* b", "SSUBSCRIBE a"]);
        assert_eq!((bench.session().subscriptions, bench.session().shard_subscriptions), (4, 1));
        bench.receives(&["UNSUBSCRIBE a nosuch", "PUNSUBSCRIBE", "SUNSUBSCRIBE"]);
        assert_eq!((bench.session().subscriptions, bench.session().shard_subscriptions), (1, 0));
        assert!(bench.session().is_subscribed());
    }
}
