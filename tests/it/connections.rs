//! Connections: how many, for how long, and what each may hold.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use crate::support::{Client, Server, check, check_all, wait_until};

/// Sets the number of files a server may have open.
fn limit_open_files(server: &Server, files: usize) {
    let process = server.process_id().to_string();
    let limit = format!("--nofile={files}:20000");
    let status = Command::new("prlimit").args(["--pid", &process, &limit]).status().unwrap();
    assert!(status.success());
}

fn open_files(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.process_id())).unwrap().count()
}

/// Sends as much as the server takes; whether it has closed the connection without an answer.
fn is_closed_without_answer(server: &Server, requests: &[u8]) -> bool {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    // The server may close while we send; a reset then also ends the read.
    let _ = stream.write_all(requests);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer.is_empty()
}

#[test]
fn an_idle_client_is_closed_and_one_that_waits_is_not() {
    let server = Server::with(&["--timeout", "1"]);
    let (mut idle, mut listener, mut paused) = (server.client(), server.client(), server.client());
    check(&mut listener, "SUBSCRIBE news", "*3[$subscribe $news :1]");
    check(&mut paused, "CLIENT PAUSE 100000 WRITE", "+OK");
    paused.send("SET k v");
    check(&mut idle, "PING", "+PONG");
    assert!(idle.is_closed());
    check_all(&mut server.client(), &[("CLIENT UNPAUSE", "+OK"), ("PUBLISH news hello", ":1")]);
    assert_eq!(listener.reply(), "*3[$message $news $hello]");
    assert_eq!(paused.reply(), "+OK");
}

#[test]
fn running_out_of_descriptors_costs_only_new_connections_and_only_for_a_while() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "PING", "+PONG");
    limit_open_files(&server, open_files(&server));
    let mut waiting = server.client();
    waiting.send("PING");
    assert!(wait_until(|| server.log().contains("Accepting client connection: ")));
    check(&mut client, "PING", "+PONG");
    limit_open_files(&server, 1000);
    assert_eq!(waiting.reply(), "+PONG");
}

#[test]
fn ten_thousand_idle_connections_are_no_burden() {
    // Both processes need a descriptor each; where that is not allowed, as many as are.
    let limit = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limit.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let allowed: usize = line.split_whitespace().nth(3).unwrap().parse().unwrap();
    let count = 10_000.min(allowed.saturating_sub(200));
    let server = Server::with(&["--maxclients", &(count + 10).to_string()]);
    let mut client = server.client();
    let idle: Vec<TcpStream> =
        (0..count).map(|_| TcpStream::connect(("127.0.0.1", server.port)).unwrap()).collect();
    let connected = format!("connected_clients:{}", count + 1);
    assert!(wait_until(|| client.call("INFO clients").contains(&connected)));
    check_all(&mut client, &[("SET k v", "+OK"), ("GET k", "$v")]);
    drop(idle);
    assert!(wait_until(|| client.call("INFO clients").contains("connected_clients:1\r")));
}

#[test]
fn a_subscriber_that_does_not_read_is_closed() {
    let server = Server::with(&["--client-output-buffer-limit", "pubsub 1mb 0 0"]);
    let (mut publisher, mut lazy) = (server.client(), server.client());
    check(&mut lazy, "SUBSCRIBE news", "*3[$subscribe $news :1]");
    let message = "x".repeat(100_000);
    let published =
        (0..1000).take_while(|_| publisher.call_arguments(&["PUBLISH", "news", &message]) == ":1").count();
    // At least what the limit allows, at most that and what the sockets have taken.
    assert!((10..1000).contains(&published), "{published}");
    let log = server.log();
    let line = log.lines().find(|line| line.contains("output buffer limits.")).unwrap();
    assert!(line.contains(" flags=P ") && line.contains(" cmd=subscribe user=default "), "{line}");
    assert!(line.ends_with(" scheduled to be closed ASAP for overcoming of output buffer limits."), "{line}");
}

#[test]
fn a_reply_above_the_limit_is_not_begun() {
    let server = Server::with(&["--client-output-buffer-limit", "normal 100kb 0 0"]);
    let value = "x".repeat(200_000);
    check(&mut server.client(), "PING", "+PONG");
    assert_eq!(server.client().call_arguments(&["SET", "k", &value]), "+OK");
    assert!(is_closed_without_answer(&server, b"GET k\r\n"));
    // The commands of a pipeline up to the one that exceeds the limit have executed.
    assert!(is_closed_without_answer(&server, b"SET before 1\r\nGET k\r\nSET behind 1\r\n"));
    check_all(&mut server.client(), &[("GET before", "$1"), ("GET behind", "$nil")]);
}

#[test]
fn a_transaction_executes_to_its_end_although_its_reply_is_too_long() {
    let server = Server::with(&["--client-output-buffer-limit", "normal 100kb 0 0"]);
    let value = "x".repeat(200_000);
    assert_eq!(server.client().call_arguments(&["SET", "k", &value]), "+OK");
    assert!(is_closed_without_answer(&server, b"MULTI\r\nGET k\r\nSET behind 1\r\nEXEC\r\n"));
    check(&mut server.client(), "GET behind", "$1");
}

#[test]
fn without_a_password_hardly_any_replies_wait() {
    let server = Server::with(&["--requirepass", "secret"]);
    assert!(is_closed_without_answer(&server, "PING\r\n".repeat(200).as_bytes()));
    check(&mut server.client(), "PING", "-NOAUTH Authentication required.");
}

