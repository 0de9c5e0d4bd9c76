//! Requests and replies on the wire.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use crate::support::{Client, Server, check, check_all, wait_until};

/// Everything the server says to these bytes until it closes the connection.
fn last_words(server: &Server, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all(bytes).unwrap();
    let mut words = Vec::new();
    stream.read_to_end(&mut words).unwrap();
    String::from_utf8_lossy(&words).into_owned()
}

#[test]
fn a_malformed_request_is_answered_once_and_ends_the_connection() {
    let server = Server::start();
    let cases: [(&[u8], &str); 10] = [
        (b"*x\r\n", "invalid multibulk length"),
        (b"*2147483648\r\n", "invalid multibulk length"),
        (b"*1000000000000\r\n", "invalid multibulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$x\r\n", "invalid bulk length"),
        (b"*1\r\n$1000000000000\r\n", "invalid bulk length"),
        (b"*1\r\n:1\r\n", "expected '$', got ':'"),
        (b"*2\r\n$3\r\nGET\r\n*1\r\n", "expected '$', got '*'"),
        (b"SET \"k\r\n", "unbalanced quotes in request"),
        (b"ECHO \"a\"b\r\n", "unbalanced quotes in request"),
    ];
    for (bytes, error) in &cases {
        let expected = format!("-ERR Protocol error: {error}\r\n");
        assert_eq!(last_words(&server, bytes), expected, "{}", bytes.escape_ascii());
    }
    check(&mut server.client(), "PING", "+PONG");
}

#[test]
fn lines_without_an_end_are_refused_at_64_kilobytes() {
    let server = Server::start();
    for (start, error) in [
        ("", "too big inline request"),
        ("*", "too big mbulk count string"),
        ("*1\r\n$", "too big bulk count string"),
    ] {
        let line = format!("{start}{}", "1".repeat(64 * 1024 + 1));
        assert_eq!(last_words(&server, line.as_bytes()), format!("-ERR Protocol error: {error}\r\n"));
    }
}

#[test]
fn requests_of_nothing_are_passed_over() {
    let server = Server::start();
    let mut client = server.client();
    client.send_raw(b"*-1\r\n*0\r\n\r\n\r\n*-100\r\nPING\r\n");
    assert_eq!(client.reply(), "+PONG");
}

#[test]
fn a_body_shorter_than_announced_is_never_executed() {
    let server = Server::start();
    for start in [
        &b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$10\r\nshort"[..],
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$500000000\r\nshort",
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.write_all(start).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut words = Vec::new();
        stream.read_to_end(&mut words).unwrap();
        assert_eq!(words, b"");
    }
    check(&mut server.client(), "GET k", "$nil");
}

#[test]
fn an_error_echoes_neither_line_breaks_nor_what_follows_a_zero_byte() {
    let server = Server::start();
    let mut client = server.client();
    let reply = client.call_arguments(&["a\r\n+OK", "b\r\nc"]);
    assert_eq!(reply, "-ERR unknown command 'a  +OK', with args beginning with: 'b  c' ");
    let reply = client.call_arguments(&["a\0b", "c\0d", "e"]);
    assert_eq!(reply, "-ERR unknown command 'a', with args beginning with: 'c' 'e' ");
    check(&mut client, "PING", "+PONG");
}

#[test]
fn a_client_that_owes_a_password_may_not_announce_much() {
    let server = Server::with(&["--requirepass", "secret"]);
    let error = |text: &str| format!("-ERR Protocol error: {text}\r\n");
    assert_eq!(last_words(&server, b"*11\r\n"), error("unauthenticated multibulk length"));
    assert_eq!(last_words(&server, b"*1\r\n$16385\r\n"), error("unauthenticated bulk length"));
    let mut client = server.client();
    check(&mut client, "AUTH secret", "+OK");
    check(&mut client, &format!("SET k {}", "v".repeat(20_000)), "+OK");
}

#[test]
fn a_pipeline_may_arrive_in_pieces_of_any_size() {
    let server = Server::start();
    let request = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nGET k\r\n";
    for piece in [1, 2, 7, 30] {
        let mut client = server.client();
        for part in request.chunks(piece) {
            client.send_raw(part);
        }
        let replies = [client.reply(), client.reply(), client.reply()];
        assert_eq!(replies, ["+OK", "$value", "$value"], "pieces of {piece}");
    }
}

