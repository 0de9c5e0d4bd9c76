//! LINDEX, LSET, LINSERT, LREM, LPOS.

use std::ops::ControlFlow;

use super::shared::next_at_least;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::ds::listpack::Matcher;
use crate::keyspace::EventClass;
use crate::types::{End, List};

/// `LINDEX key index`
pub fn lindex(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Some(list) = ctx.keys.read::<List>(args.next()?)? else {
        ctx.reply.null();
        return Ok(());
    };
    let found = list.get(args.next_int()?, |value| ctx.reply.bulk_str(value));
    if found.is_none() {
        ctx.reply.null();
    }
    Ok(())
}

/// `LSET key index element`
pub fn lset(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let limits = ctx.engine.list_limits();
    let mut list = ctx.keys.edit::<List>(args.next()?)?.ok_or(CommandError::NoSuchKey)?;
    if !list.set(args.next_int()?, args.next()?, &limits) {
        return Err(CommandError::IndexOutOfRange);
    }
    list.changed(EventClass::LIST, "lset");
    ctx.reply.ok();
    Ok(())
}

/// `LINSERT key BEFORE | AFTER pivot element`
pub fn linsert(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let side = if args.keyword("after") {
        End::Back
    } else if args.keyword("before") {
        End::Front
    } else {
        return Err(CommandError::Syntax);
    };
    let (pivot, element) = (args.next()?, args.next()?);

    let limits = ctx.engine.list_limits();
    let Some(mut list) = ctx.keys.edit::<List>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    if !list.insert(side, pivot, element, &limits) {
        ctx.reply.int(-1);
        return Ok(());
    }
    ctx.reply.count(list.len());
    list.changed(EventClass::LIST, "linsert");
    Ok(())
}

/// `LREM key count element`
pub fn lrem(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, count, element) = (args.next()?, args.next_int()?, args.next()?);
    let limits = ctx.engine.list_limits();
    let Some(mut list) = ctx.keys.edit::<List>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let end = if count < 0 { End::Back } else { End::Front };
    let count_max = match usize::try_from(count.unsigned_abs()) {
        Ok(count @ 1..) => count,
        _ => usize::MAX,
    };
    let removed = list.remove_equal(element, end, count_max, &limits);
    if removed > 0 {
        list.changed_by(removed as u64, &[(EventClass::LIST, "lrem")]);
    }
    ctx.reply.count(removed);
    Ok(())
}

/// `LPOS key element [RANK rank] [COUNT count] [MAXLEN len]`
pub fn lpos(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (key, element) = (args.next()?, args.next()?);
    let search = Search::parse(args)?;
    let list = ctx.keys.read::<List>(key)?;
    match (search.count, list) {
        (None, None) => ctx.reply.null(),
        (Some(_), None) => ctx.reply.array(0),
        (None, Some(list)) => {
            let mut found = None;
            search.run(list, element, |index| found = Some(index));
            match found {
                Some(index) => ctx.reply.count(index),
                None => ctx.reply.null(),
            }
        }
        (Some(_), Some(list)) => ctx.reply.array_of_unknown(|reply| {
            let mut matches = 0;
            search.run(list, element, |index| {
                reply.count(index);
                matches += 1;
            });
            matches
        }),
    }
    Ok(())
}

/// What LPOS looks for.
#[derive(Debug)]
struct Search {
    /// The end to begin at.
    end: End,
    /// The first match that counts, from 1.
    rank: u64,
    /// How many matches; 0 is all. Not given: one, which is not replied as an array.
    count: Option<usize>,
    /// How many elements to look at.
    elements_max: usize,
}

impl Search {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        let mut search = Self { end: End::Front, rank: 1, count: None, elements_max: usize::MAX };
        while args.left() > 0 {
            if args.left() == 1 {
                return Err(CommandError::Syntax);
            } else if args.keyword("rank") {
                let rank = match args.next_int()? {
                    0 => return Err(CommandError::RankZero),
                    i64::MIN => {
                        return Err(CommandError::ValueMustBeBetween { min: -i64::MAX, max: i64::MAX });
                    }
                    rank => rank,
                };
                search.end = if rank < 0 { End::Back } else { End::Front };
                search.rank = rank.unsigned_abs();
            } else if args.keyword("count") {
                search.count = Some(next_at_least(args, 0, CommandError::CountNegative)?);
            } else if args.keyword("maxlen") {
                search.elements_max = match next_at_least(args, 0, CommandError::MaxlenNegative)? {
                    0 => usize::MAX,
                    max => max,
                };
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(search)
    }

    /// Shows the indexes of the matches that count.
    fn run(&self, list: &List, element: &[u8], mut show: impl FnMut(usize)) {
        let matcher = Matcher::new(element);
        let len = list.len();
        let (start, towards) = match self.end {
            End::Front => (0, End::Back),
            End::Back => (len - 1, End::Front),
        };
        let matches_max = match self.count {
            None => 1,
            Some(0) => usize::MAX,
            Some(count) => count,
        };
        let (mut seen, mut matches, mut shown) = (0, 0, 0);
        let _ = list.visit(start, towards, |value| {
            if matcher.matches(value) {
                matches += 1;
                if matches >= self.rank {
                    show(if self.end == End::Front { seen } else { len - 1 - seen });
                    shown += 1;
                }
            }
            seen += 1;
            if shown == matches_max || seen == self.elements_max {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
    }
}
