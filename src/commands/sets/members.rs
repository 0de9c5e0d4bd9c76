//! SADD SREM SMOVE SCARD SISMEMBER SMISMEMBER SMEMBERS SSCAN: commands on the members of single sets.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::keys::scan::{ScanOptions, parse_cursor, reply_with_page};
use crate::keyspace::{EventClass, StrRef};
use crate::resp::Reply;
use crate::types::Set;

pub fn sadd(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limits = ctx.engine.set_limits();
    let mut set = ctx.keys.edit_or_create::<Set>(args.next()?)?;
    let members = &mut *set;
    members.expect(StrRef::of(args.at(2)), args.left(), &limits);
    let added = args.rest().filter(|member| members.insert(StrRef::of(member), &limits)).count();
    if added > 0 {
        set.changed_by(added as u64, &[(EventClass::SET, "sadd")]);
    }
    ctx.reply.count(added);
    Ok(())
}

pub fn srem(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(mut set) = ctx.keys.edit::<Set>(args.next()?)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let members = &mut *set;
    let removed = args.rest().filter(|member| members.remove(StrRef::of(member))).count();
    if removed > 0 {
        set.changed_by(removed as u64, &[(EventClass::SET, "srem")]);
    }
    ctx.reply.count(removed);
    Ok(())
}

pub fn smove(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (from, to, member) = (args.at(1), args.at(2), StrRef::of(args.at(3)));
    let limits = ctx.engine.set_limits();
    let Some(source) = ctx.keys.edit::<Set>(from)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let is_there = source.contains(member);
    drop(source);
    // The type of the target counts even if there is nothing to move.
    ctx.keys.edit::<Set>(to)?;

    if is_there && from != to {
        if let Some(mut source) = ctx.keys.edit::<Set>(from)? {
            source.remove(member);
            source.changed(EventClass::SET, "srem");
        }
        let mut target = ctx.keys.edit_or_create::<Set>(to)?;
        if target.is_new() {
            target.expect(member, 1, &limits);
        }
        if target.insert(member, &limits) {
            target.changed(EventClass::SET, "sadd");
        }
    }
    ctx.reply.int(i64::from(is_there));
    Ok(())
}

pub fn scard(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let len = ctx.keys.read::<Set>(args.at(1))?.map_or(0, Set::len);
    ctx.reply.count(len);
    Ok(())
}

pub fn sismember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let set = ctx.keys.read::<Set>(args.at(1))?;
    let is_member = set.is_some_and(|set| set.contains(StrRef::of(args.at(2))));
    ctx.reply.int(i64::from(is_member));
    Ok(())
}

pub fn smismember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let set = ctx.keys.read::<Set>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        let is_member = set.is_some_and(|set| set.contains(StrRef::of(member)));
        ctx.reply.int(i64::from(is_member));
    }
    Ok(())
}

pub fn smembers(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    match ctx.keys.read::<Set>(args.at(1))? {
        Some(set) => {
            ctx.reply.set(set.len());
            set.iter().for_each(|member| ctx.reply.bulk_str(member));
        }
        None => ctx.reply.set(0),
    }
    Ok(())
}

/// `SSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn sscan(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let cursor = parse_cursor(args.next()?)?;
    let mut page = Reply::new(ctx.reply.protocol);
    let (mut next, mut len) = (0, 0);
    // Without a set, what else the client says does not matter.
    if let Some(set) = ctx.keys.read::<Set>(key)? {
        let options = ScanOptions::parse(args, |_| Ok(false))?;
        next = set.scan(cursor, options.count, |member| {
            if member.with_text(|text| options.pattern.matches(text)) {
                page.bulk_str(member);
                len += 1;
            }
        });
    }
    reply_with_page(ctx.reply, next, len, page);
    Ok(())
}
