//! Commands on strings.

use std::collections::HashMap;

use russet::util::random::Random;

use crate::support::{Client, Server, check, check_all, wait_until};

const TOO_LONG: &str = "-ERR string exceeds maximum allowed size (proto-max-bulk-len)";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const NOT_A_FLOAT: &str = "-ERR value is not a valid float";

#[test]
fn a_value_set_is_read_back() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(client, &[("SET k v", "+OK"), ("GET k", "$v"), ("GET missing", "$nil")]);
    check_all(client, &[("SET k \"\"", "+OK"), ("GET k", "$"), ("STRLEN k", ":0")]);
    check_all(client, &[("SET k 007", "+OK"), ("GET k", "$007"), ("SET k -12", "+OK"), ("GET k", "$-12")]);
    assert_eq!(client.call_arguments(&[&b"SET"[..], b"\0k", b"a\r\nb\0"]), "+OK");
    assert_eq!(client.call_arguments(&[&b"GET"[..], b"\0k"]), "$a\r\nb\0");
}

#[test]
fn a_big_value_is_read_back_whole_and_cut_off_nowhere() {
    let server = Server::start();
    let client = &mut server.client();
    let big = "x".repeat(300_000);
    assert_eq!(client.call_arguments(&["SET", "k", &big]), "+OK");
    assert_eq!(client.call("GET k"), format!("${big}"));
    assert_eq!(client.call_arguments(&["APPEND", "k", &big]), ":600000");
    assert_eq!(client.call_arguments(&["APPEND", "new", &big]), ":300000");
    assert_eq!(client.call_arguments(&["SETNX", "k", &big]), ":0");
    check(client, "STRLEN k", ":600000");
    assert_eq!(client.call_arguments(&["MSET", "a", &big, "b", &big]), "+OK");
    assert_eq!(client.call("MGET a b"), format!("*2[${big} ${big}]"));
    check_all(client, &[("SET k small", "+OK"), ("GET k", "$small")]);
}

#[test]
fn nx_and_xx_decide_by_the_presence_of_the_key() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k 1 XX", "$nil"),
            ("GET k", "$nil"),
            ("SET k 1 NX", "+OK"),
            ("SET k 2 nx", "$nil"),
            ("GET k", "$1"),
            ("SET k 3 xx", "+OK"),
            ("GET k", "$3"),
            ("SET k 4 NX NX", "$nil"),
            ("SET k 4 NX XX", "-ERR syntax error"),
            ("SETNX k 5", ":0"),
            ("SETNX n 5", ":1"),
            ("MGET k n", "*2[$3 $5]"),
        ],
    );
}

#[test]
fn set_get_replies_with_the_old_value_whether_or_not_it_sets() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k 1 GET", "$nil"),
            ("SET k 2 GET GET", "$1"),
            ("SET k 3 NX GET", "$2"),
            ("SET missing 3 XX GET", "$nil"),
            ("GET missing", "$nil"),
            ("SET missing 3 GET NX", "$nil"),
            ("MGET k missing", "*2[$2 $3]"),
            ("GETSET k 9", "$2"),
            ("GETSET other 1", "$nil"),
            ("MGET k other", "*2[$9 $1]"),
        ],
    );
}

#[test]
fn expiry_options_exclude_each_other_but_may_be_repeated() {
    let server = Server::start();
    let client = &mut server.client();
    let options = ["EX 10", "PX 10000", "EXAT 4000000000", "PXAT 4000000000000", "KEEPTTL"];
    for one in options {
        check(client, &format!("SET k v {one} {one}"), "+OK");
        for other in options.iter().filter(|other| **other != one) {
            check(client, &format!("SET k v {one} {other}"), "-ERR syntax error");
        }
    }
    check_all(
        client,
        &[
            ("SET k v EX", "-ERR syntax error"),
            ("SET k v PERSIST", "-ERR syntax error"),
            ("SET k v bogus", "-ERR syntax error"),
            ("GETEX k KEEPTTL", "-ERR syntax error"),
            ("GETEX k NX", "-ERR syntax error"),
            ("GETEX k PERSIST EX 10", "-ERR syntax error"),
            ("GETEX k EX 10 PERSIST", "-ERR syntax error"),
            ("GETEX k EX", "-ERR syntax error"),
            ("GETEX k PERSIST PERSIST", "$v"),
        ],
    );
}

