//! CONFIG, INFO, DEBUG and `oom-score-adj`.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::{Client, Server, check, check_all, wait_until};

/// A field of INFO.
fn field(client: &mut Client, section: &str, name: &str) -> Option<String> {
    let info = client.call(&format!("INFO {section}"));
    let prefix = format!("{name}:");
    info.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::to_owned)
}

fn titles(info: &str) -> Vec<&str> {
    info.lines().filter_map(|line| line.trim_start_matches('$').strip_prefix("# ")).collect()
}

/// A server that was started with a configuration file, which the harness has no word for.
struct ServerWithFile {
    process: Child,
    directory: TempDir,
    port: u16,
}

impl ServerWithFile {
    /// The file has these lines behind one with the port.
    fn start(lines: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let port = free_port();
        let file = directory.path().join("conf");
        fs::write(&file, format!("port {port}\nenable-debug-command yes\n{lines}")).unwrap();
        let process = Command::new(env!("CARGO_BIN_EXE_russet-server"))
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { process, directory, port };
        assert!(wait_until(|| TcpStream::connect(("127.0.0.1", port)).is_ok()), "the server does not start");
        server
    }

    fn file(&self) -> String {
        fs::read_to_string(self.directory.path().join("conf")).unwrap()
    }
}

impl Drop for ServerWithFile {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn config_get_answers_each_name_once_and_takes_several_patterns() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("CONFIG GET hz", "*2[$hz $10]"),
            ("CONFIG GET HZ maxmemory-samples hz", "*4[$HZ $10 $maxmemory-samples $5]"),
            ("CONFIG GET maxmemory-s*", "*2[$maxmemory-samples $5]"),
            ("CONFIG GET no-such-directive", "*0[]"),
            ("CONFIG GET", "-ERR wrong number of arguments for 'config|get' command"),
        ],
    );
}

#[test]
fn config_set_is_all_or_nothing() {
    let server = Server::start();
    let failed = "-ERR CONFIG SET failed (possibly related to argument";
    check_all(
        &mut server.client(),
        &[
            ("CONFIG SET hz 20 maxmemory-samples 7", "+OK"),
            ("CONFIG SET hz", "-ERR wrong number of arguments for 'config|set' command"),
            ("CONFIG SET hz 30 maxmemory-samples", "-ERR syntax error"),
            ("CONFIG SET hz 30 nope 1", "-ERR Unknown option or number of arguments for CONFIG SET - 'nope'"),
            ("CONFIG SET hz 30 hz 31", &format!("{failed} 'hz') - duplicate parameter")),
            ("CONFIG SET hz 30 databases 3", &format!("{failed} 'databases') - can't set immutable config")),
            ("CONFIG SET hz 30 dir /tmp", &format!("{failed} 'dir') - can't set protected config")),
            (
                "CONFIG SET hz 30 port 70000",
                &format!("{failed} 'port') - argument must be between 0 and 65535 inclusive"),
            ),
            ("CONFIG GET hz maxmemory-samples", "*4[$hz $20 $maxmemory-samples $7]"),
        ],
    );
}

#[test]
fn a_port_in_use_leaves_everything_as_it_was() {
    let server = Server::start();
    let mut client = server.client();
    let other = TcpListener::bind("0.0.0.0:0").unwrap();
    let taken = other.local_addr().unwrap().port();
    check(
        &mut client,
        &format!("CONFIG SET maxmemory 100mb port {taken}"),
        "-ERR CONFIG SET failed (possibly related to argument 'port') - Unable to listen on this port. Check \
         server logs.",
    );
    check(
        &mut client,
        "CONFIG SET maxmemory 100mb bind 192.0.2.1",
        "-ERR CONFIG SET failed (possibly related to argument 'bind') - Failed to bind to specified addresses.",
    );
    check(&mut client, "CONFIG GET maxmemory", "*2[$maxmemory $0]");
    check(&mut server.client(), "PING", "+PONG");
}

#[test]
fn a_new_port_is_listened_on_at_once_also_within_a_transaction() {
    let server = Server::start();
    let free = free_port();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("MULTI", "+OK"),
            ("CONFIG SET maxclients 4000000000", "+QUEUED"),
            (&format!("CONFIG SET port {free}"), "+QUEUED"),
        ],
    );
    let reply = client.call("EXEC");
    assert!(
        reply.starts_with("*2[-ERR CONFIG SET failed (possibly related to argument 'maxclients')"),
        "{reply}"
    );
    assert!(reply.ends_with(" +OK]"), "{reply}");
    check(&mut Client::connect(free), "CONFIG GET port", &format!("*2[$port ${free}]"));
}

