//! Clients as applications and operators use them: the `redis` crate, redis-py, redis-cli and
//! redis-benchmark, all as they come. `scripts/install-test-dependencies` brings what is missing; a
//! missing client fails the test.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use redis::{Commands, Connection, RedisResult};

use crate::support::{Server, check, python};

fn connect(server: &Server, protocol: &str) -> Connection {
    let url = format!("redis://127.0.0.1:{}/?protocol={protocol}", server.port);
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

/// A client tool's standard output; it must succeed.
fn output_of(program: &str, server: &Server, arguments: &[&str], input: &str) -> String {
    let mut process = Command::new(program)
        .args(["-p", &server.port.to_string()])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; scripts/install-test-dependencies installs it"));
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn cli(server: &Server, arguments: &[&str]) -> String {
    output_of("redis-cli", server, arguments, "")
}

#[test]
fn the_rust_client_reads_writes_and_pipelines() {
    let server = Server::start();
    for protocol in ["resp2", "resp3"] {
        let mut connection = connect(&server, protocol);
        let () = connection.set("key", 41).unwrap();
        let next: i64 = connection.incr("key", 1).unwrap();
        assert_eq!(next, 42);
        let missing: Option<String> = connection.get("missing").unwrap();
        assert_eq!(missing, None);
        let (text, both): (String, Vec<Option<String>>) = redis::pipe()
            .set("text", "value")
            .ignore()
            .get("text")
            .mget(&["key", "missing"])
            .query(&mut connection)
            .unwrap();
        assert_eq!((text.as_str(), both), ("value", vec![Some("42".to_owned()), None]));
        let keys: usize = connection.del(&["key", "text"]).unwrap();
        assert_eq!(keys, 2);
    }
}

#[test]
fn the_rust_client_repeats_a_transaction_whose_keys_changed() {
    let server = Server::start();
    let (mut connection, mut other) = (connect(&server, "resp3"), connect(&server, "resp2"));
    let () = connection.set("balance", 10).unwrap();
    let mut attempts = 0;
    let (balance,): (i64,) = redis::transaction(&mut connection, &["balance"], |connection, pipe| {
        attempts += 1;
        let before: i64 = connection.get("balance")?;
        if attempts == 1 {
            let () = other.set("balance", 20)?;
        }
        pipe.set("balance", before + 1).ignore().get("balance").query(connection)
    })
    .unwrap();
    assert_eq!((balance, attempts), (21, 2));
}

#[test]
fn the_rust_client_receives_messages() {
    let server = Server::start();
    let (mut listener, mut sender) = (connect(&server, "resp2"), connect(&server, "resp3"));
    let mut subscription = listener.as_pubsub();
    subscription.subscribe("news").unwrap();
    subscription.psubscribe("news.*").unwrap();
    for (channel, pattern) in [("news", None), ("news.local", Some("news.*"))] {
        let receivers: usize = sender.publish(channel, "text").unwrap();
        assert_eq!(receivers, 1);
        let message = subscription.get_message().unwrap();
        assert_eq!(message.get_channel_name(), channel);
        assert_eq!(message.get_pattern::<Option<String>>().unwrap().as_deref(), pattern);
        assert_eq!(message.get_payload::<String>().unwrap(), "text");
    }
}

#[test]
fn the_rust_client_receives_messages_as_pushes() {
    let server = Server::start();
    let (mut listener, mut sender) = (connect(&server, "resp3"), connect(&server, "resp2"));
    let (pushes, received) = std::sync::mpsc::channel();
    listener.set_push_sender(pushes);
    let () = redis::cmd("SUBSCRIBE").arg("news").set_no_response(true).exec(&mut listener).unwrap();
    // A request and its reply are still possible; the confirmation comes before the reply.
    let pong: String = redis::cmd("PING").query(&mut listener).unwrap();
    assert_eq!(pong, "PONG");
    assert_eq!(received.recv().unwrap().kind, redis::PushKind::Subscribe);
    let receivers: usize = sender.publish("news", "text").unwrap();
    assert_eq!(receivers, 1);
    let message = listener.recv_response();
    assert!(message.is_ok(), "{message:?}");
    assert_eq!(received.recv().unwrap().kind, redis::PushKind::Message);
}

#[test]
fn the_rust_client_sees_errors_by_their_code() {
    let server = Server::start();
    let mut connection = connect(&server, "resp3");
    let () = connection.set("text", "value").unwrap();
    let refused: RedisResult<i64> = connection.incr("text", 1);
    let error = refused.unwrap_err();
    assert_eq!(error.code(), Some("ERR"));
    assert_eq!(error.detail(), Some("value is not an integer or out of range"));
}

#[test]
fn redis_cli_answers_one_request() {
    let server = Server::start();
    assert_eq!(cli(&server, &["set", "key", "value"]), "OK\n");
    assert_eq!(cli(&server, &["-3", "get", "key"]), "value\n");
    assert_eq!(cli(&server, &["--no-raw", "-3", "mget", "key", "missing"]), "1) \"value\"\n2) (nil)\n");
    assert!(cli(&server, &["nonsense"]).starts_with("ERR unknown command 'nonsense'"));
}

#[test]
fn redis_cli_loads_and_scans() {
    let server = Server::start();
    let mut client = server.client();
    let requests = (0..1000).map(|n| format!("SET key:{n} value\r\n")).collect::<Vec<_>>().concat();
    let report = output_of("redis-cli", &server, &["--pipe"], &requests);
    assert!(report.contains("errors: 0, replies: 1000"), "{report}");
    check(&mut client, "DBSIZE", ":1000");

    let scanned = cli(&server, &["--scan", "--pattern", "key:*"]);
    let mut keys: Vec<&str> = scanned.lines().collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), 1000);

    let report = cli(&server, &["--bigkeys"]);
    assert!(report.contains("1000 strings with 5000 bytes"), "{report}");
    let report = cli(&server, &["--memkeys"]);
    assert!(report.contains("1000 strings with"), "{report}");
}

