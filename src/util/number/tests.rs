//! Numbers and text: limits, grammar, and round trips of any value.

use proptest::prelude::*;

use super::*;

fn f64_text(value: f64) -> String {
    let mut output = Vec::new();
    push_f64(&mut output, value);
    String::from_utf8(output).unwrap()
}

fn fixed17_text(value: f64) -> String {
    let mut output = Vec::new();
    push_fixed17(&mut output, value);
    String::from_utf8(output).unwrap()
}

#[test]
fn the_limits_of_integers_are_read_and_one_more_is_not() {
    assert_eq!(parse_i64(b"9223372036854775807"), Some(i64::MAX));
    assert_eq!(parse_i64(b"9223372036854775808"), None);
    assert_eq!(parse_i64(b"-9223372036854775808"), Some(i64::MIN));
    assert_eq!(parse_i64(b"-9223372036854775809"), None);
    assert_eq!(parse_i64(b"-18446744073709551616"), None);
    assert_eq!(parse_u64(b"18446744073709551615"), Some(u64::MAX));
    assert_eq!(parse_u64(b"18446744073709551616"), None);
    assert_eq!(parse_u64(b"99999999999999999999"), None);
    assert_eq!(parse_u64(b"100000000000000000000"), None);
}

#[test]
fn a_text_that_would_not_come_back_is_no_integer() {
    let refused: &[&[u8]] = &[
        b"",
        b"-",
        b"+",
        b"+1",
        b"-0",
        b"00",
        b"01",
        b"-01",
        b" 1",
        b"1 ",
        b"1\n",
        b"\t1",
        b"1.0",
        b"1e3",
        b"0x10",
        b"--1",
        b"- 1",
        b"1-",
        b"1\0",
        b"\xd9\xa1",
        b"1_000",
    ];
    for text in refused {
        assert_eq!(parse_i64(text), None, "{}", text.escape_ascii());
        assert_eq!(parse_u64(text), None, "{}", text.escape_ascii());
    }
    assert_eq!(parse_i64(b"0"), Some(0));
    assert_eq!(parse_i64(b"-1"), Some(-1));
    assert_eq!(parse_u64(b"-1"), None);
}

#[test]
fn lenient_integers_are_those_of_strtoull() {
    let read: &[(&[u8], u64)] = &[
        (b"0", 0),
        (b"007", 7),
        (b"+5", 5),
        (b" \t\n\x0b\x0c\r5", 5),
        (b"-0", 0),
        (b"-1", u64::MAX),
        (b" -18446744073709551615", 1),
        (b"000000000000000000000000018446744073709551615", u64::MAX),
    ];
    for (text, value) in read {
        assert_eq!(parse_u64_lenient(text), Some(*value), "{}", text.escape_ascii());
    }
    let refused: &[&[u8]] = &[
        b"",
        b" ",
        b"+",
        b"-",
        b"+-1",
        b"- 1",
        b"5 ",
        b"0x5",
        b"18446744073709551616",
        b"-18446744073709551616",
    ];
    for text in refused {
        assert_eq!(parse_u64_lenient(text), None, "{}", text.escape_ascii());
    }
}

