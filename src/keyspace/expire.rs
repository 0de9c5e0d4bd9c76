//! The active expiry cycle: deletes keys whose time has come and that nobody looks up.
//!
//! **Policy**, as in Redis 7.2. Databases take turns. In each, keys with an expiry are visited bucket by bucket,
//! about 20 per round; if more than a tenth of a round was expired, another round follows, else the next
//! database is due. `active-expire-effort` (1 to 10) makes rounds longer, tolerates fewer stale keys and takes
//! more time: the slow cycle, run `hz` times a second, may take 25 % of the CPU (up to 43 %).
//! The fast cycle, run before the loop sleeps, only works if the last cycle ran out of time or the estimate of
//! stale keys is too high, and not again within twice its duration.
//!
//! **Limits**, stricter than Redis's. The caller says how long a call may take, and a call that ends early says
//! so: the loop serves its clients and calls again, rather than stopping for 25 ms. The clock is read after each
//! round. Deleted entries are handed to the caller at once, who drops them here or elsewhere, and performs their
//! effects, so that nothing accumulates.
//!
//! Knows no clock: the time comes as an argument.

use super::database::{ExpiredKeys, Keyspace};
use super::effects::Effects;
use super::entry::Entry;

/// No call goes through more databases than this, unless the last one ran out of time.
const DATABASES_PER_CALL: usize = 16;
/// Keys per round at effort 1; a quarter more per level.
const KEYS_PER_ROUND: u64 = 20;
/// Microseconds of a fast cycle at effort 1 in Redis. Here the pause of the loop is capped at the same value.
const FAST_CYCLE_US: u64 = 1000;
/// Percent of stale keys below which a database is left alone, at effort 1; one less per level.
const ACCEPTABLE_STALE_PERCENT: u64 = 10;
/// Percent of the CPU for the slow cycle at effort 1; two more per level.
const SLOW_CPU_PERCENT: u64 = 25;

/// How much work a call may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cycle {
    /// From the timer; `budget_us` at most, see [`slow_cycle_us`].
    Slow { budget_us: u64 },
    /// Before the loop sleeps; one millisecond at most.
    Fast,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Keys deleted.
    pub deleted: u64,
    /// The time was up before the work was done: call again soon.
    pub more: bool,
}

/// The state between calls.
#[derive(Debug, Default)]
pub struct ActiveExpiry {
    next_db: usize,
    out_of_time: bool,
    last_fast_us: Option<u64>,
    stale_share: f64,
    time_cap_reached: u64,
    time_used_us: u64,
}

/// Microseconds the slow cycle may take per timer period, in one or several calls.
pub fn slow_cycle_us(hz: u32, effort: u32) -> u64 {
    let percent = SLOW_CPU_PERCENT + 2 * levels(effort);
    (percent * 10_000 / u64::from(hz.max(1))).max(1)
}

impl ActiveExpiry {
    /// Runs a cycle. The expiry times are compared with `now_ms` (Unix); `clock_us` is any steady clock.
    /// `deleted` gets each deleted entry, after its effect was recorded. Does nothing on a replica and
    /// while expiry is paused.
    pub fn run(
        &mut self,
        keyspace: &mut Keyspace,
        cycle: Cycle,
        effort: u32,
        now_ms: i64,
        mut clock_us: impl FnMut() -> u64,
        mut deleted: impl FnMut(&mut Effects, Entry),
    ) -> Outcome {
        let start_us = clock_us();
        if keyspace.expired_keys() != ExpiredKeys::Delete || !self.is_due(cycle, effort, start_us) {
            return Outcome::default();
        }
        let budget_us = match cycle {
            Cycle::Slow { budget_us } => budget_us,
            Cycle::Fast => FAST_CYCLE_US,
        };
        let everywhere = self.out_of_time;
        let databases = if everywhere { usize::MAX } else { DATABASES_PER_CALL }.min(keyspace.databases());
        self.out_of_time = false;

        let round = Round { keys_max: KEYS_PER_ROUND + KEYS_PER_ROUND / 4 * levels(effort), now_ms };
        let acceptable = ACCEPTABLE_STALE_PERCENT - levels(effort);
        let mut total = Tally::default();
        let mut expired_keys = Vec::new();
        for _ in 0..databases {
            let db = self.next_db % keyspace.databases();
            self.next_db = db + 1;
            while let Some(tally) = round.run(keyspace, db, &mut expired_keys, &mut deleted) {
                total.add(&tally);
                if clock_us().saturating_sub(start_us) > budget_us {
                    self.out_of_time = true;
                    break;
                }
                let is_clean = tally.expired * 100 <= acceptable * tally.seen;
                if tally.seen > 0 && is_clean {
                    break;
                }
            }
            if self.out_of_time {
                self.time_cap_reached += 1;
                break;
            }
        }
        self.time_used_us += clock_us().saturating_sub(start_us);
        self.stale_share = self.stale_share * 0.95 + total.stale_share() * 0.05;
        Outcome { deleted: total.expired, more: self.out_of_time }
    }

