//! Commands on sorted sets.

use crate::support::{Client, Server, check, check_all, wait_until};

const WRONG_TYPE: &str = "-WRONGTYPE Operation against a key holding the wrong kind of value";
const NOT_AN_INTEGER: &str = "-ERR value is not an integer or out of range";
const NOT_A_FLOAT: &str = "-ERR value is not a valid float";
const SYNTAX: &str = "-ERR syntax error";
const MUST_BE_POSITIVE: &str = "-ERR value is out of range, must be positive";
const SCORE_BOUND: &str = "-ERR min or max is not a float";
const TEXT_BOUND: &str = "-ERR min or max not valid string range item";

/// Runs a test with small sorted sets and with large ones.
fn with_both_encodings(test: impl Fn(&mut Client)) {
    for entries in ["128", "0"] {
        let server = Server::with(&["--zset-max-listpack-entries", entries]);
        test(&mut server.client());
    }
}

/// Waits until this many clients are blocked.
#[track_caller]
fn wait_for_blocked(client: &mut Client, count: usize) {
    let expected = format!("blocked_clients:{count}\r");
    assert!(wait_until(|| client.call("INFO clients").contains(&expected)), "{count} blocked clients");
}

#[test]
fn members_are_added_scored_and_removed() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 1 a 2 b 3 c", ":3"),
                ("ZADD z 5 a 2 b 4 d", ":1"),
                ("ZADD z CH 6 a 2 b 7 e", ":2"),
                ("ZCARD z", ":5"),
                ("ZSCORE z a", "$6"),
                ("ZSCORE z nothing", "$nil"),
                ("ZSCORE missing a", "$nil"),
                ("ZMSCORE z a nothing e", "*3[$6 $nil $7]"),
                ("ZMSCORE missing a b", "*2[$nil $nil]"),
                ("ZINCRBY z 0.5 a", "$6.5"),
                ("ZINCRBY z -1 new", "$-1"),
                ("ZRANGE z 0 -1", "*6[$new $b $c $d $a $e]"),
                ("ZRANK z b", ":1"),
                ("ZREVRANK z b", ":4"),
                ("ZRANK z b WITHSCORE", "*2[:1 $2]"),
                ("ZRANK z nothing", "$nil"),
                ("ZRANK z nothing WITHSCORE", "*nil"),
                ("ZREVRANK missing b WITHSCORE", "*nil"),
                ("ZREM z a nothing a b", ":2"),
                ("ZREM missing a", ":0"),
                ("ZREM z c d e new", ":4"),
                ("EXISTS z", ":0"),
            ],
        );
    });
}

#[test]
fn conditions_of_zadd_exclude_each_other() {
    with_both_encodings(|client| {
        let comparison = "-ERR GT, LT, and/or NX options at the same time are not compatible";
        check_all(
            client,
            &[
                ("ZADD z XX 1 a", ":0"),
                ("EXISTS z", ":0"),
                ("ZADD z GT 1 a", ":1"),
                ("ZADD z NX 2 a 3 b", ":1"),
                ("ZADD z XX CH 2 a 3 c", ":1"),
                ("ZADD z GT CH 1 a 4 b", ":1"),
                ("ZADD z LT CH 1 a 5 b", ":1"),
                ("ZADD z XX GT CH 9 a 9 c", ":1"),
                ("ZRANGE z 0 -1 WITHSCORES", "*4[$b $4 $a $9]"),
                ("ZADD z INCR 1 a", "$10"),
                ("ZADD z INCR NX 1 a", "$nil"),
                ("ZADD z INCR LT 1 a", "$nil"),
                ("ZADD z INCR XX 1 c", "$nil"),
                ("ZADD z XX NX 1 a", "-ERR XX and NX options at the same time are not compatible"),
                ("ZADD z GT NX 1 a", comparison),
                ("ZADD z LT NX 1 a", comparison),
                ("ZADD z GT LT 1 a", comparison),
                ("ZADD z INCR 1 a 2 b", "-ERR INCR option supports a single increment-element pair"),
                ("ZADD z 1 a 2", SYNTAX),
                ("ZADD z NX CH", SYNTAX),
            ],
        );
    });
}