#[test]
fn redis_cli_watches_a_server() {
    let server = Server::start();
    // Without a terminal, a second of samples in one line: minimum, maximum, average, count.
    let latency = cli(&server, &["--latency", "--raw", "-i", "1"]);
    assert_eq!(latency.split_whitespace().count(), 4, "{latency}");

    let mut stat = Command::new("redis-cli")
        .args(["-p", &server.port.to_string(), "--stat", "-i", "0.05"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(stat.stdout.take().unwrap()).lines();
    let header: Vec<String> = (&mut lines).take(2).map(Result::unwrap).collect();
    assert!(header[1].contains("requests"), "{header:?}");
    let figures = lines.next().unwrap().unwrap();
    stat.kill().unwrap();
    stat.wait().unwrap();
    assert!(
        figures.split_whitespace().nth(1).is_some_and(|memory| memory.ends_with(['K', 'M'])),
        "{figures}"
    );
}

#[test]
fn redis_benchmark_runs_to_its_end() {
    let server = Server::start();
    for pipeline in ["1", "16"] {
        let arguments =
            ["-q", "--csv", "-n", "2000", "-c", "10", "-P", pipeline, "-t", "ping,set,get,incr,mset"];
        let report = output_of("redis-benchmark", &server, &arguments, "");
        let tests: Vec<&str> = report.lines().filter_map(|line| line.split('"').nth(1)).collect();
        assert_eq!(
            tests,
            ["test", "PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"],
            "{report}"
        );
    }
    check(&mut server.client(), "GET counter:__rand_int__", "$4000");
}

#[test]
fn redis_py_works_with_its_default_settings() {
    const SCRIPT: &str = r"
import sys, redis
client = redis.Redis(port=int(sys.argv[1]), decode_responses=True)
assert client.ping()
assert client.set('key', 'value', ex=100, nx=True) is True
assert client.set('key', 'value', nx=True) is None
assert client.get('key') == 'value' and 0 < client.ttl('key') <= 100
assert client.mget('key', 'missing') == ['value', None]
assert client.incrbyfloat('float', 0.5) == 0.5
assert sorted(client.scan_iter()) == ['float', 'key']
assert client.info('server')['redis_version'].startswith('7.2.')
assert client.config_get('maxmemory') == {'maxmemory': '0'}
assert 'redis-py' in client.client_info()['lib-name'], client.client_info()
assert client.command_count() > 50

with client.pipeline(transaction=True) as pipe:
    assert pipe.set('a', 1).incr('a').get('a').execute() == [True, 2, '2']
with client.pipeline() as pipe:
    pipe.watch('a')
    client.set('a', 5)
    pipe.multi()
    pipe.get('a')
    try:
        pipe.execute()
        raise SystemExit('the transaction was not aborted')
    except redis.WatchError:
        pass
try:
    client.incr('key')
    raise SystemExit('no error')
except redis.ResponseError as error:
    assert str(error) == 'value is not an integer or out of range', error

listener = client.pubsub()
listener.subscribe('news')
assert listener.get_message(timeout=5)['type'] == 'subscribe'
assert client.publish('news', 'text') == 1
message = listener.get_message(timeout=5)
assert (message['type'], message['data']) == ('message', 'text'), message
assert client.delete('key', 'float', 'a') == 3
print('done')
";
    let server = Server::start();
    let output = python(SCRIPT)
        .arg(server.port.to_string())
        .output()
        .expect("scripts/install-test-dependencies installs python3");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !errors.contains("No module named 'redis'"),
        "scripts/install-test-dependencies installs redis-py"
    );
    assert_eq!(String::from_utf8_lossy(&output.stdout), "done\n", "{errors}");
}
