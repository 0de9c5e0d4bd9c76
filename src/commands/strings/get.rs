//! GET and its relatives: commands that read a whole value and may do something to its key.

use super::lifetime::{Form, Lifetime, deadline_ms};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::expiry::finish_deleted;
use crate::keyspace::{EntryRef, EventClass, ExpiredKeys, StrRef};
use crate::resp::Reply;

pub fn get(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_string(ctx, args.at(1))?;
    Ok(())
}

pub fn mget(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.reply.array(args.left());
    for key in args.rest() {
        // A key of another type counts as missing: one of many shall not spoil the reply.
        write_string(ctx.reply, ctx.keys.find(key).and_then(EntryRef::string));
    }
    Ok(())
}

pub fn getdel(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.at(1);
    if reply_string(ctx, key)? {
        delete(ctx, key, false);
    }
    Ok(())
}

/// `GETEX key [EX seconds | PX ms | EXAT s | PXAT ms | PERSIST]`
pub fn getex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let mut lifetime = Lifetime::default();
    while args.left() > 0 {
        if args.keyword("persist") {
            lifetime.choose(Lifetime::Persist)?;
        } else {
            lifetime.choose_time(args)?;
        }
    }
    if !reply_string(ctx, key)? {
        return Ok(());
    }
    match lifetime {
        Lifetime::Until { form, argument } => {
            let at_ms = deadline_ms(ctx, form, args.at(argument))?;
            if has_passed(ctx, form, at_ms) {
                delete(ctx, key, ctx.engine.config.memory.lazyfree_lazy_expire);
            } else {
                expire_at(ctx, key, at_ms);
            }
        }
        Lifetime::Persist => persist(ctx, key),
        Lifetime::Unsaid | Lifetime::Keep => {}
    }
    Ok(())
}

/// Replies with the string at a key, or null; whether there is one.
#[inline]
pub fn reply_string(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<bool, CommandError> {
    let string = ctx.keys.find_string(key)?;
    write_string(ctx.reply, string);
    Ok(string.is_some())
}

#[inline]
fn write_string(reply: &mut Reply, string: Option<StrRef<'_>>) {
    match string {
        Some(StrRef::Bytes(bytes)) => reply.bulk(bytes),
        Some(StrRef::Int(number)) => reply.bulk_int(number),
        None => reply.null(),
    }
}

/// Only who decides on expiry turns a moment in the past into a deletion at once.
fn has_passed(ctx: &Ctx<'_>, form: Form, at_ms: i64) -> bool {
    form.is_absolute() && at_ms <= ctx.now_ms() && ctx.keys.expired_keys() == ExpiredKeys::Delete
}

fn delete(ctx: &mut Ctx<'_>, key: &[u8], lazy: bool) {
    if let Some(entry) = ctx.keys.remove(key) {
        finish_deleted(ctx, key, entry, lazy);
    }
}

fn expire_at(ctx: &mut Ctx<'_>, key: &[u8], at_ms: i64) {
    let Some(mut update) = ctx.keys.find_for_update(key) else { return };
    update.set_expiry_ms(Some(at_ms));
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::GENERIC, "expire", db, key);
    let mut digits = itoa::Buffer::new();
    ctx.keys.effects.propagate_as(db, &[b"PEXPIREAT", key, digits.format(at_ms).as_bytes()]);
}

fn persist(ctx: &mut Ctx<'_>, key: &[u8]) {
    let Some(mut update) = ctx.keys.find_for_update(key) else { return };
    if update.entry().expiry_ms().is_none() {
        return;
    }
    update.set_expiry_ms(None);
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::GENERIC, "persist", db, key);
    ctx.keys.effects.propagate_as(db, &[b"PERSIST", key]);
}
