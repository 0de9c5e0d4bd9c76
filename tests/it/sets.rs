//! Set commands: members, set algebra, members drawn by chance, SSCAN, encodings and events.

use std::collections::BTreeSet;

use crate::support::{Client, Server, check, check_all};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const MUST_BE_POSITIVE: &str = "-ERR value is out of range, must be positive";
const SYNTAX: &str = "-ERR syntax error";
const NUMKEYS: &str = "-ERR numkeys should be greater than 0";
const LIMIT: &str = "-ERR LIMIT can't be negative";

/// The elements of a reply, in order of their text.
fn sorted(client: &mut Client, words: &str) -> Vec<String> {
    let reply = client.call(words);
    let elements = reply.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
    let elements = elements.unwrap_or_else(|| panic!("{words}: {reply}"));
    let mut elements: Vec<String> = elements.split_whitespace().map(|it| it[1..].to_owned()).collect();
    elements.sort_unstable();
    elements
}

#[track_caller]
fn check_members(client: &mut Client, words: &str, expected: &str) {
    assert_eq!(sorted(client, words).join(" "), expected, "{words}");
}

#[test]
fn members_are_added_asked_for_and_removed() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("SADD s b a b", ":2"),
            ("SADD s a 7 007 \"\"", ":3"),
            ("SCARD s", ":5"),
            ("SISMEMBER s a", ":1"),
            ("SISMEMBER s 07", ":0"),
            ("SMISMEMBER s 7 007 0007 \"\" c", "*5[:1 :1 :0 :1 :0]"),
            ("SREM s a x 7", ":2"),
            ("SREM s b 007 \"\" more", ":3"),
            ("EXISTS s", ":0"),
            ("TYPE s", "+none"),
            ("SREM s a", ":0"),
            ("SCARD s", ":0"),
            ("SISMEMBER s a", ":0"),
            ("SMISMEMBER s a b", "*2[:0 :0]"),
            ("SMEMBERS s", "*0[]"),
        ],
    );
    client.call("SADD s 3 1 2");
    check(client, "SMEMBERS s", "*3[$1 $2 $3]");
    check(client, "TYPE s", "+set");
}

#[test]
fn encodings_change_where_redis_changes_them() {
    let server = Server::start();
    let client = &mut server.client();
    let encoding = |client: &mut Client, words: &str, expected: &str| {
        client.call(words);
        check(client, "OBJECT ENCODING s", &format!("${expected}"));
    };
    encoding(client, "SADD s 1 2 3", "intset");
    encoding(client, "SADD s a", "listpack");
    encoding(client, "SREM s a", "listpack");
    let long = "x".repeat(65);
    encoding(client, &format!("SADD s {long}"), "hashtable");
    encoding(client, &format!("SREM s {long}"), "hashtable");
    client.call("DEL s");
    let many = |count: usize| (0..count).map(|it| it.to_string()).collect::<Vec<_>>().join(" ");
    encoding(client, &format!("SADD s {}", many(512)), "intset");
    encoding(client, "SADD s 512", "hashtable");
    client.call("DEL s");
    encoding(client, &format!("SADD s {}", many(513)), "hashtable");
    client.call("DEL s");
    encoding(client, &format!("SADD s a {}", many(127)), "listpack");
    encoding(client, "SADD s b", "hashtable");
    client.call("DEL s");
    encoding(client, &format!("SADD s a {}", many(128)), "hashtable");
    client.call("CONFIG SET set-max-intset-entries 0 set-max-listpack-entries 2");
    client.call("DEL s");
    encoding(client, "SADD s 1", "listpack");
    encoding(client, "SADD s 1 2 3", "hashtable");
    encoding(client, "SUNIONSTORE s s", "hashtable");
    client.call("CONFIG SET set-max-intset-entries 512");
    encoding(client, "SUNIONSTORE s s", "intset");
}

#[test]
fn a_member_moves_between_sets() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("SADD from 1 a", ":2"),
            ("SMOVE from to a", ":1"),
            ("OBJECT ENCODING to", "$listpack"),
            ("SMOVE from to x", ":0"),
            ("SMOVE missing to a", ":0"),
            ("SMOVE to to a", ":1"),
            ("SMOVE to to b", ":0"),
            ("SADD to 1", ":1"),
            ("SMOVE from to 1", ":1"),
            ("EXISTS from", ":0"),
            ("SCARD to", ":2"),
            ("SET string 1", "+OK"),
            ("SMOVE string to a", WRONG_TYPE),
            ("SMOVE to string a", WRONG_TYPE),
            ("SMOVE to string x", WRONG_TYPE),
            ("SMOVE missing string x", ":0"),
            ("SCARD to", ":2"),
        ],
    );
}

