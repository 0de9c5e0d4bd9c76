//! HSET HSETNX HMSET HDEL: fields set and deleted.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::EventClass;
use crate::types::{FieldExpiry, Hash, SHOW_EXPIRED};

pub fn hset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let added = set_fields(ctx, args)?;
    ctx.reply.count(added);
    Ok(())
}

pub fn hmset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_fields(ctx, args)?;
    ctx.reply.ok();
    Ok(())
}

pub fn hsetnx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, field, value) = (args.at(1), args.at(2), args.at(3));
    let limits = ctx.engine.hash_limits();
    ctx.keys.expire_touched_fields(key, || std::iter::once(field));
    let mut hash = ctx.keys.edit_or_create::<Hash>(key)?;
    let is_new = !hash.contains(field, SHOW_EXPIRED);
    if is_new {
        hash.make_room(1, field.len().max(value.len()), limits);
        hash.insert(field, value, FieldExpiry::Clear, limits);
        hash.changed(EventClass::HASH, "hset");
    }
    ctx.reply.int(is_new.into());
    Ok(())
}

pub fn hdel(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    ctx.keys.expire_touched_fields(key, || args.rest());
    let mut deleted = 0;
    if let Some(mut hash) = ctx.keys.edit::<Hash>(key)? {
        for field in args.rest() {
            deleted += usize::from(hash.remove(field));
            if hash.is_empty() {
                break;
            }
        }
        if deleted > 0 {
            hash.changed_by(deleted as u64, &[(EventClass::HASH, "hdel")]);
        }
    }
    ctx.reply.count(deleted);
    Ok(())
}

/// Sets the fields of the request; how many of them are new.
fn set_fields(ctx: &mut Ctx<'_>, args: &Args<'_>) -> Result<usize, CommandError> {
    let key = args.next()?;
    if args.left() % 2 == 1 {
        return Err(CommandError::Arity(ctx.command_name().to_owned()));
    }
    let limits = ctx.engine.hash_limits();
    let pairs = args.left() / 2;
    ctx.keys.expire_touched_fields(key, || args.rest().step_by(2));

    let mut hash = ctx.keys.edit_or_create::<Hash>(key)?;
    let longest = args.rest().map(<[u8]>::len).max().unwrap_or(0);
    let fields = &mut *hash;
    fields.make_room(pairs, longest, limits);
    let mut added = 0;
    for _ in 0..pairs {
        let (field, value) = (args.next()?, args.next()?);
        added += usize::from(fields.insert(field, value, FieldExpiry::Clear, limits));
    }
    hash.changed_by(pairs as u64, &[(EventClass::HASH, "hset")]);
    Ok(added)
}
