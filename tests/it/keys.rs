//! Commands on keys of any type.

use std::collections::BTreeSet;

use crate::support::{Client, Server, check, check_all};

/// The keys of a reply of KEYS.
fn keys(client: &mut Client, pattern: &str) -> BTreeSet<String> {
    words(&client.call(&format!("KEYS {pattern}")))
}

/// The bulk strings in the innermost array of a reply as `support` shows it.
fn words(reply: &str) -> BTreeSet<String> {
    let (_, list) = reply.rsplit_once('[').unwrap();
    list.trim_end_matches(']')
        .split(' ')
        .filter_map(|word| word.strip_prefix('$'))
        .map(str::to_owned)
        .collect()
}

/// One step of SCAN: the next cursor and the keys.
fn scan(client: &mut Client, cursor: &str, options: &str) -> (String, BTreeSet<String>) {
    let reply = client.call(&format!("SCAN {cursor} {options}"));
    let next = reply.strip_prefix("*2[$").and_then(|rest| rest.split(' ').next()).unwrap().to_owned();
    (next, words(&reply))
}

fn scan_all(client: &mut Client, options: &str) -> BTreeSet<String> {
    let mut all = BTreeSet::new();
    let mut cursor = "0".to_owned();
    loop {
        let (next, keys) = scan(client, &cursor, options);
        all.extend(keys);
        cursor = next;
        if cursor == "0" {
            return all;
        }
    }
}

fn populate(client: &mut Client, keys: std::ops::Range<usize>) {
    for number in keys.clone() {
        client.send(&format!("SET key:{number} {number}"));
    }
    for _ in keys {
        assert_eq!(client.reply(), "+OK");
    }
}

fn names(numbers: std::ops::Range<usize>) -> BTreeSet<String> {
    numbers.map(|number| format!("key:{number}")).collect()
}

#[test]
fn del_unlink_exists_and_touch_count_keys_as_often_as_they_are_named() {
    let server = Server::start();
    let mut client = server.client();
    for command in ["DEL", "UNLINK"] {
        check_all(
            &mut client,
            &[("SET a 1", "+OK"), ("SET b 2", "+OK"), ("EXISTS a a b c", ":3"), ("TOUCH a b b c", ":3")],
        );
        check(&mut client, &format!("{command} a a b c"), ":2");
        check(&mut client, "EXISTS a b", ":0");
    }
    check(&mut client, "DEL", "-ERR wrong number of arguments for 'del' command");
}

#[test]
fn type_names_the_type_and_none() {
    let server = Server::start();
    check_all(&mut server.client(), &[("TYPE k", "+none"), ("SET k 1", "+OK"), ("TYPE k", "+string")]);
}

#[test]
fn rename_takes_value_and_expiry_along() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET a 1", "+OK"),
            ("PEXPIREAT a 99999999999999", ":1"),
            ("SET b 2", "+OK"),
            ("RENAME a b", "+OK"),
            ("GET b", "$1"),
            ("PEXPIRETIME b", ":99999999999999"),
            ("EXISTS a", ":0"),
            ("SET c 3", "+OK"),
            ("RENAME c b", "+OK"),
            ("PEXPIRETIME b", ":-1"),
            ("RENAME a b", "-ERR no such key"),
            ("RENAME a a", "-ERR no such key"),
            ("RENAME b b", "+OK"),
        ],
    );
}

#[test]
fn renamenx_leaves_an_existing_target_alone() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET a 1", "+OK"),
            ("SET b 2", "+OK"),
            ("RENAMENX a b", ":0"),
            ("GET b", "$2"),
            ("RENAMENX a a", ":0"),
            ("RENAMENX a c", ":1"),
            ("RENAMENX a c", "-ERR no such key"),
            ("GET c", "$1"),
        ],
    );
}

#[test]
fn copy_goes_to_any_database_and_replaces_only_when_told() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET a 1", "+OK"),
            ("PEXPIREAT a 99999999999999", ":1"),
            ("COPY a b", ":1"),
            ("PEXPIRETIME b", ":99999999999999"),
            ("SET b 2", "+OK"),
            ("COPY a b", ":0"),
            ("COPY a b REPLACE", ":1"),
            ("GET b", "$1"),
            ("COPY a a DB 5", ":1"),
            ("COPY a a", "-ERR source and destination objects are the same"),
            ("COPY a a DB 0", "-ERR source and destination objects are the same"),
            ("COPY a b DB", "-ERR syntax error"),
            ("COPY a b DB x", "-ERR value is not an integer or out of range"),
            ("COPY a b DB 16", "-ERR DB index is out of range"),
            ("COPY missing b REPLACE", ":0"),
            ("SELECT 5", "+OK"),
            ("GET a", "$1"),
        ],
    );
}

