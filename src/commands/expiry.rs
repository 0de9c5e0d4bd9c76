//! EXPIRE and its forms, TTL, PERSIST. Downstream an expiry is always an absolute time, and a time that has
//! passed is a deletion, so that a replica does not depend on its own clock.

use smallvec::SmallVec;

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, RO, RW, UPDATE};
use super::command::categories::KEYSPACE;
use super::command::flags::{FAST, READONLY, WRITE};
use super::command::{Command, CommandResult, Handler, KeySpec, command, key_at};
use super::context::Ctx;
use super::error::{CommandError, repeated};
use super::free::free;
use crate::keyspace::{Entry, EntryRef, EventClass, ExpiredKeys};
use crate::util::number::parse_i64;

pub const COMMANDS: &[Command] = &[
    setter("expire", expire),
    setter("pexpire", pexpire),
    setter("expireat", expireat),
    setter("pexpireat", pexpireat),
    getter("ttl", ttl).tips(&["nondeterministic_output"]),
    getter("pttl", pttl).tips(&["nondeterministic_output"]),
    getter("expiretime", expiretime),
    getter("pexpiretime", pexpiretime),
    command("persist", persist, Exactly(2), WRITE | FAST, KEYSPACE, CHANGED_KEY),
];

const CHANGED_KEY: &[KeySpec] = &[key_at(1, RW | UPDATE)];
const READ_KEY: &[KeySpec] = &[key_at(1, RO | ACCESS)];

const fn setter(name: &'static str, handler: Handler) -> Command {
    command(name, handler, AtLeast(3), WRITE | FAST, KEYSPACE, CHANGED_KEY)
}

const fn getter(name: &'static str, handler: Handler) -> Command {
    command(name, handler, Exactly(2), READONLY | FAST, KEYSPACE, READ_KEY)
}

/// What TTL and its kin say of a key without an expiry, and without existence.
const NO_EXPIRY: i64 = -1;
const NO_KEY: i64 = -2;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Seconds,
    Milliseconds,
}

/// What a time in a request or reply counts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Now,
    Epoch,
}

/// When an expiry is to be set: NX, XX, GT, LT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Conditions {
    only_first: bool,
    only_replacing: bool,
    only_later: bool,
    only_earlier: bool,
}

impl Conditions {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut conditions = Self::default();
        while args.left() > 0 {
            if args.keyword("nx") {
                conditions.only_first = true;
            } else if args.keyword("xx") {
                conditions.only_replacing = true;
            } else if args.keyword("gt") {
                conditions.only_later = true;
            } else if args.keyword("lt") {
                conditions.only_earlier = true;
            } else {
                let option = repeated(args.next()?);
                return Err(CommandError::UnsupportedOption(option));
            }
        }
        let Self { only_first, only_replacing, only_later, only_earlier } = conditions;
        if only_first && (only_replacing || only_later || only_earlier) {
            return Err(CommandError::NxWithOtherConditions);
        }
        if only_later && only_earlier {
            return Err(CommandError::GtWithLt);
        }
        Ok(conditions)
    }

    /// No expiry counts as one that never comes.
    fn allow(self, current_ms: Option<i64>, new_ms: i64) -> bool {
        let current_exists = current_ms.is_some();
        !(self.only_first && current_exists
            || self.only_replacing && !current_exists
            || self.only_later && current_ms.is_none_or(|current_ms| new_ms <= current_ms)
            || self.only_earlier && current_ms.is_some_and(|current_ms| new_ms >= current_ms))
    }
}

fn expire(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, Unit::Seconds, Origin::Now)
}

fn pexpire(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, Unit::Milliseconds, Origin::Now)
}

fn expireat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, Unit::Seconds, Origin::Epoch)
}

fn pexpireat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, Unit::Milliseconds, Origin::Epoch)
}

fn set_expiry(ctx: &mut Ctx<'_>, args: &Args<'_>, unit: Unit, origin: Origin) -> CommandResult {
    let (key, time) = (args.next()?, args.next()?);
    // Bad options are reported before a bad time.
    let conditions = Conditions::parse(args)?;
    let time = parse_i64(time).ok_or(CommandError::NotAnInteger)?;
    let expiry_ms = absolute_ms(ctx, time, unit, origin)?;
    let has_passed = expiry_ms <= ctx.now_ms() && ctx.keys.expired_keys() == ExpiredKeys::Delete;

    let found = ctx.keys.find_for_update(key);
    let allowed = found.filter(|update| conditions.allow(update.entry().expiry_ms(), expiry_ms));
    let Some(mut update) = allowed else {
        ctx.reply.int(0);
        return Ok(());
    };
    if has_passed {
        let entry = update.remove();
        finish_deleted(ctx, key, entry, ctx.engine.config.memory.lazyfree_lazy_expire);
    } else {
        update.set_expiry_ms(Some(expiry_ms));
        finish_set(ctx, args, key, expiry_ms);
    }
    ctx.reply.int(1);
    Ok(())
}

/// A command that was not asked to delete the key did so all the same: downstream it is a deletion.
pub fn finish_deleted(ctx: &mut Ctx<'_>, key: &[u8], entry: Entry, lazy: bool) {
    free(&ctx.engine.worker, entry, lazy);
    let db = ctx.client.db;
    let effects = &mut ctx.keys.effects;
    effects.changed(db, key);
    effects.event(EventClass::GENERIC, "del", db, key);
    effects.propagate_as(db, &[if lazy { b"UNLINK" } else { b"DEL" }, key]);
}

