//! BITCOUNT and BITPOS: counting and searching bits, in a part of a string if one is given.

use std::ops::Range;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::types::bitmap;
use crate::util::number::parse_i64;

/// What the ends of a range count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Byte,
    Bit,
}

/// `BITCOUNT key [start end [BYTE | BIT]]`
pub fn bitcount(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    // Nothing is asked of the other arguments where there is no key.
    let Some(string) = ctx.keys.find_string(args.next()?)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let mut digits = itoa::Buffer::new();
    let text = string.text(&mut digits);
    let range = match args.left() {
        0 => 0..bitmap::bits(text),
        2 | 3 => {
            let (first, last) = (args.next_int()?, args.next_int()?);
            // Nor of the unit of a range that is empty whatever it counts.
            if first < 0 && last < 0 && first > last {
                ctx.reply.int(0);
                return Ok(());
            }
            let unit = if args.left() > 0 { Unit::next(args)? } else { Unit::Byte };
            unit.range(text, first, last)
        }
        _ => return Err(CommandError::Syntax),
    };
    ctx.reply.int(bitmap::count(text, range) as i64);
    Ok(())
}

/// `BITPOS key bit [start [end [BYTE | BIT]]]`
pub fn bitpos(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let wanted = match args.next_int()? {
        0 => false,
        1 => true,
        _ => return Err(CommandError::BitWanted),
    };
    let Some(string) = ctx.keys.find_string(key)? else {
        ctx.reply.int(if wanted { -1 } else { 0 });
        return Ok(());
    };
    let mut digits = itoa::Buffer::new();
    let text = string.text(&mut digits);
    let (range, is_open) = match args.left() {
        0 => (0..bitmap::bits(text), true),
        1 => (Unit::Byte.range(text, args.next_int()?, -1), true),
        2 => (Unit::Byte.range(text, args.next_int()?, args.next_int()?), false),
        3 => {
            let (first, last) = (args.next_int()?, args.next()?);
            let unit = Unit::next(args)?;
            let last = parse_i64(last).ok_or(CommandError::NotAnInteger)?;
            (unit.range(text, first, last), false)
        }
        _ => return Err(CommandError::Syntax),
    };
    let position = match bitmap::position(text, wanted, range.clone()) {
        Some(position) => position as i64,
        // Without an end the string goes on with zeros.
        None if is_open && !wanted && !range.is_empty() => bitmap::bits(text) as i64,
        None => -1,
    };
    ctx.reply.int(position);
    Ok(())
}

impl Unit {
    fn next(args: &Args<'_>) -> Result<Self, CommandError> {
        if args.keyword("bit") {
            Ok(Self::Bit)
        } else if args.keyword("byte") {
            Ok(Self::Byte)
        } else {
            Err(CommandError::Syntax)
        }
    }

    /// The bits from `first` to `last`, both included; negative ones count from the end of the text.
    fn range(self, text: &[u8], first: i64, last: i64) -> Range<u64> {
        let (units, bits) = match self {
            Self::Byte => (text.len() as i64, 8),
            Self::Bit => (bitmap::bits(text) as i64, 1),
        };
        let from_start = |index: i64| if index < 0 { (units + index).max(0) } else { index };
        let start = from_start(first).min(units) as u64;
        let end = from_start(last).saturating_add(1).min(units) as u64;
        start * bits..end * bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_clamped_to_the_text() {
        let text = b"foobar";
        assert_eq!(Unit::Byte.range(text, 0, -1), 0..48);
        assert_eq!(Unit::Byte.range(text, 1, 1), 8..16);
        assert_eq!(Unit::Byte.range(text, -2, i64::MAX), 32..48);
        assert_eq!(Unit::Byte.range(text, i64::MIN, -100), 0..8);
        assert_eq!(Unit::Bit.range(text, 5, -10), 5..39);
        assert!(Unit::Byte.range(text, i64::MAX, i64::MAX).is_empty());
        assert!(Unit::Bit.range(b"", 0, -1).is_empty());
    }
}
