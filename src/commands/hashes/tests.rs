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
