//! Lines beside the commands. They begin with `#`, and Redis's loader and its checker skip them.
//!
//! * `#TS:<seconds since 1970>`, Redis's own: what follows was written from then on.
//! * `#russet-crc64:<16 hexadecimal digits> <bytes>`, ours: the CRC-64/XZ of everything between the checksum
//!   line before it (or the start of the file) and itself, and how many bytes that is. A bit that flips on the
//!   disk is found by it; the number tells a line from a value that looks like one.

use std::fmt;

use crc64fast::Digest;

/// What every checksum line starts with.
pub const CHECKSUM_PREFIX: &[u8] = b"#russet-crc64:";
const OUR_PREFIX: &[u8] = b"#russet";

/// No line of ours is longer.
pub const CHECKSUM_LINE_BYTES_MAX: usize = CHECKSUM_PREFIX.len() + 16 + 1 + 20 + 2;

/// A line, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Annotation {
    TimestampS(i64),
    Checksum {
        value: u64,
        bytes: u64,
    },
    /// Begins like a line of ours and goes on differently.
    Damaged,
    /// Not for us.
    Unknown,
}

impl Annotation {
    /// Takes a line apart, line break included.
    pub fn parse(line: &[u8]) -> Self {
        if let Some(rest) = line.strip_prefix(b"#TS:") {
            return rest.strip_suffix(b"\r\n").and_then(number).map_or(Self::Unknown, Self::TimestampS);
        }
        if !line.starts_with(OUR_PREFIX) {
            return Self::Unknown;
        }
        let checksum = line.strip_prefix(CHECKSUM_PREFIX).and_then(|rest| {
            let (value, bytes) = rest.strip_suffix(b"\r\n")?.split_at_checked(16)?;
            let value = u64::from_str_radix(str::from_utf8(value).ok()?, 16).ok()?;
            let bytes = number(bytes.strip_prefix(b" ")?)?;
            // A number has one spelling: every other one is damage.
            (checksum_line(value, bytes) == line).then_some(Self::Checksum { value, bytes })
        });
        checksum.unwrap_or(Self::Damaged)
    }
}

fn checksum_line(value: u64, bytes: u64) -> Vec<u8> {
    format!("#russet-crc64:{value:016x} {bytes}\r\n").into_bytes()
}

/// The line that says since when.
pub fn timestamp_line(unix_s: i64) -> Vec<u8> {
    format!("#TS:{unix_s}\r\n").into_bytes()
}

fn number<N: std::str::FromStr>(digits: &[u8]) -> Option<N> {
    str::from_utf8(digits).ok()?.parse().ok()
}

/// Bytes behind the last checksum line, for the next one.
#[derive(Clone)]
pub struct Cover {
    digest: Digest,
    bytes: u64,
}

impl Cover {
    pub fn new() -> Self {
        Self { digest: Digest::new(), bytes: 0 }
    }

    pub fn update(&mut self, bytes: &[u8]) {
        self.digest.write(bytes);
        self.bytes += bytes.len() as u64;
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn value(&self) -> u64 {
        self.digest.sum64()
    }

    /// The checksum line.
    pub fn line(&self) -> Vec<u8> {
        checksum_line(self.value(), self.bytes)
    }
}

impl Default for Cover {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Cover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cover({:016x} of {} bytes)", self.value(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_checksum_line_says_what_it_covers() {
        let mut cover = Cover::new();
        cover.update(b"12345");
        cover.update(b"6789");
        // The check value of CRC-64/XZ.
        assert_eq!(cover.line(), b"#russet-crc64:995dc9bbdf1939fa 9\r\n");
        let expected = Annotation::Checksum { value: 0x995d_c9bb_df19_39fa, bytes: 9 };
        assert_eq!(Annotation::parse(&cover.line()), expected);
        assert!(cover.line().len() <= CHECKSUM_LINE_BYTES_MAX);
    }

    #[test]
    fn lines_that_say_nothing_are_unknown_and_almost_checksums_are_damaged() {
        for line in ["#\r\n", "#TS:\r\n", "#TS:x\r\n", "#TS:1", "# 1\r\n"] {
            assert_eq!(Annotation::parse(line.as_bytes()), Annotation::Unknown, "{line}");
        }
        for rest in
            ["", "995dc9bbdf1939fa", "995dc9bbdf1939fa +9", "995dc9bbdf1939fA 9", "995dc9bbdf1939fa 9\n"]
        {
            let line = format!("#russet-crc64:{rest}\r\n");
            assert_eq!(Annotation::parse(line.as_bytes()), Annotation::Damaged, "{line}");
        }
        assert_eq!(Annotation::parse(&timestamp_line(1_700_000_000)), Annotation::TimestampS(1_700_000_000));
    }
}
