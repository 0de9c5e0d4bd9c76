//! List commands: pushes and pops, ranges, moves, and the blocking forms.

use crate::support::{Client, Server, check, check_all, wait_until};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const MUST_BE_POSITIVE: &str = "-ERR value is out of range, must be positive";
const SYNTAX: &str = "-ERR syntax error";

/// Waits until this many clients are blocked.
#[track_caller]
fn wait_for_blocked(client: &mut Client, count: usize) {
    let expected = format!("blocked_clients:{count}\r");
    assert!(wait_until(|| client.call("INFO clients").contains(&expected)), "{count} blocked clients");
}

#[test]
fn both_ends_push_and_pop() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b", ":2"),
            ("LPUSH l c d", ":4"),
            ("LRANGE l 0 -1", "*4[$d $c $a $b]"),
            ("LPUSHX missing a", ":0"),
            ("RPUSHX missing a", ":0"),
            ("LPUSHX l e", ":5"),
            ("RPUSHX l f \"\"", ":7"),
            ("LPOP l", "$e"),
            ("RPOP l", "$"),
            ("LLEN l", ":5"),
            ("LPOP l 2", "*2[$d $c]"),
            ("RPOP l 100", "*3[$f $b $a]"),
            ("EXISTS l", ":0"),
            ("LPOP l", "$nil"),
            ("LPOP l 1", "*nil"),
            ("LLEN l", ":0"),
        ],
    );
}

#[test]
fn counts_of_pops_are_checked_before_the_key() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a", ":1"),
            ("LPOP l 0", "*0[]"),
            ("LPOP missing 0", "*nil"),
            ("LPOP l -1", MUST_BE_POSITIVE),
            ("RPOP missing x", MUST_BE_POSITIVE),
            ("LPOP l 1 2", "-ERR wrong number of arguments for 'lpop' command"),
            ("LLEN l", ":1"),
        ],
    );
    let client = &mut server.client();
    client.call("HELLO 3");
    check_all(client, &[("LPOP missing", "_"), ("LPOP missing 1", "_"), ("LMPOP 1 missing LEFT", "_")]);
}

#[test]
fn ranges_are_cut_to_the_list() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b c d e", ":5"),
            ("LRANGE l 1 3", "*3[$b $c $d]"),
            ("LRANGE l -100 1", "*2[$a $b]"),
            ("LRANGE l 3 1", "*0[]"),
            ("LRANGE l 9223372036854775807 -9223372036854775808", "*0[]"),
            ("LRANGE missing 0 -1", "*0[]"),
            ("LRANGE l 0 x", NOT_AN_INTEGER),
            ("LTRIM l 1 -2", "+OK"),
            ("LRANGE l 0 -1", "*3[$b $c $d]"),
            ("LTRIM missing 0 0", "+OK"),
            ("LTRIM l 5 9", "+OK"),
            ("EXISTS l", ":0"),
        ],
    );
}

#[test]
fn elements_are_found_and_changed_in_place() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b c b 1", ":5"),
            ("LINDEX l 0", "$a"),
            ("LINDEX l -1", "$1"),
            ("LINDEX l 5", "$nil"),
            ("LINDEX l x", NOT_AN_INTEGER),
            ("LINDEX missing x", "$nil"),
            ("LSET l 1 B", "+OK"),
            ("LSET l -6 B", "-ERR index out of range"),
            ("LSET missing x B", "-ERR no such key"),
            ("LINSERT l BEFORE b 7", ":6"),
            ("LINSERT l after 1 z", ":7"),
            ("LINSERT l AFTER nothing z", ":-1"),
            ("LINSERT missing AFTER a b", ":0"),
            ("LINSERT l AROUND a b", SYNTAX),
            ("LRANGE l 0 -1", "*7[$a $B $c $7 $b $1 $z]"),
            ("LREM l 0 nothing", ":0"),
            ("LREM l 1 7", ":1"),
            ("LREM l x 7", NOT_AN_INTEGER),
            ("RPUSH l a a", ":8"),
            ("LREM l -2 a", ":2"),
            ("LRANGE l 0 -1", "*6[$a $B $c $b $1 $z]"),
            ("LREM l -9223372036854775808 a", ":1"),
        ],
    );
}

#[test]
fn lpos_counts_ranks_from_either_end() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b c 1 2 3 c c", ":8"),
            ("LPOS l c", ":2"),
            ("LPOS l c RANK 2", ":6"),
            ("LPOS l c RANK -1", ":7"),
            ("LPOS l c RANK 4", "$nil"),
            ("LPOS l c COUNT 2", "*2[:2 :6]"),
            ("LPOS l c COUNT 0 RANK -2", "*2[:6 :2]"),
            ("LPOS l c MAXLEN 2", "$nil"),
            ("LPOS l c MAXLEN 3 COUNT 0", "*1[:2]"),
            ("LPOS l 3 RANK 9223372036854775807 COUNT 0", "*0[]"),
            ("LPOS missing c", "$nil"),
            ("LPOS missing c COUNT 1", "*0[]"),
            (
                "LPOS l c RANK -9223372036854775808",
                "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
            ),
            ("LPOS l c COUNT -1", "-ERR COUNT can't be negative"),
            ("LPOS l c MAXLEN x", "-ERR MAXLEN can't be negative"),
            ("LPOS l c RANK", SYNTAX),
        ],
    );
    let reply = server.client().call("LPOS l c RANK 0");
    assert!(reply.starts_with("-ERR RANK can't be zero: use 1 to start from the first match"), "{reply}");
}

