//! ZSCAN.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::keys::scan::{ScanOptions, parse_cursor, reply_with_page};
use crate::resp::Reply;
use crate::types::Zset;
use crate::util::number::push_f64;

/// Significant digits of the scores of large sets.
const DIGITS: i32 = 17;
/// Steps without a match, per element asked for, after which the client gets an empty page.
const STEPS_PER_ELEMENT: usize = 10;

/// `ZSCAN key cursor [MATCH pattern] [COUNT count]`
pub fn zscan(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let mut cursor = parse_cursor(args.next()?)?;
    let mut page = Reply::new(ctx.reply.protocol);
    let mut len = 0;
    let Some(zset) = ctx.keys.read::<Zset>(key)? else {
        reply_with_page(ctx.reply, 0, 0, page);
        return Ok(());
    };
    let options = ScanOptions::parse(args, |_| Ok(false))?;

    let write_score = if zset.encoding() == "skiplist" { push_seventeen_digits } else { push_f64 };
    let mut score_text = Vec::new();
    let mut visited = 0;
    for _ in 0..options.count.saturating_mul(STEPS_PER_ELEMENT) {
        cursor = zset.scan(cursor, |member, score| {
            visited += 1;
            if member.with_text(|text| options.pattern.matches(text)) {
                page.bulk_str(member);
                score_text.clear();
                write_score(&mut score_text, score);
                page.bulk(&score_text);
                len += 2;
            }
        });
        if cursor == 0 || visited >= options.count {
            break;
        }
    }
    reply_with_page(ctx.reply, cursor, len, page);
    Ok(())
}

/// Appends a score as C's `%.17g` does: what Redis writes here, and nowhere else, for its `skiplist` encoding.
fn push_seventeen_digits(output: &mut Vec<u8>, score: f64) {
    if !score.is_finite() {
        return push_f64(output, score);
    }
    let scientific = format!("{:.*e}", DIGITS as usize - 1, score.abs());
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let digits = format!("{first}{rest}");
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        significant => significant,
    };

    if score.is_sign_negative() {
        output.push(b'-');
    }
    if (-4..DIGITS).contains(&exponent) {
        push_with_point(output, digits, exponent);
    } else {
        push_with_point(output, digits, 0);
        let sign = if exponent < 0 { '-' } else { '+' };
        output.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    }
}

/// Appends `digits`, the first of which stands for 10 to the power of `exponent`.
fn push_with_point(output: &mut Vec<u8>, digits: &str, exponent: i32) {
    let Ok(whole) = usize::try_from(exponent + 1) else {
        output.extend_from_slice(b"0.");
        output.resize(output.len() + exponent.unsigned_abs() as usize - 1, b'0');
        output.extend_from_slice(digits.as_bytes());
        return;
    };
    if whole == 0 {
        output.extend_from_slice(b"0.");
    }
    let (before, behind) = digits.split_at(whole.min(digits.len()));
    output.extend_from_slice(before.as_bytes());
    output.resize(output.len() + whole - before.len(), b'0');
    if !behind.is_empty() {
        if whole > 0 {
            output.push(b'.');
        }
        output.extend_from_slice(behind.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_are_those_of_printf() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (3.0, "3"),
            (-2.5, "-2.5"),
            (0.1, "0.10000000000000001"),
            (0.05, "0.050000000000000003"),
            (0.0001, "0.0001"),
            (1e-5, "1.0000000000000001e-05"),
            (1e-7, "9.9999999999999995e-08"),
            (100.0, "100"),
            (12345.678, "12345.678"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (12_345_678_901_234_567_890.0, "1.2345678901234567e+19"),
            (1e300, "1.0000000000000001e+300"),
            (f64::INFINITY, "inf"),
        ];
        for (score, text) in cases {
            let mut output = Vec::new();
            push_seventeen_digits(&mut output, score);
            assert_eq!(String::from_utf8(output).unwrap(), text);
        }
    }
}
