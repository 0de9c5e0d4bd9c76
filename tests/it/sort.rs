//! SORT and SORT_RO: orders, patterns, limits, and storing the result.

use crate::support::{Server, check, check_all};

const SYNTAX: &str = "-ERR syntax error";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const NOT_A_FLOAT: &str = "-ERR One or more scores can't be converted into double";
const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";

#[test]
fn elements_are_sorted_by_number_or_by_text() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l 10 9 -1 2.5 1e1", ":5"),
            ("SORT l", "*5[$-1 $2.5 $9 $10 $1e1]"),
            ("SORT l DESC", "*5[$1e1 $10 $9 $2.5 $-1]"),
            ("SORT l DESC ASC", "*5[$-1 $2.5 $9 $10 $1e1]"),
            ("SORT l ALPHA", "*5[$-1 $10 $1e1 $2.5 $9]"),
            ("SORT l ALPHA DESC", "*5[$9 $2.5 $1e1 $10 $-1]"),
            ("SADD s 3 1 2", ":3"),
            ("SORT s DESC", "*3[$3 $2 $1]"),
            ("ZADD z 1 30 2 10 3 20", ":3"),
            ("SORT z", "*3[$10 $20 $30]"),
            ("SORT_RO l LIMIT 0 1", "*1[$-1]"),
            ("SORT missing", "*0[]"),
            ("SET string 1", "+OK"),
            ("SORT string", WRONG_TYPE),
        ],
    );
}

#[test]
fn what_is_no_number_cannot_be_sorted_by_number() {
    let server = Server::start();
    let client = &mut server.client();
    for (element, is_number) in [
        ("x", false),
        ("1x", false),
        ("nan", false),
        ("1e400", false),
        ("inf", true),
        ("0x1F", true),
        ("\"\"", true),
    ] {
        client.call("DEL l");
        client.call(&format!("RPUSH l 1 {element}"));
        let reply = client.call("SORT l");
        assert_eq!(reply != NOT_A_FLOAT, is_number, "{element}: {reply}");
    }
    client.call("RPUSH l x");
    check_all(
        client,
        &[
            ("SORT l STORE t", NOT_A_FLOAT),
            ("EXISTS t", ":0"),
            ("SET w_x nonsense", "+OK"),
            ("SORT l BY w_*", NOT_A_FLOAT),
            ("SET w_x 3", "+OK"),
            ("SORT l BY w_* LIMIT 2 1", "*1[$x]"),
        ],
    );
}

#[test]
fn limits_beyond_the_elements_are_cut() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("RPUSH l 3 1 2");
    for (limit, result) in [
        ("0 2", "*2[$1 $2]"),
        ("1 2", "*2[$2 $3]"),
        ("2 100", "*1[$3]"),
        ("3 1", "*0[]"),
        ("-5 1", "*1[$1]"),
        ("0 0", "*0[]"),
        ("1 -1", "*2[$2 $3]"),
        ("0 -9223372036854775808", "*3[$1 $2 $3]"),
        ("9223372036854775807 9223372036854775807", "*0[]"),
        ("1 9223372036854775807", "*2[$2 $3]"),
        ("-9223372036854775808 9223372036854775807", "*3[$1 $2 $3]"),
    ] {
        check(client, &format!("SORT l LIMIT {limit}"), result);
    }
    check_all(
        client,
        &[
            ("SORT l LIMIT 0 2 LIMIT 0 1", "*1[$1]"),
            ("SORT l LIMIT 1", SYNTAX),
            ("SORT l LIMIT a 1", NOT_AN_INTEGER),
            ("SORT l LIMIT 0 9223372036854775808", NOT_AN_INTEGER),
            ("SORT l BY nosort LIMIT 1 1", "*1[$1]"),
        ],
    );
}

