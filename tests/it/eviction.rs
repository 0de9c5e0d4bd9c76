//! Memory limits: eviction of keys and of clients, and the deletion of expired keys that nobody looks at.

use crate::support::{Client, Server, check, check_all, wait_until};

/// Large enough to stand out from everything else that takes or frees memory meanwhile.
const VALUE_BYTES: usize = 512 * 1024;

/// A field of INFO as a number.
fn info(client: &mut Client, field: &str) -> u64 {
    let text = client.call("INFO everything");
    let line = text.lines().find_map(|line| line.strip_prefix(&format!("{field}:")));
    line.unwrap_or_else(|| panic!("INFO shows no {field}")).trim().parse().unwrap()
}

fn set_large(client: &mut Client, key: &str, options: &[&str]) {
    let value = "x".repeat(VALUE_BYTES);
    let arguments: Vec<&str> = ["SET", key, &value].into_iter().chain(options.iter().copied()).collect();
    assert_eq!(client.call_arguments(&arguments), "+OK");
}

/// Lowers `maxmemory` so that one of the large values has to go, and waits until that is done.
fn evict_one(client: &mut Client) {
    let limit = info(client, "used_memory") - VALUE_BYTES as u64 / 2;
    check(client, &format!("CONFIG SET maxmemory {limit}"), "+OK");
    assert!(wait_until(|| info(client, "evicted_keys") == 1));
}

#[test]
fn without_eviction_what_would_grow_is_refused_and_the_rest_is_not() {
    let server = Server::start();
    let mut client = server.client();
    let refused = "-OOM command not allowed when used memory > 'maxmemory'.";
    check_all(
        &mut client,
        &[
            ("SET k 1", "+OK"),
            ("CONFIG SET maxmemory 1", "+OK"),
            ("SET k 2", refused),
            ("GET k", "$1"),
            ("MULTI", "+OK"),
            ("GET k", refused),
            ("DISCARD", "+OK"),
            ("DEL k", ":1"),
            ("CONFIG SET maxmemory 0", "+OK"),
            ("SET k 2", "+OK"),
        ],
    );
}

#[test]
fn every_policy_that_may_take_any_key_makes_room_for_new_ones() {
    let server = Server::start();
    let mut client = server.client();
    for policy in ["allkeys-lru", "allkeys-lfu", "allkeys-random"] {
        check_all(
            &mut client,
            &[
                ("FLUSHALL", "+OK"),
                ("CONFIG RESETSTAT", "+OK"),
                (&format!("CONFIG SET maxmemory-policy {policy} maxmemory 20mb"), "+OK"),
            ],
        );
        for number in 0..60 {
            set_large(&mut client, &format!("key:{number}"), &[]);
        }
        // Eviction may be behind by the value that was just set.
        assert!(wait_until(|| info(&mut client, "used_memory") <= 20 * 1024 * 1024), "{policy}");
        assert!(info(&mut client, "evicted_keys") >= 20, "{policy}");
        assert_ne!(client.call("DBSIZE"), ":0", "{policy}");
        check(&mut client, "CONFIG SET maxmemory 0", "+OK");
    }
}

#[test]
fn volatile_policies_leave_keys_without_an_expiry_alone() {
    let server = Server::start();
    let mut client = server.client();
    for policy in ["volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"] {
        check(&mut client, "FLUSHALL", "+OK");
        check(&mut client, &format!("CONFIG SET maxmemory-policy {policy}"), "+OK");
        set_large(&mut client, "stays", &[]);
        set_large(&mut client, "goes:1", &["EX", "1000"]);
        set_large(&mut client, "goes:2", &["EX", "2000"]);
        check(&mut client, "CONFIG SET maxmemory 1", "+OK");
        assert!(wait_until(|| client.call("DBSIZE") == ":1"), "{policy}");
        assert_eq!(client.call("EXISTS stays"), ":1", "{policy}");
        assert!(client.call("SET other 1").starts_with("-OOM"), "{policy}");
        check(&mut client, "CONFIG SET maxmemory 0", "+OK");
    }
}