#[test]
fn set_algebra_is_replied_and_stored() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("SADD a 1 2 3 x y");
    client.call("SADD b 2 3 4 y");
    client.call("SADD c 3 y z");
    check_members(client, "SINTER a", "1 2 3 x y");
    check_members(client, "SINTER a b c", "3 y");
    check_members(client, "SINTER a missing", "");
    check_members(client, "SUNION a missing b c", "1 2 3 4 x y z");
    check_members(client, "SDIFF a b c missing", "1 x");
    check_members(client, "SDIFF a a", "");
    check_members(client, "SDIFF missing a", "");
    for (words, len, members) in [
        ("SINTERSTORE t a b", ":3", "2 3 y"),
        ("SUNIONSTORE t a t c", ":6", "1 2 3 x y z"),
        ("SDIFFSTORE a a b", ":2", "1 x"),
    ] {
        check(client, words, len);
        let target = words.split(' ').nth(1).unwrap();
        check_members(client, &format!("SMEMBERS {target}"), members);
    }
    check_all(
        client,
        &[
            ("SET string 1", "+OK"),
            ("SUNIONSTORE string b", ":4"),
            ("SINTERSTORE string b missing", ":0"),
            ("EXISTS string", ":0"),
            ("EXPIRE t 100", ":1"),
            ("SUNIONSTORE t b", ":4"),
            ("TTL t", ":-1"),
        ],
    );
}

#[test]
fn a_wrong_type_among_the_keys_is_an_error_and_leaves_the_target_alone() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("SADD a 1");
    client.call("SET string 1");
    client.call("SADD target 1");
    let reads = [
        "SINTER a string",
        "SINTER missing string",
        "SUNION string a",
        "SDIFF missing string",
        "SCARD string",
    ];
    let more = [
        "SINTERCARD 2 missing string",
        "SMEMBERS string",
        "SSCAN string 0",
        "SPOP string",
        "SRANDMEMBER string 2",
    ];
    let writes =
        ["SINTERSTORE target missing string", "SUNIONSTORE target a string", "SDIFFSTORE target a string"];
    let changes = ["SADD string 1", "SREM string 1", "SISMEMBER string 1", "SMISMEMBER string 1"];
    for words in reads.iter().chain(&more).chain(&writes).chain(&changes) {
        check(client, words, WRONG_TYPE);
    }
    check(client, "SMEMBERS target", "*1[$1]");
    check(client, "GET string", "$1");
}

#[test]
fn an_intersection_is_counted_up_to_a_limit() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("SADD a 1 2 3 4");
    client.call("SADD b 2 3 4 5");
    check_all(
        client,
        &[
            ("SINTERCARD 2 a b", ":3"),
            ("SINTERCARD 2 a b LIMIT 0", ":3"),
            ("SINTERCARD 2 a b LIMIT 2", ":2"),
            ("SINTERCARD 2 a b limit 10 LIMIT 1", ":1"),
            ("SINTERCARD 2 a missing", ":0"),
            ("SINTERCARD 0 a", NUMKEYS),
            ("SINTERCARD x a", NUMKEYS),
            ("SINTERCARD -9223372036854775808 a", NUMKEYS),
            ("SINTERCARD 2 a", "-ERR Number of keys can't be greater than number of args"),
            ("SINTERCARD 9223372036854775807 a", "-ERR Number of keys can't be greater than number of args"),
            ("SINTERCARD 1 a b", SYNTAX),
            ("SINTERCARD 1 a LIMIT", SYNTAX),
            ("SINTERCARD 1 a LIMIT -1", LIMIT),
            ("SINTERCARD 1 a LIMIT x", LIMIT),
        ],
    );
}

#[test]
fn pops_return_each_member_once() {
    let server = Server::start();
    let client = &mut server.client();
    let members: Vec<String> = (0..300).map(|number| format!("m{number}")).collect();
    client.call(&format!("SADD s {}", members.join(" ")));
    let mut popped = BTreeSet::new();
    for words in ["SPOP s 20", "SPOP s 0", "SPOP s 250", "SPOP s 9223372036854775807"] {
        popped.extend(sorted(client, words));
    }
    assert_eq!(popped, members.into_iter().collect());
    check_all(
        client,
        &[
            ("EXISTS s", ":0"),
            ("SPOP s", "$nil"),
            ("SPOP s 3", "*0[]"),
            ("SADD s only", ":1"),
            ("SPOP s -1", MUST_BE_POSITIVE),
            ("SPOP s x", MUST_BE_POSITIVE),
            ("SPOP s 1 2", SYNTAX),
            ("SPOP s", "$only"),
            ("EXISTS s", ":0"),
        ],
    );
}

#[test]
fn random_members_leave_the_set_alone() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("SADD s a b c");
    for _ in 0..20 {
        assert!(["$a", "$b", "$c"].contains(&client.call("SRANDMEMBER s").as_str()));
    }
    assert_eq!(sorted(client, "SRANDMEMBER s 2").len(), 2);
    check_members(client, "SRANDMEMBER s 100", "a b c");
    check_members(client, "SRANDMEMBER s 9223372036854775807", "a b c");
    let repeated = sorted(client, "SRANDMEMBER s -100");
    assert_eq!((repeated.len(), BTreeSet::from_iter(repeated).len()), (100, 3));
    check_all(
        client,
        &[
            ("SRANDMEMBER s 0", "*0[]"),
            ("SRANDMEMBER missing", "$nil"),
            ("SRANDMEMBER missing 2", "*0[]"),
            ("SRANDMEMBER missing -9223372036854775807", "*0[]"),
            ("SRANDMEMBER s x", NOT_AN_INTEGER),
            ("SRANDMEMBER s 1 2", SYNTAX),
            (
                "SRANDMEMBER s -9223372036854775808",
                "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            ),
            ("SRANDMEMBER s -9223372036854775807", "-ERR value is out of range"),
            ("SCARD s", ":3"),
        ],
    );
}

