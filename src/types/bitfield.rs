//! Integers of any width at any bit of a string (BITFIELD): the types, reading, writing, and what happens to
//! a number that does not fit.
//!
//! The most significant bit comes first, as in [`bitmap`](super::bitmap). Numbers are two's complement; an
//! unsigned one has at most 63 bits, so that every number is an `i64`.

use crate::util::number::parse_i64;

/// The bytes that a field of 64 bits can touch.
const WINDOW_BYTES: usize = 9;

/// The type of an integer: `i1` to `i64`, `u1` to `u63`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldType {
    signed: bool,
    bits: u32,
}

/// What becomes of a number that does not fit its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overflow {
    /// Its low bits stay.
    #[default]
    Wrap,
    /// It becomes the largest or the smallest number that fits.
    Saturate,
    /// Nothing is written.
    Fail,
}

impl FieldType {
    /// Reads `i` or `u` with a number of bits.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let (letter, bits) = text.split_first()?;
        let (signed, bits_max) = match letter {
            b'i' => (true, 64),
            b'u' => (false, 63),
            _ => return None,
        };
        let bits = parse_i64(bits).filter(|bits| (1..=bits_max).contains(bits))?;
        Some(Self { signed, bits: bits as u32 })
    }

    pub fn bits(self) -> u64 {
        u64::from(self.bits)
    }

    /// The number at a bit offset; behind the text there are zeros.
    pub fn read(self, text: &[u8], offset: u64) -> i64 {
        let window = window(text, offset);
        let shifted = window << (offset % 8);
        // The field is at the top now: shifting it down extends the sign or fills up with zeros.
        let down = u128::BITS - self.bits;
        if self.signed { (shifted.cast_signed() >> down) as i64 } else { (shifted >> down) as i64 }
    }

    /// Writes the low bits of a number at a bit offset. The text must reach as far as the field does.
    pub fn write(self, text: &mut [u8], offset: u64, value: i64) {
        let up = u128::BITS - self.bits;
        let place = |bits: u128| bits << up >> (offset % 8);
        let changed = window(text, offset) & !place(u128::MAX) | place(value as u128);
        let first = (offset / 8) as usize;
        let touched = (offset % 8 + self.bits()).div_ceil(8) as usize;
        text[first..first + touched].copy_from_slice(&changed.to_be_bytes()[..touched]);
    }

    /// A number as this field can hold it; `None` if it does not fit and must not be changed. An unsigned field
    /// takes a negative number for the huge one with the same bits.
    pub fn fit(self, value: i64, overflow: Overflow) -> Option<i64> {
        let meant = if self.signed { i128::from(value) } else { i128::from(value as u64) };
        let (_, max) = self.bounds();
        let is_far_below = self.bits < 64 && max - meant > i128::from(i64::MAX);
        if is_far_below && overflow == Overflow::Saturate {
            // Redis's check overflows there, and finds the number too large.
            return Some(max as i64);
        }
        self.fit_exact(meant, overflow)
    }

    /// A sum as this field can hold it.
    pub fn add(self, value: i64, increment: i64, overflow: Overflow) -> Option<i64> {
        self.fit_exact(i128::from(value) + i128::from(increment), overflow)
    }

    /// The smallest and the largest number that fit.
    fn bounds(self) -> (i128, i128) {
        let value_bits = if self.signed { self.bits - 1 } else { self.bits };
        let max = (1_i128 << value_bits) - 1;
        (if self.signed { -max - 1 } else { 0 }, max)
    }

    fn fit_exact(self, value: i128, overflow: Overflow) -> Option<i64> {
        let (min, max) = self.bounds();
        if (min..=max).contains(&value) {
            return Some(value as i64);
        }
        match overflow {
            Overflow::Wrap if self.signed => {
                let up = i128::BITS - self.bits;
                Some((value << up >> up) as i64)
            }
            Overflow::Wrap => Some((value & max) as i64),
            Overflow::Saturate => Some(value.clamp(min, max) as i64),
            Overflow::Fail => None,
        }
    }
}