#[test]
fn an_element_moves_between_lists_and_around_one() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b c", ":3"),
            ("LMOVE l m LEFT RIGHT", "$a"),
            ("LMOVE l m right left", "$c"),
            ("LRANGE m 0 -1", "*2[$c $a]"),
            ("RPOPLPUSH m m", "$a"),
            ("LMOVE m m LEFT LEFT", "$a"),
            ("LRANGE m 0 -1", "*2[$a $c]"),
            ("RPOPLPUSH l m", "$b"),
            ("EXISTS l", ":0"),
            ("LMOVE l m LEFT LEFT", "$nil"),
            ("LMOVE m l UP LEFT", SYNTAX),
            ("SET s v", "+OK"),
            ("LMOVE m s LEFT LEFT", WRONG_TYPE),
            ("LMOVE missing s LEFT LEFT", "$nil"),
            ("LRANGE m 0 -1", "*3[$b $a $c]"),
        ],
    );
}

#[test]
fn lmpop_takes_from_the_first_list_that_has_some() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l a b c", ":3"),
            ("LMPOP 2 missing l RIGHT COUNT 2", "*2[$l *2[$c $b]]"),
            ("LMPOP 1 l LEFT COUNT 10", "*2[$l *1[$a]]"),
            ("LMPOP 2 missing l LEFT", "*nil"),
            ("LMPOP 0 l LEFT", "-ERR numkeys should be greater than 0"),
            ("LMPOP x l LEFT", "-ERR numkeys should be greater than 0"),
            ("LMPOP 9223372036854775807 l LEFT", SYNTAX),
            ("LMPOP 2 l LEFT", SYNTAX),
            ("LMPOP 1 l UP", SYNTAX),
            ("LMPOP 1 l LEFT COUNT 0", "-ERR count should be greater than 0"),
            ("LMPOP 1 l LEFT COUNT 1 COUNT 1", SYNTAX),
            ("LMPOP 1 l LEFT COUNT", SYNTAX),
        ],
    );
}

#[test]
fn every_list_command_refuses_another_type() {
    let server = Server::start();
    let client = &mut server.client();
    check(client, "SET s v", "+OK");
    let commands = [
        "LPUSH s a",
        "RPUSHX s a",
        "LPOP s",
        "RPOP s 0",
        "LLEN s",
        "LRANGE s 0 -1",
        "LINDEX s x",
        "LSET s x v",
        "LINSERT s BEFORE a b",
        "LREM s 0 a",
        "LTRIM s 0 0",
        "LPOS s a",
        "RPOPLPUSH s l",
        "LMPOP 1 s LEFT",
        "BLPOP s 0",
        "BLMOVE s l LEFT LEFT 0",
    ];
    for command in commands {
        check(client, command, WRONG_TYPE);
    }
    check_all(client, &[("GET s", "$v"), ("DBSIZE", ":1")]);
}

#[test]
fn the_encoding_follows_the_size() {
    let server = Server::with(&["--list-max-listpack-size", "4"]);
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l 1 2 3 4", ":4"),
            ("OBJECT ENCODING l", "$listpack"),
            ("RPUSH l 5", ":5"),
            ("OBJECT ENCODING l", "$quicklist"),
            ("LTRIM l 0 2", "+OK"),
            ("OBJECT ENCODING l", "$quicklist"),
            ("RPOP l", "$3"),
            ("OBJECT ENCODING l", "$listpack"),
        ],
    );
}

#[test]
fn a_long_list_is_whole_under_compression() {
    let server = Server::with(&["--list-compress-depth", "1", "--list-max-listpack-size", "-1"]);
    let client = &mut server.client();
    for start in (0..5000).step_by(100) {
        let values: Vec<String> = (start..start + 100).map(|number| format!("value:{number}")).collect();
        client.call(&format!("RPUSH l {}", values.join(" ")));
    }
    let all: Vec<String> = (0..5000).map(|number| format!("$value:{number}")).collect();
    check(client, "LRANGE l 0 -1", &format!("*5000[{}]", all.join(" ")));
    check_all(client, &[("LINDEX l 2500", "$value:2500"), ("LPOS l value:3333", ":3333")]);
    check_all(
        client,
        &[("LSET l 2500 new", "+OK"), ("LREM l 0 value:2501", ":1"), ("LINDEX l 2501", "$value:2502")],
    );
    check_all(client, &[("LTRIM l 2499 2501", "+OK"), ("LRANGE l 0 -1", "*3[$value:2499 $new $value:2502]")]);
}