#[test]
fn a_password_is_asked_of_those_who_come_later() {
    let server = Server::start();
    let mut old = server.client();
    check(&mut old, "CONFIG SET requirepass secret", "+OK");
    let mut new = server.client();
    check(&mut new, "CONFIG GET requirepass", "-NOAUTH Authentication required.");
    check(&mut old, "CONFIG GET requirepass", "*2[$requirepass $secret]");
    check(&mut old, "CONFIG SET requirepass \"\"", "+OK");
    check(&mut new, "PING", "+PONG");
}

#[test]
fn config_rewrite_needs_a_file() {
    let server = Server::start();
    check(&mut server.client(), "CONFIG REWRITE", "-ERR The server is running without a config file");
}

#[test]
fn config_rewrite_changes_lines_in_place() {
    let server = ServerWithFile::start("# ours\nhz 15\n");
    let mut client = Client::connect(server.port);
    check_all(&mut client, &[("CONFIG SET hz 20 maxmemory-samples 7", "+OK"), ("CONFIG REWRITE", "+OK")]);
    let text = server.file();
    assert!(text.contains("\n# ours\nhz 20\n"), "{text}");
    assert!(text.contains("\n# Generated by CONFIG REWRITE\n"), "{text}");
    assert!(text.contains("\nmaxmemory-samples 7\n") && !text.contains("maxmemory-policy"), "{text}");
    check(&mut client, "DEBUG CONFIG-REWRITE-FORCE-ALL", "+OK");
    let text = server.file();
    assert!(text.contains("\nmaxmemory-policy noeviction\n"), "{text}");
}

#[test]
fn config_resetstat_forgets_the_counters() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("GET k", "$nil"), ("CONFIG RESETSTAT", "+OK")]);
    assert_eq!(field(&mut client, "stats", "keyspace_misses").as_deref(), Some("0"));
    assert_eq!(field(&mut client, "commandstats", "cmdstat_get"), None);
    // RESETSTAT itself is counted after it has reset.
    let line = field(&mut client, "commandstats", "cmdstat_config|resetstat").unwrap();
    assert!(line.starts_with("calls=1,"), "{line}");
}

#[test]
fn info_shows_the_sections_that_are_asked_for_in_its_own_order() {
    let server = Server::start();
    let mut client = server.client();
    let by_default = [
        "Server",
        "Clients",
        "Memory",
        "Persistence",
        "Stats",
        "Replication",
        "CPU",
        "Modules",
        "Errorstats",
        "Cluster",
        "Keyspace",
    ];
    let info = client.call("INFO");
    assert_eq!(titles(&info), by_default);
    let info = client.call("INFO default CommandStats");
    assert_eq!(titles(&info).len(), by_default.len() + 1);
    for all in ["INFO all", "INFO everything"] {
        let info = client.call(all);
        assert_eq!(titles(&info).len(), by_default.len() + 2, "{all}");
    }
    let info = client.call("INFO keyspace cpu nothing");
    assert_eq!(titles(&info), ["CPU", "Keyspace"]);
    check(&mut client, "INFO nothing", "$");
}

#[test]
fn info_tells_who_we_are_and_what_we_hold() {
    let server = Server::start();
    let mut client = server.client();
    assert_eq!(field(&mut client, "server", "redis_version").as_deref(), Some("7.2.4"));
    assert_eq!(field(&mut client, "server", "server_name").as_deref(), Some("russet"));
    assert_eq!(field(&mut client, "server", "process_id"), Some(server.process_id().to_string()));
    let listener = format!("name=tcp,bind=*,bind=-::*,port={}", server.port);
    assert_eq!(field(&mut client, "server", "listener0"), Some(listener));
    check(&mut client, "SET k v", "+OK");
    assert_eq!(field(&mut client, "keyspace", "db0").as_deref(), Some("keys=1,expires=0,avg_ttl=0"));
    check(&mut client, "NOSUCH", "-ERR unknown command 'NOSUCH', with args beginning with: ");
    assert_eq!(field(&mut client, "errorstats", "errorstat_ERR").as_deref(), Some("count=1"));
    let number = |text: Option<String>| text.unwrap().parse::<u64>().unwrap();
    let used = number(field(&mut client, "memory", "used_memory"));
    let peak = number(field(&mut client, "memory", "used_memory_peak"));
    let startup = number(field(&mut client, "memory", "used_memory_startup"));
    assert!(startup > 0 && startup < used && used <= peak + 100_000, "{startup} {used} {peak}");
}