#[test]
fn a_bad_score_changes_nothing() {
    with_both_encodings(|client| {
        client.call("SET string x");
        check_all(
            client,
            &[
                ("ZADD z 1 a x b", NOT_A_FLOAT),
                ("ZADD z nan a", NOT_A_FLOAT),
                ("ZADD z \"\" a", NOT_A_FLOAT),
                ("ZADD z 1e400 a", NOT_A_FLOAT),
                ("EXISTS z", ":0"),
                ("ZADD z inf a -inf b", ":2"),
                ("ZINCRBY z -inf a", "-ERR resulting score is not a number (NaN)"),
                ("ZADD z INCR +inf b", "-ERR resulting score is not a number (NaN)"),
                ("ZINCRBY z x a", NOT_A_FLOAT),
                ("ZRANGE z 0 -1 WITHSCORES", "*4[$b $-inf $a $inf]"),
                ("ZADD string 1 a", WRONG_TYPE),
                ("ZINCRBY string 1 a", WRONG_TYPE),
                ("ZCARD string", WRONG_TYPE),
                ("ZREM string a", WRONG_TYPE),
            ],
        );
    });
}

#[test]
fn scores_are_written_as_short_as_they_can_be() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 0.1 a 3.0 b 1e20 c 1.5e300 d 9007199254740993 e 0x10 f", ":6"),
                ("ZMSCORE z a b c d e f", "*6[$0.1 $3 $1e+20 $1.5e+300 $9007199254740992 $16]"),
            ],
        );
    });
}

#[test]
fn ranges_of_ranks_are_cut_to_the_set() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 1 a 2 b 3 c 4 d", ":4"),
                ("ZRANGE z 1 2", "*2[$b $c]"),
                ("ZRANGE z -2 -1 WITHSCORES", "*4[$c $3 $d $4]"),
                ("ZRANGE z 0 1 REV", "*2[$d $c]"),
                ("ZREVRANGE z 2 100", "*2[$b $a]"),
                ("ZRANGE z 3 1", "*0[]"),
                ("ZRANGE z 4 9", "*0[]"),
                ("ZRANGE z -9223372036854775808 9223372036854775807", "*4[$a $b $c $d]"),
                ("ZRANGE missing 0 -1", "*0[]"),
                ("ZRANGE z 0 x", NOT_AN_INTEGER),
                (
                    "ZRANGE z 0 -1 LIMIT 0 1",
                    "-ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX",
                ),
                ("ZRANGE z 0 -1 LIMIT 0 -1", "*4[$a $b $c $d]"),
                ("ZREVRANGE z 0 -1 REV", SYNTAX),
                ("ZRANGE z 0 -1 BYSCORE BYLEX", SYNTAX),
                ("ZRANGE z 0 -1 BYSCORE LIMIT 0", SYNTAX),
            ],
        );
    });
}

#[test]
fn ranges_of_scores_have_open_and_closed_ends() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 1 a 2 b 2 c 3 d -inf low inf high", ":6"),
                ("ZRANGEBYSCORE z 2 3", "*3[$b $c $d]"),
                ("ZRANGEBYSCORE z (2 3", "*1[$d]"),
                ("ZRANGEBYSCORE z 1 (2 WITHSCORES", "*2[$a $1]"),
                ("ZRANGEBYSCORE z -inf +inf LIMIT 1 2", "*2[$a $b]"),
                ("ZRANGEBYSCORE z (-inf (+inf", "*4[$a $b $c $d]"),
                ("ZREVRANGEBYSCORE z 3 2 LIMIT 1 -1", "*2[$c $b]"),
                ("ZRANGE z 3 2 BYSCORE REV", "*3[$d $c $b]"),
                ("ZRANGEBYSCORE z 3 2", "*0[]"),
                ("ZRANGEBYSCORE z (2 (2", "*0[]"),
                ("ZRANGEBYSCORE z 0 9 LIMIT -1 5", "*0[]"),
                ("ZRANGEBYSCORE z 0 9 LIMIT 9223372036854775807 5", "*0[]"),
                ("ZCOUNT z 1 (3", ":3"),
                ("ZCOUNT z -inf inf", ":6"),
                ("ZCOUNT missing 0 1", ":0"),
                ("ZCOUNT z x 1", SCORE_BOUND),
                ("ZRANGEBYSCORE z nan 1", SCORE_BOUND),
                ("ZREMRANGEBYSCORE z ((1 2", SCORE_BOUND),
                ("ZREMRANGEBYSCORE z (1 2", ":2"),
                ("ZREMRANGEBYSCORE z 50 60", ":0"),
                ("ZRANGE z 0 -1", "*4[$low $a $d $high]"),
                ("ZREMRANGEBYRANK z 1 -2", ":2"),
                ("ZREMRANGEBYRANK z 5 9", ":0"),
                ("ZREMRANGEBYRANK z 0 -1", ":2"),
                ("EXISTS z", ":0"),
            ],
        );
    });
}

