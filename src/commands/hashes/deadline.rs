//! What the commands on the expiry of fields have in common: how a moment is given, which fields are meant, and
//! what follows when they get an expiry.

use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, ExpiredKeys};
use crate::types::Hash;
use crate::util::number::parse_i64;

/// No field expires later than this (in Unix milliseconds, the year 4199), as in Redis.
const DEADLINE_MS_MAX: i64 = (1 << 46) - 1;

/// How a time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    pub unit_ms: i64,
    /// Unix time; otherwise from now.
    pub is_absolute: bool,
}

pub const SECONDS: Form = Form { unit_ms: 1000, is_absolute: false };
pub const MILLISECONDS: Form = Form { unit_ms: 1, is_absolute: false };
pub const UNIX_SECONDS: Form = Form { unit_ms: 1000, is_absolute: true };
pub const UNIX_MILLISECONDS: Form = Form { unit_ms: 1, is_absolute: true };

/// A moment at which fields shall expire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadline {
    pub at_ms: i64,
    /// It is not in the future, and we are who decides on expiry: the fields are deleted at once.
    pub has_passed: bool,
}

impl Deadline {
    pub fn parse(ctx: &Ctx<'_>, time: &[u8], form: Form) -> Result<Self, CommandError> {
        let time = parse_i64(time).ok_or(CommandError::NotAnInteger)?;
        if time < 0 {
            return Err(CommandError::ExpireTimeNegative);
        }
        let base_ms = if form.is_absolute { 0 } else { ctx.now_ms() };
        let at_ms = time.checked_mul(form.unit_ms).and_then(|time_ms| time_ms.checked_add(base_ms));
        let invalid = || CommandError::InvalidExpireTime(ctx.command_name().to_owned());
        let at_ms = at_ms.filter(|at_ms| *at_ms <= DEADLINE_MS_MAX).ok_or_else(invalid)?;
        let has_passed = at_ms <= ctx.now_ms() && ctx.keys.expired_keys() == ExpiredKeys::Delete;
        Ok(Self { at_ms, has_passed })
    }

    /// Lets a field that is there expire.
    pub fn apply(self, hash: &mut Hash, field: &[u8]) {
        if self.has_passed {
            hash.remove(field);
        } else {
            hash.set_expiry_ms(field, Some(self.at_ms));
        }
    }

    /// What fields are announced to have undergone.
    pub fn event(self) -> (EventClass, &'static str) {
        (EventClass::HASH, if self.has_passed { "hdel" } else { "hexpire" })
    }

    /// Ends the change of fields that got this deadline. `previous_ms` is when the first field of the hash was to
    /// expire before. Downstream no clock is asked: fields expire at a moment, or are deleted.
    pub fn finish(self, ctx: &mut Ctx<'_>, key: &[u8], fields: &[&[u8]], previous_ms: Option<i64>) {
        if self.has_passed {
            let arguments: Vec<&[u8]> = [b"HDEL", key].into_iter().chain(fields.iter().copied()).collect();
            ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
            return;
        }
        ctx.keys.note_field_expiry(key, previous_ms);
        let (mut at_ms, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
        let (at_ms, count) = (at_ms.format(self.at_ms).as_bytes(), count.format(fields.len()).as_bytes());
        let mut arguments = vec![&b"HPEXPIREAT"[..], key, at_ms, b"FIELDS", count];
        arguments.extend_from_slice(fields);
        ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
    }
}

/// Steps over `FIELDS numfields`; the arguments behind are `per_field` for each field, and `numfields` is returned.
pub fn parse_fields(
    args: &Args<'_>,
    per_field: usize,
    not_positive: CommandError,
) -> Result<usize, CommandError> {
    if !args.keyword("fields") {
        return Err(CommandError::FieldsMissing);
    }
    let stated = args.next().ok().and_then(parse_i64).filter(|stated| *stated > 0).ok_or(not_positive)?;
    let fields = args.left() / per_field;
    if !args.left().is_multiple_of(per_field) || usize::try_from(stated) != Ok(fields) {
        return Err(CommandError::NumfieldsMismatch);
    }
    Ok(fields)
}