#[test]
fn move_does_not_overwrite() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET a 1", "+OK"),
            ("MOVE a 0", "-ERR source and destination objects are the same"),
            ("MOVE a 16", "-ERR DB index is out of range"),
            ("MOVE a -1", "-ERR DB index is out of range"),
            ("MOVE a one", "-ERR value is not an integer or out of range"),
            (
                "MOVE a 2147483648",
                "-ERR value is out of range, value must between -2147483648 and 2147483647",
            ),
            ("MOVE missing 1", ":0"),
            ("MOVE a 1", ":1"),
            ("EXISTS a", ":0"),
            ("SET a 2", "+OK"),
            ("MOVE a 1", ":0"),
            ("SELECT 1", "+OK"),
            ("GET a", "$1"),
        ],
    );
}

#[test]
fn swapdb_exchanges_databases_under_connected_clients() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    check_all(&mut two, &[("SELECT 1", "+OK")]);
    check_all(
        &mut one,
        &[
            ("SET a 1", "+OK"),
            ("SWAPDB 0 1", "+OK"),
            ("DBSIZE", ":0"),
            ("SWAPDB x 1", "-ERR invalid first DB index"),
            ("SWAPDB 0 99999999999", "-ERR invalid second DB index"),
            ("SWAPDB 0 16", "-ERR DB index is out of range"),
        ],
    );
    check_all(&mut two, &[("GET a", "$1")]);
}

#[test]
fn keys_matches_patterns_and_shows_no_expired_key() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[("SET one 1", "+OK"), ("SET once 1", "+OK"), ("SET two 1", "+OK"), ("SET \"\" empty", "+OK")],
    );
    assert_eq!(keys(&mut client, "on*"), ["once", "one"].map(str::to_owned).into());
    assert_eq!(keys(&mut client, "*"), ["", "once", "one", "two"].map(str::to_owned).into());
    check(&mut client, "KEYS [", "*0[]");
}

#[test]
fn scan_visits_every_key_that_stays_while_the_table_grows_and_shrinks() {
    let server = Server::start();
    let mut client = server.client();
    populate(&mut client, 0..500);
    let mut seen = BTreeSet::new();
    let mut cursor = "0".to_owned();
    let mut filler = 1000;
    loop {
        let (next, keys) = scan(&mut client, &cursor, "COUNT 10");
        seen.extend(keys);
        cursor = next;
        if cursor == "0" {
            break;
        }
        // Up to four times the size, then down again.
        if filler < 3000 {
            populate(&mut client, filler..filler + 200);
            filler += 200;
        } else if filler == 3000 {
            for number in 1000..filler {
                check(&mut client, &format!("DEL key:{number}"), ":1");
            }
            filler += 1;
        }
    }
    assert!(filler > 3000, "the scan took long enough to see the table shrink");
    assert!(seen.is_superset(&names(0..500)));
}

#[test]
fn scan_filters_by_pattern_and_type() {
    let server = Server::start();
    let mut client = server.client();
    populate(&mut client, 0..100);
    assert_eq!(scan_all(&mut client, ""), names(0..100));
    assert_eq!(scan_all(&mut client, "COUNT 1"), names(0..100));
    assert_eq!(scan_all(&mut client, "MATCH key:?"), names(0..10));
    assert_eq!(scan_all(&mut client, "match key:1* type STRING count 7").len(), 11);
    assert_eq!(scan_all(&mut client, "TYPE list"), BTreeSet::new());
    assert_eq!(scan_all(&mut client, "TYPE nonsense"), BTreeSet::new());
}

#[test]
fn scan_refuses_what_redis_refuses() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SCAN x", "-ERR invalid cursor"),
            ("SCAN 18446744073709551616", "-ERR invalid cursor"),
            ("SCAN x COUNT 0", "-ERR invalid cursor"),
            ("SCAN 0 COUNT 0", "-ERR syntax error"),
            ("SCAN 0 COUNT x", "-ERR value is not an integer or out of range"),
            ("SCAN 0 COUNT", "-ERR syntax error"),
            ("SCAN 0 NOVALUES", "-ERR syntax error"),
            ("SCAN -1", "*2[$0 *0[]]"),
            ("SCAN 0 COUNT 9223372036854775807", "*2[$0 *0[]]"),
        ],
    );
}

