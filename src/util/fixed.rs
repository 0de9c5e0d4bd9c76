//! Binary floating point numbers as exact decimals with 17 places.
//!
//! This is C's `%.17f` with trailing zeros removed, for any width of float: the caller hands over
//! significand and exponent. Knows neither infinities nor NaN.

use super::number::push_u64;

const PLACES: usize = 17;
const PLACES_FACTOR: u64 = 10u64.pow(PLACES as u32);

/// Large numbers are built from groups of nine decimal digits.
const GROUP: u64 = 1_000_000_000;
const GROUP_DIGITS: usize = 9;

/// Appends `significand * 2^exponent` rounded half to even at the 17th place, in full: no exponent,
/// no trailing zeros, no trailing point, and no minus before a zero.
pub(super) fn push(output: &mut Vec<u8>, negative: bool, significand: u64, exponent: i32) {
    let shift = exponent.unsigned_abs();
    if exponent >= 0 {
        if negative && significand != 0 {
            output.push(b'-');
        }
        return push_shifted(output, significand, shift);
    }

    let scaled = shift_right_half_even(u128::from(significand) * u128::from(PLACES_FACTOR), shift);
    if negative && scaled != 0 {
        output.push(b'-');
    }
    // With an exponent below zero the whole part is less than 2^63.
    push_u64(output, (scaled / u128::from(PLACES_FACTOR)) as u64);
    push_fraction(output, (scaled % u128::from(PLACES_FACTOR)) as u64);
}

/// Divides by `2^shift`, where `shift` is at least one and `value` below 2^127.
fn shift_right_half_even(value: u128, shift: u32) -> u128 {
    if shift >= u128::BITS {
        return 0;
    }
    let quotient = value >> shift;
    let remainder = value - (quotient << shift);
    let half = 1 << (shift - 1);
    let round_up = remainder > half || (remainder == half && quotient & 1 == 1);
    quotient + u128::from(round_up)
}

/// Appends the point and `fraction / 10^17`, or nothing if that is zero.
fn push_fraction(output: &mut Vec<u8>, mut fraction: u64) {
    if fraction == 0 {
        return;
    }
    let mut places = PLACES;
    while fraction.is_multiple_of(10) {
        fraction /= 10;
        places -= 1;
    }
    output.push(b'.');
    push_padded(output, fraction, places);
}

/// Appends the integer `significand * 2^shift`.
///
/// Quadratic in the length of the result, which the 15-bit exponent of the widest float bounds to
/// 4,933 digits.
fn push_shifted(output: &mut Vec<u8>, significand: u64, mut shift: u32) {
    let mut groups = vec![0; 3];
    let mut rest = significand;
    for group in &mut groups {
        (rest, *group) = (rest / GROUP, rest % GROUP);
    }
    while shift > 0 {
        let step = shift.min(u32::BITS);
        let mut carry = 0;
        for group in &mut groups {
            let shifted = (*group << step) + carry;
            (carry, *group) = (shifted / GROUP, shifted % GROUP);
        }
        while carry > 0 {
            groups.push(carry % GROUP);
            carry /= GROUP;
        }
        shift -= step;
    }

    let mut groups = groups.into_iter().rev().skip_while(|group| *group == 0);
    push_u64(output, groups.next().unwrap_or(0));
    for group in groups {
        push_padded(output, group, GROUP_DIGITS);
    }
}

/// Appends `value` with leading zeros up to `width`.
fn push_padded(output: &mut Vec<u8>, value: u64, width: usize) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(value).as_bytes();
    output.resize(output.len() + width.saturating_sub(digits.len()), b'0');
    output.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(negative: bool, significand: u64, exponent: i32) -> String {
        let mut output = Vec::new();
        push(&mut output, negative, significand, exponent);
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn integers_are_written_in_full() {
        assert_eq!(text(false, 0, 0), "0");
        assert_eq!(text(false, u64::MAX, 0), "18446744073709551615");
        assert_eq!(text(true, 1, 100), "-1267650600228229401496703205376");
        assert_eq!(text(false, 1_000_000_000, 0), "1000000000");
        assert_eq!(text(false, 1, 16_383).len(), 4_932);
    }

    #[test]
    fn fractions_lose_their_trailing_zeros() {
        assert_eq!(text(false, 1, -1), "0.5");
        assert_eq!(text(true, 5, -2), "-1.25");
        assert_eq!(text(false, 4, -2), "1");
        assert_eq!(text(false, 1, -17), "0.00000762939453125");
    }

    #[test]
    fn the_seventeenth_place_is_rounded_half_to_even() {
        // 2^-18 has 18 places and ends in 5: 0.000003814697265625 fits, the next two do not.
        assert_eq!(text(false, 1, -18), "0.00000381469726562");
        assert_eq!(text(false, 3, -18), "0.00001144409179688");
        assert_eq!(text(false, u64::MAX, -1), "9223372036854775807.5");
        assert_eq!(text(false, u64::MAX, -64), "1");
    }

    #[test]
    fn a_number_rounded_to_zero_has_no_sign() {
        assert_eq!(text(true, 0, 0), "0");
        assert_eq!(text(true, 1, -60), "0");
        assert_eq!(text(true, u64::MAX, -16_445), "0");
        assert_eq!(text(true, u64::MAX, -121), "-0.00000000000000001");
    }
}