#[test]
fn an_endless_request_is_cut_off_at_the_query_buffer_limit() {
    let server = Server::with(&["--client-query-buffer-limit", "1mb"]);
    let mut request = b"*2\r\n$3\r\nGET\r\n$50000000\r\n".to_vec();
    request.resize(4_000_000, b'x');
    assert!(is_closed_without_answer(&server, &request));
    assert!(wait_until(|| server.log().contains("Closing client that reached max query buffer length: id=")));
}

#[test]
fn postponed_requests_execute_in_the_order_of_their_arrival() {
    let server = Server::start();
    let mut control = server.client();
    // The younger connection asks first.
    let (mut older, mut younger) = (server.client(), server.client());
    check_all(&mut older, &[("PING", "+PONG")]);
    check_all(&mut younger, &[("PING", "+PONG")]);
    check(&mut control, "CLIENT PAUSE 100000 WRITE", "+OK");
    let blocked = |client: &mut Client, count: usize| {
        let expected = format!("blocked_clients:{count}\r");
        assert!(wait_until(|| client.call("INFO clients").contains(&expected)));
    };
    younger.send("SET k younger");
    blocked(&mut control, 1);
    older.send("SET k older");
    blocked(&mut control, 2);
    check_all(&mut control, &[("GET k", "$nil"), ("CLIENT UNPAUSE", "+OK")]);
    assert_eq!([younger.reply(), older.reply()], ["+OK", "+OK"]);
    check(&mut control, "GET k", "$older");
}

/// A field of the CLIENT LIST line of the client named `watched`.
fn watched(control: &mut Client, field: &str) -> usize {
    let list = control.call("CLIENT LIST");
    let line = list.lines().find(|line| line.contains(" name=watched ")).unwrap();
    let start = format!("{field}=");
    let value = line.split(' ').find_map(|word| word.strip_prefix(&start));
    value.unwrap_or_else(|| panic!("no {field} in {line}")).parse().unwrap()
}

#[test]
fn a_reply_buffer_follows_the_replies_of_late() {
    let server = Server::start();
    let (mut control, mut client) = (server.client(), server.client());
    check(&mut client, "CLIENT SETNAME watched", "+OK");
    let value = "x".repeat(32 * 1024);
    assert_eq!(control.call_arguments(&["SET", "k", &value]), "+OK");
    check(&mut control, "DEBUG REPLYBUFFER PEAK-RESET-TIME 100", "+OK");
    assert!(wait_until(|| (1024..2048).contains(&watched(&mut control, "rbs"))));
    check(&mut control, "DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER", "+OK");
    assert_eq!(client.call("GET k").len(), value.len() + 1);
    assert!(wait_until(|| (16_384..32_768).contains(&watched(&mut control, "rbs"))));
    check(&mut control, "DEBUG REPLYBUFFER PEAK-RESET-TIME 100", "+OK");
    assert!(wait_until(|| (1024..2048).contains(&watched(&mut control, "rbs"))));
}

#[test]
fn a_subscriber_owns_no_buffer_between_messages() {
    let server = Server::start();
    let (mut control, mut listener) = (server.client(), server.client());
    check(&mut listener, "CLIENT SETNAME watched", "+OK");
    check(&mut listener, "SUBSCRIBE news", "*3[$subscribe $news :1]");
    let message = "x".repeat(50_000);
    assert_eq!(control.call_arguments(&["PUBLISH", "news", &message]), ":1");
    assert_eq!(listener.reply(), format!("*3[$message $news ${message}]"));
    assert!(wait_until(|| watched(&mut control, "rbs") == 0));
}

#[test]
fn half_a_request_keeps_no_more_room_than_its_bytes_when_it_is_idle() {
    let server = Server::start();
    let (mut control, mut client) = (server.client(), server.client());
    check(&mut client, "CLIENT SETNAME watched", "+OK");
    client.send_raw(b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$3000000\r\n");
    client.send_raw(&vec![b'x'; 100_000]);
    assert!(wait_until(|| watched(&mut control, "qbuf") == 100_000));
    assert!(watched(&mut control, "qbuf-free") > 500_000);
    assert!(wait_until(|| watched(&mut control, "qbuf-free") < 4096));
    client.send_raw(&vec![b'x'; 2_900_000]);
    client.send_raw(b"\r\n");
    assert_eq!(client.reply(), "+OK");
    assert_eq!(client.call("STRLEN k"), ":3000000");
}

#[test]
fn what_violates_the_protocol_is_logged_with_its_sender_and_its_beginning() {
    let server = Server::with(&["--loglevel", "verbose"]);
    let mut client = server.client();
    client.send_raw(b"*3\r\n$3\r\nSET\r\n!1\r\n");
    assert_eq!(client.reply(), "-ERR Protocol error: expected '$', got '!'");
    assert!(client.is_closed());
    let log = server.log();
    let line = log.lines().find(|line| line.contains("Protocol error")).unwrap();
    assert!(line.contains(" - Protocol error (expected '$', got '!') from client: id="), "{line}");
    assert!(line.contains(" cmd=NULL user=default "), "{line}");
    assert!(line.ends_with(r#". Query buffer during protocol error: "*3\r\n$3\r\nSET\r\n!1\r\n""#), "{line}");
}
