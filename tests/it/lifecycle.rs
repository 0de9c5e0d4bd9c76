//! Starting and ending: command lines, environment, log lines, signals, exit codes, files left and removed.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

use crate::support::{Client, Server, check, check_all, wait_until};

const BINARY: &str = env!("CARGO_BIN_EXE_russet-server");

/// Runs the program to its end.
fn run(program: &Path, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).stdin(Stdio::null()).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn signal(process_id: u32, name: &str) {
    assert!(Command::new("kill").args(["-s", name, &process_id.to_string()]).status().unwrap().success());
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server whose arguments are all the test's; killed when dropped.
struct Process(Child);

impl Process {
    /// Starts it with its log in `log`, and waits until it accepts connections.
    fn start(command: &mut Command, log: &Path) -> Self {
        let file = fs::File::create(log).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let process = Self(child);
        let ready = || fs::read_to_string(log).unwrap().contains("Ready to accept connections");
        assert!(wait_until(ready), "{}", fs::read_to_string(log).unwrap());
        process
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The texts stand in the log in this order.
#[track_caller]
fn assert_in_order(log: &str, texts: &[&str]) {
    let mut rest = log;
    for text in texts {
        let Some((_, after)) = rest.split_once(text) else {
            panic!("{text:?} is not where it should be: {log}")
        };
        rest = after;
    }
}

#[test]
fn the_version_is_one_line_that_names_redis_and_russet() {
    for option in ["-v", "--version"] {
        let output = run(Path::new(BINARY), &[option]);
        let text = stdout(&output);
        assert!(output.status.success());
        assert!(text.starts_with("Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc-"), "{text}");
        assert!(text.ends_with(&format!(" russet={}\n", env!("CARGO_PKG_VERSION"))), "{text}");
    }
}

#[test]
fn the_help_shows_how_to_start_a_server() {
    for option in ["-h", "--help"] {
        let output = run(Path::new(BINARY), &[option]);
        assert!(output.status.success());
        assert!(stdout(&output).contains("Usage: russet-server [FILE] [--DIRECTIVE VALUE...]... [-]"));
    }
}

#[test]
fn the_system_is_checked_and_memory_needs_a_size() {
    let output = run(Path::new(BINARY), &["--check-system"]);
    assert!(stdout(&output).contains("[overcommit]..."), "{}", stdout(&output));
    let output = run(Path::new(BINARY), &["--test-memory"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).starts_with("Please specify the amount of memory to test in megabytes.\n"));
}

#[test]
fn a_link_named_redis_server_is_a_server_and_one_named_redis_sentinel_is_refused() {
    let directory = TempDir::new().unwrap();
    for (name, code) in [("redis-server", 0), ("redis-sentinel", 1)] {
        let link = directory.path().join(name);
        symlink(BINARY, &link).unwrap();
        assert_eq!(run(&link, &["--version"]).status.code(), Some(code), "{name}");
    }
    let output = run(Path::new(BINARY), &["x.conf", "--sentinel"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output), "russet-server cannot act as a sentinel: it is not part of this program.\n");
}

#[test]
fn a_directive_that_is_unknown_stops_the_start() {
    let output = run(Path::new(BINARY), &["--no-such-directive", "1"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stderr(&output);
    assert!(text.contains("*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***"), "{text}");
    assert!(
        text.contains(">>> 'no-such-directive \"1\"'\nBad directive or wrong number of arguments"),
        "{text}"
    );
}

#[test]
fn what_this_server_cannot_do_stops_the_start() {
    for (directive, value) in [("tls-port", "1"), ("cluster-enabled", "yes")] {
        let option = format!("--{directive}");
        let output = run(Path::new(BINARY), &["--port", "0", "--daemonize", "no", &option, value]);
        assert_eq!(output.status.code(), Some(1), "{directive}");
        assert!(stdout(&output).contains(&format!("is not there. {directive}")), "{}", stdout(&output));
    }
}

#[test]
fn the_log_of_a_start_has_the_lines_that_tools_wait_for() {
    let server = Server::with(&["--always-show-logo", "yes"]);
    let process_id = server.process_id();
    assert_in_order(
        &server.log(),
        &[
            " * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo\n",
            &format!(
                " * Redis version=7.2.4, bits=64, commit=00000000, modified=0, pid={process_id}, just started\n"
            ),
            " * Configuration loaded\n",
            &format!(" Port: {}\n", server.port),
            &format!(" PID: {process_id}\n"),
            " * Server initialized\n",
            " * Ready to accept connections tcp\n",
        ],
    );
}

#[test]
fn the_environment_alone_can_configure_a_server() {
    let directory = TempDir::new().unwrap();
    let (port, log) = (free_port(), directory.path().join("log"));
    let mut command = Command::new(BINARY);
    command.env("RUSSET_PORT", port.to_string()).env("RUSSET_SAVE", "").env("RUSSET_DIR", directory.path());
    let _process = Process::start(&mut command, &log);
    check(&mut Client::connect(port), "PING", "+PONG");
    let text = fs::read_to_string(&log).unwrap();
    assert!(text.contains(" # Warning: no config file specified, using the default config. "), "{text}");
}

#[test]
fn a_file_standard_input_and_options_add_up_and_the_last_one_wins() {
    let directory = TempDir::new().unwrap();
    let (port, log, file) = (free_port(), directory.path().join("log"), directory.path().join("redis.conf"));
    fs::write(&file, format!("port 1\nsave \"\"\ndir {}\n", directory.path().display())).unwrap();
    let mut command = Command::new(BINARY);
    command.arg(&file).args(["--port", &port.to_string(), "-"]).stdin(Stdio::piped());
    let log_file = fs::File::create(&log).unwrap();
    let mut child = command.stdout(log_file.try_clone().unwrap()).stderr(log_file).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"port 2\nrename-command PING PONG\n").unwrap();
    let _process = Process(child);
    assert!(wait_until(|| fs::read_to_string(&log).unwrap().contains("Ready to accept")));
    let mut client = Client::connect(port);
    check(&mut client, "PONG", "+PONG");
    assert!(client.call("PING").starts_with("-ERR unknown command 'PING'"));
}

#[test]
fn renaming_a_command_that_is_not_there_stops_the_start() {
    let output = run(Path::new(BINARY), &["--rename-command", "nothing", "something"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).ends_with("\nNo such command in rename-command\n"), "{}", stderr(&output));
}

#[test]
fn sigterm_and_sigint_end_the_process_with_code_0() {
    for name in ["TERM", "INT"] {
        let server = Server::start();
        signal(server.process_id(), name);
        let (code, directory) = server.wait();
        assert_eq!(code, Some(0));
        let log = fs::read_to_string(directory.path().join("log")).unwrap();
        assert_in_order(
            &log,
            &[
                &format!(" # Received SIG{name} scheduling shutdown...\n"),
                " * User requested shutdown...\n",
                " # Redis is now ready to exit, bye bye...\n",
            ],
        );
        assert!(!directory.path().join("dump.rdb").exists(), "there are no save points");
    }
}

#[test]
fn a_signal_saves_as_its_directive_says() {
    let server = Server::with(&["--shutdown-on-sigterm", "save"]);
    check(&mut server.client(), "SET k v", "+OK");
    signal(server.process_id(), "TERM");
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    assert!(directory.path().join("dump.rdb").exists());
}

#[test]
fn shutdown_saves_if_there_are_save_points_or_if_it_is_told_to() {
    let cases = [
        ("", "SHUTDOWN", false),
        ("", "SHUTDOWN SAVE", true),
        ("900 1", "SHUTDOWN", true),
        ("900 1", "SHUTDOWN NOSAVE NOW FORCE", false),
    ];
    for (save_points, command, is_saved) in cases {
        let server = Server::with(&["--save", save_points]);
        let mut client = server.client();
        client.send(command);
        assert!(client.is_closed());
        let (code, directory) = server.wait();
        assert_eq!(code, Some(0), "{command}");
        assert_eq!(directory.path().join("dump.rdb").exists(), is_saved, "{command}, save {save_points:?}");
    }
}

#[test]
fn shutdown_refuses_contradictions_and_an_abort_of_nothing() {
    let server = Server::start();
    let mut client = server.client();
    for words in ["SHUTDOWN SAVE NOSAVE", "SHUTDOWN ABORT NOW", "SHUTDOWN LATER", "SHUTDOWN ABORT SAVE"] {
        check(&mut client, words, "-ERR syntax error");
    }
    check(&mut client, "SHUTDOWN ABORT", "-ERR No shutdown in progress.");
}

#[test]
fn a_signal_can_be_called_off_before_the_timer_obeys_it() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "DEBUG PAUSE-CRON 1", "+OK");
    signal(server.process_id(), "TERM");
    assert!(wait_until(|| server.log().contains(" # Received SIGTERM scheduling shutdown...\n")));
    check(&mut client, "SHUTDOWN ABORT", "+OK");
    check(&mut client, "DEBUG PAUSE-CRON 0", "+OK");
    check(&mut client, "SHUTDOWN ABORT", "-ERR No shutdown in progress.");
    assert!(server.log().contains(" * Shutdown manually aborted.\n"));
    // The next one is a first one again, not an insistence.
    signal(server.process_id(), "INT");
    assert_eq!(server.wait().0, Some(0));
}

#[test]
fn the_port_can_be_changed_and_a_port_in_use_changes_nothing() {
    let (server, other) = (Server::start(), Server::start());
    let mut client = server.client();
    let refusal = client.call(&format!("CONFIG SET port {}", other.port));
    assert!(refusal.ends_with("Unable to listen on this port. Check server logs."), "{refusal}");
    check(&mut server.client(), "PING", "+PONG");
    let port = free_port();
    check(&mut client, &format!("CONFIG SET port {port}"), "+OK");
    check(&mut Client::connect(port), "PING", "+PONG");
    assert!(std::net::TcpStream::connect(("127.0.0.1", server.port)).is_err());
}

#[test]
fn a_restart_keeps_the_process_and_what_it_saved() {
    let server = Server::with(&["--save", "900 1"]);
    let mut client = server.client();
    check(&mut client, "SET k v", "+OK");
    client.send("DEBUG RESTART 1");
    assert!(client.is_closed());
    assert!(wait_until(|| server.log().matches("Ready to accept connections tcp").count() == 2));
    check(&mut server.client(), "GET k", "$v");
}

#[test]
fn nothing_behind_shutdown_is_executed() {
    let server = Server::with(&["--save", "900 1"]);
    // The reply to SET may be lost with the connection: what was saved is what counts.
    server.client().send_raw(b"SET a 1\r\nSHUTDOWN\r\nSET b 1\r\nSAVE\r\n");
    let (_, directory) = server.wait();
    let server = Server::in_directory(directory, &[]);
    let mut client = server.client();
    check(&mut client, "GET a", "$1");
    check(&mut client, "GET b", "$nil");
}

#[test]
fn the_pid_file_is_there_while_the_server_runs() {
    let server = Server::with(&["--pidfile", "server.pid"]);
    let path = server.path("server.pid");
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n", server.process_id()));
    server.client().send("SHUTDOWN");
    let (code, directory) = server.wait();
    assert_eq!(code, Some(0));
    assert!(!path.exists());
    assert!(
        fs::read_to_string(directory.path().join("log")).unwrap().contains(" * Removing the pid file.\n")
    );
}

#[test]
fn the_unix_socket_has_its_permissions_and_is_removed() {
    let server = Server::with(&["--unixsocket", "server.sock", "--unixsocketperm", "700"]);
    let path = server.path("server.sock");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    assert!(server.log().contains(" * Ready to accept connections unix\n"));
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    let mut reply = [0; 7];
    std::io::Read::read_exact(&mut stream, &mut reply).unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
    server.client().send("SHUTDOWN");
    assert_eq!(server.wait().0, Some(0));
    assert!(!path.exists());
}

#[test]
fn a_port_in_use_stops_the_start() {
    let server = Server::start();
    let port = server.port.to_string();
    let output = run(Path::new(BINARY), &["--port", &port, "--dir", server.path("").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert_in_order(
        &stdout(&output),
        &[
            &format!(
                " # Warning: Could not create server TCP listening socket *:{port}: bind: Address already in use\n"
            ),
            &format!(" # Failed listening on port {port} (tcp), aborting.\n"),
        ],
    );
}

#[test]
fn a_server_that_would_listen_nowhere_does_not_start() {
    let output = run(Path::new(BINARY), &["--port", "0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).ends_with(" # Configured to not listen anywhere, exiting.\n"));
}

#[test]
fn an_address_that_is_not_here_is_excused_by_a_minus() {
    // Of the range for documentation: nobody has it.
    let server = Server::with(&["--bind", "127.0.0.1 -192.0.2.1"]);
    check(&mut server.client(), "PING", "+PONG");
    let port = free_port().to_string();
    let output = run(Path::new(BINARY), &["--port", &port, "--bind", "192.0.2.1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("192.0.2.1:"), "{}", stdout(&output));
}

#[test]
fn a_daemon_goes_on_without_its_parent_and_logs_to_its_file() {
    let directory = TempDir::new().unwrap();
    let port = free_port();
    let output = run(
        Path::new(BINARY),
        &[
            "--port",
            &port.to_string(),
            "--dir",
            directory.path().to_str().unwrap(),
            "--daemonize",
            "yes",
            "--pidfile",
            "daemon.pid",
            "--logfile",
            "daemon.log",
        ],
    );
    assert_eq!(output.status.code(), Some(0));
    let log = directory.path().join("daemon.log");
    assert!(wait_until(|| fs::read_to_string(&log)
        .unwrap_or_default()
        .contains("Ready to accept connections")));
    let process_id = fs::read_to_string(directory.path().join("daemon.pid")).unwrap();
    assert_ne!(process_id.trim().parse::<u32>().unwrap(), 0);
    let mut client = Client::connect(port);
    check(&mut client, "PING", "+PONG");
    client.send("SHUTDOWN NOSAVE");
    assert!(wait_until(|| !directory.path().join("daemon.pid").exists()));
}

#[test]
fn the_process_title_follows_its_template() {
    let server = Server::with(&["--proc-title-template", "{title} at {port} {server-mode}"]);
    let line = fs::read(format!("/proc/{}/cmdline", server.process_id())).unwrap();
    let line = String::from_utf8_lossy(&line);
    let shown = line.trim_end_matches('\0').trim_end();
    assert_eq!(shown, format!("{BINARY} at {}", server.port));
}

#[test]
fn a_command_that_holds_up_the_loop_is_reported_while_it_lasts() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("CONFIG SET watchdog-period 1", "+OK"),
            // Twice the period of the cron, or the watchdog would bark at nothing.
            ("CONFIG GET watchdog-period", "*2[$watchdog-period $200]"),
            ("DEBUG SLEEP 0.5", "+OK"),
            ("CONFIG SET watchdog-period 0", "+OK"),
            ("DEBUG SLEEP 0.5", "+OK"),
        ],
    );
    let log = server.log();
    assert_eq!(log.matches("--- WATCHDOG TIMER EXPIRED ---").count(), 1);
    let parts = ["WATCHDOG", "Executing command: debug\n", "------ STACK TRACE ------\n", "--------\n"];
    let at: Vec<_> = parts.iter().map(|part| log.rfind(part).unwrap()).collect();
    assert!(at.is_sorted(), "{at:?}");
}

#[test]
fn a_crash_report_names_the_command() {
    let server = Server::start();
    server.client().send("DEBUG SEGFAULT");
    assert!(wait_until(|| server.log().contains("=== REDIS BUG REPORT END.")));
    assert!(server.log().contains("\nExecuting command: debug\n\n------ STACK TRACE ------\n"));
}
