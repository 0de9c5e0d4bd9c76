//! Commands on hashes.

use crate::support::{Client, Server, check, check_all, wait_until};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";

/// Runs a test with small hashes and with large ones.
fn with_both_encodings(test: impl Fn(&mut Client)) {
    for entries in ["512", "0"] {
        let server = Server::with(&["--hash-max-listpack-entries", entries]);
        test(&mut server.client());
    }
}

/// The elements of a reply, sorted: a large hash has no order.
fn sorted(reply: &str) -> Vec<String> {
    let inner = reply.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']')).unwrap_or_default();
    let mut elements: Vec<String> = inner.split(' ').map(str::to_owned).collect();
    elements.sort();
    elements
}

#[test]
fn fields_are_set_read_and_deleted() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 1 b two", ":2"),
                ("HSET h a 3 c \"\"", ":1"),
                ("HSET h a", "-ERR wrong number of arguments for 'hset' command"),
                ("HSET h a 1 b", "-ERR wrong number of arguments for 'hset' command"),
                ("HMSET h a 1 b", "-ERR wrong number of arguments for 'hmset' command"),
                ("HMSET h d 007 e -7", "+OK"),
                ("HGET h a", "$3"),
                ("HGET h nothing", "$nil"),
                ("HGET nothing a", "$nil"),
                ("HMGET h b nothing d e", "*4[$two $nil $007 $-7]"),
                ("HMGET nothing a b", "*2[$nil $nil]"),
                ("HLEN h", ":5"),
                ("HLEN nothing", ":0"),
                ("HSTRLEN h d", ":3"),
                ("HSTRLEN h e", ":2"),
                ("HSTRLEN h nothing", ":0"),
                ("HSTRLEN nothing a", ":0"),
                ("HEXISTS h a", ":1"),
                ("HEXISTS h nothing", ":0"),
                ("HSETNX h a 4", ":0"),
                ("HSETNX h f 4", ":1"),
                ("HSETNX new a 4", ":1"),
                ("HDEL h a nothing a b", ":2"),
                ("HDEL nothing a", ":0"),
                ("HLEN h", ":4"),
                ("HDEL new a", ":1"),
                ("EXISTS new", ":0"),
            ],
        );
        assert_eq!(sorted(&client.call("HKEYS h")), ["$c", "$d", "$e", "$f"]);
        assert_eq!(sorted(&client.call("HVALS h")), ["$", "$-7", "$007", "$4"]);
        check_all(
            client,
            &[("HKEYS nothing", "*0[]"), ("HVALS nothing", "*0[]"), ("HGETALL nothing", "*0[]")],
        );
    });
}

#[test]
fn a_small_hash_has_the_order_of_insertion() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("HSET h b 1 a 2 c 3", ":3"),
            ("HSET h b 4", ":0"),
            ("HGETALL h", "*6[$b $4 $a $2 $c $3]"),
            ("HDEL h b", ":1"),
            ("HSET h b 5", ":1"),
            ("HKEYS h", "*3[$a $c $b]"),
            ("HVALS h", "*3[$2 $3 $5]"),
        ],
    );
}

#[test]
fn a_whole_hash_is_a_map_in_resp3() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("HELLO 3");
    check_all(
        client,
        &[
            ("HSET h b 1 a 2", ":2"),
            ("HGETALL h", "%2[$b $1 $a $2]"),
            ("HGETALL nothing", "%0[]"),
            ("HKEYS h", "*2[$b $a]"),
            ("HGET h nothing", "_"),
            ("HRANDFIELD nothing", "_"),
            ("HRANDFIELD h 2 WITHVALUES", "*2[*2[$b $1] *2[$a $2]]"),
            ("HRANDFIELD h 0 WITHVALUES", "*0[]"),
        ],
    );
}

#[test]
fn other_types_are_refused_and_left_alone() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "SET s text", "+OK");
    for words in [
        "HSET s a 1",
        "HMSET s a 1",
        "HSETNX s a 1",
        "HGET s a",
        "HMGET s a",
        "HGETALL s",
        "HKEYS s",
        "HVALS s",
        "HLEN s",
        "HSTRLEN s a",
        "HEXISTS s a",
        "HDEL s a",
        "HINCRBY s a 1",
        "HINCRBYFLOAT s a 1",
        "HRANDFIELD s",
        "HRANDFIELD s 1",
        "HSCAN s 0",
    ] {
        check(client, words, WRONG_TYPE);
    }
    check_all(
        client,
        &[("GET s", "$text"), ("HSET h a 1", ":1"), ("GET h", WRONG_TYPE), ("TYPE h", "+hash")],
    );
}

