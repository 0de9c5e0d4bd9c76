//! Replication between processes: Russet with itself and, in both directions, with the redis-server of this
//! machine. Here are the commands of replication and what all of its tests use.

#[path = "replication/cable.rs"]
mod cable;
#[path = "replication/failures.rs"]
mod failures;
#[path = "replication/pairings.rs"]
mod pairings;

use crate::support::{Client, Server, check, wait_until};

/// What Debian's redis-server (7.0) can read, and no delay before a snapshot is sent.
pub const PRIMARY: &[&str] = &["--repl-diskless-sync-delay", "0", "--rdb-compat-version", "10"];

/// The value of a field of INFO.
pub fn info(client: &mut Client, section: &str, field: &str) -> String {
    let text = client.call(&format!("INFO {section}"));
    let prefix = format!("{field}:");
    let value = text.lines().find_map(|line| line.trim_start_matches('$').strip_prefix(prefix.as_str()));
    value.unwrap_or_default().trim().to_owned()
}

pub fn follow(replica: &Server, primary: &Server) {
    let mut client = replica.client();
    let reply = client.call(&format!("REPLICAOF 127.0.0.1 {}", primary.port));
    assert!(reply.starts_with("+OK"), "{reply}");
    assert!(wait_until(|| is_linked(&mut client)), "the link does not come up");
}

pub fn is_linked(client: &mut Client) -> bool {
    info(client, "replication", "master_link_status") == "up"
}

pub fn offset(client: &mut Client) -> u64 {
    info(client, "replication", "master_repl_offset").parse().unwrap()
}

/// Keys of every type, in two databases, some with an expiry.
pub fn populate(client: &mut Client, suffix: &str) {
    let commands = [
        "SELECT 0",
        "SET string# value",
        "SET number# 17",
        "SET volatile# value EX 1000",
        "APPEND string# more",
        "RPUSH list# a b c 1 2 3",
        "HSET hash# f1 v1 f2 v2",
        "SADD set# a b c",
        "SADD integers# 1 2 3",
        "ZADD zset# 1 a 2.5 b",
        "XADD stream# 1-1 f v",
        "SELECT 9",
        "INCRBYFLOAT float# 1.5",
        "SPOP set# 1",
        "SELECT 0",
        "SPOP set# 1",
        "EXPIRE list# 1000",
        "MULTI",
        "INCR number#",
        "LPOP list#",
        "EXEC",
    ];
    for command in commands {
        let command = command.replace('#', suffix);
        let reply = client.call(&command);
        assert!(!reply.starts_with('-'), "{command}: {reply}");
    }
}

#[track_caller]
pub fn assert_same_data(primary: &Server, replica: &Server) {
    let (mut left, mut right) = (primary.client(), replica.client());
    let caught_up = wait_until(|| offset(&mut left) == offset(&mut right));
    assert!(caught_up, "offsets {} and {}", offset(&mut left), offset(&mut right));
    assert_eq!(left.call("DEBUG DIGEST"), right.call("DEBUG DIGEST"));
    for db in [0, 9] {
        left.call(&format!("SELECT {db}"));
        right.call(&format!("SELECT {db}"));
        assert_eq!(left.call("DBSIZE"), right.call("DBSIZE"));
    }
}

#[test]
fn a_replica_takes_no_writes_and_shows_no_expired_key() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    follow(&replica, &primary);
    let mut client = primary.client();
    check(&mut client, "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    check(&mut client, "SET short value PX 30", "+OK");
    check(&mut client, "SET long value", "+OK");
    let mut follower = replica.client();
    assert!(wait_until(|| follower.call("GET long") == "$value"));
    assert!(wait_until(|| follower.call("GET short") == "$nil"));
    check(&mut follower, "DBSIZE", ":2");
    check(&mut follower, "SET other value", "-READONLY You can't write against a read only replica.");
    // Whoever looks at the primary's key deletes it everywhere.
    check(&mut client, "GET short", "$nil");
    assert!(wait_until(|| follower.call("DBSIZE") == ":1"));
}

