//! GEOSEARCH, GEOSEARCHSTORE, and the older GEORADIUS commands.

use std::cmp::Ordering;

use super::arguments::distance_text;
use super::query::{CenterForm, Form, Order, Query, Storing, Target};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::zsets::store::store;
use crate::ds::StrRef;
use crate::resp::Reply;
use crate::types::geo::{Area, Position};
use crate::types::{ScoreBound, ScoreRange, Zset, ZsetBuilder, ZsetLimits};

/// A member inside the area.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    member: StrRef<'a>,
    score: f64,
    position: Position,
    distance_m: f64,
    /// When it was found: that decides between equal distances.
    ordinal: usize,
}

/// `GEOSEARCH key FROMMEMBER member | FROMLONLAT longitude latitude BYRADIUS radius unit | BYBOX width height unit
/// [ASC | DESC] [COUNT count [ANY]] [WITHCOORD] [WITHDIST] [WITHHASH]`
pub fn geosearch(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Option, storing: Storing::Never })
}

/// `GEOSEARCHSTORE destination source ... [STOREDIST]`, otherwise as GEOSEARCH
pub fn geosearchstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Option, storing: Storing::Always })
}

/// `GEORADIUS key longitude latitude radius unit ... [STORE key | STOREDIST key]`
pub fn georadius(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Position, storing: Storing::Sometimes })
}

pub fn georadius_ro(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Position, storing: Storing::Never })
}

/// `GEORADIUSBYMEMBER key member radius unit ... [STORE key | STOREDIST key]`
pub fn georadiusbymember(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Member, storing: Storing::Sometimes })
}

pub fn georadiusbymember_ro(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    search(ctx, args, Form { center: CenterForm::Member, storing: Storing::Never })
}

fn search(ctx: &mut Ctx<'_>, args: &Args<'_>, form: Form) -> CommandResult {
    let source_at = if form.storing == Storing::Always { 2 } else { 1 };
    let zset = ctx.keys.read::<Zset>(args.at(source_at))?;
    let query = Query::parse(args, form, zset)?;
    let (found, unit_m) = match zset.zip(query.area()) {
        Some((zset, area)) => (find(zset, &area, &query), area.unit_m),
        None => (Vec::new(), 1.0),
    };
    let Some(target) = query.target else {
        reply_all(ctx.reply, &found, &query, unit_m);
        return Ok(());
    };
    let result = stored(&found, target, unit_m, &ctx.engine.zset_limits());
    let event = if form.center == CenterForm::Option { "geosearchstore" } else { "georadiusstore" };
    // Each element counts as a change; `store` counts one.
    let more = result.len().saturating_sub(1);
    store(ctx, target.key, result, event);
    ctx.keys.effects.add_dirty(more as u64);
    Ok(())
}

/// The members that the query wants, in its order.
fn find<'a>(zset: &'a Zset, area: &Area, query: &Query<'_>) -> Vec<Found<'a>> {
    let enough = query.count.filter(|_| query.any).unwrap_or(usize::MAX);
    let mut found: Vec<Found<'a>> = Vec::new();
    for cell in area.cells() {
        let scores = cell.scores();
        let range = ScoreRange {
            min: ScoreBound { score: scores.start, is_exclusive: false },
            max: ScoreBound { score: scores.end, is_exclusive: true },
        };
        for (member, score) in zset.ascending(zset.ranks_by_score(&range)) {
            if found.len() >= enough {
                break;
            }
            let position = Position::of_score(score);
            if let Some(distance_m) = area.distance_m(position) {
                found.push(Found { member, score, position, distance_m, ordinal: found.len() });
            }
        }
    }
    arrange(&mut found, query);
    found
}

/// Puts what was found in order and cuts it to the count. A count that is not of any means the nearest.
fn arrange(found: &mut Vec<Found<'_>>, query: &Query<'_>) {
    let implied = query.count.filter(|_| !query.any).map(|_| Order::NearestFirst);
    let count = query.count.unwrap_or(usize::MAX);
    if let Some(order) = query.order.or(implied) {
        let compare = |one: &Found<'_>, other: &Found<'_>| order.compare(one, other);
        if count < found.len() {
            found.select_nth_unstable_by(count, compare);
            found.truncate(count);
        }
        found.sort_unstable_by(compare);
    }
    found.truncate(count);
}

impl Order {
    fn compare(self, one: &Found<'_>, other: &Found<'_>) -> Ordering {
        let by_distance = one.distance_m.total_cmp(&other.distance_m);
        let by_distance = if self == Self::NearestFirst { by_distance } else { by_distance.reverse() };
        by_distance.then(one.ordinal.cmp(&other.ordinal))
    }
}

/// An array of members, or of a member with its details each.
fn reply_all(reply: &mut Reply, found: &[Found<'_>], query: &Query<'_>, unit_m: f64) {
    let details = [query.with_distance, query.with_score, query.with_position];
    let details = details.into_iter().filter(|is_wanted| *is_wanted).count();
    reply.array(found.len());
    for member in found {
        if details > 0 {
            reply.array(1 + details);
        }
        reply.bulk_str(member.member);
        if query.with_distance {
            reply.bulk(&distance_text(member.distance_m / unit_m));
        }
        if query.with_score {
            reply.int(member.score as i64);
        }
        if query.with_position {
            reply.array(2);
            reply.fixed17(member.position.longitude);
            reply.fixed17(member.position.latitude);
        }
    }
}

/// What was found as a sorted set.
fn stored(found: &[Found<'_>], target: Target<'_>, unit_m: f64, limits: &ZsetLimits) -> Zset {
    let mut builder = ZsetBuilder::new();
    for member in found {
        let score = if target.distances { member.distance_m / unit_m } else { member.score };
        builder.add(member.member, score, |first, _| first);
    }
    builder.finish(limits)
}
