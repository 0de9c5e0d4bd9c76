//! The cycle's results, its bounds and its estimates, with a clock that the test turns.

use super::*;
use crate::keyspace::database::Expiry;
use crate::keyspace::value::NewString;

const NOW_MS: i64 = 1_700_000_000_000;

fn keyspace(expired: usize, living: usize) -> Keyspace {
    let mut keyspace = Keyspace::new(2, (1, 2));
    keyspace.begin(1, NOW_MS - 10_000, true);
    for number in 0..expired {
        let key = format!("expired:{number}");
        keyspace.set_string(key.as_bytes(), NewString::Int(1), Expiry::At(NOW_MS - 1));
    }
    for number in 0..living {
        let key = format!("living:{number}");
        keyspace.set_string(key.as_bytes(), NewString::Int(1), Expiry::At(NOW_MS + 50_000));
    }
    keyspace
}

/// A clock that advances by `step_us` whenever it is read.
fn clock(step_us: u64) -> impl FnMut() -> u64 {
    let mut now_us = 0;
    move || {
        now_us += step_us;
        now_us
    }
}

const SLOW: Cycle = Cycle::Slow { budget_us: 1000 };

#[test]
fn everything_expired_goes_and_the_rest_stays() {
    let mut keyspace = keyspace(5000, 300);
    let mut expiry = ActiveExpiry::default();
    let mut handed_over = 0;
    for _ in 0..1000 {
        expiry.run(&mut keyspace, SLOW, 1, NOW_MS, clock(0), |_, _| handed_over += 1);
    }
    // Less than a tenth of stale keys may remain: sampling stops there, yet keeps turning.
    assert_eq!(handed_over, 5000);
    assert_eq!(keyspace.len(1), 300);
    assert_eq!(keyspace.statistics.expired, 5000);
    keyspace.assert_invariants();
}

#[test]
fn a_call_ends_when_its_time_is_up_and_says_that_there_is_more() {
    let mut keyspace = keyspace(5000, 0);
    let mut expiry = ActiveExpiry::default();
    let outcome = expiry.run(&mut keyspace, SLOW, 1, NOW_MS, clock(100), |_, _| {});
    assert!(outcome.more);
    // Ten rounds of twenty keys and at most one bucket over.
    assert!((200..=700).contains(&outcome.deleted), "{}", outcome.deleted);
    assert_eq!(expiry.time_cap_reached(), 1);
    assert!(expiry.stale_percent() > 4.9);
}

#[test]
fn the_fast_cycle_runs_only_after_a_cycle_that_ran_out_of_time_and_then_rests() {
    let mut keyspace = keyspace(5000, 0);
    let mut expiry = ActiveExpiry::default();
    let fast = |expiry: &mut ActiveExpiry, keyspace: &mut Keyspace| {
        expiry.run(keyspace, Cycle::Fast, 1, NOW_MS, clock(100), |_, _| {}).deleted
    };
    assert_eq!(fast(&mut expiry, &mut keyspace), 0);
    expiry.run(&mut keyspace, SLOW, 1, NOW_MS, clock(100), |_, _| {});
    assert!(fast(&mut expiry, &mut keyspace) > 0);
    assert_eq!(fast(&mut expiry, &mut keyspace), 0, "not again within twice its duration");
}

#[test]
fn a_replica_does_not_expire_on_its_own() {
    let mut keyspace = keyspace(100, 0);
    keyspace.set_expired_keys(ExpiredKeys::Hide);
    let outcome = ActiveExpiry::default().run(&mut keyspace, SLOW, 1, NOW_MS, clock(0), |_, _| {});
    assert_eq!(outcome, Outcome::default());
    assert_eq!(keyspace.len(1), 100);
}

#[test]
fn the_average_ttl_is_estimated_from_the_living() {
    let mut keyspace = keyspace(0, 200);
    ActiveExpiry::default().run(&mut keyspace, SLOW, 1, NOW_MS, clock(0), |_, _| {});
    assert_eq!(keyspace.average_ttl_ms(1), 50_000);
    assert_eq!(keyspace.average_ttl_ms(0), 0);
}

#[test]
fn the_slow_cycle_takes_a_quarter_of_the_period() {
    assert_eq!(slow_cycle_us(10, 1), 25_000);
    assert_eq!(slow_cycle_us(100, 10), 4300);
    assert_eq!(slow_cycle_us(0, 0), 250_000);
}
