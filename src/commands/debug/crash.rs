//! The words of DEBUG that end the process, to try what is reported of a crash.

use std::alloc::{Layout, handle_alloc_error};

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::sys::signals::crash_on_purpose;

pub fn segfault(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    crash_on_purpose()
}

#[expect(clippy::panic, reason = "this is what was asked for")]
pub fn panic(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    panic!("DEBUG PANIC called at Unix time {}", ctx.now_ms() / 1000)
}

#[expect(clippy::panic, reason = "this is what was asked for")]
pub fn assert(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    panic!("=== ASSERTION FAILED === by DEBUG ASSERT")
}

/// As an allocation that fails would.
pub fn out_of_memory(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    handle_alloc_error(Layout::new::<[u8; 1 << 46]>())
}
