//! What set commands record: changes, events in their order, and what is propagated in their place.

use crate::commands::testing::Bench;

#[track_caller]
fn check(bench: &mut Bench, words: &str, expected: &[&str]) {
    assert_eq!(bench.recorded(words), expected, "{words}");
}

#[test]
fn adding_and_removing_count_members() {
    let bench = &mut Bench::new();
    check(bench, "SADD s a b b", &["event new 0 s", "changed 0 s", "event sadd 0 s", "dirty 2"]);
    check(bench, "SADD s a", &["dirty 0"]);
    check(bench, "SREM s a x a", &["changed 0 s", "event srem 0 s", "dirty 1"]);
    check(bench, "SREM s x", &["dirty 0"]);
    check(bench, "SREM s b", &["changed 0 s", "event srem 0 s", "event del 0 s", "dirty 1"]);
}

#[test]
fn a_move_changes_the_target_only_if_it_is_new_there() {
    let bench = &mut Bench::new();
    bench.run("SADD from a b");
    let moved = ["changed 0 from", "event srem 0 from", "event new 0 to", "changed 0 to", "event sadd 0 to"];
    check(bench, "SMOVE from to a", &[&moved[..], &["dirty 2"]].concat());
    check(bench, "SMOVE from to x", &["dirty 0"]);
    check(bench, "SMOVE to to a", &["dirty 0"]);
    bench.run("SADD to b");
    check(bench, "SMOVE from to b", &["changed 0 from", "event srem 0 from", "event del 0 from", "dirty 1"]);
}

#[test]
fn a_popped_member_is_propagated_as_its_removal() {
    let bench = &mut Bench::new();
    bench.run("SADD s a");
    let popped = ["changed 0 s", "event spop 0 s", "event del 0 s", "propagate 0 SREM s a", "dirty 1"];
    check(bench, "SPOP s", &popped);
    bench.run("SADD s 1 2 3");
    let recorded = bench.recorded("SPOP s 2");
    assert_eq!(recorded[..2], ["changed 0 s", "event spop 0 s"]);
    let removal = recorded[2].strip_prefix("propagate 0 SREM s ").unwrap();
    assert_eq!(removal.split(' ').count(), 2);
    assert_eq!(recorded[3], "dirty 2");
    assert!(bench.run(&format!("SMISMEMBER s {removal}")).contains(":0\r\n:0"));
}

#[test]
fn many_popped_members_are_propagated_in_portions() {
    let bench = &mut Bench::new();
    let members: Vec<String> = (0..3000).map(|number| number.to_string()).collect();
    bench.run(&format!("SADD s {}", members.join(" ")));
    let recorded = bench.recorded("SPOP s 2500");
    let removed = recorded.iter().filter_map(|line| line.strip_prefix("propagate 0 SREM s "));
    assert_eq!(removed.map(|members| members.split(' ').count()).collect::<Vec<_>>(), [1024, 1024, 452]);
}

#[test]
fn popping_all_members_is_propagated_as_a_deletion() {
    let bench = &mut Bench::new();
    bench.run("SADD s a b");
    let gone = ["changed 0 s", "event spop 0 s", "event del 0 s", "propagate 0 DEL s", "dirty 2"];
    check(bench, "SPOP s 2", &gone);
    check(bench, "SPOP s 2", &["dirty 0"]);
    bench.run("SADD s a");
    bench.engine.config.memory.lazyfree_lazy_server_del = true;
    let gone = ["changed 0 s", "event spop 0 s", "event del 0 s", "propagate 0 UNLINK s", "dirty 1"];
    check(bench, "SPOP s 9223372036854775807", &gone);
}

#[test]
fn a_stored_result_replaces_or_deletes_its_target() {
    let bench = &mut Bench::new();
    bench.run("SADD a 1 2");
    bench.run("SADD b 2 3");
    let stored = ["event new 0 t", "changed 0 t", "event sinterstore 0 t", "dirty 1"];
    check(bench, "SINTERSTORE t a b", &stored);
    check(bench, "SUNIONSTORE t a b", &["changed 0 t", "event sunionstore 0 t", "dirty 1"]);
    check(bench, "SDIFFSTORE t a b", &["changed 0 t", "event sdiffstore 0 t", "dirty 1"]);
    check(bench, "SDIFFSTORE t a a", &["changed 0 t", "event del 0 t", "dirty 1"]);
    check(bench, "SDIFFSTORE t a a", &["dirty 0"]);
    let missing = ["event keymiss 0 missing", "dirty 0"];
    check(bench, "SINTERSTORE t a missing", &missing);
}
