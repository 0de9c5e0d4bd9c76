//! SET and its relatives: commands that replace a whole value.

use super::get::reply_string;
use super::lifetime::{Form, Lifetime, deadline_ms};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::command::access::{ACCESS, OW, RW, UPDATE};
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::free::free_object;
use crate::commands::key_extraction::{KeyPosition, Keys, Line};
use crate::keyspace::{EventClass, Expiry, Keyspace, NewString, Slot};
use crate::resp::Taken;

/// What a SET demands of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Condition {
    #[default]
    None,
    /// NX
    Missing,
    /// XX
    Present,
}

#[derive(Debug, Default)]
struct Options {
    condition: Condition,
    /// GET: the reply is the old value.
    get: bool,
    lifetime: Lifetime,
}

/// `SET key value [NX | XX] [GET] [EX seconds | PX ms | EXAT s | PXAT ms | KEEPTTL]`
pub fn set(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.len() > 3 {
        let options = Options::parse(args)?;
        return set_with(ctx, args, 2, &options);
    }
    let value = new_string(args.take(2));
    store(ctx, args.at(1), value, Expiry::Clear);
    ctx.reply.ok();
    Ok(())
}

/// SET's key: replaced, but with GET also read.
pub fn keys(line: &dyn Line) -> Option<Keys> {
    let reads = (3..line.len()).any(|index| line.word(index).eq_ignore_ascii_case(b"get"));
    let access = if reads { RW | ACCESS | UPDATE } else { OW | UPDATE };
    Some(Keys::from_iter([KeyPosition { index: 1, access }]))
}

pub fn setex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_with(ctx, args, 3, &Options::until(Form::Seconds, 2))
}

pub fn psetex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    set_with(ctx, args, 3, &Options::until(Form::Milliseconds, 2))
}

pub fn setnx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let value = new_string(args.take(2));
    let key = args.at(1);
    let Slot::Vacant(vacancy) = ctx.keys.slot(key) else {
        ctx.reply.int(0);
        return Ok(());
    };
    vacancy.insert_string(value);
    record_set(ctx, key);
    ctx.reply.int(1);
    Ok(())
}

pub fn getset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_string(ctx, args.at(1))?;
    let value = new_string(args.take(2));
    store(ctx, args.at(1), value, Expiry::Clear);
    ctx.keys.effects.propagate_as(ctx.client.db, &[b"SET", args.at(1), args.at(2)]);
    Ok(())
}

pub fn mset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    expect_pairs(ctx, args)?;
    store_pairs(ctx, args);
    ctx.reply.ok();
    Ok(())
}

/// Stores all pairs, or none if any key exists. A key that is given twice gets its last value.
pub fn msetnx(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    expect_pairs(ctx, args)?;
    for index in (1..args.len()).step_by(2) {
        if ctx.keys.find_for_update(args.at(index)).is_some() {
            ctx.reply.int(0);
            return Ok(());
        }
    }
    store_pairs(ctx, args);
    ctx.reply.int(1);
    Ok(())
}

impl Options {
    fn until(form: Form, argument: usize) -> Self {
        Self { lifetime: Lifetime::Until { form, argument }, ..Self::default() }
    }

    /// Reads what follows key and value.
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        let (_key, _value) = (args.next()?, args.next()?);
        while args.left() > 0 {
            if args.keyword("nx") {
                options.demand(Condition::Missing)?;
            } else if args.keyword("xx") {
                options.demand(Condition::Present)?;
            } else if args.keyword("get") {
                options.get = true;
            } else if args.keyword("keepttl") {
                options.lifetime.choose(Lifetime::Keep)?;
            } else {
                options.lifetime.choose_time(args)?;
            }
        }
        Ok(options)
    }

    fn demand(&mut self, condition: Condition) -> Result<(), CommandError> {
        if self.condition != Condition::None && self.condition != condition {
            return Err(CommandError::Syntax);
        }
        self.condition = condition;
        Ok(())
    }
}

impl Condition {
    fn holds(self, keys: &mut Keyspace, key: &[u8]) -> bool {
        match self {
            Self::None => true,
            Self::Missing => keys.find_for_update(key).is_none(),
            Self::Present => keys.find_for_update(key).is_some(),
        }
    }
}

/// SET with options; the value is argument `value_at`.
fn set_with(ctx: &mut Ctx<'_>, args: &mut Args<'_>, value_at: usize, options: &Options) -> CommandResult {
    let expiry = match options.lifetime {
        Lifetime::Until { form, argument } => Expiry::At(deadline_ms(ctx, form, args.at(argument))?),
        Lifetime::Keep => Expiry::Keep,
        Lifetime::Unsaid | Lifetime::Persist => Expiry::Clear,
    };
    if options.get {
        reply_string(ctx, args.at(1))?;
    }
    if !options.condition.holds(ctx.keys, args.at(1)) {
        if !options.get {
            ctx.reply.null();
        }
        return Ok(());
    }
    let value = new_string(args.take(value_at));
    store(ctx, args.at(1), value, expiry);
    if let Expiry::At(_) = expiry {
        ctx.keys.effects.event(EventClass::GENERIC, "expire", ctx.client.db, args.at(1));
    }
    propagate(ctx, args, value_at, options, expiry);
    if !options.get {
        ctx.reply.ok();
    }
    Ok(())
}

/// Replicas and the log get the moment of expiry rather than a duration, and nothing that asks for a reply.
fn propagate(ctx: &mut Ctx<'_>, args: &Args<'_>, value_at: usize, options: &Options, expiry: Expiry) {
    let db = ctx.client.db;
    let effects = &mut ctx.keys.effects;
    match (options.lifetime, expiry) {
        (Lifetime::Until { form: Form::UnixMilliseconds, .. }, _) => {}
        (_, Expiry::At(at_ms)) => {
            let mut digits = itoa::Buffer::new();
            let at_ms = digits.format(at_ms).as_bytes();
            effects.propagate_as(db, &[b"SET", args.at(1), args.at(value_at), b"PXAT", at_ms]);
        }
        _ if options.get => {
            let is_get =
                |(index, argument): &(usize, &[u8])| *index > 2 && argument.eq_ignore_ascii_case(b"get");
            let rest = args.all().enumerate().filter(|numbered| !is_get(numbered));
            effects.propagate_as(db, &rest.map(|(_, argument)| argument).collect::<Vec<_>>());
        }
        _ => {}
    }
}

fn expect_pairs(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<(), CommandError> {
    if args.len() % 2 == 1 { Ok(()) } else { Err(CommandError::Arity(ctx.command_name().to_owned())) }
}

fn store_pairs(ctx: &mut Ctx<'_>, args: &mut Args<'_>) {
    for index in (1..args.len()).step_by(2) {
        let value = new_string(args.take(index + 1));
        store(ctx, args.at(index), value, Expiry::Clear);
    }
}

/// Makes a key this string, whatever it was.
#[inline]
fn store(ctx: &mut Ctx<'_>, key: &[u8], value: NewString<'_>, expiry: Expiry) {
    if let Some(replaced) = ctx.keys.set_string(key, value, expiry) {
        let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
        free_object(&ctx.engine.worker, replaced, lazy);
    }
    record_set(ctx, key);
}

#[inline]
fn record_set(ctx: &mut Ctx<'_>, key: &[u8]) {
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::STRING, "set", db, key);
}

/// An argument as a value.
pub fn new_string(taken: Taken<'_>) -> NewString<'_> {
    match taken {
        Taken::Bytes(bytes) => NewString::Bytes(bytes),
        Taken::Owned(bytes) => NewString::Owned(bytes),
    }
}
