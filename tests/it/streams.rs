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
            (
                "XADD v 18446744073709551615-18446744073709551614 a 1",
                "$18446744073709551615-18446744073709551614",
            ),
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
            (
                "XADD s 1-0 a 1",
                "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
            ),
            (
                "XADD s 1-* a 1",
                "-ERR The ID specified in XADD is equal or smaller than the target stream top item",
            ),
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
    let expected =
        format!("*2[*2[$1-0 *8[$f $1 $f $-70000 $ $\0\r\n $007 ${long}]] *2[$2-0 *2[$other $12345678901]]]");
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
            (
                "XREAD COUNT 1 STREAMS s t 0 0",
                "*2[*2[$s *1[*2[$1-0 *2[$f $1]]]] *2[$t *1[*2[$9-0 *2[$f $v]]]]]",
            ),
            ("XREAD STREAMS s t missing 5-0 9-0 0", "*nil"),
            ("XREAD STREAMS s $", "*nil"),
            (
                "XREAD STREAMS s >",
                "-ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.",
            ),
            (
                "XREAD STREAMS s t 0",
                "-ERR Unbalanced 'xread' list of streams: for each stream key an ID or '$' must be specified.",
            ),
            (
                "XREAD GROUP g c STREAMS s 0",
                "-ERR The GROUP option is only supported by XREADGROUP. You called XREAD instead.",
            ),
            (
                "XREAD NOACK STREAMS s 0",
                "-ERR The NOACK option is only supported by XREADGROUP. You called XREAD instead.",
            ),
            ("XREAD COUNT 1 s 0", SYNTAX),
            ("XREAD BLOCK x STREAMS s 0", "-ERR timeout is not an integer or out of range"),
            ("XREAD BLOCK -1 STREAMS s 0", "-ERR timeout is negative"),
        ],
    );
    client.call("HELLO 3");
    check_all(
        client,
        &[
            ("XREAD COUNT 1 STREAMS s t 4 0", "%2[$s *1[*2[$5-0 *2[$f $5]]] $t *1[*2[$9-0 *2[$f $v]]]]"),
            ("XREAD STREAMS s $", "_"),
        ],
    );
}

#[test]
fn a_blocked_xread_gets_what_comes() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    let mut waiting = server.client();
    waiting.send("XREAD BLOCK 0 STREAMS other s missing 0 $ $");
    wait_for_blocked(client, 1);
    check_all(client, &[("XDEL s 5-0", ":1"), ("XADD s 6-0 f 6", "$6-0")]);
    assert_eq!(waiting.reply(), "*1[*2[$s *1[*2[$6-0 *2[$f $6]]]]]");

    waiting.send("XREAD BLOCK 0 STREAMS missing $");
    wait_for_blocked(client, 1);
    check_all(client, &[("XADD missing 1-1 f v", "$1-1")]);
    assert_eq!(waiting.reply(), "*1[*2[$missing *1[*2[$1-1 *2[$f $v]]]]]");
    check(&mut waiting, "XREAD BLOCK 1 STREAMS s $", "*nil");
}

#[test]
fn a_blocked_xread_gets_all_that_a_transaction_adds() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    let mut waiting = server.client();
    waiting.send("XREAD BLOCK 0 STREAMS s $");
    wait_for_blocked(client, 1);
    check_all(
        client,
        &[
            ("MULTI", "+OK"),
            ("XADD s 6-0 f 6", "+QUEUED"),
            ("XADD s 7-0 f 7", "+QUEUED"),
            ("XREAD BLOCK 0 STREAMS s $", "+QUEUED"),
            ("EXEC", "*3[$6-0 $7-0 *nil]"),
        ],
    );
    assert_eq!(waiting.reply(), "*1[*2[$s *2[*2[$6-0 *2[$f $6]] *2[$7-0 *2[$f $7]]]]]");
}

