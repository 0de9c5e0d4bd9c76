//! Failover by stock redis-sentinel: three sentinels, a primary, two replicas, and an application that finds its
//! server through redis-py's Sentinel support.
//!
//! Sentinels are told to look more often than they do by default, so that nobody waits for their periods; and to
//! believe that a server is down only while one is, so that a machine that is busy for a few seconds shows them
//! nothing else.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};

use tempfile::TempDir;

use crate::replication::{assert_same_data, populate};
use crate::support::{Client, Server, check, python, wait_until};

/// Where the application stands, a line for each step; it goes on when it is told to.
const APPLICATION: &str = r"
import sys, time, redis
from redis.sentinel import Sentinel

group = Sentinel([('127.0.0.1', int(port)) for port in sys.argv[1:]], socket_timeout=5)
primary, replica = group.master_for('main', decode_responses=True), group.slave_for('main', decode_responses=True)

def persist(work):
    deadline = time.monotonic() + 120
    while True:
        try:
            return work()
        except (redis.ConnectionError, redis.TimeoutError, redis.ReadOnlyError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)

def stored(key):
    assert persist(lambda: primary.set(key, key))
    print(key, group.discover_master('main')[1], flush=True)

for step, _ in enumerate(sys.stdin):
    if step == 0:
        stored('first')
        assert primary.wait(2, 30000) == 2
        print('safe', flush=True)
        continue
    persist(lambda: stored('later%d' % step))
    assert primary.get('first') == 'first'
    assert persist(lambda: replica.get('first')) == 'first'
    print('read', flush=True)
";

/// A server with a configuration file, which sentinels have it rewrite.
fn member(program: &str, lines: &str) -> Server {
    let directory = TempDir::new().unwrap();
    let file = directory.path().join("server.conf");
    fs::write(&file, lines).unwrap();
    Server::launch(program, directory, &[file.to_str().unwrap()])
}

/// What Redis 7.0 can read, so that it can follow; and no delay before a snapshot is sent.
fn russet(lines: &str) -> Server {
    let lines = format!("rdb-compat-version 10\nrepl-diskless-sync-delay 0\n{lines}\n");
    member(env!("CARGO_BIN_EXE_russet-server"), &lines)
}

fn redis(lines: &str) -> Server {
    member("redis-server", &format!("repl-diskless-sync-delay 0\n{lines}\n"))
}

fn replicaof(primary: &Server) -> String {
    format!("replicaof 127.0.0.1 {}", primary.port)
}

/// Longer than a second attempt of the sentinels takes, should their first election have no winner.
fn wait_for_sentinels(mut condition: impl FnMut() -> bool) -> bool {
    (0..4).any(|_| wait_until(&mut condition))
}

/// Three sentinels that watch one primary under the name `main`.
struct Sentinels([Server; 3]);

impl Sentinels {
    fn watch(primary: &Server) -> Self {
        let sentinels = Self([0; 3].map(|_| {
            let lines = format!(
                "sentinel monitor main 127.0.0.1 {} 2\nsentinel failover-timeout main 8000\n",
                primary.port
            );
            member("redis-sentinel", &lines)
        }));
        for mut client in sentinels.clients() {
            let periods =
                "ask-period 200 info-period 200 publish-period 200 election-timeout 2000 tilt-trigger 60000";
            check(&mut client, &format!("SENTINEL DEBUG {periods}"), "+OK");
        }
        sentinels.believe_down_after(3_600_000);
        sentinels.are_content();
        sentinels
    }

    fn clients(&self) -> [Client; 3] {
        self.0.each_ref().map(Server::client)
    }

    fn believe_down_after(&self, silent_ms: u64) {
        for mut client in self.clients() {
            check(&mut client, &format!("SENTINEL SET main down-after-milliseconds {silent_ms}"), "+OK");
        }
    }

    /// Takes the primary down, and waits until another one, which is known beforehand, has taken its place. The
    /// application does not wait for that.
    fn replace(&self, primary: &mut Server, heir: &Server, application: &mut Application) {
        primary.crash();
        application.go_on();
        self.believe_down_after(1000);
        self.agree_on(heir);
        self.believe_down_after(3_600_000);
    }

    /// Waits until all of them see each other, the primary, and two replicas that follow it.
    fn are_content(&self) {
        let in_master = ["$num-slaves $2 ", "$num-other-sentinels $2 ", "$flags $master "];
        let in_each_replica = ["$flags $slave ", "$role-reported $slave ", "$master-link-status $ok "];
        for mut client in self.clients() {
            let sees_all = |client: &mut Client| {
                let (master, replicas) =
                    (client.call("SENTINEL MASTER main"), client.call("SENTINEL REPLICAS main"));
                in_master.iter().all(|fact| master.contains(fact))
                    && in_each_replica.iter().all(|fact| replicas.matches(fact).count() == 2)
            };
            assert!(
                wait_for_sentinels(|| sees_all(&mut client)),
                "{}",
                client.call("SENTINEL REPLICAS main")
            );
            let quorum = "+OK 3 usable Sentinels. Quorum and failover authorization can be reached";
            check(&mut client, "SENTINEL CKQUORUM main", quorum);
        }
    }

