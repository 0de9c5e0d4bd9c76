//! Dropping values that were deleted, overwritten, evicted or that expired: small ones on the spot, big ones
//! on the helper thread.
//!
//! Redis hands a value to its thread only where a command or a `lazyfree-*` directive says so. Here
//! a value that would stop the loop for long goes there in any case.

use crate::keyspace::{Entry, Object};
use crate::sys::worker::Worker;

/// Redis's threshold: with fewer allocations than this, handing over costs more than freeing.
const LAZY_EFFORT_MIN: usize = 65;
/// About a millisecond's worth of freeing.
const EAGER_EFFORT_MAX: usize = 10_000;

/// Drops an entry that is no longer in the keyspace. `lazy` is what the command (UNLINK) or the
/// directive that governs it (`lazyfree-lazy-server-del`, ...) says.
pub fn free(worker: &Worker, entry: Entry, lazy: bool) {
    let effort = entry.view().object().map_or(1, Object::free_effort);
    free_by_effort(worker, effort, entry, lazy);
}

/// The same for an object whose key stays.
pub fn free_object(worker: &Worker, object: Object, lazy: bool) {
    free_by_effort(worker, object.free_effort(), object, lazy);
}

fn free_by_effort(worker: &Worker, effort: usize, value: impl Send + 'static, lazy: bool) {
    if lazy && effort >= LAZY_EFFORT_MIN {
        worker.drop_later(value);
    } else if effort > EAGER_EFFORT_MAX {
        // Nobody asked for it, so it does not count as lazily freed.
        worker.drop_weighing(0, value);
    }
}
