//! What a replica tells its primary, what it gets for that, and what becomes of one that fails the other.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::Duration;

use crate::replication::{PRIMARY, follow, info, is_linked, offset};
use crate::support::{Server, check, check_all, encode, wait_until};

const MARK_BYTES: usize = 40;

fn signal(server: &Server, name: &str) {
    let id = server.process_id().to_string();
    assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
}

/// The snapshot that a replica gets which introduces itself like this.
fn snapshot_for(server: &Server, introduction: &[&str]) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // Nothing may be unanswered when the stream begins.
    for words in [introduction, &["REPLCONF capa eof rdb-only 1"]].concat() {
        stream.write_all(format!("{words}\r\n").as_bytes()).unwrap();
        let mut reply = [0; 5];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"+OK\r\n", "{words}");
    }
    stream.write_all(b"PSYNC ? -1\r\n").unwrap();
    let mut bytes = Vec::new();
    // Whoever wants only a snapshot is hung up on behind it.
    stream.read_to_end(&mut bytes).unwrap();
    let start = bytes.windows(5).position(|window| window == b"$EOF:").unwrap() + 5;
    let (mark, rest) = bytes[start..].split_at(MARK_BYTES);
    let snapshot = rest.strip_prefix(b"\r\n").and_then(|rest| rest.strip_suffix(mark));
    snapshot.expect("the mark stands behind the snapshot, too").to_vec()
}

#[test]
fn a_replica_gets_the_version_that_it_can_read() {
    let server = Server::with(&["--repl-diskless-sync-delay", "0"]);
    check(&mut server.client(), "SET key value", "+OK");
    let cases = [
        (&["REPLCONF version 7.0.15"][..], "REDIS0010"),
        (&["REPLCONF version 6.2.14"], "REDIS0009"),
        (&["REPLCONF version 8.0.1"], "REDIS0011"),
        (&[], "REDIS0011"),
    ];
    for (introduction, expected) in cases {
        let snapshot = snapshot_for(&server, introduction);
        assert_eq!(String::from_utf8_lossy(&snapshot[..9]), expected, "{introduction:?}");
    }
    check(&mut server.client(), "CONFIG SET rdb-compat-version 9", "+OK");
    let snapshot = snapshot_for(&server, &["REPLCONF version 7.0.15"]);
    assert_eq!(String::from_utf8_lossy(&snapshot[..9]), "REDIS0009");
    let error = "-ERR Unrecognized version format: seven";
    check(&mut server.client(), "REPLCONF version seven", error);
}

#[test]
fn a_snapshot_consists_of_what_is_asked_for() {
    // One that holds a function library.
    let redis = Server::upstream(&[]);
    let library = "#!lua name=library\nredis.register_function('distinct', function() return 1 end)";
    assert_eq!(redis.client().call_arguments(&["FUNCTION", "LOAD", library]), "$library");
    check(&mut redis.client(), "SET unmistakable value", "+OK");
    check(&mut redis.client(), "SAVE", "+OK");
    redis.client().send("SHUTDOWN NOSAVE");
    let server = Server::in_directory(redis.wait().1, &["--repl-diskless-sync-delay", "0"]);
    let mut client = server.client();
    let file = fs::read(server.path("dump.rdb")).unwrap();

    // Whether it holds the key, and the library.
    let parts = |introduction: &[&str]| {
        let snapshot = snapshot_for(&server, introduction);
        let holds = |text: &[u8]| snapshot.windows(text.len()).any(|window| window == text);
        (holds(b"unmistakable"), holds(b"distinct"))
    };
    assert_eq!(parts(&[]), (true, true));
    assert_eq!(parts(&["REPLCONF rdb-filter-only functions"]), (false, true));
    assert_eq!(parts(&["REPLCONF rdb-filter-only \"\""]), (false, false));
    // Not even where snapshots go by a file: that one is for the whole data set.
    check(&mut client, "CONFIG SET repl-diskless-sync no", "+OK");
    assert_eq!(parts(&["REPLCONF rdb-filter-only functions"]), (false, true));
    assert!(fs::read(server.path("dump.rdb")).unwrap() == file);

    let mut other = server.client();
    let cases = [
        ("REPLCONF rdb-filter-only keys", "-ERR Unsupported rdb-filter-only option: keys"),
        ("REPLCONF rdb-filter-only \"", "-ERR Missing rdb-filter-only values"),
        ("REPLCONF rdb-filter-only functions", "+OK"),
        ("PSYNC ? -1", "-ERR Filtered replica requires EOF capability"),
    ];
    check_all(&mut other, &cases);
}

