//! Each pairing of Russet and Redis: a full synchronisation, the stream, what follows a cut and a promotion, and
//! chains. At the end of all of it both ends hold the same.

use std::thread;

use russet::util::random::Random;

use super::{assert_same_data, follow, info, is_linked, offset, populate};
use crate::contents::{assert_same, contents, forget_sorted_sets, groups, has_expiring_keys};
use crate::oracle::random_requests;
use crate::support::{Client, Server, check, encode, setting, wait_until};

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Kind {
    Russet,
    Redis,
}

use Kind::{Redis, Russet};

impl Kind {
    /// A server that sends snapshots without delay, in a version that both read. A PING of its own in the stream
    /// would put a primary ahead of what its replica had when it was promoted.
    pub fn start(self, more: &[&str]) -> Server {
        let common = ["--repl-diskless-sync-delay", "0", "--repl-ping-replica-period", "3600"];
        match self {
            Russet => Server::with(&[&common[..], &["--rdb-compat-version", "10"], more].concat()),
            Redis => Server::upstream(&[&common[..], more].concat()),
        }
    }
}

/// A full synchronisation by a socket and by a file; the stream, a cut, and what was missed.
fn replicate(primary: Kind, replica: Kind) {
    for diskless in ["yes", "no"] {
        let primary = primary.start(&["--repl-diskless-sync", diskless]);
        let replica = replica.start(&[]);
        let mut client = primary.client();
        populate(&mut client, "1");
        follow(&replica, &primary);
        assert_same_data(&primary, &replica);
        populate(&mut client, "2");
        assert_same_data(&primary, &replica);

        check(&mut client, "CLIENT KILL TYPE replica", ":1");
        populate(&mut client, "3");
        let mut follower = replica.client();
        assert!(wait_until(|| is_linked(&mut follower)));
        assert_same_data(&primary, &replica);
        assert_eq!(info(&mut client, "stats", "sync_full"), "1", "the stream went on where it was cut");
        assert_eq!(info(&mut client, "stats", "sync_partial_ok"), "1");
    }
}

#[test]
fn russet_follows_redis() {
    replicate(Redis, Russet);
}

#[test]
fn redis_follows_russet() {
    replicate(Russet, Redis);
}

#[test]
fn russet_follows_russet() {
    replicate(Russet, Russet);
}

/// Random commands of all groups, and keys that expire meanwhile.
pub fn write_at_random(client: &mut Client, random: &mut Random, batches: u64) {
    for _ in 0..batches {
        let mut requests = random_requests(random, 40);
        for _ in 0..5 {
            let key = format!("volatile:{}", random.below(50));
            let delay_ms = (1 + random.below(100)).to_string();
            requests.push(encode(&["SET", &key, "value", "PX", &delay_ms]));
            requests.push(encode(&["PEXPIRE", "a", &delay_ms]));
            requests.push(encode(&["SADD", &key, "member"]));
        }
        client.send_raw(&requests.concat());
        for _ in &requests {
            client.raw_reply();
        }
    }
    // Ends a transaction that may be open.
    client.call("RESET");
}

/// Both hold the same once the replica has caught up and what was to expire has.
#[track_caller]
pub fn assert_same_contents(primary: &Server, replica: &Server) {
    let (mut left, mut right) = (primary.client(), replica.client());
    assert!(wait_until(|| !has_expiring_keys(&mut left)));
    assert!(wait_until(|| offset(&mut left) == offset(&mut right)));
    assert_same(&contents(&mut left), &contents(&mut right));
    assert_same(&groups(&mut left), &groups(&mut right));
    // 7.0 digests scores with more digits than 7.2.
    forget_sorted_sets(&mut left);
    // Digests cover keys that have expired and are not deleted yet.
    let is_equal = || left.call("DEBUG DIGEST") == right.call("DEBUG DIGEST");
    assert!(wait_until(is_equal));
}

