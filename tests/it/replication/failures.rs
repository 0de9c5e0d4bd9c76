//! What goes wrong between a primary and its replica: links that break anywhere, servers that are killed midway,
//! primaries that send what no primary should. It is logged and tried again, and the old data stay as long as
//! nothing has taken their place.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use russet::util::random::Random;

use super::cable::{Cable, Cut};
use super::pairings::Kind::{self, Redis, Russet};
use super::pairings::{assert_same_contents, write_at_random};
use super::{PRIMARY, assert_same_data, follow, info, is_linked, populate};
use crate::support::{Client, Server, check, setting, wait_until};

/// Bytes of the answers before a snapshot, and of a snapshot of the data set below.
const HANDSHAKE_BYTES: u64 = 140;
const SNAPSHOT_BYTES: u64 = 40_000;

/// The link breaks while the two get to know each other, during the snapshot, and in the stream.
fn break_the_link(primary: Kind, replica: Kind, diskless: &str) {
    let seed = setting("RUSSET_REPLICATION_SEED", 1);
    let mut random = Random::seeded(seed);
    let cuts: Vec<Cut> = (0..setting("RUSSET_REPLICATION_CUTS", 9))
        .map(|number| match number % 4 {
            0 => Cut::ToServer(random.below(HANDSHAKE_BYTES)),
            1 => Cut::FromServer(random.below(HANDSHAKE_BYTES)),
            2 => Cut::FromServer(HANDSHAKE_BYTES + random.below(SNAPSHOT_BYTES)),
            _ => Cut::FromServer(SNAPSHOT_BYTES + random.below(2 * SNAPSHOT_BYTES)),
        })
        .collect();
    let (primary, replica) = (primary.start(&["--repl-diskless-sync", diskless]), replica.start(&[]));
    let mut client = primary.client();
    // Not in a database that the load empties.
    check(&mut client, "SELECT 5", "+OK");
    check(&mut client, "DEBUG POPULATE 300 key 100", "+OK");
    let ends = Arc::new(AtomicBool::new(false));
    let writer = thread::spawn({
        let ends = Arc::clone(&ends);
        let mut client = primary.client();
        move || {
            while !ends.load(Ordering::Relaxed) {
                write_at_random(&mut client, &mut random, 2);
            }
        }
    });
    let cable = Cable::to(primary.port, cuts.iter().copied());
    let mut follower = replica.client();
    check(&mut follower, &format!("REPLICAOF 127.0.0.1 {}", cable.port), "+OK");
    for left in (0..cuts.len()).rev() {
        assert!(wait_until(|| cable.cuts_to_come() <= left), "seed {seed}, cuts {cuts:?}");
    }
    let attempts = || replica.log().matches("MASTER <-> REPLICA sync started").count();
    assert!(wait_until(|| attempts() > cuts.len() && is_linked(&mut follower)), "seed {seed}, cuts {cuts:?}");
    ends.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    assert_same_contents(&primary, &replica);
}

#[test]
fn a_link_to_redis_that_breaks_anywhere_ends_with_equal_data() {
    break_the_link(Redis, Russet, "yes");
}

#[test]
fn a_link_from_redis_that_breaks_anywhere_ends_with_equal_data() {
    break_the_link(Russet, Redis, "yes");
}

#[test]
fn a_link_within_russet_that_breaks_anywhere_ends_with_equal_data() {
    break_the_link(Russet, Russet, "yes");
}

#[test]
fn a_link_that_breaks_anywhere_while_files_are_sent_ends_with_equal_data() {
    break_the_link(Russet, Russet, "no");
}

/// Where a replica stands in a full synchronisation that takes its time.
fn receives_snapshot(replica: &Server) -> bool {
    replica.log().contains("MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF")
}

/// Takes a server down together with the children that write for it, as when their machine stops.
fn lose(server: &mut Server) {
    let id = server.process_id().to_string();
    let statuses = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| fs::read_to_string(entry.ok()?.path().join("stat")).ok());
    let children: Vec<String> = statuses
        .filter_map(|status| {
            let (process, rest) = status.rsplit_once(") ")?;
            (rest.split(' ').nth(1) == Some(&id))
                .then(|| process.split(' ').next().unwrap_or_default().to_owned())
        })
        .collect();
    server.crash();
    assert_eq!(children.len(), 1, "one child writes the snapshot");
    // It may end by itself when its server does.
    let _ = Command::new("kill").args(["-s", "KILL", &children[0]]).status().unwrap();
}