#[test]
fn a_group_shares_entries_out_and_remembers_them() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XGROUP CREATE s g 0", "+OK"),
            ("XGROUP CREATE s g 0", "-BUSYGROUP Consumer Group name already exists"),
            (
                "XREADGROUP GROUP g alice COUNT 2 STREAMS s >",
                "*1[*2[$s *2[*2[$1-0 *2[$f $1]] *2[$2-0 *2[$f $2]]]]]",
            ),
            ("XREADGROUP GROUP g bob COUNT 1 STREAMS s >", "*1[*2[$s *1[*2[$3-0 *2[$f $3]]]]]"),
            ("XREADGROUP GROUP g alice STREAMS s 1-0", "*1[*2[$s *1[*2[$2-0 *2[$f $2]]]]]"),
            ("XREADGROUP GROUP g carol STREAMS s 0", "*1[*2[$s *0[]]]"),
            ("XPENDING s g", "*4[:3 $1-0 $3-0 *2[*2[$alice $2] *2[$bob $1]]]"),
            ("XACK s g 1-0 1-0 9-9", ":1"),
            ("XACK s g x", INVALID_ID),
            ("XACK s nope x", ":0"),
            ("XDEL s 2-0", ":1"),
            ("XREADGROUP GROUP g alice STREAMS s 0", "*1[*2[$s *1[*2[$2-0 *nil]]]]"),
            (
                "XREADGROUP GROUP g bob NOACK STREAMS s >",
                "*1[*2[$s *2[*2[$4-0 *2[$f $4]] *2[$5-0 *2[$f $5]]]]]",
            ),
            ("XREADGROUP GROUP g bob STREAMS s >", "*nil"),
            ("XPENDING s g", "*4[:2 $2-0 $3-0 *2[*2[$alice $1] *2[$bob $1]]]"),
            ("XGROUP DELCONSUMER s g alice", ":1"),
            ("XGROUP DELCONSUMER s g nobody", ":0"),
            ("XGROUP CREATECONSUMER s g dave", ":1"),
            ("XGROUP CREATECONSUMER s g dave", ":0"),
            ("XPENDING s g", "*4[:1 $3-0 $3-0 *1[*2[$bob $1]]]"),
            ("XGROUP DESTROY s g", ":1"),
            ("XGROUP DESTROY s g", ":0"),
            ("XPENDING s g", "-NOGROUP No such key 's' or consumer group 'g'"),
        ],
    );
}

#[test]
fn groups_need_their_stream() {
    let server = Server::start();
    let needs_key = "-ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use \
                     the MKSTREAM option to create an empty stream automatically.";
    let no_group = "-NOGROUP No such consumer group 'g' for key name 's'";
    check_all(
        &mut server.client(),
        &[
            ("XGROUP CREATE s g $", needs_key),
            ("XGROUP DESTROY s g", needs_key),
            ("XGROUP CREATE s g x MKSTREAM", INVALID_ID),
            ("EXISTS s", ":0"),
            (
                "XGROUP CREATE s h $ MKSTREAM ENTRIESREAD -2",
                "-ERR value for ENTRIESREAD must be positive or -1",
            ),
            ("XGROUP CREATE s h $ MKSTREAM", "+OK"),
            ("XLEN s", ":0"),
            ("XGROUP SETID s g 0", no_group),
            ("XGROUP CREATECONSUMER s g c", no_group),
            ("XGROUP DELCONSUMER s g c", no_group),
            ("XINFO CONSUMERS s g", no_group),
            (
                "XGROUP SETID s h 0 BOGUS",
                "-ERR unknown subcommand or wrong number of arguments for 'SETID'. Try XGROUP HELP.",
            ),
            ("XGROUP BOGUS s h", "-ERR unknown subcommand 'BOGUS'. Try XGROUP HELP."),
            (
                "XREADGROUP GROUP g c STREAMS s >",
                "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
            ),
            ("XREADGROUP COUNT 1 NOACK STREAMS s t > >", "-ERR Missing GROUP option for XREADGROUP"),
            (
                "XREADGROUP GROUP h c STREAMS s h >",
                "-ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.",
            ),
            (
                "XREADGROUP GROUP h c STREAMS s $",
                "-ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.",
            ),
        ],
    );
}

#[test]
fn a_blocked_consumer_gets_what_comes_or_hears_that_the_group_went() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    let mut waiting = server.client();
    let gone = "-NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option";
    for (end, reply) in [
        ("XADD s 6-0 f 6", "*1[*2[$s *1[*2[$6-0 *2[$f $6]]]]]"),
        ("XGROUP DESTROY s g", gone),
        ("DEL s", gone),
        ("SET s v", WRONG_TYPE),
        ("RENAME other s", gone),
        ("FLUSHALL", gone),
    ] {
        client.call("DEL s");
        check(client, "XGROUP CREATE s g $ MKSTREAM", "+OK");
        client.call("XADD other * f v");
        waiting.send("XREADGROUP GROUP g c BLOCK 0 STREAMS s >");
        wait_for_blocked(client, 1);
        client.call(end);
        assert_eq!(waiting.reply(), reply, "{end}");
    }
}

