//! From registers to a number of elements: Otmar Ertl, "New cardinality estimation algorithms for HyperLogLog
//! sketches" (arXiv:1702.01284), his improved raw estimator. The order of operations is part of the format:
//! the result is cached in sketches.

use super::dense::GROUP_REGISTERS;
use super::observation::{REGISTERS, RUN_BITS};

/// Every rank that six bits can hold: crafted registers may be higher than any hash makes them.
const RANKS: usize = 64;
/// Half of the inverse of the natural logarithm of 2.
const ALPHA: f64 = 0.721_347_520_444_481_7;

/// How often each rank occurs.
#[derive(Debug)]
pub struct Histogram {
    /// Neighbouring registers count apart, so that one count need not wait for the other.
    lanes: [[u32; RANKS]; GROUP_REGISTERS],
}

impl Default for Histogram {
    fn default() -> Self {
        Self { lanes: [[0; RANKS]; GROUP_REGISTERS] }
    }
}

impl Histogram {
    #[inline]
    pub fn count(&mut self, ranks: [u8; GROUP_REGISTERS]) {
        for (lane, rank) in self.lanes.iter_mut().zip(ranks) {
            lane[usize::from(rank) % RANKS] += 1;
        }
    }

    pub fn count_run(&mut self, rank: u8, length: usize) {
        self.lanes[0][usize::from(rank) % RANKS] += length as u32;
    }

    fn of(&self, rank: u32) -> f64 {
        self.lanes.iter().map(|lane| f64::from(lane[rank as usize])).sum()
    }
}

/// The estimate of a histogram of all registers.
pub fn estimate(histogram: &Histogram) -> u64 {
    let registers = REGISTERS as f64;
    let mut sum = registers * tau((registers - histogram.of(RUN_BITS + 1)) / registers);
    for rank in (1..=RUN_BITS).rev() {
        sum = (sum + histogram.of(rank)) * 0.5;
    }
    sum += registers * sigma(histogram.of(0) / registers);
    let elements = (ALPHA * registers * registers / sum).round();
    // Only crafted registers say so much; Redis's conversion makes this of it.
    if elements < i64::MAX as f64 { elements as u64 } else { 1 << 63 }
}

/// The correction for registers that are still empty.
fn sigma(mut share: f64) -> f64 {
    if share >= 1.0 {
        return f64::INFINITY;
    }
    let (mut weight, mut sum) = (1.0, share);
    loop {
        share *= share;
        let before = sum;
        sum += share * weight;
        weight += weight;
        if sum == before {
            return sum;
        }
    }
}

/// The correction for registers that are full.
fn tau(mut share: f64) -> f64 {
    if share <= 0.0 || share >= 1.0 {
        return 0.0;
    }
    let (mut weight, mut sum) = (1.0, 1.0 - share);
    loop {
        share = share.sqrt();
        let before = sum;
        weight *= 0.5;
        sum -= (1.0 - share) * (1.0 - share) * weight;
        if sum == before {
            return sum / 3.0;
        }
    }
}
