//! OBJECT: how a key's value is stored, and how it is used.

use super::args::Args;
use super::command::Arity::Exactly;
use super::command::access::RO;
use super::command::categories::KEYSPACE;
use super::command::flags::{LOADING, READONLY, STALE};
use super::command::{Command, CommandResult, Handler, KeySpec, command, container, key_at};
use super::context::Ctx;
use super::error::CommandError;
use super::help::{Entry, help};
use crate::keyspace::aging::idle_seconds;
use crate::keyspace::{Aging, EntryRef, EvictionPolicy, StrRef};

pub const COMMANDS: &[Command] = &[container("object", SUBCOMMANDS)];

const SUBCOMMANDS: &[Command] = &[
    about_a_key("encoding", encoding),
    about_a_key("freq", freq),
    command("help", object_help, Exactly(2), LOADING | STALE, KEYSPACE, &[]),
    about_a_key("idletime", idletime),
    about_a_key("refcount", refcount),
];

const HELP: &[Entry] = &[
    ("ENCODING <key>", "Name the form in which the value of <key> is stored."),
    (
        "FREQ <key>",
        "Return the access counter of <key>, which grows with the logarithm of its accesses.\n\
         Only under an LFU policy.",
    ),
    ("IDLETIME <key>", "Return the seconds since <key> was last used. Not under an LFU policy."),
    ("REFCOUNT <key>", "Return how many references Redis would hold to the value of <key>."),
];

/// Redis keeps one object for each integer below this, and reports them as referenced ...
const SHARED_INTEGERS: i64 = 10_000;
/// ... this often.
const SHARED_REFERENCES: i64 = i32::MAX as i64;

const KEY: &[KeySpec] = &[key_at(2, RO)];

const fn about_a_key(name: &'static str, handler: Handler) -> Command {
    command(name, handler, Exactly(3), READONLY, KEYSPACE, KEY).tips(&["nondeterministic_output"])
}

fn encoding(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    match inspect(ctx, args.next()?).map(EntryRef::encoding) {
        Some(name) => ctx.reply.bulk(name.as_bytes()),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn idletime(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(access) = inspect(ctx, args.next()?).map(EntryRef::access) else {
        ctx.reply.null();
        return Ok(());
    };
    if ctx.keys.aging() != Aging::Lru {
        return Err(CommandError::IdleTimeNotTracked);
    }
    ctx.reply.int(i64::from(idle_seconds(access, ctx.now_ms())));
    Ok(())
}

fn freq(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(access) = inspect(ctx, args.next()?).map(EntryRef::access) else {
        ctx.reply.null();
        return Ok(());
    };
    let aging = ctx.keys.aging();
    if aging == Aging::Lru {
        return Err(CommandError::FrequencyNotTracked);
    }
    ctx.reply.int(i64::from(aging.frequency(access, ctx.now_ms())));
    Ok(())
}

/// There are no references to count; what Redis would say is what its tests and tools expect.
fn refcount(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let is_shared = |entry: EntryRef<'_>| match entry.string() {
        Some(StrRef::Int(number)) => (0..SHARED_INTEGERS).contains(&number),
        _ => false,
    };
    match inspect(ctx, args.next()?).map(is_shared) {
        Some(true) if shares_integers(ctx) => ctx.reply.int(SHARED_REFERENCES),
        Some(_) => ctx.reply.int(1),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// Under a policy that needs a clock per key, Redis shares nothing.
fn shares_integers(ctx: &Ctx<'_>) -> bool {
    use EvictionPolicy::{AllKeysLfu, AllKeysLru, VolatileLfu, VolatileLru};
    let memory = &ctx.engine.config.memory;
    memory.maxmemory_bytes == 0
        || !matches!(memory.policy, AllKeysLfu | AllKeysLru | VolatileLfu | VolatileLru)
}

fn object_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help(ctx, "OBJECT", HELP)
}

/// A key that is asked about. That counts as a hit or miss, but is no access, and a miss no event.
fn inspect<'k>(ctx: &'k mut Ctx<'_>, key: &[u8]) -> Option<EntryRef<'k>> {
    let exists = ctx.keys.exists(key);
    let statistics = &mut ctx.keys.statistics;
    *(if exists { &mut statistics.hits } else { &mut statistics.misses }) += 1;
    if exists { ctx.keys.peek(key) } else { None }
}
