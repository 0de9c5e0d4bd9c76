//! The dense encoding: 6 bits per register, the first register in the low bits of the first byte. Four
//! registers fill three bytes.

use super::observation::{Observation, REGISTERS};
use super::registers::Registers;
use super::sketch::{HEADER_BYTES, invalidate_cached};

const REGISTER_BITS: u32 = 6;
const REGISTER_MAX: u8 = (1 << REGISTER_BITS) - 1;
const GROUP_BYTES: usize = 3;
pub const GROUP_REGISTERS: usize = 4;
/// Length of the registers.
pub const DENSE_BYTES: usize = REGISTERS / GROUP_REGISTERS * GROUP_BYTES;

/// A dense sketch that is changed in place.
#[derive(Debug)]
pub struct DenseMut<'a> {
    pub(super) text: &'a mut [u8],
}

impl DenseMut<'_> {
    /// Returns whether the register was lower.
    pub fn raise(&mut self, observation: Observation) -> bool {
        let groups = self.text[HEADER_BYTES..].as_chunks_mut::<GROUP_BYTES>().0;
        let group = &mut groups[observation.register / GROUP_REGISTERS];
        let mut ranks = unpack(*group);
        let rank = &mut ranks[observation.register % GROUP_REGISTERS];
        if *rank >= observation.rank {
            return false;
        }
        *rank = observation.rank;
        *group = pack(ranks);
        invalidate_cached(self.text);
        true
    }
}

/// Four registers at a time; `body` is what follows the header of a dense sketch.
pub fn groups(body: &[u8]) -> impl Iterator<Item = [u8; GROUP_REGISTERS]> {
    body.as_chunks().0.iter().map(|group| unpack(*group))
}

/// Appends all registers.
pub fn push_registers(text: &mut Vec<u8>, registers: &Registers) {
    text.reserve_exact(DENSE_BYTES);
    text.extend(registers.ranks().as_chunks().0.iter().flat_map(|ranks| pack(*ranks)));
}

fn unpack(group: [u8; GROUP_BYTES]) -> [u8; GROUP_REGISTERS] {
    let [low, middle, high] = group;
    let word = u32::from_le_bytes([low, middle, high, 0]);
    std::array::from_fn(|index| (word >> (REGISTER_BITS * index as u32)) as u8 & REGISTER_MAX)
}

fn pack(ranks: [u8; GROUP_REGISTERS]) -> [u8; GROUP_BYTES] {
    let [first, second, third, fourth] = ranks;
    [first | second << 6, second >> 2 | third << 4, third >> 4 | fourth << 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_registers_fill_three_bytes_from_the_low_bits_on() {
        assert_eq!(pack([0b11_1111, 0, 0b11_1111, 0]), [0b0011_1111, 0b1111_0000, 0b11]);
        for ranks in [[0; 4], [63; 4], [1, 2, 3, 4], [51, 0, 33, 7], [0, 63, 0, 63]] {
            assert_eq!(unpack(pack(ranks)), ranks);
        }
    }
}
