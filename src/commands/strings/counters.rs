//! INCR and its relatives.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, NewString, Slot, StrRef, Update, WrongType};
use crate::util::extended::Extended;
use crate::util::number::parse_i64;

pub fn incr(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    add(ctx, args.at(1), 1)
}

pub fn decr(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    add(ctx, args.at(1), -1)
}

pub fn incrby(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    add(ctx, key, args.next_int()?)
}

pub fn decrby(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let decrement = args.next_int()?;
    add(ctx, key, decrement.checked_neg().ok_or(CommandError::DecrementOverflow)?)
}

/// Propagated as the SET of its result, so that nobody else has to compute the same digits.
pub fn incrbyfloat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.at(1);
    let slot = ctx.keys.slot(key);
    let current = match &slot {
        Slot::Occupied(update) => Some(string_of(update)?),
        Slot::Vacant(_) => None,
    };
    let current = current.map_or_else(|| Extended::parse(b"0"), |string| string.with_text(Extended::parse));
    let current = current.ok_or(CommandError::NotAFloat)?;
    let increment = Extended::parse(args.at(2)).ok_or(CommandError::NotAFloat)?;
    let sum = current.add(increment);
    if sum.is_nan() || sum.is_infinite() {
        return Err(CommandError::NanOrInfinity);
    }
    let mut text = Vec::with_capacity(32);
    sum.push_text(&mut text);
    match slot {
        // An object that is replaced is a string, too: one allocation, dropped here.
        Slot::Occupied(mut update) => drop(update.set_string(NewString::Text(&text))),
        Slot::Vacant(vacancy) => vacancy.insert_string(NewString::Text(&text)),
    }
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::STRING, "incrbyfloat", db, key);
    ctx.keys.effects.propagate_as(db, &[b"SET", key, &text, b"KEEPTTL"]);
    ctx.reply.bulk(&text);
    Ok(())
}

#[inline]
fn add(ctx: &mut Ctx<'_>, key: &[u8], increment: i64) -> CommandResult {
    let sum = match ctx.keys.slot(key) {
        Slot::Occupied(mut update) => {
            let current = match string_of(&update)? {
                StrRef::Int(number) => number,
                StrRef::Bytes(bytes) => parse_i64(bytes).ok_or(CommandError::NotAnInteger)?,
            };
            let sum = current.checked_add(increment).ok_or(CommandError::Overflow)?;
            update.set_int(sum);
            sum
        }
        Slot::Vacant(vacancy) => {
            vacancy.insert_string(NewString::Int(increment));
            increment
        }
    };
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::STRING, "incrby", db, key);
    ctx.reply.int(sum);
    Ok(())
}

#[inline]
fn string_of<'a>(update: &'a Update<'_>) -> Result<StrRef<'a>, WrongType> {
    update.entry().string().ok_or(WrongType)
}
