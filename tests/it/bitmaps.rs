//! Bits and integers inside of strings.

use crate::support::{Server, check, check_all};

const OFFSET: &str = "-ERR bit offset is not an integer or out of range";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const SYNTAX: &str = "-ERR syntax error";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const FIELD_TYPE: &str =
    "-ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
const NO_MEMORY: &str = "-ERR Insufficient memory, failed allocating the string";

#[test]
fn a_bit_is_set_and_read_back_and_the_string_grows() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SETBIT k 1 1", ":0"),
            ("GET k", "$@"),
            ("SETBIT k 1 0", ":1"),
            ("SETBIT k 23 0", ":0"),
            ("STRLEN k", ":3"),
            ("GETBIT k 23", ":0"),
            ("GETBIT k 4294967295", ":0"),
            ("GETBIT missing 0", ":0"),
            ("EXISTS missing", ":0"),
            ("OBJECT ENCODING k", "$raw"),
            ("SET n 7", "+OK"),
            ("GETBIT n 2", ":1"),
            ("SETBIT n 7 0", ":1"),
            ("GET n", "$6"),
        ],
    );
}

#[test]
fn offsets_and_bits_are_checked_before_the_key() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SETBIT k -1 1", OFFSET),
            ("SETBIT k x 1", OFFSET),
            ("SETBIT k 4294967296 1", OFFSET),
            ("SETBIT k 9223372036854775807 1", OFFSET),
            ("SETBIT k 9223372036854775808 1", OFFSET),
            ("GETBIT k 4294967296", OFFSET),
            ("SETBIT k 0 2", "-ERR bit is not an integer or out of range"),
            ("SETBIT k 0 x", "-ERR bit is not an integer or out of range"),
            ("SETBIT k #1 1", OFFSET),
            ("EXISTS k", ":0"),
        ],
    );
}

#[test]
fn bits_are_counted_in_a_range_of_bytes_or_bits() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k foobar", "+OK"),
            ("BITCOUNT k", ":26"),
            ("BITCOUNT k 0 0", ":4"),
            ("BITCOUNT k 1 1 byte", ":6"),
            ("BITCOUNT k 5 30 BIT", ":17"),
            ("BITCOUNT k -2 -1", ":7"),
            ("BITCOUNT k 0 -100", ":4"),
            ("BITCOUNT k -1 -2", ":0"),
            ("BITCOUNT k -1 -2 nonsense", ":0"),
            ("BITCOUNT k 0 -1 nonsense", SYNTAX),
            ("BITCOUNT k 0", SYNTAX),
            ("BITCOUNT k 0 1 BIT 4", SYNTAX),
            ("BITCOUNT k 0 x", NOT_AN_INTEGER),
            ("BITCOUNT missing 0 x", ":0"),
            ("BITCOUNT k 9223372036854775807 -9223372036854775808", ":0"),
        ],
    );
}

#[test]
fn a_search_for_clear_bits_without_an_end_goes_on_behind_the_string() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(client, &[("BITPOS missing 0", ":0"), ("BITPOS missing 1 5 x", ":-1")]);
    check_all(
        client,
        &[("BITPOS missing 2", "-ERR The bit argument must be 1 or 0."), ("SET e \"\"", "+OK")],
    );
    check_all(client, &[("BITPOS e 0", ":-1"), ("BITPOS e 1", ":-1"), ("BITPOS e x", NOT_AN_INTEGER)]);
    assert_eq!(client.call_arguments(&[&b"SET"[..], b"k", b"\xff\xf0\x00"]), "+OK");
    check_all(
        client,
        &[
            ("BITPOS k 0", ":12"),
            ("BITPOS k 1", ":0"),
            ("BITPOS k 1 2", ":-1"),
            ("BITPOS k 0 0 0", ":-1"),
            ("BITPOS k 0 8 11 BIT", ":-1"),
            ("BITPOS k 0 8 12 BIT", ":12"),
            ("BITPOS k 1 -1 -1", ":-1"),
            ("BITPOS k 0 0 x BAT", SYNTAX),
            ("BITPOS k 0 0 x BIT", NOT_AN_INTEGER),
            ("BITPOS k 0 0 1 BIT 3", SYNTAX),
        ],
    );
    assert_eq!(client.call_arguments(&[&b"SET"[..], b"k", b"\xff\xff"]), "+OK");
    check_all(client, &[("BITPOS k 0", ":16"), ("BITPOS k 0 1", ":16"), ("BITPOS k 0 2", ":-1")]);
    check_all(client, &[("BITPOS k 0 0 -1", ":-1"), ("BITPOS k 0 0 -1 BIT", ":-1")]);
}

