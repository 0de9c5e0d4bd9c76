//! HSETEX, HGETEX, HGETDEL: values of fields, together with their expiry.

use super::deadline::{Deadline, Form, MILLISECONDS, SECONDS, UNIX_MILLISECONDS, UNIX_SECONDS, parse_fields};
use super::read::reply_value;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{Edit, EventClass};
use crate::types::{FieldExpiry, Hash, HashLimits};

/// What a request says of the expiry. The argument with the time is read last, since every syntax error comes
/// before an error in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lifetime {
    Unsaid,
    /// KEEPTTL of HSETEX, PERSIST of HGETEX.
    Special,
    Until {
        form: Form,
        argument: usize,
    },
}

impl Lifetime {
    /// Reads an option if it is one that says something of the expiry; there may be one of them.
    fn parse(self, args: &Args<'_>, special: &'static str) -> Result<Option<Self>, CommandError> {
        let forms =
            [("ex", SECONDS), ("px", MILLISECONDS), ("exat", UNIX_SECONDS), ("pxat", UNIX_MILLISECONDS)];
        let form = forms.into_iter().find(|(word, _)| args.keyword(word)).map(|(_, form)| form);
        let said = match form {
            Some(form) => {
                let argument = args.position();
                args.next()?;
                Self::Until { form, argument }
            }
            None if args.keyword(special) => Self::Special,
            None => return Ok(None),
        };
        if self == Self::Unsaid { Ok(Some(said)) } else { Err(CommandError::FieldExpiries { or: special }) }
    }

    fn deadline(self, ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Option<Deadline>, CommandError> {
        match self {
            Self::Until { form, argument } => Deadline::parse(ctx, args.at(argument), form).map(Some),
            Self::Unsaid | Self::Special => Ok(None),
        }
    }
}

/// FNX and FXX: whether none or all of the fields must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Condition {
    Always,
    NoneExists,
    AllExist,
}

impl Condition {
    /// Reads an option if it is one of these; there may be one of them.
    fn parse(self, args: &Args<'_>) -> Result<Option<Self>, CommandError> {
        let words = [("fnx", Self::NoneExists), ("fxx", Self::AllExist)];
        let said = words.into_iter().find(|(word, _)| args.keyword(word)).map(|(_, condition)| condition);
        if said.is_some() && self != Self::Always { Err(CommandError::FieldConditions) } else { Ok(said) }
    }

    fn is_met(self, hash: &Hash, fields: &[&[u8]], now_ms: i64) -> bool {
        match self {
            Self::Always => true,
            Self::NoneExists => !fields.iter().any(|field| hash.contains(field, now_ms)),
            Self::AllExist => fields.iter().all(|field| hash.contains(field, now_ms)),
        }
    }
}

/// `HSETEX key [FNX | FXX] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL] FIELDS numfields field value ...`
pub fn hsetex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let (mut condition, mut lifetime) = (Condition::Always, Lifetime::Unsaid);
    while !args.peek_is("fields") && args.left() > 0 {
        if let Some(said) = condition.parse(args)? {
            condition = said;
        } else {
            lifetime = lifetime.parse(args, "KEEPTTL")?.ok_or(CommandError::UnknownArgument)?;
        }
    }
    parse_fields(args, 2, CommandError::InvalidFieldCount)?;
    let deadline = lifetime.deadline(ctx, args)?;
    let expiry = if lifetime == Lifetime::Special { FieldExpiry::Keep } else { FieldExpiry::Clear };

    let (limits, now_ms) = (ctx.engine.hash_limits(), ctx.keys.fields_now_ms());
    let mut fields: Vec<&[u8]> = args.rest().step_by(2).collect();
    ctx.keys.expire_touched_fields(key, || fields.iter().copied());
    let mut hash = ctx.keys.edit_or_create::<Hash>(key)?;
    let may_set = condition.is_met(&hash, &fields, now_ms);
    ctx.reply.int(may_set.into());
    if !may_set {
        return Ok(());
    }
    let previous_ms = hash.next_expiry_ms();
    if deadline.is_some_and(|deadline| deadline.has_passed) {
        // The new values would be gone at once: what remains is that the old ones are.
        fields.retain(|field| hash.remove(field));
        if fields.is_empty() {
            return Ok(());
        }
        hash.changed_by(fields.len() as u64, &[(EventClass::HASH, "hdel")]);
    } else {
        store(hash, args, (expiry, deadline), limits);
        if deadline.is_some() {
            let arguments: Vec<&[u8]> = [b"HSET", key].into_iter().chain(args.rest()).collect();
            ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
        }
    }
    if let Some(deadline) = deadline {
        deadline.finish(ctx, key, &fields, previous_ms);
    }
    Ok(())
}

