//! What geo commands record.

use crate::commands::testing::Bench;

#[test]
fn positions_are_propagated_as_scores() {
    let bench = &mut Bench::new();
    let added = [
        "event new 0 k",
        "wake 0 k",
        "changed 0 k",
        "event zadd 0 k",
        "propagate 0 zadd k CH 3479099956230698 Palermo 3479447370796909 Catania",
        "dirty 2",
    ];
    let geoadd = "GEOADD k CH 13.361389 38.115556 Palermo 15.087269 37.502669 Catania";
    assert_eq!(bench.recorded(geoadd), added);
    assert_eq!(bench.recorded(geoadd), ["dirty 0"]);
}

#[test]
fn stored_results_count_each() {
    let bench = &mut Bench::new();
    bench.run("GEOADD k 13.361389 38.115556 Palermo 15.087269 37.502669 Catania");
    let search = "GEOSEARCHSTORE d k FROMLONLAT 15 37 BYRADIUS 200 km";
    let stored = ["event new 0 d", "wake 0 d", "changed 0 d", "event geosearchstore 0 d", "dirty 2"];
    assert_eq!(bench.recorded(search), stored);
    let again = ["wake 0 d", "changed 0 d", "event georadiusstore 0 d", "dirty 1"];
    assert_eq!(bench.recorded("GEORADIUS k 15 37 100 km STOREDIST d"), again);
    let nothing = ["changed 0 d", "event del 0 d", "dirty 1"];
    assert_eq!(bench.recorded("GEORADIUS k 0 0 1 m STORE d"), nothing);
    assert_eq!(bench.recorded("GEORADIUS k 0 0 1 m STORE d"), ["dirty 0"]);
}