#[test]
fn a_primary_that_is_killed_during_a_full_synchronisation_takes_no_data_with_it() {
    for kind in [Russet, Redis] {
        let mut primary = kind.start(&["--rdb-key-save-delay", "5000"]);
        check(&mut primary.client(), "DEBUG POPULATE 1000", "+OK");
        let replica = Server::start();
        let mut follower = replica.client();
        check(&mut follower, "SET old value", "+OK");
        check(&mut follower, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
        assert!(wait_until(|| receives_snapshot(&replica)));
        lose(&mut primary);
        assert!(wait_until(|| replica.log().contains("Unable to connect to MASTER: Connection refused")));
        assert!(replica.log().contains("Connection with master lost during the synchronization\n"));
        check(&mut follower, "GET old", "$value");
        check(&mut follower, "DBSIZE", ":1");

        primary.start_again();
        populate(&mut primary.client(), "1");
        assert!(wait_until(|| is_linked(&mut follower)));
        assert_same_data(&primary, &replica);
    }
}

#[test]
fn a_replica_that_is_killed_while_it_loads_begins_anew() {
    let primary = Redis.start(&[]);
    check(&mut primary.client(), "DEBUG POPULATE 1000", "+OK");
    let address = format!("127.0.0.1 {}", primary.port);
    let slowly = ["--key-load-delay", "1000", "--loading-process-events-interval-bytes", "1024"];
    let mut replica = Russet.start(&[&["--replicaof", &address], &slowly[..]].concat());
    assert!(wait_until(|| replica.log().contains("MASTER <-> REPLICA sync: Loading DB in memory")));
    replica.crash();
    assert!(!replica.log().contains("Finished with success"));
    replica.start_again();
    let mut follower = replica.client();
    assert!(wait_until(|| is_linked(&mut follower)));
    assert_same_data(&primary, &replica);
}

#[test]
fn of_two_primaries_the_one_named_last_is_followed() {
    let (first, second) = (Redis.start(&["--rdb-key-save-delay", "5000"]), Russet.start(&[]));
    check(&mut first.client(), "DEBUG POPULATE 1000", "+OK");
    populate(&mut second.client(), "1");
    let replica = Server::start();
    check(&mut replica.client(), &format!("REPLICAOF 127.0.0.1 {}", first.port), "+OK");
    assert!(wait_until(|| receives_snapshot(&replica)));
    follow(&replica, &second);
    assert_same_data(&second, &replica);
    let mut client = first.client();
    assert!(wait_until(|| info(&mut client, "replication", "connected_slaves") == "0"));
}

/// A primary that answers as it should up to PSYNC, and then as it is told to.
struct Impostor {
    listener: TcpListener,
}

impl Impostor {
    fn start() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").unwrap() }
    }

    fn port(&self) -> u16 {
        self.listener.local_addr().unwrap().port()
    }

    /// Serves the next connection up to the end of the answer, and waits until the replica hangs up.
    fn answer(&self, answer: &[u8]) {
        let (mut stream, _) = self.listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        loop {
            match lines.next().unwrap().unwrap().as_str() {
                "PING" => stream.write_all(b"+PONG\r\n").unwrap(),
                "REPLCONF" => stream.write_all(b"+OK\r\n").unwrap(),
                "PSYNC" => break,
                _ => {}
            }
        }
        // Whoever sees garbage may hang up before all of it is written.
        let _ = stream.write_all(answer).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// The answer to PSYNC, and what announces a snapshot.
fn full_sync(snapshot_header: &str) -> Vec<u8> {
    format!("+FULLRESYNC {} 0\r\n{snapshot_header}\r\n", "0123456789".repeat(4)).into_bytes()
}

/// The bytes of a snapshot.
fn snapshot() -> Vec<u8> {
    let server = Server::with(PRIMARY);
    populate(&mut server.client(), "1");
    check(&mut server.client(), "SAVE", "+OK");
    fs::read(server.path("dump.rdb")).unwrap()
}

/// The replica is well, has said why it did not go on, and comes back.
fn is_refused(replica: &Server, client: &mut Client, reason: &str) {
    assert!(wait_until(|| replica.log().contains(reason)), "{reason} in {}", replica.log());
    check(client, "PING", "+PONG");
    assert_eq!(info(client, "replication", "master_link_status"), "down");
}

#[test]
fn what_no_primary_should_send_is_refused_and_the_old_data_stay() {
    let impostor = Impostor::start();
    let replica = Server::start();
    let mut client = replica.client();
    check(&mut client, "SET old value", "+OK");
    check(&mut client, &format!("REPLICAOF 127.0.0.1 {}", impostor.port()), "+OK");
    let snapshot = snapshot();
    let mark = "m".repeat(40);
    let sized = format!("${}", snapshot.len());
    let half = &snapshot[..snapshot.len() / 2];
    for (answer, reason) in [
        (b"+FULLRESYNC short 0\r\n".to_vec(), "+FULLRESYNC short 0"),
        (full_sync("$99999999999999999999"), "$99999999999999999999"),
        (full_sync("$-5"), "$-5"),
        ([full_sync("$9223372036854775807"), half.to_vec()].concat(), "receiving 9223372036854775807 bytes"),
        (
            [full_sync(&sized), half.to_vec()].concat(),
            "Connection with master lost during the synchronization",
        ),
        (
            [full_sync(&format!("$EOF:{mark}")), snapshot.clone()].concat(),
            "receiving streamed RDB from master with EOF",
        ),
        (vec![b'x'; 5000], "Bad protocol from MASTER: xxx"),
        (b"+WHAT\r\n".to_vec(), "Unexpected reply to PSYNC from master: +WHAT"),
        (full_sync("-ERR no"), "MASTER aborted replication with an error: -ERR no"),
    ] {
        impostor.answer(&answer);
        is_refused(&replica, &mut client, reason);
        check(&mut client, "GET old", "$value");
    }
    let is_gone = || {
        let names = fs::read_dir(replica.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        !names.into_iter().any(|name| name.to_string_lossy().starts_with("temp-"))
    };
    assert!(wait_until(is_gone), "what arrived of snapshots is removed");
}

#[test]
fn a_damaged_snapshot_and_a_garbled_stream_end_the_link_and_not_the_server() {
    let impostor = Impostor::start();
    let replica = Server::start();
    let mut client = replica.client();
    check(&mut client, &format!("REPLICAOF 127.0.0.1 {}", impostor.port()), "+OK");
    let snapshot = snapshot();
    let sized = format!("${}", snapshot.len());
    let mut random = Random::seeded(setting("RUSSET_REPLICATION_SEED", 1));
    for _ in 0..3 {
        let mut damaged = snapshot.clone();
        let place = random.below(damaged.len() as u64) as usize;
        damaged[place] ^= 1 << random.below(8);
        impostor.answer(&[full_sync(&sized), damaged].concat());
        is_refused(&replica, &mut client, "Failed trying to load the MASTER synchronization DB from disk");
        check(&mut client, "DBSIZE", ":0");
    }
    for garbage in ["*3\r\n+SET\r\n", "*2147483647\r\n", "*1\r\n$99999999999\r\n", &"x".repeat(100_000)] {
        let finished = replica.log().matches("Finished with success").count();
        impostor.answer(&[full_sync(&sized), snapshot.clone(), garbage.into()].concat());
        is_refused(&replica, &mut client, "Connection with master lost.");
        assert_eq!(replica.log().matches("Finished with success").count(), finished + 1);
        check(&mut client, "GET number1", "$18");
    }

    let primary = Redis.start(&[]);
    populate(&mut primary.client(), "2");
    follow(&replica, &primary);
    assert_same_data(&primary, &replica);
}

/// The hard way: everything at once, whatever was asked.
#[test]
fn a_primary_that_does_not_wait_for_requests_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let replica = Server::start();
    let mut client = replica.client();
    check(&mut client, "SET key value", "+OK");
    let port = listener.local_addr().unwrap().port();
    check(&mut client, &format!("REPLICAOF 127.0.0.1 {port}"), "+OK");
    for answer in [&b"-ERR go away\r\n"[..], b"+PONG\r\n+OK\r\n+OK\r\n+CONTINUE\r\n", &[b'x'; 5000]] {
        let (mut stream, _): (TcpStream, _) = listener.accept().unwrap();
        // Whoever sees garbage may hang up before all of it is written.
        let _ = stream.write_all(answer);
        drop(stream);
        check(&mut client, "PING", "+PONG");
    }
    check(&mut client, "GET key", "$value");
    assert_eq!(info(&mut client, "replication", "master_link_status"), "down");
}
