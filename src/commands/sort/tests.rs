//! What SORT records, and the keys of its command line.

use super::commands::{keys_of_sort, keys_of_sort_ro};
use crate::commands::testing::Bench;

#[track_caller]
fn check(bench: &mut Bench, words: &str, expected: &[&str]) {
    assert_eq!(bench.recorded(words), expected, "{words}");
}

#[test]
fn a_stored_result_counts_its_elements() {
    let bench = &mut Bench::new();
    bench.run("RPUSH l 3 1 2");
    let stored = ["event new 0 t", "wake 0 t", "changed 0 t", "event sortstore 0 t", "dirty 3"];
    check(bench, "SORT l STORE t", &stored);
    check(bench, "SORT l STORE t LIMIT 5 1", &["changed 0 t", "event del 0 t", "dirty 1"]);
    check(bench, "SORT l STORE t LIMIT 5 1", &["dirty 0"]);
    assert_eq!(bench.run("SORT l LIMIT 0 2 STORE l"), ":2\r\n");
    assert_eq!(bench.run("LRANGE l 0 -1"), "*2\r\n$1\r\n1\r\n$1\r\n2\r\n");
}

#[test]
fn keys_are_the_first_argument_and_the_last_target() {
    let keys = |words: &str| -> Vec<usize> {
        let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        keys_of_sort(&&words[..]).unwrap().iter().map(|key| key.index).collect()
    };
    assert_eq!(keys("sort k"), [1]);
    assert_eq!(keys("sort k STORE t"), [1, 3]);
    assert_eq!(keys("sort k store t alpha store u"), [1, 6]);
    assert_eq!(keys("sort k get store by store limit store store"), [1]);
    assert_eq!(keys("sort k store"), [1]);
    assert_eq!(keys_of_sort_ro(&&[&b"sort_ro"[..], b"k"][..]).unwrap().len(), 1);
}
