//! Room under `maxmemory`: evicts keys until the memory in use is below the limit.
//!
//! **Policy**, as in Redis 7.2. Memory is looked at before every command. What must go goes at once, but one
//! call takes no longer than `maxmemory-eviction-tenacity` allows; then commands are admitted although memory
//! is short, and the loop goes on evicting in its next turns. Only when nothing is left that the policy allows
//! to evict are commands refused that may use more. Nothing is evicted during a pause or while loading.
//!
//! Unlike Redis, nobody sleeps for memory that the helper thread is about to free: as long as it has work,
//! memory counts as being made, and the loop looks again.

use super::effects::{declare_interest, perform_beside};
use super::free::free;
use crate::config::Memory;
use crate::engine::{Engine, Session};
use crate::keyspace::{Aging, EvictionPolicy, Keyspace};
use crate::sys::clock;
use crate::sys::memory::used_memory;

/// The clock is read, and effects are performed, once per so many keys.
const KEYS_PER_ROUND: usize = 16;

/// What became of the memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// It is below the limit.
    Enough,
    /// It will be soon: the loop goes on.
    Coming,
    /// Nothing can be evicted.
    None,
}

/// Evicts until memory is below the limit; false if nothing more can be evicted. `executing` is the client
/// that wants to execute a command: it is not in the table, and may watch what is evicted.
pub fn make_room(keys: &mut Keyspace, engine: &mut Engine, executing: Option<&mut Session>) -> bool {
    let now_ms = engine.clock.unix_ms();
    if engine.snapshots.is_loading() || engine.pause.at(now_ms).is_some() {
        engine.eviction.goes_on = false;
        return true;
    }
    let limit = engine.config.memory.maxmemory_bytes;
    let room = if limit == 0 || counted_bytes(engine) <= limit {
        Room::Enough
    } else {
        evict_down_to(limit, keys, engine, executing)
    };
    engine.eviction.goes_on = room == Room::Coming;
    engine.eviction.note(room != Room::Enough, engine.clock.monotonic_us());
    room != Room::None
}

#[cold]
fn evict_down_to(
    limit: u64,
    keys: &mut Keyspace,
    engine: &mut Engine,
    mut executing: Option<&mut Session>,
) -> Room {
    if engine.config.memory.policy == EvictionPolicy::NoEviction {
        return Room::None;
    }
    let started_us = clock::now_us();
    let budget_us = time_limit_us(engine.config.memory.eviction_tenacity);
    keys.begin(keys.selected(), engine.clock.unix_ms(), true);
    declare_interest(keys, engine);
    // What evictions cause (messages to subscribers, say) takes memory, too. It is not paid for with more
    // keys: what deleting frees is compared with what had to be freed in the beginning.
    let mut excess = counted_bytes(engine) as i64 - limit as i64;
    let room = loop {
        let ended = evict_round(&mut excess, keys, engine);
        perform_beside(keys, engine, executing.as_deref_mut());
        match ended {
            Some(room) => break room,
            // The helper thread has freed what is not in our account.
            None if counted_bytes(engine) <= limit => break Room::Enough,
            None if clock::now_us() - started_us > budget_us => break Room::Coming,
            None => {}
        }
    };
    let ended_us = clock::now_us();
    engine.note_latency("eviction-cycle", ended_us - started_us);
    room
}

/// Memory in use, but for what evicting would only make more of: the deletions that are to be written.
fn counted_bytes(engine: &Engine) -> u64 {
    used_memory().saturating_sub(engine.downstream.aof.allocated_bytes()) as u64
}

/// A few keys; how it ended, if it did. `excess` is the number of bytes still to be freed.
fn evict_round(excess: &mut i64, keys: &mut Keyspace, engine: &mut Engine) -> Option<Room> {
    let policy = engine.config.memory.policy;
    let samples = engine.config.memory.samples as usize;
    let lazily = engine.config.memory.lazyfree_lazy_eviction;
    let watches_latency = engine.config.observe.latency_monitor_threshold_ms > 0;
    for _ in 0..KEYS_PER_ROUND {
        let started_us = if watches_latency { clock::now_us() } else { 0 };
        let Some((_, entry)) = engine.eviction.evictor.evict_one(keys, policy, samples) else {
            // The helper thread may be freeing what was deleted before.
            return Some(if engine.worker.pending() > 0 { Room::Coming } else { Room::None });
        };
        // From here: to record the eviction takes memory, too, until it has been performed.
        let used_before = used_memory() as i64;
        free(&engine.worker, entry, lazily);
        *excess -= used_before - used_memory() as i64;
        if watches_latency {
            engine.note_latency("eviction-del", clock::now_us() - started_us);
        }
        if *excess <= 0 {
            return Some(Room::Enough);
        }
    }
    None
}

/// What the access bits of keys mean under a configuration.
pub fn aging_of(memory: &Memory) -> Aging {
    if memory.policy.is_lfu() {
        Aging::Lfu { log_factor: memory.lfu_log_factor, decay_minutes: memory.lfu_decay_minutes }
    } else {
        Aging::Lru
    }
}

/// How long one call may evict: up to half a millisecond at the default tenacity of 10, from there 15 % more
/// per step, and without an end at 100.
fn time_limit_us(tenacity: u32) -> u64 {
    match tenacity {
        0..=10 => 50 * u64::from(tenacity),
        11..100 => (500.0 * 1.15_f64.powi(tenacity as i32 - 10)) as u64,
        _ => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenacity_becomes_time_as_in_redis() {
        assert_eq!([0, 1, 10, 11, 20].map(time_limit_us), [0, 50, 500, 575, 2022]);
        // About two minutes.
        assert_eq!(time_limit_us(99) / 1_000_000, 126);
        assert_eq!(time_limit_us(100), u64::MAX);
    }
}
