//! HINCRBY and HINCRBYFLOAT. A field keeps its expiry.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, StrRef};
use crate::types::{FieldExpiry, Hash, SHOW_EXPIRED};
use crate::util::extended::Extended;
use crate::util::number::parse_i64;

pub fn hincrby(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, field) = (args.next()?, args.next()?);
    let increment = args.next_int()?;
    let limits = ctx.engine.hash_limits();
    ctx.keys.expire_touched_fields(key, || std::iter::once(field));
    let mut hash = ctx.keys.edit_or_create::<Hash>(key)?;
    let current = match hash.get(field, SHOW_EXPIRED) {
        None => 0,
        Some(StrRef::Int(number)) => number,
        Some(StrRef::Bytes(text)) => parse_i64(text).ok_or(CommandError::HashValueNotAnInteger)?,
    };
    let sum = current.checked_add(increment).ok_or(CommandError::Overflow)?;
    hash.insert(field, itoa::Buffer::new().format(sum).as_bytes(), FieldExpiry::Keep, limits);
    hash.changed(EventClass::HASH, "hincrby");
    ctx.reply.int(sum);
    Ok(())
}

/// Propagated as the HSET of its result, so that nobody else has to compute the same digits.
pub fn hincrbyfloat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, field) = (args.next()?, args.next()?);
    let increment = Extended::parse(args.next()?).ok_or(CommandError::NotAFloat)?;
    if increment.is_nan() || increment.is_infinite() {
        return Err(CommandError::IncrementNanOrInfinity);
    }
    let limits = ctx.engine.hash_limits();
    ctx.keys.expire_touched_fields(key, || std::iter::once(field));
    let mut hash = ctx.keys.edit_or_create::<Hash>(key)?;
    let current = hash
        .get(field, SHOW_EXPIRED)
        .map_or_else(|| Extended::parse(b"0"), |value| value.with_text(Extended::parse));
    let sum = current.ok_or(CommandError::HashValueNotAFloat)?.add(increment);
    if sum.is_nan() || sum.is_infinite() {
        return Err(CommandError::NanOrInfinity);
    }
    let mut text = Vec::with_capacity(32);
    sum.push_text(&mut text);
    hash.insert(field, &text, FieldExpiry::Keep, limits);
    let expiry_ms = hash.expiry_ms(field, SHOW_EXPIRED).flatten();
    hash.changed(EventClass::HASH, "hincrbyfloat");
    let db = ctx.client.db;
    ctx.keys.effects.propagate_as(db, &[b"HSET", key, field, &text]);
    if let Some(expiry_ms) = expiry_ms {
        // HSET takes it away.
        let mut digits = itoa::Buffer::new();
        let expiry_ms = digits.format(expiry_ms).as_bytes();
        ctx.keys.effects.propagate_as(db, &[b"HPEXPIREAT", key, expiry_ms, b"FIELDS", b"1", field]);
    }
    ctx.reply.bulk(&text);
    Ok(())
}
