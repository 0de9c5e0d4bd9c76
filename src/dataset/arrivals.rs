//! Entries on their way into the keyspace.
//!
//! What an insertion reads is hardly ever near the processor, and to wait for it takes longer than all the rest. So
//! a few entries wait instead, while the memory for them is on its way.

use std::collections::VecDeque;

use super::ReadError;
use crate::keyspace::{Entry, Keyspace};

/// So many entries wait: enough for the memory to arrive, and few enough for it to be there still.
const WAITING_MAX: usize = 16;
/// When as many wait from an entry on, its bucket has arrived, and what stands behind the bucket is asked for.
const HALFWAY: usize = WAITING_MAX / 2;

/// Entries that wait for their insertion into the selected database.
#[derive(Debug)]
pub(super) struct Arrivals {
    waiting: VecDeque<Arrival>,
    /// Whether a key may be there already, and is replaced.
    replace: bool,
}

#[derive(Debug)]
struct Arrival {
    entry: Entry,
    hash: u64,
    /// Where its value begins in the stream.
    offset: u64,
}

impl Arrivals {
    pub fn new(replace: bool) -> Self {
        Self { waiting: VecDeque::with_capacity(WAITING_MAX), replace }
    }

    /// Adds an entry, and inserts the one that has waited longest if there are enough. An error is about that one.
    pub fn push(&mut self, keys: &mut Keyspace, entry: Entry, offset: u64) -> Result<(), ReadError> {
        if self.waiting.len() == WAITING_MAX {
            self.insert_first(keys)?;
        }
        let db = keys.selected();
        let hash = keys.prefetch_bucket(db, entry.view().key());
        self.waiting.push_back(Arrival { entry, hash, offset });
        if let Some(halfway) = self.waiting.len().checked_sub(HALFWAY).and_then(|at| self.waiting.get(at)) {
            keys.prefetch_entry(db, halfway.hash);
        }
        Ok(())
    }

    /// Inserts all that wait.
    pub fn finish(&mut self, keys: &mut Keyspace) -> Result<(), ReadError> {
        while !self.waiting.is_empty() {
            self.insert_first(keys)?;
        }
        Ok(())
    }

    fn insert_first(&mut self, keys: &mut Keyspace) -> Result<(), ReadError> {
        let Some(Arrival { entry, hash, offset }) = self.waiting.pop_front() else { return Ok(()) };
        match keys.insert_hashed(hash, entry) {
            Some(old) if !self.replace => {
                let key = String::from_utf8_lossy(old.view().key()).into_owned();
                Err(ReadError::Duplicate { key, db: keys.selected(), offset })
            }
            _ => Ok(()),
        }
    }
}
