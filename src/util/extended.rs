//! The 80-bit floats of the x87, in which INCRBYFLOAT and HINCRBYFLOAT add.
//!
//! Redis computes in C's `long double`. On x86-64 that is a 64-bit significand with a 15-bit
//! exponent, and its digits show in replies: `0.1 + 0.2` is `0.3` and not `0.30000000000000004`. We
//! keep those digits on every machine.

use rustc_apfloat::ieee::X87DoubleExtended;
use rustc_apfloat::{Float, Round};

use super::number::{spells_infinity, spells_zero};
use super::{fixed, hexadecimal};

/// Longer texts are refused, whatever they say: Redis reads them into a buffer of 5 KiB.
const TEXT_BYTES_MAX: usize = 5 * 1024 - 1;

/// Bits of the significand, all of them stored.
const SIGNIFICAND_BITS: u32 = 64;
/// What has to be subtracted from the exponent field if the significand is taken as an integer.
const EXPONENT_BIAS: i32 = 16_383 + SIGNIFICAND_BITS as i32 - 1;
/// The exponent field without the sign above it.
const EXPONENT_MASK: u128 = 0x7fff;

/// An x87 double extended number. Rounding is to nearest, ties to even.
#[derive(Clone, Copy, Debug)]
pub struct Extended(X87DoubleExtended);

impl Extended {
    /// Reads a number by the grammar of C's `strtold`, from the first byte to the last.
    ///
    /// Accepted and refused is what [`parse_f64`](super::number::parse_f64) accepts and refuses,
    /// with the larger range of this type and at most 5,119 bytes.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.len() > TEXT_BYTES_MAX {
            return None;
        }
        let text = str::from_utf8(text).ok()?;
        // The decimal grammar is that of Rust's doubles, so std checks what apfloat takes lightly.
        let Ok(rough) = text.parse::<f64>() else {
            return hexadecimal::parse(text).map(Self);
        };
        if rough.is_nan() {
            return None;
        }
        if spells_infinity(text) {
            let infinity = X87DoubleExtended::INFINITY;
            return Some(Self(if rough < 0.0 { -infinity } else { infinity }));
        }
        let value = X87DoubleExtended::from_str_r(text, Round::NearestTiesToEven).ok()?.value;
        let vanished = value.is_zero() && !spells_zero(text);
        (!value.is_infinite() && !vanished).then_some(Self(value))
    }

    /// The sum. Overflow gives an infinity, and infinities of opposite sign give NaN.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "the result is to be checked, which `+` hides")]
    pub fn add(self, other: Self) -> Self {
        Self((self.0 + other.0).value)
    }

    pub fn is_nan(self) -> bool {
        self.0.is_nan()
    }

    pub fn is_infinite(self) -> bool {
        self.0.is_infinite()
    }

    /// Appends the number in full, without an exponent and with at most 17 places.
    ///
    /// Trailing zeros and the sign of a zero are dropped. The longest text has 4,933 bytes, which is
    /// why the "no room" case of Redis's buffer of 5,120 cannot arise.
    pub fn push_text(self, output: &mut Vec<u8>) {
        if self.is_nan() {
            return output.extend_from_slice(b"nan");
        }
        if self.is_infinite() {
            return output.extend_from_slice(if self.0.is_negative() { b"-inf" } else { b"inf" });
        }
        let bits = self.0.to_bits();
        // The field of a denormal is 0 but its exponent is that of field 1.
        let field = ((bits >> SIGNIFICAND_BITS) & EXPONENT_MASK).max(1);
        fixed::push(output, self.0.is_negative(), bits as u64, field as i32 - EXPONENT_BIAS);
    }
}

#[cfg(test)]
mod tests;