fn finish_set(ctx: &mut Ctx<'_>, args: &Args<'_>, key: &[u8], expiry_ms: i64) {
    let db = ctx.client.db;
    let effects = &mut ctx.keys.effects;
    effects.changed(db, key);
    effects.event(EventClass::GENERIC, "expire", db, key);
    let mut digits = itoa::Buffer::new();
    let mut arguments: SmallVec<[&[u8]; 5]> = args.all().collect();
    arguments[0] = b"PEXPIREAT";
    arguments[2] = digits.format(expiry_ms).as_bytes();
    effects.propagate_as(db, &arguments);
}

/// Unix milliseconds of a time as a client gives it, which may lie in the past.
fn absolute_ms(ctx: &Ctx<'_>, time: i64, unit: Unit, origin: Origin) -> Result<i64, CommandError> {
    let time_ms = match unit {
        Unit::Seconds => time.checked_mul(1000),
        Unit::Milliseconds => Some(time),
    };
    let absolute_ms = match origin {
        Origin::Now => time_ms.and_then(|time_ms| time_ms.checked_add(ctx.now_ms())),
        Origin::Epoch => time_ms,
    };
    absolute_ms.ok_or_else(|| CommandError::InvalidExpireTime(ctx.command_name().to_owned()))
}

fn ttl(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiry(ctx, args, Unit::Seconds, Origin::Now)
}

fn pttl(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiry(ctx, args, Unit::Milliseconds, Origin::Now)
}

fn expiretime(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiry(ctx, args, Unit::Seconds, Origin::Epoch)
}

fn pexpiretime(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiry(ctx, args, Unit::Milliseconds, Origin::Epoch)
}

fn reply_expiry(ctx: &mut Ctx<'_>, args: &Args<'_>, unit: Unit, origin: Origin) -> CommandResult {
    let origin_ms = match origin {
        Origin::Now => ctx.now_ms(),
        Origin::Epoch => 0,
    };
    let value = match ctx.keys.find_untouched(args.next()?).map(EntryRef::expiry_ms) {
        None => NO_KEY,
        Some(None) => NO_EXPIRY,
        Some(Some(expiry_ms)) => {
            let time_ms = expiry_ms.saturating_sub(origin_ms).max(0);
            match unit {
                Unit::Seconds => time_ms / 1000 + i64::from(time_ms % 1000 >= 500),
                Unit::Milliseconds => time_ms,
            }
        }
    };
    ctx.reply.int(value);
    Ok(())
}

fn persist(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let found = ctx.keys.find_for_update(key).filter(|update| update.entry().expiry_ms().is_some());
    let Some(mut update) = found else {
        ctx.reply.int(0);
        return Ok(());
    };
    update.set_expiry_ms(None);
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::GENERIC, "persist", db, key);
    ctx.reply.int(1);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::testing::Bench;

    /// What a command records on a key that expires at `expiry_ms`, or not at all.
    fn recorded(expiry_ms: Option<i64>, words: &str) -> Vec<String> {
        let mut bench = Bench::new();
        bench.run("SET k 1");
        if let Some(expiry_ms) = expiry_ms {
            bench.run(&format!("PEXPIREAT k {expiry_ms}"));
        }
        bench.recorded(words)
    }

    #[test]
    fn an_expiry_is_propagated_as_an_absolute_time_with_its_conditions() {
        let expected =
            ["changed 0 k", "event expire 0 k", "propagate 0 PEXPIREAT k 9999999999000 XX", "dirty 1"];
        assert_eq!(recorded(Some(9_999_999_999_999), "EXPIREAT k 9999999999 XX"), expected);
        let mut bench = Bench::new();
        bench.run("SET k 1");
        let expiry_ms = bench.engine.clock.unix_ms() + 5000;
        let expected = format!("propagate 0 PEXPIREAT k {expiry_ms}");
        assert_eq!(bench.recorded("expire k 5")[2], expected);
        assert_eq!(bench.recorded("pexpire k 5000")[2], expected);
    }

    #[test]
    fn an_expiry_in_the_past_is_a_deletion() {
        let expected = ["changed 0 k", "event del 0 k", "propagate 0 DEL k", "dirty 1"];
        assert_eq!(recorded(None, "EXPIRE k 0"), expected);
        assert_eq!(recorded(Some(9_999_999_999_999), "PEXPIREAT k 1 LT"), expected);
        let mut bench = Bench::new();
        bench.engine.config.memory.lazyfree_lazy_expire = true;
        bench.run("SET k 1");
        assert_eq!(bench.recorded("EXPIRE k -1")[2], "propagate 0 UNLINK k");
    }

    #[test]
    fn an_expiry_in_the_past_waits_for_the_primary_on_a_replica() {
        let mut bench = Bench::new();
        bench.run("SET k 1");
        bench.keys.set_expired_keys(ExpiredKeys::Ignore);
        assert_eq!(bench.recorded("PEXPIREAT k 1")[1], "event expire 0 k");
        assert_eq!(bench.keys.len(0), 1);
    }

    #[test]
    fn what_the_conditions_forbid_changes_nothing() {
        assert_eq!(recorded(None, "EXPIRE k 0 XX"), ["dirty 0"]);
        assert_eq!(recorded(None, "PERSIST k"), ["dirty 0"]);
        let expected = ["changed 0 k", "event persist 0 k", "dirty 1"];
        assert_eq!(recorded(Some(9_999_999_999_999), "PERSIST k"), expected);
    }

    #[test]
    fn no_expiry_is_later_than_any() {
        let later = Conditions { only_later: true, ..Conditions::default() };
        assert!(later.allow(Some(5), 6));
        assert!(!later.allow(Some(5), 5));
        assert!(!later.allow(None, i64::MAX));
        let earlier = Conditions { only_earlier: true, ..Conditions::default() };
        assert!(earlier.allow(Some(5), 4));
        assert!(!earlier.allow(Some(5), 5));
        assert!(earlier.allow(None, i64::MAX));
    }
}
