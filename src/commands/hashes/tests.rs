//! What the handlers record: dirty counts, events, propagation.

use crate::commands::testing::Bench;

#[test]
fn a_write_counts_its_fields_and_is_announced_once() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.recorded("hset h a 1 b 2"),
        ["event new 0 h", "changed 0 h", "event hset 0 h", "dirty 2"]
    );
    assert_eq!(bench.recorded("hsetnx h a 1"), ["dirty 0"]);
    assert_eq!(bench.recorded("hsetnx h c 1"), ["changed 0 h", "event hset 0 h", "dirty 1"]);
    assert_eq!(bench.recorded("hincrby h a 1"), ["changed 0 h", "event hincrby 0 h", "dirty 1"]);
    assert_eq!(bench.recorded("hdel h nothing"), ["dirty 0"]);
    assert_eq!(bench.recorded("hdel h a b"), ["changed 0 h", "event hdel 0 h", "dirty 2"]);
}

#[test]
fn the_last_field_takes_the_key_with_it() {
    let mut bench = Bench::new();
    bench.run("hset h a 1 b 2");
    assert_eq!(bench.recorded("hdel h a b a"), ["changed 0 h", "event hdel 0 h", "event del 0 h", "dirty 2"]);
    assert_eq!(bench.run("exists h"), ":0\r\n");
}

#[test]
fn a_sum_of_floats_is_propagated_as_its_result() {
    let mut bench = Bench::new();
    bench.run("hset h a 10.5");
    assert_eq!(
        bench.recorded("hincrbyfloat h a 0.1"),
        ["changed 0 h", "event hincrbyfloat 0 h", "propagate 0 HSET h a 10.6", "dirty 1"]
    );
}

#[test]
fn deadlines_are_propagated_as_moments_of_the_fields_that_got_them() {
    let mut bench = Bench::new();
    bench.run("hset h a 1 b 2 c 3");
    assert_eq!(
        bench.recorded("hexpireat h 4000000000 nx fields 3 a x b"),
        [
            "changed 0 h",
            "event hexpire 0 h",
            "propagate 0 HPEXPIREAT h 4000000000000 FIELDS 2 a b",
            "dirty 2"
        ]
    );
    assert_eq!(bench.recorded("hexpireat h 4100000000 nx fields 1 a"), ["dirty 0"]);
    assert_eq!(
        bench.recorded("hincrbyfloat h a 0.5")[2..],
        ["propagate 0 HSET h a 1.5", "propagate 0 HPEXPIREAT h 4000000000000 FIELDS 1 a", "dirty 1"]
    );
    assert_eq!(bench.recorded("hpersist h fields 3 a b c"), ["changed 0 h", "event hpersist 0 h", "dirty 2"]);
    assert_eq!(
        bench.recorded("hexpire h 0 fields 4 a b c x"),
        ["changed 0 h", "event hdel 0 h", "event del 0 h", "propagate 0 HDEL h a b c", "dirty 3"]
    );
}

#[test]
fn values_with_a_deadline_are_propagated_in_words_of_older_servers() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.recorded("hsetex h pxat 4000000000000 fields 2 a 1 b 2")[1..],
        [
            "changed 0 h",
            "event hset 0 h",
            "event hexpire 0 h",
            "propagate 0 HSET h a 1 b 2",
            "propagate 0 HPEXPIREAT h 4000000000000 FIELDS 2 a b",
            "dirty 2"
        ]
    );
    assert_eq!(
        bench.recorded("hgetex h persist fields 2 a x"),
        ["changed 0 h", "event hpersist 0 h", "propagate 0 HPERSIST h FIELDS 1 a", "dirty 1"]
    );
    assert_eq!(
        bench.recorded("hgetdel h fields 2 a x"),
        ["changed 0 h", "event hdel 0 h", "propagate 0 HDEL h a", "dirty 1"]
    );
    assert_eq!(bench.recorded("hsetex h pxat 1 fields 1 x 1"), ["dirty 0"]);
    assert_eq!(
        bench.recorded("hsetex h pxat 1 fields 2 x 1 b 1"),
        ["changed 0 h", "event hdel 0 h", "event del 0 h", "propagate 0 HDEL h b", "dirty 1"]
    );
}

#[test]
fn an_expired_field_is_deleted_downstream_before_a_command_changes_it() {
    let mut bench = Bench::new();
    bench.run("hset h a 1 b 2");
    bench.run("hpexpireat h 4000000000000 fields 1 a");
    bench.engine.clock.advance_to(4_000_000_001_000_000);
    assert_eq!(
        bench.recorded("hincrby h a 5"),
        [
            "propagate 0 HDEL h a",
            "changed 0 h",
            "event hexpired 0 h",
            "changed 0 h",
            "event hincrby 0 h",
            "dirty 1"
        ]
    );
    assert_eq!(bench.run("hget h a"), "$1\r\n5\r\n");
}
