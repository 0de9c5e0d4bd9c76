//! Stream commands and consumer groups.

use crate::support::{Client, Server, check, check_all, wait_until};

const INVALID_ID: &str = "-ERR Invalid stream ID specified as stream command argument";
const SYNTAX: &str = "-ERR syntax error";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

/// A client of a server whose stream `s` has entries 1-0 to 5-0 with a field `f`.
fn client_with_five(server: &Server) -> Client {
    let mut client = server.client();
    for number in 1..=5 {
        check(&mut client, &format!("XADD s {number}-0 f {number}"), &format!("${number}-0"));
    }
    client
}

/// Waits until as many clients are blocked.
fn wait_for_blocked(observer: &mut Client, count: usize) {
    let line = format!("blocked_clients:{count}\r\n");
    assert!(wait_until(|| observer.call("INFO clients").contains(&line)));
}

/// Where the number stands behind a name in the reply of XINFO.
fn field(reply: &str, name: &str) -> String {
    let (_, rest) = reply.split_once(&format!("${name} ")).expect("the field is there");
    rest.split([' ', ']']).next().unwrap_or_default().to_owned()
}

#[test]
fn xadd_gives_ids_that_grow() {
    let server = Server::start();
    let client = &mut server.client();
    let first = client.call("XADD s * a 1");
    let second = client.call("XADD s * a 2");
    let parse = |reply: &str| {
        let (ms, seq) = reply[1..].split_once('-').unwrap();
        (ms.parse::<u64>().unwrap(), seq.parse::<u64>().unwrap())
    };
    assert!(parse(&first) < parse(&second), "{first} {second}");
    check_all(
        client,
        &[
            ("XADD t 5 a 1", "$5-0"),
            ("XADD t 5-* a 1", "$5-1"),
            ("XADD t 7-* a 1", "$7-0"),
            ("XADD u 0-* a 1", "$0-1"),
            ("XADD v 18446744073709551615-18446744073709551614 a 1", "$18446744073709551615-18446744073709551614"),
            ("XADD v * a 1", "$18446744073709551615-18446744073709551615"),
            ("XADD v * a 1", "-ERR The stream has exhausted the last possible ID, unable to add more items"),
            ("XLEN v", ":2"),
        ],
    );
}

#[test]
fn xadd_refuses_what_does_not_fit_and_leaves_no_key() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("XADD s 0-0 a 1", "-ERR The ID specified in XADD must be greater than 0-0"),
            ("XADD s x a 1", INVALID_ID),
            ("XADD s + a 1", INVALID_ID),
            ("XADD s 1-0 a 1 b", "-ERR wrong number of arguments for 'xadd' command"),
            ("XADD s NOMKSTREAM 1-0 a 1", "$nil"),
            ("XADD s MAXLEN x 1-0 a 1", "-ERR value is not an integer or out of range"),
            ("XADD s MAXLEN -1 1-0 a 1", "-ERR The MAXLEN argument must be >= 0."),
            ("XADD s MAXLEN ~ 1 LIMIT -1 1-0 a 1", "-ERR The LIMIT argument must be >= 0."),
            (
                "XADD s MAXLEN 1 MINID 1 1-0 a 1",
                "-ERR syntax error, MAXLEN and MINID options at the same time are not compatible",
            ),
            (
                "XADD s LIMIT 5 1-0 a 1",
                "-ERR syntax error, LIMIT cannot be used without specifying a trimming strategy",
            ),
            (
                "XADD s MAXLEN = 1 LIMIT 5 1-0 a 1",
                "-ERR syntax error, LIMIT cannot be used without the special ~ option",
            ),
            ("EXISTS s", ":0"),
            ("XADD s 2-0 a 1", "$2-0"),
            ("XADD s 1-0 a 1", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
            ("XADD s 1-* a 1", "-ERR The ID specified in XADD is equal or smaller than the target stream top item"),
            ("XADD s NOMKSTREAM 3-0 a 1", "$3-0"),
            ("XLEN s", ":2"),
        ],
    );
}

