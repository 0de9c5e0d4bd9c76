//! Hexadecimal floating point text (`0x1.8p3`), as C's `strtod` reads it.
//!
//! The conversion itself is `rustc_apfloat`'s; this file checks the grammar, which that library
//! takes less literally, and refuses results that overflowed or vanished.

use rustc_apfloat::Float;

/// Exponents beyond this overflow or vanish whatever the digits; longer ones are not passed on.
const EXPONENT_DIGITS_MAX: usize = 9;

/// Reads all of `text`: a sign, `0x`, digits with an optional point, and an optional `p` exponent.
///
/// `None` for any other text, and for numbers whose magnitude is too large for `F` or becomes zero.
pub(super) fn parse<F: Float>(text: &str) -> Option<F> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(unsigned) => (true, unsigned),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let body = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0X"))?;
    let (significand, exponent) = match body.split_once(['p', 'P']) {
        Some((significand, exponent)) => (significand, canonical_exponent(exponent)?),
        None => (body, "0".to_owned()),
    };
    let (whole, fraction) = significand.split_once('.').unwrap_or((significand, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if digits().next().is_none() || !digits().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }

    let magnitude = F::from_str(&format!("0x{whole}.{fraction}p{exponent}")).ok()?;
    let vanished = magnitude.is_zero() && digits().any(|byte| byte != b'0');
    if magnitude.is_infinite() || vanished {
        return None;
    }
    Some(if negative { -magnitude } else { magnitude })
}

/// The exponent without `+` and leading zeros, cut to a length that still overflows or vanishes.
fn canonical_exponent(exponent: &str) -> Option<String> {
    let (sign, digits) = match exponent.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", exponent.strip_prefix('+').unwrap_or(exponent)),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0');
    let digits = &digits[..digits.len().min(EXPONENT_DIGITS_MAX)];
    Some(format!("{sign}0{digits}"))
}