#[test]
fn the_key_that_expires_first_goes_first() {
    let server = Server::with(&["--maxmemory-policy", "volatile-ttl", "--maxmemory-samples", "64"]);
    let mut client = server.client();
    for (key, seconds) in [("late", "3000"), ("soon", "1000"), ("later", "5000")] {
        set_large(&mut client, key, &["EX", seconds]);
    }
    evict_one(&mut client);
    check_all(&mut client, &[("EXISTS late later", ":2"), ("EXISTS soon", ":0")]);
}

#[test]
fn the_key_used_least_often_goes_first() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lfu", "--maxmemory-samples", "64"]);
    let mut client = server.client();
    for key in ["a", "b", "c"] {
        set_large(&mut client, key, &[]);
    }
    // The first access always counts.
    for key in ["a", "c"] {
        assert_eq!(client.call(&format!("GET {key}")).len(), VALUE_BYTES + 1);
    }
    check_all(&mut client, &[("OBJECT FREQ a", ":6"), ("OBJECT FREQ b", ":5")]);
    evict_one(&mut client);
    check_all(&mut client, &[("EXISTS a c", ":2"), ("EXISTS b", ":0")]);
}

#[test]
fn access_bits_change_their_meaning_with_the_policy() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("CONFIG SET maxmemory-policy allkeys-lfu", "+OK"),
            ("SET k v", "+OK"),
            ("OBJECT FREQ k", ":5"),
            ("CONFIG SET maxmemory-policy allkeys-lru", "+OK"),
            ("SET k v", "+OK"),
            ("OBJECT IDLETIME k", ":0"),
        ],
    );
}

#[test]
fn an_evicted_key_is_announced_and_breaks_watches() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru", "--notify-keyspace-events", "Ee"]);
    let (mut client, mut listener) = (server.client(), server.client());
    check(&mut listener, "SUBSCRIBE __keyevent@0__:evicted", "*3[$subscribe $__keyevent@0__:evicted :1]");
    set_large(&mut client, "victim", &[]);
    check_all(&mut client, &[("WATCH victim", "+OK"), ("CONFIG SET maxmemory 1", "+OK")]);
    assert_eq!(listener.reply(), "*3[$message $__keyevent@0__:evicted $victim]");
    check_all(&mut client, &[("CONFIG SET maxmemory 0", "+OK"), ("MULTI", "+OK"), ("EXEC", "*nil")]);
}

#[test]
fn telling_of_evictions_does_not_cause_more_of_them() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru", "--latency-tracking", "no"]);
    let mut client = server.client();
    let mut readers: Vec<Client> = (0..10).map(|_| server.client()).collect();
    for reader in &mut readers {
        reader.call("HELLO 3");
        check(reader, "CLIENT TRACKING ON", "+OK");
    }
    for number in 0..300 {
        let key = format!("{number}:{}", "x".repeat(1000));
        check(&mut client, &format!("SET {key} x"), "+OK");
        for reader in &mut readers {
            check(reader, &format!("GET {key}"), "$x");
        }
    }
    // What goes is told to every reader: ten times its name, which is most of its memory.
    let limit = info(&mut client, "used_memory") - 40_000;
    check(&mut client, &format!("CONFIG SET maxmemory {limit}"), "+OK");
    assert!(wait_until(|| info(&mut client, "evicted_keys") > 0));
    let evicted = info(&mut client, "evicted_keys");
    assert!((20..150).contains(&evicted), "{evicted}");
    assert!(readers[0].reply().starts_with(">2[$invalidate *1[$"));
}

#[test]
fn a_key_evicted_by_the_request_of_its_own_watcher_breaks_the_watch() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru"]);
    let mut client = server.client();
    set_large(&mut client, "victim", &[]);
    check(&mut client, "WATCH victim", "+OK");
    // In one piece: nothing is evicted between the requests but by the next request itself.
    client.send_raw(b"CONFIG SET maxmemory 1\r\nMULTI\r\nDISCARD\r\nWATCH victim\r\n");
    for _ in 0..4 {
        client.reply();
    }
    check_all(&mut client, &[("CONFIG SET maxmemory 0", "+OK"), ("DBSIZE", ":0")]);
    set_large(&mut client, "victim", &[]);
    client.send_raw(b"WATCH victim\r\nCONFIG SET maxmemory 1\r\nMULTI\r\nEXEC\r\n");
    let replies: Vec<String> = (0..4).map(|_| client.reply()).collect();
    assert_eq!(replies, ["+OK", "+OK", "+OK", "*nil"]);
}