#[test]
fn the_encoding_follows_the_limits() {
    let server = Server::with(&["--hash-max-listpack-entries", "3", "--hash-max-listpack-value", "5"]);
    check_all(
        &mut server.client(),
        &[
            ("HSET h a 12345", ":1"),
            ("OBJECT ENCODING h", "$listpack"),
            ("HSET h b 123456", ":1"),
            ("OBJECT ENCODING h", "$hashtable"),
            ("HDEL h b", ":1"),
            ("OBJECT ENCODING h", "$hashtable"),
            // Arguments are counted before they are looked at, so that repeated fields count, too.
            ("HSET twice a 1 a 2 a 3 a 4", ":1"),
            ("OBJECT ENCODING twice", "$hashtable"),
            ("HSET three a 1 b 2 c 3", ":3"),
            ("OBJECT ENCODING three", "$listpack"),
            ("HINCRBY three d 1", ":1"),
            ("OBJECT ENCODING three", "$hashtable"),
            ("HSET sum a 1", ":1"),
            ("HINCRBY sum a 1000000", ":1000001"),
            ("OBJECT ENCODING sum", "$hashtable"),
            // A value that is not set converts nothing.
            ("HSET kept a 1", ":1"),
            ("HSETNX kept a longvalue", ":0"),
            ("OBJECT ENCODING kept", "$listpack"),
        ],
    );
}

#[test]
fn integers_are_added_to() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HINCRBY h a 5", ":5"),
                ("HINCRBY h a -7", ":-2"),
                ("HGET h a", "$-2"),
                ("HINCRBY h a x", NOT_AN_INTEGER),
                ("HINCRBY h a 1.5", NOT_AN_INTEGER),
                ("HSET h text abc blank 007 max 9223372036854775807 min -9223372036854775808", ":4"),
                ("HINCRBY h text 1", "-ERR hash value is not an integer"),
                ("HINCRBY h blank 1", "-ERR hash value is not an integer"),
                ("HINCRBY h max 1", "-ERR increment or decrement would overflow"),
                ("HINCRBY h min -1", "-ERR increment or decrement would overflow"),
                ("HMGET h text max min", "*3[$abc $9223372036854775807 $-9223372036854775808]"),
                ("HINCRBY new a x", NOT_AN_INTEGER),
                ("EXISTS new", ":0"),
            ],
        );
    });
}

#[test]
fn floats_are_added_with_the_digits_of_redis() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 3.0e3 text abc inf inf", ":3"),
                ("HINCRBYFLOAT h a 200", "$3200"),
                ("HINCRBYFLOAT h a 0.1", "$3200.10000000000000009"),
                ("HINCRBYFLOAT h new 0.1", "$0.1"),
                ("HINCRBYFLOAT h new 0.2", "$0.3"),
                ("HINCRBYFLOAT h a x", "-ERR value is not a valid float"),
                ("HINCRBYFLOAT h a nan", "-ERR value is not a valid float"),
                ("HINCRBYFLOAT h a inf", "-ERR value is NaN or Infinity"),
                ("HINCRBYFLOAT h a -inf", "-ERR value is NaN or Infinity"),
                ("HINCRBYFLOAT h text 1", "-ERR hash value is not a float"),
                ("HINCRBYFLOAT h inf 1", "-ERR increment would produce NaN or Infinity"),
                ("HGET h a", "$3200.10000000000000009"),
            ],
        );
    });
}

#[test]
fn random_fields_differ_or_repeat_as_the_count_says() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 1", ":1"),
                ("HRANDFIELD h", "$a"),
                ("HRANDFIELD h 5", "*1[$a]"),
                ("HRANDFIELD h -3", "*3[$a $a $a]"),
                ("HRANDFIELD h -2 withvalues", "*4[$a $1 $a $1]"),
                ("HRANDFIELD h 1 WITHVALUES", "*2[$a $1]"),
                ("HRANDFIELD h 0", "*0[]"),
                ("HRANDFIELD nothing", "$nil"),
                ("HRANDFIELD nothing 3", "*0[]"),
                ("HRANDFIELD h x", NOT_AN_INTEGER),
                ("HRANDFIELD h 1 WITH", "-ERR syntax error"),
                ("HRANDFIELD h 1 WITHVALUES x", "-ERR syntax error"),
                (
                    "HRANDFIELD h -9223372036854775808",
                    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                ),
                ("HRANDFIELD h -9223372036854775807 WITHVALUES", "-ERR value is out of range"),
                ("HRANDFIELD h 4611686018427387904 WITHVALUES", "-ERR value is out of range"),
                ("HRANDFIELD h 9223372036854775807", "*1[$a]"),
                // Redis would write this reply until its memory is used up.
                ("HRANDFIELD h -9223372036854775807", "-ERR value is out of range"),
                ("HRANDFIELD nothing -9223372036854775807", "*0[]"),
            ],
        );
    });
}