#[test]
fn ranges_of_texts_order_integers_by_their_digits() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 0 10 0 9 0 a 0 b 0 -5 0 bb", ":6"),
                ("ZRANGE z - + BYLEX", "*6[$-5 $10 $9 $a $b $bb]"),
                ("ZRANGEBYLEX z [10 (b", "*3[$10 $9 $a]"),
                ("ZREVRANGEBYLEX z + (9 LIMIT 1 2", "*2[$b $a]"),
                ("ZRANGEBYLEX z + -", "*0[]"),
                ("ZLEXCOUNT z [9 +", ":4"),
                ("ZLEXCOUNT z (b (b", ":0"),
                ("ZLEXCOUNT missing - +", ":0"),
                ("ZLEXCOUNT z 9 +", TEXT_BOUND),
                ("ZRANGEBYLEX z -x +", TEXT_BOUND),
                (
                    "ZRANGE z - + BYLEX WITHSCORES",
                    "-ERR syntax error, WITHSCORES not supported in combination with BYLEX",
                ),
                ("ZREMRANGEBYLEX z [b +", ":2"),
                ("ZRANGE z 0 -1", "*4[$-5 $10 $9 $a]"),
            ],
        );
    });
}

#[test]
fn a_stored_range_replaces_the_destination() {
    with_both_encodings(|client| {
        client.call("SET string x");
        check_all(
            client,
            &[
                ("ZADD z 1 a 2 b 3 c", ":3"),
                ("ZRANGESTORE string z 0 1", ":2"),
                ("ZRANGE string 0 -1 WITHSCORES", "*4[$a $1 $b $2]"),
                ("ZRANGESTORE z z 3 2 BYSCORE REV LIMIT 0 1", ":1"),
                ("ZRANGE z 0 -1", "*1[$c]"),
                ("ZRANGESTORE z missing 0 -1", ":0"),
                ("EXISTS z", ":0"),
                ("ZRANGESTORE z string 0 -1 WITHSCORES", SYNTAX),
            ],
        );
    });
}

#[test]
fn both_ends_pop() {
    with_both_encodings(|client| {
        client.call("SET string x");
        check_all(
            client,
            &[
                ("ZADD z 1 a 2 b 3 c 4 d 5 e 6 f", ":6"),
                ("ZPOPMIN z", "*2[$a $1]"),
                ("ZPOPMAX z 2", "*4[$f $6 $e $5]"),
                ("ZPOPMIN z 0", "*0[]"),
                ("ZPOPMIN missing", "*0[]"),
                ("ZPOPMIN z -1", MUST_BE_POSITIVE),
                ("ZPOPMIN z x", MUST_BE_POSITIVE),
                ("ZPOPMIN z 1 2", SYNTAX),
                ("ZPOPMIN string", WRONG_TYPE),
                ("ZMPOP 2 missing z MIN", "*2[$z *1[*2[$b $2]]]"),
                ("ZMPOP 1 z MAX COUNT 100", "*2[$z *2[*2[$d $4] *2[$c $3]]]"),
                ("EXISTS z", ":0"),
                ("ZMPOP 2 missing z MIN", "*nil"),
                ("ZMPOP 2 string missing MIN", WRONG_TYPE),
                ("ZMPOP 0 z MIN", "-ERR numkeys should be greater than 0"),
                ("ZMPOP x z MIN", "-ERR numkeys should be greater than 0"),
                ("ZMPOP 9223372036854775807 z MIN", SYNTAX),
                ("ZMPOP 2 z MIN", SYNTAX),
                ("ZMPOP 1 z MIDDLE", SYNTAX),
                ("ZMPOP 1 z MIN COUNT 0", "-ERR count should be greater than 0"),
                ("ZMPOP 1 z MIN COUNT 1 COUNT 2", SYNTAX),
            ],
        );
    });
}