#[test]
fn a_reply_beyond_the_limit_of_the_output_ends_with_the_connection() {
    let server = Server::with(&["--client-output-buffer-limit", "normal 100000 0 0"]);
    let client = &mut server.client();
    client.call("SADD s a b c");
    let greedy = &mut server.client();
    greedy.send_raw(b"SRANDMEMBER s -9223372036854775807\r\n");
    assert!(greedy.is_closed());
    check(client, "SCARD s", ":3");
}

#[test]
fn sscan_goes_through_a_set_step_by_step() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("SSCAN missing 0", "*2[$0 *0[]]"),
            ("SSCAN missing 0 nonsense", "*2[$0 *0[]]"),
            ("SSCAN missing x", "-ERR invalid cursor"),
            ("SADD small 1 2 12", ":3"),
            ("SSCAN small 0", "*2[$0 *3[$1 $2 $12]]"),
            ("SSCAN small 5 COUNT 1 MATCH 1*", "*2[$0 *2[$1 $12]]"),
            ("SSCAN small 0 COUNT 0", SYNTAX),
            ("SSCAN small 0 COUNT x", NOT_AN_INTEGER),
            ("SSCAN small 0 COUNT", SYNTAX),
            ("SSCAN small 0 TYPE set", SYNTAX),
        ],
    );
    let members: Vec<String> = (0..1000).map(|number| format!("m{number}")).collect();
    client.call(&format!("SADD large {}", members.join(" ")));
    let (mut cursor, mut seen, mut steps) = ("0".to_owned(), BTreeSet::new(), 0);
    loop {
        let reply = client.call(&format!("SSCAN large {cursor} COUNT 50"));
        let (next, page) = reply.strip_prefix("*2[$").unwrap().split_once(" *").unwrap();
        let page = page.split_once('[').unwrap().1.trim_end_matches(']');
        seen.extend(page.split_whitespace().map(|member| member[1..].to_owned()));
        cursor = next.to_owned();
        steps += 1;
        if cursor == "0" {
            break;
        }
    }
    assert_eq!(seen, members.into_iter().collect());
    assert!(steps > 5, "{steps}");
}

#[test]
fn sets_are_sets_in_resp3() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("HELLO 3");
    check_all(
        client,
        &[
            ("SADD a 1 2", ":2"),
            ("SMEMBERS a", "~2[$1 $2]"),
            ("SMEMBERS missing", "~0[]"),
            ("SINTER a", "~2[$1 $2]"),
            ("SINTER a missing", "~0[]"),
            ("SUNION a", "~2[$1 $2]"),
            ("SDIFF a missing", "~2[$1 $2]"),
            ("SRANDMEMBER a 5", "*2[$1 $2]"),
            ("SRANDMEMBER missing", "_"),
            ("SMISMEMBER a 1 3", "*2[:1 :0]"),
            ("SPOP missing", "_"),
            ("SPOP missing 1", "~0[]"),
            ("SPOP a 2", "~2[$1 $2]"),
        ],
    );
}

#[test]
fn events_tell_what_happened_to_sets() {
    let server = Server::with(&["--notify-keyspace-events", "KEA"]);
    let (client, listener) = (&mut server.client(), &mut server.client());
    listener.call("PSUBSCRIBE __keyevent@0__:*");
    let announced = [
        ("SADD s a b c d", &["sadd s"][..]),
        ("SADD s a", &[]),
        ("SREM s a", &["srem s"]),
        ("SMOVE s t b", &["srem s", "sadd t"]),
        ("SMOVE t s b", &["srem t", "del t", "sadd s"]),
        ("SPOP s", &["spop s"]),
        ("SINTERSTORE u s s", &["sinterstore u"]),
        ("SDIFFSTORE u s s", &["del u"]),
        ("SDIFFSTORE u s s", &[]),
        ("SUNIONSTORE u s s", &["sunionstore u"]),
        ("SPOP u 100", &["spop u", "del u"]),
        ("SPOP s 1", &["spop s"]),
        ("SPOP s", &["spop s", "del s"]),
    ];
    for (words, events) in announced {
        client.call(words);
        for event in events {
            let (event, key) = event.split_once(' ').unwrap();
            let message = format!("*4[$pmessage $__keyevent@0__:* $__keyevent@0__:{event} ${key}]");
            assert_eq!(listener.reply(), message, "{words}");
        }
    }
}
