//! Snapshots: what is saved comes back, what is damaged is refused, and a failure is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{Client, Server, check, check_all, wait_until};

/// Runs a server that is expected to end by itself in a directory.
fn run_in(directory: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_russet-server"))
        .args(["--port", "0", "--unixsocket", "server.sock", "--dir", directory.to_str().unwrap()])
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Fills a server with keys of all encodings of strings, saves, and takes it down without a word.
fn directory_with_snapshot() -> TempDir {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("SET text value", "+OK"),
            ("SET number 12345678901", "+OK"),
            ("SET \"\" \"\"", "+OK"),
            ("SELECT 9", "+OK"),
            ("SET elsewhere -1", "+OK"),
        ],
    );
    let long = vec![b'x'; 100_000];
    assert_eq!(client.call_arguments(&[b"SET", &b"long"[..], &long]), "+OK");
    check(&mut client, "SAVE", "+OK");
    check(&mut client, "SET not-saved 1", "+OK");
    server.kill()
}

#[test]
fn what_was_saved_is_there_after_a_crash_and_nothing_else() {
    let server = Server::in_directory(directory_with_snapshot(), &[]);
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("GET text", "$value"),
            ("GET number", "$12345678901"),
            ("GET \"\"", "$"),
            ("SELECT 9", "+OK"),
            ("GET elsewhere", "$-1"),
            ("GET not-saved", "$nil"),
        ],
    );
    assert_eq!(client.call("GET long").len(), 1 + 100_000);
    let log = server.log();
    assert!(log.contains(" * Done loading RDB, keys loaded: 5, keys expired: 0.\n"), "{log}");
    assert!(log.contains(" * DB loaded from disk: 0."), "{log}");
}

#[test]
fn a_background_save_tells_of_its_end_in_the_log() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET k v", "+OK");
    let before = client.call("LASTSAVE");
    assert!(before.starts_with(':'));
    check(&mut client, "BGSAVE", "+Background saving started");
    assert!(wait_until(|| server.log().contains(" * Background saving terminated with success\n")));
    let log = server.log();
    assert!(log.contains(" * Background saving started by pid "), "{log}");
    assert!(log.contains(" * Fork CoW for RDB: current "), "{log}");
    let server = Server::in_directory(server.kill(), &[]);
    check(&mut server.client(), "GET k", "$v");
}

#[test]
fn only_one_background_save_runs_at_a_time_and_shutdown_calls_it_off() {
    let server = Server::with(&["--rdb-key-save-delay", "10000000"]);
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("SET k v", "+OK"),
            ("BGSAVE", "+Background saving started"),
            ("BGSAVE", "-ERR Background save already in progress"),
            ("BGSAVE SCHEDULE", "-ERR Background save already in progress"),
            ("SAVE", "-ERR Background save already in progress"),
            ("BGSAVE NOW", "-ERR syntax error"),
        ],
    );
    let is_temporary = |name: &str| name.starts_with("temp-") && Path::new(name).extension().is_some();
    let temporary_files = |directory: &Path| {
        let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
        names.filter(|name| is_temporary(name.to_str().unwrap())).count()
    };
    assert!(wait_until(|| temporary_files(&server.path("")) == 1));
    client.send("SHUTDOWN NOSAVE");
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    assert_eq!(temporary_files(directory.path()), 0);
    let log = fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(" # There is a child saving an .rdb. Killing it!\n"), "{log}");
    assert!(log.contains(" # Background saving terminated by signal 10\n"), "{log}");
}

/// The child has inherited the socket: closing it in the parent alone is nothing that the peer sees.
#[test]
fn a_connection_that_ends_during_a_background_save_ends_for_its_peer_at_once() {
    let server = Server::with(&["--rdb-key-save-delay", "30000000"]);
    let mut client = server.client();
    let mut leaving = server.client();
    check(&mut leaving, "PING", "+PONG");
    check_all(&mut client, &[("SET k v", "+OK"), ("BGSAVE", "+Background saving started")]);
    check(&mut leaving, "QUIT", "+OK");
    assert!(leaving.is_closed());
    client.send("SHUTDOWN NOSAVE");
    assert_eq!(server.wait().0, Some(0));
}

