//! The append-only file: what was acknowledged is there after a crash, files are exchanged with Redis, damage
//! is found with its place.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

use tempfile::TempDir;

use russet::util::random::Random;

use crate::contents::{assert_same, contents};
use crate::oracle::random_requests;
use crate::support::{Client, Server, check, check_all, setting, wait_until};

const ON: &[&str] = &["--appendonly", "yes"];

/// The directory and the last incremental file of a server that has never rewritten.
fn last_file(directory: &TempDir) -> PathBuf {
    directory.path().join("appendonlydir/appendonly.aof.1.incr.aof")
}

/// Runs a server that is expected to end by itself.
fn run_in(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_russet-server"))
        .args(["--port", "0", "--unixsocket", "server.sock", "--appendonly", "yes"])
        .args(["--dir", directory.to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Keys of all types, some with expiries, in two databases.
fn fill(client: &mut Client) {
    for words in [
        "SET text value",
        "SET number 12345678901",
        "SET later 1 EX 100000",
        "RPUSH list a b 3",
        "SADD set 1 2 x",
        "HSET hash f v g 2",
        "ZADD zset 1.5 a -inf b",
        "XADD stream 5-1 f v",
        "XADD stream 6-1 f v g w",
        "XGROUP CREATE stream group 5-1",
        "XREADGROUP GROUP group consumer COUNT 1 STREAMS stream >",
        "XADD gone 1-1 f v",
        "XDEL gone 1-1",
        "SELECT 9",
        "SETRANGE bits 1000 x",
        "SELECT 0",
    ] {
        let reply = client.call(words);
        assert!(!reply.starts_with('-'), "{words}: {reply}");
    }
    let members: Vec<String> = (0..200).map(|number| format!("member:{number}")).collect();
    let words = format!("SADD many {}", members.join(" "));
    check(client, &words, ":200");
}

/// Writes numbered keys until the server dies; gives how many were acknowledged.
fn write_until_the_end(port: u16, name: usize) -> u32 {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut acknowledged = 0;
    loop {
        let words = format!("*3\r\n$3\r\nSET\r\n$12\r\nk:{name:03}:{acknowledged:06}\r\n$1\r\nv\r\n");
        let mut reply = [0; 5];
        if stream.write_all(words.as_bytes()).is_err() || stream.read_exact(&mut reply).is_err() {
            return acknowledged;
        }
        assert_eq!(&reply, b"+OK\r\n");
        acknowledged += 1;
    }
}

#[test]
fn no_acknowledged_write_is_lost_when_the_server_is_killed() {
    for policy in ["always", "everysec", "no"] {
        for round in 0..setting("RUSSET_AOF_KILLS", 3) {
            let server = Server::with(&["--appendonly", "yes", "--appendfsync", policy]);
            let port = server.port;
            let writers: Vec<_> =
                (0..4).map(|name| thread::spawn(move || write_until_the_end(port, name))).collect();
            let mut client = server.client();
            let enough = 20 + round * 150;
            assert!(wait_until(|| client.call("DBSIZE")[1..].parse::<u64>().unwrap() >= enough));
            if round % 2 == 1 {
                // Also in the middle of a rewrite.
                client.call("BGREWRITEAOF");
            }
            let directory = server.kill();
            let acknowledged: Vec<u32> = writers.into_iter().map(|writer| writer.join().unwrap()).collect();
            let server = Server::in_directory(directory, ON);
            let mut client = server.client();
            for (name, count) in acknowledged.into_iter().enumerate() {
                for number in 0..count {
                    check(&mut client, &format!("GET k:{name:03}:{number:06}"), "$v");
                }
            }
        }
    }
}

#[test]
fn a_transaction_is_there_as_a_whole_or_not_at_all() {
    let server = Server::with(ON);
    let mut client = server.client();
    check_all(
        &mut client,
        &[("SET a 1", "+OK"), ("MULTI", "+OK"), ("INCR a", "+QUEUED"), ("SET b 1", "+QUEUED")],
    );
    check(&mut client, "EXEC", "*2[:2 +OK]");
    let directory = server.kill();
    let file = last_file(&directory);
    let whole = fs::read(&file).unwrap();
    // Anywhere behind MULTI, and before EXEC is whole.
    fs::write(&file, &whole[..whole.len() - 3]).unwrap();
    let server = Server::in_directory(directory, ON);
    let mut client = server.client();
    check_all(&mut client, &[("GET a", "$1"), ("EXISTS b", ":0"), ("SET c 1", "+OK")]);
    let log = server.log();
    assert!(log.contains("# !!! Truncating the AOF appendonly.aof.1.incr.aof at offset 50 !!!\n"), "{log}");
    let server = Server::in_directory(server.kill(), ON);
    check_all(&mut server.client(), &[("GET a", "$1"), ("GET c", "$1")]);
}

#[test]
fn a_torn_end_is_cut_exactly_and_zeros_count_as_torn() {
    let server = Server::with(ON);
    check_all(&mut server.client(), &[("SET a 1", "+OK"), ("SET b 1", "+OK")]);
    let mut directory = server.kill();
    let whole = fs::read(last_file(&directory)).unwrap();
    for torn in [&b"*3\r\n$3\r\nSET\r\n$1"[..], &[0; 5000], b"*", b"*3\r\n$3\r\nSET\r\n$1\r\n\0\0\0\0"] {
        fs::write(last_file(&directory), [&whole, torn].concat()).unwrap();
        let server = Server::in_directory(directory, ON);
        check(&mut server.client(), "DBSIZE", ":2");
        let cut = format!("its last {} bytes were cut off", torn.len());
        assert!(server.log().contains(&cut), "{}", server.log());
        directory = server.kill();
        assert_eq!(fs::read(last_file(&directory)).unwrap(), whole);
    }
    fs::write(last_file(&directory), [&whole[..], b"*"].concat()).unwrap();
    let output = run_in(directory.path(), &["--aof-load-truncated", "no"]);
    assert_eq!(output.status.code(), Some(1));
    let log = String::from_utf8_lossy(&output.stdout);
    assert!(log.contains("Unexpected end of file reading the append only file"), "{log}");
    assert_eq!(fs::read(last_file(&directory)).unwrap().len(), whole.len() + 1);
}

#[test]
fn a_flipped_bit_stops_the_start_with_its_place_and_changes_nothing() {
    let server = Server::with(ON);
    let mut client = server.client();
    for number in 0..300 {
        check(&mut client, &format!("SET key:{number} value"), "+OK");
    }
    check(&mut client, "CONFIG SET appendfsync always", "+OK");
    client.send("SHUTDOWN NOSAVE");
    let (_, directory) = server.wait();
    let whole = fs::read(last_file(&directory)).unwrap();
    let text = String::from_utf8_lossy(&whole).into_owned();
    assert!(text.trim_end().lines().last().unwrap().starts_with("#russet-crc64:"), "{text}");
    // In a value, which nothing but the checksum knows; and in a length.
    let value = text.rfind("value").unwrap();
    let length = text.find("$5\r\nvalue").unwrap() + 1;
    for (place, bit) in [(value, 0), (length, 3)] {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << bit;
        fs::write(last_file(&directory), &damaged).unwrap();
        let output = run_in(directory.path(), &[]);
        assert_eq!(output.status.code(), Some(1));
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = log.lines().find(|line| line.contains("is damaged: ")).unwrap_or_else(|| panic!("{log}"));
        let told = line.split(['y', 't', 'e', ' ']).filter_map(|word| word.parse::<usize>().ok());
        assert!(told.clone().any(|offset| offset <= place && place - offset < 5000), "{place}: {line}");
        assert!(
            log.trim_end().lines().last().unwrap().contains("# Bad file format reading the append only file")
        );
        assert_eq!(fs::read(last_file(&directory)).unwrap(), damaged);
    }
}

#[test]
fn files_are_exchanged_with_redis_in_both_directions() {
    for preamble in ["yes", "no"] {
        let arguments =
            ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble, "--rdb-compat-version", "10"];
        let server = Server::with(&arguments);
        let mut client = server.client();
        fill(&mut client);
        check(&mut client, "BGREWRITEAOF", "+Background append only file rewriting started");
        assert!(wait_until(|| server.log().contains("Background AOF rewrite finished successfully")));
        check(&mut client, "APPEND text more", ":9");
        let digest = client.call("DEBUG DIGEST");
        client.send("SHUTDOWN NOSAVE");
        let (_, directory) = server.wait();

        let path = directory.path().to_str().unwrap().to_owned();
        let upstream = Server::upstream(&["--dir", &path, "--appendonly", "yes"]);
        let mut theirs = upstream.client();
        assert!(wait_until(|| theirs.call("PING") == "+PONG"));
        assert_eq!(theirs.call("DEBUG DIGEST"), digest, "preamble {preamble}");
        check(&mut theirs, "APPEND text theirs", ":15");
        let digest = theirs.call("DEBUG DIGEST");
        theirs.send("SHUTDOWN NOSAVE");
        upstream.wait();

        // What they have appended stands between our checksum lines.
        for _ in 0..2 {
            let server = Server::with(&[&arguments[..], &["--dir", &path]].concat());
            let mut client = server.client();
            assert!(wait_until(|| client.call("PING") == "+PONG"));
            assert_eq!(client.call("DEBUG DIGEST"), digest, "preamble {preamble}");
            check(&mut client, "SET new 1", "+OK");
            check(&mut client, "DEL new", ":1");
            client.send("SHUTDOWN NOSAVE");
            server.wait();
        }
    }
}

#[test]
fn the_single_file_of_an_old_version_is_taken_over() {
    let directory = TempDir::new().unwrap();
    fs::write(directory.path().join("appendonly.aof"), b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n").unwrap();
    let server = Server::in_directory(directory, ON);
    check(&mut server.client(), "GET k", "$v");
    assert!(server.log().contains("* Successfully migrated an old-style AOF file (appendonly.aof)"));
    check(&mut server.client(), "SET l 1", "+OK");
    let directory = server.kill();
    assert!(!directory.path().join("appendonly.aof").exists());
    let server = Server::in_directory(directory, ON);
    check(&mut server.client(), "DBSIZE", ":2");
}

#[test]
fn switched_on_at_run_time_it_holds_what_was_there_before_and_what_came_since() {
    let server = Server::start();
    let mut client = server.client();
    fill(&mut client);
    check(&mut client, "CONFIG SET appendonly yes", "+OK");
    check(&mut client, "SET since 1", "+OK");
    assert!(wait_until(|| server.log().contains("Background AOF rewrite finished successfully")));
    check(&mut client, "INCR since", ":2");
    let digest = client.call("DEBUG DIGEST");
    let server = Server::in_directory(server.kill(), ON);
    let mut client = server.client();
    assert_eq!(client.call("DEBUG DIGEST"), digest);
    check_all(&mut client, &[("CONFIG SET appendonly no", "+OK"), ("SET lost 1", "+OK")]);
    assert!(client.call("INFO persistence").contains("aof_enabled:0\r\n"));
    let server = Server::in_directory(server.kill(), ON);
    assert_eq!(server.client().call("DEBUG DIGEST"), digest);
}

#[test]
fn commands_that_are_not_deterministic_are_appended_as_their_effects() {
    let server = Server::with(ON);
    let mut client = server.client();
    check(&mut client, "SADD s a b c d e f g h", ":8");
    client.call("SPOP s 3");
    client.call("SPOP s");
    client.call("SET e 1 EX 1000");
    client.call("XADD x * f v");
    client.call("INCRBYFLOAT f 0.1");
    client.call("GETEX e PERSIST");
    check(&mut client, "LPUSH l 1 2 3", ":3");
    client.call("LMPOP 1 l LEFT COUNT 2");
    let digest = client.call("DEBUG DIGEST");
    let server = Server::in_directory(server.kill(), ON);
    assert_eq!(server.client().call("DEBUG DIGEST"), digest);
}

#[test]
fn random_commands_of_all_groups_give_the_same_data_set_again_here_and_in_redis() {
    let arguments = ["--appendonly", "yes", "--rdb-compat-version", "10"];
    let mut random = Random::seeded(setting("RUSSET_ORACLE_SEED", 1));
    let mut directory = TempDir::new().unwrap();
    for round in 0..setting("RUSSET_AOF_ROUNDS", 4) {
        let server = Server::in_directory(directory, &arguments);
        let mut client = server.client();
        for _ in 0..50 {
            let requests = random_requests(&mut random, 40);
            client.send_raw(&requests.concat());
            for _ in &requests {
                client.raw_reply();
            }
        }
        // Ends a transaction that may be open.
        client.call("RESET");
        if round % 2 == 1 {
            // All that there is, as commands.
            check(&mut client, "CONFIG SET aof-use-rdb-preamble no", "+OK");
            check(&mut client, "BGREWRITEAOF", "+Background append only file rewriting started");
            assert!(wait_until(|| server.log().contains("Background AOF rewrite finished successfully")));
        }
        let expected = contents(&mut client);
        directory = server.kill();

        let copy = TempDir::new().unwrap();
        let status = Command::new("cp").arg("-r").arg(directory.path()).arg(copy.path()).status().unwrap();
        assert!(status.success());
        let path = copy.path().join(directory.path().file_name().unwrap());
        let upstream = Server::upstream(&["--dir", path.to_str().unwrap(), "--appendonly", "yes"]);
        let mut theirs = upstream.client();
        assert!(wait_until(|| theirs.call("PING") == "+PONG"));
        assert_same(&contents(&mut theirs), &expected);

        let server = Server::in_directory(directory, &arguments);
        let mut client = server.client();
        assert!(!server.log().contains("== CRITICAL =="), "{}", server.log());
        assert_same(&contents(&mut client), &expected);
        directory = server.kill();
    }
}

#[test]
fn growth_starts_a_rewrite() {
    let server = Server::with(&["--appendonly", "yes", "--auto-aof-rewrite-min-size", "10kb"]);
    let mut client = server.client();
    for _ in 0..400 {
        check(&mut client, "SET k vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv", "+OK");
    }
    assert!(wait_until(|| server.log().contains("Background AOF rewrite finished successfully")));
    assert!(server.log().contains("* Starting automatic rewriting of AOF on "));
    assert!(wait_until(|| !server.path("appendonlydir/appendonly.aof.1.incr.aof").exists()));
    let server = Server::in_directory(server.kill(), ON);
    check(&mut server.client(), "DBSIZE", ":1");
}

#[test]
fn the_checker_finds_the_place_and_cuts_there_if_told_to() {
    let server = Server::with(ON);
    check_all(&mut server.client(), &[("SET a 1", "+OK"), ("SET b 1", "+OK")]);
    let directory = server.kill();
    let file = last_file(&directory);
    let whole = fs::read(&file).unwrap();
    fs::write(&file, [&whole[..], b"!!!"].concat()).unwrap();
    assert_eq!(run_in(directory.path(), &[]).status.code(), Some(1));
    let manifest = directory.path().join("appendonlydir/appendonly.aof.manifest");
    let check_aof = |arguments: &[&str], answer: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_russet-check-aof"))
            .args(arguments)
            .arg(&manifest)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // A child that asks nothing may have ended already.
        let _ = child.stdin.take().unwrap().write_all(answer.as_bytes());
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, output) = check_aof(&[], "");
    assert_eq!(code, Some(1));
    assert!(output.contains(&format!("ok_up_to={},", whole.len())), "{output}");
    let (code, output) = check_aof(&["--fix"], "y\n");
    assert_eq!((code, output.contains("Successfully truncated AOF")), (Some(0), true), "{output}");
    let server = Server::in_directory(directory, ON);
    check(&mut server.client(), "DBSIZE", ":2");
}

#[test]
fn a_manifest_that_cannot_be_used_stops_the_start() {
    for (manifest, what) in [
        ("file ../../etc/passwd seq 1 type b\n", "File can't be a path, just a filename"),
        ("file missing seq 1 type i\n", "The append log file missing doesn't exist"),
        ("", "Found an empty AOF manifest"),
    ] {
        let directory = TempDir::new().unwrap();
        fs::create_dir(directory.path().join("appendonlydir")).unwrap();
        let path = directory.path().join("appendonlydir/appendonly.aof.manifest");
        fs::write(&path, manifest).unwrap();
        let output = run_in(directory.path(), &[]);
        assert_eq!(output.status.code(), Some(1), "{manifest}");
        let log = String::from_utf8_lossy(&output.stdout);
        assert!(log.contains(what), "{log}");
        assert_eq!(fs::read_to_string(&path).unwrap(), manifest);
    }
}

#[test]
fn a_replica_s_files_hold_what_a_full_synchronisation_brought() {
    let primary = Server::with(&["--repl-diskless-sync-delay", "0"]);
    check(&mut primary.client(), "SET synced 1", "+OK");
    let server = Server::with(ON);
    let mut client = server.client();
    check_all(
        &mut client,
        &[("SET old 1", "+OK"), (&format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK")],
    );
    assert!(wait_until(|| client.call("GET synced") == "$1"));
    check(&mut primary.client(), "SET streamed 1", "+OK");
    assert!(wait_until(|| client.call("GET streamed") == "$1"));
    assert!(wait_until(|| client.call("INFO persistence").contains("aof_rewrite_in_progress:0")));
    let server = Server::in_directory(server.kill(), ON).loaded();
    check_all(
        &mut server.client(),
        &[("GET synced", "$1"), ("GET streamed", "$1"), ("GET old", "$nil"), ("DBSIZE", ":2")],
    );
}

#[test]
fn a_replica_that_failed_to_synchronise_appends_again_once_it_is_promoted() {
    let primary = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = primary.local_addr().unwrap().port();
    let answers = thread::spawn(move || {
        let (mut link, _) = primary.accept().unwrap();
        let id = "0123456789012345678901234567890123456789";
        let answer = format!("+PONG\r\n+OK\r\n+OK\r\n+FULLRESYNC {id} 0\r\n$10\r\nREDIS0099!");
        link.write_all(answer.as_bytes()).unwrap();
        // Until the other side has had enough.
        let _ = link.read_to_end(&mut Vec::new());
    });
    let server = Server::with(ON);
    let mut client = server.client();
    check_all(&mut client, &[("SET old 1", "+OK"), (&format!("REPLICAOF 127.0.0.1 {port}"), "+OK")]);
    assert!(wait_until(|| client.call("DBSIZE") == ":0"), "what is there goes before what is not");
    answers.join().unwrap();
    check(&mut client, "REPLICAOF NO ONE", "+OK");
    assert!(wait_until(|| server.log().contains(" * Background AOF rewrite finished successfully\n")));
    check(&mut client, "SET k v", "+OK");
    let server = Server::in_directory(server.kill(), ON).loaded();
    check_all(&mut server.client(), &[("GET k", "$v"), ("DBSIZE", ":1")]);
}
