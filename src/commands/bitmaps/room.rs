//! Bit offsets as clients give them, and strings long enough for them.

use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EventClass, Keyspace, NewString, Slot, WrongType, zeros};
use crate::util::number::parse_i64;

/// A bit offset, within the longest string there may be.
pub fn bit_offset(argument: &[u8], string_bytes_max: u64) -> Result<u64, CommandError> {
    let offset = parse_i64(argument).and_then(|offset| u64::try_from(offset).ok());
    offset.filter(|offset| offset / 8 < string_bytes_max).ok_or(CommandError::BitOffset)
}

/// As [`bit_offset`]; `#3` is the offset of the fourth of several fields of `bits` bits.
pub fn field_offset(argument: &[u8], bits: u64, string_bytes_max: u64) -> Result<u64, CommandError> {
    let Some(number) = argument.strip_prefix(b"#") else { return bit_offset(argument, string_bytes_max) };
    let offset =
        bit_offset(number, u64::MAX)?.checked_mul(bits).filter(|offset| i64::try_from(*offset).is_ok());
    offset.filter(|offset| offset / 8 < string_bytes_max).ok_or(CommandError::BitOffset)
}

/// Lets `change` work on the text of a string that reaches at least to the bit `last`; a missing key is made. It
/// is also told whether the text has grown for it.
pub fn with_room<R>(
    keys: &mut Keyspace,
    key: &[u8],
    last: u64,
    change: impl FnOnce(&mut [u8], bool) -> R,
) -> Result<R, CommandError> {
    let bytes_min = (last / 8) as usize + 1;
    match keys.slot(key) {
        Slot::Occupied(mut update) => {
            let mut text = update.string_mut().ok_or(WrongType)?;
            let grows = text.len() < bytes_min;
            if grows {
                text.resize(bytes_min)?;
            }
            Ok(change(text.bytes_mut(), grows))
        }
        Slot::Vacant(vacancy) => {
            let mut text = zeros(bytes_min)?;
            let result = change(&mut text, true);
            vacancy.insert_string(NewString::Raw(text));
            Ok(result)
        }
    }
}

/// Records that bits of a key were changed, by so many units of the dirty counter.
pub fn record_bits(ctx: &mut Ctx<'_>, key: &[u8], units: u64) {
    let db = ctx.client.db;
    ctx.keys.effects.touched(db, key);
    ctx.keys.effects.add_dirty(units);
    ctx.keys.effects.event(EventClass::STRING, "setbit", db, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_lies_within_the_longest_string() {
        assert_eq!(bit_offset(b"79", 10), Ok(79));
        for wrong in ["80", "-1", "9223372036854775808", "", "1x", "#1"] {
            assert_eq!(bit_offset(wrong.as_bytes(), 10), Err(CommandError::BitOffset), "{wrong}");
        }
        assert_eq!(bit_offset(b"9223372036854775807", u64::MAX), Ok(i64::MAX as u64));
    }

    #[test]
    fn an_offset_may_count_fields() {
        assert_eq!(field_offset(b"#3", 16, 10), Ok(48));
        assert_eq!(field_offset(b"3", 16, 10), Ok(3));
        for wrong in ["#5", "#-1", "##1", "#", "#2305843009213693952"] {
            assert_eq!(field_offset(wrong.as_bytes(), 16, 10), Err(CommandError::BitOffset), "{wrong}");
        }
        assert_eq!(field_offset(b"#1152921504606846976", 8, u64::MAX), Err(CommandError::BitOffset));
    }
}