#[test]
fn a_background_save_within_a_transaction_waits_for_its_end() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("MULTI", "+OK"),
            ("BGSAVE", "+QUEUED"),
            ("SET k v", "+QUEUED"),
            ("EXEC", "*2[+Background saving scheduled +OK]"),
        ],
    );
    assert!(wait_until(|| server.log().contains(" * Background saving terminated with success\n")));
    let server = Server::in_directory(server.kill(), &[]);
    check(&mut server.client(), "GET k", "$v");
}

#[test]
fn a_reload_brings_the_keys_back_and_merges_if_asked() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("SET a 1", "+OK"),
            ("DEBUG RELOAD", "+OK"),
            ("GET a", "$1"),
            ("SET a 2", "+OK"),
            ("SET b 2", "+OK"),
            ("DEBUG RELOAD NOSAVE NOFLUSH", "-ERR Error trying to load the RDB dump, check server logs."),
            ("DEBUG RELOAD MERGE NOSAVE NOFLUSH", "+OK"),
            ("GET a", "$1"),
            ("GET b", "$2"),
            ("DEBUG RELOAD NOSAVE", "+OK"),
            ("GET b", "$nil"),
            ("DEBUG RELOAD BACK", "-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."),
        ],
    );
}

#[test]
fn a_wrong_checksum_counts_unless_it_is_switched_off() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("SET k v", "+OK"), ("SAVE", "+OK")]);
    let file = server.path("dump.rdb");
    let mut bytes = fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&file, bytes).unwrap();
    check_all(
        &mut client,
        &[
            ("DEBUG RELOAD NOSAVE", "-ERR Error trying to load the RDB dump, check server logs."),
            ("DEBUG SET-SKIP-CHECKSUM-VALIDATION 1", "+OK"),
            ("DEBUG RELOAD NOSAVE", "+OK"),
            ("GET k", "$v"),
            ("DEBUG SET-SKIP-CHECKSUM-VALIDATION 0", "+OK"),
            ("DEBUG RELOAD NOSAVE", "-ERR Error trying to load the RDB dump, check server logs."),
        ],
    );
}

#[test]
fn after_flushall_the_file_is_empty_if_there_are_save_points() {
    let server = Server::with(&["--save", "900 1"]);
    let mut client = server.client();
    check_all(&mut client, &[("SET k v", "+OK"), ("SAVE", "+OK"), ("FLUSHALL", "+OK")]);
    let server = Server::in_directory(server.kill(), &[]);
    check(&mut server.client(), "GET k", "$nil");
}

#[test]
fn a_save_point_that_is_reached_saves() {
    let server = Server::with(&["--save", "1 2"]);
    let mut client = server.client();
    check_all(&mut client, &[("SET a 1", "+OK"), ("SET b 1", "+OK")]);
    assert!(wait_until(|| server.log().contains(" * Background saving terminated with success\n")));
    assert!(server.log().contains(" * 2 changes in 1 seconds. Saving...\n"));
}

#[test]
fn a_failed_save_is_told_and_keeps_the_server_from_ending() {
    let server = Server::with(&["--save", "900 1"]);
    // A directory in the file's place: even root cannot rename over it.
    fs::create_dir_all(server.path("dump.rdb")).unwrap();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("SAVE", "-ERR"),
            ("SHUTDOWN", "-ERR Errors trying to SHUTDOWN. Check logs."),
            ("SET k v", "+OK"),
            ("BGSAVE", "+Background saving started"),
        ],
    );
    assert!(wait_until(|| server.log().contains(" # Background saving error\n")));
    let refusal = client.call("SET k v");
    assert!(refusal.starts_with("-MISCONF Redis is configured to save RDB snapshots"), "{refusal}");
    check(&mut client, "GET k", "$v");
    let log = server.log();
    assert!(log.contains(" # Error moving temp DB file "), "{log}");
    assert!(log.contains(" # Error trying to save the DB, can't exit.\n"), "{log}");
    client.send("SHUTDOWN FORCE");
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    let log = fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(" # Error trying to save the DB. Exit anyway.\n"), "{log}");
}

