//! How it fails: damaged ends of append-only files, what a killed server or child leaves behind, disks that are
//! full or cannot be written. Whatever happens, the previous files stay valid.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{Client, Server, check, check_all, wait_until};

const ON: &[&str] = &["--appendonly", "yes"];

fn send_signal(name: &str, process_id: &str) {
    assert!(Command::new("kill").args(["-s", name, process_id]).status().unwrap().success());
}

fn increment(directory: &Path) -> PathBuf {
    directory.join("appendonlydir/appendonly.aof.1.incr.aof")
}

/// Runs a server that is expected to end by itself.
fn run_in(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_russet-server"))
        .args(["--port", "0", "--unixsocket", "server.sock", "--dir", directory.to_str().unwrap()])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Names of temporary files in a directory.
fn temporary_files(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("temp-")).collect()
}

/// A sealed append-only file of many commands, and where its checksum lines end.
fn sealed(last_commands: &[&str]) -> (TempDir, Vec<u8>, Vec<usize>) {
    let server = Server::with(ON);
    let mut client = server.client();
    for number in 0..300 {
        check(&mut client, &format!("SET key:{number} value"), "+OK");
    }
    for words in last_commands {
        client.call(words);
    }
    client.send("SHUTDOWN");
    let (_, directory) = server.wait();
    let whole = fs::read(increment(directory.path())).unwrap();
    let mut ends = Vec::new();
    let mut end = 0;
    for line in whole.split_inclusive(|byte| *byte == b'\n') {
        end += line.len();
        if line.starts_with(b"#russet-crc64:") {
            ends.push(end);
        }
    }
    assert!(ends.len() >= 2 && ends.last() == Some(&whole.len()), "{ends:?}");
    (directory, whole, ends)
}

fn count_of(part: &[u8], text: &[u8]) -> usize {
    part.windows(text.len()).filter(|window| *window == text).count()
}

fn place_of(part: &[u8], text: &[u8]) -> usize {
    part.windows(text.len()).rposition(|window| window == text).unwrap()
}