#[test]
fn those_who_wait_first_are_served_first() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "XGROUP CREATE s g $ MKSTREAM", "+OK");
    let mut waiting: Vec<Client> = (0..3).map(|_| server.client()).collect();
    for (place, consumer) in waiting.iter_mut().enumerate() {
        consumer.send(&format!("XREADGROUP GROUP g c{place} COUNT 1 BLOCK 0 STREAMS s >"));
        wait_for_blocked(client, place + 1);
    }
    client.call("XADD s 1-0 f v");
    client.call("XADD s 2-0 f v");
    assert_eq!(waiting[0].reply(), "*1[*2[$s *1[*2[$1-0 *2[$f $v]]]]]");
    assert_eq!(waiting[1].reply(), "*1[*2[$s *1[*2[$2-0 *2[$f $v]]]]]");
    wait_for_blocked(client, 1);
}

#[test]
fn xpending_lists_what_an_interval_and_a_consumer_select() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XGROUP CREATE s g 0", "+OK"),
            ("XPENDING s g", "*4[:0 $nil $nil *nil]"),
            ("XPENDING s g - +", SYNTAX),
            ("XPENDING s g IDLE 0 - +", SYNTAX),
            ("XPENDING s g - + x", "-ERR value is not an integer or out of range"),
            ("XPENDING s g x + 1", INVALID_ID),
        ],
    );
    client.call("XREADGROUP GROUP g alice COUNT 3 STREAMS s >");
    client.call("XREADGROUP GROUP g bob STREAMS s >");
    let listed = |reply: &str| -> Vec<String> {
        reply.split("*4[$").skip(1).map(|entry| entry.split(" :").next().unwrap().to_owned()).collect()
    };
    for (words, expected) in [
        ("XPENDING s g - + 10", &["1-0 $alice", "2-0 $alice", "3-0 $alice", "4-0 $bob", "5-0 $bob"][..]),
        ("XPENDING s g (1 4 2", &["2-0 $alice", "3-0 $alice"]),
        ("XPENDING s g - + 10 bob", &["4-0 $bob", "5-0 $bob"]),
        ("XPENDING s g - + 10 nobody", &[]),
        ("XPENDING s g - + -1", &[]),
        ("XPENDING s g IDLE 0 - + 1 bob", &["4-0 $bob"]),
        ("XPENDING s g IDLE 99999999 - + 10", &[]),
    ] {
        assert_eq!(listed(&client.call(words)), expected, "{words}");
    }
}

#[test]
fn xclaim_hands_entries_over() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(client, &[("XGROUP CREATE s g 0", "+OK"), ("XCLAIM s g bob 0 1-0", "*0[]")]);
    client.call("XREADGROUP GROUP g alice COUNT 3 STREAMS s >");
    check_all(
        client,
        &[
            ("XCLAIM s nope bob 0 1-0", "-NOGROUP No such key 's' or consumer group 'nope'"),
            ("XCLAIM s g bob x 1-0", "-ERR Invalid min-idle-time argument for XCLAIM"),
            ("XCLAIM s g bob 0 1-0 IDLE x", "-ERR Invalid IDLE option argument for XCLAIM"),
            ("XCLAIM s g bob 0 1-0 TIME x", "-ERR Invalid TIME option argument for XCLAIM"),
            ("XCLAIM s g bob 0 1-0 RETRYCOUNT x", "-ERR Invalid RETRYCOUNT option argument for XCLAIM"),
            ("XCLAIM s g bob 0 1-0 BOGUS", "-ERR Unrecognized XCLAIM option 'BOGUS'"),
            ("XCLAIM s g bob 99999999 1-0", "*0[]"),
            ("XCLAIM s g bob 0 1-0 2-0 JUSTID", "*2[$1-0 $2-0]"),
            ("XCLAIM s g bob 0 3-0 5-0", "*1[*2[$3-0 *2[$f $3]]]"),
            ("XCLAIM s g bob 0 5-0 FORCE JUSTID LASTID 4-0", "*1[$5-0]"),
            ("XPENDING s g", "*4[:4 $1-0 $5-0 *1[*2[$bob $4]]]"),
            ("XDEL s 1-0", ":1"),
            ("XCLAIM s g bob 0 1-0", "*0[]"),
            ("XPENDING s g", "*4[:3 $2-0 $5-0 *1[*2[$bob $3]]]"),
            ("XREADGROUP GROUP g alice STREAMS s >", "*1[*2[$s *1[*2[$5-0 *2[$f $5]]]]]"),
        ],
    );
    let delivered = |client: &mut Client, id: &str| {
        let reply = client.call(&format!("XPENDING s g {id} {id} 1"));
        reply.trim_end_matches(']').rsplit(':').next().unwrap().to_owned()
    };
    assert_eq!(delivered(client, "2-0"), "1");
    assert_eq!(delivered(client, "3-0"), "2");
    check(client, "XCLAIM s g bob 0 3-0 RETRYCOUNT 7 JUSTID", "*1[$3-0]");
    assert_eq!(delivered(client, "3-0"), "7");
    check(client, "XCLAIM s g bob 0 3-0 TIME 1000 JUSTID", "*1[$3-0]");
    check(client, "XCLAIM s g bob 99999999 2-0 3-0 JUSTID", "*1[$3-0]");
}

