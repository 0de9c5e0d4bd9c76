//! What the commands on keys record.

use crate::commands::testing::Bench;

/// Executes `before`, one command per line, then compares what the command records.
#[track_caller]
fn records(before: &[&str], words: &str, expected: &[&str]) {
    let mut bench = Bench::new();
    for line in before {
        bench.run(line);
    }
    assert_eq!(bench.recorded(words), expected, "{words}");
}

#[test]
fn each_deleted_key_is_a_change_and_an_event() {
    for command in ["DEL", "UNLINK"] {
        records(
            &["SET a 1", "SET b 2"],
            &format!("{command} a missing b a"),
            &["changed 0 a", "event del 0 a", "changed 0 b", "event del 0 b", "dirty 2"],
        );
    }
}

#[test]
fn a_deletion_of_nothing_changes_nothing() {
    records(&[], "DEL missing", &["dirty 0"]);
}

#[test]
fn a_renamed_key_is_one_change_under_two_names() {
    let expected = [
        "event new 0 b",
        "changed 0 a",
        "changed 0 b",
        "event rename_from 0 a",
        "event rename_to 0 b",
        "dirty 1",
    ];
    records(&["SET a 1", "SET b 2"], "RENAME a b", &expected);
    records(&["SET a 1"], "RENAMENX a b", &expected);
    records(&["SET a 1"], "RENAME a a", &["dirty 0"]);
    records(&["SET a 1", "SET b 2"], "RENAMENX a b", &["dirty 0"]);
}

#[test]
fn a_copy_changes_only_its_target() {
    records(&["SET a 1"], "COPY a b DB 3", &["event new 3 b", "changed 3 b", "event copy_to 3 b", "dirty 1"]);
    records(&[], "COPY a b", &["event keymiss 0 a", "dirty 0"]);
}

#[test]
fn a_moved_key_changes_in_both_databases() {
    records(
        &["SET a 1"],
        "MOVE a 3",
        &[
            "event new 3 a",
            "changed 0 a",
            "changed 3 a",
            "event move_from 0 a",
            "event move_to 3 a",
            "dirty 1",
        ],
    );
}

#[test]
fn a_database_exchanged_for_itself_is_propagated_but_nobody_is_told() {
    records(&[], "SWAPDB 0 1", &["swapped 0 1", "dirty 1"]);
    records(&[], "SWAPDB 1 1", &["dirty 1"]);
}

#[test]
fn a_flush_counts_keys_and_is_propagated_even_if_there_are_none() {
    records(&["SET a 1", "SET b 1"], "FLUSHDB", &["flushed 0", "propagate 0 FLUSHDB", "dirty 2"]);
    records(&[], "FLUSHDB ASYNC", &["flushed 0", "propagate 0 FLUSHDB ASYNC", "dirty 0"]);
}

#[test]
fn a_flush_tells_the_watchers_of_keys_that_were_there() {
    records(
        &["SET a 1", "WATCH a missing"],
        "FLUSHDB",
        &["vanished 0 a", "flushed 0", "propagate 0 FLUSHDB", "dirty 1"],
    );
}

#[test]
fn reading_commands_record_misses_only() {
    let miss = ["event keymiss 0 k", "dirty 0"];
    records(&[], "EXISTS k", &miss);
    records(&[], "TYPE k", &miss);
    records(&[], "TOUCH k", &miss);
    records(&[], "OBJECT ENCODING k", &["dirty 0"]);
    records(&[], "RANDOMKEY", &["dirty 0"]);
    records(&["SET k 1"], "EXISTS k k", &["dirty 0"]);
}