#[test]
fn digests_are_those_of_redis() {
    let server = Server::start();
    // From redis-server 7.2.6.
    check_all(
        &mut server.client(),
        &[
            ("DEBUG DIGEST", "+0000000000000000000000000000000000000000"),
            ("SET a 1", "+OK"),
            ("SET b hello", "+OK"),
            ("SELECT 3", "+OK"),
            ("SET c 1.5", "+OK"),
            ("DEBUG DIGEST", "+93c38ade12a28953e3475fed0144aae58044d57b"),
            (
                "DEBUG DIGEST-VALUE c nope",
                "*2[+ced3b82c10166d0ab45ab07e697ae0c47a45f4e8 +0000000000000000000000000000000000000000]",
            ),
        ],
    );
}

#[test]
fn debug_protocol_has_a_reply_of_each_type() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("DEBUG PROTOCOL bignum", "$1234567999999999999999999999999999999"),
            ("DEBUG PROTOCOL double", "$3.141"),
            ("DEBUG PROTOCOL MAP", "*6[:0 :0 :1 :1 :2 :0]"),
            ("DEBUG PROTOCOL null", "$nil"),
            ("DEBUG PROTOCOL attrib", "$Some real reply following the attribute"),
            ("DEBUG PROTOCOL push", "-ERR RESP2 is not supported by this command"),
        ],
    );
}

#[test]
fn debug_refuses_what_it_does_not_know_or_have() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            (
                "DEBUG JMAP",
                "-ERR unknown subcommand or wrong number of arguments for 'JMAP'. Try DEBUG HELP.",
            ),
            ("DEBUG MALLCTL x", "-ERR DEBUG MALLCTL of this key is not supported by this server"),
            ("DEBUG OBJECT k", "-ERR no such key"),
            ("DEBUG CLIENT-EVICTION", "-ERR maxmemory-clients is disabled."),
            (
                "DEBUG QUICKLIST-PACKED-THRESHOLD 5gb",
                "-ERR argument must be a memory value bigger than 1 and smaller than 4gb",
            ),
            ("DEBUG HTSTATS 99", "-ERR Out of range database"),
        ],
    );
}

#[test]
fn debug_populate_leaves_existing_keys_alone() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET p:1 mine", "+OK"),
            ("DEBUG POPULATE 3 p 8", "+OK"),
            ("GET p:1", "$mine"),
            ("GET p:2", "$value:2\0"),
            ("DEBUG POPULATE -1", "-ERR value is out of range, must be positive"),
            ("DEBUG POPULATE many", "-ERR value is out of range, must be positive"),
            (
                "DEBUG SET-DISABLE-DENY-SCRIPTS 1",
                "-ERR DEBUG SET-DISABLE-DENY-SCRIPTS is not supported by this server",
            ),
        ],
    );
}

#[test]
fn debug_reload_takes_the_data_to_disk_and_back() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k v", "+OK"),
            ("DEBUG RELOAD", "+OK"),
            ("GET k", "$v"),
            ("SET k new", "+OK"),
            ("DEBUG RELOAD NOSAVE NOFLUSH MERGE", "+OK"),
            ("GET k", "$v"),
            ("DEBUG RELOAD x", "-ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options."),
        ],
    );
}

#[test]
fn debug_is_refused_unless_enabled() {
    let server = Server::with(&["--enable-debug-command", "no"]);
    let reply = server.client().call("DEBUG SLEEP 0");
    assert!(reply.starts_with("-ERR DEBUG command not allowed."), "{reply}");
}

#[test]
fn oom_score_adj_is_set_and_given_back() {
    let server = Server::start();
    let mut client = server.client();
    let score = || {
        let path = format!("/proc/{}/oom_score_adj", server.process_id());
        fs::read_to_string(path).unwrap().trim().parse::<i32>().unwrap()
    };
    let inherited = score();
    client.send_arguments(&[
        "CONFIG",
        "SET",
        "oom-score-adj-values",
        "200 300 400",
        "oom-score-adj",
        "relative",
    ]);
    assert_eq!(client.reply(), "+OK");
    assert_eq!(score(), (inherited + 200).min(1000));
    check(&mut client, "CONFIG SET oom-score-adj absolute", "+OK");
    assert_eq!(score(), 200);
    // A later failure of the same command gives the old score back.
    check(
        &mut client,
        "CONFIG SET oom-score-adj no maxclients 4000000000",
        &client_limit_error(&mut server.client()),
    );
    assert_eq!(score(), 200);
    check(&mut client, "CONFIG SET oom-score-adj no", "+OK");
    assert_eq!(score(), inherited);
}

/// What this system says to more clients than it can have.
fn client_limit_error(client: &mut Client) -> String {
    let error = client.call("CONFIG SET maxclients 4000000000");
    assert!(error.contains("is not able to handle the specified number of clients, try with "), "{error}");
    error
}