#[test]
fn expire_times_that_are_not_positive_or_overflow_are_refused_by_name() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "SET k v", "+OK");
    let invalid = |name: &str| format!("-ERR invalid expire time in '{name}' command");
    for option in ["EX 0", "EX -1", "PX 0", "EXAT 0", "PXAT -9223372036854775808", "EX 9223372036854775807"] {
        check(client, &format!("SET k v {option}"), &invalid("set"));
        check(client, &format!("GETEX k {option}"), &invalid("getex"));
    }
    check(client, "SET k v EX 9223372036854776", &invalid("set"));
    check(client, "SET k v EX 9223372036854770", &invalid("set"));
    check(client, "SET k v PX 9223372036854775807", &invalid("set"));
    check(client, "SETEX k 0 v", &invalid("setex"));
    check(client, "PSETEX k -5 v", &invalid("psetex"));
    check(client, "SETEX k ten v", NOT_AN_INTEGER);
    check(client, "SET k v EX 1.5", NOT_AN_INTEGER);
    check(client, "SET k v EX ten bogus", "-ERR syntax error");
    // A missing key is answered before the time is looked at.
    check(client, "GETEX missing EX 0", "$nil");
    check(client, "GET k", "$v");
}

#[test]
fn a_value_set_until_a_moment_in_the_past_is_gone() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k v", "+OK"),
            ("SET k w PXAT 1", "+OK"),
            ("GET k", "$nil"),
            ("SET k v EXAT 1", "+OK"),
            ("SETNX k w", ":1"),
            ("GET k", "$w"),
            ("SETEX k 100 v", "+OK"),
            ("PSETEX k 100000 w", "+OK"),
            ("GET k", "$w"),
        ],
    );
}

#[test]
fn a_value_that_expires_is_not_found() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(client, &[("SET k v PX 1", "+OK"), ("PSETEX l 1 v", "+OK")]);
    assert!(wait_until(|| client.call("MGET k l") == "*2[$nil $nil]"));
}

#[test]
fn getex_reads_and_changes_only_the_expiry() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("GETEX missing", "$nil"),
            ("SET k v", "+OK"),
            ("GETEX k", "$v"),
            ("GETEX k EX 100", "$v"),
            ("GETEX k PERSIST", "$v"),
            ("GETEX k PXAT 1", "$v"),
            ("GET k", "$nil"),
            ("SET k 1", "+OK"),
            ("GETDEL k", "$1"),
            ("GETDEL k", "$nil"),
            ("GET k", "$nil"),
        ],
    );
}

#[test]
fn many_keys_are_set_and_read_at_once() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MSET a 1 b 2 a 3", "+OK"),
            ("MGET a b missing a", "*4[$3 $2 $nil $3]"),
            ("MSET a 1 b", "-ERR wrong number of arguments for 'mset' command"),
            ("MSETNX a 1 b", "-ERR wrong number of arguments for 'msetnx' command"),
            ("MSETNX c 1 a 9", ":0"),
            ("MGET a c", "*2[$3 $nil]"),
            ("MSETNX c 1 c 2 d 3", ":1"),
            ("MGET c d", "*2[$2 $3]"),
        ],
    );
}

#[test]
fn counters_count_and_refuse_to_overflow() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("INCR n", ":1"),
            ("INCRBY n 41", ":42"),
            ("DECR n", ":41"),
            ("DECRBY n -9", ":50"),
            ("DECR fresh", ":-1"),
            ("GET n", "$50"),
            ("INCRBY n 1.5", NOT_AN_INTEGER),
            ("INCRBY n +1", NOT_AN_INTEGER),
            ("DECRBY n -9223372036854775808", "-ERR decrement would overflow"),
            ("SET n 9223372036854775807", "+OK"),
            ("INCR n", "-ERR increment or decrement would overflow"),
            ("DECRBY n 9223372036854775807", ":0"),
            ("INCRBY n -9223372036854775808", ":-9223372036854775808"),
            ("DECR n", "-ERR increment or decrement would overflow"),
            ("SET n 9223372036854775808", "+OK"),
            ("INCR n", NOT_AN_INTEGER),
            ("SET n 012", "+OK"),
            ("INCR n", NOT_AN_INTEGER),
            ("SET n \"\"", "+OK"),
            ("INCR n", NOT_AN_INTEGER),
        ],
    );
}

