//! Quoting, splitting, units and folding: cases as Redis answers them, and round trips.

use proptest::prelude::*;

use super::*;

fn quoted(text: &[u8]) -> String {
    let mut output = Vec::new();
    push_quoted(&mut output, text);
    String::from_utf8(output).unwrap()
}

fn split(line: &str) -> Result<Vec<String>, UnbalancedQuotes> {
    let arguments = split_args(line.as_bytes())?;
    Ok(arguments.into_iter().map(|argument| String::from_utf8(argument).unwrap()).collect())
}

fn refused(line: &str) -> bool {
    split(line) == Err(UnbalancedQuotes)
}

#[test]
fn a_text_of_c_ends_at_its_first_nul() {
    assert_eq!(c_text(b"a\0b"), "a");
    assert_eq!(c_text(b"\0"), "");
    assert_eq!(c_text(b"ab\xff"), "ab\u{fffd}");
}

#[test]
fn quoting_escapes_what_is_not_printable() {
    assert_eq!(quoted(b""), r#""""#);
    assert_eq!(quoted(b"plain text"), r#""plain text""#);
    assert_eq!(quoted(b"a\"b\\c'd"), r#""a\"b\\c'd""#);
    assert_eq!(quoted(b"\n\r\t\x07\x08"), r#""\n\r\t\a\b""#);
    assert_eq!(quoted(b"\0\x0b\x1f\x7f\x80\xff"), r#""\x00\x0b\x1f\x7f\x80\xff""#);
    assert_eq!(quoted("\u{e9}".as_bytes()), r#""\xc3\xa9""#);
}

#[test]
fn words_are_separated_by_white_space() {
    assert_eq!(split("").unwrap(), [""; 0]);
    assert_eq!(split(" \t\r\n\x0b\x0c ").unwrap(), [""; 0]);
    assert_eq!(split("  set key\t value\r\n").unwrap(), ["set", "key", "value"]);
    assert_eq!(split("\x0ba\x0bb\x0cc d").unwrap(), ["a\x0bb\x0cc", "d"]);
}

#[test]
fn double_quotes_unescape() {
    assert_eq!(split(r#""a b" "" c"#).unwrap(), ["a b", "", "c"]);
    assert_eq!(split(r#""\n\r\t\b\a\\\"\q""#).unwrap(), ["\n\r\t\x08\x07\\\"q"]);
    assert_eq!(split_args(br#""\x00\xfF\x4a""#).unwrap(), [b"\x00\xff\x4a"]);
    assert_eq!(split(r#""\x4" "\xg0" "\x""#).unwrap(), ["x4", "xg0", "x"]);
    assert_eq!(split(r#""it's""#).unwrap(), ["it's"]);
    assert_eq!(split(r"a\nb").unwrap(), [r"a\nb"], "no escapes outside quotes");
}

#[test]
fn single_quotes_know_one_escape() {
    assert_eq!(split(r"'a b' '' c").unwrap(), ["a b", "", "c"]);
    assert_eq!(split(r"'it\'s' '\n\x41' '\\a'").unwrap(), ["it's", r"\n\x41", r"\\a"]);
    assert_eq!(split(r#"'say "x"'"#).unwrap(), [r#"say "x""#]);
}

#[test]
fn quotes_may_open_inside_a_word_but_not_close_inside_one() {
    assert_eq!(split(r#"pre"a b" x'c d'"#).unwrap(), ["prea b", "xc d"]);
    assert_eq!(split("\"a\"\x0bb").unwrap(), ["a", "b"]);
    assert!(refused(r#""a"b"#));
    assert!(refused(r"'a'b"));
    assert!(refused(r#""a""b""#));
    assert!(refused(r#"'a'"b""#));
}

#[test]
fn quotes_must_be_closed() {
    for line in
        [r#"""#, "'", r#"a "b"#, "a 'b", r#""a'"#, r#""a\""#, r"'a\'", r"'\\'", r#""\"#, r#""\x4"#, r#"ok ""#]
    {
        assert!(refused(line), "{line}");
    }
}

#[test]
fn a_line_ends_at_its_first_nul() {
    assert_eq!(split("a b\0c d").unwrap(), ["a", "b"]);
    assert_eq!(split("\0a").unwrap(), [""; 0]);
    assert!(refused("\"a\0\""));
}

#[test]
fn sizes_for_humans_have_two_decimals_from_a_kibibyte() {
    let sizes = [
        (0, "0B"),
        (1023, "1023B"),
        (1024, "1.00K"),
        (1152, "1.12K"),
        (1536, "1.50K"),
        (1_048_575, "1024.00K"),
        (1 << 20, "1.00M"),
        (12_939_428, "12.34M"),
        (1 << 30, "1.00G"),
        (1 << 40, "1.00T"),
        (1 << 50, "1.00P"),
        ((1 << 60) - 1, "1024.00P"),
        (1 << 60, "1152921504606846976B"),
        (u64::MAX, "18446744073709551615B"),
    ];
    for (bytes, text) in sizes {
        assert_eq!(human_bytes(bytes), text);
    }
}

#[test]
fn memory_units_with_a_b_are_binary() {
    let sizes: &[(&str, u64)] = &[
        ("0", 0),
        ("100", 100),
        ("1b", 1),
        ("2k", 2000),
        ("2kb", 2048),
        ("3m", 3_000_000),
        ("3MB", 3 << 20),
        ("1g", 1_000_000_000),
        ("1Gb", 1 << 30),
        ("007KB", 7 << 10),
        ("18446744073709551615", u64::MAX),
        ("17179869183gb", 17_179_869_183 << 30),
        ("", 0),
        ("kb", 0),
    ];
    for (text, bytes) in sizes {
        assert_eq!(parse_memory(text.as_bytes()), Some(*bytes), "{text}");
    }
    for text in ["-1", "+1", " 1", "1 ", "1 kb", "1.5gb", "1t", "1tb", "1bb", "0x10", "x", "1k\0"] {
        assert_eq!(parse_memory(text.as_bytes()), None, "{text}");
    }
    for text in ["18446744073709551616", "18446744073709551615b0", "17179869184gb", "18446744073709551615k"] {
        assert_eq!(parse_memory(text.as_bytes()), None, "{text}");
    }
}

proptest! {
    #[test]
    fn quoted_arguments_come_back(arguments in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
        let mut line = Vec::new();
        for argument in &arguments {
            push_quoted(&mut line, argument);
            line.push(b' ');
        }
        prop_assert_eq!(split_args(&line), Ok(arguments));
    }

    #[test]
    fn no_line_makes_splitting_panic(line in "[\"'\\\\xa0 \t\\x00]{0,16}") {
        let _ = split_args(line.as_bytes());
    }
}