#[test]
fn xautoclaim_goes_on_from_its_cursor_and_drops_deleted_entries() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check(client, "XGROUP CREATE s g 0", "+OK");
    client.call("XREADGROUP GROUP g alice STREAMS s >");
    check_all(
        client,
        &[
            ("XDEL s 2-0 4-0", ":2"),
            ("XAUTOCLAIM s g bob x 0", "-ERR Invalid min-idle-time argument for XAUTOCLAIM"),
            ("XAUTOCLAIM s g bob 0 0 COUNT 0", "-ERR COUNT must be > 0"),
            ("XAUTOCLAIM s g bob 0 0 COUNT 9223372036854775807", "-ERR COUNT must be > 0"),
            ("XAUTOCLAIM s g bob 0 0 BOGUS", SYNTAX),
            ("XAUTOCLAIM s g bob 0 x", INVALID_ID),
            ("XAUTOCLAIM s nope bob 0 0", "-NOGROUP No such key 's' or consumer group 'nope'"),
            ("XAUTOCLAIM s g bob 0 0 COUNT 2", "*3[$3-0 *1[*2[$1-0 *2[$f $1]]] *1[$2-0]]"),
            ("XAUTOCLAIM s g bob 0 (3-0 JUSTID", "*3[$0-0 *1[$5-0] *1[$4-0]]"),
            ("XAUTOCLAIM s g bob 99999999 0", "*3[$0-0 *0[] *0[]]"),
            ("XPENDING s g", "*4[:3 $1-0 $5-0 *2[*2[$alice $1] *2[$bob $2]]]"),
        ],
    );
}

#[test]
fn xinfo_tells_of_streams_groups_and_consumers() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check_all(
        client,
        &[
            ("XINFO STREAM missing", "-ERR no such key"),
            (
                "XINFO STREAM s BOGUS",
                "-ERR unknown subcommand or wrong number of arguments for 'STREAM'. Try XINFO HELP.",
            ),
            ("XINFO GROUPS s", "*0[]"),
            ("XGROUP CREATE s g 0", "+OK"),
            ("XGROUP CREATE s h 3-0 ENTRIESREAD 3", "+OK"),
        ],
    );
    client.call("XREADGROUP GROUP g alice COUNT 2 STREAMS s >");
    check_all(
        client,
        &[
            (
                "XINFO STREAM s",
                "*20[$length :5 $radix-tree-keys :1 $radix-tree-nodes :2 $last-generated-id $5-0 \
                 $max-deleted-entry-id $0-0 $entries-added :5 $recorded-first-entry-id $1-0 $groups :2 \
                 $first-entry *2[$1-0 *2[$f $1]] $last-entry *2[$5-0 *2[$f $5]]]",
            ),
            (
                "XINFO GROUPS s",
                "*2[*12[$name $g $consumers :1 $pending :2 $last-delivered-id $2-0 $entries-read :2 $lag :3] \
                 *12[$name $h $consumers :0 $pending :0 $last-delivered-id $3-0 $entries-read :3 $lag :2]]",
            ),
        ],
    );
    let consumers = client.call("XINFO CONSUMERS s g");
    assert!(consumers.starts_with("*1[*8[$name $alice $pending :2 $idle :"), "{consumers}");
    let full = client.call("XINFO STREAM s FULL COUNT 1");
    let head = "*18[$length :5 $radix-tree-keys :1 $radix-tree-nodes :2 $last-generated-id $5-0 \
                $max-deleted-entry-id $0-0 $entries-added :5 $recorded-first-entry-id $1-0 \
                $entries *1[*2[$1-0 *2[$f $1]]] $groups *2[*14[$name $g $last-delivered-id $2-0 $entries-read :2 \
                $lag :3 $pel-count :2 $pending *1[*4[$1-0 $alice :";
    assert!(full.starts_with(head), "{full}");
    client.call("HELLO 3");
    assert!(client.call("XINFO STREAM s").starts_with("%10[$length :5"));
    assert!(client.call("XINFO GROUPS s").starts_with("*2[%6[$name $g"));
}

