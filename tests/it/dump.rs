//! DUMP and RESTORE, and what becomes of payloads that are not what DUMP gave.

use russet::util::random::Random;

use crate::support::{Client, Server, check, check_all};

/// A hash of `f` and `v`, as redis-server 7.2 dumps it.
const HASH: &[u8] = b"\x10\x0d\x0d\0\0\0\x02\0\x81f\x02\x81v\x02\xff\x0b\0";

/// The payload of a key.
fn payload(client: &mut Client, key: &str) -> Vec<u8> {
    client.send(&format!("DUMP {key}"));
    let reply = client.raw_reply();
    let start = reply.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    reply[start..reply.len() - 2].to_vec()
}

fn restore(client: &mut Client, key: &str, ttl: &str, payload: &[u8], options: &str) -> String {
    let mut arguments = vec![&b"RESTORE"[..], key.as_bytes(), ttl.as_bytes(), payload];
    arguments.extend(options.split_whitespace().map(str::as_bytes));
    client.call_arguments(&arguments)
}

#[test]
fn a_dumped_value_is_restored_under_another_key() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("HSET hash f v", ":1"), ("DUMP nothing", "$nil")]);
    let hash = payload(&mut client, "hash");
    assert_eq!(hash[..hash.len() - 8], *HASH);
    assert_eq!(restore(&mut client, "copy", "0", &hash, ""), "+OK");
    check_all(&mut client, &[("HGETALL copy", "*2[$f $v]"), ("TTL copy", ":-1")]);
}

#[test]
fn a_key_that_is_there_is_replaced_only_if_asked_for() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "HSET hash f v", ":1");
    let hash = payload(&mut client, "hash");
    check(&mut client, "SET taken x", "+OK");
    assert_eq!(restore(&mut client, "taken", "0", &hash, ""), "-BUSYKEY Target key name already exists.");
    assert_eq!(restore(&mut client, "taken", "0", &hash, "replace"), "+OK");
    check(&mut client, "TYPE taken", "+hash");
}

#[test]
fn a_restored_key_expires_as_told() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET text x", "+OK");
    let text = payload(&mut client, "text");
    assert_eq!(restore(&mut client, "soon", "100000", &text, ""), "+OK");
    let left: i64 = client.call("PTTL soon")[1..].parse().unwrap();
    assert!((90_000..=100_000).contains(&left), "{left}");
    assert_eq!(restore(&mut client, "then", "4102444800123", &text, "ABSTTL"), "+OK");
    check(&mut client, "PEXPIRETIME then", ":4102444800123");
    // What has passed is not there, nor is what it was to replace.
    assert_eq!(restore(&mut client, "then", "1", &text, "ABSTTL REPLACE"), "+OK");
    assert_eq!(restore(&mut client, "overflow", "9223372036854775807", &text, ""), "+OK");
    check(&mut client, "EXISTS then overflow", ":0");
}

#[test]
fn usage_is_restored_under_the_policy_that_it_belongs_to() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET text x", "+OK");
    let text = payload(&mut client, "text");
    assert_eq!(restore(&mut client, "idle", "0", &text, "IDLETIME 1000"), "+OK");
    let idle: u32 = client.call("OBJECT IDLETIME idle").trim_start_matches(':').parse().unwrap();
    assert!((1000..1100).contains(&idle), "{idle}: it has grown since, but not much");
    check(&mut client, "CONFIG SET maxmemory-policy allkeys-lfu", "+OK");
    assert_eq!(restore(&mut client, "used", "0", &text, "FREQ 77"), "+OK");
    check(&mut client, "OBJECT FREQ used", ":77");
}

#[test]
fn errors_come_in_redis_s_order() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET text x", "+OK");
    let text = payload(&mut client, "text");
    let syntax = "-ERR syntax error";
    let integer = "-ERR value is not an integer or out of range";
    let broken = "-ERR DUMP payload version or checksum are wrong";
    for (key, ttl, payload, options, expected) in [
        ("text", "x", &text[..], "FOO", syntax),
        ("text", "x", &text[..1], "IDLETIME", syntax),
        ("text", "x", &text, "IDLETIME 1 FREQ 1", syntax),
        ("text", "x", &text, "IDLETIME x", integer),
        ("text", "x", &text, "IDLETIME -1", "-ERR Invalid IDLETIME value, must be >= 0"),
        ("text", "x", &text, "FREQ 256", "-ERR Invalid FREQ value, must be >= 0 and <= 255"),
        ("text", "x", &text, "", "-BUSYKEY Target key name already exists."),
        ("new", "x", b"", "", integer),
        ("new", "-1", b"", "", "-ERR Invalid TTL value, must be >= 0"),
        ("new", "0", b"", "", broken),
        ("new", "0", &text[..text.len() - 1], "", broken),
    ] {
        assert_eq!(restore(&mut client, key, ttl, payload, options), expected, "{key} {ttl} {options}");
    }
    check(&mut client, "DBSIZE", ":1");
}

