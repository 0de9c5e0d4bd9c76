//! Byte strings for humans and configuration files: quoting, splitting, sizes.
//!
//! Does not know which directive or command the text belongs to.

use std::borrow::Cow;

use thiserror::Error;

/// A line whose quotes do not add up: one is not closed, or a closing one is followed by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unbalanced quotes")]
pub struct UnbalancedQuotes;

/// Digits of hexadecimal numbers, in lower case.
pub const HEX_DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Appends `text` in double quotes with everything escaped that is not printable ASCII.
///
/// [`split_args`] reads the result back.
pub fn push_quoted(output: &mut Vec<u8>, text: &[u8]) {
    output.reserve(text.len() + 2);
    output.push(b'"');
    for &byte in text {
        match byte {
            b'\\' | b'"' => output.extend_from_slice(&[b'\\', byte]),
            b'\n' => output.extend_from_slice(b"\\n"),
            b'\r' => output.extend_from_slice(b"\\r"),
            b'\t' => output.extend_from_slice(b"\\t"),
            0x07 => output.extend_from_slice(b"\\a"),
            0x08 => output.extend_from_slice(b"\\b"),
            b' '..=b'~' => output.push(byte),
            _ => {
                let [high, low] = [byte >> 4, byte & 0xf].map(|digit| HEX_DIGITS[usize::from(digit)]);
                output.extend_from_slice(&[b'\\', b'x', high, low]);
            }
        }
    }
    output.push(b'"');
}

/// Splits a line of a configuration file or an inline command into its arguments.
///
/// Arguments are separated by white space. Double quotes allow spaces and the escapes `\n`, `\r`,
/// `\t`, `\b`, `\a`, `\xHH`, with any other escaped byte standing for itself; single quotes allow
/// spaces and `\'`. An opening quote may follow other text of its argument, a closing one ends it.
/// The line ends at its first NUL, if it has one.
pub fn split_args(line: &[u8]) -> Result<Vec<Vec<u8>>, UnbalancedQuotes> {
    let end = memchr::memchr(0, line).unwrap_or(line.len());
    let mut rest = skip_spaces(&line[..end]);
    let mut arguments = Vec::new();
    while !rest.is_empty() {
        let mut argument = Vec::new();
        rest = skip_spaces(take_argument(rest, &mut argument)?);
        arguments.push(argument);
    }
    Ok(arguments)
}

/// Bytes as a C program prints a string of them: up to the first NUL. What is not UTF-8 is replaced.
pub fn c_text(bytes: &[u8]) -> Cow<'_, str> {
    let end = memchr::memchr(0, bytes).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end])
}

/// White space as C's `isspace` defines it, vertical tab and form feed included.
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// A number of bytes with a unit: `512B`, `1.00K`, `12.34M`, up to `P`. Units are powers of 1024.
pub fn human_bytes(bytes: u64) -> String {
    let power = bytes.checked_ilog2().map_or(0, |log| log as usize / 10);
    let unit = match power {
        1 => "K",
        2 => "M",
        3 => "G",
        4 => "T",
        5 => "P",
        // Redis has no letter for 2^60 and above.
        _ => return format!("{bytes}B"),
    };
    format!("{:.2}{unit}", bytes as f64 / (1u64 << (10 * power)) as f64)
}

/// Reads a number of bytes with an optional unit in any case: `b`, `k`, `kb`, `m`, `mb`, `g`, `gb`.
///
/// A bare letter is a power of 1000, with `b` it is a power of 1024. As in Redis, missing digits
/// count as zero. Unlike in Redis, where it wraps around, a size of 2^64 or more is refused.
pub fn parse_memory(text: &[u8]) -> Option<u64> {
    let (digits, unit) = text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count());
    let factor: u64 = match unit.to_ascii_lowercase().as_slice() {
        b"" | b"b" => 1,
        b"k" => 1000,
        b"kb" => 1 << 10,
        b"m" => 1_000_000,
        b"mb" => 1 << 20,
        b"g" => 1_000_000_000,
        b"gb" => 1 << 30,
        _ => return None,
    };
    let value = digits
        .iter()
        .try_fold(0u64, |value, byte| value.checked_mul(10)?.checked_add(u64::from(byte - b'0')))?;
    value.checked_mul(factor)
}

fn skip_spaces(line: &[u8]) -> &[u8] {
    let spaces = line.iter().take_while(|byte| is_space(**byte)).count();
    &line[spaces..]
}

/// Moves the first argument of `line` to `argument` and returns what follows it.
fn take_argument<'a>(mut line: &'a [u8], argument: &mut Vec<u8>) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        line = match line {
            // Vertical tab and form feed may stand between arguments but do not end one.
            [] | [b' ' | b'\n' | b'\r' | b'\t', ..] => return Ok(line),
            [b'"', quoted @ ..] => return end_of_quotes(take_double_quoted(quoted, argument)?),
            [b'\'', quoted @ ..] => return end_of_quotes(take_single_quoted(quoted, argument)?),
            [byte, rest @ ..] => {
                argument.push(*byte);
                rest
            }
        };
    }
}

/// Unescapes up to the closing `"` and returns what follows it.
fn take_double_quoted<'a>(
    mut quoted: &'a [u8],
    argument: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, rest) = match quoted {
            [] => return Err(UnbalancedQuotes),
            [b'"', rest @ ..] => return Ok(rest),
            [b'\\', b'x', high, low, rest @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (hex_value(*high) * 16 + hex_value(*low), rest)
            }
            [b'\\', escaped, rest @ ..] => (unescape(*escaped), rest),
            [byte, rest @ ..] => (*byte, rest),
        };
        argument.push(byte);
        quoted = rest;
    }
}

/// Copies up to the closing `'` and returns what follows it.
fn take_single_quoted<'a>(
    mut quoted: &'a [u8],
    argument: &mut Vec<u8>,
) -> Result<&'a [u8], UnbalancedQuotes> {
    loop {
        let (byte, rest) = match quoted {
            [] => return Err(UnbalancedQuotes),
            [b'\'', rest @ ..] => return Ok(rest),
            [b'\\', b'\'', rest @ ..] => (b'\'', rest),
            [byte, rest @ ..] => (*byte, rest),
        };
        argument.push(byte);
        quoted = rest;
    }
}

/// Checks that a closing quote is followed by a separator or by nothing.
fn end_of_quotes(rest: &[u8]) -> Result<&[u8], UnbalancedQuotes> {
    match rest {
        [byte, ..] if !is_space(*byte) => Err(UnbalancedQuotes),
        _ => Ok(rest),
    }
}

/// The value of a byte that is known to be a hexadecimal digit.
fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit.to_ascii_lowercase() - b'a' + 10,
    }
}

fn unescape(byte: u8) -> u8 {
    match byte {
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 0x08,
        b'a' => 0x07,
        other => other,
    }
}

#[cfg(test)]
mod tests;
