//! DUMP and RESTORE: a value as bytes, in the form of snapshots, and back.

use smallvec::SmallVec;

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, OW, RO, UPDATE};
use super::command::categories::{DANGEROUS, KEYSPACE};
use super::command::flags::{DENYOOM, READONLY, WRITE};
use super::command::{Command, CommandResult, command, key_at};
use super::context::Ctx;
use super::error::CommandError;
use super::expiry::finish_deleted;
use super::free::free;
use crate::dataset::{self, build};
use crate::keyspace::{Entry, EventClass, ExpiredKeys};
use crate::rdb::payload::Payload;
use crate::rdb::{LoadError, Usage};
use crate::util::number::parse_i64;

pub const COMMANDS: &[Command] = &[
    command("dump", dump, Exactly(2), READONLY, KEYSPACE, &[key_at(1, RO | ACCESS)])
        .tips(&["nondeterministic_output"]),
    command("restore", restore, AtLeast(4), WRITE | DENYOOM, KEYSPACE | DANGEROUS, &[key_at(1, OW | UPDATE)]),
];

fn dump(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let rdb = &ctx.engine.config.rdb;
    let (compression, latest_version) = (rdb.compression, rdb.latest_version());
    match ctx.keys.find(args.next()?) {
        None => ctx.reply.null(),
        Some(entry) => {
            let payload = dataset::dump(entry, compression, latest_version)
                .map_err(|error| CommandError::NotDumped(error.to_string()))?;
            ctx.reply.bulk(&payload);
        }
    }
    Ok(())
}

/// What RESTORE is asked for besides the value.
#[derive(Debug, Default)]
struct Options {
    replace: bool,
    is_absolute: bool,
    usage: Option<Usage>,
}

/// `RESTORE key ttl payload [REPLACE] [ABSTTL] [IDLETIME seconds] [FREQ frequency]`
fn restore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, ttl, payload) = (args.next()?, args.next()?, args.next()?);
    let options = options(args)?;
    if !options.replace && ctx.keys.exists(key) {
        return Err(CommandError::BusyKey);
    }
    let ttl_ms = parse_i64(ttl).ok_or(CommandError::NotAnInteger)?;
    if ttl_ms < 0 {
        return Err(CommandError::InvalidTtl);
    }
    let expiry_ms = match ttl_ms {
        0 => None,
        _ if options.is_absolute => Some(ttl_ms),
        // A moment beyond the end of time is past, as in Redis.
        _ => Some(ttl_ms.wrapping_add(ctx.now_ms())),
    };
    let entry = entry_of(ctx, key, payload, expiry_ms, options.usage)?;

    let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
    if expiry_ms.is_some_and(|at_ms| has_passed(ctx, at_ms)) {
        if let Some(replaced) = ctx.keys.remove(key) {
            finish_deleted(ctx, key, replaced, lazy);
        }
    } else {
        if let Some(replaced) = ctx.keys.insert_entry(entry) {
            free(&ctx.engine.worker, replaced, lazy);
        }
        let db = ctx.client.db;
        ctx.keys.effects.changed(db, key);
        ctx.keys.effects.event(EventClass::GENERIC, "restore", db, key);
        if let Some(expiry_ms) = expiry_ms.filter(|_| !options.is_absolute) {
            propagate_absolute(ctx, args, expiry_ms);
        }
    }
    ctx.reply.ok();
    Ok(())
}

fn options(args: &Args<'_>) -> Result<Options, CommandError> {
    let mut options = Options::default();
    while args.left() > 0 {
        let has_more = args.left() > 1;
        if args.keyword("replace") {
            options.replace = true;
        } else if args.keyword("absttl") {
            options.is_absolute = true;
        } else if has_more && !matches!(options.usage, Some(Usage::Frequency(_))) && args.keyword("idletime")
        {
            let seconds = u64::try_from(args.next_int()?).map_err(|_| CommandError::InvalidIdleTime)?;
            options.usage = Some(Usage::IdleSeconds(seconds));
        } else if has_more && !matches!(options.usage, Some(Usage::IdleSeconds(_))) && args.keyword("freq") {
            let frequency = u8::try_from(args.next_int()?).map_err(|_| CommandError::InvalidFrequency)?;
            options.usage = Some(Usage::Frequency(frequency));
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(options)
}

/// The key as it will be. Whatever the payload is, nothing has changed yet.
fn entry_of(
    ctx: &Ctx<'_>,
    key: &[u8],
    payload: &[u8],
    expiry_ms: Option<i64>,
    usage: Option<Usage>,
) -> Result<Entry, CommandError> {
    let verified = Payload(payload)
        .verify(!ctx.engine.debug.skip_checksum_validation)
        .map_err(|_| CommandError::WrongPayload)?;
    let limits = ctx.engine.value_limits();
    let access = dataset::access_of(usage, ctx.keys, ctx.now_ms());
    let restored = verified.load(|value| {
        let built = build(value, 1, &limits)?;
        Ok::<_, LoadError>(built.map(|value| value.into_entry(key, expiry_ms, access)))
    });
    match restored {
        Ok(Some(entry)) => Ok(entry),
        Ok(None) => Err(CommandError::BadPayload),
        Err(error) => {
            log::info!("RESTORE of a payload that is not valid: {error}");
            Err(CommandError::BadPayload)
        }
    }
}

/// Only who decides on expiry takes a moment in the past for a deletion.
fn has_passed(ctx: &Ctx<'_>, at_ms: i64) -> bool {
    at_ms <= ctx.now_ms() && ctx.keys.expired_keys() == ExpiredKeys::Delete
}

/// Downstream the key expires when it does here.
fn propagate_absolute(ctx: &mut Ctx<'_>, args: &Args<'_>, expiry_ms: i64) {
    let mut digits = itoa::Buffer::new();
    let mut arguments: SmallVec<[&[u8]; 8]> = args.all().collect();
    arguments[2] = digits.format(expiry_ms).as_bytes();
    arguments.push(b"ABSTTL");
    ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
}
