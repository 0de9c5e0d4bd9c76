//! MIGRATE: keys that move to another server, ours or the redis-server of this machine, and targets that do not
//! do what they should.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use crate::exchange::{facts, fill};
use crate::support::{Client, Server, check, check_all};

const READING: &str = "-IOERR error or timeout reading to target instance";
const WRITING: &str = "-IOERR error or timeout writing to target instance";

/// `MIGRATE` to a port of this machine.
fn migrate(client: &mut Client, port: u16, rest: &str) -> String {
    client.call(&format!("MIGRATE 127.0.0.1 {port} {rest}"))
}

/// A target that answers what it is told to. To every connection belong replies; each is given after some bytes have
/// arrived, and after the last one the connection is closed. Returns its port, and what it has received.
fn actor(connections: &'static [&'static [&'static str]]) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let acting = thread::spawn(move || {
        let mut received = Vec::new();
        for replies in connections {
            let (mut stream, _) = listener.accept().unwrap();
            for reply in *replies {
                let mut buffer = vec![0; 4096];
                let count = stream.read(&mut buffer).unwrap();
                received.extend_from_slice(&buffer[..count]);
                stream.write_all(reply.as_bytes()).unwrap();
            }
        }
        received
    });
    (port, acting)
}

/// Moves all that one server has to another one.
fn move_everything(from: &Server, to: &Server) {
    let (mut here, mut there) = (from.client(), to.client());
    fill(&mut here);
    let before = facts(&mut here);
    let keys = here.call("KEYS *");
    let names: Vec<&str> =
        keys[keys.find('[').unwrap() + 1..keys.len() - 1].split(' ').map(|name| &name[1..]).collect();
    let all = format!("\"\" 0 20000 KEYS nothing {}", names.join(" "));
    assert_eq!(migrate(&mut here, to.port, &all), "+OK");
    check(&mut here, "SELECT 3", "+OK");
    assert_eq!(migrate(&mut here, to.port, "elsewhere 3 20000"), "+OK");
    check_all(&mut here, &[("DBSIZE", ":0"), ("SELECT 0", "+OK"), ("DBSIZE", ":0")]);
    assert_eq!(facts(&mut there), before);
    // What travels is the time that is left: clocks may differ.
    let expiry: i64 = there.call("PEXPIRETIME text")[1..].parse().unwrap();
    assert!((4_102_444_800_123..4_102_444_900_000).contains(&expiry), "{expiry}");
}

#[test]
fn all_types_move_from_russet_to_russet() {
    move_everything(&Server::start(), &Server::start());
}

#[test]
fn all_types_move_from_russet_to_redis() {
    move_everything(&Server::with(&["--rdb-compat-version", "10"]), &Server::upstream(&[]));
}

#[test]
fn all_types_move_from_redis_to_russet() {
    move_everything(&Server::upstream(&[]), &Server::start());
}

#[test]
fn a_key_has_its_time_to_live_there() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut there) = (source.client(), target.client());
    check_all(&mut here, &[("SET key value", "+OK"), ("EXPIRE key 1000", ":1")]);
    assert_eq!(migrate(&mut here, target.port, "key 9 0"), "+OK");
    check_all(&mut here, &[("EXISTS key", ":0")]);
    check_all(&mut there, &[("SELECT 9", "+OK"), ("GET key", "$value")]);
    let left: i64 = there.call("PTTL key")[1..].parse().unwrap();
    assert!((900_000..=1_000_000).contains(&left), "{left}");
}