#[test]
fn events_tell_of_the_push_before_the_pop_and_of_the_end() {
    let server = Server::with(&["--notify-keyspace-events", "Kgln"]);
    let listener = &mut server.client();
    listener.call("PSUBSCRIBE *");
    let client = &mut server.client();
    check_all(client, &[("RPUSH l a", ":1"), ("LMOVE l m LEFT LEFT", "$a"), ("LTRIM m 0 -1", "+OK")]);
    check_all(client, &[("LREM m 0 x", ":0"), ("LPOP m 9", "*1[$a]")]);
    let events = [
        ("l", "new"),
        ("l", "rpush"),
        ("m", "new"),
        ("m", "lpush"),
        ("l", "lpop"),
        ("l", "del"),
        ("m", "ltrim"),
        ("m", "lpop"),
        ("m", "del"),
    ];
    for (key, event) in events {
        assert_eq!(listener.reply(), format!("*4[$pmessage $* $__keyspace@0__:{key} ${event}]"));
    }
}

#[test]
fn blocked_clients_are_served_in_their_order() {
    let server = Server::start();
    let (client, first, second) = (&mut server.client(), &mut server.client(), &mut server.client());
    first.send("BLPOP a b 0");
    wait_for_blocked(client, 1);
    second.send("BRPOP b 0");
    wait_for_blocked(client, 2);
    check(client, "RPUSH b 1 2 3", ":3");
    assert_eq!(first.reply(), "*2[$b $1]");
    assert_eq!(second.reply(), "*2[$b $3]");
    check_all(client, &[("LRANGE b 0 -1", "*1[$2]"), ("BLPOP a b 0", "*2[$b $2]"), ("EXISTS b", ":0")]);
}

#[test]
fn what_a_blocked_client_moves_serves_the_next() {
    let server = Server::start();
    let (client, mover, popper) = (&mut server.client(), &mut server.client(), &mut server.client());
    popper.send("BLMPOP 0 2 x b LEFT COUNT 5");
    wait_for_blocked(client, 1);
    mover.send("BLMOVE a b RIGHT LEFT 0");
    wait_for_blocked(client, 2);
    check(client, "RPUSH a 1 2", ":2");
    assert_eq!(mover.reply(), "$2");
    assert_eq!(popper.reply(), "*2[$b *1[$2]]");
    check_all(client, &[("LRANGE a 0 -1", "*1[$1]"), ("EXISTS b", ":0")]);
    check_all(client, &[("BRPOPLPUSH a c 0", "$1"), ("LRANGE c 0 -1", "*1[$1]")]);
}

#[test]
fn a_key_of_another_type_serves_no_blocked_client() {
    let server = Server::start();
    let (client, popper) = (&mut server.client(), &mut server.client());
    popper.send("BLPOP k 0");
    wait_for_blocked(client, 1);
    check_all(client, &[("SET k v", "+OK"), ("DEL k", ":1"), ("RPUSH k a", ":1")]);
    assert_eq!(popper.reply(), "*2[$k $a]");
}

#[test]
fn a_timeout_ends_the_wait() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("BLPOP k 0.01", "*nil"),
            ("BLMPOP 0.01 1 k LEFT", "*nil"),
            ("BLMOVE k l LEFT LEFT 0.01", "*nil"),
            ("BLPOP k x", "-ERR timeout is not a float or out of range"),
            ("BLPOP k -1", "-ERR timeout is negative"),
            ("BLPOP k 1e300", "-ERR timeout is out of range"),
            ("BRPOPLPUSH k l -0.1", "-ERR timeout is negative"),
            ("BLMPOP -1 1 k LEFT COUNT x", "-ERR count should be greater than 0"),
        ],
    );
}

#[test]
fn nobody_waits_in_a_transaction() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MULTI", "+OK"),
            ("BLPOP k 0", "+QUEUED"),
            ("BLMOVE k l LEFT LEFT 0", "+QUEUED"),
            ("BLMPOP 0 1 k LEFT", "+QUEUED"),
            ("EXEC", "*3[*nil $nil *nil]"),
        ],
    );
}

#[test]
fn a_pushed_and_popped_list_serves_nobody() {
    let server = Server::start();
    let (client, popper) = (&mut server.client(), &mut server.client());
    popper.send("BLPOP k 0");
    wait_for_blocked(client, 1);
    check_all(
        client,
        &[("MULTI", "+OK"), ("RPUSH k a", "+QUEUED"), ("DEL k", "+QUEUED"), ("EXEC", "*2[:1 :1]")],
    );
    check(client, "RPUSH k b", ":1");
    assert_eq!(popper.reply(), "*2[$k $b]");
}
