//! Function libraries: they cannot be called here, and are not lost either. With the redis-server of this
//! machine (7.0), which makes them and calls them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{Client, Server, check, check_all, wait_until};

/// A library with one function of the same name, which answers with its name.
fn text(name: &str) -> String {
    format!("#!lua name={name}\nredis.register_function('{name}', function() return '{name}' end)")
}

fn load(client: &mut Client, name: &str) {
    let reply = client.call_arguments(&["FUNCTION", "LOAD", "REPLACE", &text(name)]);
    assert_eq!(reply, format!("${name}"));
}

fn count(client: &mut Client) -> String {
    let info = client.call("INFO memory");
    let line = info.lines().find_map(|line| line.strip_prefix("number_of_libraries:"));
    line.unwrap_or_default().trim().to_owned()
}

fn stop(server: Server, client: &mut Client) -> TempDir {
    client.send("SHUTDOWN");
    server.wait().1
}

/// A redis-server in a directory.
fn upstream_in(directory: &Path, arguments: &[&str]) -> Server {
    Server::upstream(&[&["--dir", directory.to_str().unwrap()], arguments].concat())
}

#[test]
fn libraries_go_from_a_snapshot_of_redis_to_one_of_ours_and_back() {
    let upstream = Server::upstream(&[]);
    let mut theirs = upstream.client();
    load(&mut theirs, "first");
    load(&mut theirs, "second");
    check(&mut theirs, "SAVE", "+OK");
    let directory = TempDir::new().unwrap();
    fs::copy(upstream.path("dump.rdb"), directory.path().join("dump.rdb")).unwrap();

    let server = Server::in_directory(directory, &["--rdb-compat-version", "10"]).loaded();
    assert!(server.log().contains(" # 2 function libraries are kept for those who can execute them"));
    let mut ours = server.client();
    assert_eq!(count(&mut ours), "2");
    check_all(&mut ours, &[("FLUSHALL", "+OK"), ("SET k v", "+OK"), ("DEBUG RELOAD", "+OK")]);
    assert_eq!(count(&mut ours), "2", "they belong to no database");
    let refused = ours.call("DEBUG RELOAD NOFLUSH NOSAVE");
    assert!(refused.starts_with("-ERR Error trying to load the RDB dump"), "{refused}");
    check(&mut ours, "DEBUG RELOAD NOFLUSH MERGE", "+OK");
    check(&mut ours, "BGSAVE", "+Background saving started");
    assert!(wait_until(|| ours.call("INFO persistence").contains("rdb_bgsave_in_progress:0")));

    let directory = TempDir::new().unwrap();
    fs::copy(server.path("dump.rdb"), directory.path().join("dump.rdb")).unwrap();
    let upstream = upstream_in(directory.path(), &[]).loaded();
    let mut theirs = upstream.client();
    check_all(&mut theirs, &[("FCALL second 0", "$second"), ("FCALL first 0", "$first"), ("GET k", "$v")]);
}

#[test]
fn clients_are_told_that_functions_cannot_be_called() {
    let server = Server::start();
    let mut client = server.client();
    let reply = client.call_arguments(&["FUNCTION", "LOAD", &text("mine")]);
    assert!(reply.starts_with("-ERR unknown command 'FUNCTION'"), "{reply}");
    assert_eq!(count(&mut client), "0");
}

#[test]
fn a_snapshot_with_one_library_twice_stops_the_start() {
    let directory = TempDir::new().unwrap();
    let library = b"\xf5\x10#!lua name=abcd\n";
    let file = [&b"REDIS0011"[..], library, library, b"\xff\0\0\0\0\0\0\0\0"].concat();
    fs::write(directory.path().join("dump.rdb"), file).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_russet-server"))
        .args(["--port", "0", "--unixsocket", "server.sock", "--dir", directory.path().to_str().unwrap()])
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{log}");
    assert!(log.contains(": the function library 'abcd' is there already, at byte 27\n"), "{log}");
}

