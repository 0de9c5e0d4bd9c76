//! PFDEBUG and PFSELFTEST: what tests want to know of HyperLogLogs.

use super::sketches::sketch_text;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::{CommandError, repeated};
use crate::keyspace::{Slot, Update, WrongType};
use crate::types::hyperloglog::{Encoding, Observation, Registers, Run, Sketch, SketchRef};
use crate::util::random::Random;

/// PFSELFTEST writes and reads all registers so many times.
const REGISTER_ROUNDS: usize = 100;
/// How many elements PFSELFTEST adds.
const ELEMENTS: u64 = 1_000_000;

/// `PFDEBUG GETREG | DECODE | ENCODING | TODENSE key`
pub fn pfdebug(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let Slot::Occupied(update) = ctx.keys.slot(args.at(2)) else { return Err(CommandError::NoSketch) };
    let sketch = SketchRef::of(sketch_text(update.entry())?)?;
    if args.keyword("getreg") {
        let mut registers = Registers::default();
        sketch.merge_into(&mut registers)?;
        let converted = convert(update)?;
        ctx.keys.effects.add_dirty(u64::from(converted));
        ctx.reply.array(registers.ranks().len());
        registers.ranks().iter().for_each(|rank| ctx.reply.int(i64::from(*rank)));
    } else if args.keyword("decode") {
        let runs = sketch.runs().ok_or(CommandError::SketchNotSparse)?;
        ctx.reply.bulk(runs.map(shown).collect::<Vec<_>>().join(" ").as_bytes());
    } else if args.keyword("encoding") {
        ctx.reply.status(sketch.encoding().name());
    } else if args.keyword("todense") {
        let converted = convert(update)?;
        ctx.keys.effects.add_dirty(u64::from(converted));
        ctx.reply.int(i64::from(converted));
    } else {
        return Err(CommandError::PfdebugSubcommand(repeated(args.at(1))));
    }
    Ok(())
}

/// Makes a sketch dense; returns whether it was not.
fn convert(mut update: Update<'_>) -> Result<bool, CommandError> {
    let text = sketch_text(update.entry())?;
    if SketchRef::of(text)?.encoding() == Encoding::Dense {
        return Ok(false);
    }
    let mut sketch = Sketch::from_text(text)?;
    sketch.make_dense()?;
    update.string_mut().ok_or(WrongType)?.replace(sketch.text())?;
    Ok(true)
}

fn shown(run: Run) -> String {
    let Run { rank, length, is_long, .. } = run;
    match (rank, is_long) {
        (0, false) => format!("z:{length}"),
        (0, true) => format!("Z:{length}"),
        _ => format!("v:{rank},{length}"),
    }
}

/// Tests the registers and the error of estimates with random elements; takes a second or so.
pub fn pfselftest(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let mut random = Random::seeded(ctx.now_ms() as u64);
    test_registers(&mut random)?;
    test_estimates(&mut random, ctx.engine.config.encoding.hll_sparse_max_bytes)?;
    ctx.reply.ok();
    Ok(())
}

/// What is written to dense registers is read from them.
fn test_registers(random: &mut Random) -> Result<(), CommandError> {
    for _ in 0..REGISTER_ROUNDS {
        let mut written = Registers::default();
        written.ranks_mut().fill_with(|| random.next_u64() as u8 % 64);
        let mut sketch = Sketch::new();
        sketch.make_dense()?;
        sketch.become_union(&written, 0)?;
        let mut read = Registers::default();
        sketch.view().merge_into(&mut read)?;
        if let Some(register) =
            (0..written.ranks().len()).find(|at| read.ranks()[*at] != written.ranks()[*at])
        {
            let (expected, found) = (written.ranks()[register], read.ranks()[register]);
            return Err(failed(format!("Register {register} should be {expected} but is {found}")));
        }
    }
    Ok(())
}

/// Both encodings give the same estimate, and it is about right. The bounds are those of Redis: six times the
/// standard error.
fn test_estimates(random: &mut Random, sparse_bytes_max: usize) -> Result<(), CommandError> {
    let salt = random.next_u64();
    let (mut dense, mut adaptive) = (Sketch::new(), Sketch::new());
    dense.make_dense()?;
    let standard_error = 1.04 / (Registers::default().ranks().len() as f64).sqrt();
    let mut checkpoint = 1;
    for added in 1..=ELEMENTS {
        let observation = Observation::of(&(added ^ salt).to_le_bytes());
        dense.raise(observation, sparse_bytes_max)?;
        adaptive.raise(observation, sparse_bytes_max)?;
        if added != checkpoint {
            continue;
        }
        if added < sparse_bytes_max as u64 / 2 && adaptive.view().encoding() != Encoding::Sparse {
            return Err(failed("sparse encoding not used".to_owned()));
        }
        let estimate = dense.view().estimate()?;
        if adaptive.view().estimate()? != estimate {
            return Err(failed("dense/sparse disagree".to_owned()));
        }
        let error = estimate.abs_diff(added);
        // Two of ten elements in one register are unlikely, but not unheard of.
        let error_max = if added == 10 { 1 } else { (standard_error * 6.0 * added as f64).ceil() as u64 };
        if error > error_max {
            return Err(failed(format!("Too big error. card:{added} abserr:{error}")));
        }
        checkpoint *= 10;
    }
    Ok(())
}

fn failed(what: String) -> CommandError {
    CommandError::SelfTestFailed(what)
}
