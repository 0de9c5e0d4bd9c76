//! Integers and doubles as text, both directions, with the strictness of the protocol.
//!
//! What is accepted is what Redis accepts and what is written is what Redis writes, byte for byte:
//! clients and stored data depend on both. Does not know the 80-bit floats of INCRBYFLOAT (see
//! [`extended`](super::extended)).

use rustc_apfloat::{Float, ieee};

use super::text::is_space;
use super::{fixed, grisu, hexadecimal};

/// Decimal digits of `u64::MAX`.
const U64_DIGITS_MAX: usize = 20;

/// Doubles up to this magnitude are written as integers when they are integers: 2^62.
///
/// Above it only the digits needed to read the double back are written, then zeros: 2^63 is
/// `9223372036854776000`.
const EXACT_INTEGER_MAX: f64 = 4_611_686_018_427_387_904.0;

/// Reads the canonical text of a signed integer: exactly what [`push_i64`] writes.
///
/// Refused: spaces, `+`, leading zeros, `-0`, anything out of range. A text that is accepted can
/// therefore be stored as an integer and given back unchanged.
#[inline]
pub fn parse_i64(text: &[u8]) -> Option<i64> {
    // Most texts are none, and most of these begin with a letter.
    if matches!(text, [b'-' | b'0'..=b'9', ..]) { parse_signed(text) } else { None }
}

fn parse_signed(text: &[u8]) -> Option<i64> {
    let Some(digits) = text.strip_prefix(b"-") else {
        return i64::try_from(parse_u64(text)?).ok();
    };
    match parse_u64(digits)? {
        0 => None,
        magnitude => 0i64.checked_sub_unsigned(magnitude),
    }
}

/// Reads the canonical text of an unsigned integer: exactly what [`push_u64`] writes.
pub fn parse_u64(text: &[u8]) -> Option<u64> {
    match text {
        b"0" => Some(0),
        [b'1'..=b'9', ..] if text.len() <= U64_DIGITS_MAX => digits_value(text),
        _ => None,
    }
}

/// Reads an unsigned integer as generously as C's `strtoull` with the whole text consumed.
///
/// Leading white space, a sign and leading zeros are allowed, and a minus wraps around: `-1` is
/// `u64::MAX`. Redis reads the two halves of a stream ID this way. Empty text is refused.
pub fn parse_u64_lenient(text: &[u8]) -> Option<u64> {
    let blank = text.iter().take_while(|byte| is_space(**byte)).count();
    let (negative, digits) = match &text[blank..] {
        [b'-', digits @ ..] => (true, digits),
        [b'+', digits @ ..] => (false, digits),
        digits => (false, digits),
    };
    if digits.is_empty() {
        return None;
    }
    let magnitude = digits_value(digits)?;
    Some(if negative { magnitude.wrapping_neg() } else { magnitude })
}

/// Reads a double by the grammar of C's `strtod`, from the first byte to the last.
///
/// Accepted: an optional sign, then decimal or hexadecimal digits with an optional point and
/// exponent, or `inf` or `infinity` in any case. Refused: spaces, NaN, and numbers too large for a
/// double or so small that only zero is left of them.
pub fn parse_f64(text: &[u8]) -> Option<f64> {
    let text = str::from_utf8(text).ok()?;
    match text.parse::<f64>() {
        Ok(value) if value.is_nan() => None,
        Ok(value) if value.is_infinite() => spells_infinity(text).then_some(value),
        Ok(value) if value == 0.0 => spells_zero(text).then_some(value),
        Ok(value) => Some(value),
        Err(_) => {
            let value: ieee::Double = hexadecimal::parse(text)?;
            Some(f64::from_bits(value.to_bits() as u64))
        }
    }
}

/// Whether a text that reads as infinity says so, and is not merely too large a number.
pub(super) fn spells_infinity(text: &str) -> bool {
    text.bytes().any(|byte| byte.eq_ignore_ascii_case(&b'i'))
}

/// Whether a decimal text that reads as zero is zero, and not merely too small a number.
pub(super) fn spells_zero(text: &str) -> bool {
    text.bytes().take_while(|byte| !byte.eq_ignore_ascii_case(&b'e')).all(|byte| !matches!(byte, b'1'..=b'9'))
}

/// Appends the decimal text of a signed integer.
pub fn push_i64(output: &mut Vec<u8>, value: i64) {
    output.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends the decimal text of an unsigned integer.
pub fn push_u64(output: &mut Vec<u8>, value: u64) {
    output.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

/// Appends a double as replies show it: `inf`, `-inf`, `nan`, `-0`, an integer, or the digits of
/// [`grisu`] laid out by [`push_decimal`].
///
/// The text reads back as the same double.
pub fn push_f64(output: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        output.extend_from_slice(b"nan");
        return;
    }
    if value.is_sign_negative() {
        output.push(b'-');
    }
    let magnitude = value.abs();
    if magnitude.is_infinite() {
        output.extend_from_slice(b"inf");
    } else if magnitude <= EXACT_INTEGER_MAX && magnitude.fract() == 0.0 {
        push_u64(output, magnitude as u64);
    } else {
        push_decimal(output, grisu::decimal(magnitude));
    }
}

/// Appends a double with up to 17 decimals, never with an exponent: C's `%.17f` with the trailing
/// zeros and a trailing point removed. Infinities and NaN are written as by [`push_f64`].
pub fn push_fixed17(output: &mut Vec<u8>, value: f64) {
    if !value.is_finite() {
        return push_f64(output, value);
    }
    let (significand, exponent) = grisu::significand_and_exponent(value.abs());
    fixed::push(output, value.is_sign_negative(), significand, exponent);
}

/// How many decimal digits `value` has; zero has one.
pub fn digits(value: u64) -> usize {
    value.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// The value of a run of digits, or `None` if something else is among them or it is too large.
fn digits_value(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0u64, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// Places the point among the digits of `decimal`, or switches to an exponent.
///
/// Up to seven zeros are appended to an integer. A fraction has a point if it needs at most six
/// decimals or lies between 0.001 and 10,000. The rest is `d.ddde+x`.
fn push_decimal(output: &mut Vec<u8>, decimal: grisu::Decimal) {
    let mut buffer = itoa::Buffer::new();
    let digits = buffer.format(decimal.digits).as_bytes();
    let exponent = decimal.exponent;
    let scientific = exponent + digits.len() as i32 - 1;

    if exponent >= 0 && scientific < digits.len() as i32 + 7 {
        output.extend_from_slice(digits);
        output.resize(output.len() + exponent as usize, b'0');
    } else if exponent < 0 && (exponent > -7 || scientific.abs() < 4) {
        let decimals = exponent.unsigned_abs() as usize;
        let (whole, fraction) = digits.split_at(digits.len().saturating_sub(decimals));
        output.extend_from_slice(if whole.is_empty() { b"0" } else { whole });
        output.push(b'.');
        output.resize(output.len() + decimals - fraction.len(), b'0');
        output.extend_from_slice(fraction);
    } else {
        let (first, rest) = digits.split_at(1);
        output.extend_from_slice(first);
        if !rest.is_empty() {
            output.push(b'.');
            output.extend_from_slice(rest);
        }
        output.extend_from_slice(if scientific < 0 { b"e-" } else { b"e+" });
        push_u64(output, u64::from(scientific.unsigned_abs()));
    }
}

#[cfg(test)]
mod tests;
