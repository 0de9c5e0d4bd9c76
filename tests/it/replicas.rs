//! What follows from there being replicas, or from being one: WAITAOF, append-only files on both ends, keys that
//! clients make on a replica, a shutdown that waits, a primary that starts again.

use std::fs;
use std::process::Command;

use crate::replication::{PRIMARY, follow, info, offset};
use crate::support::{Server, check, check_all, kill, wait_until};

const APPENDING: &[&str] = &["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"];

/// Writes in no replica's stream move the offset, too: a client has to know its own place.
#[test]
fn waitaof_waits_for_the_local_sync() {
    let server = Server::with(&[APPENDING, &["--appendfsync", "no"]].concat());
    let mut client = server.client();
    check(&mut client, "WAITAOF 1 0 0", "*2[:1 :0]");
    check(&mut client, "SET key value", "+OK");
    assert_eq!(offset(&mut client), 1);
    check(&mut client, "WAITAOF 0 0 0", "*2[:0 :0]");
    check(&mut client, "WAITAOF 1 0 20", "*2[:0 :0]");
    check(&mut client, "CONFIG SET appendfsync everysec", "+OK");
    check(&mut client, "WAITAOF 1 0 0", "*2[:1 :0]");
    check(&mut client, "CONFIG SET appendfsync always", "+OK");
    client.send_raw(b"INCR counter\r\nWAITAOF 1 0 0\r\n");
    assert_eq!((client.reply(), client.reply()), (":1".to_owned(), "*2[:1 :0]".to_owned()));
}

#[test]
fn whoever_has_written_nothing_waits_for_nothing() {
    let server = Server::with(&[APPENDING, &["--appendfsync", "no"]].concat());
    check(&mut server.client(), "SET key value", "+OK");
    let mut reader = server.client();
    check(&mut reader, "GET key", "$value");
    check(&mut reader, "WAITAOF 1 0 0", "*2[:1 :0]");
}

#[test]
fn waitaof_ends_with_the_append_only_file() {
    let server = Server::with(&[APPENDING, &["--appendfsync", "no"]].concat());
    let mut other = server.client();
    let mut client = server.client();
    check(&mut client, "SET key value", "+OK");
    client.send("WAITAOF 1 0 0");
    assert!(wait_until(|| info(&mut other, "clients", "blocked_clients") == "1"));
    check(&mut other, "CONFIG SET appendonly no", "+OK");
    let error = "-ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
    assert_eq!(client.reply(), error);
    check(&mut client, "WAITAOF 1 0 0", error);
    check(&mut client, "WAITAOF 2 0 0", "-ERR value is out of range, value must between 0 and 1");
    check(&mut client, "WAITAOF 1 0 x", "-ERR timeout is not an integer or out of range");
}

/// What is appended counts only once there is a base, too.
#[test]
fn waitaof_waits_for_the_first_base() {
    let server = Server::with(&["--appendfsync", "always"]);
    let mut client = server.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "CONFIG SET rdb-key-save-delay 2000000000", "+OK");
    check(&mut client, "BGSAVE", "+Background saving started");
    check(&mut client, "CONFIG SET appendonly yes", "+OK");
    check(&mut client, "SET key other", "+OK");
    check(&mut client, "WAITAOF 1 0 20", "*2[:0 :0]");
    check(&mut client, "CONFIG SET rdb-key-save-delay 0", "+OK");
    let child = server.log().lines().find_map(|line| line.split("started by pid ").nth(1)?.parse().ok());
    kill(child.unwrap());
    check(&mut client, "WAITAOF 1 0 0", "*2[:1 :0]");
    assert_eq!(info(&mut client, "persistence", "aof_rewrite_in_progress"), "0");
}

#[test]
fn waitaof_counts_replicas_that_have_synced() {
    let primary = Server::with(&[PRIMARY, APPENDING, &["--appendfsync", "always"]].concat());
    let replica = Server::with(&[APPENDING, &["--appendfsync", "no"]].concat());
    follow(&replica, &primary);
    let mut follower = replica.client();
    assert!(wait_until(|| info(&mut follower, "persistence", "aof_rewrite_in_progress") == "0"));
    let mut client = primary.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    check(&mut client, "WAITAOF 1 1 20", "*2[:1 :0]");
    check(&mut follower, "CONFIG SET appendfsync always", "+OK");
    check(&mut client, "WAITAOF 1 1 0", "*2[:1 :1]");
    check(&mut client, "SET key other", "+OK");
    check(&mut client, "WAITAOF 1 1 0", "*2[:1 :1]");
    let expected = "-ERR WAITAOF cannot be used with replica instances. Please also note that writes to replicas \
                    are just local and are not propagated.";
    check(&mut follower, "WAITAOF 0 0 0", expected);
}