#[test]
fn a_replica_is_shown_where_it_wants_to_be_found() {
    let primary = Server::with(PRIMARY);
    let announced = ["--replica-announce-ip", "10.1.2.3", "--replica-announce-port", "1234"];
    let replica = Server::with(&announced);
    follow(&replica, &primary);
    let mut client = primary.client();
    let shown = info(&mut client, "replication", "slave0");
    assert!(shown.starts_with("ip=10.1.2.3,port=1234,state=online,"), "{shown}");
    let role = client.call("ROLE");
    assert!(role.contains(" *1[*3[$10.1.2.3 $1234 $"), "{role}");
}

#[test]
fn a_user_is_named_to_the_primary() {
    let primary = Server::with(&[PRIMARY, &["--requirepass", "secret"]].concat());
    let replica = Server::with(&["--masteruser", "nobody", "--masterauth", "secret"]);
    let mut follower = replica.client();
    check(&mut follower, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    assert!(wait_until(|| replica.log().contains("Unable to AUTH to MASTER: -WRONGPASS")));
    check(&mut follower, "CONFIG SET masteruser default", "+OK");
    assert!(wait_until(|| is_linked(&mut follower)));
}

#[test]
fn both_ends_give_up_on_a_peer_that_is_silent() {
    let primary =
        Server::with(&[PRIMARY, &["--repl-timeout", "1", "--repl-ping-replica-period", "1"]].concat());
    let replica = Server::with(&["--repl-timeout", "60"]);
    follow(&replica, &primary);
    signal(&replica, "STOP");
    let is_gone = || primary.log().contains("Disconnecting timedout replica (streaming sync): 127.0.0.1:");
    assert!(wait_until(is_gone));
    signal(&replica, "CONT");
    let mut follower = replica.client();
    assert!(wait_until(|| is_linked(&mut follower)));
    check(&mut follower, "CONFIG SET repl-timeout 1", "+OK");
    signal(&primary, "STOP");
    assert!(wait_until(|| replica.log().contains("MASTER timeout: no data nor PING received...")));
    signal(&primary, "CONT");
}

#[test]
fn a_primary_tells_now_and_then_that_it_is_there() {
    let primary = Server::with(&[PRIMARY, &["--repl-ping-replica-period", "1"]].concat());
    let replica = Server::start();
    follow(&replica, &primary);
    let mut client = primary.client();
    let before = offset(&mut client);
    // Nobody writes.
    assert!(wait_until(|| offset(&mut client) >= before + 2 * "*1\r\n$4\r\nPING\r\n".len() as u64));
}

#[test]
fn a_slow_replica_is_cut_and_the_others_are_not() {
    let primary = Server::with(
        &[PRIMARY, &["--repl-backlog-size", "16kb", "--client-output-buffer-limit", "replica 1mb 0 0"]]
            .concat(),
    );
    let slow = Server::start();
    let other = Server::start();
    follow(&slow, &primary);
    follow(&other, &primary);
    let mut client = primary.client();
    signal(&slow, "STOP");
    let value = vec![b'x'; 256 * 1024];
    let request = encode(&[b"SET", b"key", &value[..]]);
    let is_cut = || {
        client.send_raw(&request);
        assert_eq!(client.reply(), "+OK");
        assert_eq!(client.call("WAIT 1 0"), ":1");
        primary.log().contains("scheduled to be closed ASAP for overcoming of output buffer limits.")
    };
    assert!(wait_until(is_cut));
    assert_eq!(info(&mut client, "replication", "connected_slaves"), "1");
    assert_eq!(info(&mut client, "stats", "sync_full"), "2");
    let mut follower = other.client();
    assert!(wait_until(|| offset(&mut follower) == offset(&mut client)));
    assert_eq!(info(&mut other.client(), "replication", "master_link_status"), "up");
    signal(&slow, "CONT");
    let mut behind = slow.client();
    assert!(wait_until(|| is_linked(&mut behind) && offset(&mut behind) == offset(&mut client)));
}

#[test]
fn a_command_that_fails_on_the_replica_is_reported_and_may_end_it() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    follow(&replica, &primary);
    let mut client = primary.client();
    let mut follower = replica.client();
    check(&mut client, "DEBUG REPLICATE no-such-command a", "+OK");
    let report = "== CRITICAL == This replica is sending an error to its master: 'ERR unknown command \
                  'no-such-command', with args beginning with: 'a'' after processing the command '<unknown>'";
    assert!(wait_until(|| replica.log().contains(report)), "{}", replica.log());
    assert_eq!(info(&mut follower, "stats", "unexpected_error_replies"), "1");
    // A replica that clients write to differs anyway.
    check(&mut follower, "CONFIG SET propagation-error-behavior panic-on-replicas", "+OK");
    check(&mut follower, "CONFIG SET replica-read-only no", "+OK");
    check(&mut client, "DEBUG REPLICATE no-such-command b", "+OK");
    assert!(wait_until(|| info(&mut follower, "stats", "unexpected_error_replies") == "2"));
    check(&mut follower, "CONFIG SET replica-read-only yes", "+OK");
    check(&mut client, "DEBUG REPLICATE no-such-command c", "+OK");
    assert!(follower.is_closed());
    let log = fs::read_to_string(replica.path("log")).unwrap();
    assert!(log.contains("This replica panicked sending an error to its master"), "{log}");
    assert_eq!(replica.wait().0, None, "a signal ended it");
}