#[test]
fn a_number_made_of_text_is_counted_with() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(client, &[("SET n 1", "+OK"), ("APPEND n 2", ":2"), ("INCR n", ":13"), ("GET n", "$13")]);
    assert_eq!(client.call_arguments(&["SET", "n", " 11"]), "+OK");
    check(client, "INCR n", NOT_AN_INTEGER);
}

#[test]
fn fractions_are_added_with_the_digits_of_an_80_bit_float() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("INCRBYFLOAT f 0.1", "$0.1"),
            ("INCRBYFLOAT f 0.2", "$0.3"),
            ("INCRBYFLOAT f -0.3", "$0"),
            ("SET f 3", "+OK"),
            ("INCRBYFLOAT f 1.0", "$4"),
            ("INCR f", ":5"),
            ("INCRBYFLOAT f 5e3", "$5005"),
            ("SET f 1.5", "+OK"),
            ("INCRBYFLOAT f 1.5", "$3"),
            ("SET f 17179869184", "+OK"),
            ("INCRBYFLOAT f 1.5", "$17179869185.5"),
            ("INCRBYFLOAT f inf", "-ERR increment would produce NaN or Infinity"),
            ("INCRBYFLOAT f nan", NOT_A_FLOAT),
            ("INCRBYFLOAT f 1x", NOT_A_FLOAT),
            ("INCRBYFLOAT f \"\"", NOT_A_FLOAT),
            ("SET f text", "+OK"),
            ("INCRBYFLOAT f 1", NOT_A_FLOAT),
        ],
    );
}

#[test]
fn text_is_appended_to_and_overwritten_in_part() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("APPEND k foo", ":3"),
            ("APPEND k 100", ":6"),
            ("APPEND k \"\"", ":6"),
            ("GET k", "$foo100"),
            ("SETRANGE k 3 bar", ":6"),
            ("SETRANGE k 1 \"\"", ":6"),
            ("SETRANGE k 7 x", ":8"),
            ("GET k", "$foobar\0x"),
            ("STRLEN k", ":8"),
            ("STRLEN missing", ":0"),
            ("SETRANGE missing 100 \"\"", ":0"),
            ("GET missing", "$nil"),
            ("SETRANGE fresh 2 ab", ":4"),
            ("GET fresh", "$\0\0ab"),
            ("SET n 1234", "+OK"),
            ("SETRANGE n 1 x", ":4"),
            ("GET n", "$1x34"),
            ("SET n -1234", "+OK"),
            ("STRLEN n", ":5"),
        ],
    );
}

#[test]
fn parts_of_a_value_are_read_by_either_name() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k Hello", "+OK"),
            ("GETRANGE k 0 3", "$Hell"),
            ("SUBSTR k -2 -1", "$lo"),
            ("GETRANGE k -1 -5", "$"),
            ("GETRANGE k 5 10", "$"),
            ("GETRANGE missing 0 -1", "$"),
            ("SET n 12345", "+OK"),
            ("GETRANGE n 1 -2", "$234"),
            ("GETRANGE n 0 9223372036854775807", "$12345"),
            ("GETRANGE n a 1", NOT_AN_INTEGER),
            ("SUBSTR n 0", "-ERR wrong number of arguments for 'substr' command"),
        ],
    );
}

#[test]
fn nothing_grows_beyond_the_limit() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("SETRANGE k 9223372036854775807 x", TOO_LONG),
            ("SETRANGE k 4294967296 x", TOO_LONG),
            ("SETRANGE k 1048576 x", TOO_LONG),
            ("SETRANGE k -1 x", "-ERR offset is out of range"),
            ("SETRANGE k 9223372036854775808 x", NOT_AN_INTEGER),
            ("GET k", "$nil"),
            ("SETRANGE k 1048575 x", ":1048576"),
            ("APPEND k x", TOO_LONG),
            ("SETRANGE k 1048576 x", TOO_LONG),
            ("SETRANGE k 9223372036854775807 x", TOO_LONG),
            ("SETRANGE k 9223372036854775807 \"\"", ":1048576"),
            ("STRLEN k", ":1048576"),
        ],
    );
}

