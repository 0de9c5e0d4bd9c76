//! All registers of a sketch in bytes of their own: what sketches are merged in.

use super::estimate::{Histogram, estimate};
use super::observation::REGISTERS;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registers(Box<[u8; REGISTERS]>);

impl Default for Registers {
    fn default() -> Self {
        Self(Box::new([0; REGISTERS]))
    }
}

impl Registers {
    pub fn ranks(&self) -> &[u8; REGISTERS] {
        &self.0
    }

    pub fn ranks_mut(&mut self) -> &mut [u8; REGISTERS] {
        &mut self.0
    }

    /// About how many different elements the registers have seen.
    pub fn estimate(&self) -> u64 {
        let mut histogram = Histogram::default();
        for ranks in self.0.as_chunks().0 {
            // Most registers of small sketches are empty.
            if u64::from_ne_bytes(*ranks) == 0 {
                histogram.count_run(0, ranks.len());
            } else {
                ranks.as_chunks().0.iter().for_each(|ranks| histogram.count(*ranks));
            }
        }
        estimate(&histogram)
    }
}