/// Starts on a damaged file: refused unless `lost` bytes may be cut off, and nothing more is lost if they may.
fn cut_exactly(directory: TempDir, damaged: &[u8], whole: &[u8], cut_at: usize) -> TempDir {
    let file = increment(directory.path());
    fs::write(&file, damaged).unwrap();
    let lost = damaged.len() - cut_at;
    for allowed in [0, lost - 1] {
        let allowed = allowed.to_string();
        let arguments = ["--appendonly", "yes", "--aof-load-corrupt-tail-max-size", &allowed];
        let output = run_in(directory.path(), &arguments);
        let log = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{log}");
        assert!(log.contains("# Bad file format reading the append only file"), "{log}");
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
    let allowed = lost.to_string();
    let server = Server::in_directory(
        directory,
        &["--appendonly", "yes", "--aof-load-corrupt-tail-max-size", &allowed],
    )
    .loaded();
    let log = server.log();
    assert!(log.contains(&format!("appendonly.aof.1.incr.aof at offset {cut_at} !!!\n")), "{log}");
    assert!(log.contains(&format!("its last {lost} bytes were cut off\n")), "{log}");
    assert_eq!(fs::read(&file).unwrap(), &whole[..cut_at]);
    let keys = count_of(&whole[..cut_at], b"\r\nSET\r\n");
    let mut client = server.client();
    check_all(&mut client, &[("DBSIZE", &format!(":{keys}")), ("SET another 1", "+OK")]);
    // The checksum lines go on where the file was cut.
    let server = Server::in_directory(server.kill(), ON).loaded();
    let mut client = server.client();
    check(&mut client, "DBSIZE", &format!(":{}", keys + 1));
    client.send("SHUTDOWN");
    server.wait().1
}

#[test]
fn a_damaged_end_is_cut_where_the_checksums_end_to_fit_if_that_is_allowed() {
    let (mut directory, whole, ends) = sealed(&[]);
    let confirmed = ends[ends.len() - 2];
    // In a value and in the name of a command.
    for text in [&b"value"[..], b"\r\nSET\r\n"] {
        let mut damaged = whole.clone();
        damaged[place_of(&whole, text) + 2] ^= 1;
        directory = cut_exactly(directory, &damaged, &whole, confirmed);
    }
}

#[test]
fn a_damaged_end_is_cut_where_it_is_no_command_any_more() {
    let (directory, whole, ends) = sealed(&[]);
    let start = place_of(&whole, b"*3\r\n$3\r\nSET\r\n");
    assert!(start > ends[ends.len() - 2]);
    let mut damaged = whole.clone();
    damaged[place_of(&whole, b"$5\r\nvalue")] = b'%';
    cut_exactly(directory, &damaged, &whole, start);
}

#[test]
fn a_transaction_in_a_damaged_end_goes_as_a_whole() {
    let (directory, whole, _) = sealed(&["MULTI", "SET first 1", "SET second 2", "EXEC"]);
    let mut damaged = whole.clone();
    damaged[place_of(&whole, b"$6\r\nsecond")] = b'%';
    cut_exactly(directory, &damaged, &whole, place_of(&whole, b"*1\r\n$5\r\nMULTI\r\n"));
}

/// Types of values that begin with a number of elements or bytes.
const COUNTED: [u8; 18] = [0, 1, 2, 3, 4, 5, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 20, 21];

#[test]
fn declared_sizes_that_nobody_sent_cost_no_memory() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "DEBUG SET-SKIP-CHECKSUM-VALIDATION 1", "+OK");
    // Also what is allocated for a moment, and never touched.
    let peak_kilobytes = || -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", server.process_id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap();
        line.trim_end_matches("kB").trim().parse().unwrap()
    };
    let before = peak_kilobytes();
    for declared in [1_u64 << 28, 1 << 31, 1 << 40, 1 << 61, u64::MAX] {
        let number = [&[0x81][..], &declared.to_be_bytes()].concat();
        let compressed = [&[0xc3, 4][..], &number, &[1, b'a', 0xe0, 0xff]].concat();
        let nested = [&[1][..], &number].concat();
        for value_type in COUNTED {
            for size in [&number, &compressed, &nested] {
                let payload = [&[value_type][..], size, b"\x01a\x01b\x01c\x01d", &[11, 0], &[1; 8]].concat();
                let reply = client.call_arguments(&[b"RESTORE", &b"k"[..], b"0", &payload]);
                assert_eq!(reply, "-ERR Bad data format", "{}", payload.escape_ascii());
            }
        }
    }
    let grown = peak_kilobytes() - before;
    assert!(grown < 64 << 10, "{grown} kB");
}

#[test]
fn what_a_killed_rewrite_and_a_killed_save_left_goes_or_is_named() {
    let server = Server::with(ON);
    check(&mut server.client(), "SET k v", "+OK");
    let directory = server.kill();
    // No process has this id: the kernel's are smaller.
    let ended = u32::MAX - 1;
    let aof = directory.path().join("appendonlydir");
    let own = [format!("temp-rewriteaof-bg-{ended}.aof"), format!("temp-{ended}.rdb")];
    for name in own.iter().map(String::as_str).chain(["temp-appendonly.aof.incr", "temp-mine.txt"]) {
        fs::write(aof.join(name), "part").unwrap();
    }
    let here = std::process::id();
    for name in [format!("temp-{ended}.rdb"), format!("temp-{here}.rdb"), "temp-other.conf".to_owned()] {
        fs::write(directory.path().join(name), "part").unwrap();
    }

    let server = Server::in_directory(directory, ON).loaded();
    check(&mut server.client(), "GET k", "$v");
    assert!(wait_until(|| temporary_files(&server.path("appendonlydir")) == ["temp-mine.txt"]));
    assert_eq!(temporary_files(&server.path("")).len(), 3);
    let log = server.log();
    let told: Vec<&str> = log.lines().filter(|line| line.contains("did not finish")).collect();
    assert!(matches!(told[..], [line] if line.contains(&format!("/temp-{ended}.rdb (4 bytes)"))), "{told:?}");
}

/// The process that is a child of the server.
fn child_of(server: &Server) -> String {
    let id = server.process_id();
    let children = format!("/proc/{id}/task/{id}/children");
    let child = || fs::read_to_string(&children).unwrap_or_default().trim().to_owned();
    assert!(wait_until(|| !child().is_empty()));
    child()
}

