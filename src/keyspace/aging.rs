//! How recently and how often a key is used, in the 24 bits that an entry has for it.
//!
//! LRU: seconds, modulo 2^24 (194 days). LFU: the minute of the last decrement, modulo 2^16, above an 8-bit
//! counter that grows with the logarithm of the accesses and loses one per `lfu-decay-time`. Which of the two
//! the bits mean is decided by the eviction policy; they are not converted when the policy changes, as in
//! Redis. Time is a parameter, in Unix milliseconds.

use crate::util::random::Random;

/// An LRU clock counts seconds up to this, and starts again.
pub const LRU_CLOCK_MAX: u32 = (1 << 24) - 1;
/// A new key's counter: enough for a grace period before eviction.
pub const LFU_INITIAL: u8 = 5;

/// What the access bits mean, and how they move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Aging {
    #[default]
    Lru,
    Lfu {
        /// `lfu-log-factor`: the higher, the slower the counter grows.
        log_factor: u32,
        /// `lfu-decay-time`: minutes per decrement; 0 never decrements.
        decay_minutes: u32,
    },
}

impl Aging {
    /// The bits of a new key.
    pub fn initial(self, now_ms: i64) -> u32 {
        match self {
            Self::Lru => lru_clock(now_ms),
            Self::Lfu { .. } => lfu_bits(now_ms, LFU_INITIAL),
        }
    }

    /// The bits of a key after one more access.
    #[inline]
    pub fn accessed(self, access: u32, now_ms: i64, random: &mut Random) -> u32 {
        match self {
            Self::Lru => lru_clock(now_ms),
            Self::Lfu { log_factor, .. } => {
                let counter = self.frequency(access, now_ms);
                lfu_bits(now_ms, incremented(counter, log_factor, random))
            }
        }
    }

    /// The access counter at a time (OBJECT FREQ). With `Lru` the bits' low byte, which means nothing.
    pub fn frequency(self, access: u32, now_ms: i64) -> u8 {
        let counter = access as u8;
        let Self::Lfu { decay_minutes, .. } = self else { return counter };
        let elapsed_minutes = minutes(now_ms).wrapping_sub((access >> 8) as u16);
        let periods = u32::from(elapsed_minutes).checked_div(decay_minutes).unwrap_or(0);
        counter.saturating_sub(u8::try_from(periods).unwrap_or(u8::MAX))
    }
}

/// Seconds since the last access (OBJECT IDLETIME), if the bits are an LRU clock.
pub fn idle_seconds(access: u32, now_ms: i64) -> u32 {
    lru_clock(now_ms).wrapping_sub(access) & LRU_CLOCK_MAX
}

/// LRU bits of a key that was last used so many seconds ago (RESTORE's IDLETIME).
pub fn lru_bits_of_idle(idle_seconds: u64, now_ms: i64) -> u32 {
    let idle = u32::try_from(idle_seconds).unwrap_or(LRU_CLOCK_MAX).min(LRU_CLOCK_MAX);
    lru_clock(now_ms).wrapping_sub(idle) & LRU_CLOCK_MAX
}

/// LFU bits of a counter (RESTORE's FREQ).
pub fn lfu_bits(now_ms: i64, counter: u8) -> u32 {
    u32::from(minutes(now_ms)) << 8 | u32::from(counter)
}

#[inline]
fn lru_clock(now_ms: i64) -> u32 {
    (now_ms / 1000) as u32 & LRU_CLOCK_MAX
}

fn minutes(now_ms: i64) -> u16 {
    (now_ms / 60_000) as u16
}

/// The counter grows with probability `1 / ((counter - initial) * log_factor + 1)`.
fn incremented(counter: u8, log_factor: u32, random: &mut Random) -> u8 {
    let excess = u64::from(counter.saturating_sub(LFU_INITIAL));
    let odds = excess * u64::from(log_factor) + 1;
    if random.below(odds) == 0 { counter.saturating_add(1) } else { counter }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;
    const LFU: Aging = Aging::Lfu { log_factor: 10, decay_minutes: 1 };

    #[test]
    fn idle_time_is_measured_across_the_wrap_of_the_clock() {
        let access = Aging::Lru.initial(NOW_MS);
        assert_eq!(idle_seconds(access, NOW_MS + 90_999), 90);
        let before_wrap_ms = i64::from(LRU_CLOCK_MAX) * 1000;
        let access = Aging::Lru.initial(before_wrap_ms);
        assert_eq!(idle_seconds(access, before_wrap_ms + 5000), 5);
    }

    #[test]
    fn idle_time_can_be_set() {
        assert_eq!(idle_seconds(lru_bits_of_idle(1000, NOW_MS), NOW_MS), 1000);
        assert_eq!(idle_seconds(lru_bits_of_idle(u64::MAX, NOW_MS), NOW_MS), LRU_CLOCK_MAX);
    }

    #[test]
    fn a_counter_decays_by_one_per_period() {
        let access = lfu_bits(NOW_MS, 20);
        assert_eq!(LFU.frequency(access, NOW_MS), 20);
        assert_eq!(LFU.frequency(access, NOW_MS + 3 * 60_000), 17);
        assert_eq!(LFU.frequency(access, NOW_MS + 600 * 60_000), 0);
        let never = Aging::Lfu { log_factor: 10, decay_minutes: 0 };
        assert_eq!(never.frequency(access, NOW_MS + 600 * 60_000), 20);
    }

    #[test]
    fn a_counter_grows_slower_the_higher_it_is() {
        let mut random = Random::seeded(7);
        let mut mean_after = |accesses: usize| {
            let runs = 50;
            let sum: u32 = (0..runs)
                .map(|_| {
                    let accessed = |bits, _| LFU.accessed(bits, NOW_MS, &mut random);
                    u32::from(LFU.frequency((0..accesses).fold(LFU.initial(NOW_MS), accessed), NOW_MS))
                })
                .sum();
            f64::from(sum) / f64::from(runs)
        };
        assert_eq!(mean_after(1), 6.0);
        // Redis documents 10, 18 and 142 for a factor of 10.
        for (accesses, documented) in [(100, 10.0), (1000, 18.0), (100_000, 142.0)] {
            let mean = mean_after(accesses);
            assert!((mean / documented - 1.0).abs() < 0.15, "{mean} after {accesses}");
        }
    }
}