#[test]
fn a_copy_stays_and_a_key_that_is_there_is_replaced_only_if_asked_for() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut there) = (source.client(), target.client());
    check(&mut here, "RPUSH list a b", ":2");
    check(&mut there, "SET list taken", "+OK");
    let busy = "-ERR Target instance replied with error: BUSYKEY Target key name already exists.";
    assert_eq!(migrate(&mut here, target.port, "list 0 20000"), busy);
    assert_eq!(migrate(&mut here, target.port, "list 0 20000 COPY REPLACE"), "+OK");
    check(&mut here, "LRANGE list 0 -1", "*2[$a $b]");
    check_all(&mut there, &[("LRANGE list 0 -1", "*2[$a $b]"), ("SET list taken", "+OK")]);
    assert_eq!(migrate(&mut here, target.port, "list 0 20000 replace"), "+OK");
    check(&mut here, "EXISTS list", ":0");
    check(&mut there, "TYPE list", "+list");
}

#[test]
fn of_several_keys_those_move_that_are_here_and_not_there() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut there) = (source.client(), target.client());
    check(&mut here, "MSET a 1 b 2 c 3 d 4", "+OK");
    check(&mut there, "MSET b taken d taken", "+OK");
    assert_eq!(migrate(&mut here, target.port, "\"\" 0 20000 KEYS none neither"), "+NOKEY");
    assert_eq!(migrate(&mut here, target.port, "none 0 20000"), "+NOKEY");
    assert_eq!(migrate(&mut here, target.port, "\"\" 0 20000 KEYS"), "+NOKEY");
    let busy = "-ERR Target instance replied with error: BUSYKEY Target key name already exists.";
    assert_eq!(migrate(&mut here, target.port, "\"\" 0 20000 KEYS a none b c d"), busy);
    check(&mut here, "MGET a b c d", "*4[$nil $2 $nil $4]");
    check(&mut there, "MGET a b c d", "*4[$1 $taken $3 $taken]");
}

#[test]
fn a_password_opens_the_target() {
    let (source, target) = (Server::start(), Server::with(&["--requirepass", "secret"]));
    let (mut here, mut there) = (source.client(), target.client());
    check(&mut here, "MSET a 1 b 2", "+OK");
    let refused = |text: &str| format!("-ERR Target instance replied with error: {text}");
    let wrong = refused("WRONGPASS invalid username-password pair or user is disabled.");
    assert_eq!(migrate(&mut here, target.port, "a 0 20000"), refused("NOAUTH Authentication required."));
    assert_eq!(migrate(&mut here, target.port, "a 0 20000 AUTH wrong"), wrong);
    assert_eq!(migrate(&mut here, target.port, "a 0 20000 AUTH secret"), "+OK");
    assert_eq!(migrate(&mut here, target.port, "b 0 20000 AUTH2 nobody secret"), wrong);
    assert_eq!(migrate(&mut here, target.port, "b 0 20000 AUTH2 default secret"), "+OK");
    check_all(&mut there, &[("AUTH secret", "+OK"), ("MGET a b", "*2[$1 $2]")]);
}

#[test]
fn a_user_of_redis_opens_the_target() {
    let source = Server::with(&["--rdb-compat-version", "10"]);
    let target = Server::upstream(&["--user", "me", "on", ">secret", "~a*", "+@all"]);
    let mut here = source.client();
    check(&mut here, "MSET a 1 b 2", "+OK");
    let reply = migrate(&mut here, target.port, "\"\" 0 20000 AUTH2 me secret KEYS a b");
    assert!(reply.starts_with("-ERR Target instance replied with error: NOPERM"), "{reply}");
    check(&mut here, "MGET a b", "*2[$nil $2]");
    check(&mut target.client(), "MGET a b", "*2[$1 $nil]");
}

#[test]
fn keys_for_a_database_that_is_not_there_end_up_nowhere() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut there) = (source.client(), target.client());
    check(&mut here, "SET key value", "+OK");
    let refused = "-ERR Target instance replied with error: ERR DB index is out of range";
    assert_eq!(migrate(&mut here, target.port, "key 99 20000 REPLACE"), refused);
    check(&mut here, "GET key", "$value");
    check(&mut there, "INFO keyspace", "$# Keyspace\r\n");
}

