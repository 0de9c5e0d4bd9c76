//! ZADD and ZINCRBY.

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::EventClass;
use crate::resp::Reply;
use crate::types::{AddRule, Added, Zset};
use crate::util::number::parse_f64;

/// What to do with the pairs, and what to reply.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    pub rule: AddRule,
    /// CH: changed scores count like new members.
    pub counts_changed: bool,
}

/// `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]`
pub fn zadd(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args);
    let pairs = args.left() / 2;
    if !args.left().is_multiple_of(2) || pairs == 0 {
        return Err(CommandError::Syntax);
    }
    options.check(pairs)?;
    add(ctx, args, key, options)
}

/// `ZINCRBY key increment member`
pub fn zincrby(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let rule = AddRule { increments: true, ..AddRule::default() };
    add(ctx, args, key, Options { rule, counts_changed: false })
}

impl Options {
    fn parse(args: &Args<'_>) -> Self {
        let mut options = Self::default();
        let rule = &mut options.rule;
        loop {
            if args.keyword("nx") {
                rule.only_new = true;
            } else if args.keyword("xx") {
                rule.only_existing = true;
            } else if args.keyword("ch") {
                options.counts_changed = true;
            } else if args.keyword("incr") {
                rule.increments = true;
            } else if args.keyword("gt") {
                rule.only_greater = true;
            } else if args.keyword("lt") {
                rule.only_less = true;
            } else {
                return options;
            }
        }
    }

    fn check(self, pairs: usize) -> Result<(), CommandError> {
        let rule = self.rule;
        if rule.only_new && rule.only_existing {
            return Err(CommandError::XxWithNx);
        }
        if [rule.only_new, rule.only_greater, rule.only_less].into_iter().filter(|is_set| *is_set).count() > 1
        {
            return Err(CommandError::ComparisonWithNx);
        }
        if rule.increments && pairs > 1 {
            return Err(CommandError::IncrementOfSeveral);
        }
        Ok(())
    }
}

/// Adds the pairs behind the cursor.
fn add(ctx: &mut Ctx<'_>, args: &Args<'_>, key: &[u8], options: Options) -> CommandResult {
    let first = args.position();
    let members = (first + 1..args.len()).step_by(2);
    // All scores are checked before anything is changed.
    let scores: SmallVec<[f64; 4]> = (first..args.len())
        .step_by(2)
        .map(|index| parse_f64(args.at(index)).ok_or(CommandError::NotAFloat))
        .collect::<Result<_, _>>()?;

    add_elements(ctx, key, members.map(|index| args.at(index)).zip(scores), options)?;
    Ok(())
}

/// Adds members with their scores, which are not NaN, and replies. Returns how many are new or have another score.
pub fn add_elements<'a>(
    ctx: &mut Ctx<'_>,
    key: &[u8],
    elements: impl ExactSizeIterator<Item = (&'a [u8], f64)>,
    options: Options,
) -> Result<u64, CommandError> {
    let limits = ctx.engine.zset_limits();
    let mut zset = ctx.keys.edit_or_create::<Zset>(key)?;
    if zset.is_new() && options.rule.only_existing {
        reply_with(ctx.reply, options, Added::Nothing, 0);
        return Ok(0);
    }
    let members = &mut *zset;
    members.expect(elements.len(), &limits);
    let (mut added, mut changed) = (0, 0);
    let mut last = Added::Nothing;
    for (member, score) in elements {
        last = members.add(member, score, options.rule, &limits);
        added += u64::from(matches!(last, Added::New(_)));
        changed += u64::from(matches!(last, Added::New(_) | Added::Moved(_)));
    }
    if last == Added::NotANumber {
        // Only a sum can be none, and sums come alone: nothing was changed.
        return Err(CommandError::ScoreNotANumber);
    }
    if changed > 0 {
        let event = if options.rule.increments { "zincr" } else { "zadd" };
        zset.changed_by(changed, &[(EventClass::ZSET, event)]);
    }
    reply_with(ctx.reply, options, last, if options.counts_changed { changed } else { added });
    Ok(changed)
}

fn reply_with(reply: &mut Reply, options: Options, last: Added, count: u64) {
    if !options.rule.increments {
        return reply.count(count as usize);
    }
    match last {
        Added::New(score) | Added::Moved(score) | Added::Same(score) => reply.double(score),
        Added::Nothing | Added::NotANumber => reply.null(),
    }
}
