//! What an element says to a sketch.

/// The register an element belongs to, and the length of its hash's run of zeros with the one behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    pub register: usize,
    /// 1 to 51.
    pub rank: u8,
}

/// A sketch has 2 to this power registers.
const REGISTER_BITS: u32 = 14;
pub const REGISTERS: usize = 1 << REGISTER_BITS;
/// Bits of the hash that are left for the run.
pub const RUN_BITS: u32 = u64::BITS - REGISTER_BITS;

const HASH_SEED: u64 = 0xadc8_3b19;

impl Observation {
    pub fn of(element: &[u8]) -> Self {
        let hash = murmur_hash_64a(element, HASH_SEED);
        // The bit on top ends a run that would go beyond the hash.
        let run = hash >> REGISTER_BITS | 1 << RUN_BITS;
        Self { register: hash as usize % REGISTERS, rank: run.trailing_zeros() as u8 + 1 }
    }
}

/// MurmurHash64A by Austin Appleby, reading little-endian words on every machine.
fn murmur_hash_64a(bytes: &[u8], seed: u64) -> u64 {
    const FACTOR: u64 = 0xc6a4_a793_5bd1_e995;
    const SHIFT: u32 = 47;

    let (words, rest) = bytes.as_chunks();
    let mut hash = seed ^ (bytes.len() as u64).wrapping_mul(FACTOR);
    for word in words {
        let word = u64::from_le_bytes(*word).wrapping_mul(FACTOR);
        hash = (hash ^ (word ^ word >> SHIFT).wrapping_mul(FACTOR)).wrapping_mul(FACTOR);
    }
    if !rest.is_empty() {
        let mut word = [0; size_of::<u64>()];
        word[..rest.len()].copy_from_slice(rest);
        hash = (hash ^ u64::from_le_bytes(word)).wrapping_mul(FACTOR);
    }
    hash = (hash ^ hash >> SHIFT).wrapping_mul(FACTOR);
    hash ^ hash >> SHIFT
}