/// Sets the fields with the values that are left in the arguments.
fn store(
    mut hash: Edit<'_, Hash>,
    args: &Args<'_>,
    (expiry, deadline): (FieldExpiry, Option<Deadline>),
    limits: HashLimits,
) {
    let arguments: Vec<&[u8]> = args.rest().collect();
    let longest = arguments.iter().map(|argument| argument.len()).max().unwrap_or(0);
    let pairs = arguments.chunks_exact(2);
    let count = pairs.len();
    hash.make_room(count, longest, limits);
    for pair in pairs {
        hash.insert(pair[0], pair[1], expiry, limits);
        if let Some(deadline) = deadline {
            deadline.apply(&mut hash, pair[0]);
        }
    }
    let set = (EventClass::HASH, "hset");
    match deadline {
        Some(deadline) => hash.changed_by(count as u64, &[set, deadline.event()]),
        None => hash.changed_by(count as u64, &[set]),
    };
}

/// `HGETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST] FIELDS numfields field ...`
pub fn hgetex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let mut lifetime = Lifetime::Unsaid;
    while !args.peek_is("fields") && args.left() > 0 {
        lifetime = lifetime.parse(args, "PERSIST")?.ok_or(CommandError::UnknownArgument)?;
    }
    let count = parse_fields(args, 1, CommandError::InvalidFieldCount)?;
    let deadline = lifetime.deadline(ctx, args)?;
    let now_ms = ctx.keys.fields_now_ms();
    ctx.keys.expire_touched_fields(key, || args.rest());
    let mut hash = ctx.keys.edit::<Hash>(key)?;
    let previous_ms = hash.as_ref().and_then(|hash| hash.next_expiry_ms());
    let mut changed = Vec::new();
    ctx.reply.array(count);
    for field in args.rest() {
        reply_value(ctx.reply, hash.as_ref().and_then(|hash| hash.get(field, now_ms)));
        let Some(hash) = hash.as_mut() else { continue };
        match (hash.expiry_ms(field, now_ms), deadline) {
            (Some(_), Some(deadline)) => deadline.apply(hash, field),
            (Some(Some(_)), None) if lifetime == Lifetime::Special => {
                hash.set_expiry_ms(field, None);
            }
            _ => continue,
        }
        changed.push(field);
    }
    let Some(hash) = hash.filter(|_| !changed.is_empty()) else { return Ok(()) };
    let event = deadline.map_or((EventClass::HASH, "hpersist"), Deadline::event);
    hash.changed_by(changed.len() as u64, &[event]);
    if let Some(deadline) = deadline {
        deadline.finish(ctx, key, &changed, previous_ms);
    } else {
        let mut count = itoa::Buffer::new();
        let mut arguments = vec![&b"HPERSIST"[..], key, b"FIELDS", count.format(changed.len()).as_bytes()];
        arguments.append(&mut changed);
        ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
    }
    Ok(())
}

/// `HGETDEL key FIELDS numfields field ...`
pub fn hgetdel(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let count = parse_fields(args, 1, CommandError::FieldCountNotPositive)?;
    let now_ms = ctx.keys.fields_now_ms();
    ctx.keys.expire_touched_fields(key, || args.rest());
    let mut hash = ctx.keys.edit::<Hash>(key)?;
    let mut deleted: Vec<&[u8]> = vec![b"HDEL", key];
    ctx.reply.array(count);
    for field in args.rest() {
        reply_value(ctx.reply, hash.as_ref().and_then(|hash| hash.get(field, now_ms)));
        if hash.as_mut().is_some_and(|hash| hash.remove(field)) {
            deleted.push(field);
        }
    }
    let fields = deleted.len() - 2;
    if let Some(hash) = hash.filter(|_| fields > 0) {
        hash.changed_by(fields as u64, &[(EventClass::HASH, "hdel")]);
        ctx.keys.effects.propagate_as(ctx.client.db, &deleted);
    }
    Ok(())
}