#[test]
fn the_longest_common_subsequence_is_told_in_three_ways() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MSET a ohmytext b mynewtext n 123", "+OK"),
            ("LCS a b", "$mytext"),
            ("LCS a b LEN", ":6"),
            ("LCS a b IDX", "*4[$matches *2[*2[*2[:4 :7] *2[:5 :8]] *2[*2[:2 :3] *2[:0 :1]]] $len :6]"),
            ("LCS a b IDX MINMATCHLEN 4 WITHMATCHLEN", "*4[$matches *1[*3[*2[:4 :7] *2[:5 :8] :4]] $len :6]"),
            ("LCS a b IDX MINMATCHLEN 100", "*4[$matches *0[] $len :6]"),
            ("LCS a missing", "$"),
            ("LCS a missing LEN", ":0"),
            ("LCS n n", "$123"),
            ("LCS a b LEN IDX", "-ERR If you want both the length and indexes, please just use IDX."),
            ("LCS a b MINMATCHLEN", "-ERR syntax error"),
            ("LCS a b MINMATCHLEN x", NOT_AN_INTEGER),
            ("LCS a b bogus", "-ERR syntax error"),
        ],
    );
}

#[test]
fn a_common_subsequence_is_a_map_in_resp3() {
    let server = Server::start();
    check_all(&mut server.client(), &[("MSET a ab b b", "+OK")]);
    let client = &mut server.client();
    client.call("HELLO 3");
    check(client, "LCS a b IDX", "%2[$matches *1[*2[*2[:1 :1] *2[:0 :0]]] $len :1]");
    check(client, "GET missing", "_");
}

#[test]
fn a_table_of_subsequences_is_bounded_like_a_value() {
    let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
    let client = &mut server.client();
    check_all(client, &[("SETRANGE a 510 x", ":511"), ("SETRANGE b 511 x", ":512")]);
    check(client, "LCS a a LEN", ":511");
    let too_big = "-ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
    check(client, "LCS a b LEN", too_big);
    check(client, "SETRANGE b 1048575 x", ":1048576");
    check(client, "LCS b b", too_big);
}

#[test]
fn changes_are_announced_under_redis_names() {
    let server = Server::with(&["--notify-keyspace-events", "KEA"]);
    let (client, listener) = (&mut server.client(), &mut server.client());
    listener.call("PSUBSCRIBE __keyevent@0__:*");
    let announced = [
        ("SET k v", &["set"][..]),
        ("SET k v EX 100", &["set", "expire"]),
        ("SETEX k 100 v", &["set", "expire"]),
        ("GETEX k PERSIST", &["persist"]),
        ("GETEX k PX 100000", &["expire"]),
        ("GETEX k EXAT 1", &["del"]),
        ("SETNX k 1", &["set"]),
        ("GETSET k 1", &["set"]),
        ("INCR k", &["incrby"]),
        ("DECRBY k 5", &["incrby"]),
        ("INCRBYFLOAT k 1", &["incrbyfloat"]),
        ("APPEND k x", &["append"]),
        ("SETRANGE k 0 x", &["setrange"]),
        ("SETRANGE k 0 \"\"", &[]),
        ("SETNX k 1", &[]),
        ("SET k 1 NX", &[]),
        ("MSET k 1 k 2", &["set", "set"]),
        ("GETDEL k", &["del"]),
    ];
    for (words, events) in announced {
        client.call(words);
        for event in events {
            let message = format!("*4[$pmessage $__keyevent@0__:* $__keyevent@0__:{event} $k]");
            assert_eq!(listener.reply(), message, "{words}");
        }
    }
}

#[test]
fn random_commands_agree_with_a_map() {
    let server = Server::start();
    let client = &mut server.client();
    let mut random = Random::seeded(7);
    let mut model = Model::default();
    for step in 0..3000 {
        let words = random_command(&mut random);
        let expected = model.execute(&words);
        assert_eq!(client.call_arguments(&words), expected, "step {step}: {words:?}");
    }
    for key in KEYS {
        check_final_value(client, key, &model);
    }
}

const KEYS: [&str; 4] = ["a", "b", "c", "d"];

