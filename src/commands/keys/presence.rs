//! DEL UNLINK EXISTS TOUCH TYPE DBSIZE: whether keys are there, and taking them away.

use crate::commands::args::Args;
use crate::commands::command::Arity::{AtLeast, Exactly};
use crate::commands::command::access::{DELETE, RM, RO};
use crate::commands::command::categories::KEYSPACE;
use crate::commands::command::flags::{FAST, READONLY, WRITE};
use crate::commands::command::{Command, CommandResult, command, key_at, keys_from};
use crate::commands::context::Ctx;
use crate::commands::free::free;
use crate::keyspace::EventClass;

const SUM_OF_SHARDS: &[&str] = &["request_policy:multi_shard", "response_policy:agg_sum"];

pub const COMMANDS: &[Command] = &[
    command("del", del, AtLeast(2), WRITE, KEYSPACE, &[keys_from(1, RM | DELETE)]).tips(SUM_OF_SHARDS),
    command("unlink", unlink, AtLeast(2), WRITE | FAST, KEYSPACE, &[keys_from(1, RM | DELETE)])
        .tips(SUM_OF_SHARDS),
    command("exists", exists, AtLeast(2), READONLY | FAST, KEYSPACE, &[keys_from(1, RO)]).tips(SUM_OF_SHARDS),
    command("touch", touch, AtLeast(2), READONLY | FAST, KEYSPACE, &[keys_from(1, RO)]).tips(SUM_OF_SHARDS),
    command("type", type_command, Exactly(2), READONLY | FAST, KEYSPACE, &[key_at(1, RO)]),
    command("dbsize", dbsize, Exactly(1), READONLY | FAST, KEYSPACE, &[])
        .tips(&["request_policy:all_shards", "response_policy:agg_sum"]),
];

fn del(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let lazy = ctx.engine.config.memory.lazyfree_lazy_user_del;
    delete(ctx, args, lazy)
}

fn unlink(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    delete(ctx, args, true)
}

fn delete(ctx: &mut Ctx<'_>, args: &Args<'_>, lazy: bool) -> CommandResult {
    let db = ctx.client.db;
    let mut deleted = 0;
    for key in args.rest() {
        if let Some(entry) = ctx.keys.remove(key) {
            free(&ctx.engine.worker, entry, lazy);
            ctx.keys.effects.changed(db, key);
            ctx.keys.effects.event(EventClass::GENERIC, "del", db, key);
            deleted += 1;
        }
    }
    ctx.reply.int(deleted);
    Ok(())
}

fn exists(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let existing = args.rest().filter(|key| ctx.keys.find_untouched(key).is_some()).count();
    ctx.reply.count(existing);
    Ok(())
}

fn touch(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if ctx.client.no_touch {
        // Who asks for it in so many words gets it, in NO-TOUCH mode too.
        ctx.keys.begin(ctx.client.db, ctx.now_ms(), true);
    }
    let touched = args.rest().filter(|key| ctx.keys.find(key).is_some()).count();
    ctx.reply.count(touched);
    Ok(())
}

fn type_command(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = ctx.keys.find_untouched(args.next()?).map_or("none", |entry| entry.kind().name());
    ctx.reply.status(name);
    Ok(())
}

/// Counts expired keys that nobody has noticed, as Redis does.
fn dbsize(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.count(ctx.keys.len(ctx.client.db));
    Ok(())
}
