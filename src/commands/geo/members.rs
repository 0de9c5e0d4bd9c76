//! GEOADD, and what is known of single members: GEODIST, GEOHASH, GEOPOS.

use smallvec::SmallVec;

use super::arguments::{distance_text, next_position, next_unit_m};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::zsets::add::{Options, add_elements};
use crate::types::Zset;
use crate::types::geo::Position;

/// `GEOADD key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]`: a ZADD, whose scores are
/// positions.
pub fn geoadd(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let options = parse_options(args);
    let elements_at = args.position();
    let is_whole = args.left() > 0 && args.left().is_multiple_of(3);
    if !is_whole || options.rule.only_new && options.rule.only_existing {
        return Err(CommandError::Syntax);
    }
    let mut elements: SmallVec<[(&[u8], f64); 4]> = SmallVec::new();
    while args.left() > 0 {
        let score = next_position(args)?.score();
        elements.push((args.next()?, score as f64));
    }
    let changed = add_elements(ctx, key, elements.iter().copied(), options)?;
    if changed > 0 {
        propagate(ctx, args, elements_at, &elements);
    }
    Ok(())
}

/// `GEODIST key member member [m | km | ft | mi]`
pub fn geodist(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, one, other) = (args.next()?, args.next()?, args.next()?);
    let unit_m = match args.left() {
        0 => 1.0,
        1 => next_unit_m(args)?,
        _ => return Err(CommandError::Syntax),
    };
    let zset = ctx.keys.read::<Zset>(key)?;
    match position_of(zset, one).zip(position_of(zset, other)) {
        Some((one, other)) => ctx.reply.bulk(&distance_text(one.distance_m(other) / unit_m)),
        None => ctx.reply.null(),
    }
    Ok(())
}

/// `GEOHASH key [member ...]`
pub fn geohash(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let zset = ctx.keys.read::<Zset>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        match position_of(zset, member) {
            Some(position) => ctx.reply.bulk(&position.geohash()),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// `GEOPOS key [member ...]`
pub fn geopos(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let zset = ctx.keys.read::<Zset>(args.next()?)?;
    ctx.reply.array(args.left());
    for member in args.rest() {
        match position_of(zset, member) {
            Some(position) => {
                ctx.reply.array(2);
                ctx.reply.fixed17(position.longitude);
                ctx.reply.fixed17(position.latitude);
            }
            None => ctx.reply.null_array(),
        }
    }
    Ok(())
}

/// Where a member is, if it is there.
pub fn position_of(zset: Option<&Zset>, member: &[u8]) -> Option<Position> {
    zset?.score(member).map(Position::of_score)
}

fn parse_options(args: &Args<'_>) -> Options {
    let mut options = Options::default();
    loop {
        if args.keyword("nx") {
            options.rule.only_new = true;
        } else if args.keyword("xx") {
            options.rule.only_existing = true;
        } else if args.keyword("ch") {
            options.counts_changed = true;
        } else {
            return options;
        }
    }
}

/// As ZADD, with the options as they were.
fn propagate(ctx: &mut Ctx<'_>, args: &Args<'_>, elements_at: usize, elements: &[(&[u8], f64)]) {
    let mut scores: SmallVec<[_; 4]> = elements.iter().map(|_| itoa::Buffer::new()).collect();
    let key_and_options = (1..elements_at).map(|index| args.at(index));
    let mut command: SmallVec<[&[u8]; 16]> = std::iter::once(&b"zadd"[..]).chain(key_and_options).collect();
    for ((member, score), digits) in elements.iter().zip(&mut scores) {
        command.extend([digits.format(*score as u64).as_bytes(), member]);
    }
    ctx.keys.effects.propagate_as(ctx.client.db, &command);
}
