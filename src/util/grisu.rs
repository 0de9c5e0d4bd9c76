//! The decimal digits that Redis prints for a double, by Loitsch's Grisu2.
//!
//! Grisu2 ("Printing Floating-Point Numbers Quickly and Accurately with Integers", 2010) always
//! yields digits that read back as the same double, but about one time in a thousand not the
//! shortest ones: `0.27495` is printed as `0.27495000000000003`. Redis does, so we do; a shortest
//! algorithm would be at hand but its replies would differ from those of the server we stand in for.
//!
//! The idea: multiply the double and the middle points to its neighbours by a cached power of ten
//! that brings them into a range where the integer part fits 32 bits, then generate digits of the
//! upper boundary until the rest is within the interval, and step the last digit towards the double.
//! All intermediate numbers are 64-bit significands with a shared binary exponent.

/// Explicit significand bits of a double.
const FRACTION_BITS: u32 = f64::MANTISSA_DIGITS - 1;
/// The significand bit that normal doubles have and do not store.
const HIDDEN_BIT: u64 = 1 << FRACTION_BITS;
/// The exponent of a double whose exponent field is zero, its significand taken as an integer.
const EXPONENT_MIN: i32 = f64::MIN_EXP - f64::MANTISSA_DIGITS as i32;

/// The number `digits * 10^exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) digits: u64,
    pub(super) exponent: i32,
}

/// The digits of `value`, which is finite and greater than zero; at most 17 of them.
pub(super) fn decimal(value: f64) -> Decimal {
    let (significand, exponent) = significand_and_exponent(value);

    // The middle points, at twice the precision; below a power of two the gap is half as wide.
    let shift = significand.leading_zeros();
    let exact = significand << shift;
    let upper = (2 * significand + 1) << (shift - 1);
    let lower = if significand == HIDDEN_BIT {
        (4 * significand - 1) << (shift - 2)
    } else {
        (2 * significand - 1) << (shift - 1)
    };

    // A scaled product is off by up to one unit, so the interval shrinks by one at either end.
    let binary_exponent = exponent - shift as i32;
    let power = power_for(binary_exponent);
    let upper = power.scale(upper) - 1;
    let lower = power.scale(lower) + 1;
    let mut digits = Interval {
        fraction_bits: -(binary_exponent + power.binary_exponent + 64) as u32,
        width: upper - lower,
        to_exact: upper - power.scale(exact),
    }
    .digits(upper);
    digits.exponent -= power.decimal_exponent;
    digits
}

/// Splits a finite double that is not negative into `significand * 2^exponent`.
pub(super) fn significand_and_exponent(value: f64) -> (u64, i32) {
    let fraction = value.to_bits() & (HIDDEN_BIT - 1);
    match (value.to_bits() >> FRACTION_BITS) as i32 {
        0 => (fraction, EXPONENT_MIN),
        biased => (fraction | HIDDEN_BIT, EXPONENT_MIN + biased - 1),
    }
}

/// The numbers that read back as the wanted double, measured down from their upper end.
struct Interval {
    /// How many low bits of all numbers here are behind the binary point: 32 to 60.
    fraction_bits: u32,
    width: u64,
    /// Distance from the upper end to the double itself.
    to_exact: u64,
}

impl Interval {
    /// Generates digits of `upper` until what is left lies within the interval.
    fn digits(&self, upper: u64) -> Decimal {
        let one = 1u64 << self.fraction_bits;
        let mut whole = upper >> self.fraction_bits;
        let mut rest = upper & (one - 1);
        let mut digits = 0;

        let mut exponent = 10;
        let mut unit = 1_000_000_000;
        while exponent > 0 {
            digits = digits * 10 + whole / unit;
            whole %= unit;
            exponent -= 1;
            let left = (whole << self.fraction_bits) + rest;
            if left <= self.width {
                let digits = step_down(digits, left, unit << self.fraction_bits, self.width, self.to_exact);
                return Decimal { digits, exponent };
            }
            unit /= 10;
        }

        let mut scale = 1u64;
        loop {
            rest *= 10;
            scale = scale.wrapping_mul(10);
            digits = digits * 10 + (rest >> self.fraction_bits);
            rest &= one - 1;
            exponent -= 1;
            let width = self.width.wrapping_mul(scale);
            if rest < width {
                let to_exact = self.to_exact.wrapping_mul(scale);
                return Decimal { digits: step_down(digits, rest, one, width, to_exact), exponent };
            }
        }
    }
}

/// Lowers the last digit while that leads closer to the double and stays within the interval.
///
/// `left` is the distance from the upper end to the number written so far, `unit` the worth of its
/// last digit.
fn step_down(mut digits: u64, mut left: u64, unit: u64, width: u64, to_exact: u64) -> u64 {
    while left < to_exact
        && width - left >= unit
        && (left + unit < to_exact || to_exact - left > left + unit - to_exact)
    {
        digits -= 1;
        left += unit;
    }
    digits
}

/// `10^decimal_exponent`, rounded to `significand * 2^binary_exponent` with the top bit set.
#[derive(Clone, Copy)]
struct Power {
    significand: u64,
    binary_exponent: i32,
    decimal_exponent: i32,
}

