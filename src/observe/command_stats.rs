//! Per-command statistics: INFO commandstats and latencystats, LATENCY HISTOGRAM.
//!
//! A command is a number here, given when the command table is built.

use hdrhistogram::Histogram;

/// Durations outside this range are recorded at its ends, as in Redis.
const HISTOGRAM_MIN_NS: u64 = 1;
const HISTOGRAM_MAX_NS: u64 = 1_000_000_000;
/// Decimal digits to which a histogram tells durations apart.
const HISTOGRAM_DIGITS: u8 = 2;
/// Upper edge of the first step of the cumulative distribution; each further one doubles it.
const FIRST_STEP_NS: u64 = 1024;
/// The steps end with the histogram's range.
const LAST_STEP_NS: u64 = (HISTOGRAM_MAX_NS + 1).next_power_of_two();

/// What INFO commandstats shows of one command.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct CommandCounters {
    pub calls: u64,
    /// Nanoseconds in all calls together.
    pub duration_ns: u64,
    /// Refused before execution.
    pub rejected_calls: u64,
    /// Answered with an error.
    pub failed_calls: u64,
}

impl CommandCounters {
    pub fn duration_us(&self) -> u64 {
        self.duration_ns / 1000
    }

    /// Mean microseconds per call, 0 without calls.
    pub fn us_per_call(&self) -> f64 {
        if self.calls == 0 { 0.0 } else { self.duration_us() as f64 / self.calls as f64 }
    }

    /// INFO skips commands that nobody tried.
    pub fn is_untouched(&self) -> bool {
        self.calls == 0 && self.rejected_calls == 0 && self.failed_calls == 0
    }
}

#[derive(Debug, Default)]
struct Slot {
    counters: CommandCounters,
    /// Some 24 KB, therefore only for commands that are used.
    histogram: Option<Box<Histogram<u64>>>,
}

/// Statistics of every command of the table.
#[derive(Debug)]
pub struct CommandStats {
    slots: Box<[Slot]>,
}

impl CommandStats {
    /// Room for commands `0..count`; the other methods panic on an index outside of it.
    pub fn new(count: usize) -> Self {
        Self { slots: (0..count).map(|_| Slot::default()).collect() }
    }

    /// Counts one executed call. `tracking` is the directive `latency-tracking`.
    #[inline]
    pub fn record(&mut self, index: usize, duration_ns: u64, tracking: bool) {
        let slot = &mut self.slots[index];
        slot.counters.calls += 1;
        slot.counters.duration_ns += duration_ns;
        if tracking {
            let duration_ns = duration_ns.clamp(HISTOGRAM_MIN_NS, HISTOGRAM_MAX_NS);
            slot.histogram.get_or_insert_with(|| Box::new(new_histogram())).saturating_record(duration_ns);
        }
    }

    pub fn record_rejected(&mut self, index: usize) {
        self.slots[index].counters.rejected_calls += 1;
    }

    pub fn record_failed(&mut self, index: usize) {
        self.slots[index].counters.failed_calls += 1;
    }

    pub fn counters(&self, index: usize) -> &CommandCounters {
        &self.slots[index].counters
    }

    /// Whether the command was ever called while tracking was on.
    pub fn has_histogram(&self, index: usize) -> bool {
        self.slots[index].histogram.is_some()
    }

    /// The duration in microseconds that `percentile` (0 to 100) of the calls did not exceed;
    /// `None` without a histogram.
    pub fn percentile_us(&self, index: usize, percentile: f64) -> Option<f64> {
        let histogram = self.slots[index].histogram.as_deref()?;
        Some(percentile_ns(histogram, percentile) as f64 / 1000.0)
    }

    /// The tracked calls and their cumulative distribution; `None` without a histogram.
    pub fn distribution(&self, index: usize) -> Option<Distribution> {
        self.slots[index].histogram.as_deref().map(Distribution::of)
    }

    /// Forgets everything, histograms included.
    pub fn reset(&mut self) {
        self.slots.fill_with(Slot::default);
    }
}

fn new_histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(HISTOGRAM_MIN_NS, HISTOGRAM_MAX_NS, HISTOGRAM_DIGITS)
        .expect("the bounds are constants within the crate's limits")
}

/// `Histogram::value_at_quantile` rounds the rank up where Redis rounds it to the nearest: with
/// 160 calls the two disagree on p99, so the rank is computed here.
fn percentile_ns(histogram: &Histogram<u64>, percentile: f64) -> u64 {
    let rank = percentile.clamp(0.0, 100.0) / 100.0 * histogram.len() as f64;
    let rank = ((rank + 0.5) as u64).max(1);
    let mut seen = 0;
    for step in histogram.iter_recorded() {
        seen += step.count_at_value();
        if seen >= rank {
            let value = step.value_iterated_to();
            return if percentile == 0.0 {
                histogram.lowest_equivalent(value)
            } else {
                histogram.highest_equivalent(value)
            };
        }
    }
    0
}