/// `appendfsync` and save points promise that what is acknowledged is kept; a replica cannot say no.
#[test]
fn a_replica_that_cannot_write_to_its_disk_ends_unless_told_otherwise() {
    let primary = Server::with(PRIMARY);
    let arguments = ["--save", "3600 1000000", "--replica-ignore-disk-write-errors", "yes"];
    let replica = Server::with(&[&arguments[..], &["--enable-protected-configs", "yes"]].concat());
    follow(&replica, &primary);
    let mut client = primary.client();
    let mut follower = replica.client();
    // A directory in the file's place: even root cannot rename over it.
    fs::create_dir(replica.path("taken")).unwrap();
    check(&mut follower, "CONFIG SET dbfilename taken", "+OK");
    check(&mut follower, "BGSAVE", "+Background saving started");
    assert!(wait_until(|| info(&mut follower, "persistence", "rdb_last_bgsave_status") == "err"));
    check(&mut client, "SET key value", "+OK");
    let report = "Replica is applying a command even though it is unable to write to disk.";
    assert!(wait_until(|| replica.log().contains(report)));
    assert!(wait_until(|| follower.call("GET key") == "$value"));
    check(&mut follower, "CONFIG SET replica-ignore-disk-write-errors no", "+OK");
    check(&mut client, "SET key other", "+OK");
    assert!(follower.is_closed());
    assert!(replica.log().contains("Replica was unable to write command to disk."));
    assert_eq!(replica.wait().0, None, "a signal ended it");
}

#[test]
fn servers_that_are_to_keep_nothing_remove_the_files_of_a_synchronisation() {
    let primary = Server::with(&["--repl-diskless-sync", "no", "--rdb-del-sync-files", "yes"]);
    let replica = Server::with(&["--rdb-del-sync-files", "yes"]);
    check(&mut primary.client(), "SET key value", "+OK");
    follow(&replica, &primary);
    check(&mut replica.client(), "GET key", "$value");
    assert!(!fs::exists(replica.path("dump.rdb")).unwrap());
    assert!(wait_until(|| !fs::exists(primary.path("dump.rdb")).unwrap()));
    assert!(primary.log().contains("Removing the RDB file dump.rdb used to feed replicas"));
}

#[test]
fn redis_cli_takes_snapshots_and_the_stream() {
    let server = Server::with(&["--repl-diskless-sync-delay", "0"]);
    let mut client = server.client();
    check(&mut client, "SET unmistakable value", "+OK");
    let port = server.port.to_string();
    for (option, holds_key) in [("--rdb", true), ("--functions-rdb", false)] {
        let path = server.path("copy.rdb");
        let status = Command::new("redis-cli").args(["-p", &port, option]).arg(&path).output().unwrap();
        assert!(status.status.success(), "{option}");
        let bytes = fs::read(&path).unwrap();
        assert!(bytes.starts_with(b"REDIS0011"), "{option}");
        assert_eq!(bytes.windows(12).any(|window| window == b"unmistakable"), holds_key, "{option}");
    }
    let output = fs::File::create(server.path("stream")).unwrap();
    let mut process =
        Command::new("redis-cli").args(["-p", &port, "--replica"]).stdout(output).spawn().unwrap();
    let mut other = server.client();
    assert!(wait_until(|| info(&mut other, "replication", "slave0").contains("state=online")));
    check(&mut client, "SET key other", "+OK");
    let is_there =
        || fs::read_to_string(server.path("stream")).unwrap().contains("\"SET\",\"key\",\"other\"");
    let arrived = wait_until(is_there);
    let _ = process.kill();
    let status = process.wait().unwrap();
    assert!(arrived);
    assert_eq!(status.signal(), Some(9), "it goes on until it is ended");
}