#[test]
fn doubles_are_read_by_the_grammar_of_strtod() {
    let read = [
        ("1", 1.0),
        ("+1", 1.0),
        ("-1.50", -1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("1E+3", 1000.0),
        ("1.e-2", 0.01),
        ("0001", 1.0),
        ("0x10", 16.0),
        ("0X1.8P1", 3.0),
        ("-0x.8", -0.5),
        ("0x1.", 1.0),
        ("+0x1p-3", 0.125),
        ("0xA.8p+0001", 21.0),
        ("inf", f64::INFINITY),
        ("+INF", f64::INFINITY),
        ("-infinity", f64::NEG_INFINITY),
        ("-InFiNiTy", f64::NEG_INFINITY),
        ("0e999999999999999999999", 0.0),
        ("0.000e-99999", 0.0),
        ("0x0p9999999999999", 0.0),
        ("3e-324", 5e-324),
        ("5e-324", 5e-324),
        ("0x1p-1074", 5e-324),
        ("0x1.8p-1075", 5e-324),
        ("0x1.fffffffffffff7p1023", f64::MAX),
        ("1.7976931348623158e308", f64::MAX),
        ("0x1.00000000000008p0", 1.0),
        ("0x1.000000000000081p0", 1.000_000_000_000_000_2),
        ("0x1.00000000000018p0", 1.000_000_000_000_000_4),
    ];
    for (text, value) in read {
        assert_eq!(parse_f64(text.as_bytes()), Some(value), "{text}");
    }
    assert!(parse_f64(b"-0").unwrap().is_sign_negative());
    assert!(parse_f64(b"-0x0").unwrap().is_sign_negative());
}

#[test]
fn what_strtod_does_not_consume_is_no_double() {
    let refused: &[&[u8]] = &[
        b"",
        b" 1",
        b"1 ",
        b"\n1",
        b"1\0",
        b".",
        b"-",
        b"+",
        b"-.",
        b"e1",
        b".e1",
        b"1e",
        b"1e+",
        b"1e1.5",
        b"--1",
        b"+-1",
        b"1_0",
        b"1,0",
        b"0x",
        b"0x.",
        b"0xp1",
        b"0x.p1",
        b"0x1p",
        b"0x1p-",
        b"0x1pa",
        b"0x1g",
        b"0x-1",
        b"0x1.1.1",
        b"0x1p1p1",
        b"0x1p1.0",
        b"x1",
        b"nan",
        b"-NaN",
        b"nan(0)",
        b"in",
        b"infin",
        b"infinity1",
        b"(",
        b"abc",
        b"\xff",
        b"\xd9\xa1",
    ];
    for text in refused {
        assert_eq!(parse_f64(text), None, "{}", text.escape_ascii());
    }
}

#[test]
fn doubles_that_overflow_or_vanish_are_refused() {
    let refused = [
        "1e309",
        "-1e309",
        "1e400",
        "1.7976931348623159e308",
        "1e99999999999999999999",
        "0x1p1024",
        "0x1.fffffffffffff8p1023",
        "0x1p99999999999999999999",
        "1e-400",
        "2e-324",
        "-1e-324",
        "0.01e-400",
        "1e-99999999999999999999",
        "0x1p-1075",
        "0x1p-99999999999999999999",
    ];
    for text in refused {
        assert_eq!(parse_f64(text.as_bytes()), None, "{text}");
    }
}

/// Replies of Redis 7.2.6 to ZSCORE.
#[test]
fn doubles_are_written_as_redis_writes_them() {
    let replies = [
        (0.5, "0.5"),
        (-0.1, "-0.1"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1e18, "1000000000000000000"),
        (1e19, "1e+19"),
        (-1e19, "-1e+19"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-5, "0.00001"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (-1e-7, "-1e-7"),
        (1.5e-7, "1.5e-7"),
        (1.25e-6, "1.25e-6"),
        (0.000_012_34, "1.234e-5"),
        (0.001, "0.001"),
        (123_456.789, "123456.789"),
        (0.27495, "0.27495000000000003"),
        (50_169_425.251_1, "5.0169425251100004e+7"),
        (4_512_644.674_046, "4.5126446740459995e+6"),
        (4_611_686_018_427_387_904.0, "4611686018427387904"),
        (9_223_372_036_854_775_808.0, "9223372036854776000"),
        (-9_223_372_036_854_775_808.0, "-9223372036854776000"),
        (18_446_744_073_709_551_616.0, "18446744073709552000"),
        (12_345_678_901_234_567_890.0, "12345678901234567000"),
        (1e23, "99999999999999990000000"),
        (6.022_140_76e23, "6.02214076e+23"),
        (1_180_591_620_717_411_303_424.0, "1180591620717411300000"),
        (1_234_567_890_123_456.5, "1234567890123456.5"),
        (0.123_456_789_012_345_6, "0.1234567890123456"),
        (0.012_345_678_901_234_56, "0.01234567890123456"),
        (0.001_234_567_890_123_456, "0.001234567890123456"),
        (0.000_123_456_789_012_345_6, "1.234567890123456e-4"),
        (12.345_678_901_234_56, "12.34567890123456"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (5e-324, "5e-324"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (0.0, "0"),
        (-0.0, "-0"),
        (-3.0, "-3"),
        (f64::NAN, "nan"),
        (-f64::NAN, "nan"),
    ];
    for (value, text) in replies {
        assert_eq!(f64_text(value), text);
    }
}

#[test]
fn fixed_text_has_seventeen_places_and_no_exponent() {
    assert_eq!(fixed17_text(0.1), "0.10000000000000001");
    assert_eq!(fixed17_text(-13.361_389_338_970_184), "-13.36138933897018433");
    assert_eq!(fixed17_text(1e22), "10000000000000000000000");
    assert_eq!(fixed17_text(2.0), "2");
    assert_eq!(fixed17_text(-0.0), "0");
    assert_eq!(fixed17_text(-1e-300), "0");
    assert_eq!(fixed17_text(f64::NEG_INFINITY), "-inf");
}

#[test]
fn digits_counts_from_zero_to_the_largest() {
    assert_eq!(digits(0), 1);
    for length in 1..20 {
        let power = 10u64.pow(length);
        assert_eq!(digits(power - 1), length as usize);
        assert_eq!(digits(power), length as usize + 1);
    }
    assert_eq!(digits(u64::MAX), U64_DIGITS_MAX);
}

proptest! {
    #[test]
    fn integers_come_back(signed: i64, unsigned: u64) {
        let mut output = Vec::new();
        push_i64(&mut output, signed);
        prop_assert_eq!(parse_i64(&output), Some(signed));

        output.clear();
        push_u64(&mut output, unsigned);
        prop_assert_eq!(parse_u64(&output), Some(unsigned));
        prop_assert_eq!(parse_u64_lenient(&output), Some(unsigned));
        prop_assert_eq!(output.len(), digits(unsigned));
    }

    #[test]
    fn only_canonical_texts_are_integers(text in "-{0,2}[0-9]{0,21}") {
        let model = text.parse::<i64>().ok().filter(|value| value.to_string() == text);
        prop_assert_eq!(parse_i64(text.as_bytes()), model);
    }

    #[test]
    fn doubles_come_back(bits: u64) {
        let value = f64::from_bits(bits);
        prop_assume!(!value.is_nan());
        prop_assert_eq!(parse_f64(f64_text(value).as_bytes()), Some(value));
    }

    #[test]
    fn short_decimals_come_back(mantissa in -100_000_000_000i64..100_000_000_000, places in 0i32..12) {
        let value: f64 = format!("{mantissa}e-{places}").parse().unwrap();
        prop_assert_eq!(f64_text(value).parse::<f64>(), Ok(value));
        let exact = format!("{value:.17}");
        let exact = exact.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(fixed17_text(value), exact);
    }

    #[test]
    fn no_text_makes_a_number_parser_panic(text in "[-+]?(0[xX])?[0-9a-fA-F.infty]{0,8}([eEpP][-+]?[0-9]{0,12})?") {
        let _ = parse_f64(text.as_bytes());
        let _ = crate::util::extended::Extended::parse(text.as_bytes());
    }
}