    /// INFO's `expired_stale_perc`: estimated percentage of keys that are expired but not deleted.
    pub fn stale_percent(&self) -> f64 {
        self.stale_share * 100.0
    }

    /// INFO's `expired_time_cap_reached_count`.
    pub fn time_cap_reached(&self) -> u64 {
        self.time_cap_reached
    }

    /// INFO's `expire_cycle_cpu_milliseconds`, in microseconds.
    pub fn time_used_us(&self) -> u64 {
        self.time_used_us
    }

    /// Forgets the counters (CONFIG RESETSTAT).
    pub fn reset_statistics(&mut self) {
        self.stale_share = 0.0;
        self.time_cap_reached = 0;
        self.time_used_us = 0;
    }

    fn is_due(&mut self, cycle: Cycle, effort: u32, start_us: u64) -> bool {
        if cycle != Cycle::Fast {
            return true;
        }
        let acceptable = (ACCEPTABLE_STALE_PERCENT - levels(effort)) as f64;
        if !self.out_of_time && self.stale_percent() < acceptable {
            return false;
        }
        let rest_us = 2 * (FAST_CYCLE_US + FAST_CYCLE_US / 4 * levels(effort));
        if self.last_fast_us.is_some_and(|last_us| start_us < last_us + rest_us) {
            return false;
        }
        self.last_fast_us = Some(start_us);
        true
    }
}

/// Levels of effort above the lowest.
fn levels(effort: u32) -> u64 {
    u64::from(effort.clamp(1, 10) - 1)
}

/// A few buckets of one database.
struct Round {
    keys_max: u64,
    now_ms: i64,
}

#[derive(Debug, Default)]
struct Tally {
    seen: u64,
    expired: u64,
    ttl_sum_ms: i128,
}

impl Round {
    /// Returns what was seen; `None` if the database has nothing to visit. `expired_keys` is scratch space.
    fn run(
        &self,
        keyspace: &mut Keyspace,
        db: usize,
        expired_keys: &mut Vec<Vec<u8>>,
        deleted: &mut impl FnMut(&mut Effects, Entry),
    ) -> Option<Tally> {
        let database = &mut keyspace.databases[db];
        let keys = database.index.volatile_len();
        if keys == 0 {
            database.average_ttl_ms = 0;
            return None;
        }
        let mut tally = Tally::default();
        let keys_wanted = self.keys_max.min(keys as u64);
        // Tables shrink with their contents, so a bucket seldom is empty; Redis needs a rule for sparse ones.
        for _ in 0..keys_wanted {
            database.sweep_position = database.index.sweep_volatile(database.sweep_position, |entry| {
                tally.seen += 1;
                let Some(expiry_ms) = entry.expiry_ms() else { return };
                if self.now_ms > expiry_ms {
                    tally.expired += 1;
                    expired_keys.push(entry.key().to_vec());
                } else {
                    tally.ttl_sum_ms += i128::from(expiry_ms) - i128::from(self.now_ms);
                }
            });
            if tally.seen >= keys_wanted {
                break;
            }
        }
        update_average_ttl(&mut database.average_ttl_ms, &tally);
        for key in expired_keys.drain(..) {
            let index = &keyspace.databases[db].index;
            let entry = index.find(index.hash(&key), &key).and_then(|found| keyspace.expire(db, found));
            if let Some(entry) = entry {
                deleted(&mut keyspace.effects, entry);
            }
        }
        Some(tally)
    }
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.seen += other.seen;
        self.expired += other.expired;
        self.ttl_sum_ms += other.ttl_sum_ms;
    }

    fn stale_share(&self) -> f64 {
        if self.seen == 0 { 0.0 } else { self.expired as f64 / self.seen as f64 }
    }
}

/// A running average to which a round contributes 2 %.
fn update_average_ttl(average_ttl_ms: &mut i64, tally: &Tally) {
    let living = tally.seen - tally.expired;
    if living == 0 {
        return;
    }
    let sample_ms = i64::try_from(tally.ttl_sum_ms / i128::from(living)).unwrap_or(i64::MAX);
    if *average_ttl_ms == 0 {
        *average_ttl_ms = sample_ms;
    }
    *average_ttl_ms = *average_ttl_ms / 50 * 49 + sample_ms / 50;
}

#[cfg(test)]
mod tests;