#[test]
fn a_scan_sees_every_field_and_a_small_hash_at_once() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("HSET h a 1 b 2 ab 3", ":3"),
            ("HSCAN h 0", "*2[$0 *6[$a $1 $b $2 $ab $3]]"),
            ("HSCAN h 0 COUNT 1 MATCH a*", "*2[$0 *4[$a $1 $ab $3]]"),
            ("HSCAN h x", "-ERR invalid cursor"),
            ("HSCAN h 0 COUNT 0", "-ERR syntax error"),
            ("HSCAN h 0 TYPE hash", "-ERR syntax error"),
            ("HSCAN nothing 0", "*2[$0 *0[]]"),
            ("HSCAN nothing 0 NONSENSE", "*2[$0 *0[]]"),
        ],
    );
    for number in 0..1000 {
        client.call(&format!("HSET large f{number} {number}"));
    }
    let (mut cursor, mut seen) = ("0".to_owned(), Vec::new());
    loop {
        let reply = client.call(&format!("HSCAN large {cursor} COUNT 50"));
        let rest = reply.strip_prefix("*2[$").unwrap();
        let (next, page) = rest.split_once(' ').unwrap();
        cursor = next.to_owned();
        seen.extend(sorted(page.strip_suffix(']').unwrap()).into_iter().filter(|it| it.starts_with("$f")));
        if cursor == "0" {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen.len(), 1000);
    seen.dedup();
    assert_eq!(seen.len(), 1000);
}

#[test]
fn a_hash_of_any_bytes_survives_copy_and_rename() {
    let server = Server::start();
    let client = &mut server.client();
    let long = "x".repeat(100_000);
    assert_eq!(
        client.call_arguments(&[&b"HSET"[..], b"h", b"\0f", b"a\r\nb", b"long", long.as_bytes()]),
        ":2"
    );
    check_all(client, &[("COPY h copy", ":1"), ("RENAME h other", "+OK"), ("HSET other long 1", ":0")]);
    assert_eq!(client.call_arguments(&[&b"HGET"[..], b"copy", b"\0f"]), "$a\r\nb");
    assert_eq!(client.call("HGET copy long"), format!("${long}"));
    check_all(client, &[("HSTRLEN copy long", ":100000"), ("DEL copy other", ":2")]);
}

/// Far enough in the future that nothing expires during a test.
const FAR: &str = "4000000000";

#[test]
fn fields_get_and_lose_an_expiry() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 1 b 2", ":2"),
                (&format!("HEXPIREAT h {FAR} FIELDS 2 a x"), "*2[:1 :-2]"),
                ("HEXPIRETIME h FIELDS 3 a b x", "*3[:4000000000 :-1 :-2]"),
                ("HPEXPIRETIME h FIELDS 1 a", "*1[:4000000000000]"),
                ("HPEXPIREAT h 4000000000001 FIELDS 1 b", "*1[:1]"),
                ("HEXPIRETIME h FIELDS 1 b", "*1[:4000000001]"),
                ("HTTL nothing FIELDS 2 a b", "*2[:-2 :-2]"),
                ("HEXPIRE nothing 10 FIELDS 2 a b", "*2[:-2 :-2]"),
                ("HPERSIST nothing FIELDS 1 a", "*1[:-2]"),
                ("HPERSIST h FIELDS 3 a a x", "*3[:1 :-1 :-2]"),
                ("HTTL h FIELDS 1 a", "*1[:-1]"),
                ("HEXPIRE h 100 FIELDS 1 a", "*1[:1]"),
                ("HTTL h FIELDS 1 a", "*1[:100]"),
                ("HINCRBY h a 1", ":2"),
                ("HTTL h FIELDS 1 a", "*1[:100]"),
                ("HINCRBYFLOAT h a 0.5", "$2.5"),
                ("HTTL h FIELDS 1 a", "*1[:100]"),
                ("HSET h a 1", ":0"),
                ("HTTL h FIELDS 1 a", "*1[:-1]"),
                ("HPEXPIRE h 100000 FIELDS 1 a", "*1[:1]"),
                ("COPY h copy", ":1"),
                ("RENAME copy other", "+OK"),
                ("HTTL other FIELDS 1 a", "*1[:100]"),
            ],
        );
    });
}