/// A cumulative distribution as LATENCY HISTOGRAM prints it.
#[derive(Debug, PartialEq, Eq)]
pub struct Distribution {
    pub calls: u64,
    /// (upper edge in microseconds, calls up to it), only where the number of calls grows.
    pub steps: Vec<(u64, u64)>,
}

impl Distribution {
    fn of(histogram: &Histogram<u64>) -> Self {
        let mut steps = Vec::new();
        let mut edge_ns = FIRST_STEP_NS;
        let mut printed = 0;
        let mut seen = 0;
        for step in histogram.iter_recorded() {
            let value = step.value_iterated_to();
            while value > upper_edge(histogram, edge_ns) {
                if seen > printed {
                    steps.push((upper_edge(histogram, edge_ns) / 1000, seen));
                    printed = seen;
                }
                edge_ns *= 2;
            }
            seen += step.count_at_value();
        }
        if seen > printed {
            steps.push((upper_edge(histogram, edge_ns) / 1000, seen));
        }
        Self { calls: histogram.len(), steps }
    }
}

/// A step takes in all durations the histogram cannot tell from the power of two it ends at,
/// which is why Redis prints 33 and 1056 instead of 32 and 1048. The last step ends with the range.
fn upper_edge(histogram: &Histogram<u64>, edge_ns: u64) -> u64 {
    if edge_ns >= LAST_STEP_NS { LAST_STEP_NS - 1 } else { histogram.highest_equivalent(edge_ns) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(durations_ns: &[u64]) -> CommandStats {
        let mut stats = CommandStats::new(1);
        for &duration_ns in durations_ns {
            stats.record(0, duration_ns, true);
        }
        stats
    }

    #[test]
    fn calls_and_time_add_up() {
        let mut stats = CommandStats::new(3);
        stats.record(1, 1_500, false);
        stats.record(1, 2_700, false);
        stats.record_rejected(1);
        stats.record_failed(1);
        let counters = stats.counters(1);
        assert_eq!((counters.calls, counters.rejected_calls, counters.failed_calls), (2, 1, 1));
        assert_eq!((counters.duration_us(), counters.us_per_call()), (4, 2.0));
        assert!(stats.counters(0).is_untouched() && !counters.is_untouched());
        assert!(!stats.has_histogram(1));
        assert_eq!(stats.distribution(1), None);
        assert_eq!(stats.percentile_us(1, 50.0), None);
    }

    #[test]
    fn the_steps_are_those_that_redis_prints() {
        let steps: Vec<u64> = (0..21).map(|power| FIRST_STEP_NS << power).collect();
        let edges: Vec<u64> =
            recorded(&steps).distribution(0).unwrap().steps.iter().map(|&(edge_us, _)| edge_us).collect();
        let expected = [
            1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1_056, 2_113, 4_227, 8_454, 16_908, 33_816, 67_633,
            135_266, 270_532, 541_065, 1_073_741,
        ];
        assert_eq!(edges, expected);
    }

    #[test]
    fn the_distribution_is_cumulative_and_skips_steps_without_calls() {
        let stats = recorded(&[0, 500, 70_000, 70_000, 3_000_000, 5_000_000_000]);
        let expected = Distribution { calls: 6, steps: vec![(1, 2), (132, 4), (4_227, 5), (1_073_741, 6)] };
        assert_eq!(stats.distribution(0), Some(expected));
    }

    #[test]
    fn percentiles_end_at_the_edge_of_their_bucket() {
        let stats = recorded(&[6_000, 6_000, 6_000, 1_100_000_000]);
        assert_eq!(stats.percentile_us(0, 50.0), Some(6.015));
        assert_eq!(stats.percentile_us(0, 99.0), Some(1_002_438.655));
        assert_eq!(stats.percentile_us(0, 0.0), Some(5.984));
    }

    #[test]
    fn the_rank_of_a_percentile_is_rounded_to_the_nearest() {
        let mut durations = vec![1_000; 158];
        durations.extend([2_000; 2]);
        assert_eq!(recorded(&durations).percentile_us(0, 99.0), Some(1.003));
    }

    #[test]
    fn reset_forgets_counters_and_histograms() {
        let mut stats = recorded(&[10]);
        stats.reset();
        assert!(stats.counters(0).is_untouched() && !stats.has_histogram(0));
    }
}