#[test]
fn waitaof_counts_a_redis_that_has_synced_and_only_that() {
    let primary = Server::with(&[PRIMARY, APPENDING, &["--appendfsync", "always"]].concat());
    // 7.0 does not say how far its file is.
    let replica = Server::upstream(APPENDING);
    follow(&replica, &primary);
    let mut client = primary.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    check(&mut client, "WAITAOF 1 1 20", "*2[:1 :0]");
}

/// What the files of a replica held before is void, and what the primary sent is in none of them.
#[test]
fn a_replica_makes_its_append_only_file_anew_after_a_full_synchronisation() {
    let primary = Server::with(PRIMARY);
    let replica = Server::with(APPENDING);
    check(&mut replica.client(), "SET old value", "+OK");
    check(&mut primary.client(), "SET key value", "+OK");
    follow(&replica, &primary);
    let mut follower = replica.client();
    assert!(wait_until(|| replica.log().contains("Background AOF rewrite finished successfully")));
    check(&mut primary.client(), "SET late value", "+OK");
    assert!(wait_until(|| follower.call("GET late") == "$value"));
    check(&mut follower, "CONFIG SET appendfsync always", "+OK");
    check(&mut follower, "REPLICAOF NO ONE", "+OK");
    check(&mut follower, "SET last value", "+OK");
    follower.send("SHUTDOWN NOW");
    let (code, directory) = replica.wait();
    assert_eq!(code, Some(0));
    assert!(fs::read_dir(directory.path().join("appendonlydir")).unwrap().count() >= 3);
    let again = Server::in_directory(directory, APPENDING);
    let expected = [
        ("GET key", "$value"),
        ("GET late", "$value"),
        ("GET last", "$value"),
        ("GET old", "$nil"),
        ("DBSIZE", ":3"),
    ];
    check_all(&mut again.client(), &expected);
}

#[test]
fn keys_that_clients_make_on_a_replica_expire_there() {
    let primary = Server::with(PRIMARY);
    let replica = Server::with(&["--replica-read-only", "no"]);
    follow(&replica, &primary);
    let mut client = primary.client();
    let mut follower = replica.client();
    check_all(
        &mut follower,
        &[
            ("SELECT 3", "+OK"),
            ("SET short value PX 30", "+OK"),
            ("SET other value", "+OK"),
            ("PEXPIRE other 30", ":1"),
            ("SET long value EX 1000", "+OK"),
        ],
    );
    assert!(wait_until(|| follower.call("DBSIZE") == ":1"));
    assert_eq!(info(&mut follower, "stats", "expired_keys"), "2");
    assert_eq!(info(&mut follower, "stats", "slave_expires_tracked_keys"), "1");
    // What is the primary's stays until the primary says so.
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    check(&mut client, "SET theirs value PX 30", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    check(&mut follower, "SELECT 0", "+OK");
    assert!(wait_until(|| follower.call("GET theirs") == "$nil"));
    check(&mut follower, "DBSIZE", ":1");
}

/// Otherwise the counter would go on from there when the file is read again.
#[test]
fn a_write_over_an_expired_key_of_the_primary_begins_afresh_in_the_append_only_file_too() {
    let primary = Server::with(PRIMARY);
    let replica = Server::with(&[APPENDING, &["--replica-read-only", "no"]].concat());
    follow(&replica, &primary);
    let mut client = primary.client();
    let mut follower = replica.client();
    assert!(wait_until(|| replica.log().contains("Background AOF rewrite finished successfully")));
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    check(&mut client, "SET counter 5 PX 30", "+OK");
    check(&mut client, "SADD set a", ":1");
    check(&mut client, "PEXPIRE set 30", ":1");
    check(&mut client, "WAIT 1 0", ":1");
    assert!(wait_until(|| follower.call("EXISTS counter set") == ":0"));
    check(&mut follower, "DBSIZE", ":2");
    let cases = [
        ("INCR counter", ":1"),
        ("TTL counter", ":-1"),
        ("SADD set b", ":1"),
        ("SMEMBERS set", "*1[$b]"),
        ("CONFIG SET appendfsync always", "+OK"),
        ("SET last value", "+OK"),
    ];
    check_all(&mut follower, &cases);
    follower.send("SHUTDOWN NOW");
    let (_, directory) = replica.wait();
    let again = Server::in_directory(directory, APPENDING);
    check(&mut again.client(), "GET counter", "$1");
    check(&mut again.client(), "SMEMBERS set", "*1[$b]");
}

/// Stops and continues a process, as a machine that hangs would.
fn signal(server: &Server, name: &str) {
    let id = server.process_id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// A primary with a replica that has stopped before it could acknowledge the last write.
fn lagging() -> (Server, Server) {
    let primary = Server::with(&[PRIMARY, &["--shutdown-timeout", "3600"]].concat());
    let replica = Server::start();
    follow(&replica, &primary);
    signal(&replica, "STOP");
    check(&mut primary.client(), "SET key value", "+OK");
    (primary, replica)
}

#[test]
fn a_shutdown_waits_for_a_replica_that_lags_and_nobody_writes_meanwhile() {
    let (primary, replica) = lagging();
    let mut other = primary.client();
    assert_eq!(info(&mut other, "clients", "connected_clients"), "1", "a replica is no client");
    let mut client = primary.client();
    client.send("SHUTDOWN");
    assert!(wait_until(|| info(&mut other, "clients", "blocked_clients") == "1"));
    assert_ne!(info(&mut other, "server", "shutdown_in_milliseconds"), "");
    let mut writer = primary.client();
    writer.send("SET key other");
    check(&mut other, "CLIENT UNPAUSE", "+OK");
    check(&mut other, "GET key", "$value");
    signal(&replica, "CONT");
    let log = primary.path("log");
    assert!(client.is_closed());
    assert!(writer.is_closed());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("Waiting for replicas before shutting down."), "{log}");
    assert!(log.contains("1 of 1 replicas are in sync when shutting down."), "{log}");
    assert_eq!(primary.wait().0, Some(0));
    check(&mut replica.client(), "GET key", "$value");
}

#[test]
fn a_shutdown_that_waits_can_be_aborted() {
    let (primary, replica) = lagging();
    let mut other = primary.client();
    check(&mut other, "SHUTDOWN ABORT", "-ERR No shutdown in progress.");
    let mut waiting = [primary.client(), primary.client()];
    for client in &mut waiting {
        client.send("SHUTDOWN");
    }
    assert!(wait_until(|| info(&mut other, "clients", "blocked_clients") == "2"));
    let mut writer = primary.client();
    writer.send("SET key other");
    check(&mut other, "SHUTDOWN ABORT", "+OK");
    for client in &mut waiting {
        assert_eq!(client.reply(), "-ERR Errors trying to SHUTDOWN. Check logs.");
        check(client, "PING", "+PONG");
    }
    assert_eq!(writer.reply(), "+OK");
    assert_eq!(info(&mut other, "server", "shutdown_in_milliseconds"), "");
    assert!(primary.log().contains("Shutdown manually aborted."));
    signal(&replica, "CONT");
    check(&mut writer, "WAIT 1 0", ":1");
}

#[test]
fn a_shutdown_waits_no_longer_than_it_may() {
    let (primary, replica) = lagging();
    let mut other = primary.client();
    check(&mut other, "CONFIG SET shutdown-timeout 1", "+OK");
    signal(&primary, "TERM");
    let log = primary.path("log");
    assert!(other.is_closed());
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("Lagging replica 127.0.0.1:"), "{log}");
    assert!(log.contains(" behind master, lag="), "{log}");
    assert!(log.contains("0 of 1 replicas are in sync when shutting down."), "{log}");
    assert_eq!(primary.wait().0, Some(0));
    signal(&replica, "CONT");
}

