//! Damage: small changes that formats of lengths and types are sensitive to. Does not know the formats, but for
//! where their checksums stand.

use russet::util::crc64::crc64;
use russet::util::random::Random;

const CHECKSUM_BYTES: usize = 8;

/// Bytes that begin lengths, types and items, and limits of integers.
const TELLING_BYTES: [u8; 18] =
    [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xc0, 0xc3, 0xe0, 0xf0, 0xf1, 0xf4, 0xfa, 0xfc, 0xfe, 0xff];

/// Changes an input in one to four places; `other` is where splices come from.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(input.len() as u64 + 1) as usize;
        let byte = random.next_u64() as u8;
        match random.below(9) {
            0 => change(input, at, |old| old ^ (1 << (byte % 8))),
            1 => change(input, at, |_| byte),
            2 => change(input, at, |_| TELLING_BYTES[usize::from(byte) % TELLING_BYTES.len()]),
            // Lengths are off by little.
            3 => change(input, at, |old| old.wrapping_add(byte % 5).wrapping_sub(2)),
            4 => input.truncate(at),
            5 => input.insert(at, byte),
            6 => drop(input.drain(at..(at + usize::from(byte % 16)).min(input.len()))),
            7 => splice(input, at, other, random),
            _ => {
                let width = 1 << (byte % 4);
                let number = random.next_u64() >> random.below(64);
                let bytes = if byte & 128 == 0 { number.to_le_bytes() } else { number.to_be_bytes() };
                (0..width).for_each(|index| change(input, at + index, |_| bytes[index]));
            }
        }
    }
}

fn change(input: &mut [u8], at: usize, to: impl FnOnce(u8) -> u8) {
    if let Some(byte) = input.get_mut(at) {
        *byte = to(*byte);
    }
}

/// Puts a piece of another input in, or in the place of what is there.
fn splice(input: &mut Vec<u8>, at: usize, other: &[u8], random: &mut Random) {
    let from = random.below(other.len() as u64 + 1) as usize;
    let to = from + random.below((other.len() - from) as u64 + 1) as usize;
    let replaced = if random.below(2) == 0 { 0 } else { to - from };
    let end = (at + replaced).min(input.len());
    input.splice(at..end, other[from..to].iter().copied());
}

/// For formats without a checksum of the whole.
pub fn leave(_input: &mut [u8]) {}

/// Makes the checksum at the end of a snapshot or payload right.
pub fn repair(input: &mut [u8]) {
    if let Some((body, checksum)) = input.split_last_chunk_mut::<CHECKSUM_BYTES>() {
        *checksum = crc64(body).to_le_bytes();
    }
}