#[test]
fn patterns_name_the_weights_and_the_results() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("RPUSH l a b c");
    client.call("MSET w_a 3 w_b 1 w_c 2 o_a apple o_c cherry");
    client.call("HSET h_a f 1 g x");
    client.call("HSET h_b f 0");
    check_all(
        client,
        &[
            ("SORT l BY w_*", "*3[$b $c $a]"),
            ("SORT l BY w_* DESC GET # GET o_*", "*6[$a $apple $c $cherry $b $nil]"),
            ("SORT l BY h_*->f", "*3[$b $c $a]"),
            ("SORT l BY h_*->f ALPHA", "*3[$c $b $a]"),
            ("SORT l BY nosort GET h_*->g GET h_*->missing", "*6[$x $nil $nil $nil $nil $nil]"),
            ("SORT l BY nosort GET constant", "*3[$nil $nil $nil]"),
            ("SORT l BY nosort GET h_*", "*3[$nil $nil $nil]"),
            ("SORT l BY nosort GET o_*->f", "*3[$nil $nil $nil]"),
            ("SORT l BY missing_*", "*3[$a $b $c]"),
            ("SORT l BY missing_* DESC", "*3[$c $b $a]"),
            ("SORT l BY o_* ALPHA", "*3[$b $a $c]"),
        ],
    );
    client.call("HELLO 3");
    check(client, "SORT l BY nosort GET o_*", "*3[$apple _ $cherry]");
}

#[test]
fn without_a_place_for_the_element_nothing_is_sorted() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("RPUSH l c a b");
    client.call("ZADD z 1 c 2 a 3 b");
    client.call("SADD s 3 1 2");
    client.call("SADD texts c a b");
    check_all(
        client,
        &[
            ("SORT l BY nosort", "*3[$c $a $b]"),
            ("SORT l BY nosort DESC", "*3[$b $a $c]"),
            ("SORT l BY nosort DESC LIMIT 1 5", "*2[$a $c]"),
            ("SORT z BY nosort", "*3[$c $a $b]"),
            ("SORT z BY nosort DESC LIMIT 0 2", "*2[$b $a]"),
            ("SORT z BY nosort BY w_*", "*3[$c $a $b]"),
            ("SORT s BY nosort", "*3[$1 $2 $3]"),
            ("SORT texts BY nosort DESC STORE t", ":3"),
            ("LRANGE t 0 -1", "*3[$c $b $a]"),
            ("SORT l BY nosort STORE t", ":3"),
            ("LRANGE t 0 -1", "*3[$c $a $b]"),
        ],
    );
}

#[test]
fn a_result_is_stored_as_a_list() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("RPUSH l 3 1 2", ":3"),
            ("SET o_1 one", "+OK"),
            ("SORT l STORE t", ":3"),
            ("TYPE t", "+list"),
            ("OBJECT ENCODING t", "$listpack"),
            ("LRANGE t 0 -1", "*3[$1 $2 $3]"),
            ("SORT l GET # GET o_* STORE t", ":6"),
            ("LRANGE t 0 -1", "*6[$1 $one $2 $ $3 $]"),
            ("SORT l DESC STORE l", ":3"),
            ("LRANGE l 0 -1", "*3[$3 $2 $1]"),
            ("SORT l STORE t STORE u", ":3"),
            ("EXISTS u", ":1"),
            ("SET string 1", "+OK"),
            ("SORT missing STORE string", ":0"),
            ("EXISTS string", ":0"),
            ("SORT_RO l STORE t", SYNTAX),
            ("SORT l STORE", SYNTAX),
            ("SORT l nonsense", SYNTAX),
        ],
    );
}

#[test]
fn the_locale_orders_text_but_not_what_is_stored() {
    let server = Server::with(&["--locale-collate", "C"]);
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("RPUSH l b A a B", ":4"),
            ("SORT l ALPHA", "*4[$A $B $a $b]"),
            (
                "CONFIG SET locale-collate nonsense",
                "-ERR CONFIG SET failed (possibly related to argument 'locale-collate') - Invalid locale name",
            ),
            ("CONFIG GET locale-collate", "*2[$locale-collate $C]"),
            ("CONFIG SET locale-collate POSIX", "+OK"),
            ("SORT l ALPHA STORE l", ":4"),
            ("LRANGE l 0 -1", "*4[$A $B $a $b]"),
        ],
    );
}

#[test]
fn the_keys_of_a_command_line_are_found() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("COMMAND GETKEYS SORT k BY w_* STORE t", "*2[$k $t]"),
            ("COMMAND GETKEYS SORT_RO k BY w_*", "*1[$k]"),
            ("COMMAND GETKEYS SINTERCARD 2 a b LIMIT 1", "*2[$a $b]"),
            ("COMMAND GETKEYSANDFLAGS SORT k STORE t", "*2[*2[$k *2[+RO +access]] *2[$t *2[+OW +update]]]"),
        ],
    );
}