impl Power {
    /// The upper half of the product, rounded; its exponent is the sum of both plus 64.
    fn scale(self, significand: u64) -> u64 {
        ((u128::from(significand) * u128::from(self.significand) + (1 << 63)) >> 64) as u64
    }
}

const POWERS_COUNT: usize = 87;
const POWERS_STEP: i32 = 8;
const POWERS_FIRST: i32 = -348;
/// The powers 10^-348, 10^-340, ..., 10^340.
static POWERS: [Power; POWERS_COUNT] = powers();

/// A power that brings a 64-bit significand with `exponent` to 32 to 60 bits behind the point.
///
/// Two powers can qualify, and which one is taken shows in the digits: the search starts from the
/// same estimate as that of Redis, and goes the same way.
fn power_for(exponent: i32) -> Power {
    const LOG10_OF_2: f64 = 0.301_029_995_663_981_14;
    let estimate = (f64::from(-(exponent + POWERS_COUNT as i32)) * LOG10_OF_2) as i32;
    let mut index = ((estimate - POWERS_FIRST) / POWERS_STEP) as usize;
    loop {
        let power = POWERS[index];
        match exponent + power.binary_exponent + 64 {
            ..-60 => index += 1,
            -60..=-32 => return power,
            _ => index -= 1,
        }
    }
}

/// Computes the powers from 10^4 outwards with 128-bit significands, of which 64 bits are kept.
const fn powers() -> [Power; POWERS_COUNT] {
    const MIDDLE: usize = 44;
    const STEP: u128 = 10u128.pow(POWERS_STEP as u32);
    let middle = Wide { significand: 10_000u128 << 114, exponent: -114 };

    let mut powers = [middle.rounded(4); POWERS_COUNT];
    let mut wide = middle;
    let mut index = MIDDLE + 1;
    while index < POWERS_COUNT {
        wide = wide.times(STEP);
        powers[index] = wide.rounded(POWERS_FIRST + index as i32 * POWERS_STEP);
        index += 1;
    }
    wide = middle;
    index = MIDDLE;
    while index > 0 {
        index -= 1;
        wide = wide.divided_by(STEP);
        powers[index] = wide.rounded(POWERS_FIRST + index as i32 * POWERS_STEP);
    }
    powers
}

/// `significand * 2^exponent` with the top bit of the significand set; factors are below 2^32.
#[derive(Clone, Copy)]
struct Wide {
    significand: u128,
    exponent: i32,
}

impl Wide {
    const fn times(self, factor: u128) -> Self {
        let low = (self.significand as u64) as u128 * factor;
        let high = (self.significand >> 64) * factor + (low >> 64);
        let shift = high.leading_zeros();
        let kept_low = (low as u64) as u128 >> (64 - shift);
        Self { significand: (high << shift) | kept_low, exponent: self.exponent + 64 - shift as i32 }
    }

    const fn divided_by(self, divisor: u128) -> Self {
        let quotient = self.significand / divisor;
        let remainder = self.significand % divisor;
        let shift = quotient.leading_zeros();
        let significand = (quotient << shift) | ((remainder << shift) / divisor);
        Self { significand, exponent: self.exponent - shift as i32 }
    }

    const fn rounded(self, decimal_exponent: i32) -> Power {
        let significand = ((self.significand + (1 << 63)) >> 64) as u64;
        Power { significand, binary_exponent: self.exponent + 64, decimal_exponent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_powers_are_normalized_and_correctly_rounded() {
        // Published values: Loitsch's paper and every implementation of it have this table.
        let known = [
            (-348, 0xfa8f_d5a0_081c_0288, -1220),
            (-4, 0xd1b7_1758_e219_652c, -77),
            (4, 0x9c40_0000_0000_0000, -50),
            (12, 0xe8d4_a510_0000_0000, -24),
            (20, 0xad78_ebc5_ac62_0000, 3),
            (340, 0xaf87_023b_9bf0_ee6b, 1066),
        ];
        for (decimal_exponent, significand, binary_exponent) in known {
            let index = ((decimal_exponent - POWERS_FIRST) / POWERS_STEP) as usize;
            let power = POWERS[index];
            assert_eq!(power.decimal_exponent, decimal_exponent);
            assert_eq!(power.significand, significand, "10^{decimal_exponent}");
            assert_eq!(power.binary_exponent, binary_exponent, "10^{decimal_exponent}");
        }
        assert!(POWERS.iter().all(|power| power.significand >> 63 == 1));
    }

    #[test]
    fn digits_are_those_of_redis_even_where_shorter_ones_exist() {
        assert_eq!(decimal(0.5), Decimal { digits: 5, exponent: -1 });
        assert_eq!(decimal(0.27495), Decimal { digits: 27_495_000_000_000_003, exponent: -17 });
        assert_eq!(decimal(f64::MAX), Decimal { digits: 17_976_931_348_623_157, exponent: 292 });
        assert_eq!(decimal(f64::from_bits(1)), Decimal { digits: 5, exponent: -324 });
    }

    #[test]
    fn every_power_of_two_finds_a_cached_power() {
        for biased in 1..2047u64 {
            let value = f64::from_bits(biased << FRACTION_BITS);
            let Decimal { digits, exponent } = decimal(value);
            assert_eq!(format!("{digits}e{exponent}").parse(), Ok(value));
        }
    }
}