#[test]
fn arguments_are_checked_in_redis_s_order() {
    let server = Server::start();
    let mut client = server.client();
    let (syntax, integer) = ("-ERR syntax error", "-ERR value is not an integer or out of range");
    check_all(
        &mut client,
        &[
            ("MIGRATE h p key 0", "-ERR wrong number of arguments for 'migrate' command"),
            ("MIGRATE h p key x y FOO", syntax),
            ("MIGRATE h p key x y AUTH", syntax),
            ("MIGRATE h p key x y AUTH2 user", syntax),
            (
                "MIGRATE h p key x y KEYS a",
                "-ERR When using MIGRATE KEYS option, the key argument must be set to the empty string",
            ),
            ("MIGRATE h p key x 1 COPY", integer),
            ("MIGRATE h p key 0 x REPLACE", integer),
            ("MIGRATE h p key 0 0", "+NOKEY"),
            ("SET key value", "+OK"),
            ("MIGRATE 127.0.0.1 x key 0 0", "-IOERR error or timeout connecting to the client"),
            ("MIGRATE \"\" 1 key 0 0", "-IOERR error or timeout connecting to the client"),
            ("GET key", "$value"),
        ],
    );
}

#[test]
fn connections_are_kept_and_counted() {
    let (source, targets) = (Server::start(), [Server::start(), Server::start()]);
    let mut here = source.client();
    check(&mut here, "MSET a 1 b 2 c 3", "+OK");
    let kept = |here: &mut Client| {
        let stats = here.call("INFO stats");
        stats.lines().find(|line| line.starts_with("migrate_cached_sockets")).unwrap().to_owned()
    };
    assert_eq!(kept(&mut here), "migrate_cached_sockets:0");
    assert_eq!(migrate(&mut here, targets[0].port, "a 0 20000"), "+OK");
    assert_eq!(migrate(&mut here, targets[0].port, "b 0 20000"), "+OK");
    assert_eq!(kept(&mut here), "migrate_cached_sockets:1");
    assert_eq!(migrate(&mut here, targets[1].port, "c 0 20000"), "+OK");
    assert_eq!(kept(&mut here), "migrate_cached_sockets:2");
}

#[test]
fn a_connection_that_was_closed_meanwhile_is_made_anew() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "MSET a 1 b 2", "+OK");
    let (port, acting) = actor(&[&["+OK\r\n", "+OK\r\n"], &["+OK\r\n", "+OK\r\n"]]);
    assert_eq!(migrate(&mut here, port, "a 0 20000"), "+OK");
    assert_eq!(migrate(&mut here, port, "b 0 20000"), "+OK");
    check(&mut here, "DBSIZE", ":0");
    let received = String::from_utf8_lossy(&acting.join().unwrap()).replace("\r\n", " ");
    assert_eq!(received.matches("$6 SELECT $1 0").count(), 2, "{received}");
    assert!(received.contains("*4 $7 RESTORE $1 a $1 0 $"), "{received}");
}

#[test]
fn nobody_there_is_an_error_and_changes_nothing() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "SET key value", "+OK");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert_eq!(migrate(&mut here, port, "key 0 20000"), WRITING);
    check(&mut here, "GET key", "$value");
}

#[test]
fn a_target_that_never_answers_is_given_up() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "SET key value", "+OK");
    // The system takes the connection and what is sent; nobody reads it.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    assert_eq!(migrate(&mut here, port, "key 0 50"), READING);
    check_all(&mut here, &[("GET key", "$value"), ("PING", "+PONG")]);
}

#[test]
fn a_server_that_migrates_to_itself_gives_up() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "SET key value", "+OK");
    assert_eq!(migrate(&mut here, source.port, "key 0 50"), READING);
    check(&mut here, "GET key", "$value");
}