    /// Waits until all of them say that this server is the primary.
    fn agree_on(&self, primary: &Server) {
        let expected = format!("*2[$127.0.0.1 ${}]", primary.port);
        for mut client in self.clients() {
            let question = "SENTINEL GET-MASTER-ADDR-BY-NAME main";
            let agrees = wait_for_sentinels(|| client.call(question) == expected);
            assert!(agrees, "{} instead of {expected}\n{}", client.call(question), self.0[0].log());
        }
    }
}

/// The application, which ends with its standard input.
struct Application {
    process: Child,
    lines: BufReader<ChildStdout>,
}

impl Application {
    fn start(sentinels: &Sentinels) -> Self {
        let ports = sentinels.0.each_ref().map(|sentinel| sentinel.port.to_string());
        let mut process = python(APPLICATION)
            .args(ports)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("scripts/install-test-dependencies installs python3");
        let lines = BufReader::new(process.stdout.take().unwrap());
        Self { process, lines }
    }

    /// Lets it take its next step.
    fn go_on(&mut self) {
        self.process.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    #[track_caller]
    fn says(&mut self, expected: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), expected);
    }
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a server says of its replication, by a connection of its own: sentinels close those of a server that gets
/// another role.
fn replication_of(server: &Server) -> String {
    let mut text = String::new();
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", server.port)) {
        let _ =
            stream.write_all(b"INFO replication\r\nQUIT\r\n").and_then(|()| stream.read_to_string(&mut text));
    }
    text
}

/// Waits until a server follows another one.
#[track_caller]
fn follows(replica: &Server, primary: &Server) {
    let port = format!("master_port:{}\r\nmaster_link_status:up\r\n", primary.port);
    assert!(wait_for_sentinels(|| replication_of(replica).contains(&port)), "{}", replication_of(replica));
}

/// The file of a server says whom it follows.
#[track_caller]
fn remembers(replica: &Server, primary: &Server) {
    let is_written =
        || fs::read_to_string(replica.path("server.conf")).unwrap().contains(&replicaof(primary));
    assert!(wait_for_sentinels(is_written), "{}", fs::read_to_string(replica.path("server.conf")).unwrap());
}

#[test]
fn a_killed_primary_is_replaced_and_comes_back_as_a_replica() {
    let mut old = russet("");
    populate(&mut old.client(), "1");
    // The one that is to be preferred.
    let new = russet(&format!("{}\nreplica-priority 1", replicaof(&old)));
    let other = russet(&replicaof(&old));
    follows(&new, &old);
    follows(&other, &old);
    let sentinels = Sentinels::watch(&old);
    let mut application = Application::start(&sentinels);
    application.go_on();
    application.says(&format!("first {}", old.port));
    application.says("safe");

    sentinels.replace(&mut old, &new, &mut application);
    application.says(&format!("later1 {}", new.port));
    application.says("read");
    follows(&other, &new);

    old.start_again();
    follows(&old, &new);
    populate(&mut new.client(), "2");
    for replica in [&old, &other] {
        assert_same_data(&new, replica);
        remembers(replica, &new);
    }
}

#[test]
fn a_group_of_both_servers_is_failed_over_there_and_back() {
    let mut first = russet("replica-priority 50");
    populate(&mut first.client(), "1");
    let second = redis(&format!("{}\nreplica-priority 1", replicaof(&first)));
    let third = russet(&replicaof(&first));
    follows(&second, &first);
    follows(&third, &first);
    let sentinels = Sentinels::watch(&first);
    let mut application = Application::start(&sentinels);
    application.go_on();
    application.says(&format!("first {}", first.port));
    application.says("safe");

    sentinels.replace(&mut first, &second, &mut application);
    application.says(&format!("later1 {}", second.port));
    application.says("read");
    first.start_again();
    for replica in [&first, &third] {
        follows(replica, &second);
        remembers(replica, &second);
    }
    populate(&mut second.client(), "2");
    assert_same_data(&second, &first);
    assert_same_data(&second, &third);

    // Back to Russet, this time while all are well.
    sentinels.are_content();
    let mut client = sentinels.0[0].client();
    assert!(wait_until(|| client.call("SENTINEL FAILOVER main") == "+OK"));
    sentinels.agree_on(&first);
    follows(&second, &first);
    application.go_on();
    application.says(&format!("later2 {}", first.port));
    application.says("read");
    follows(&third, &first);
    for replica in [&second, &third] {
        remembers(replica, &first);
        assert_same_data(&first, replica);
    }
}
