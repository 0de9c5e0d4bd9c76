//! CRC-64/Jones, the checksum of snapshot files and of DUMP payloads.
//!
//! Reflected polynomial 0xad93d23594c935a9, initial value 0, nothing xored at the end. It is not
//! CRC-64/XZ, which most crates mean by "CRC-64".

use std::fmt;

use crc_fast::{CrcAlgorithm, Digest};

/// A checksum computed piece by piece.
///
/// Each update has a fixed cost of some nanoseconds: feed whole buffers, not single fields.
#[derive(Clone)]
pub struct Crc64(Digest);

impl Crc64 {
    /// The checksum of nothing, which is 0.
    pub fn new() -> Self {
        Self(Digest::new(CrcAlgorithm::Crc64Redis))
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The checksum of all bytes so far.
    pub fn value(&self) -> u64 {
        self.0.finalize()
    }
}

impl Default for Crc64 {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Crc64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crc64({:016x})", self.value())
    }
}

/// The checksum of `bytes` in one call.
pub fn crc64(bytes: &[u8]) -> u64 {
    crc_fast::checksum(CrcAlgorithm::Crc64Redis, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_is_that_of_the_jones_polynomial() {
        assert_eq!(crc64(b"123456789"), 0xe9c6_d914_c4b8_d9ca);
        assert_eq!(crc64(b""), 0);
    }

    #[test]
    fn pieces_give_the_checksum_of_the_whole() {
        let whole: Vec<u8> = (0..1000_u32).map(|n| (n * 7) as u8).collect();
        for piece in [1, 3, 16, 255, 999] {
            let mut crc = Crc64::new();
            whole.chunks(piece).for_each(|bytes| crc.update(bytes));
            assert_eq!(crc.value(), crc64(&whole), "pieces of {piece} bytes");
        }
    }
}
