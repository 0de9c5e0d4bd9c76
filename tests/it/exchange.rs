//! Snapshots exchanged with the redis-server of this machine (Debian's 7.0.15), in both directions.
//!
//! What 7.0 does otherwise: it knows no listpack for sets and none for lists, and DEBUG DIGEST shows scores with
//! 17 digits, so that only those that are short in binary have equal digests.

use std::fs;

use tempfile::TempDir;

use crate::support::{Client, Server, check};

/// Keys whose values have each encoding.
pub fn fill(client: &mut Client) {
    let mut ask = |words: String| {
        let reply = client.call(&words);
        assert!(!reply.starts_with('-'), "{words}: {reply}");
    };
    let numbered = |count: u32, show: &dyn Fn(u32) -> String| -> String {
        (0..count).map(show).collect::<Vec<_>>().join(" ")
    };
    let elements = numbered(3000, &|number| format!("element:{number}"));
    let members = numbered(600, &|number| format!("member:{number}"));
    let pairs = numbered(600, &|number| format!("field:{number} {}", u64::from(number) * 1_000_003));
    let scores = numbered(300, &|number| format!("{} member:{number}", f64::from(number * 7919 % 300) / 8.0));
    let long = "long".repeat(50);
    for words in [
        "SET text hello PXAT 4102444800123".to_owned(),
        "SET number 12345".to_owned(),
        format!("SET long {}", "a".repeat(5000)),
        format!("RPUSH list:small a b 1 -5 70000 {long}"),
        format!("RPUSH list:quick {elements}"),
        format!("RPUSH list:huge {} b {}", "x".repeat(20_000), "y".repeat(9000)),
        "SADD set:integers 1 -2 70000 1099511627776".to_owned(),
        "SADD set:small a b 77".to_owned(),
        format!("SADD set:table {members}"),
        format!("SADD set:long {long} 1"),
        "HSET hash:small f v n 22 3 three".to_owned(),
        format!("HSET hash:table {pairs}"),
        format!("HSET hash:long {long} {long}"),
        "ZADD zset:small 1 one 2.5 two inf most -inf least -3 neg 3 3".to_owned(),
        format!("ZADD zset:table {scores}"),
        format!("ZADD zset:long 1 {long} -0.5 short"),
        "XADD stream:empty 9-9 a b".to_owned(),
        "XDEL stream:empty 9-9".to_owned(),
        "XADD stream 5-1 a 1".to_owned(),
        "XADD stream 5-2 a 2".to_owned(),
        format!("XADD stream 6-1 b 3 c {long}"),
        "XDEL stream 5-2".to_owned(),
        "XGROUP CREATE stream readers 0".to_owned(),
        "XGROUP CREATE stream idle $".to_owned(),
        "XGROUP CREATECONSUMER stream idle nobody".to_owned(),
        "XREADGROUP GROUP readers one COUNT 1 STREAMS stream >".to_owned(),
        "XREADGROUP GROUP readers two STREAMS stream >".to_owned(),
        "SELECT 3".to_owned(),
        "HSET elsewhere a b".to_owned(),
        "SELECT 0".to_owned(),
    ] {
        ask(words);
    }
    for number in 0..250 {
        ask(format!("XADD stream:long {number}-1 name value number {number}"));
    }
}

/// The facts that both servers must agree on.
pub fn facts(client: &mut Client) -> Vec<String> {
    let mut facts = vec![client.call("DEBUG DIGEST"), client.call("DBSIZE")];
    for words in ["XPENDING stream readers", "XLEN stream", "XLEN stream:long"] {
        facts.push(client.call(words));
    }
    facts
}

/// A directory with the snapshot of a server.
fn saved(server: &Server) -> TempDir {
    let directory = TempDir::new().unwrap();
    check(&mut server.client(), "SAVE", "+OK");
    fs::copy(server.path("dump.rdb"), directory.path().join("dump.rdb")).unwrap();
    directory
}

#[test]
fn what_redis_saves_is_loaded_with_its_encodings() {
    let upstream = Server::upstream(&[]);
    fill(&mut upstream.client());
    let server = Server::in_directory(saved(&upstream), &[]);
    let (mut theirs, mut ours) = (upstream.client(), server.client());
    assert_eq!(facts(&mut ours), facts(&mut theirs));
    for (key, encoding) in [
        ("list:small", "listpack"),
        ("list:quick", "quicklist"),
        ("list:huge", "quicklist"),
        ("set:integers", "intset"),
        ("set:small", "listpack"),
        ("set:table", "hashtable"),
        ("hash:small", "listpack"),
        ("hash:table", "hashtable"),
        ("zset:small", "listpack"),
        ("zset:table", "skiplist"),
        ("stream", "stream"),
    ] {
        check(&mut ours, &format!("OBJECT ENCODING {key}"), &format!("${encoding}"));
    }
    let before = facts(&mut ours);
    check(&mut ours, "DEBUG RELOAD", "+OK");
    assert_eq!(facts(&mut ours), before);
}

#[test]
fn what_is_saved_for_older_versions_is_loaded_by_redis() {
    let server = Server::start();
    let mut ours = server.client();
    fill(&mut ours);
    let expected = facts(&mut ours);
    for (version, compression) in [("10", "yes"), ("9", "no")] {
        check(
            &mut ours,
            &format!("CONFIG SET rdb-compat-version {version} rdbcompression {compression}"),
            "+OK",
        );
        let directory = saved(&server);
        let upstream = Server::upstream(&["--dir", directory.path().to_str().unwrap()]);
        assert_eq!(facts(&mut upstream.client()), expected, "version {version}");
    }
}

#[test]
fn payloads_of_dump_go_both_ways() {
    let (server, upstream) = (Server::with(&["--rdb-compat-version", "10"]), Server::upstream(&[]));
    let (mut ours, mut theirs) = (server.client(), upstream.client());
    fill(&mut ours);
    let keys = ours.call("KEYS *");
    for key in keys.trim_start_matches(|letter| letter != '[').trim_matches(['[', ']']).split(' ') {
        let key = key.trim_start_matches('$');
        let payload = bulk(&mut ours, key);
        assert_eq!(theirs.call_arguments(&[b"RESTORE", key.as_bytes(), b"0", &payload]), "+OK", "{key}");
        let back = bulk(&mut theirs, key);
        let restored = ours.call_arguments(&[b"RESTORE", key.as_bytes(), b"0", &back, b"REPLACE"]);
        assert_eq!(restored, "+OK", "{key}");
        let digest = format!("DEBUG DIGEST-VALUE {key}");
        assert_eq!(ours.call(&digest), theirs.call(&digest), "{key}");
    }
}

/// The payload of a key.
fn bulk(client: &mut Client, key: &str) -> Vec<u8> {
    client.send(&format!("DUMP {key}"));
    let reply = client.raw_reply();
    let start = reply.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    reply[start..reply.len() - 2].to_vec()
}