#[test]
fn inline_words_are_quoted_as_in_redis_cli() {
    let server = Server::start();
    let mut client = server.client();
    let cases: [(&[u8], &str); 6] = [
        (b"ECHO \"a b\"\r\n", "$a b"),
        (b"ECHO \"\\x41\\n\\t\\\"\"\r\n", "$A\n\t\""),
        (b"ECHO 'it\\'s \\n'\r\n", "$it's \\n"),
        (b"  ECHO   plain\t\r\n", "$plain"),
        (b"ECHO \"\"\r\n", "$"),
        (b"ECHO newline\n", "$newline"),
    ];
    for (line, expected) in cases {
        client.send_raw(line);
        assert_eq!(client.reply(), expected, "{}", line.escape_ascii());
    }
}

#[test]
fn each_protocol_has_its_own_nothing_and_its_own_maps() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[("GET k", "$nil"), ("WATCH k", "+OK"), ("SET k 1", "+OK"), ("MULTI", "+OK"), ("EXEC", "*nil")],
    );
    check(&mut client, "CLIENT TRACKINGINFO", "*6[$flags *1[$off] $redirect :-1 $prefixes *0[]]");
    assert!(client.call("HELLO 3").starts_with("%7["));
    check_all(
        &mut client,
        &[("GET none", "_"), ("WATCH k", "+OK"), ("SET k 1", "+OK"), ("MULTI", "+OK"), ("EXEC", "_")],
    );
    check(&mut client, "CLIENT TRACKINGINFO", "%3[$flags ~1[$off] $redirect :-1 $prefixes *0[]]");
    assert!(client.call("CLIENT INFO").starts_with("=txt:id="));
    assert!(client.call("HELLO 2").starts_with("*14["));
}

#[test]
fn fifty_megabytes_go_in_and_come_back() {
    let server = Server::start();
    let mut client = server.client();
    let value: Vec<u8> =
        (0..50_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f).collect();
    assert_eq!(client.call_arguments(&[&b"SET"[..], b"k", &value]), "+OK");
    let reply = client.call("GET k");
    assert!(reply.as_bytes()[1..] == value, "the value differs");
    check(&mut client, "PING", "+PONG");
}

#[test]
fn a_client_that_sends_no_more_still_gets_its_replies() {
    let server = Server::start();
    let value = vec![b'x'; 3_000_000];
    assert_eq!(server.client().call_arguments(&[&b"SET"[..], b"k", &value]), "+OK");
    let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    stream.write_all(b"GET k\r\nPING\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut words = Vec::new();
    stream.read_to_end(&mut words).unwrap();
    assert_eq!(words.len(), "$3000000\r\n".len() + value.len() + "\r\n+PONG\r\n".len());
    assert!(words.ends_with(b"\r\n+PONG\r\n"));
}

#[test]
fn clients_that_leave_are_forgotten_however_they_leave() {
    let server = Server::start();
    let mut watcher = server.client();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.write_all(b"PING\r\nPING\r\n*1\r\n").unwrap();
        drop(stream);
        drop(Client::connect(server.port));
    }
    assert!(wait_until(|| watcher.call("CLIENT LIST").matches("id=").count() == 1));
}

#[test]
fn nothing_is_executed_or_answered_after_quit() {
    let server = Server::start();
    assert_eq!(last_words(&server, b"PING\r\nQUIT\r\nSET k 1\r\nPING\r\n"), "+PONG\r\n+OK\r\n");
    check(&mut server.client(), "GET k", "$nil");
}

#[test]
fn a_client_that_speaks_http_is_cut_off_and_reported() {
    let server = Server::start();
    for request in [&b"POST / HTTP/1.1\r\nSET k 1\r\n"[..], b"Host: example.com\r\nSET k 1\r\n"] {
        assert_eq!(last_words(&server, request), "");
    }
    check(&mut server.client(), "GET k", "$nil");
    assert_eq!(server.log().matches("Possible SECURITY ATTACK detected").count(), 1);
}