#[test]
fn wait_counts_the_replicas_that_have_the_writes() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    let mut client = primary.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "WAIT 0 10", ":0");
    check(&mut client, "WAIT 1 10", ":0");
    follow(&replica, &primary);
    check(&mut client, "SET key other", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    check(&mut client, "WAIT 2 10", ":1");
    check(&mut client, "WAIT 1 -1", "-ERR timeout is negative");
}

#[test]
fn role_shows_both_ends() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    check(&mut primary.client(), "ROLE", "*3[$master :0 *0[]]");
    follow(&replica, &primary);
    let mut client = primary.client();
    check(&mut client, "SET key value", "+OK");
    check(&mut client, "WAIT 1 0", ":1");
    let offset = offset(&mut client);
    let role = client.call("ROLE");
    assert!(
        role.starts_with(&format!("*3[$master :{offset} *1[*3[$127.0.0.1 ${} $", replica.port)),
        "{role}"
    );
    let role = replica.client().call("ROLE");
    assert_eq!(role, format!("*5[$slave $127.0.0.1 :{} $connected :{offset}]", primary.port));
}

#[test]
fn messages_reach_the_subscribers_of_replicas() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    follow(&replica, &primary);
    let mut subscriber = replica.client();
    check(&mut subscriber, "SUBSCRIBE news", "*3[$subscribe $news :1]");
    check(&mut primary.client(), "PUBLISH news item", ":0");
    assert_eq!(subscriber.reply(), "*3[$message $news $item]");
}

#[test]
fn failover_exchanges_the_roles_without_a_full_synchronisation() {
    let old = Server::with(PRIMARY);
    let new = Server::with(PRIMARY);
    follow(&new, &old);
    let mut client = old.client();
    populate(&mut client, "1");
    check(&mut client, &format!("FAILOVER TO 127.0.0.1 {} TIMEOUT 10000", new.port), "+OK");
    assert!(wait_until(|| info(&mut client, "replication", "role") == "slave" && is_linked(&mut client)));
    let mut heir = new.client();
    assert_eq!(info(&mut heir, "replication", "role"), "master");
    assert_eq!(info(&mut client, "replication", "master_failover_state"), "no-failover");
    populate(&mut heir, "2");
    assert_same_data(&new, &old);
    assert_eq!(info(&mut heir, "stats", "sync_full"), "0");
}

#[test]
fn what_cannot_be_handed_over_is_refused() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    let mut client = primary.client();
    check(&mut client, "FAILOVER", "-ERR FAILOVER requires connected replicas.");
    check(&mut client, "FAILOVER ABORT", "-ERR No failover in progress.");
    follow(&replica, &primary);
    check(&mut client, "FAILOVER TIMEOUT 0", "-ERR FAILOVER timeout must be greater than 0");
    check(&mut client, "FAILOVER TO nobody 1", "-ERR FAILOVER target HOST and PORT is not a replica.");
    let expected = "-ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
    check(&mut client, "FAILOVER TO nobody 1 FORCE", expected);
    let expected = "-ERR FAILOVER is not valid when server is a replica.";
    check(&mut replica.client(), "FAILOVER", expected);
}

#[test]
fn a_restarted_primary_goes_on_with_its_stream() {
    let primary = Server::with(PRIMARY);
    let replica = Server::with(&["--repl-timeout", "3600"]);
    follow(&replica, &primary);
    let mut client = primary.client();
    populate(&mut client, "1");
    assert_same_data(&primary, &replica);
    // The child that wrote the replica's snapshot may not have ended yet.
    assert!(wait_until(|| client.call("SAVE") == "+OK"));
    client.send("DEBUG RESTART");
    assert!(client.is_closed());
    assert!(wait_until(|| primary.log().matches("Ready to accept").count() == 2));
    let mut follower = replica.client();
    assert!(wait_until(|| is_linked(&mut follower)));
    let mut client = primary.client();
    assert!(wait_until(|| info(&mut client, "stats", "sync_partial_ok") == "1"));
    assert_eq!(info(&mut client, "stats", "sync_full"), "0");
    populate(&mut client, "2");
    assert_same_data(&primary, &replica);
}