#[test]
fn a_save_child_that_is_killed_leaves_the_previous_snapshot() {
    let server = Server::with(&["--rdb-key-save-delay", "10000000", "--appendonly", "yes"]);
    let mut client = server.client();
    check(&mut client, "SAVE", "+OK");
    let before = fs::read(server.path("dump.rdb")).unwrap();
    let base = fs::read(server.path("appendonlydir/appendonly.aof.1.base.rdb")).unwrap();
    check_all(&mut client, &[("SET k v", "+OK"), ("BGSAVE", "+Background saving started")]);
    send_signal("KILL", &child_of(&server));
    assert!(wait_until(|| server.log().contains(" # Background saving terminated by signal 9\n")));
    assert_eq!(fs::read(server.path("dump.rdb")).unwrap(), before);
    assert!(wait_until(|| temporary_files(&server.path("")).is_empty()));

    check(&mut client, "BGREWRITEAOF", "+Background append only file rewriting started");
    send_signal("KILL", &child_of(&server));
    assert!(wait_until(|| server.log().contains(" # Background AOF rewrite terminated by signal 9\n")));
    assert_eq!(fs::read(server.path("appendonlydir/appendonly.aof.1.base.rdb")).unwrap(), base);
    check(&mut client, "SET later 1", "+OK");
    let server = Server::in_directory(server.kill(), ON).loaded();
    check_all(&mut server.client(), &[("GET k", "$v"), ("GET later", "$1")]);
}

/// Lets no file of the server grow beyond this: to it the disk is full.
fn limit_files(server: &Server, bytes: &str) {
    let id = server.process_id().to_string();
    let limited =
        Command::new("prlimit").args(["--pid", &id, &format!("--fsize={bytes}:unlimited")]).status();
    assert!(limited.unwrap().success());
}

const FULL_BYTES: &str = "100000";

/// More than a file may hold.
fn fill(client: &mut Client) {
    let value = vec![b'x'; 50_000];
    for key in ["a", "b", "c"] {
        assert_eq!(client.call_arguments(&[b"SET", key.as_bytes(), &value]), "+OK");
    }
}

#[test]
fn a_full_disk_leaves_the_previous_snapshot_and_the_server_alive() {
    let server = Server::with(&["--rdbcompression", "no", "--save", "900 1"]);
    let mut client = server.client();
    check_all(&mut client, &[("SET k v", "+OK"), ("SAVE", "+OK")]);
    let before = fs::read(server.path("dump.rdb")).unwrap();
    fill(&mut client);
    limit_files(&server, FULL_BYTES);
    check(&mut client, "BGSAVE", "+Background saving started");
    assert!(wait_until(|| server.log().contains(" # Background saving error\n")));
    let log = server.log();
    assert!(log.contains(" # Write error while saving DB to the disk(write): File too large"), "{log}");
    assert_eq!(fs::read(server.path("dump.rdb")).unwrap(), before);
    assert!(temporary_files(&server.path("")).is_empty());
    assert!(client.call("SAVE").starts_with("-ERR"));
    assert!(client.call("SET k w").starts_with("-MISCONF"), "nobody should rely on it meanwhile");
    assert_eq!(fs::read(server.path("dump.rdb")).unwrap(), before);
    limit_files(&server, "unlimited");
    check_all(&mut client, &[("SAVE", "+OK"), ("SET k w", "+OK")]);
}

#[test]
fn a_full_disk_during_a_rewrite_leaves_the_files_of_before() {
    for preamble in ["yes", "no"] {
        let options = ["--appendonly", "yes", "--aof-use-rdb-preamble", preamble, "--rdbcompression", "no"];
        let server = Server::with(&options);
        let mut client = server.client();
        fill(&mut client);
        limit_files(&server, FULL_BYTES);
        check(&mut client, "BGREWRITEAOF", "+Background append only file rewriting started");
        assert!(wait_until(|| server.log().contains(" # Background AOF rewrite terminated with error\n")));
        assert!(wait_until(|| temporary_files(&server.path("appendonlydir")).is_empty()));
        check(&mut client, "SET later 1", "+OK");
        let server = Server::in_directory(server.kill(), &options).loaded();
        check_all(&mut server.client(), &[("DBSIZE", ":4"), ("STRLEN c", ":50000"), ("GET later", "$1")]);
    }
}

