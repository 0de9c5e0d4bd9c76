//! FLUSHDB FLUSHALL: all keys at once.

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::command::Arity::AtLeast;
use crate::commands::command::categories::{DANGEROUS, KEYSPACE};
use crate::commands::command::flags::WRITE;
use crate::commands::command::{Command, CommandResult, command};
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::engine::Engine;
use crate::keyspace::{Detached, Keyspace, Presence};
use crate::sys::memory;

const EVERYWHERE: &[&str] = &["request_policy:all_shards", "response_policy:all_succeeded"];

pub const COMMANDS: &[Command] = &[
    command("flushdb", flushdb, AtLeast(1), WRITE, KEYSPACE | DANGEROUS, &[]).tips(EVERYWHERE),
    command("flushall", flushall, AtLeast(1), WRITE, KEYSPACE | DANGEROUS, &[]).tips(EVERYWHERE),
];

/// Empties a database, or all of them, and records what follows for dirty counter and watchers. The caller
/// decides where the keys are dropped.
pub fn flush(keys: &mut Keyspace, engine: &Engine, db: Option<usize>) -> Detached {
    match db {
        Some(db) => tell_watchers(keys, engine, db, None),
        None => tell_all_watchers(keys, engine, None),
    }
    let detached = keys.flush(db);
    keys.effects.add_dirty(detached.len() as u64);
    detached
}

/// Puts another data set in the place of this one, function libraries included. The caller decides where the old
/// keys are dropped.
pub fn replace_all(keys: &mut Keyspace, engine: &Engine, successor: Keyspace) -> Detached {
    tell_all_watchers(keys, engine, Some(&successor));
    keys.take_over(successor)
}

fn tell_all_watchers(keys: &mut Keyspace, engine: &Engine, successor: Option<&Keyspace>) {
    for db in 0..keys.databases() {
        tell_watchers(keys, engine, db, successor);
    }
}

/// Now, because afterwards nobody knows which of the watched keys were there.
fn tell_watchers(keys: &mut Keyspace, engine: &Engine, db: usize, successor: Option<&Keyspace>) {
    for key in engine.watches.in_db(db) {
        let is_in = |keys: &Keyspace| keys.presence(db, key) != Presence::Absent;
        if is_in(keys) || successor.is_some_and(is_in) {
            keys.effects.vanished(db, key);
        }
    }
}

fn flushdb(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let db = ctx.client.db;
    flush_and_drop(ctx, args, Some(db))
}

fn flushall(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    flush_and_drop(ctx, args, None)?;
    ctx.engine.snapshot_of_nothing(ctx.keys);
    Ok(())
}

fn flush_and_drop(ctx: &mut Ctx<'_>, args: &Args<'_>, db: Option<usize>) -> CommandResult {
    let lazy = is_lazy(args, ctx.engine.config.memory.lazyfree_lazy_user_flush)?;
    let detached = flush(ctx.keys, ctx.engine, db);
    // To be told to AOF and replicas even if there was nothing to flush here.
    let arguments: SmallVec<[&[u8]; 2]> = args.all().collect();
    ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
    if lazy {
        ctx.engine.worker.drop_weighing(detached.len() as u64, detached);
    } else {
        drop(detached);
        // An allocator without traffic would keep the pages, and who flushes synchronously waits anyway.
        memory::purge();
    }
    ctx.reply.ok();
    Ok(())
}

fn is_lazy(args: &Args<'_>, default: bool) -> Result<bool, CommandError> {
    let lazy = match args.left() {
        0 => default,
        _ if args.keyword("async") => true,
        _ if args.keyword("sync") => false,
        _ => return Err(CommandError::Syntax),
    };
    args.finish()?;
    Ok(lazy)
}
