//! Glob patterns: cases as Redis answers them, and a model that tries everything.

use proptest::prelude::*;

use super::*;

fn plain(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes(), false)
}

fn folded(pattern: &str, text: &str) -> bool {
    matches(pattern.as_bytes(), text.as_bytes(), true)
}

#[test]
fn literals_match_themselves() {
    assert!(plain("", ""));
    assert!(plain("hello", "hello"));
    assert!(!plain("hello", "hell"));
    assert!(!plain("hell", "hello"));
    assert!(!plain("hello", "Hello"));
    assert!(folded("hELLO", "HellO"));
    assert!(!plain("a", ""));
    assert!(!plain("", "a"));
    assert!(matches(b"a\0\xff", b"a\0\xff", true));
    assert!(!matches(b"\xe4", b"\xc4", true));
}

#[test]
fn stars_take_any_length_and_question_marks_one() {
    for pattern in ["*", "**", "abc*", "*abc", "a*c", "a***c", "*b*", "a?c", "???", "?*?", "*abc*", "a*b*c*"]
    {
        assert!(plain(pattern, "abc"), "{pattern}");
    }
    for pattern in ["*d", "d*", "a*b", "????", "??", "*?????", "a*c*c", "b*"] {
        assert!(!plain(pattern, "abc"), "{pattern}");
    }
    assert!(plain("*ab*abc", "ababababc"));
    assert!(plain("h?*o", "hello"));
}

#[test]
fn an_empty_text_is_matched_by_the_empty_pattern_only() {
    assert!(!plain("*", ""));
    assert!(!plain("**", ""));
    assert!(!plain("?", ""));
    assert!(plain("a*", "a"));
}

#[test]
fn classes_list_bytes_and_ranges() {
    assert!(plain("h[ae]llo", "hello"));
    assert!(!plain("h[ae]llo", "hillo"));
    assert!(plain("h[^e]llo", "hallo"));
    assert!(!plain("h[^e]llo", "hello"));
    assert!(plain("h[a-c]llo", "hbllo"));
    assert!(plain("h[c-a]llo", "hbllo"), "swapped range");
    assert!(!plain("h[a-c]llo", "hdllo"));
    assert!(plain("[!a]", "!"), "no negation but a member");
    assert!(plain("[a^]", "^"));
    assert!(plain("[a-]", "_"), "the class is not closed: ']' ends the range");
    assert!(!plain("[a-]", "-"));
    assert!(plain("[-a]x", "-x"), "a leading minus is a member");
    assert!(plain("[a-c-e]", "e") && plain("[a-c-e]", "-") && !plain("[a-c-e]", "d"));
}

#[test]
fn classes_may_be_empty_or_stay_open() {
    assert!(!plain("[]", "a"));
    assert!(!plain("[]a]", "a"));
    assert!(plain("[^]", "a"));
    assert!(plain("[^]a]", "xa]"));
    assert!(!plain("[", "["));
    assert!(plain("[^", "["));
    assert!(plain("[ab", "b"));
    assert!(!plain("[ab", "ab"));
    assert!(plain("x[a-", "x-"));
    assert!(plain("*[a", "bba"));
}

#[test]
fn backslashes_take_the_meaning_from_the_next_byte() {
    assert!(plain("\\*", "*"));
    assert!(!plain("\\*", "a"));
    assert!(plain("\\a", "a"));
    assert!(plain("a\\", "a\\"), "a final backslash stands for itself");
    assert!(plain("\\\\", "\\"));
    assert!(plain("[\\]]", "]"));
    assert!(plain("[\\^a]", "^"));
    assert!(plain("[a\\-z]", "-") && !plain("[a\\-z]", "b"));
    assert!(plain("[a\\", "\\"), "a final backslash in an open class is a member");
    assert!(plain("[\\a-c]", "-"), "an escaped byte starts no range");
    assert!(plain("[+-\\]]", "A]"), "but it can end one");
}

#[test]
fn ignoring_case_has_its_exceptions_in_classes() {
    assert!(folded("[a]", "A") && folded("[A]", "a"));
    assert!(folded("[a-c]", "B") && folded("[A-C]", "b"));
    assert!(folded("\\A", "a"));
    assert!(!folded("[\\A]", "a"));
    assert!(!folded("[Z-a]", "z") && !folded("[Z-a]", "a"), "folds to z-a, which is empty");
    assert!(folded("*B?", "abc"));
}