#[test]
fn conditions_compare_with_the_expiry_a_field_has() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "HSET h a 1 b 2", ":2");
    for (words, expected) in [
        ("HPEXPIREAT h 4000000000000 XX FIELDS 1 a", "*1[:0]"),
        ("HPEXPIREAT h 4000000000000 GT FIELDS 1 a", "*1[:0]"),
        ("HPEXPIREAT h 4000000000000 NX FIELDS 1 a", "*1[:1]"),
        ("HPEXPIREAT h 5000000000000 nx FIELDS 1 a", "*1[:0]"),
        ("HPEXPIREAT h 5000000000000 LT FIELDS 2 a b", "*2[:0 :1]"),
        ("HPEXPIREAT h 4000000000000 GT FIELDS 1 a", "*1[:0]"),
        ("HPEXPIREAT h 4500000000000 gt FIELDS 1 a", "*1[:1]"),
        ("HPEXPIREAT h 4200000000000 XX FIELDS 1 a", "*1[:1]"),
        ("HPEXPIRETIME h FIELDS 2 a b", "*2[:4200000000000 :5000000000000]"),
    ] {
        check(client, words, expected);
    }
}

#[test]
fn a_moment_that_has_passed_deletes_fields_at_once() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 1 b 2 c 3", ":3"),
                ("HEXPIRE h 0 FIELDS 2 a x", "*2[:2 :-2]"),
                ("HPEXPIREAT h 1 FIELDS 1 b", "*1[:2]"),
                ("HLEN h", ":1"),
                ("HEXPIREAT h 1 XX FIELDS 1 c", "*1[:0]"),
                ("HEXPIREAT h 1 FIELDS 2 c c", "*2[:2 :-2]"),
                ("EXISTS h", ":0"),
            ],
        );
    });
}

#[test]
fn arguments_about_expiry_are_checked_before_anything_is_changed() {
    let server = Server::start();
    let client = &mut server.client();
    let missing = "-ERR Mandatory argument FIELDS is missing or not at the right position";
    let not_positive = "-ERR Parameter `numFields` should be greater than 0";
    let mismatch = "-ERR The `numfields` parameter must match the number of arguments";
    let invalid = "-ERR invalid expire time in 'hexpire' command";
    check_all(client, &[("HSET h a 1", ":1"), ("SET s 1", "+OK")]);
    check_all(
        client,
        &[
            ("HEXPIRE h x FIELDS 1 a", NOT_AN_INTEGER),
            ("HEXPIRE h -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"),
            ("HEXPIRE h 9223372036854775807 FIELDS 1 a", invalid),
            ("HEXPIRE h 70368744177 FIELDS 1 a", invalid),
            ("HEXPIRE h 10 NX XX FIELDS 1 a", missing),
            ("HEXPIRE h 10 1 a b", missing),
            ("HEXPIRE h 10 FIELDS 0 a", not_positive),
            ("HEXPIRE h 10 FIELDS -9223372036854775808 a", not_positive),
            ("HEXPIRE h 10 FIELDS x a", not_positive),
            ("HEXPIRE h 10 FIELDS 2 a", mismatch),
            ("HEXPIRE h 10 FIELDS 9223372036854775807 a", mismatch),
            ("HEXPIRE h 10 FIELDS 1 a b", mismatch),
            ("HTTL h FIELDS 2 a", mismatch),
            ("HPERSIST h FIELDS 0 a", not_positive),
            ("HEXPIRE s 10 FIELDS 1 a", WRONG_TYPE),
            ("HTTL s FIELDS 1 a", WRONG_TYPE),
            ("HPERSIST s FIELDS 1 a", WRONG_TYPE),
            ("HGETDEL h FIELDS 0 a", "-ERR Number of fields must be a positive integer"),
            ("HGETEX h FIELDS 0 a", "-ERR invalid number of fields"),
            ("HSETEX h FIELDS 1 a 1 b", mismatch),
            ("HSETEX h FNX FXX FIELDS 1 a 1", "-ERR Only one of FXX or FNX arguments can be specified"),
            (
                "HSETEX h EX 1 KEEPTTL FIELDS 1 a 1",
                "-ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
            ),
            ("HSETEX h PERSIST FIELDS 1 a 1", "-ERR unknown argument"),
            ("HGETEX h EX -1 FIELDS 1 a", "-ERR invalid expire time, must be >= 0"),
            ("HTTL h FIELDS 1 a", "*1[:-1]"),
        ],
    );
}