#[test]
fn a_client_waits_for_the_first_member() {
    let server = Server::start();
    let (mut first, mut second, mut other) = (server.client(), server.client(), server.client());
    first.send("BZPOPMIN z y 0");
    wait_for_blocked(&mut other, 1);
    second.send("BZMPOP 0 1 z MAX COUNT 5");
    wait_for_blocked(&mut other, 2);
    // Another type wakes nobody.
    check(&mut other, "RPUSH y x", ":1");
    check(&mut other, "DEL y", ":1");
    check(&mut other, "ZADD z 1 a 2 b 3 c", ":3");
    assert_eq!(first.reply(), "*3[$z $a $1]");
    assert_eq!(second.reply(), "*2[$z *2[*2[$c $3] *2[$b $2]]]");
    check(&mut other, "EXISTS z", ":0");
}

#[test]
fn waiting_ends_with_its_time_and_is_not_done_in_a_transaction() {
    let server = Server::start();
    let client = &mut server.client();
    check_all(
        client,
        &[
            ("BZPOPMAX z 0.01", "*nil"),
            ("BZMPOP 0.01 1 z MIN", "*nil"),
            ("BZPOPMIN z -1", "-ERR timeout is negative"),
            ("BZPOPMIN z x", "-ERR timeout is not a float or out of range"),
            ("BZMPOP x 0 z MIN", "-ERR numkeys should be greater than 0"),
            ("SET string x", "+OK"),
            ("BZPOPMIN z string 0", WRONG_TYPE),
            ("MULTI", "+OK"),
            ("BZPOPMIN z 0", "+QUEUED"),
            ("EXEC", "*1[*nil]"),
        ],
    );
}

#[test]
fn unions_intersections_and_differences_combine_scores() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD a 1 x 2 y 3 z", ":3"),
                ("ZADD b 10 y 20 z 30 q", ":3"),
                ("SADD s y q", ":2"),
                ("ZUNION 2 a b WITHSCORES", "*8[$x $1 $y $12 $z $23 $q $30]"),
                ("ZUNION 2 a b WEIGHTS 2 0.5 AGGREGATE MAX WITHSCORES", "*8[$x $2 $y $5 $z $10 $q $15]"),
                ("ZINTER 3 a b s WITHSCORES", "*2[$y $13]"),
                ("ZINTER 2 a b AGGREGATE MIN", "*2[$y $z]"),
                ("ZDIFF 2 a s WITHSCORES", "*4[$x $1 $z $3]"),
                ("ZDIFF 2 a a", "*0[]"),
                ("ZDIFF 3 a missing b", "*1[$x]"),
                ("ZINTERCARD 2 a b", ":2"),
                ("ZINTERCARD 2 a b LIMIT 1", ":1"),
                ("ZINTERCARD 2 a missing", ":0"),
                ("ZUNIONSTORE to 2 a s WEIGHTS 1 inf", ":4"),
                ("ZRANGE to 0 -1 WITHSCORES", "*8[$x $1 $z $3 $q $inf $y $inf]"),
                ("ZINTERSTORE a 2 a b", ":2"),
                ("ZRANGE a 0 -1 WITHSCORES", "*4[$y $12 $z $23]"),
                ("ZDIFFSTORE a 2 a b", ":0"),
                ("EXISTS a", ":0"),
                // Opposite infinities make zero, and so does nothing times infinity.
                ("ZADD p inf m", ":1"),
                ("ZADD n -inf m", ":1"),
                ("ZUNION 2 p n WITHSCORES", "*2[$m $0]"),
                ("ZINTER 1 p WEIGHTS 0 WITHSCORES", "*2[$m $0]"),
            ],
        );
    });
}

