//! BITFIELD and BITFIELD_RO: several reads and writes of integers of any width in one string.

use smallvec::SmallVec;

use super::room::{field_offset, record_bits, with_room};
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::command::access::{ACCESS, RO, RW, UPDATE};
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::key_extraction::{KeyPosition, Keys, Line};
use crate::types::bitfield::{FieldType, Overflow};

/// One subcommand.
#[derive(Debug, Clone, Copy)]
struct Step {
    action: Action,
    field: FieldType,
    offset: u64,
}

#[derive(Debug, Clone, Copy)]
enum Action {
    Get,
    Set(i64, Overflow),
    Add(i64, Overflow),
}

type Steps = SmallVec<[Step; 4]>;

/// `BITFIELD key [GET type offset | [OVERFLOW WRAP|SAT|FAIL] SET type offset value | INCRBY type offset increment] ...`
pub fn bitfield(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let steps = parse(args, ctx.string_bytes_max())?;
    let Some(last) = steps.iter().filter_map(Step::last_written).max() else {
        return read_all(ctx, key, &steps);
    };
    let mut changes = 0;
    let mut results: SmallVec<[Option<i64>; 8]> = SmallVec::new();
    let grown = with_room(ctx.keys, key, last, |text, grown| {
        for step in &steps {
            let done = step.perform(text);
            changes += u64::from(done.writes && (grown || done.differs));
            results.push(done.result);
        }
        grown
    })?;
    if changes > 0 {
        record_bits(ctx, key, changes);
    } else if grown {
        // Every write failed, but replicas must have the zeros too. No event tells of them.
        ctx.keys.effects.changed(ctx.client.db, key);
    }
    ctx.reply.array(results.len());
    for result in results {
        match result {
            Some(number) => ctx.reply.int(number),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

/// As BITFIELD with nothing but GET, so that replicas may execute it.
pub fn bitfield_ro(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let steps = parse(args, ctx.string_bytes_max())?;
    if steps.iter().any(|step| step.last_written().is_some()) {
        return Err(CommandError::BitfieldReadOnly);
    }
    read_all(ctx, key, &steps)
}

/// BITFIELD's key: only read if there is nothing but GET.
pub fn keys(line: &dyn Line) -> Option<Keys> {
    let mut index = 2;
    let mut reads_only = true;
    while reads_only && index < line.len() {
        let word = line.word(index);
        let left = line.len() - index - 1;
        if word.eq_ignore_ascii_case(b"get") && left >= 2 {
            index += 3;
        } else if word.eq_ignore_ascii_case(b"overflow") && left >= 1 {
            index += 2;
        } else {
            reads_only = false;
        }
    }
    let access = if reads_only { RO | ACCESS } else { RW | ACCESS | UPDATE };
    Some(Keys::from_iter([KeyPosition { index: 1, access }]))
}

fn parse(args: &Args<'_>, string_bytes_max: u64) -> Result<Steps, CommandError> {
    let mut steps = Steps::new();
    let mut overflow = Overflow::default();
    while args.left() > 0 {
        // A subcommand without all of its arguments is not one.
        let left = args.left() - 1;
        if left >= 2 && args.keyword("get") {
            let (field, offset) = next_place(args, string_bytes_max)?;
            steps.push(Step { action: Action::Get, field, offset });
        } else if left >= 3 && args.keyword("set") {
            let (field, offset) = next_place(args, string_bytes_max)?;
            steps.push(Step { action: Action::Set(args.next_int()?, overflow), field, offset });
        } else if left >= 3 && args.keyword("incrby") {
            let (field, offset) = next_place(args, string_bytes_max)?;
            steps.push(Step { action: Action::Add(args.next_int()?, overflow), field, offset });
        } else if left >= 1 && args.keyword("overflow") {
            overflow = next_overflow(args)?;
        } else {
            return Err(CommandError::Syntax);
        }
    }
    Ok(steps)
}

fn next_place(args: &Args<'_>, string_bytes_max: u64) -> Result<(FieldType, u64), CommandError> {
    let field = FieldType::parse(args.next()?).ok_or(CommandError::FieldType)?;
    let offset = field_offset(args.next()?, field.bits(), string_bytes_max)?;
    Ok((field, offset))
}

fn next_overflow(args: &Args<'_>) -> Result<Overflow, CommandError> {
    let kinds = [("wrap", Overflow::Wrap), ("sat", Overflow::Saturate), ("fail", Overflow::Fail)];
    let chosen = kinds.into_iter().find(|(word, _)| args.keyword(word));
    chosen.map(|(_, overflow)| overflow).ok_or(CommandError::OverflowType)
}

/// A missing key is all zeros.
fn read_all(ctx: &mut Ctx<'_>, key: &[u8], steps: &Steps) -> CommandResult {
    let string = ctx.keys.find_string(key)?;
    let mut digits = itoa::Buffer::new();
    let text = string.map_or(&b""[..], |string| string.text(&mut digits));
    ctx.reply.array(steps.len());
    for step in steps {
        ctx.reply.int(step.field.read(text, step.offset));
    }
    Ok(())
}

/// What became of a step.
struct Done {
    /// `None` if the number did not fit.
    result: Option<i64>,
    writes: bool,
    /// The number written is not the one that was there.
    differs: bool,
}

impl Step {
    /// The last bit that a write needs; `None` for a read.
    fn last_written(&self) -> Option<u64> {
        match self.action {
            Action::Get => None,
            Action::Set(..) | Action::Add(..) => Some(self.offset + self.field.bits() - 1),
        }
    }

    fn perform(&self, text: &mut [u8]) -> Done {
        let old = self.field.read(text, self.offset);
        let (new, result) = match self.action {
            Action::Get => return Done { result: Some(old), writes: false, differs: false },
            Action::Set(value, overflow) => {
                let new = self.field.fit(value, overflow);
                (new, new.map(|_| old))
            }
            Action::Add(increment, overflow) => {
                let new = self.field.add(old, increment, overflow);
                (new, new)
            }
        };
        if let Some(new) = new {
            self.field.write(text, self.offset, new);
        }
        Done { result, writes: new.is_some(), differs: new.is_some_and(|new| new != old) }
    }
}
