//! What stream commands record: what replicas and the log get, and who hears of changes.

use crate::commands::testing::Bench;

/// Runs commands with nodes of three entries; what each recorded. The times of deliveries are left out.
fn recorded(commands: &[&str]) -> Vec<Vec<String>> {
    let mut bench = Bench::new();
    bench.engine.config.encoding.stream_node_max_entries = 3;
    commands
        .iter()
        .map(|words| bench.recorded(words).iter().map(|line| without_time(line)).collect())
        .collect()
}

fn without_time(line: &str) -> String {
    let mut is_time = false;
    let shown = line.split(' ').map(|word| {
        let is_hidden = is_time && word.len() > 4;
        is_time = word == "TIME";
        if is_hidden { "now" } else { word }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// What the last of these commands has propagated.
fn propagated(commands: &[&str]) -> Vec<String> {
    let last = recorded(commands).pop().unwrap();
    last.into_iter().filter_map(|line| line.strip_prefix("propagate ").map(str::to_owned)).collect()
}

const SIX: [&str; 7] = [
    "XADD s 1-0 f v",
    "XADD s 1-1 f v",
    "XADD s 2-0 f v",
    "XADD s 2-1 f v",
    "XADD s 3-0 f v",
    "XADD s 3-1 f v",
    "XGROUP CREATE s g 0",
];

fn after_six<'a>(commands: &[&'a str]) -> Vec<&'a str> {
    SIX.iter().chain(commands).copied().collect()
}

#[test]
fn what_is_exact_is_propagated_as_received() {
    for words in
        ["XADD s 9-0 f v", "XADD s MAXLEN = 9 9-1 f v", "XTRIM s MAXLEN 2", "XDEL s 1-0", "XSETID s 99-0"]
    {
        assert_eq!(propagated(&after_six(&[words])), [""; 0], "{words}");
    }
}

#[test]
fn ids_and_trimming_are_propagated_as_they_came_out() {
    assert_eq!(propagated(&["XADD s 1-* f v"]), ["0 XADD s 1-0 f v"]);
    assert_eq!(
        propagated(&after_six(&["XADD s MAXLEN ~ 5 LIMIT 10 4-0 f v"])),
        ["0 XADD s MAXLEN = 7 LIMIT 10 4-0 f v"]
    );
    assert_eq!(
        propagated(&after_six(&["XADD s NOMKSTREAM MINID ~ 2-1 LIMIT 10 4-* f v"])),
        ["0 XADD s NOMKSTREAM MINID = 2-1 LIMIT 10 4-0 f v"]
    );
    assert_eq!(propagated(&after_six(&["XTRIM s MAXLEN ~ 1"])), ["0 XTRIM s MAXLEN = 3"]);
    assert_eq!(propagated(&after_six(&["XTRIM s MINID ~ 2-1"])), ["0 XTRIM s MINID = 2-1"]);
}

#[test]
fn deliveries_are_propagated_one_by_one() {
    assert_eq!(
        propagated(&after_six(&["XREADGROUP GROUP g alice COUNT 2 STREAMS s >"])),
        [
            "0 XCLAIM s g alice 0 1-0 TIME now RETRYCOUNT 1 FORCE JUSTID LASTID 1-0",
            "0 XCLAIM s g alice 0 1-1 TIME now RETRYCOUNT 1 FORCE JUSTID LASTID 1-1",
        ]
    );
    assert_eq!(
        propagated(&after_six(&["XREADGROUP GROUP g bob NOACK COUNT 1 STREAMS s >"])),
        ["0 XGROUP CREATECONSUMER s g bob", "0 XGROUP SETID s g 1-0 ENTRIESREAD 1"]
    );
    assert_eq!(propagated(&after_six(&["XREADGROUP GROUP g alice STREAMS s 0"])), ["nothing"]);
}

#[test]
fn claims_are_propagated_so_that_they_depend_on_nothing() {
    let read = "XREADGROUP GROUP g alice COUNT 3 STREAMS s >";
    let claim = "XCLAIM s g bob 0 1-1 TIME 1000 RETRYCOUNT 3";
    assert_eq!(
        propagated(&after_six(&[read, claim])),
        ["0 XCLAIM s g bob 0 1-1 TIME 1000 RETRYCOUNT 3 FORCE JUSTID LASTID 2-0"]
    );
    assert_eq!(
        propagated(&after_six(&[read, "XCLAIM s g bob 0 9-0 LASTID 9-0"])),
        ["0 XGROUP SETID s g 9-0 ENTRIESREAD 3"]
    );
    assert_eq!(propagated(&after_six(&[read, "XCLAIM s g bob 0 9-0"])), ["nothing"]);
    // A deleted entry is propagated with the consumer it had: a replica does not find it either.
    assert_eq!(
        propagated(&after_six(&[read, claim, "XDEL s 1-1", "XAUTOCLAIM s g carol 0 1-1 COUNT 2"])),
        [
            "0 XCLAIM s g bob 0 1-1 TIME 1000 RETRYCOUNT 3 FORCE JUSTID LASTID 2-0",
            "0 XCLAIM s g carol 0 2-0 TIME now RETRYCOUNT 2 FORCE JUSTID LASTID 2-0",
        ]
    );
}

#[test]
fn changes_count_as_redis_counts_them() {
    let mut bench = Bench::new();
    for (words, expected) in [
        (
            "XADD s MAXLEN 9 1-0 f v",
            &["event new 0 s", "wake 0 s", "changed 0 s", "event xadd 0 s", "dirty 1"][..],
        ),
        ("XADD s 2-0 f v", &["changed 0 s", "event xadd 0 s", "dirty 1"]),
        ("XADD s MAXLEN 2 3-0 f v", &["changed 0 s", "event xadd 0 s", "event xtrim 0 s", "dirty 1"]),
        ("XGROUP CREATE s g 0", &["event xgroup-create 0 s", "dirty 1"]),
        ("XGROUP CREATECONSUMER s g c", &["event xgroup-createconsumer 0 s", "dirty 1"]),
        ("XGROUP CREATECONSUMER s g c", &["dirty 0"]),
        ("XACK s g 9-9", &["dirty 0"]),
        ("XGROUP SETID s g 0", &["event xgroup-setid 0 s", "dirty 1"]),
        ("XGROUP DELCONSUMER s g c", &["event xgroup-delconsumer 0 s", "dirty 1"]),
        ("XGROUP DESTROY s g", &["event xgroup-destroy 0 s", "wake 0 s", "dirty 1"]),
        ("XSETID s 9-0", &["event xsetid 0 s", "dirty 1"]),
        ("XDEL s 2-0 3-0 4-0", &["changed 0 s", "event xdel 0 s", "dirty 2"]),
        ("XTRIM s MAXLEN 0", &["dirty 0"]),
        ("XLEN s", &["dirty 0"]),
    ] {
        assert_eq!(bench.recorded(words), expected, "{words}");
    }
}