#[test]
fn inputs_are_checked_before_options() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("SET string x");
    client.call("ZADD z 1 a");
    check_all(
        client,
        &[
            ("ZUNION 0 z", "-ERR at least 1 input key is needed for 'zunion' command"),
            ("ZINTERSTORE to -1 z", "-ERR at least 1 input key is needed for 'zinterstore' command"),
            ("ZUNION x z", NOT_AN_INTEGER),
            ("ZUNION 2 z", SYNTAX),
            ("ZUNION 9223372036854775807 z", SYNTAX),
            ("ZUNION 2 z string NONSENSE", WRONG_TYPE),
            ("ZUNION 1 z NONSENSE", SYNTAX),
            ("ZUNION 1 z WEIGHTS x", "-ERR weight value is not a float"),
            ("ZUNION 1 z WEIGHTS", SYNTAX),
            ("ZUNION 1 z AGGREGATE AVG", SYNTAX),
            ("ZDIFF 1 z WEIGHTS 1", SYNTAX),
            ("ZUNIONSTORE to 1 z WITHSCORES", SYNTAX),
            ("ZINTERCARD 1 z LIMIT -1", "-ERR LIMIT can't be negative"),
            ("ZINTERCARD 1 z WITHSCORES", SYNTAX),
            ("EXISTS to", ":0"),
        ],
    );
}

#[test]
fn random_members_are_different_unless_asked_otherwise() {
    with_both_encodings(|client| {
        check_all(
            client,
            &[
                ("ZADD z 1 a", ":1"),
                ("ZRANDMEMBER z", "$a"),
                ("ZRANDMEMBER missing", "$nil"),
                ("ZRANDMEMBER missing 5", "*0[]"),
                ("ZRANDMEMBER z 5 WITHSCORES", "*2[$a $1]"),
                ("ZRANDMEMBER z -3", "*3[$a $a $a]"),
                ("ZRANDMEMBER z 0", "*0[]"),
                ("ZRANDMEMBER z 9223372036854775807", "*1[$a]"),
                ("ZRANDMEMBER z 9223372036854775807 WITHSCORES", "-ERR value is out of range"),
                (
                    "ZRANDMEMBER z -9223372036854775808",
                    "-ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807",
                ),
                ("ZRANDMEMBER z 1 NONSENSE", SYNTAX),
            ],
        );
        for number in 0..100 {
            client.call(&format!("ZADD many {number} m{number}"));
        }
        for count in [10, 90] {
            let reply = client.call(&format!("ZRANDMEMBER many {count}"));
            let mut members: Vec<&str> =
                reply.split(['[', ']', ' ']).filter(|it| it.starts_with('$')).collect();
            members.sort_unstable();
            members.dedup();
            assert_eq!(members.len(), count);
        }
    });
}

#[test]
fn a_scan_visits_every_member_once() {
    for entries in ["128", "0"] {
        let server = Server::with(&["--zset-max-listpack-entries", entries]);
        let client = &mut server.client();
        let mut expected: Vec<String> = (0..100).map(|number| format!("$m{number} $0.5")).collect();
        expected.sort();
        for number in 0..100 {
            client.call(&format!("ZADD z 0.5 m{number}"));
        }
        let mut found = Vec::new();
        let mut cursor = "0".to_owned();
        loop {
            let reply = client.call(&format!("ZSCAN z {cursor} COUNT 7"));
            let (next, page) = reply.strip_prefix("*2[$").and_then(|it| it.split_once(' ')).unwrap();
            next.clone_into(&mut cursor);
            let (_, page) = page.trim_end_matches(']').split_once('[').unwrap();
            let words: Vec<&str> = page.split_whitespace().collect();
            found.extend(words.chunks(2).map(|pair| pair.join(" ")));
            if cursor == "0" {
                break;
            }
        }
        found.sort();
        assert_eq!(found, expected);
        check_all(
            client,
            &[
                ("ZADD small 1 a 2 b", ":2"),
                ("ZSCAN small 0 MATCH b*", "*2[$0 *2[$b $2]]"),
                ("ZSCAN missing 0", "*2[$0 *0[]]"),
                ("ZSCAN z x", "-ERR invalid cursor"),
                ("ZSCAN z 0 COUNT 0", SYNTAX),
            ],
        );
    }
}

