//! What list commands record: events, propagation and the count of changes. What clients see is the business of
//! the integration tests.

use crate::commands::testing::Bench;

fn assert_recorded(bench: &mut Bench, words: &str, expected: &[&str]) {
    assert_eq!(bench.recorded(words), expected, "{words}");
}

#[test]
fn a_push_counts_its_elements() {
    let bench = &mut Bench::new();
    let created = ["event new 0 l", "wake 0 l", "changed 0 l", "event rpush 0 l", "dirty 3"];
    assert_recorded(bench, "RPUSH l a b c", &created);
    assert_recorded(bench, "LPUSHX l d", &["changed 0 l", "event lpush 0 l", "dirty 1"]);
    assert_recorded(bench, "RPUSHX missing d", &["dirty 0"]);
}

#[test]
fn a_pop_that_empties_the_list_deletes_it() {
    let bench = &mut Bench::new();
    bench.run("RPUSH l a b c d");
    assert_recorded(bench, "LPOP l 2", &["changed 0 l", "event lpop 0 l", "dirty 2"]);
    assert_recorded(bench, "RPOP l", &["changed 0 l", "event rpop 0 l", "dirty 1"]);
    assert_recorded(bench, "LPOP l", &["changed 0 l", "event lpop 0 l", "event del 0 l", "dirty 1"]);
    assert_recorded(bench, "LPOP l 0", &["dirty 0"]);
}

#[test]
fn pops_from_one_of_many_are_propagated_as_plain_pops() {
    let bench = &mut Bench::new();
    bench.run("RPUSH l a b c d e");
    let popped = |propagated: &str, event: &str, count: usize| {
        [
            "changed 0 l",
            &format!("event {event} 0 l"),
            &format!("propagate 0 {propagated}"),
            &format!("dirty {count}"),
        ]
        .map(str::to_owned)
    };
    assert_eq!(bench.recorded("LMPOP 2 x l RIGHT COUNT 2"), popped("RPOP l 2", "rpop", 2));
    assert_eq!(bench.recorded("BLMPOP 0 1 l LEFT"), popped("LPOP l 1", "lpop", 1));
    assert_eq!(bench.recorded("BRPOP x l 0"), popped("RPOP l", "rpop", 1));
}

#[test]
fn a_move_counts_once_and_ends_with_its_source() {
    let bench = &mut Bench::new();
    bench.run("RPUSH l a b");
    let moved = [
        "event new 0 m",
        "wake 0 m",
        "changed 0 m",
        "event rpush 0 m",
        "changed 0 l",
        "event lpop 0 l",
        "dirty 1",
    ];
    assert_recorded(bench, "LMOVE l m LEFT RIGHT", &moved);
    let rotated = ["changed 0 m", "event lpush 0 m", "event rpop 0 m", "dirty 1"];
    assert_recorded(bench, "RPOPLPUSH m m", &rotated);
    let expected = [
        "changed 0 m",
        "event lpush 0 m",
        "changed 0 l",
        "event rpop 0 l",
        "event del 0 l",
        "propagate 0 LMOVE l m RIGHT LEFT",
        "dirty 1",
    ];
    assert_recorded(bench, "BLMOVE l m RIGHT LEFT 0", &expected);
}

#[test]
fn what_changes_nothing_counts_nothing() {
    let bench = &mut Bench::new();
    bench.run("RPUSH l a b c");
    assert_recorded(bench, "LTRIM l 0 -1", &["changed 0 l", "event ltrim 0 l", "dirty 0"]);
    assert_recorded(bench, "LREM l 0 x", &["dirty 0"]);
    assert_recorded(bench, "LINSERT l BEFORE x y", &["dirty 0"]);
    assert_recorded(bench, "LTRIM l 1 1", &["changed 0 l", "event ltrim 0 l", "dirty 2"]);
    assert_recorded(bench, "LREM l 0 b", &["changed 0 l", "event lrem 0 l", "event del 0 l", "dirty 1"]);
}