/// A load from two clients, during which the replica is synchronised and loses its link again and again.
fn survive_load(primary: Kind, replica: Kind) {
    let (primary, replica) = (primary.start(&[]), replica.start(&[]));
    let writers: Vec<_> = (0..2)
        .map(|number| {
            let mut client = primary.client();
            let mut random = Random::seeded(setting("RUSSET_ORACLE_SEED", 1) + number);
            let batches = setting("RUSSET_REPLICATION_BATCHES", 200);
            thread::spawn(move || write_at_random(&mut client, &mut random, batches))
        })
        .collect();
    follow(&replica, &primary);
    let (mut client, mut follower) = (primary.client(), replica.client());
    let mut cuts = 0;
    while cuts < 3 || !writers.iter().all(thread::JoinHandle::is_finished) {
        cuts += 1;
        check(&mut client, "CLIENT KILL TYPE replica", ":1");
        assert!(wait_until(|| info(&mut client, "replication", "connected_slaves") == "1"));
        assert!(wait_until(|| is_linked(&mut follower)));
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_same_contents(&primary, &replica);
    let count = |client: &mut Client, field| info(client, "stats", field).parse::<u64>().unwrap();
    let syncs = count(&mut client, "sync_full") + count(&mut client, "sync_partial_ok");
    assert_eq!(syncs, cuts + 1, "each cut led to one synchronisation");
}

#[test]
fn russet_follows_redis_under_a_random_load() {
    survive_load(Redis, Russet);
}

#[test]
fn redis_follows_russet_under_a_random_load() {
    survive_load(Russet, Redis);
}

#[test]
fn russet_follows_russet_under_a_random_load() {
    survive_load(Russet, Russet);
}

/// A replica takes over; the other one and the old primary follow it without a full synchronisation.
fn promote(old: Kind, new: Kind, other: Kind) {
    let (old, new, other) = (old.start(&[]), new.start(&[]), other.start(&[]));
    follow(&new, &old);
    follow(&other, &old);
    let mut client = old.client();
    populate(&mut client, "1");
    assert_same_data(&old, &new);
    assert_same_data(&old, &other);

    check(&mut new.client(), "REPLICAOF NO ONE", "+OK");
    follow(&other, &new);
    follow(&old, &new);
    let mut client = new.client();
    populate(&mut client, "2");
    assert_same_data(&new, &other);
    assert_same_data(&new, &old);
    assert_eq!(info(&mut client, "stats", "sync_full"), "0");
    assert_eq!(info(&mut client, "stats", "sync_partial_ok"), "2");
    let (id, second) = ("master_replid", "master_replid2");
    assert_eq!(info(&mut old.client(), "replication", id), info(&mut client, "replication", id));
    assert_ne!(info(&mut client, "replication", second), "0".repeat(40));
}

#[test]
fn a_promoted_russet_goes_on_with_the_other_replica_and_the_old_primary() {
    promote(Russet, Russet, Russet);
    promote(Russet, Russet, Redis);
    promote(Redis, Russet, Russet);
    promote(Redis, Russet, Redis);
}

#[test]
fn russet_goes_on_with_a_promoted_redis() {
    promote(Russet, Redis, Russet);
    promote(Russet, Redis, Redis);
    promote(Redis, Redis, Russet);
}

/// Three in a row share one stream, also behind a cut at the head, and when the middle becomes the head.
fn chain(head: Kind, middle: Kind, tail: Kind) {
    let (head, middle, tail) = (head.start(&[]), middle.start(&[]), tail.start(&[]));
    let mut client = head.client();
    populate(&mut client, "1");
    follow(&middle, &head);
    follow(&tail, &middle);
    populate(&mut client, "2");
    assert_same_data(&head, &middle);
    assert_same_data(&head, &tail);

    check(&mut client, "CLIENT KILL TYPE replica", ":1");
    populate(&mut client, "3");
    assert_same_data(&head, &middle);
    assert_same_data(&head, &tail);
    assert_eq!(info(&mut client, "stats", "sync_partial_ok"), "1");

    let mut heir = middle.client();
    check(&mut heir, "REPLICAOF NO ONE", "+OK");
    populate(&mut heir, "4");
    assert_same_data(&middle, &tail);
    for server in [&head, &middle] {
        assert_eq!(info(&mut server.client(), "stats", "sync_full"), "1");
    }
}

#[test]
fn chains_of_both_kinds_share_one_stream() {
    chain(Redis, Russet, Redis);
    chain(Russet, Redis, Russet);
    chain(Redis, Russet, Russet);
    chain(Russet, Russet, Russet);
}