#[test]
fn resp3_has_doubles_and_pairs() {
    let server = Server::start();
    let client = &mut server.client();
    client.call("HELLO 3");
    check_all(
        client,
        &[
            ("ZADD z 1 a 2.5 b 3 c", ":3"),
            ("ZADD z INCR 1 a", ",2"),
            ("ZSCORE z b", ",2.5"),
            ("ZSCORE z nothing", "_"),
            ("ZRANK z a WITHSCORE", "*2[:0 ,2]"),
            ("ZRANGE z 0 0 WITHSCORES", "*1[*2[$a ,2]]"),
            ("ZUNION 1 z WITHSCORES", "*3[*2[$a ,2] *2[$b ,2.5] *2[$c ,3]]"),
            ("ZRANDMEMBER z 3 WITHSCORES", "*3[*2[$a ,2] *2[$b ,2.5] *2[$c ,3]]"),
            ("ZPOPMIN z", "*2[$a ,2]"),
            ("ZPOPMIN z 1", "*1[*2[$b ,2.5]]"),
            ("ZMPOP 1 z MIN", "*2[$z *1[*2[$c ,3]]]"),
            ("ZMPOP 1 z MIN", "_"),
            ("BZPOPMIN z 0.01", "_"),
        ],
    );
}

#[test]
fn encodings_change_with_the_limits_and_not_back() {
    let server = Server::with(&["--zset-max-listpack-entries", "2", "--zset-max-listpack-value", "5"]);
    check_all(
        &mut server.client(),
        &[
            ("ZADD z 1 a 2 b", ":2"),
            ("OBJECT ENCODING z", "$listpack"),
            ("ZADD z 3 c", ":1"),
            ("OBJECT ENCODING z", "$skiplist"),
            ("ZREM z c b", ":2"),
            ("OBJECT ENCODING z", "$skiplist"),
            ("ZUNIONSTORE union 1 z", ":1"),
            ("OBJECT ENCODING union", "$listpack"),
            ("ZADD long 1 123456", ":1"),
            ("OBJECT ENCODING long", "$skiplist"),
            ("ZADD many 1 a 1 a 1 a", ":1"),
            ("OBJECT ENCODING many", "$skiplist"),
        ],
    );
}

#[test]
fn a_thousand_members_take_less_than_fifty_bytes_each() {
    let server = Server::start();
    let client = &mut server.client();
    for number in 0..1000_u32 {
        // Scores in no order, with many digits.
        let score = f64::from(number.wrapping_mul(2_654_435_761)) / 3.0;
        client.call(&format!("ZADD z {score} member:{number}"));
    }
    let usage = client.call("MEMORY USAGE z SAMPLES 0");
    let bytes: usize = usage.trim_start_matches(':').parse().unwrap();
    assert!(bytes < 50_000, "{bytes}");
}

#[test]
fn large_sorted_sets_keep_their_order_under_random_changes() {
    let server = Server::start();
    let client = &mut server.client();
    for start in (0..5000_u32).step_by(50) {
        let pairs = (start..start + 50)
            .map(|number| format!(" {} m{number}", number.wrapping_mul(2_654_435_761) % 997));
        client.call(&format!("ZADD z{}", pairs.collect::<String>()));
    }
    check(client, "ZCARD z", ":5000");
    check(client, "ZREMRANGEBYRANK z 100 4000", ":3901");
    check(client, "ZCARD z", ":1099");
    let below = client.call("ZCOUNT z -inf (500");
    let rest = client.call("ZCOUNT z 500 +inf");
    let number = |reply: &str| reply.trim_start_matches(':').parse::<u32>().unwrap();
    assert_eq!(number(&below) + number(&rest), 1099);
    let highest = client.call("ZRANGE z 0 0 REV");
    let member = highest.trim_start_matches("*1[$").trim_end_matches(']');
    check(client, &format!("ZRANK z {member}"), ":1098");
}