#[test]
fn a_shutdown_now_waits_for_nobody() {
    let (primary, replica) = lagging();
    primary.client().send("SHUTDOWN NOW");
    assert_eq!(primary.wait().0, Some(0));
    signal(&replica, "CONT");
    // It was on its way all the same.
    let mut follower = replica.client();
    assert!(wait_until(|| follower.call("GET key") == "$value"));
}

/// Whoever follows the stream of a primary that starts again has the keys that it leaves out.
#[test]
fn keys_that_a_primary_finds_expired_when_it_starts_are_deleted_everywhere() {
    let primary = Server::with(PRIMARY);
    let replica = Server::with(&["--repl-timeout", "3600"]);
    follow(&replica, &primary);
    let mut client = primary.client();
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    for key in ["a", "b", "c"] {
        check(&mut client, &format!("SET {key} value PX 1"), "+OK");
    }
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    assert!(wait_until(|| client.call("SAVE") == "+OK"));
    client.send("DEBUG RESTART");
    assert!(client.is_closed());
    let mut follower = replica.client();
    assert!(wait_until(|| primary.log().contains("keys loaded: 1, keys expired: 3")));
    assert!(wait_until(|| follower.call("DBSIZE") == ":1"));
    let mut client = primary.client();
    assert_eq!(info(&mut client, "stats", "sync_partial_ok"), "1");
    assert_eq!(info(&mut client, "stats", "sync_full"), "0");
    assert_eq!(info(&mut client, "persistence", "rdb_last_load_keys_expired"), "3");
}

#[test]
fn a_killed_client_is_hung_up_on_before_the_turn_ends() {
    let server = Server::start();
    let mut client = server.client();
    let mut other = server.client();
    let id = other.call("CLIENT ID").trim_start_matches(':').to_owned();
    check(&mut client, "MULTI", "+OK");
    check(&mut client, &format!("CLIENT KILL ID {id}"), "+QUEUED");
    check(&mut client, "DEBUG SLEEP 3600", "+QUEUED");
    client.send("EXEC");
    assert!(other.is_closed());
}