fn check_final_value(client: &mut Client, key: &str, model: &Model) {
    let expected = model.0.get(key).map_or_else(|| "$nil".to_owned(), |text| show(text));
    check(client, &format!("GET {key}"), &expected);
}

/// What strings do, said with a map.
#[derive(Default)]
struct Model(HashMap<String, Vec<u8>>);

fn random_command(random: &mut Random) -> Vec<String> {
    let mut below = |bound: u64| random.below(bound);
    let key = KEYS[below(4) as usize].to_owned();
    // Lengths on both sides of what is packed with the key.
    let text =
        ["", "x", "42", "-7", "some text"][below(5) as usize].repeat([1, 1, 1, 150][below(4) as usize]);
    let number = (below(2000) as i64 - 1000).to_string();
    let offset = below(1500).to_string();
    let command = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match below(11) {
        0 => command(&["SET", &key, &text]),
        1 => command(&["SETNX", &key, &text]),
        2 => command(&["GETSET", &key, &text]),
        3 => command(&["GETDEL", &key]),
        4 | 5 => command(&["APPEND", &key, &text]),
        6 => command(&["SETRANGE", &key, &offset, &text]),
        7 => command(&["GETRANGE", &key, &number, &offset]),
        8 => command(&["INCRBY", &key, &number]),
        9 => command(&["STRLEN", &key]),
        _ => command(&["GET", &key]),
    }
}

impl Model {
    fn execute(&mut self, words: &[String]) -> String {
        let (key, old) = (&words[1], self.0.get(&words[1]).cloned());
        let argument = |index: usize| words[index].clone().into_bytes();
        let shown_old = old.as_deref().map_or_else(|| "$nil".to_owned(), show);
        let mut text = old.clone().unwrap_or_default();
        match words[0].as_str() {
            "SET" => {
                self.0.insert(key.clone(), argument(2));
                "+OK".to_owned()
            }
            "SETNX" => {
                self.0.entry(key.clone()).or_insert_with(|| argument(2));
                format!(":{}", i32::from(old.is_none()))
            }
            "GETSET" => {
                self.0.insert(key.clone(), argument(2));
                shown_old
            }
            "GETDEL" => {
                self.0.remove(key);
                shown_old
            }
            "APPEND" => {
                text.extend(argument(2));
                self.store(key, text)
            }
            "SETRANGE" if words[3].is_empty() => format!(":{}", text.len()),
            "SETRANGE" => {
                let (start, part) = (words[2].parse::<usize>().unwrap(), argument(3));
                text.resize(text.len().max(start + part.len()), 0);
                text[start..start + part.len()].copy_from_slice(&part);
                self.store(key, text)
            }
            "GETRANGE" => {
                let (first, last) = (words[2].parse::<i64>().unwrap(), words[3].parse::<i64>().unwrap());
                let first = if first < 0 { (first + text.len() as i64).max(0) } else { first };
                let inside = text.iter().enumerate().filter(|(at, _)| (first..=last).contains(&(*at as i64)));
                show(&inside.map(|(_, byte)| *byte).collect::<Vec<u8>>())
            }
            "INCRBY" => self.add(key, &text, old.is_none(), words[2].parse().unwrap()),
            "STRLEN" => format!(":{}", text.len()),
            _ => shown_old,
        }
    }

    fn store(&mut self, key: &str, text: Vec<u8>) -> String {
        let length = text.len();
        self.0.insert(key.to_owned(), text);
        format!(":{length}")
    }

    fn add(&mut self, key: &str, text: &[u8], missing: bool, increment: i64) -> String {
        let text = String::from_utf8_lossy(text);
        let canonical = |number: &i64| number.to_string() == text;
        let number = if missing { Some(0) } else { text.parse::<i64>().ok().filter(canonical) };
        match number {
            None => NOT_AN_INTEGER.to_owned(),
            Some(number) => match number.checked_add(increment) {
                None => "-ERR increment or decrement would overflow".to_owned(),
                Some(sum) => {
                    self.store(key, sum.to_string().into_bytes());
                    format!(":{sum}")
                }
            },
        }
    }
}

fn show(text: &[u8]) -> String {
    format!("${}", String::from_utf8_lossy(text))
}