#[test]
fn libraries_go_through_append_only_files_with_and_without_a_snapshot_in_front() {
    for preamble in ["yes", "no"] {
        let aof = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble, "--rdb-compat-version", "10"];
        let upstream = Server::upstream(&aof[..4]);
        let mut theirs = upstream.client();
        load(&mut theirs, "base");
        check(&mut theirs, "BGREWRITEAOF", "+Background append only file rewriting started");
        assert!(wait_until(|| theirs.call("INFO persistence").contains("aof_rewrite_in_progress:0")));
        load(&mut theirs, "gone");
        load(&mut theirs, "added");
        check_all(&mut theirs, &[("FUNCTION DELETE gone", "+OK"), ("SET k v", "+OK")]);
        let directory = stop(upstream, &mut theirs);

        // As commands behind the base, then in a base of ours.
        let server = Server::in_directory(directory, &aof).loaded();
        let mut ours = server.client();
        assert_eq!(count(&mut ours), "2");
        check(&mut ours, "BGREWRITEAOF", "+Background append only file rewriting started");
        assert!(wait_until(|| ours.call("INFO persistence").contains("aof_rewrite_in_progress:0")));
        check_all(&mut ours, &[("DEBUG LOADAOF", "+OK"), ("GET k", "$v")]);
        assert_eq!(count(&mut ours), "2");
        let server = Server::in_directory(stop(server, &mut ours), &aof).loaded();
        let mut ours = server.client();
        assert_eq!(count(&mut ours), "2", "preamble {preamble}");

        let directory = stop(server, &mut ours);
        let upstream = upstream_in(directory.path(), &aof[..4]).loaded();
        check_all(
            &mut upstream.client(),
            &[("FCALL base 0", "$base"), ("FCALL added 0", "$added"), ("GET k", "$v")],
        );
    }
}

#[test]
fn a_replica_of_redis_has_its_libraries_as_the_stream_says() {
    let primary = Server::upstream(&["--repl-diskless-sync-delay", "0"]);
    let mut theirs = primary.client();
    load(&mut theirs, "synced");

    // What was there before a full synchronisation goes with the rest.
    let directory = TempDir::new().unwrap();
    let old = [&b"REDIS0011\xf5\x10#!lua name=abcd\n"[..], b"\xff\0\0\0\0\0\0\0\0"].concat();
    fs::write(directory.path().join("dump.rdb"), old).unwrap();
    let options = ["--rdb-compat-version", "10", "--repl-diskless-sync-delay", "0"];
    let server = Server::in_directory(directory, &options).loaded();
    let mut ours = server.client();
    assert_eq!(count(&mut ours), "1");
    check_all(&mut ours, &[("CONFIG SET appendonly yes aof-use-rdb-preamble no", "+OK")]);
    let is_linked = |client: &mut Client| client.call("INFO replication").contains("master_link_status:up");
    check(&mut ours, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    assert!(wait_until(|| is_linked(&mut ours)));
    assert_eq!(count(&mut ours), "1");

    // One that follows us gets them from our snapshot and from the stream that goes on through us.
    let last = Server::upstream(&[]);
    check(&mut last.client(), &format!("REPLICAOF 127.0.0.1 {}", server.port), "+OK");
    assert!(wait_until(|| is_linked(&mut last.client())));
    load(&mut theirs, "streamed");
    check(&mut theirs, "MULTI", "+OK");
    let queued = theirs.call_arguments(&["FUNCTION", "LOAD", &text("grouped")]);
    assert_eq!(queued, "+QUEUED");
    check_all(&mut theirs, &[("SET k v", "+QUEUED"), ("EXEC", "*2[$grouped +OK]")]);
    check_all(&mut theirs, &[("FUNCTION DELETE synced", "+OK"), ("FLUSHALL", "+OK"), ("SET end 1", "+OK")]);
    assert!(wait_until(|| ours.call("GET end") == "$1"));
    assert!(wait_until(|| last.client().call("GET end") == "$1"));
    assert_eq!(count(&mut ours), "2");
    assert!(!server.log().contains("CRITICAL"), "{}", server.log());
    let mut lasts = last.client();
    check_all(&mut lasts, &[("REPLICAOF NO ONE", "+OK"), ("FCALL grouped 0", "$grouped")]);
    assert!(lasts.call("FCALL synced 0").starts_with("-ERR Function not found"));

    // Our own append-only file says it all, once it has a base.
    let written = |log: &str| log.contains("Background AOF rewrite finished successfully");
    assert!(wait_until(|| server.log().rsplit("Finished with success").next().is_some_and(written)));
    let server = Server::in_directory(stop(server, &mut ours), &["--appendonly", "yes"]).loaded();
    assert_eq!(count(&mut server.client()), "2");
    drop(primary);
}
