//! Where replaced and deleted values are dropped: here, or on the helper thread if that takes long.

use crate::engine::Engine;
use crate::keyspace::{Entry, Object};

/// A value of fewer allocations is freed faster than it is handed over.
const EFFORT_MIN: usize = 64;

/// Drops an entry. `lazy` is what the command or a `lazyfree-*` directive says.
pub fn free(engine: &Engine, entry: Entry, lazy: bool) {
    let effort = entry.view().object().map_or(1, Object::free_effort);
    if lazy && effort > EFFORT_MIN {
        engine.worker.drop_later(entry);
    } else {
        drop(entry);
    }
}
