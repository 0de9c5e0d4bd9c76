//! PFADD, PFCOUNT, PFMERGE.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::{EntryRef, EventClass, NewString, Slot, StrRef, Update, WrongType};
use crate::types::hyperloglog::{
    DenseMut, Encoding, Observation, Registers, Sketch, SketchError, SketchRef, set_cached,
};

/// `PFADD key [element ...]`
pub fn pfadd(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let sparse_bytes_max = ctx.engine.config.encoding.hll_sparse_max_bytes;
    let key = args.next()?;
    let observations = args.rest().map(Observation::of);
    let raised = match ctx.keys.slot(key) {
        Slot::Occupied(update) => raise_in(update, observations, sparse_bytes_max)?,
        Slot::Vacant(vacancy) => {
            let mut sketch = Sketch::new();
            let raised = raise_all(&mut sketch, observations, sparse_bytes_max)?;
            sketch.invalidate_cached();
            vacancy.insert_string(NewString::Raw(sketch.into_text()));
            1 + raised
        }
    };
    if raised > 0 {
        record_added(ctx, key, raised);
    }
    ctx.reply.int(i64::from(raised > 0));
    Ok(())
}

/// `PFCOUNT key ...`
pub fn pfcount(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let elements = if args.left() > 1 {
        let mut union = Registers::default();
        merge_keys(ctx, args.rest(), &mut union)?;
        union.estimate()
    } else {
        count_one(ctx, args.next()?)?
    };
    ctx.reply.int(elements as i64);
    Ok(())
}

/// `PFMERGE destination [source ...]`
pub fn pfmerge(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let sparse_bytes_max = ctx.engine.config.encoding.hll_sparse_max_bytes;
    let mut union = Registers::default();
    let some_dense = merge_keys(ctx, args.rest(), &mut union)?;
    let destination = args.next()?;

    let mut sketch = match ctx.keys.reread(destination) {
        Some(entry) => Sketch::from_text(sketch_text(entry)?)?,
        None => Sketch::new(),
    };
    if some_dense {
        sketch.make_dense()?;
    }
    sketch.become_union(&union, sparse_bytes_max)?;
    sketch.invalidate_cached();
    match ctx.keys.slot(destination) {
        Slot::Occupied(mut update) => update.string_mut().ok_or(WrongType)?.replace(sketch.text())?,
        Slot::Vacant(vacancy) => vacancy.insert_string(NewString::Raw(sketch.into_text())),
    }
    record_added(ctx, destination, 1);
    ctx.reply.ok();
    Ok(())
}

/// The text of an entry that may be a sketch. An integer is not one.
pub fn sketch_text(entry: EntryRef<'_>) -> Result<&[u8], CommandError> {
    match entry.string() {
        Some(StrRef::Bytes(text)) => Ok(text),
        Some(StrRef::Int(_)) => Err(CommandError::NotASketch),
        None => Err(CommandError::WrongType),
    }
}

fn raise_all(
    sketch: &mut Sketch,
    observations: impl Iterator<Item = Observation>,
    sparse_bytes_max: usize,
) -> Result<u64, SketchError> {
    let mut raised = 0;
    for observation in observations {
        raised += u64::from(sketch.raise(observation, sparse_bytes_max)?);
    }
    Ok(raised)
}

/// A dense sketch is changed in place; a sparse one is small, and is replaced as a whole if it can be changed.
fn raise_in(
    mut update: Update<'_>,
    observations: impl Iterator<Item = Observation>,
    sparse_bytes_max: usize,
) -> Result<u64, CommandError> {
    let text = sketch_text(update.entry())?;
    if SketchRef::of(text)?.encoding() == Encoding::Sparse {
        let mut sketch = Sketch::from_text(text)?;
        let raised = raise_all(&mut sketch, observations, sparse_bytes_max)?;
        if raised > 0 {
            update.string_mut().ok_or(WrongType)?.replace(sketch.text())?;
        }
        return Ok(raised);
    }
    let mut text = update.string_mut().ok_or(WrongType)?;
    let mut sketch = DenseMut::of(text.bytes_mut()).ok_or(CommandError::NotASketch)?;
    Ok(observations.filter(|observation| sketch.raise(*observation)).count() as u64)
}

/// The estimate of one sketch, which is kept in it.
fn count_one(ctx: &mut Ctx<'_>, key: &[u8]) -> Result<u64, CommandError> {
    let Some(entry) = ctx.keys.find(key) else { return Ok(0) };
    let sketch = SketchRef::of(sketch_text(entry)?)?;
    if let Some(elements) = sketch.cached() {
        return Ok(elements);
    }
    let elements = sketch.estimate()?;
    if let Slot::Occupied(mut update) = ctx.keys.slot(key) {
        set_cached(update.string_mut().ok_or(WrongType)?.bytes_mut(), elements);
    }
    // Not an event to tell of, but the string is another one.
    ctx.keys.effects.changed(ctx.client.db, key);
    Ok(elements)
}

/// Merges the sketches of several keys, of which some may be missing; returns whether any of them is dense.
fn merge_keys<'a>(
    ctx: &mut Ctx<'_>,
    keys: impl Iterator<Item = &'a [u8]>,
    union: &mut Registers,
) -> Result<bool, CommandError> {
    let mut some_dense = false;
    for key in keys {
        let Some(entry) = ctx.keys.find(key) else { continue };
        let sketch = SketchRef::of(sketch_text(entry)?)?;
        sketch.merge_into(union)?;
        some_dense |= sketch.encoding() == Encoding::Dense;
    }
    Ok(some_dense)
}

fn record_added(ctx: &mut Ctx<'_>, key: &[u8], units: u64) {
    let db = ctx.client.db;
    ctx.keys.effects.touched(db, key);
    ctx.keys.effects.add_dirty(units);
    ctx.keys.effects.event(EventClass::STRING, "pfadd", db, key);
}
