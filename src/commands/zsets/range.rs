//! ZRANGE, its older relatives, and ZRANGESTORE.

use std::ops::Range;

use super::interval::Interval;
use super::reply::{self, Scores};
use super::store::store;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::types::{Elements, Zset, ZsetBuilder};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Rank,
    Score,
    Text,
}

/// What the command's name has decided already, so that no option can.
#[derive(Debug, Clone, Copy)]
struct Fixed {
    by: Option<By>,
    is_reversed: Option<bool>,
    /// Scores are stored and need not be asked for.
    stores: bool,
}

impl Fixed {
    const NOTHING: Self = Self { by: None, is_reversed: None, stores: false };

    const fn to(by: By, is_reversed: bool) -> Self {
        Self { by: Some(by), is_reversed: Some(is_reversed), stores: false }
    }
}

/// Which elements, in which order.
#[derive(Debug, Clone, Copy)]
struct Query<'a> {
    interval: Interval<'a>,
    is_reversed: bool,
    /// LIMIT: elements to skip, and how many to take (all, if negative).
    offset: i64,
    count: i64,
    scores: Scores,
}

/// `ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]`
pub fn zrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::NOTHING)
}

pub fn zrevrange(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::to(By::Rank, true))
}

pub fn zrangebyscore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::to(By::Score, false))
}

pub fn zrevrangebyscore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::to(By::Score, true))
}

pub fn zrangebylex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::to(By::Text, false))
}

pub fn zrevrangebylex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_range(ctx, args, Fixed::to(By::Text, true))
}

/// `ZRANGESTORE dst src min max [BYSCORE | BYLEX] [REV] [LIMIT offset count]`
pub fn zrangestore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (destination, source) = (args.next()?, args.next()?);
    let query = Query::parse(args, Fixed { stores: true, ..Fixed::NOTHING })?;
    let mut result = ZsetBuilder::new();
    if let Some(zset) = ctx.keys.read::<Zset>(source)? {
        for (member, score) in query.elements(zset, query.select(zset)) {
            result.add(member, score, |_, score| score);
        }
    }
    let result = result.finish(&ctx.engine.zset_limits());
    store(ctx, destination, result, "zrangestore");
    Ok(())
}

fn reply_range(ctx: &mut Ctx<'_>, args: &Args<'_>, fixed: Fixed) -> CommandResult {
    let key = args.next()?;
    let query = Query::parse(args, fixed)?;
    let Some(zset) = ctx.keys.read::<Zset>(key)? else {
        ctx.reply.array(0);
        return Ok(());
    };
    let ranks = query.select(zset);
    reply::elements(ctx.reply, ranks.len(), query.elements(zset, ranks), query.scores);
    Ok(())
}

impl<'a> Query<'a> {
    /// Reads what follows the key.
    fn parse(args: &'a Args<'_>, fixed: Fixed) -> Result<Self, CommandError> {
        let (from, to) = (args.next()?, args.next()?);
        let mut by = fixed.by;
        let mut is_reversed = fixed.is_reversed;
        let (mut offset, mut count) = (0, -1);
        let mut scores = Scores::Without;
        while args.left() > 0 {
            if !fixed.stores && args.keyword("withscores") {
                scores = Scores::With;
            } else if args.left() > 2 && args.keyword("limit") {
                (offset, count) = (args.next_int()?, args.next_int()?);
            } else if fixed.is_reversed.is_none() && args.keyword("rev") {
                is_reversed = Some(true);
            } else if by.is_none() && args.keyword("bylex") {
                by = Some(By::Text);
            } else if by.is_none() && args.keyword("byscore") {
                by = Some(By::Score);
            } else {
                return Err(CommandError::Syntax);
            }
        }
        let by = by.unwrap_or(By::Rank);
        let is_reversed = is_reversed.unwrap_or(false);
        if by == By::Rank && count != -1 {
            return Err(CommandError::LimitOfRanks);
        }
        if by == By::Text && scores == Scores::With {
            return Err(CommandError::ScoresOfTexts);
        }
        // In a reversed interval of scores or texts the maximum comes first.
        let (min, max) = if is_reversed { (to, from) } else { (from, to) };
        let interval = match by {
            By::Rank => Interval::of_ranks(from, to)?,
            By::Score => Interval::of_scores(min, max)?,
            By::Text => Interval::of_texts(min, max)?,
        };
        Ok(Self { interval, is_reversed, offset, count, scores })
    }

    /// The ranks of the wanted elements, counted from the lowest score.
    fn select(&self, zset: &Zset) -> Range<usize> {
        let ranks = if self.is_reversed {
            self.interval.ranks_reversed_in(zset)
        } else {
            self.interval.ranks_in(zset)
        };
        if matches!(self.interval, Interval::Ranks { .. }) {
            return ranks;
        }
        // A negative offset skips everything.
        let skipped = usize::try_from(self.offset).unwrap_or(usize::MAX).min(ranks.len());
        let left = ranks.len() - skipped;
        let taken = usize::try_from(self.count).unwrap_or(usize::MAX).min(left);
        if self.is_reversed {
            let end = ranks.end - skipped;
            end - taken..end
        } else {
            let start = ranks.start + skipped;
            start..start + taken
        }
    }

    fn elements<'z>(&self, zset: &'z Zset, ranks: Range<usize>) -> Elements<'z> {
        if self.is_reversed { zset.descending(ranks) } else { zset.ascending(ranks) }
    }
}
