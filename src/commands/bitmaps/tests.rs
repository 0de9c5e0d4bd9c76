//! What bitmap commands record.

use crate::commands::testing::Bench;

#[test]
fn a_bit_that_stays_is_no_change_unless_the_string_grows() {
    let bench = &mut Bench::new();
    let new = ["event new 0 k", "changed 0 k", "event setbit 0 k", "dirty 1"];
    assert_eq!(bench.recorded("SETBIT k 9 0"), new);
    assert_eq!(bench.recorded("SETBIT k 9 0"), ["dirty 0"]);
    assert_eq!(bench.recorded("SETBIT k 9 1"), ["changed 0 k", "event setbit 0 k", "dirty 1"]);
    assert_eq!(bench.recorded("SETBIT k 16 0"), ["changed 0 k", "event setbit 0 k", "dirty 1"]);
}

#[test]
fn an_operation_sets_its_destination_or_deletes_it() {
    let bench = &mut Bench::new();
    bench.run("SET a x");
    let set = ["event new 0 d", "changed 0 d", "event set 0 d", "dirty 1"];
    assert_eq!(bench.recorded("BITOP NOT d a"), set);
    let deleted = ["event keymiss 0 missing", "changed 0 d", "event del 0 d", "dirty 1"];
    assert_eq!(bench.recorded("BITOP OR d missing"), deleted);
    assert_eq!(bench.recorded("BITOP OR d missing"), ["event keymiss 0 missing", "dirty 0"]);
}

#[test]
fn each_field_that_changes_counts() {
    let bench = &mut Bench::new();
    bench.run("SETBIT k 23 0");
    assert_eq!(bench.recorded("BITFIELD k SET u8 0 0 GET u8 0"), ["dirty 0"]);
    let two = ["changed 0 k", "event setbit 0 k", "dirty 2"];
    assert_eq!(bench.recorded("BITFIELD k SET u8 0 1 SET u8 8 0 INCRBY u8 16 1"), two);
}

#[test]
fn zeros_of_a_write_that_failed_are_a_change_without_an_event() {
    let bench = &mut Bench::new();
    let zeros = ["event new 0 k", "changed 0 k", "dirty 1"];
    assert_eq!(bench.recorded("BITFIELD k OVERFLOW FAIL INCRBY u2 0 9"), zeros);
    assert_eq!(bench.recorded("BITFIELD k OVERFLOW FAIL INCRBY u2 0 9"), ["dirty 0"]);
}