#[test]
fn every_stream_command_refuses_another_type() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "SET k v", "+OK");
    for command in [
        "XADD k * a 1",
        "XLEN k",
        "XRANGE k - +",
        "XREVRANGE k + -",
        "XREAD STREAMS k 0",
        "XREADGROUP GROUP g c STREAMS k >",
        "XDEL k 1-0",
        "XTRIM k MAXLEN 0",
        "XSETID k 1-0",
        "XGROUP CREATE k g 0",
        "XGROUP SETID k g 0",
        "XGROUP DESTROY k g",
        "XGROUP CREATECONSUMER k g c",
        "XGROUP DELCONSUMER k g c",
        "XACK k g 1-0",
        "XPENDING k g",
        "XCLAIM k g c 0 1-0",
        "XAUTOCLAIM k g c 0 0",
        "XINFO STREAM k",
        "XINFO GROUPS k",
        "XINFO CONSUMERS k g",
    ] {
        check(client, command, WRONG_TYPE);
    }
    check(client, "GET k", "$v");
}

#[test]
fn ranges_are_read_in_both_directions() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XRANGE s 4 +", "*2[*2[$4-0 *2[$f $4]] *2[$5-0 *2[$f $5]]]"),
            ("XRANGE s - + COUNT 1", "*1[*2[$1-0 *2[$f $1]]]"),
            ("XREVRANGE s + - COUNT 1", "*1[*2[$5-0 *2[$f $5]]]"),
            ("XREVRANGE s (5 (3", "*2[*2[$5-0 *2[$f $5]] *2[$4-0 *2[$f $4]]]"),
            ("XREVRANGE s (5-0 (3-0", "*1[*2[$4-0 *2[$f $4]]]"),
            ("XRANGE s (3-0 4-0", "*1[*2[$4-0 *2[$f $4]]]"),
            ("XRANGE s 5 1", "*0[]"),
            ("XRANGE missing - +", "*0[]"),
            ("XRANGE s - + COUNT 0", "*nil"),
            ("XRANGE s - + COUNT -5", "*nil"),
            ("XRANGE s - + COUNT x", "-ERR value is not an integer or out of range"),
            ("XRANGE s - + COUNT", SYNTAX),
            ("XRANGE s (- +", INVALID_ID),
            (
                "XRANGE s (18446744073709551615-18446744073709551615 +",
                "-ERR invalid start ID for the interval",
            ),
            ("XREVRANGE s (0-0 -", "-ERR invalid end ID for the interval"),
        ],
    );
}

#[test]
fn fields_come_back_as_they_were_given() {
    let server = Server::start();
    let client = &mut server.client();
    let long = "x".repeat(5000);
    let fields = [&b"f"[..], b"1", b"f", b"-70000", b"", b"\0\r\n", b"007", long.as_bytes()];
    let mut request = vec![&b"XADD"[..], b"s", b"1-0"];
    request.extend(fields);
    assert_eq!(client.call_arguments(&request), "$1-0");
    check(client, "XADD s 2-0 other 12345678901", "$2-0");
    let expected = format!("*2[*2[$1-0 *8[$f $1 $f $-70000 $ $\0\r\n $007 ${long}]] *2[$2-0 *2[$other $12345678901]]]");
    assert_eq!(client.call("XRANGE s - +"), expected);
}

#[test]
fn a_range_over_many_nodes_is_whole() {
    let server = Server::start();
    let client = &mut server.client();
    for number in 1..=1000 {
        client.send(&format!("XADD s {number}-0 f {number}"));
    }
    (0..1000).for_each(|_| assert!(client.reply().starts_with('$')));
    let ids = |reply: &str| reply.matches("-0 *2[").count();
    for (words, count) in [
        ("XRANGE s - +", 1000),
        ("XRANGE s 50 950", 901),
        ("XREVRANGE s 950 50", 901),
        ("XRANGE s 50 950 COUNT 500", 500),
        ("XREAD STREAMS s 150-0", 850),
    ] {
        assert_eq!(ids(&client.call(words)), count, "{words}");
    }
}