#[test]
fn what_arrived_before_the_target_died_is_gone_here() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "MSET a 1 b 2 c 3", "+OK");
    let (port, acting) = actor(&[&["+OK\r\n", "+OK\r\n-ERR not b\r\n"], &["+OK\r\n", "+OK\r\n"]]);
    let refused = "-ERR Target instance replied with error: ERR not b";
    assert_eq!(migrate(&mut here, port, "\"\" 0 20000 KEYS a b c"), refused);
    check(&mut here, "MGET a b c", "*3[$nil $2 $3]");
    assert_eq!(migrate(&mut here, port, "\"\" 0 20000 KEYS b c"), READING);
    check(&mut here, "MGET a b c", "*3[$nil $nil $3]");
    acting.join().unwrap();
}

#[test]
fn what_is_no_redis_gets_nothing() {
    let source = Server::start();
    let mut here = source.client();
    check(&mut here, "SET key value", "+OK");
    let (port, acting) = actor(&[&["HTTP/1.1 400 Bad Request\r\n\r\n"], &["\0\0\0\0\n"], &["\r\n"]]);
    for _ in 0..3 {
        assert_eq!(migrate(&mut here, port, "key 0 20000"), READING);
    }
    check(&mut here, "GET key", "$value");
    acting.join().unwrap();
}

#[test]
fn a_transaction_can_migrate() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut there) = (source.client(), target.client());
    check_all(&mut here, &[("SET key value", "+OK"), ("MULTI", "+OK"), ("APPEND key s", "+QUEUED")]);
    assert_eq!(migrate(&mut here, target.port, "key 0 20000"), "+QUEUED");
    check_all(&mut here, &[("EXISTS key", "+QUEUED"), ("EXEC", "*3[:6 +OK :0]")]);
    check(&mut there, "GET key", "$values");
}

#[test]
fn a_deletion_is_what_the_append_only_file_sees() {
    let source = Server::with(&["--appendonly", "yes", "--appendfsync", "always"]);
    let target = Server::start();
    let mut here = source.client();
    check(&mut here, "MSET a 1 b 2 c 3", "+OK");
    assert_eq!(migrate(&mut here, target.port, "c 0 20000 COPY"), "+OK");
    assert_eq!(migrate(&mut here, target.port, "\"\" 0 20000 KEYS a none b"), "+OK");
    let bytes = fs::read(source.path("appendonlydir/appendonly.aof.1.incr.aof")).unwrap();
    let text = String::from_utf8_lossy(&bytes).to_lowercase().replace("\r\n", " ");
    assert!(text.contains("*3 $3 del $1 a $1 b "), "{text}");
    assert!(!text.contains("migrate"), "{text}");
}

#[test]
fn monitors_do_not_see_passwords() {
    let (source, target) = (Server::start(), Server::start());
    let (mut here, mut monitor) = (source.client(), source.client());
    check(&mut here, "SET key value", "+OK");
    check(&mut monitor, "MONITOR", "+OK");
    let reply = migrate(&mut here, target.port, "key 0 20000 COPY AUTH2 me secret");
    assert!(reply.contains("WRONGPASS"), "{reply}");
    let seen = monitor.reply();
    let expected = "\"key\" \"0\" \"20000\" \"COPY\" \"AUTH2\" \"(redacted)\" \"(redacted)\"";
    assert!(seen.ends_with(expected), "{seen}");
}

#[test]
fn its_keys_are_found_in_both_forms() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("COMMAND GETKEYS MIGRATE h p k 0 1", "*1[$k]"),
            ("COMMAND GETKEYS MIGRATE h p k 0 1 AUTH keys COPY", "*1[$k]"),
            (
                "COMMAND GETKEYSANDFLAGS MIGRATE h p \"\" 0 1 AUTH keys KEYS a b",
                "*2[*2[$a *3[+RW +access +delete]] *2[$b *3[+RW +access +delete]]]",
            ),
            ("COMMAND GETKEYS MIGRATE h p k 0 1 KEYS a", "-ERR Invalid arguments specified for command"),
            ("COMMAND GETKEYS MIGRATE h p \"\" 0 1 KEYS", "*1[$]"),
        ],
    );
}