#[test]
fn a_full_disk_refuses_writes_until_there_is_room_again() {
    let server = Server::with(ON);
    let mut client = server.client();
    check(&mut client, "SET before 1", "+OK");
    limit_files(&server, FULL_BYTES);
    let value = vec![b'x'; 50_000];
    let mut acknowledged = 0;
    let refusal = loop {
        let key = format!("key:{acknowledged}");
        match client.call_arguments(&[b"SET", key.as_bytes(), &value]) {
            reply if reply == "+OK" => acknowledged += 1,
            refusal => break refusal,
        }
    };
    assert!(refusal.starts_with("-MISCONF Errors writing to the AOF file: "), "{refusal}");
    check(&mut client, "GET before", "$1");
    limit_files(&server, "unlimited");
    assert!(wait_until(|| client.call("SET after 1") == "+OK"));
    let server = Server::in_directory(server.kill(), ON).loaded();
    let mut client = server.client();
    check_all(&mut client, &[("GET before", "$1"), ("GET after", "$1")]);
    for number in 0..acknowledged {
        check(&mut client, &format!("STRLEN key:{number}"), ":50000");
    }
}

#[test]
fn a_directory_that_cannot_be_written_leaves_the_files_of_before() {
    let server = Server::unprivileged(ON);
    let mut client = server.client();
    check_all(&mut client, &[("SET k v", "+OK"), ("SAVE", "+OK")]);
    let before = fs::read(server.path("dump.rdb")).unwrap();
    let protect = |mode: u32| {
        for directory in ["", "appendonlydir"] {
            fs::set_permissions(server.path(directory), Permissions::from_mode(mode)).unwrap();
        }
    };
    protect(0o555);
    check(&mut client, "SET later 1", "+OK");
    assert!(client.call("SAVE").starts_with("-ERR"));
    check(&mut client, "BGSAVE", "+Background saving started");
    assert!(wait_until(|| server.log().contains(" # Background saving error\n")));
    assert!(server.log().contains(" # Failed opening the temp RDB file "), "{}", server.log());
    let refused = client.call("BGREWRITEAOF");
    assert!(refused.starts_with("-ERR Can't execute an AOF background rewriting"), "{refused}");
    check(&mut client, "SET later 2", "+OK");
    assert_eq!(fs::read(server.path("dump.rdb")).unwrap(), before);
    protect(0o777);
    check(&mut client, "BGREWRITEAOF", "+Background append only file rewriting started");
    assert!(wait_until(|| server.log().contains(" * Background AOF rewrite finished successfully\n")));
    check(&mut client, "SAVE", "+OK");
    let server = Server::in_directory(server.kill(), ON).loaded();
    check_all(&mut server.client(), &[("GET k", "$v"), ("GET later", "$2")]);
}

#[test]
fn the_server_under_the_name_of_a_checker_is_that_checker() {
    let server = Server::with(ON);
    check_all(&mut server.client(), &[("SET k v", "+OK"), ("SAVE", "+OK")]);
    let directory = server.kill();
    let check_with = |name: &str, file: &str| {
        let program = directory.path().join(name);
        let _ = fs::remove_file(&program);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_russet-server"), &program).unwrap();
        let output = Command::new(program).arg(directory.path().join(file)).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let manifest = "appendonlydir/appendonly.aof.manifest";
    let (code, output) = check_with("redis-check-rdb", "dump.rdb");
    assert_eq!((code, output.contains("\\o/ RDB looks OK! \\o/\n")), (Some(0), true), "{output}");
    let (code, output) = check_with("redis-check-aof", manifest);
    assert_eq!(
        (code, output.contains("All AOF files and manifest are valid\n")),
        (Some(0), true),
        "{output}"
    );

    for file in ["dump.rdb", "appendonlydir/appendonly.aof.1.incr.aof"] {
        let path = directory.path().join(file);
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 3);
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(check_with("redis-check-rdb", "dump.rdb").0, Some(1));
    assert_eq!(check_with("redis-check-aof", manifest).0, Some(1));
}