#[test]
fn xdel_and_xtrim_say_what_they_removed() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XDEL missing 1-0", ":0"),
            ("XDEL s 1-0 x", INVALID_ID),
            ("XDEL s 3-0 3-0 9-9", ":1"),
            ("XLEN s", ":4"),
            ("XRANGE s 2 4", "*2[*2[$2-0 *2[$f $2]] *2[$4-0 *2[$f $4]]]"),
            ("XTRIM s", "-ERR wrong number of arguments for 'xtrim' command"),
            ("XTRIM s NOMKSTREAM 1", SYNTAX),
            ("XTRIM s LIMIT 0", "-ERR syntax error, XTRIM must be called with a trimming strategy"),
            ("XTRIM s MAXLEN ~ 1", ":0"),
            ("XTRIM s MINID 2-0", ":1"),
            ("XTRIM s MAXLEN = 1", ":2"),
            ("XTRIM missing MAXLEN 1", ":0"),
            ("XRANGE s - +", "*1[*2[$5-0 *2[$f $5]]]"),
            ("XADD s MAXLEN 2 6-0 f 6", "$6-0"),
            ("XADD s MAXLEN 2 7-0 f 7", "$7-0"),
            ("XLEN s", ":2"),
            ("XTRIM s MAXLEN 0", ":2"),
            ("EXISTS s", ":1"),
            ("TYPE s", "+stream"),
            ("OBJECT ENCODING s", "$stream"),
        ],
    );
}

#[test]
fn approximate_trimming_removes_whole_nodes_up_to_its_limit() {
    let server = Server::with(&["--stream-node-max-entries", "10"]);
    let client = &mut server.client();
    for number in 1..=100 {
        client.call(&format!("XADD s {number}-0 f v"));
    }
    check_all(
        client,
        &[
            ("XTRIM s MAXLEN ~ 85", ":10"),
            ("XTRIM s MAXLEN ~ 50 LIMIT 25", ":20"),
            ("XTRIM s MAXLEN ~ 50 LIMIT 0", ":20"),
            ("XTRIM s MINID ~ 75", ":20"),
            ("XTRIM s MINID 75", ":4"),
            ("XLEN s", ":26"),
        ],
    );
}

#[test]
fn xsetid_keeps_ids_growing() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XDEL s 4-0 5-0", ":2"),
            ("XSETID missing 1-0", "-ERR no such key"),
            ("XSETID s x", INVALID_ID),
            ("XSETID s 6-0 ENTRIESADDED", SYNTAX),
            ("XSETID s 6-0 ENTRIESADDED -1", "-ERR entries_added must be positive"),
            (
                "XSETID s 6-0 ENTRIESADDED 1",
                "-ERR The entries_added specified in XSETID is smaller than the target stream length",
            ),
            (
                "XSETID s 6-0 MAXDELETEDID 7-0",
                "-ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id",
            ),
            ("XSETID s 4-9", "-ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"),
            ("XSETID s 20-5 ENTRIESADDED 100 MAXDELETEDID 19-0", "+OK"),
            ("XADD s 20-* f v", "$20-6"),
            ("XSETID s 20-5", "-ERR The ID specified in XSETID is smaller than the target stream top item"),
        ],
    );
    let info = client.call("XINFO STREAM s");
    assert_eq!(field(&info, "entries-added"), ":101");
    assert_eq!(field(&info, "max-deleted-entry-id"), "$19-0");
}

#[test]
fn xread_reads_what_is_behind_an_id() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XADD t 9-0 f v", "$9-0"),
            ("XREAD STREAMS s 4", "*1[*2[$s *1[*2[$5-0 *2[$f $5]]]]]"),
            ("XREAD COUNT 1 STREAMS s t 0 0", "*2[*2[$s *1[*2[$1-0 *2[$f $1]]]] *2[$t *1[*2[$9-0 *2[$f $v]]]]]"),
            ("XREAD STREAMS s t missing 5-0 9-0 0", "*nil"),
            ("XREAD STREAMS s $", "*nil"),
            ("XREAD STREAMS s >", "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."),
            ("XREAD STREAMS s t 0", "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified."),
            ("XREAD GROUP g c STREAMS s 0", "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead."),
            ("XREAD NOACK STREAMS s 0", "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead."),
            ("XREAD COUNT 1 s 0", SYNTAX),
            ("XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range"),
            ("XREAD BLOCK -1 STREAMS s 0", "-ERR timeout is negative"),
            ("HELLO 3", &client_hello(&server)),
            ("XREAD COUNT 1 STREAMS s t 4 0", "%2[$s *1[*2[$5-0 *2[$f $5]]] $t *1[*2[$9-0 *2[$f $v]]]]"),
            ("XREAD STREAMS s $", "_"),
        ],
    );
}
