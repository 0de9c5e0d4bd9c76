//! The state of eviction between two looks at the memory, and how long it has been short.

use crate::keyspace::Evictor;

/// See [`Engine`](super::Engine). What is evicted, and when, is decided by the commands' layer.
#[derive(Debug, Default)]
pub struct Eviction {
    pub evictor: Evictor,
    /// The time for one turn was up before memory was below the limit: the next turn goes on.
    pub goes_on: bool,
    /// Since when memory has been above the limit, on the monotonic clock.
    exceeded_since_us: Option<u64>,
    exceeded_us: u64,
}

impl Eviction {
    /// Notes whether memory is above the limit at `now_us`, for the figures of INFO.
    #[inline]
    pub fn note(&mut self, is_exceeded: bool, now_us: u64) {
        if is_exceeded {
            self.exceeded_since_us.get_or_insert(now_us);
        } else if let Some(since_us) = self.exceeded_since_us.take() {
            self.exceeded_us += now_us.saturating_sub(since_us);
        }
    }

    /// INFO's `total_eviction_exceeded_time`, in milliseconds; the present excess is part of it.
    pub fn total_exceeded_ms(&self, now_us: u64) -> u64 {
        (self.exceeded_us + self.current_us(now_us)) / 1000
    }

    /// INFO's `current_eviction_exceeded_time`, in milliseconds.
    pub fn current_exceeded_ms(&self, now_us: u64) -> u64 {
        self.current_us(now_us) / 1000
    }

    /// CONFIG RESETSTAT.
    pub fn reset_statistics(&mut self) {
        self.exceeded_us = 0;
        self.exceeded_since_us = None;
    }

    fn current_us(&self, now_us: u64) -> u64 {
        self.exceeded_since_us.map_or(0, |since_us| now_us.saturating_sub(since_us))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_above_the_limit_adds_up() {
        let mut eviction = Eviction::default();
        eviction.note(true, 1_000);
        eviction.note(true, 2_000);
        assert_eq!(eviction.current_exceeded_ms(6_000), 5);
        eviction.note(false, 8_000);
        assert_eq!((eviction.current_exceeded_ms(9_000), eviction.total_exceeded_ms(9_000)), (0, 7));
        eviction.note(true, 10_000);
        assert_eq!(eviction.total_exceeded_ms(11_000), 8);
    }
}