#[test]
fn a_damaged_file_stops_the_start_and_the_log_says_where_the_damage_is() {
    let directory = directory_with_snapshot();
    let path = directory.path().join("dump.rdb");
    let sound = fs::read(&path).unwrap();
    let refused = |bytes: &[u8], reason: &str, found: Option<&str>| {
        fs::write(&path, bytes).unwrap();
        let output = run_in(directory.path());
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(
            log.contains(&format!(" # Bad file format reading the RDB file {}: {reason}", path.display())),
            "{log}"
        );
        let last = match found {
            Some(found) => {
                assert!(log.contains(&format!("--- RDB ERROR DETECTED ---\n{found}\n")), "{log}");
                " # Terminating server after rdb file reading failure.\n"
            }
            None => " # Fatal error loading the DB, check server logs. Exiting.\n",
        };
        assert!(log.ends_with(last), "{log}");
    };
    let cut = sound.len() - 9;
    refused(
        &sound[..cut],
        &format!("unexpected end at byte {cut}\n"),
        Some(&format!("[offset {cut}] Unexpected EOF reading RDB file")),
    );
    refused(b"RUSTY0011", "corrupt at byte 0: wrong signature\n", None);
    refused(b"REDIS0013\xff", "Can't handle RDB format version 13\n", None);
    let mut unknown_item = b"REDIS0011".to_vec();
    unknown_item.push(200);
    refused(
        &unknown_item,
        "corrupt at byte 9: unknown type of item\n",
        Some("[offset 10] Invalid object type: 200"),
    );
    let mut flipped = sound;
    let last = flipped.len() - 1;
    flipped[last] ^= 1;
    refused(
        &flipped,
        "RDB CRC error: Wrong RDB checksum expected: (",
        Some(&format!("[offset {}] RDB CRC error", flipped.len())),
    );
    assert_eq!(fs::read(&path).unwrap(), flipped, "a refused file is left as it is");
}

#[test]
fn a_checksum_can_be_left_out_and_not_asked_for() {
    let server = Server::with(&["--rdbchecksum", "no", "--rdbcompression", "no"]);
    let mut client = server.client();
    check_all(&mut client, &[("SET k v", "+OK"), ("SAVE", "+OK")]);
    assert!(fs::read(server.path("dump.rdb")).unwrap().ends_with(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]));
    let server = Server::in_directory(server.kill(), &[]);
    check(&mut server.client(), "GET k", "$v");
}

#[test]
fn expiries_survive_and_what_has_expired_meanwhile_is_left_out() {
    let directory = TempDir::new().unwrap();
    // "past" expired in 2001, "later" will in 2100.
    let mut file = b"REDIS0011".to_vec();
    for (key, at_ms) in [("past", 1_000_000_000_000_i64), ("later", 4_102_444_800_000)] {
        file.push(0xfc);
        file.extend_from_slice(&at_ms.to_le_bytes());
        file.extend_from_slice(&[0, key.len() as u8]);
        file.extend_from_slice(key.as_bytes());
        file.extend_from_slice(b"\x01v");
    }
    file.extend_from_slice(&[0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    fs::write(directory.path().join("dump.rdb"), &file).unwrap();
    let server = Server::in_directory(directory, &[]);
    let mut client = server.client();
    check_all(&mut client, &[("GET later", "$v"), ("GET past", "$nil"), ("SAVE", "+OK")]);
    assert!(server.log().contains(" * Done loading RDB, keys loaded: 1, keys expired: 1.\n"));
    let saved = fs::read(server.path("dump.rdb")).unwrap();
    let entry = [&[0xfc][..], &4_102_444_800_000_i64.to_le_bytes(), b"\0\x05later\x01v"].concat();
    assert!(saved.windows(entry.len()).any(|window| window == entry));
}

#[test]
fn a_file_that_cannot_be_opened_stops_the_start() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("dump.rdb");
    fs::write(&path, b"REDIS0011").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let output = run_in(directory.path());
    // Root may read it all the same, and finds it cut short.
    let log = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1));
    let is_refused = log.ends_with(" # Fatal error loading the DB, check server logs. Exiting.\n");
    let is_short = log.ends_with(" # Terminating server after rdb file reading failure.\n");
    assert!(is_refused || is_short, "{log}");
}