#[test]
fn bytes_from_0x80_are_negative_in_ranges() {
    assert!(matches(b"[a-\xff]", b"A", false));
    assert!(matches(b"[a-\xff]", b"\xff", false));
    assert!(!matches(b"[a-\xff]", b"\x80", false));
    assert!(!matches(b"[a-\xff]", b"b", false));
    assert!(matches(b"[\x80-\x90]", b"\x88", true));
}

#[test]
fn more_than_a_thousand_stars_match_nothing() {
    let text = "a".repeat(5000);
    assert!(plain(&"*?".repeat(1000), &text));
    assert!(!plain(&"*?".repeat(1001), &text));
    assert!(plain(&"*".repeat(5000), &text));
    assert!(plain(&("*?".repeat(1000) + "*"), &text));
}

#[test]
fn hostile_patterns_take_polynomial_time() {
    let text = "a".repeat(20_000);
    assert!(!plain(&("a*".repeat(500) + "b"), &text));
    assert!(!plain(&("*a".repeat(500) + "b*"), &text));
    assert!(!plain(&("*[ab]".repeat(50) + "c"), &text));
}

/// One element of a pattern as its definition has it, for the model.
#[derive(Clone, Debug)]
enum Element {
    Star,
    OneOf(Vec<u8>),
}

/// Enumerates the bytes that each element stands for.
fn elements(pattern: &[u8], ignore_case: bool) -> Vec<Element> {
    let fold = |byte: u8| if ignore_case { byte.to_ascii_lowercase() } else { byte };
    let equals = |expected: u8| (0..=255).filter(|byte| fold(*byte) == fold(expected)).collect::<Vec<u8>>();
    let mut elements = Vec::new();
    let mut at = 0;
    while at < pattern.len() {
        match pattern[at] {
            b'*' => elements.push(Element::Star),
            b'?' => elements.push(Element::OneOf((0..=255).collect())),
            b'[' => {
                at += 1;
                let negated = pattern.get(at) == Some(&b'^');
                at += usize::from(negated);
                let mut members = Vec::new();
                while at < pattern.len() && pattern[at] != b']' {
                    if pattern[at] == b'\\' && at + 1 < pattern.len() {
                        members.push(pattern[at + 1]);
                        at += 2;
                    } else if pattern.get(at + 1) == Some(&b'-') && at + 2 < pattern.len() {
                        let mut ends = [pattern[at].cast_signed(), pattern[at + 2].cast_signed()];
                        ends.sort_unstable();
                        let [start, end] = ends.map(|end| fold(end.cast_unsigned()).cast_signed());
                        members.extend((0..=255).filter(|byte: &u8| {
                            let byte = fold(*byte).cast_signed();
                            start <= byte && byte <= end
                        }));
                        at += 3;
                    } else {
                        members.extend(equals(pattern[at]));
                        at += 1;
                    }
                }
                elements.push(Element::OneOf((0..=255).filter(|b| members.contains(b) != negated).collect()));
            }
            b'\\' if at + 1 < pattern.len() => {
                at += 1;
                elements.push(Element::OneOf(equals(pattern[at])));
            }
            literal => elements.push(Element::OneOf(equals(literal))),
        }
        at += 1;
    }
    elements
}

fn matches_by_trying_everything(elements: &[Element], text: &[u8]) -> bool {
    match (elements, text) {
        ([], text) => text.is_empty(),
        ([Element::Star, rest @ ..], text) => {
            (0..=text.len()).any(|taken| matches_by_trying_everything(rest, &text[taken..]))
        }
        ([Element::OneOf(bytes), rest @ ..], [byte, text @ ..]) => {
            bytes.contains(byte) && matches_by_trying_everything(rest, text)
        }
        ([Element::OneOf(_), ..], []) => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn agrees_with_trying_everything(
        pattern in proptest::collection::vec(proptest::sample::select(b"**??[[]]^^--\\\\abAB\xe4".as_slice()), 0..12),
        text in proptest::collection::vec(proptest::sample::select(b"aaabbABC-]\\^[\xe4\xe5".as_slice()), 0..9),
        ignore_case: bool,
    ) {
        let expected = if text.is_empty() {
            pattern.is_empty()
        } else {
            matches_by_trying_everything(&elements(&pattern, ignore_case), &text)
        };
        prop_assert_eq!(matches(&pattern, &text, ignore_case), expected);
    }
}
