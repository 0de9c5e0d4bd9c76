//! DEBUG POPULATE, and the self-test of patterns: work on made-up data.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::commands::help::wrong_subcommand_arguments;
use crate::keyspace::{Expiry, NewString};
use crate::util::glob;

/// How many patterns the self-test tries.
const PATTERNS: usize = 100_000;
/// Longest pattern and text of the self-test.
const TEST_BYTES_MAX: u64 = 32;

pub fn populate(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.len() > 5 {
        return Err(wrong_subcommand_arguments(args));
    }
    let count = positive(args)?;
    let prefix = if args.left() > 0 { args.next()? } else { b"key" };
    let bytes = if args.left() > 0 { positive(args)? } else { 0 };
    if bytes > ctx.engine.config.limits.bulk_bytes {
        return Err(CommandError::ValueOutOfRange);
    }
    let db = ctx.client.db;
    for number in 0..count {
        let key = [prefix, format!(":{number}").as_bytes()].concat();
        if ctx.keys.exists(&key) {
            continue;
        }
        let mut value = format!("value:{number}").into_bytes();
        if bytes > 0 {
            value.resize(bytes as usize, 0);
        }
        ctx.keys.set_string(&key, NewString::Owned(value), Expiry::Clear);
        // Not replicated, and not counted as a change to be saved.
        ctx.keys.effects.touched(db, &key);
    }
    ctx.reply.ok();
    Ok(())
}

fn positive(args: &Args<'_>) -> Result<u64, CommandError> {
    let number = args.next_int().ok().and_then(|number| u64::try_from(number).ok());
    number.ok_or(CommandError::MustBePositive)
}

pub fn match_random_patterns(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let random = &mut ctx.engine.random;
    let mut bytes = || {
        let mut bytes = vec![0; random.below(TEST_BYTES_MAX) as usize];
        random.fill(&mut bytes);
        // Seven bits, so that the special characters come up.
        for byte in &mut bytes {
            *byte &= 0x7f;
        }
        bytes
    };
    for _ in 0..PATTERNS {
        let (pattern, text) = (bytes(), bytes());
        let _ = std::hint::black_box(glob::matches(&pattern, &text, false));
    }
    ctx.reply.status("Apparently Redis did not crash: test passed");
    Ok(())
}