/// The child writes to a socket that nobody reads: it would go on until the socket is full.
#[test]
fn a_child_that_writes_for_nobody_is_ended() {
    let primary = Server::with(&["--repl-diskless-sync-delay", "0"]);
    let mut client = primary.client();
    check(&mut client, "DEBUG POPULATE 100 key 10", "+OK");
    check(&mut client, "CONFIG SET rdb-key-save-delay 2000000000", "+OK");
    let mut replica = primary.client();
    check(&mut replica, "REPLCONF capa eof", "+OK");
    replica.send("PSYNC ? -1");
    assert!(wait_until(|| info(&mut client, "persistence", "rdb_bgsave_in_progress") == "1"));
    drop(replica);
    assert!(wait_until(|| info(&mut client, "persistence", "rdb_bgsave_in_progress") == "0"));
    assert!(primary.log().contains("Diskless rdb transfer, last replica dropped, killing fork child."));
}

#[test]
fn a_replica_that_does_not_read_its_snapshot_is_given_up_without_the_others() {
    let primary = Server::with(&["--repl-diskless-sync-delay", "0", "--repl-timeout", "1"]);
    let mut client = primary.client();
    check(&mut client, "CONFIG SET repl-diskless-sync-delay 1 repl-diskless-sync-max-replicas 2", "+OK");
    check(&mut client, "CONFIG SET rdbcompression no", "+OK");
    check(&mut client, "DEBUG POPULATE 20000 key 1000", "+OK");
    let mut silent = primary.client();
    check(&mut silent, "REPLCONF capa eof", "+OK");
    silent.send("PSYNC ? -1");
    let replica = Server::start();
    follow(&replica, &primary);
    let log = primary.log();
    assert!(log.contains("Disconnecting timedout replica (full sync): client id #"), "{log}");
    assert!(log.contains("Diskless rdb transfer, done reading from pipe, 1 replicas still up."), "{log}");
    check(&mut replica.client(), "DBSIZE", ":20000");
}

/// Replies would be taken for a part of the stream.
#[test]
fn whoever_follows_is_not_answered() {
    let server = Server::with(&["--repl-diskless-sync-delay", "0"]);
    let reports = [
        ("PING", "Replica generated a reply to command 'ping', disconnecting it: id="),
        ("GET key", "'ERR Replica can't interact with the keyspace' after processing the command 'get'"),
    ];
    for (words, report) in reports {
        let mut replica = server.client();
        replica.send("SYNC");
        replica.send(words);
        assert!(wait_until(|| server.log().contains(report)), "{words}");
        assert!(replica.is_closed());
    }
    let error = "-ERR value is not an integer or out of range";
    check(&mut server.client(), "PSYNC id first", error);
    assert!(server.log().contains("asks for synchronization but with a wrong offset"));
}

#[test]
fn a_file_that_no_replica_waits_for_any_more_is_not_written() {
    let server = Server::with(&["--repl-diskless-sync", "no"]);
    let mut client = server.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "CONFIG SET rdb-key-save-delay 2000000000", "+OK");
    let mut replicas = [server.client(), server.client()];
    for replica in &mut replicas {
        replica.send("SYNC");
    }
    assert!(wait_until(|| info(&mut client, "replication", "slave1").contains("state=wait_bgsave")));
    assert!(wait_until(|| info(&mut client, "persistence", "rdb_bgsave_in_progress") == "1"));
    let [first, second] = replicas;
    drop(first);
    assert!(wait_until(|| info(&mut client, "replication", "connected_slaves") == "1"));
    assert_eq!(info(&mut client, "persistence", "rdb_bgsave_in_progress"), "1");
    drop(second);
    assert!(wait_until(|| info(&mut client, "persistence", "rdb_bgsave_in_progress") == "0"));
}
