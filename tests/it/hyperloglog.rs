//! HyperLogLogs.

use crate::support::{Client, Server, check, check_all};

const NOT_A_SKETCH: &str = "-WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED: &str = "-INVALIDOBJ Corrupted HLL object detected";

/// A sparse sketch with these opcodes, as a client could store it.
fn craft(client: &mut Client, key: &str, opcodes: &[u8]) {
    let mut text = b"HYLL\x01\0\0\0\0\0\0\0\0\0\0\x80".to_vec();
    text.extend_from_slice(opcodes);
    assert_eq!(client.call_arguments(&[&b"SET"[..], key.as_bytes(), &text]), "+OK");
}

#[test]
fn elements_are_counted_once() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("PFADD k", ":1"),
            ("PFADD k", ":0"),
            ("PFCOUNT k", ":0"),
            ("PFADD k a b c d e f g", ":1"),
            ("PFADD k a b c", ":0"),
            ("PFCOUNT k", ":7"),
            ("PFCOUNT k", ":7"),
            ("PFADD k h", ":1"),
            ("PFCOUNT k", ":8"),
            ("PFCOUNT missing", ":0"),
            ("EXISTS missing", ":0"),
            ("TYPE k", "+string"),
            ("OBJECT ENCODING k", "$raw"),
        ],
    );
}

#[test]
fn several_keys_are_counted_together_and_merged() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("PFADD a 1 2 3 4", ":1"),
            ("PFADD b 3 4 5 6", ":1"),
            ("PFCOUNT a b missing", ":6"),
            ("PFMERGE d a b missing", "+OK"),
            ("PFCOUNT d", ":6"),
            ("PFMERGE a b", "+OK"),
            ("PFCOUNT a", ":6"),
            ("PFDEBUG ENCODING d", "+sparse"),
            ("PFDEBUG TODENSE b", ":1"),
            ("PFDEBUG TODENSE b", ":0"),
            ("PFMERGE d b", "+OK"),
            ("PFDEBUG ENCODING d", "+dense"),
            ("PFCOUNT d", ":6"),
            ("STRLEN d", ":12304"),
            ("PFMERGE e", "+OK"),
            ("PFCOUNT e", ":0"),
        ],
    );
}

#[test]
fn the_limit_decides_when_a_sketch_becomes_dense() {
    let server = Server::start();
    let client = &mut server.client();
    let mut words = vec!["PFADD".to_owned(), "k".to_owned()];
    words.extend((0..1000).map(|number| number.to_string()));
    assert_eq!(client.call_arguments(&words), ":1");
    check_all(client, &[("PFDEBUG ENCODING k", "+sparse"), ("PFCOUNT k", ":1001")]);
    check(client, "CONFIG SET hll-sparse-max-bytes 100", "+OK");
    check_all(client, &[("PFADD k x", ":1"), ("PFDEBUG ENCODING k", "+dense"), ("PFCOUNT k", ":1002")]);
}

#[test]
fn other_strings_and_types_are_refused() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[("SET n 12", "+OK"), ("SET s HYLLxxxxxxxxxxxxxxxxxxxx", "+OK"), ("SET e \"\"", "+OK")],
    );
    for key in ["n", "s", "e"] {
        for command in ["PFADD k", "PFCOUNT k", "PFCOUNT k k", "PFMERGE d k", "PFDEBUG ENCODING k"] {
            check(client, &command.replace('k', key), NOT_A_SKETCH);
        }
    }
    check_all(client, &[("EXISTS d", ":0"), ("RPUSH l a", ":1")]);
    for command in ["PFADD l a", "PFCOUNT l", "PFCOUNT l l", "PFMERGE l", "PFMERGE d l", "PFDEBUG ENCODING l"]
    {
        check(client, command, "-WRONGTYPE Operation against a key holding the wrong kind of value");
    }
}

#[test]
fn crafted_sketches_are_refused_and_left_as_they_are() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "PFADD good a", ":1");
    // Too few registers, too many, a run that reaches behind the last one, an opcode without its second byte.
    let too_many = [0x7f, 0xff].repeat(2000);
    let cases: [&[u8]; 5] = [b"", b"\x00", &too_many, b"\x7f\xfe\x83", b"\x7f\xfe\x41"];
    for opcodes in cases {
        craft(client, "k", opcodes);
        let before = client.call("GET k");
        for command in ["PFCOUNT k", "PFCOUNT k good", "PFMERGE d k", "PFMERGE k good", "PFDEBUG GETREG k"] {
            check(client, command, CORRUPTED);
        }
        check(client, "PFDEBUG TODENSE k", CORRUPTED);
        assert_eq!(client.call("GET k"), before);
    }
    craft(client, "k", b"\x00");
    check(client, "PFADD k a b c", CORRUPTED);
    check_all(client, &[("EXISTS d", ":0"), ("STRLEN k", ":17")]);
}

#[test]
fn the_inside_can_be_looked_at() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "PFADD k a b", ":1");
    check(client, "PFDEBUG DECODE k", "$Z:12711 v:2,1 Z:3068 v:1,1 Z:603");
    let registers = client.call("PFDEBUG GETREG k");
    assert!(registers.starts_with("*16384[:0 "));
    assert_eq!((registers.matches(":1").count(), registers.matches(":2").count()), (1, 1));
    check(client, "PFDEBUG DECODE k", "-ERR HLL encoding is not sparse");
    check(client, "PFDEBUG NONSENSE k", "-ERR Unknown PFDEBUG subcommand 'NONSENSE'");
    check(client, "PFDEBUG NONSENSE missing", "-ERR The specified key does not exist");
}
