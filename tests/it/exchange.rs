//! Snapshots and append-only directories exchanged with the redis-server of this machine (Debian's 7.0.15), in
//! both directions.
//!
//! What 7.0 does otherwise: it knows no listpack for sets and none for lists, and DEBUG DIGEST shows scores with
//! 17 digits, so that only those that are short in binary have equal digests.

use std::fs;

use tempfile::TempDir;

use russet::util::random::Random;

use crate::contents::{assert_same, contents, groups};
use crate::oracle::random_requests;
use crate::support::{Client, Server, check, setting, wait_until};

/// What Redis 7.0 can read.
const COMPATIBLE: [&str; 2] = ["--rdb-compat-version", "10"];

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
    let (server, upstream) = (Server::with(&COMPATIBLE), Server::upstream(&[]));
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

#[test]
fn snapshots_of_random_data_go_both_ways() {
    let mut random = Random::seeded(setting("RUSSET_ORACLE_SEED", 1));
    for _ in 0..4 {
        let ours = Server::with(&COMPATIBLE);
        let mut client = ours.client();
        for _ in 0..40 {
            let requests = random_requests(&mut random, 40);
            client.send_raw(&requests.concat());
            for _ in &requests {
                client.raw_reply();
            }
        }
        // Ends a transaction that may be open.
        client.call("RESET");
        let expected = (contents(&mut client), groups(&mut client));
        let directory = saved(&ours);
        let theirs = Server::upstream(&["--dir", directory.path().to_str().unwrap()]);
        let mut client = theirs.client();
        assert_same(&contents(&mut client), &expected.0);
        assert_same(&groups(&mut client), &expected.1);
        check(&mut client, "SAVE", "+OK");
        let back = Server::in_directory(directory, &[]);
        let mut client = back.client();
        assert_same(&contents(&mut client), &expected.0);
        assert_same(&groups(&mut client), &expected.1);
    }
}

/// Takes a server down in order; the directory stays.
fn shut_down(server: Server) -> TempDir {
    server.client().send("SHUTDOWN NOSAVE");
    server.wait().1
}

/// A server with an append-only file in a directory that another one may have left.
fn appending(is_ours: bool, directory: TempDir, preamble: &str) -> Server {
    let program = if is_ours { env!("CARGO_BIN_EXE_russet-server") } else { "redis-server" };
    let own = if is_ours { &COMPATIBLE[..] } else { &[] };
    let arguments = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble];
    let server = Server::launch(program, directory, &[&arguments, own].concat());
    let mut client = server.client();
    assert!(wait_until(|| client.call("PING") == "+PONG"));
    server
}

/// All that is appended from the start, then a rewritten base and what comes after it, each read by the other server,
/// which appends more.
fn exchange_append_only_files(is_ours: bool) {
    for preamble in ["yes", "no"] {
        let server = appending(is_ours, TempDir::new().unwrap(), preamble);
        fill(&mut server.client());
        let mut expected = facts(&mut server.client());
        let mut directory = shut_down(server);
        for (turn, writes) in ["theirs", "ours", "theirs again", "ours again"].into_iter().enumerate() {
            let server = appending(is_ours == (turn % 2 == 1), directory, preamble);
            let mut client = server.client();
            assert_eq!(facts(&mut client), expected, "{writes}, preamble {preamble}");
            if turn > 0 {
                let begun = client.call("BGREWRITEAOF");
                assert!(begun.starts_with("+Background append only file rewriting"), "{begun}");
                let finished = "Background AOF rewrite finished successfully";
                assert!(wait_until(|| server.log().contains(finished)));
            }
            let reply = client.call_arguments(&["RPUSH", "list:small", writes]);
            assert!(reply.starts_with(':'), "{reply}");
            check(&mut client, "EXPIREAT hash:table 4102444800", ":1");
            expected = facts(&mut client);
            directory = shut_down(server);
        }
    }
}

#[test]
fn append_only_files_that_redis_has_begun_go_both_ways() {
    exchange_append_only_files(false);
}

#[test]
fn append_only_files_that_russet_has_begun_go_both_ways() {
    exchange_append_only_files(true);
}
