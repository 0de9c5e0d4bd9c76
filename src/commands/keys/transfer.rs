//! RENAME RENAMENX COPY MOVE SWAPDB: keys and databases that change places.

use crate::commands::args::Args;
use crate::commands::command::Arity::{AtLeast, Exactly};
use crate::commands::command::access::{ACCESS, DELETE, INSERT, OW, RO, RW, UPDATE};
use crate::commands::command::categories::{DANGEROUS, KEYSPACE};
use crate::commands::command::flags::{DENYOOM, FAST, WRITE};
use crate::commands::command::{Command, CommandResult, command, key_at};
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::free::free;
use crate::keyspace::{Entry, EventClass, Transfer};

pub const COMMANDS: &[Command] = &[
    command(
        "rename",
        rename,
        Exactly(3),
        WRITE,
        KEYSPACE,
        &[key_at(1, RW | ACCESS | DELETE), key_at(2, OW | UPDATE)],
    ),
    command(
        "renamenx",
        renamenx,
        Exactly(3),
        WRITE | FAST,
        KEYSPACE,
        &[key_at(1, RW | ACCESS | DELETE), key_at(2, OW | INSERT)],
    ),
    command(
        "copy",
        copy,
        AtLeast(3),
        WRITE | DENYOOM,
        KEYSPACE,
        &[key_at(1, RO | ACCESS), key_at(2, OW | UPDATE)],
    ),
    command("move", move_command, Exactly(3), WRITE | FAST, KEYSPACE, &[key_at(1, RW | ACCESS | UPDATE)]),
    command("swapdb", swapdb, Exactly(3), WRITE | FAST, KEYSPACE | DANGEROUS, &[]),
];

fn rename(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    rename_key(ctx, args, true)?;
    ctx.reply.ok();
    Ok(())
}

fn renamenx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let renamed = rename_key(ctx, args, false)?;
    ctx.reply.int(i64::from(renamed));
    Ok(())
}

/// Whether the key has the new name now; false if another key has it and is not to be replaced.
fn rename_key(ctx: &mut Ctx<'_>, args: &Args<'_>, replace: bool) -> Result<bool, CommandError> {
    let (from, to) = (args.next()?, args.next()?);
    let replaced = match ctx.keys.rename(from, to, replace) {
        Transfer::Done { replaced } => replaced,
        Transfer::NoSource => return Err(CommandError::NoSuchKey),
        Transfer::TargetExists => return Ok(false),
    };
    if from == to {
        // Nothing has changed, and nobody is told.
        return Ok(true);
    }
    free_replaced(ctx, replaced);
    let db = ctx.client.db;
    let effects = &mut ctx.keys.effects;
    effects.changed(db, from);
    effects.touched(db, to);
    effects.event(EventClass::GENERIC, "rename_from", db, from);
    effects.event(EventClass::GENERIC, "rename_to", db, to);
    Ok(true)
}

fn copy(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (from, to) = (args.next()?, args.next()?);
    let mut to_db = ctx.client.db;
    let mut replace = false;
    while args.left() > 0 {
        if args.keyword("replace") {
            replace = true;
        } else if args.keyword("db") {
            to_db = ctx.database(args.next_int32()?)?;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    if to_db == ctx.client.db && from == to {
        return Err(CommandError::SameObject);
    }

    // The source is read: that counts as a hit or miss, and as an access.
    let exists = ctx.keys.find(from).is_some();
    let copied = if exists { ctx.keys.copy(from, to_db, to, replace) } else { Transfer::NoSource };
    let Transfer::Done { replaced } = copied else {
        ctx.reply.int(0);
        return Ok(());
    };
    free_replaced(ctx, replaced);
    ctx.keys.effects.changed(to_db, to);
    ctx.keys.effects.event(EventClass::GENERIC, "copy_to", to_db, to);
    ctx.reply.int(1);
    Ok(())
}

fn move_command(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let to_db = ctx.database(args.next_int32()?)?;
    let from_db = ctx.client.db;
    if to_db == from_db {
        return Err(CommandError::SameObject);
    }
    let moved = matches!(ctx.keys.move_key(key, to_db), Transfer::Done { .. });
    if moved {
        let effects = &mut ctx.keys.effects;
        effects.changed(from_db, key);
        effects.touched(to_db, key);
        effects.event(EventClass::GENERIC, "move_from", from_db, key);
        effects.event(EventClass::GENERIC, "move_to", to_db, key);
    }
    ctx.reply.int(i64::from(moved));
    Ok(())
}

fn swapdb(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let first = args.next_int32().map_err(|_| CommandError::InvalidFirstDb)?;
    let second = args.next_int32().map_err(|_| CommandError::InvalidSecondDb)?;
    let (first, second) = (ctx.database(first)?, ctx.database(second)?);
    if first != second {
        ctx.keys.swap_databases(first, second);
    }
    ctx.keys.effects.add_dirty(1);
    ctx.reply.ok();
    Ok(())
}

fn free_replaced(ctx: &Ctx<'_>, replaced: Option<Entry>) {
    if let Some(entry) = replaced {
        let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
        free(&ctx.engine.worker, entry, lazy);
    }
}
