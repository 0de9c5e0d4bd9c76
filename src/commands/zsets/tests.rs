//! What the commands of sorted sets record.

use crate::commands::testing::Bench;

#[test]
fn each_change_has_its_event_and_its_count() {
    let mut bench = Bench::new();
    assert_eq!(
        bench.recorded("zadd z 1 a 2 b 3 c"),
        ["event new 0 z", "wake 0 z", "changed 0 z", "event zadd 0 z", "dirty 3"]
    );
    assert_eq!(bench.recorded("zadd z 1 a 5 b"), ["changed 0 z", "event zadd 0 z", "dirty 1"]);
    assert_eq!(bench.recorded("zadd z 1 a"), ["dirty 0"]);
    assert_eq!(bench.recorded("zincrby z 1 a"), ["changed 0 z", "event zincr 0 z", "dirty 1"]);
    assert_eq!(bench.recorded("zincrby z 0 a"), ["dirty 0"]);
    assert_eq!(bench.recorded("zrem z a nothing"), ["changed 0 z", "event zrem 0 z", "dirty 1"]);
    assert_eq!(
        bench.recorded("zremrangebyrank z 0 0"),
        ["changed 0 z", "event zremrangebyrank 0 z", "dirty 1"]
    );
    assert_eq!(
        bench.recorded("zremrangebyscore z -inf inf"),
        ["changed 0 z", "event zremrangebyscore 0 z", "event del 0 z", "dirty 1"]
    );
    assert_eq!(bench.recorded("zremrangebylex z - +"), ["dirty 0"]);
}

#[test]
fn pops_of_several_keys_go_out_as_plain_pops() {
    let mut bench = Bench::new();
    bench.run("zadd z 1 a 2 b 3 c 4 d 5 e 6 f");
    assert_eq!(bench.recorded("zpopmin z"), ["changed 0 z", "event zpopmin 0 z", "dirty 1"]);
    assert_eq!(
        bench.recorded("zmpop 2 missing z max count 2"),
        ["changed 0 z", "event zpopmax 0 z", "propagate 0 ZPOPMAX z 2", "dirty 2"]
    );
    assert_eq!(
        bench.recorded("bzpopmin missing z 0"),
        ["changed 0 z", "event zpopmin 0 z", "propagate 0 ZPOPMIN z", "dirty 1"]
    );
    assert_eq!(
        bench.recorded("bzmpop 0 1 z min count 100"),
        ["changed 0 z", "event zpopmin 0 z", "event del 0 z", "propagate 0 ZPOPMIN z 2", "dirty 2"]
    );
}

#[test]
fn results_are_stored_with_the_event_of_their_command() {
    let mut bench = Bench::new();
    bench.run("zadd z 1 a");
    assert_eq!(
        bench.recorded("zunionstore to 1 z"),
        ["event new 0 to", "wake 0 to", "changed 0 to", "event zunionstore 0 to", "dirty 1"]
    );
    assert_eq!(
        bench.recorded("zrangestore to z 0 -1"),
        ["wake 0 to", "changed 0 to", "event zrangestore 0 to", "dirty 1"]
    );
    assert_eq!(bench.recorded("zdiffstore to 2 z z"), ["changed 0 to", "event del 0 to", "dirty 1"]);
    assert_eq!(bench.recorded("zinterstore to 1 missing"), ["event keymiss 0 missing", "dirty 0"]);
}
