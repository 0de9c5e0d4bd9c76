//! Hides the memory latency of pipelines: the keys of several requests are looked for together, so that
//! the processor fetches their buckets and entries while it still parses, instead of once per request.
//!
//! These are hints: a wrong guess (after SELECT, say) costs a little time and changes nothing.

use super::command::{Begin, Find, KeySpec};
use super::registry::Registry;
use crate::engine::CommandId;
use crate::keyspace::Keyspace;
use crate::resp::Request;

/// Keys of one request that are looked for; the first ones of MGET and MSET.
const KEYS_PER_REQUEST_MAX: usize = 10;

/// Hashes of the keys of a batch of requests.
#[derive(Debug, Default)]
pub struct Prefetch {
    hashes: Vec<u64>,
}

impl Prefetch {
    /// Asks for the buckets of a request's keys; returns the command, so that it is looked up once.
    pub fn add(
        &mut self,
        keys: &Keyspace,
        registry: &Registry,
        db: usize,
        request: &Request<'_>,
    ) -> Option<CommandId> {
        let id = registry.lookup(request)?;
        if let Some(spec) = registry.command(id).keys.first() {
            self.add_keys(keys, db, spec, request);
        }
        Some(id)
    }

    fn add_keys(&mut self, keys: &Keyspace, db: usize, spec: &KeySpec, request: &Request<'_>) {
        let (Begin::Index(first), Find::Range { last, step, .. }) = (spec.begin, spec.find) else { return };
        let end = if last < 0 { request.len() } else { first + last as usize + 1 };
        for index in (first..end).step_by(step.max(1)).take(KEYS_PER_REQUEST_MAX) {
            let Some(key) = request.argument(index) else { return };
            self.hashes.push(keys.prefetch_bucket(db, key));
        }
    }

    /// Asks for the entries, whose buckets have arrived by now; the batch is complete.
    pub fn finish(&mut self, keys: &Keyspace, db: usize) {
        for hash in self.hashes.drain(..) {
            keys.prefetch_entry(db, hash);
        }
    }
}
