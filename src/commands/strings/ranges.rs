//! APPEND, STRLEN, and the commands on parts of a value.
//!
//! What grows a value checks its new length against `proto-max-bulk-len` before anything is
//! allocated.

use super::set::new_string;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, NewString, Slot, StrRef, WrongType, zeros};
use crate::resp::Taken;

pub fn append(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limit = ctx.string_bytes_max();
    let suffix = args.take(2);
    let key = args.at(1);
    let length = match ctx.keys.slot(key) {
        Slot::Occupied(mut update) => {
            let suffix = match &suffix {
                Taken::Bytes(bytes) => bytes,
                Taken::Owned(bytes) => bytes.as_slice(),
            };
            let length = update.entry().string().ok_or(WrongType)?.len();
            let length = checked_length(length, suffix.len(), limit)?;
            update.string_mut().ok_or(WrongType)?.extend(suffix)?;
            length
        }
        Slot::Vacant(vacancy) => {
            vacancy.insert_string(new_string(suffix));
            args.original_len(2)
        }
    };
    record(ctx, key, "append");
    ctx.reply.count(length);
    Ok(())
}

pub fn strlen(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let length = ctx.keys.find_string(args.at(1))?.map_or(0, StrRef::len);
    ctx.reply.count(length);
    Ok(())
}

pub fn setrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limit = ctx.string_bytes_max();
    let key = args.next()?;
    let start = usize::try_from(args.next_int()?).map_err(|_| CommandError::OffsetOutOfRange)?;
    let part = args.next()?;
    let length = match ctx.keys.slot(key) {
        Slot::Occupied(mut update) => {
            let length = update.entry().string().ok_or(WrongType)?.len();
            if part.is_empty() {
                ctx.reply.count(length);
                return Ok(());
            }
            let end = checked_length(start, part.len(), limit)?;
            let mut text = update.string_mut().ok_or(WrongType)?;
            text.resize(length.max(end))?;
            text.bytes_mut()[start..end].copy_from_slice(part);
            length.max(end)
        }
        Slot::Vacant(_) if part.is_empty() => {
            ctx.reply.int(0);
            return Ok(());
        }
        Slot::Vacant(vacancy) => {
            let end = checked_length(start, part.len(), limit)?;
            let mut text = zeros(end)?;
            text[start..].copy_from_slice(part);
            vacancy.insert_string(NewString::Raw(text));
            end
        }
    };
    record(ctx, key, "setrange");
    ctx.reply.count(length);
    Ok(())
}

/// Also SUBSTR, its first name.
pub fn getrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let (first, last) = (args.next_int()?, args.next_int()?);
    let Some(string) = ctx.keys.find_string(key)? else {
        ctx.reply.bulk(b"");
        return Ok(());
    };
    string.with_text(|text| ctx.reply.bulk(slice(text, first, last)));
    Ok(())
}

/// The part from `first` to `last`, both included; negative ones count from the end.
fn slice(text: &[u8], first: i64, last: i64) -> &[u8] {
    // In that order the range is empty even if both were to be clamped to the first byte.
    if first < 0 && last < 0 && first > last {
        return b"";
    }
    let length = text.len() as i64;
    let from_start = |index: i64| if index < 0 { (length + index).max(0) } else { index };
    let first = from_start(first) as usize;
    let end = from_start(last).saturating_add(1).min(length) as usize;
    text.get(first..end).unwrap_or_default()
}

fn checked_length(start: usize, added: usize, limit: u64) -> Result<usize, CommandError> {
    let length = start.checked_add(added).filter(|length| *length as u64 <= limit);
    length.ok_or(CommandError::StringTooLong)
}

fn record(ctx: &mut Ctx<'_>, key: &[u8], event: &'static str) {
    let db = ctx.client.db;
    ctx.keys.effects.changed(db, key);
    ctx.keys.effects.event(EventClass::STRING, event, db, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_clamped_to_the_text() {
        let part = |first, last| str::from_utf8(slice(b"hello", first, last)).unwrap();
        assert_eq!(part(0, 3), "hell");
        assert_eq!(part(0, -1), "hello");
        assert_eq!(part(-3, -1), "llo");
        assert_eq!(part(-100, 100), "hello");
        assert_eq!(part(i64::MIN, i64::MAX), "hello");
        assert_eq!(part(5, 9), "");
        assert_eq!(part(3, 2), "");
        assert_eq!(part(-1, -3), "");
        // Both clamp to the first byte, which is therefore in the range.
        assert_eq!(part(0, -100), "h");
        assert_eq!(part(-200, -100), "h");
        assert_eq!(part(-100, -200), "");
    }

    #[test]
    fn no_range_of_an_empty_text_has_a_byte() {
        assert_eq!(slice(b"", 0, -1), b"");
        assert_eq!(slice(b"", 0, 0), b"");
    }

    #[test]
    fn a_length_beyond_the_limit_or_the_address_space_is_refused() {
        assert_eq!(checked_length(9, 1, 10), Ok(10));
        assert_eq!(checked_length(10, 1, 10), Err(CommandError::StringTooLong));
        assert_eq!(checked_length(usize::MAX, 1, u64::MAX), Err(CommandError::StringTooLong));
    }
}