/// The bytes from the one with bit `offset` on, as a number with that byte at its top.
fn window(text: &[u8], offset: u64) -> u128 {
    let mut bytes = [0; size_of::<u128>()];
    let rest = usize::try_from(offset / 8).ok().and_then(|first| text.get(first..)).unwrap_or_default();
    let length = rest.len().min(WINDOW_BYTES);
    bytes[..length].copy_from_slice(&rest[..length]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::bitmap;
    use proptest::prelude::*;

    fn field(text: &str) -> FieldType {
        FieldType::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_type_is_a_letter_and_a_width() {
        assert_eq!(FieldType::parse(b"i64"), Some(FieldType { signed: true, bits: 64 }));
        assert_eq!(FieldType::parse(b"u63"), Some(FieldType { signed: false, bits: 63 }));
        for wrong in ["", "i", "u", "i0", "u0", "u64", "i65", "x8", "I8", "u 8", "u08", "u-1", "i+4", "i8 "] {
            assert_eq!(FieldType::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_field_may_cross_bytes_and_reach_behind_the_text() {
        let mut text = [0; 3];
        field("u5").write(&mut text, 7, 23);
        assert_eq!(text, [0b0000_0001, 0b0111_0000, 0]);
        assert_eq!(field("u5").read(&text, 7), 23);
        assert_eq!(field("i5").read(&text, 7), -9);
        assert_eq!(field("u16").read(&[0xff], 4), 0xf000);
        assert_eq!(field("i64").read(&[0xff], u64::MAX), 0);
    }

    #[test]
    fn a_field_of_64_bits_may_begin_within_a_byte() {
        let mut text = [0xff; 9];
        field("i64").write(&mut text, 7, i64::MIN);
        assert_eq!(text, [0xff, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(field("i64").read(&text, 7), i64::MIN);
    }

    #[test]
    fn overflow_wraps_saturates_or_fails() {
        let all = |result: fn(Overflow) -> Option<i64>| {
            [result(Overflow::Wrap), result(Overflow::Saturate), result(Overflow::Fail)]
        };
        assert_eq!(all(|how| field("u2").add(3, 2, how)), [Some(1), Some(3), None]);
        assert_eq!(all(|how| field("u8").add(0, -1, how)), [Some(255), Some(0), None]);
        assert_eq!(all(|how| field("i8").add(127, 2, how)), [Some(-127), Some(127), None]);
        assert_eq!(all(|how| field("i8").add(-128, -1, how)), [Some(127), Some(-128), None]);
        assert_eq!(all(|how| field("i8").add(-128, i64::MIN, how)), [Some(-128), Some(-128), None]);
        let wrapped = [Some(i64::MIN), Some(i64::MAX), None];
        assert_eq!(all(|how| field("i64").add(i64::MAX, 1, how)), wrapped);
        assert_eq!(
            all(|how| field("u63").add(i64::MAX, i64::MAX, how)),
            [Some(i64::MAX - 1), Some(i64::MAX), None]
        );
        assert_eq!(all(|how| field("i8").add(-5, 5, how)), [Some(0); 3]);
    }

    #[test]
    fn a_negative_number_is_huge_to_an_unsigned_field() {
        assert_eq!(field("u8").fit(-1, Overflow::Wrap), Some(255));
        assert_eq!(field("u8").fit(-1, Overflow::Saturate), Some(255));
        assert_eq!(field("u8").fit(i64::MIN, Overflow::Wrap), Some(0));
        assert_eq!(field("i8").fit(-1, Overflow::Fail), Some(-1));
        assert_eq!(field("i8").fit(-200, Overflow::Saturate), Some(-128));
        assert_eq!(field("i8").fit(i64::MIN + 127, Overflow::Saturate), Some(127));
        assert_eq!(field("i8").fit(i64::MIN + 128, Overflow::Saturate), Some(-128));
        assert_eq!(field("i64").fit(i64::MIN, Overflow::Saturate), Some(i64::MIN));
    }

    proptest! {
        #[test]
        fn writing_changes_the_bits_of_the_field_alone(
            before in prop::collection::vec(any::<u8>(), 20), offset in 0..90_u64, bits in 1..=64_u32, value: i64,
        ) {
            for signed in [true, false] {
                let bits = if signed { bits } else { bits.min(63) };
                let field = FieldType { signed, bits };
                let value = field.fit(value, Overflow::Wrap).unwrap();
                let mut text = before.clone();
                field.write(&mut text, offset, value);
                prop_assert_eq!(field.read(&text, offset), value);
                for at in (0..offset).chain(offset + field.bits()..160) {
                    prop_assert_eq!(bitmap::bit(&text, at), bitmap::bit(&before, at));
                }
                for at in 0..field.bits() {
                    let expected = value >> (field.bits() - 1 - at) & 1 == 1;
                    prop_assert_eq!(bitmap::bit(&text, offset + at), expected);
                }
            }
        }
    }
}
