//! SET and GET.

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::access::{ACCESS, OW, RO, UPDATE};
use super::command::categories::STRING;
use super::command::flags::{DENYOOM, FAST, READONLY, WRITE};
use super::command::{Command, CommandResult, command, key_at};
use super::context::Ctx;
use crate::keyspace::{EventClass, Expiry, NewString, StrRef};
use crate::resp::Taken;

pub const COMMANDS: &[Command] = &[
    command("set", set, AtLeast(3), WRITE | DENYOOM, STRING, &[key_at(1, OW | UPDATE)]),
    command("get", get, Exactly(2), READONLY | FAST, STRING, &[key_at(1, RO | ACCESS)]),
];

fn set(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let value = new_string(args.take(2));
    let key = args.at(1);
    let replaced = ctx.keys.set_string(key, value, Expiry::Clear);
    drop(replaced);
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::STRING, "set", db, key);
    ctx.reply.ok();
    Ok(())
}

fn get(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    match ctx.keys.find_string(args.next()?)? {
        Some(StrRef::Bytes(bytes)) => ctx.reply.bulk(bytes),
        Some(StrRef::Int(number)) => ctx.reply.bulk_int(number),
        None => ctx.reply.null(),
    }
    Ok(())
}

fn new_string(taken: Taken<'_>) -> NewString<'_> {
    match taken {
        Taken::Bytes(bytes) => NewString::Bytes(bytes),
        Taken::Owned(bytes) => NewString::Owned(bytes),
    }
}