#[test]
fn randomkey_finds_every_key_and_none_where_there_is_none() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "RANDOMKEY", "$nil");
    populate(&mut client, 0..3);
    let mut drawn = BTreeSet::new();
    while drawn.len() < 3 {
        drawn.insert(client.call("RANDOMKEY").trim_start_matches('$').to_owned());
    }
    assert_eq!(drawn, names(0..3));
}

#[test]
fn flushdb_empties_one_database_and_flushall_all() {
    let server = Server::start();
    let mut client = server.client();
    for how in ["", " SYNC", " async"] {
        check_all(
            &mut client,
            &[("SELECT 1", "+OK"), ("SET k 1", "+OK"), ("SELECT 0", "+OK"), ("SET k 1", "+OK")],
        );
        check(&mut client, &format!("FLUSHDB{how}"), "+OK");
        check_all(&mut client, &[("DBSIZE", ":0"), ("SELECT 1", "+OK"), ("DBSIZE", ":1")]);
        check(&mut client, &format!("FLUSHALL{how}"), "+OK");
        check(&mut client, "DBSIZE", ":0");
    }
    check_all(
        &mut client,
        &[("FLUSHALL NOW", "-ERR syntax error"), ("FLUSHDB ASYNC SYNC", "-ERR syntax error")],
    );
}

/// Whether a transaction that watches `k` in database 0 survives what another client does.
fn transaction_survives(before: &[&str], meanwhile: &[&str]) -> bool {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    for words in before {
        two.call(words);
    }
    check_all(&mut one, &[("WATCH k", "+OK")]);
    for words in meanwhile {
        two.call(words);
    }
    check_all(&mut one, &[("MULTI", "+OK"), ("PING", "+QUEUED")]);
    one.call("EXEC") == "*1[+PONG]"
}

#[test]
fn a_flush_breaks_transactions_only_over_keys_that_were_there() {
    assert!(!transaction_survives(&["SET k 1"], &["FLUSHALL"]));
    assert!(!transaction_survives(&["SET k 1"], &["FLUSHDB ASYNC"]));
    assert!(transaction_survives(&["SET other 1"], &["FLUSHALL"]));
    assert!(transaction_survives(&["SELECT 1", "SET k 1"], &["FLUSHDB"]));
    assert!(transaction_survives(&["SELECT 1", "SET k 1"], &["FLUSHALL"]));
}

#[test]
fn swapdb_breaks_transactions_over_keys_of_either_database() {
    assert!(!transaction_survives(&["SET k 1"], &["SWAPDB 0 1"]));
    assert!(!transaction_survives(&["SELECT 1", "SET k 1"], &["SWAPDB 0 1"]));
    assert!(!transaction_survives(&["SET k 1"], &["SWAPDB 1 0"]));
    assert!(transaction_survives(&["SET other 1"], &["SWAPDB 0 1"]));
    assert!(transaction_survives(&["SET k 1"], &["SWAPDB 1 2"]));
}

#[test]
fn object_tells_encodings_and_references() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET small 9999", "+OK"),
            ("SET big 10000", "+OK"),
            ("SET text hello", "+OK"),
            ("OBJECT ENCODING small", "$int"),
            ("OBJECT ENCODING text", "$embstr"),
            ("OBJECT REFCOUNT small", ":2147483647"),
            ("OBJECT REFCOUNT big", ":1"),
            ("OBJECT REFCOUNT text", ":1"),
            ("OBJECT REFCOUNT missing", "$nil"),
            ("OBJECT ENCODING missing", "$nil"),
            ("OBJECT IDLETIME missing", "$nil"),
            ("OBJECT FREQ missing", "$nil"),
            ("OBJECT ENCODING", "-ERR wrong number of arguments for 'object|encoding' command"),
            ("OBJECT NONSENSE", "-ERR unknown subcommand 'NONSENSE'. Try OBJECT HELP."),
            (
                "OBJECT FREQ text",
                "-ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that \
                 when switching between policies at runtime LRU and LFU data will take some time to adjust.",
            ),
        ],
    );
}