#[test]
fn values_are_set_read_and_deleted_together_with_their_expiry() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSETEX h EX 100 FIELDS 2 a 1 b 2", ":1"),
                ("HTTL h FIELDS 2 a b", "*2[:100 :100]"),
                ("HSETEX h KEEPTTL FIELDS 1 a 3", ":1"),
                ("HTTL h FIELDS 1 a", "*1[:100]"),
                ("HSETEX h FIELDS 1 a 4", ":1"),
                ("HTTL h FIELDS 1 a", "*1[:-1]"),
                ("HSETEX h FNX EX 10 FIELDS 2 new 1 a 5", ":0"),
                ("HSETEX h FXX EX 10 FIELDS 2 new 1 a 5", ":0"),
                ("HSETEX other FXX FIELDS 1 a 5", ":0"),
                ("EXISTS other", ":0"),
                ("HSETEX h FXX PX 5000 FIELDS 2 a 5 b 6", ":1"),
                ("HMGET h a b new", "*3[$5 $6 $nil]"),
                ("HGETEX h FIELDS 2 a x", "*2[$5 $nil]"),
                ("HGETEX h EX 50 FIELDS 1 a", "*1[$5]"),
                ("HTTL h FIELDS 1 a", "*1[:50]"),
                ("HGETEX h PERSIST FIELDS 1 a", "*1[$5]"),
                ("HTTL h FIELDS 1 a", "*1[:-1]"),
                ("HGETEX h PXAT 1 FIELDS 1 a", "*1[$5]"),
                ("HEXISTS h a", ":0"),
                ("HGETEX nothing EX 10 FIELDS 2 a b", "*2[$nil $nil]"),
                ("HGETDEL h FIELDS 2 b x", "*2[$6 $nil]"),
                ("EXISTS h", ":0"),
                ("HGETDEL nothing FIELDS 1 a", "*1[$nil]"),
                ("HSETEX past EXAT 1 FIELDS 1 a 1", ":1"),
                ("EXISTS past", ":0"),
            ],
        );
    });
}

#[test]
fn fields_expire_by_themselves_and_take_the_key_with_them() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("HSET h a 1 b 2", ":2"),
            ("HPEXPIRE h 1 FIELDS 1 a", "*1[:1]"),
            ("HSETEX whole PX 1 FIELDS 2 a 1 b 2", ":1"),
            ("OBJECT ENCODING h", "$listpackex"),
        ],
    );
    assert!(wait_until(|| client.call("HGET h a") == "$nil"), "hidden at once");
    check_all(client, &[("HGETALL h", "*2[$b $2]"), ("HLEN h", ":1"), ("HKEYS h", "*1[$b]")]);
    assert!(wait_until(|| client.call("EXISTS whole") == ":0"), "deleted by the cycle");
}

#[test]
fn what_happens_to_fields_is_announced() {
    let server = Server::with(&["--notify-keyspace-events", "Khg"]);
    let (client, listener) = (&mut server.client(), &mut server.client());
    check(listener, "SUBSCRIBE __keyspace@0__:h", "*3[$subscribe $__keyspace@0__:h :1]");
    check_all(
        client,
        &[
            ("HSET h a 1 b 2", ":2"),
            ("HEXPIRE h 1000 FIELDS 1 a", "*1[:1]"),
            ("HPERSIST h FIELDS 1 a", "*1[:1]"),
            ("HEXPIRE h 0 FIELDS 1 a", "*1[:2]"),
            ("HPEXPIRE h 1 FIELDS 1 b", "*1[:1]"),
        ],
    );
    for event in ["hset", "hexpire", "hpersist", "hdel", "hexpire", "hexpired", "del"] {
        assert_eq!(listener.reply(), format!("*3[$message $__keyspace@0__:h ${event}]"));
    }
    assert!(client.call("INFO stats").contains("expired_subkeys:1\r\n"));
}

#[test]
fn the_expiry_of_fields_survives_a_reload() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("HSET h a 1 b 2", ":2"),
                (&format!("HEXPIREAT h {FAR} FIELDS 1 a"), "*1[:1]"),
                ("HSETEX soon PX 500 FIELDS 1 a 1", ":1"),
                ("DEBUG RELOAD", "+OK"),
                ("HEXPIRETIME h FIELDS 2 a b", "*2[:4000000000 :-1]"),
            ],
        );
        assert!(wait_until(|| client.call("EXISTS soon") == ":0"));
    });
}
