//! Each policy's order of victims, and what it leaves alone.

use super::*;
use crate::keyspace::aging::{lfu_bits, lru_bits_of_idle};
use crate::keyspace::database::Expiry;
use crate::keyspace::value::NewString;

const NOW_MS: i64 = 1_700_000_000_000;
const LFU: Aging = Aging::Lfu { log_factor: 10, decay_minutes: 1 };

/// 40 keys over two databases; even ones have an expiry. `access` gives the bits of a key.
fn keyspace(access: impl Fn(u64) -> u32) -> Keyspace {
    let mut keyspace = Keyspace::new(2, (1, 2));
    for number in 0..40_u64 {
        keyspace.begin(number as usize % 3 / 2, NOW_MS, false);
        let expiry = if number % 2 == 0 { Expiry::At(NOW_MS + 1000 - number as i64) } else { Expiry::Clear };
        let key = format!("{number:02}");
        keyspace.set_string(key.as_bytes(), NewString::Int(0), expiry);
        keyspace.find_for_update(key.as_bytes()).unwrap().set_access(access(number));
    }
    keyspace
}

fn evict_all(keyspace: &mut Keyspace, policy: EvictionPolicy, samples: usize) -> Vec<u64> {
    let mut evictor = Evictor::default();
    let mut evicted = Vec::new();
    while let Some((_, entry)) = evictor.evict_one(keyspace, policy, samples) {
        evicted.push(std::str::from_utf8(entry.view().key()).unwrap().parse().unwrap());
    }
    keyspace.assert_invariants();
    evicted
}

fn is_descending(numbers: &[u64]) -> bool {
    numbers.windows(2).all(|pair| pair[0] > pair[1])
}

#[test]
fn with_samples_enough_the_least_recently_used_key_goes_first() {
    let mut keyspace = keyspace(|number| lru_bits_of_idle(number, NOW_MS));
    let evicted = evict_all(&mut keyspace, EvictionPolicy::AllKeysLru, 64);
    assert_eq!(evicted.len(), 40);
    assert!(is_descending(&evicted), "{evicted:?}");
    assert_eq!(keyspace.statistics.evicted, 40);
}

#[test]
fn with_samples_enough_the_least_frequently_used_key_goes_first() {
    let mut keyspace = keyspace(|number| lfu_bits(NOW_MS, 100 - number as u8));
    keyspace.set_aging(LFU);
    let evicted = evict_all(&mut keyspace, EvictionPolicy::VolatileLfu, 64);
    assert_eq!(evicted, (0..40).rev().filter(|number| number % 2 == 0).collect::<Vec<_>>());
}

#[test]
fn the_key_that_expires_first_goes_first() {
    let mut keyspace = keyspace(|_| 0);
    let evicted = evict_all(&mut keyspace, EvictionPolicy::VolatileTtl, 64);
    assert_eq!(evicted, (0..40).rev().filter(|number| number % 2 == 0).collect::<Vec<_>>());
}

#[test]
fn volatile_policies_leave_other_keys_alone() {
    for policy in [EvictionPolicy::VolatileLru, EvictionPolicy::VolatileRandom] {
        let mut keyspace = keyspace(|number| lru_bits_of_idle(number, NOW_MS));
        let mut evicted = evict_all(&mut keyspace, policy, 5);
        evicted.sort_unstable();
        assert_eq!(evicted, (0..40).filter(|number| number % 2 == 0).collect::<Vec<_>>());
    }
}

#[test]
fn few_samples_evict_everything_in_the_end_and_random_does_too() {
    for policy in [EvictionPolicy::AllKeysLru, EvictionPolicy::AllKeysLfu, EvictionPolicy::AllKeysRandom] {
        let mut keyspace = keyspace(|number| lru_bits_of_idle(number, NOW_MS));
        assert_eq!(evict_all(&mut keyspace, policy, 1).len(), 40);
    }
}

#[test]
fn no_eviction_evicts_nothing() {
    let mut keyspace = keyspace(|_| 0);
    assert_eq!(evict_all(&mut keyspace, EvictionPolicy::NoEviction, 5), []);
}

#[test]
fn a_pooled_key_that_is_gone_is_skipped() {
    let mut keyspace = keyspace(|number| lru_bits_of_idle(number, NOW_MS));
    let mut evictor = Evictor::default();
    evictor.evict_one(&mut keyspace, EvictionPolicy::AllKeysLru, 64);
    drop(keyspace.flush(None));
    keyspace.begin(0, NOW_MS, true);
    keyspace.set_string(b"survivor", NewString::Int(1), Expiry::Clear);
    let (db, entry) = evictor.evict_one(&mut keyspace, EvictionPolicy::AllKeysLru, 5).unwrap();
    assert_eq!((db, entry.view().key()), (0, &b"survivor"[..]));
}
