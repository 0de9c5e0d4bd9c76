//! ZUNION ZINTER ZDIFF, the forms that store the result, and ZINTERCARD.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use super::inputs::{self, Input};
use super::reply::{self, Scores};
use super::store::store;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::ds::StrRef;
use crate::keyspace::Keyspace;
use crate::types::ZsetBuilder;
use crate::util::number::parse_f64;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Union,
    Intersection,
    Difference,
}

/// What happens to the result, which decides on the options there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Reply,
    Store,
    Count,
}

/// How the scores of a member in several inputs become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

/// Inputs and options of a command.
#[derive(Debug)]
struct Request {
    /// Indices of the keys among the arguments, with their weights.
    inputs: SmallVec<[(usize, f64); 4]>,
    aggregate: Aggregate,
    scores: Scores,
    /// LIMIT of ZINTERCARD; 0 is none.
    limit: usize,
}

/// An input and its weight.
type Weighted<'a> = (Input<'a>, f64);
type Inputs<'a> = SmallVec<[Weighted<'a>; 4]>;

pub fn zunion(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_with(ctx, args, Operation::Union)
}

pub fn zinter(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_with(ctx, args, Operation::Intersection)
}

pub fn zdiff(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    reply_with(ctx, args, Operation::Difference)
}

pub fn zunionstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    store_result(ctx, args, Operation::Union, "zunionstore")
}

pub fn zinterstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    store_result(ctx, args, Operation::Intersection, "zinterstore")
}

pub fn zdiffstore(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    store_result(ctx, args, Operation::Difference, "zdiffstore")
}

