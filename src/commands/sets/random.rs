//! SPOP and SRANDMEMBER: members drawn by chance.

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::free::free;
use crate::commands::repeats::Repeats;
use crate::keyspace::{Effects, EventClass, Interest, StrRef};
use crate::types::Set;
use crate::util::number::parse_i64;

/// SPOP is propagated as removals of at most so many members each.
const REMOVAL_MEMBERS_MAX: usize = 1024;

/// `SPOP key [count]`
pub fn spop(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() == 0 {
        return pop_one(ctx, key);
    }
    if args.left() > 1 {
        return Err(CommandError::Syntax);
    }
    let count = parse_i64(args.next()?).and_then(|count| usize::try_from(count).ok());
    let count = count.ok_or(CommandError::MustBePositive)?;
    let len = ctx.keys.edit::<Set>(key)?.map_or(0, |set| set.len());
    if count == 0 || len == 0 {
        ctx.reply.set(0);
        Ok(())
    } else if count < len {
        pop_some(ctx, key, count)
    } else {
        pop_all(ctx, key)
    }
}

fn pop_one(ctx: &mut Ctx<'_>, key: &[u8]) -> CommandResult {
    let Some(mut set) = ctx.keys.edit::<Set>(key)? else {
        ctx.reply.null();
        return Ok(());
    };
    let popped = set.pop(&mut ctx.engine.random, |member| {
        ctx.reply.bulk_str(member);
        member.with_text(SmallVec::<[u8; 64]>::from_slice)
    });
    set.changed(EventClass::SET, "spop");
    ctx.keys.effects.propagate_as(ctx.client.db, &[b"SREM", key, &popped.unwrap_or_default()]);
    Ok(())
}

/// Fewer members than there are.
fn pop_some(ctx: &mut Ctx<'_>, key: &[u8], count: usize) -> CommandResult {
    let limits = ctx.engine.set_limits();
    let mut removals = Removals::new(&ctx.keys.effects);
    let Some(mut set) = ctx.keys.edit::<Set>(key)? else { return Ok(()) };
    ctx.reply.set(count);
    set.pop_many(count, &mut ctx.engine.random, &limits, |member| {
        ctx.reply.bulk_str(member);
        removals.push(member);
    });
    set.changed_by(count as u64, &[(EventClass::SET, "spop")]);
    removals.propagate(&mut ctx.keys.effects, ctx.client.db, key);
    Ok(())
}

/// All members: downstream it is a deletion. As in Redis, the set is read, and that counts as a hit.
fn pop_all(ctx: &mut Ctx<'_>, key: &[u8]) -> CommandResult {
    let Some(set) = ctx.keys.read::<Set>(key)? else { return Ok(()) };
    let len = set.len();
    ctx.reply.set(len);
    set.iter().for_each(|member| ctx.reply.bulk_str(member));
    let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
    if let Some(entry) = ctx.keys.remove(key) {
        free(&ctx.engine.worker, entry, lazy);
    }
    let db = ctx.client.db;
    let effects = &mut ctx.keys.effects;
    effects.touched(db, key);
    effects.add_dirty(len as u64);
    effects.event(EventClass::SET, "spop", db, key);
    effects.event(EventClass::GENERIC, "del", db, key);
    effects.propagate_as(db, &[if lazy { b"UNLINK" } else { b"DEL" }, key]);
    Ok(())
}

/// Members taken out, remembered only if somebody is to be told.
struct Removals {
    wanted: bool,
    texts: Vec<u8>,
    /// Where each text ends.
    ends: Vec<usize>,
}

impl Removals {
    fn new(effects: &Effects) -> Self {
        let wanted = effects.interest().contains(Interest::PROPAGATION);
        Self { wanted, texts: Vec::new(), ends: Vec::new() }
    }

    fn push(&mut self, member: StrRef<'_>) {
        if self.wanted {
            member.with_text(|text| self.texts.extend_from_slice(text));
            self.ends.push(self.texts.len());
        }
    }

    fn propagate(&self, effects: &mut Effects, db: usize, key: &[u8]) {
        effects.propagate_nothing();
        let mut start = 0;
        for ends in self.ends.chunks(REMOVAL_MEMBERS_MAX) {
            let mut arguments: Vec<&[u8]> = vec![b"SREM", key];
            for end in ends {
                arguments.push(&self.texts[start..*end]);
                start = *end;
            }
            effects.propagate_as(db, &arguments);
        }
    }
}

/// `SRANDMEMBER key [count]`; a negative count allows repetitions.
pub fn srandmember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    if args.left() > 1 {
        return Err(CommandError::Syntax);
    }
    if args.left() == 0 {
        match ctx.keys.read::<Set>(key)?.and_then(|set| set.random(&mut ctx.engine.random)) {
            Some(member) => ctx.reply.bulk_str(member),
            None => ctx.reply.null(),
        }
        return Ok(());
    }
    let count = args.next_int()?;
    if count == i64::MIN {
        return Err(CommandError::ValueMustBeBetween { min: -i64::MAX, max: i64::MAX });
    }
    if count < 0 {
        return repeat(ctx, key, count.unsigned_abs());
    }
    let Some(set) = ctx.keys.read::<Set>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let count = set.len().min(count as usize);
    ctx.reply.array(count);
    set.sample(count, &mut ctx.engine.random, |member| ctx.reply.bulk_str(member));
    Ok(())
}

/// As many members as asked for, the same one perhaps several times.
fn repeat(ctx: &mut Ctx<'_>, key: &[u8], count: u64) -> CommandResult {
    let repeats = Repeats::of(ctx, count);
    let Some(set) = ctx.keys.read::<Set>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let mut repeats = repeats?;
    ctx.reply.array(usize::try_from(count).unwrap_or(usize::MAX));
    for _ in 0..count {
        if let Some(member) = set.random(&mut ctx.engine.random) {
            ctx.reply.bulk_str(member);
        }
        if !repeats.go_on(ctx.reply) {
            break;
        }
    }
    Ok(())
}
