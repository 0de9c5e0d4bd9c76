//! SETBIT and GETBIT.

use super::room::{bit_offset, record_bits, with_room};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::types::bitmap;

pub fn setbit(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let offset = bit_offset(args.next()?, ctx.string_bytes_max())?;
    let on = match args.next_int() {
        Ok(0) => false,
        Ok(1) => true,
        _ => return Err(CommandError::BitValue),
    };
    let (was, grown) =
        with_room(ctx.keys, key, offset, |text, grown| (bitmap::set_bit(text, offset, on), grown))?;
    if grown || was != on {
        record_bits(ctx, key, 1);
    }
    ctx.reply.int(i64::from(was));
    Ok(())
}

pub fn getbit(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let offset = bit_offset(args.next()?, ctx.string_bytes_max())?;
    let string = ctx.keys.find_string(key)?;
    let on = string.is_some_and(|string| string.with_text(|text| bitmap::bit(text, offset)));
    ctx.reply.int(i64::from(on));
    Ok(())
}