#[test]
fn a_payload_that_holds_no_value_leaves_everything_as_it_was() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("SET text x", "+OK"), ("DEBUG SET-SKIP-CHECKSUM-VALIDATION 1", "+OK")]);
    let bodies: [&[u8]; 6] =
        [b"\x07\x01", b"\xff", b"\x02\0", b"\x02\x02\x01a\x01a", b"\x0e\x01\x01x", b"\0\x01xy"];
    for body in bodies {
        let payload = [body, b"\x0b\0", &[0; 8]].concat();
        let reply = restore(&mut client, "text", "0", &payload, "REPLACE");
        assert_eq!(reply, "-ERR Bad data format", "{}", body.escape_ascii());
    }
    check_all(&mut client, &[("GET text", "$x"), ("DBSIZE", ":1")]);
}

#[test]
fn a_restored_key_has_its_event() {
    let server = Server::with(&["--notify-keyspace-events", "KA"]);
    let (mut client, mut listener) = (server.client(), server.client());
    check(&mut client, "SET text x", "+OK");
    let text = payload(&mut client, "text");
    assert_eq!(listener.call("SUBSCRIBE __keyspace@0__:text"), "*3[$subscribe $__keyspace@0__:text :1]");
    assert_eq!(restore(&mut client, "text", "0", &text, "REPLACE"), "+OK");
    assert_eq!(listener.reply(), "*3[$message $__keyspace@0__:text $restore]");
    assert_eq!(restore(&mut client, "text", "1", &text, "REPLACE ABSTTL"), "+OK");
    assert_eq!(listener.reply(), "*3[$message $__keyspace@0__:text $del]");
}

#[test]
fn fields_with_an_expiry_need_the_version_that_has_them() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("HSET hash f v g w", ":2"),
            ("HPEXPIREAT hash 4102444800123 FIELDS 1 g", "*1[:1]"),
            ("OBJECT ENCODING hash", "$listpackex"),
        ],
    );
    let hash = payload(&mut client, "hash");
    assert_eq!(hash[hash.len() - 10], 12);
    assert_eq!(restore(&mut client, "copy", "0", &hash, ""), "+OK");
    check_all(
        &mut client,
        &[
            ("HPEXPIRETIME copy FIELDS 2 f g", "*2[:-1 :4102444800123]"),
            ("DEBUG RELOAD", "+OK"),
            ("HPEXPIRETIME copy FIELDS 2 f g", "*2[:-1 :4102444800123]"),
            ("CONFIG SET rdb-compat-version 11", "+OK"),
            ("DUMP hash", "-ERR this version of the snapshot format has no fields with an expiry"),
            ("SAVE", "-ERR"),
        ],
    );
    assert!(server.log().contains("this version of the snapshot format has no fields with an expiry"));
}

/// Payloads of all types with bytes of theirs changed: whatever comes of it, the server goes on, and what it
/// accepted can be read, changed and saved.
#[test]
fn damaged_payloads_do_no_damage() {
    let server = Server::start();
    let mut client = server.client();
    for words in [
        "RPUSH list a b 5 -70000 hello",
        "SADD intset 1 2 70000",
        "SADD set a b 5",
        "HSET hash f v n 7 long-field some-longer-value",
        "ZADD zset 1 one 2.5 two -inf low",
        "XADD stream 5-1 f v g w",
        "XADD stream 5-2 f v g w",
        "XGROUP CREATE stream group 0",
        "XREADGROUP GROUP group me STREAMS stream >",
        "DEBUG SET-SKIP-CHECKSUM-VALIDATION 1",
    ] {
        assert!(!client.call(words).starts_with('-'), "{words}");
    }
    let mut random = Random::seeded(1);
    let mut accepted = 0;
    for key in ["list", "intset", "set", "hash", "zset", "stream"] {
        let whole = payload(&mut client, key);
        for _ in 0..300 {
            let mut damaged = whole.clone();
            for _ in 0..=random.below(2) {
                let at = random.below(whole.len() as u64 - 10) as usize;
                damaged[at] = random.below(256) as u8;
            }
            if restore(&mut client, "damaged", "0", &damaged, "REPLACE") == "+OK" {
                accepted += 1;
                for words in [
                    "TYPE damaged",
                    "DEBUG DIGEST-VALUE damaged",
                    "OBJECT ENCODING damaged",
                    "DUMP damaged",
                    "LRANGE damaged 0 -1",
                    "LPOP damaged",
                    "SPOP damaged",
                    "HSET damaged f v",
                    "HDEL damaged f",
                    "ZADD damaged 5 one",
                    "ZPOPMIN damaged",
                    "XRANGE damaged - +",
                    "XADD damaged * a b",
                    "XINFO STREAM damaged FULL",
                    "XTRIM damaged MAXLEN 1",
                ] {
                    client.send(words);
                    client.raw_reply();
                }
            }
        }
    }
    assert!(accepted > 100, "{accepted}");
    check(&mut client, "DEBUG RELOAD", "+OK");
}