#[test]
fn strings_are_combined_and_short_ones_are_filled_up() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MSET a abc b a n 123", "+OK"),
            ("BITOP and d a b", ":3"),
            ("BITCOUNT d 1 -1", ":0"),
            ("BITOP OR d a missing", ":3"),
            ("GET d", "$abc"),
            ("BITOP XOR d n n n", ":3"),
            ("GET d", "$123"),
            ("OBJECT ENCODING d", "$raw"),
            ("BITOP NOT d b", ":1"),
            ("BITOP NOT d d", ":1"),
            ("GET d", "$a"),
            ("EXPIRE d 100", ":1"),
            ("BITOP OR d a", ":3"),
            ("TTL d", ":-1"),
            ("BITOP OR d missing", ":0"),
            ("EXISTS d", ":0"),
            ("BITOP NOT d a b", "-ERR BITOP NOT must be called with a single source key."),
            ("BITOP NAND d a b", SYNTAX),
        ],
    );
}

#[test]
fn fields_are_read_written_and_incremented() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("BITFIELD k SET u8 0 255 GET i8 0", "*2[:0 :-1]"),
            ("BITFIELD k INCRBY u8 0 1", "*1[:0]"),
            ("BITFIELD k OVERFLOW SAT INCRBY i5 #1 100 overflow fail INCRBY u2 0 5", "*2[:15 $nil]"),
            (
                "BITFIELD k SET i64 0 -1 GET u63 0 GET i64 1",
                "*3[:270215977642229760 :9223372036854775807 :-2]",
            ),
            ("BITFIELD k", "*0[]"),
            ("BITFIELD missing GET u8 0 GET i64 4294967295", "*2[:0 :0]"),
            ("EXISTS missing", ":0"),
            ("BITFIELD_RO k GET u4 0", "*1[:15]"),
            ("BITFIELD_RO k GET u4 0 SET u4 0 1", "-ERR BITFIELD_RO only supports the GET subcommand"),
            ("SET n 12", "+OK"),
            ("BITFIELD_RO n GET u8 0", "*1[:49]"),
            ("BITFIELD n SET u8 #1 51", "*1[:50]"),
            ("GET n", "$13"),
        ],
    );
}

#[test]
fn a_malformed_field_changes_nothing() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("BITFIELD k SET u8 0 1 GET u64 0", FIELD_TYPE),
            ("BITFIELD k GET u8", SYNTAX),
            ("BITFIELD k GET x8", SYNTAX),
            ("BITFIELD k SET u8 0", SYNTAX),
            ("BITFIELD k SET u8 0 x", NOT_AN_INTEGER),
            ("BITFIELD k SET u8 -1 0", OFFSET),
            ("BITFIELD k SET u8 #-1 0", OFFSET),
            ("BITFIELD k SET u8 #536870912 0", OFFSET),
            ("BITFIELD k SET i64 #9223372036854775807 0", OFFSET),
            ("BITFIELD k OVERFLOW", SYNTAX),
            ("BITFIELD k OVERFLOW GET u8 0", "-ERR Invalid OVERFLOW type specified"),
            ("BITFIELD k INCR u8 0 1", SYNTAX),
            ("EXISTS k", ":0"),
        ],
    );
}

#[test]
fn a_string_for_which_there_is_no_memory_is_refused() {
    let server = Server::with(&["--proto-max-bulk-len", "9223372036854775807"]);
    check_all(
        &mut server.client(),
        &[
            ("SET k abc", "+OK"),
            ("SETBIT k 9223372036854775807 1", NO_MEMORY),
            ("SETBIT new 9223372036854775807 1", NO_MEMORY),
            ("BITFIELD k SET u8 9223372036854775800 1", NO_MEMORY),
            ("BITFIELD new SET i64 9223372036854775807 1", NO_MEMORY),
            ("SETRANGE k 1152921504606846976 x", NO_MEMORY),
            ("SETRANGE new 1152921504606846976 x", NO_MEMORY),
            ("SETRANGE new 9223372036854775806 x", NO_MEMORY),
            ("GETBIT k 9223372036854775807", ":0"),
            ("GET k", "$abc"),
            ("EXISTS new", ":0"),
        ],
    );
}

#[test]
fn other_types_are_refused() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "RPUSH l a", ":1");
    for words in ["SETBIT l 0 1", "GETBIT l 0", "BITCOUNT l", "BITPOS l 0", "BITOP OR d l", "BITFIELD l"] {
        check(client, words, WRONG_TYPE);
    }
    check(client, "BITFIELD l SET u8 0 1", WRONG_TYPE);
    check(client, "BITFIELD_RO l GET u8 0", WRONG_TYPE);
}
