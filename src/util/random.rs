//! A small, fast random number generator for sampling, eviction and identifiers.
//!
//! The algorithm is xoshiro256++ by Blackman and Vigna. It is not for secrets: its output tells its
//! state.

use std::hash::{BuildHasher, RandomState};

use super::text::HEX_DIGITS;

/// Hexadecimal digits of a run ID or a replication ID.
const ID_DIGITS: usize = 40;

/// The state of a generator.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// A generator whose numbers follow from `seed`, for tests and for reproducing a run.
    pub fn seeded(seed: u64) -> Self {
        let mut seed = seed;
        Self { state: std::array::from_fn(|_| split_mix(&mut seed)) }
    }

    /// A generator seeded by the operating system.
    ///
    /// The entropy is that of the keys std asks the system for to seed its hash maps: 128 bits,
    /// without a file to open and an error to handle.
    pub fn from_os() -> Self {
        let keyed = RandomState::new();
        Self { state: std::array::from_fn(|index| keyed.hash_one(index)) }
    }

    /// The next 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number from zero up to but excluding `bound`, all equally likely; zero if `bound` is.
    pub fn below(&mut self, bound: u64) -> u64 {
        // Lemire's method: the upper half of a product, rejecting the lower halves that would make
        // some results likelier than others.
        loop {
            let product = u128::from(self.next_u64()) * u128::from(bound);
            let low = product as u64;
            if low >= bound || low >= bound.wrapping_neg() % bound.max(1) {
                return (product >> 64) as u64;
            }
        }
    }

    /// Overwrites `bytes` with random ones.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(size_of::<u64>()) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }

    /// Forty lowercase hexadecimal digits, the form of run IDs and replication IDs.
    pub fn hex_id(&mut self) -> [u8; ID_DIGITS] {
        let mut id = [0; ID_DIGITS];
        self.fill(&mut id);
        id.map(|byte| HEX_DIGITS[usize::from(byte & 0xf)])
    }
}

/// SplitMix64, which its authors recommend for seeding: similar seeds give unrelated states, and
/// never the state of all zeros that xoshiro could not leave.
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_determines_the_sequence() {
        // Published test vectors: SplitMix64 from seed 1234567, xoshiro256++ from state 1, 2, 3, 4.
        let mut seed = 1_234_567;
        assert_eq!(split_mix(&mut seed), 6_457_827_717_110_365_317);
        assert_eq!(split_mix(&mut seed), 3_203_168_211_198_807_973);

        let mut random = Random { state: [1, 2, 3, 4] };
        let expected = [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386];
        assert_eq!(expected.map(|_| random.next_u64()), expected);

        let mut left = Random::seeded(7);
        let mut right = Random::seeded(7);
        assert!((0..100).all(|_| left.next_u64() == right.next_u64()));
    }

    #[test]
    fn below_stays_below_and_reaches_everything() {
        let mut random = Random::seeded(1);
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[random.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
        assert!(random.below(u64::MAX) < u64::MAX);
    }

    #[test]
    fn fill_covers_lengths_that_are_no_multiple_of_eight() {
        let mut random = Random::seeded(3);
        for length in 0..40 {
            let mut union = vec![0; length];
            for _ in 0..20 {
                let mut bytes = vec![0; length];
                random.fill(&mut bytes);
                union.iter_mut().zip(bytes).for_each(|(seen, byte)| *seen |= byte);
            }
            assert!(union.iter().all(|byte| *byte != 0));
        }
    }

    #[test]
    fn ids_are_forty_lowercase_hexadecimal_digits_and_differ() {
        let first = Random::from_os().hex_id();
        let second = Random::from_os().hex_id();
        assert!(first.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
        assert_ne!(first, second);
    }
}