#[test]
fn a_password_is_given_to_the_primary() {
    let primary = Server::with(&[PRIMARY, &["--requirepass", "secret"]].concat());
    let replica = Server::start();
    let mut client = primary.client();
    check(&mut client, "AUTH secret", "+OK");
    check(&mut client, "SET key value", "+OK");
    let mut follower = replica.client();
    check(&mut follower, "CONFIG SET masterauth wrong", "+OK");
    check(&mut follower, "SET old value", "+OK");
    check(&mut follower, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    assert!(wait_until(|| replica.log().matches("Unable to AUTH to MASTER: -WRONGPASS").count() > 1));
    check(&mut follower, "GET old", "$value");
    check(&mut follower, "CONFIG SET masterauth secret", "+OK");
    assert!(wait_until(|| is_linked(&mut follower)));
    check(&mut follower, "GET key", "$value");
}

#[test]
fn clients_in_wait_are_freed() {
    let primary = Server::with(PRIMARY);
    let mut client = primary.client();
    let mut other = primary.client();
    let id = client.call("CLIENT ID").trim_start_matches(':').to_owned();
    client.send("WAIT 1 0");
    assert!(wait_until(|| other.call(&format!("CLIENT UNBLOCK {id}")) == ":1"));
    assert_eq!(client.reply(), ":0");
    client.send("WAITAOF 0 1 0");
    assert!(wait_until(|| other.call(&format!("CLIENT UNBLOCK {id} ERROR")) == ":1"));
    assert_eq!(client.reply(), "-UNBLOCKED client unblocked via CLIENT UNBLOCK");
    client.send("BLPOP nothing 0");
    assert!(wait_until(|| info(&mut other, "clients", "blocked_clients") == "1"));
    check(&mut other, "REPLICAOF 127.0.0.1 1", "+OK");
    let expected =
        "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)";
    assert_eq!(client.reply(), expected);
    check(&mut other, "REPLICAOF no one", "+OK");
    check(&mut client, "SET key value", "+OK");
}

#[test]
fn writes_need_replicas_if_so_configured() {
    let primary = Server::with(&[PRIMARY, &["--min-replicas-to-write", "1"]].concat());
    let replica = Server::start();
    let mut client = primary.client();
    check(&mut client, "SET key value", "-NOREPLICAS Not enough good replicas to write.");
    follow(&replica, &primary);
    assert!(wait_until(|| client.call("SET key value") == "+OK"));
    assert_eq!(info(&mut client, "replication", "min_slaves_good_slaves"), "1");
}

#[test]
fn a_replica_without_its_primary_can_refuse_to_answer() {
    let replica = Server::with(&["--replica-serve-stale-data", "no"]);
    let mut client = replica.client();
    check(&mut client, "REPLICAOF 127.0.0.1 1", "+OK");
    let expected = "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.";
    check(&mut client, "GET key", expected);
    check(&mut client, "PING", expected);
    assert_eq!(info(&mut client, "replication", "master_link_status"), "down");
}

#[test]
fn a_full_synchronisation_under_load_ends_with_equal_data() {
    let primary = Server::with(PRIMARY);
    let replica = Server::start();
    let mut client = primary.client();
    check(&mut client, "DEBUG POPULATE 20000 key 200", "+OK");
    let mut follower = replica.client();
    check(&mut follower, &format!("REPLICAOF 127.0.0.1 {}", primary.port), "+OK");
    for round in 0..200 {
        let mut requests = Vec::new();
        for key in 0..100 {
            let name = format!("key:{}", (round * 97 + key) % 20_000);
            requests.extend(crate::support::encode(&["APPEND", &name, "more"]));
        }
        client.send_raw(&requests);
        (0..100).for_each(|_| drop(client.reply()));
    }
    assert!(wait_until(|| is_linked(&mut follower)));
    assert_same_data(&primary, &replica);
    assert_eq!(info(&mut client, "stats", "sync_full"), "1");
}
