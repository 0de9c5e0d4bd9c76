//! What HyperLogLog commands record.

use crate::commands::testing::Bench;

#[test]
fn additions_count_and_the_same_ones_do_not() {
    let bench = &mut Bench::new();
    let new = ["event new 0 k", "changed 0 k", "event pfadd 0 k", "dirty 3"];
    assert_eq!(bench.recorded("PFADD k a b"), new);
    assert_eq!(bench.recorded("PFADD k a b"), ["dirty 0"]);
    assert_eq!(bench.recorded("PFADD k a b c"), ["changed 0 k", "event pfadd 0 k", "dirty 1"]);
}

#[test]
fn an_estimate_that_is_kept_is_a_change_without_an_event() {
    let bench = &mut Bench::new();
    bench.run("PFADD k a b");
    assert_eq!(bench.recorded("PFCOUNT k"), ["changed 0 k", "dirty 1"]);
    assert_eq!(bench.recorded("PFCOUNT k"), ["dirty 0"]);
    assert_eq!(bench.recorded("PFCOUNT k k"), ["dirty 0"]);
}

#[test]
fn a_merge_is_an_addition_even_of_nothing() {
    let bench = &mut Bench::new();
    let made = ["event keymiss 0 d", "event new 0 d", "changed 0 d", "event pfadd 0 d", "dirty 1"];
    assert_eq!(bench.recorded("PFMERGE d"), made);
    assert_eq!(bench.recorded("PFMERGE d"), ["changed 0 d", "event pfadd 0 d", "dirty 1"]);
}