#[test]
fn lag_is_unknown_once_entries_ahead_were_deleted() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check(client, "XGROUP CREATE s g 0", "+OK");
    client.call("XREADGROUP GROUP g alice COUNT 1 STREAMS s >");
    let lag = |client: &mut Client| field(&client.call("XINFO GROUPS s"), "lag");
    assert_eq!(lag(client), ":4");
    check(client, "XDEL s 3-0", ":1");
    assert_eq!(lag(client), "$nil");
    client.call("XREADGROUP GROUP g alice STREAMS s >");
    assert_eq!(lag(client), ":0");
}

#[test]
fn help_lists_subcommands() {
    let server = Server::start();
    let client = &mut server.client();
    assert!(client.call("XGROUP HELP").starts_with("*17[+XGROUP <subcommand> "));
    assert!(client.call("XINFO HELP").starts_with("*9[+XINFO <subcommand> "));
}

#[test]
fn events_tell_what_happened_to_a_stream() {
    let server = Server::with(&["--notify-keyspace-events", "Kt"]);
    let client = &mut server.client();
    let mut listener = server.client();
    check(&mut listener, "SUBSCRIBE __keyspace@0__:s", "*3[$subscribe $__keyspace@0__:s :1]");
    for (words, events) in [
        ("XADD s 1-0 f v", &["xadd"][..]),
        ("XADD s MAXLEN 1 2-0 f v", &["xadd", "xtrim"]),
        ("XGROUP CREATE s g 0", &["xgroup-create"]),
        ("XREADGROUP GROUP g c STREAMS s >", &["xgroup-createconsumer"]),
        ("XCLAIM s g d 0 2-0", &["xgroup-createconsumer"]),
        ("XGROUP CREATECONSUMER s g e", &["xgroup-createconsumer"]),
        ("XGROUP DELCONSUMER s g e", &["xgroup-delconsumer"]),
        ("XGROUP SETID s g 0", &["xgroup-setid"]),
        ("XGROUP DESTROY s g", &["xgroup-destroy"]),
        ("XSETID s 5-0", &["xsetid"]),
        ("XDEL s 2-0", &["xdel"]),
        ("XADD s 6-0 f v", &["xadd"]),
        ("XTRIM s MAXLEN 0", &["xtrim"]),
    ] {
        client.call(words);
        for event in events {
            assert_eq!(listener.reply(), format!("*3[$message $__keyspace@0__:s ${event}]"), "{words}");
        }
    }
}

#[test]
fn watchers_hear_of_entries_but_not_of_groups() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    let mut other = server.client();
    check(client, "XGROUP CREATE s g 0", "+OK");
    for (words, is_change) in [
        ("XADD s 6-0 f v", true),
        ("XDEL s 6-0", true),
        ("XTRIM s MAXLEN 4", true),
        ("XTRIM s MAXLEN 4", false),
        ("XREADGROUP GROUP g c COUNT 1 STREAMS s >", false),
        ("XGROUP CREATE s h 0", false),
    ] {
        check_all(client, &[("WATCH s", "+OK"), ("MULTI", "+OK"), ("PING", "+QUEUED")]);
        other.call(words);
        check(client, "EXEC", if is_change { "*nil" } else { "*1[+PONG]" });
    }
}

#[test]
fn streams_are_copied_with_their_groups() {
    let server = Server::start();
    let client = &mut client_with_five(&server);
    check(client, "XGROUP CREATE s g 0", "+OK");
    client.call("XREADGROUP GROUP g alice COUNT 2 STREAMS s >");
    check_all(
        client,
        &[
            ("COPY s t", ":1"),
            ("XACK s g 1-0 2-0", ":2"),
            ("XTRIM s MAXLEN 0", ":5"),
            ("XLEN t", ":5"),
            ("XPENDING t g", "*4[:2 $1-0 $2-0 *1[*2[$alice $2]]]"),
        ],
    );
}