/// `ZINTERCARD numkeys key [key ...] [LIMIT limit]`
pub fn zintercard(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let request = Request::parse(ctx, args, Operation::Intersection, Purpose::Count)?;
    let inputs = request.inputs(ctx.keys, args, Operation::Intersection);
    let mut len = 0;
    intersect(&inputs, request.aggregate, |_, _| {
        len += 1;
        if len == request.limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    ctx.reply.count(len);
    Ok(())
}

fn reply_with(ctx: &mut Ctx<'_>, args: &Args<'_>, operation: Operation) -> CommandResult {
    let request = Request::parse(ctx, args, operation, Purpose::Reply)?;
    let result = request.combine(ctx.keys, args, operation);
    reply::elements(ctx.reply, result.len(), result.sorted(), request.scores);
    Ok(())
}

/// `ZUNIONSTORE destination numkeys key ...`
fn store_result(
    ctx: &mut Ctx<'_>,
    args: &Args<'_>,
    operation: Operation,
    event: &'static str,
) -> CommandResult {
    let destination = args.next()?;
    let request = Request::parse(ctx, args, operation, Purpose::Store)?;
    let result = request.combine(ctx.keys, args, operation).finish(&ctx.engine.zset_limits());
    store(ctx, destination, result, event);
    Ok(())
}

impl Request {
    /// Reads `numkeys key [key ...] [WEIGHTS weight ...] [AGGREGATE SUM | MIN | MAX] [WITHSCORES] [LIMIT limit]`, of
    /// the options those that the command has. A key of a wrong type is reported before a wrong option.
    fn parse(
        ctx: &mut Ctx<'_>,
        args: &Args<'_>,
        operation: Operation,
        purpose: Purpose,
    ) -> Result<Self, CommandError> {
        let numkeys = args.next_int()?;
        let numkeys = usize::try_from(numkeys).ok().filter(|numkeys| *numkeys > 0);
        let numkeys = numkeys.ok_or_else(|| CommandError::NoInputKeys(ctx.command_name().to_owned()))?;
        if numkeys > args.left() {
            return Err(CommandError::Syntax);
        }
        let first = args.position();
        inputs::check(ctx.keys, args.rest().take(numkeys))?;
        let mut request = Self {
            inputs: (first..first + numkeys).map(|index| (index, 1.0)).collect(),
            aggregate: Aggregate::Sum,
            scores: Scores::Without,
            limit: 0,
        };
        for _ in 0..numkeys {
            args.next()?;
        }
        while args.left() > 0 {
            request.parse_option(args, operation, purpose)?;
        }
        Ok(request)
    }

    fn parse_option(
        &mut self,
        args: &Args<'_>,
        operation: Operation,
        purpose: Purpose,
    ) -> Result<(), CommandError> {
        let changes_scores = operation != Operation::Difference && purpose != Purpose::Count;
        if changes_scores && args.left() > self.inputs.len() && args.keyword("weights") {
            for (_, weight) in &mut self.inputs {
                *weight = parse_f64(args.next()?).ok_or(CommandError::Weight)?;
            }
        } else if changes_scores && args.left() > 1 && args.keyword("aggregate") {
            self.aggregate = Aggregate::parse(args)?;
        } else if purpose == Purpose::Reply && args.keyword("withscores") {
            self.scores = Scores::With;
        } else if purpose == Purpose::Count && args.left() > 1 && args.keyword("limit") {
            let limit = args.next_int().ok().and_then(|limit| usize::try_from(limit).ok());
            self.limit = limit.ok_or(CommandError::NegativeLimit)?;
        } else {
            return Err(CommandError::Syntax);
        }
        Ok(())
    }

    /// The inputs, for unions and intersections the smallest first.
    fn inputs<'k>(&self, keys: &'k Keyspace, args: &Args<'_>, operation: Operation) -> Inputs<'k> {
        let inputs = self.inputs.iter();
        let mut inputs: Inputs<'_> =
            inputs.map(|(index, weight)| (Input::read(keys, args.at(*index)), *weight)).collect();
        if operation != Operation::Difference {
            inputs.sort_by_key(|(input, _)| input.len());
        }
        inputs
    }

    fn combine(&self, keys: &Keyspace, args: &Args<'_>, operation: Operation) -> ZsetBuilder {
        let inputs = self.inputs(keys, args, operation);
        match operation {
            Operation::Union => unite(&inputs, self.aggregate),
            Operation::Difference => subtract(&inputs),
            Operation::Intersection => {
                let mut result = ZsetBuilder::new();
                intersect(&inputs, self.aggregate, |member, score| {
                    result.add(member, score, |_, score| score);
                    ControlFlow::Continue(())
                });
                result
            }
        }
    }
}

fn unite(inputs: &[Weighted<'_>], aggregate: Aggregate) -> ZsetBuilder {
    let mut result = ZsetBuilder::new();
    for (input, weight) in inputs {
        input.visit(|member, score| {
            result.add(member, weighted(score, *weight), |one, other| aggregate.of(one, other));
            ControlFlow::Continue(())
        });
    }
    result
}

/// Visits the members that are in all inputs, of which the first should be the smallest.
fn intersect(
    inputs: &[Weighted<'_>],
    aggregate: Aggregate,
    mut visit: impl FnMut(StrRef<'_>, f64) -> ControlFlow<()>,
) {
    let Some(((smallest, weight), others)) = inputs.split_first() else { return };
    smallest.visit(|member, score| {
        let mut combined = weighted(score, *weight);
        for (other, weight) in others {
            let Some(score) = other.score(member) else { return ControlFlow::Continue(()) };
            combined = aggregate.of(combined, score * weight);
        }
        visit(member, combined)
    });
}

/// The elements of the first input that are in no other.
///
/// Either each of its elements is looked for in the others, or theirs are removed from a copy of it: what is less
/// work. The first is done at half the price, since it copies only what is left.
fn subtract(inputs: &[Weighted<'_>]) -> ZsetBuilder {
    let mut result = ZsetBuilder::new();
    let Some(((first, _), others)) = inputs.split_first() else { return result };
    let len_of_all: usize = inputs.iter().map(|(input, _)| input.len()).sum();
    if first.len().saturating_mul(inputs.len()) / 2 <= len_of_all {
        first.visit(|member, score| {
            if others.iter().all(|(other, _)| other.score(member).is_none()) {
                result.add(member, score, |_, score| score);
            }
            ControlFlow::Continue(())
        });
        return result;
    }
    first.visit(|member, score| {
        result.add(member, score, |_, score| score);
        ControlFlow::Continue(())
    });
    for (other, _) in others {
        other.visit(|member, _| {
            result.remove(member);
            if result.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    result
}

/// Infinity times zero counts as zero.
fn weighted(score: f64, weight: f64) -> f64 {
    let weighted = score * weight;
    if weighted.is_nan() { 0.0 } else { weighted }
}

impl Aggregate {
    fn parse(args: &Args<'_>) -> Result<Self, CommandError> {
        if args.keyword("sum") {
            Ok(Self::Sum)
        } else if args.keyword("min") {
            Ok(Self::Min)
        } else if args.keyword("max") {
            Ok(Self::Max)
        } else {
            Err(CommandError::Syntax)
        }
    }

    fn of(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Min => {
                if other < one {
                    other
                } else {
                    one
                }
            }
            Self::Max => {
                if other > one {
                    other
                } else {
                    one
                }
            }
            Self::Sum => {
                let sum = one + other;
                // Infinities of opposite signs.
                if sum.is_nan() { 0.0 } else { sum }
            }
        }
    }
}
