//! HEXPIRE, HTTL, HPERSIST and their relatives: when fields expire. All of them answer an array with a number for
//! each field.

use super::deadline::{Deadline, Form, MILLISECONDS, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS, parse_fields};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::EventClass;
use crate::resp::Reply;
use crate::types::Hash;

/// There is no such field, or no such key.
const NO_FIELD: i64 = -2;
/// The field has no expiry.
const NO_EXPIRY: i64 = -1;
/// The condition is not met.
const NOT_SET: i64 = 0;
const SET: i64 = 1;
/// The moment has passed, so the field was deleted.
const DELETED: i64 = 2;

/// NX, XX, GT, LT; no expiry counts as one that never comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    OnlyFirst,
    OnlyReplacing,
    OnlyLater,
    OnlyEarlier,
}

impl Condition {
    fn parse(args: &Args<'_>) -> Self {
        let words = [
            ("nx", Self::OnlyFirst),
            ("xx", Self::OnlyReplacing),
            ("gt", Self::OnlyLater),
            ("lt", Self::OnlyEarlier),
        ];
        words
            .into_iter()
            .find(|(word, _)| args.keyword(word))
            .map_or(Self::Always, |(_, condition)| condition)
    }

    fn allows(self, current_ms: Option<i64>, new_ms: i64) -> bool {
        match self {
            Self::Always => true,
            Self::OnlyFirst => current_ms.is_none(),
            Self::OnlyReplacing => current_ms.is_some(),
            Self::OnlyLater => current_ms.is_some_and(|current_ms| new_ms > current_ms),
            Self::OnlyEarlier => current_ms.is_none_or(|current_ms| new_ms < current_ms),
        }
    }
}

pub fn hexpire(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, SECONDS)
}

pub fn hpexpire(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, MILLISECONDS)
}

pub fn hexpireat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, UNIX_SECONDS)
}

pub fn hpexpireat(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_expiry(ctx, args, UNIX_MILLISECONDS)
}

/// `HEXPIRE key time [NX | XX | GT | LT] FIELDS numfields field ...`
fn set_expiry(ctx: &mut Ctx<'_>, args: &Args<'_>, form: Form) -> CommandResult {
    let key = args.next()?;
    let deadline = Deadline::parse(ctx, args.next()?, form)?;
    let condition = Condition::parse(args);
    let count = parse_fields(args, 1, CommandError::NumfieldsNotPositive)?;

    let now_ms = ctx.keys.fields_now_ms();
    ctx.keys.expire_touched_fields(key, || args.rest());
    let Some(mut hash) = ctx.keys.edit::<Hash>(key)? else {
        reply_no_field(ctx.reply, count);
        return Ok(());
    };
    let previous_ms = hash.next_expiry_ms();
    let mut changed = Vec::new();
    ctx.reply.array(count);
    for field in args.rest() {
        ctx.reply.int(match hash.expiry_ms(field, now_ms) {
            None => NO_FIELD,
            Some(current_ms) if !condition.allows(current_ms, deadline.at_ms) => NOT_SET,
            Some(_) => {
                deadline.apply(&mut hash, field);
                changed.push(field);
                if deadline.has_passed { DELETED } else { SET }
            }
        });
    }
    if !changed.is_empty() {
        hash.changed_by(changed.len() as u64, &[deadline.event()]);
        deadline.finish(ctx, key, &changed, previous_ms);
    }
    Ok(())
}

/// `HPERSIST key FIELDS numfields field ...`
pub fn hpersist(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let count = parse_fields(args, 1, CommandError::NumfieldsNotPositive)?;
    let now_ms = ctx.keys.fields_now_ms();
    ctx.keys.expire_touched_fields(key, || args.rest());
    let Some(mut hash) = ctx.keys.edit::<Hash>(key)? else {
        reply_no_field(ctx.reply, count);
        return Ok(());
    };
    let mut changed = 0;
    ctx.reply.array(count);
    for field in args.rest() {
        ctx.reply.int(match hash.expiry_ms(field, now_ms) {
            None => NO_FIELD,
            Some(None) => NO_EXPIRY,
            Some(Some(_)) => {
                hash.set_expiry_ms(field, None);
                changed += 1;
                SET
            }
        });
    }
    if changed > 0 {
        hash.changed_by(changed, &[(EventClass::HASH, "hpersist")]);
    }
    Ok(())
}

pub fn httl(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiries(ctx, args, SECONDS)
}

pub fn hpttl(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiries(ctx, args, MILLISECONDS)
}

pub fn hexpiretime(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiries(ctx, args, UNIX_SECONDS)
}

pub fn hpexpiretime(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_expiries(ctx, args, UNIX_MILLISECONDS)
}

/// `HTTL key FIELDS numfields field ...`; seconds are rounded up.
fn reply_expiries(ctx: &mut Ctx<'_>, args: &Args<'_>, form: Form) -> CommandResult {
    let key = args.next()?;
    let count = parse_fields(args, 1, CommandError::NumfieldsNotPositive)?;
    let base_ms = if form.is_absolute { 0 } else { ctx.now_ms() };
    let now_ms = ctx.keys.fields_now_ms();
    let Some(hash) = ctx.keys.read::<Hash>(key)? else {
        reply_no_field(ctx.reply, count);
        return Ok(());
    };
    ctx.reply.array(count);
    for field in args.rest() {
        ctx.reply.int(match hash.expiry_ms(field, now_ms) {
            None => NO_FIELD,
            Some(None) => NO_EXPIRY,
            Some(Some(expiry_ms)) => {
                (expiry_ms - base_ms).max(0).saturating_add(form.unit_ms - 1) / form.unit_ms
            }
        });
    }
    Ok(())
}

fn reply_no_field(reply: &mut Reply, count: usize) {
    reply.array(count);
    for _ in 0..count {
        reply.int(NO_FIELD);
    }
}