#[test]
fn a_file_of_redis_is_loaded() {
    let directory = TempDir::new().unwrap();
    let socket = directory.path().join("redis.sock");
    let Ok(mut redis) = Command::new("redis-server")
        .args(["--port", "0", "--save", "", "--unixsocket", socket.to_str().unwrap()])
        .args(["--dir", directory.path().to_str().unwrap()])
        .stdout(Stdio::null())
        .spawn()
    else {
        eprintln!("skipped: there is no redis-server to exchange files with");
        return;
    };
    let script =
        "SET text value\nSET number 77\nSET volatile v EX 100000\nSELECT 3\nSET other 1\nSHUTDOWN SAVE\n";
    assert!(wait_until(|| std::os::unix::net::UnixStream::connect(&socket).is_ok()));
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    std::io::Write::write_all(&mut stream, script.as_bytes()).unwrap();
    redis.wait().unwrap();

    let server = Server::in_directory(directory, &[]);
    let mut client: Client = server.client();
    check_all(
        &mut client,
        &[
            ("GET text", "$value"),
            ("GET number", "$77"),
            ("GET volatile", "$v"),
            ("SELECT 3", "+OK"),
            ("GET other", "$1"),
        ],
    );
    assert!(server.log().contains(" * Loading RDB produced by version "));
}

const SLOW_TO_LOAD: [&str; 4] =
    ["--key-load-delay", "500000", "--loading-process-events-interval-bytes", "1024"];

/// A directory with a snapshot of a hundred keys of a thousand bytes.
fn directory_with_a_hundred_keys() -> TempDir {
    let server = Server::with(&["--rdbcompression", "no"]);
    check_all(&mut server.client(), &[("DEBUG POPULATE 100 key 1000", "+OK"), ("SAVE", "+OK")]);
    server.kill()
}

#[test]
fn who_comes_while_data_are_loading_is_told_so_and_can_look_around() {
    const LOADING: &str = "-LOADING Redis is loading the dataset in memory";
    let server = Server::in_directory(directory_with_a_hundred_keys(), &SLOW_TO_LOAD);
    let mut client = server.client();
    check_all(&mut client, &[("GET key:99", LOADING), ("PING", LOADING), ("BGSAVE", LOADING)]);
    check(&mut client, "DEBUG RELOAD", LOADING);
    check_all(&mut client, &[("MULTI", "+OK"), ("GET key:99", LOADING)]);
    check(&mut client, "EXEC", "-EXECABORT Transaction discarded because of previous errors.");
    let size = fs::metadata(server.path("dump.rdb")).unwrap().len();
    let persistence = client.call("INFO persistence");
    for field in ["\r\nloading:1\r\n", &format!("\r\nloading_total_bytes:{size}\r\n")] {
        assert!(persistence.contains(field), "{persistence}");
    }
    assert!(!server.log().contains("Ready to accept connections"));
    check(&mut client, "CONFIG SET key-load-delay 0", "+OK");
    assert!(wait_until(|| server.log().contains("Ready to accept connections tcp")));
    check(&mut client, "DBSIZE", ":100");
    let persistence = client.call("INFO persistence");
    assert!(persistence.contains("\r\nloading:0\r\n") && !persistence.contains("loading_"), "{persistence}");
    assert!(persistence.contains("\r\nrdb_last_load_keys_loaded:100\r\n"), "{persistence}");
}

#[test]
fn half_a_data_set_does_not_replace_the_file_when_loading_is_called_off() {
    let directory = directory_with_a_hundred_keys();
    let file = fs::read(directory.path().join("dump.rdb")).unwrap();
    let saving = [&SLOW_TO_LOAD[..], &["--save", "1 0"]].concat();
    let server = Server::in_directory(directory, &saving);
    server.client().send("SHUTDOWN SAVE");
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    assert_eq!(fs::read(directory.path().join("dump.rdb")).unwrap(), file);

    let server = Server::in_directory(directory, &saving);
    let process_id = server.process_id().to_string();
    assert!(Command::new("kill").arg(process_id).status().unwrap().success());
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    assert_eq!(fs::read(directory.path().join("dump.rdb")).unwrap(), file);
    let log = fs::read_to_string(directory.path().join("log")).unwrap();
    assert!(log.contains(" # Received shutdown signal during loading, scheduling shutdown.\n"), "{log}");
    assert!(!log.contains("Saving"), "{log}");
}
