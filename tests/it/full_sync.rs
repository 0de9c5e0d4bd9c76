//! How a replica takes over the data set of its primary: through a file or while it arrives
//! (`repl-diskless-load`), and what remains of its own until then.

use crate::support::{Client, Server, check, wait_until};

/// Snapshots take long, and go out as they are written.
const SLOW_PRIMARY: &[&str] = &[
    "--repl-diskless-sync-delay",
    "0",
    "--repl-backlog-size",
    "16kb",
    "--rdbcompression",
    "no",
    "--rdb-key-save-delay",
    "0",
];

fn info(client: &mut Client, field: &str) -> String {
    let text = client.call("INFO all");
    let prefix = format!("{field}:");
    let value = text.lines().find_map(|line| line.trim_start_matches('$').strip_prefix(prefix.as_str()));
    value.unwrap_or_default().trim().to_owned()
}

#[track_caller]
fn await_info(client: &mut Client, field: &str, value: &str) {
    assert!(wait_until(|| info(client, field) == value), "{field} is {}", info(client, field));
}

#[track_caller]
fn follow(replica: &Server, primary: &Server) {
    let mut client = replica.client();
    check(&mut client, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    await_info(&mut client, "master_link_status", "up");
}

/// A few megabytes, and more keys than a child that saves writes without looking for its parent.
fn fill(client: &mut Client, name: &str) {
    let value = "x".repeat(2000);
    for part in 0..50 {
        let pairs: Vec<String> = (0..50).map(|n| format!("{name}:{} {value}", part * 50 + n)).collect();
        check(client, &format!("MSET {}", pairs.join(" ")), "+OK");
    }
}

/// Cuts the link and leaves no chance to go on with the stream: the replica has to take everything anew.
fn force_full_sync(primary: &mut Client) {
    check(primary, "MULTI", "+OK");
    check(primary, "CLIENT KILL TYPE replica", "+QUEUED");
    for number in 0..20 {
        check(primary, &format!("SET more:{number} {}", "y".repeat(10_000)), "+QUEUED");
    }
    check(primary, "DEL old:0", "+QUEUED");
    primary.call("EXEC");
}

#[test]
fn an_empty_replica_loads_what_arrives_without_a_file() {
    let primary = Server::with(SLOW_PRIMARY);
    fill(&mut primary.client(), "key");
    check(&mut primary.client(), "HSET hash f v", ":1");
    let replica = Server::with(&["--repl-diskless-load", "on-empty-db"]);
    follow(&replica, &primary);
    assert_eq!(replica.client().call("DEBUG DIGEST"), primary.client().call("DEBUG DIGEST"));
    assert!(replica.log().contains("receiving streamed RDB from master with EOF to parser"));
    assert!(!replica.path("dump.rdb").exists(), "it went through no file");

    force_full_sync(&mut primary.client());
    assert!(wait_until(|| replica.log().contains("receiving streamed RDB from master with EOF to disk")));
    await_info(&mut replica.client(), "master_link_status", "up");
    assert!(replica.path("dump.rdb").exists());
}

#[test]
fn a_snapshot_of_known_size_is_loaded_as_it_arrives_too() {
    let primary = Server::with(&["--repl-diskless-sync", "no"]);
    fill(&mut primary.client(), "key");
    let replica = Server::with(&["--repl-diskless-load", "swapdb"]);
    check(&mut replica.client(), "SET own 1", "+OK");
    follow(&replica, &primary);
    let log = replica.log();
    assert!(log.contains(" bytes from master to parser"), "{log}");
    assert_eq!(replica.client().call("DEBUG DIGEST"), primary.client().call("DEBUG DIGEST"));
}

/// A replica that is loading, beside its old data, the new ones of its primary.
fn replica_that_loads_aside() -> (Server, Server) {
    let primary = Server::with(SLOW_PRIMARY);
    fill(&mut primary.client(), "old");
    let replica = Server::with(&["--repl-diskless-load", "swapdb"]);
    follow(&replica, &primary);
    check(&mut primary.client(), "CONFIG SET rdb-key-save-delay 2000", "+OK");
    force_full_sync(&mut primary.client());
    await_info(&mut replica.client(), "async_loading", "1");
    (primary, replica)
}

#[test]
fn old_data_serve_reads_until_the_new_ones_are_complete() {
    let (primary, replica) = replica_that_loads_aside();
    let mut client = replica.client();
    check(&mut client, "WATCH old:0", "+OK");
    check(&mut client, "EXISTS old:0 more:0", ":1");
    check(&mut client, "DBSIZE", ":2500");
    check(&mut client, "SAVE", "-LOADING Redis is loading the dataset in memory");
    check(&mut client, "SET own 1", "-READONLY You can't write against a read only replica.");
    assert_eq!(info(&mut client, "loading"), "0");
    assert_eq!(info(&mut client, "async_loading"), "1", "all of this was during the transfer");

    check(&mut primary.client(), "CONFIG SET rdb-key-save-delay 0", "+OK");
    await_info(&mut client, "master_link_status", "up");
    check(&mut client, "EXISTS old:0 more:0", ":1");
    check(&mut client, "GET old:0", "$nil");
    check(&mut client, "MULTI", "+OK");
    check(&mut client, "PING", "+QUEUED");
    check(&mut client, "EXEC", "*nil");
    assert_eq!(info(&mut client, "async_loading"), "0");
    assert_eq!(client.call("DEBUG DIGEST"), primary.client().call("DEBUG DIGEST"));
    assert!(replica.log().contains("Swapping active DB with loaded DB"));
}

#[test]
fn a_transfer_that_breaks_off_leaves_the_old_data_and_their_place_in_the_stream() {
    let (primary, replica) = replica_that_loads_aside();
    let place = info(&mut replica.client(), "slave_repl_offset");
    drop(primary);
    assert!(wait_until(|| replica.log().contains("Discarding temporary DB in background")));
    let mut client = replica.client();
    await_info(&mut client, "async_loading", "0");
    check(&mut client, "DBSIZE", ":2500");
    assert_eq!(info(&mut client, "slave_repl_offset"), place, "the stream could go on from there");
}

#[test]
fn data_of_another_stream_do_not_serve_but_are_kept_if_the_transfer_fails() {
    let primary = Server::with(SLOW_PRIMARY);
    fill(&mut primary.client(), "key");
    check(&mut primary.client(), "CONFIG SET rdb-key-save-delay 2000", "+OK");
    let replica = Server::with(&["--repl-diskless-load", "swapdb"]);
    let mut client = replica.client();
    check(&mut client, "SET own 1", "+OK");
    check(&mut client, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    await_info(&mut client, "loading", "1");
    check(&mut client, "GET own", "-LOADING Redis is loading the dataset in memory");
    drop(primary);
    await_info(&mut client, "loading", "0");
    check(&mut client, "GET own", "$1");
}

#[test]
fn what_was_loaded_aside_is_in_the_append_only_file() {
    let primary = Server::with(SLOW_PRIMARY);
    fill(&mut primary.client(), "key");
    let replica = Server::with(&["--appendonly", "yes", "--repl-diskless-load", "swapdb"]);
    check(&mut replica.client(), "SET own 1", "+OK");
    follow(&replica, &primary);
    let mut client = replica.client();
    await_info(&mut client, "aof_enabled", "1");
    await_info(&mut client, "aof_rewrite_in_progress", "0");
    check(&mut primary.client(), "SET later 1", "+OK");
    assert!(wait_until(|| client.call("GET later") == "$1"));
    let again = Server::in_directory(replica.kill(), &["--appendonly", "yes"]);
    assert_eq!(again.client().call("DEBUG DIGEST"), primary.client().call("DEBUG DIGEST"));
}