#[test]
fn expired_keys_that_nobody_looks_up_are_deleted_and_counted() {
    const KEYS: u64 = 20_000;
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    let requests = (0..KEYS).map(|key| format!("SET key:{key} v PX 1\r\n")).collect::<Vec<_>>().concat();
    client.send_raw(requests.as_bytes());
    for _ in 0..KEYS {
        assert_eq!(client.reply(), "+OK");
    }
    check(&mut client, "DBSIZE", &format!(":{KEYS}"));
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 1", "+OK");
    assert!(wait_until(|| client.call("DBSIZE") == ":0"));
    assert_eq!(info(&mut client, "expired_keys"), KEYS);
}

#[test]
fn a_pause_stops_expiry_and_eviction() {
    let server = Server::with(&["--maxmemory-policy", "allkeys-lru"]);
    let mut client = server.client();
    set_large(&mut client, "large", &[]);
    check_all(
        &mut client,
        &[
            ("CLIENT PAUSE 100000 WRITE", "+OK"),
            ("CONFIG SET maxmemory 1", "+OK"),
            // A request of its own, so that the loop has had a chance to evict.
            ("PING", "+PONG"),
            ("EXISTS large", ":1"),
            ("CLIENT UNPAUSE", "+OK"),
        ],
    );
    assert!(wait_until(|| client.call("EXISTS large") == ":0"));
}

#[test]
fn the_largest_client_is_closed_when_all_together_take_too_much() {
    let server = Server::with(&["--maxmemory-clients", "3mb"]);
    let (mut client, mut small, mut large) = (server.client(), server.client(), server.client());
    check(&mut small, "PING", "+PONG");
    // A request that is never complete.
    large.send_raw(b"*2\r\n$3\r\nGET\r\n$9000000\r\n");
    large.send_raw(&vec![b'x'; 100_000]);
    check(&mut client, "PING", "+PONG");
    assert_eq!(info(&mut client, "evicted_clients"), 0);
    // The server may close before it has taken everything.
    let _ = large.try_send_raw(&vec![b'x'; 3_000_000]);
    assert!(wait_until(|| info(&mut client, "evicted_clients") == 1));
    assert!(large.is_closed());
    check(&mut small, "PING", "+PONG");
    let log = server.log();
    let line = log.lines().find(|line| line.contains("Evicting client: id=")).unwrap();
    assert!(line.contains(" flags=N ") && line.contains(" cmd=NULL user=default "), "{line}");
}

/// Sends requests until the server closes the connection for their memory.
fn feed_until_evicted(server: &Server, request: impl Fn(usize) -> String) {
    let (mut client, mut greedy) = (server.client(), server.client());
    for number in 0..1000 {
        // Once it is closed, sending may fail.
        let _ = greedy.try_send_raw(request(number).as_bytes());
        if info(&mut client, "evicted_clients") == 1 {
            assert!(greedy.is_closed());
            return;
        }
    }
    panic!("nobody was evicted");
}

#[test]
fn names_that_a_client_has_sent_count_as_its_memory() {
    let name = |number| format!("{number}:{}", "x".repeat(5000));
    let requests: [fn(String) -> String; 4] = [
        |name| format!("SUBSCRIBE {name}\r\n"),
        |name| format!("PSUBSCRIBE {name}\r\n"),
        |name| format!("SSUBSCRIBE {name}\r\n"),
        |name| format!("CLIENT TRACKING ON BCAST PREFIX {name}\r\n"),
    ];
    for request in requests {
        let server = Server::with(&["--maxmemory-clients", "300kb"]);
        feed_until_evicted(&server, |number| request(name(number)));
    }
}

#[test]
fn lowering_the_limit_of_clients_closes_those_that_are_too_large() {
    let server = Server::start();
    let (mut client, mut large) = (server.client(), server.client());
    large.send_raw(b"*2\r\n$3\r\nGET\r\n$3000000\r\n");
    large.send_raw(&vec![b'x'; 900_000]);
    check(&mut client, "CONFIG SET maxmemory-clients 500kb", "+OK");
    assert!(wait_until(|| info(&mut client, "evicted_clients") == 1));
    assert!(large.is_closed());
    check_all(&mut client, &[("CONFIG SET maxmemory-clients 0", "+OK"), ("PING", "+PONG")]);
}
