//! The table against a `HashSet`, its scan guarantee, the fairness of its random choice, and its size.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// A hash of good quality: SplitMix64's finalizer.
fn mix(number: u64) -> u64 {
    let mixed = (number ^ number >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// The table never dereferences, so numbers can stand in for addresses.
fn pointer(number: u64) -> NonNull<u64> {
    NonNull::new(std::ptr::without_provenance_mut((number as usize + 1) * 8)).unwrap()
}

fn number(pointer: NonNull<u64>) -> u64 {
    (pointer.addr().get() / 8 - 1) as u64
}

struct Numbers {
    table: Table<u64>,
    /// Cuts hashes down, so that buckets overflow.
    hash_mask: u64,
}

impl Numbers {
    fn new(hash_mask: u64) -> Self {
        Self { table: Table::new(), hash_mask }
    }

    fn of(range: std::ops::Range<u64>) -> Self {
        let mut numbers = Self::new(u64::MAX);
        range.for_each(|it| numbers.insert(it));
        numbers
    }

    fn hash(&self, number: u64) -> u64 {
        mix(number) & self.hash_mask
    }

    fn insert(&mut self, new: u64) {
        let mask = self.hash_mask;
        self.table.insert(self.hash(new), pointer(new), |it| mix(number(it)) & mask);
    }

    fn find(&self, wanted: u64) -> Option<Place> {
        self.table.find(self.hash(wanted), |it| it == pointer(wanted))
    }

    fn remove(&mut self, old: u64) -> Option<u64> {
        self.find(old).and_then(|place| self.table.remove(place)).map(number)
    }

    fn assert_invariants(&self) {
        self.table.assert_invariants(|it| self.hash(number(it)));
    }
}

#[test]
fn an_empty_table_allocates_nothing_and_finds_nothing() {
    let mut numbers = Numbers::new(u64::MAX);
    assert_eq!(numbers.table.memory_bytes(), 0);
    assert_eq!(numbers.find(1), None);
    assert_eq!(numbers.table.scan(0, |_| panic!("nothing to visit")), 0);
    assert_eq!(numbers.table.random(&mut Random::seeded(1)), None);
    numbers.insert(1);
    assert!(numbers.table.memory_bytes() <= 256, "a table of one item is small");
    numbers.remove(1);
    assert_eq!(numbers.table.memory_bytes(), 0);
}

#[test]
fn everything_is_found_at_every_size_up_and_down() {
    let count = if cfg!(miri) { 200 } else { 20_000 };
    let mut numbers = Numbers::new(u64::MAX);
    for new in 0..count {
        numbers.insert(new);
        if new % 997 == 0 {
            numbers.assert_invariants();
        }
    }
    assert!((0..count).all(|it| numbers.find(it).is_some()));
    assert_eq!(numbers.find(count), None);
    for old in 0..count {
        assert_eq!(numbers.remove(old), Some(old));
        if old % 997 == 0 {
            numbers.assert_invariants();
        }
    }
    assert_eq!(numbers.table.buckets(), 0);
}

#[test]
fn a_table_made_for_its_items_is_the_one_that_would_have_grown() {
    for items in [0, 1, 7, 8, 1000, 70_000] {
        let mut expecting = Numbers::new(u64::MAX);
        expecting.table.expect(items as usize);
        let buckets = expecting.table.buckets();
        (0..items).for_each(|it| expecting.insert(it));
        expecting.assert_invariants();
        assert_eq!(expecting.table.buckets(), buckets, "filling it divides none");
        assert_eq!(buckets, Numbers::of(0..items).table.buckets());
        expecting.table.settle();
        assert_eq!(expecting.table.buckets(), buckets);
    }
    let mut table = Table::<u64>::new();
    table.expect(usize::MAX);
    assert_eq!(table.buckets(), EXPECTED_BUCKETS_MAX);
}

#[test]
fn what_was_made_for_items_that_have_not_come_is_given_back() {
    for items in [0, 1, 500] {
        let mut numbers = Numbers::new(u64::MAX);
        numbers.table.expect(1_000_000);
        (0..items).for_each(|it| numbers.insert(it));
        numbers.table.settle();
        numbers.assert_invariants();
        (0..items).for_each(|it| assert!(numbers.find(it).is_some()));
        assert!(numbers.table.memory_bytes() <= 64 * (4 + items as usize), "{items}");
    }
}

#[test]
fn a_window_of_the_tag_is_refilled_where_it_is_used_up() {
    // 2^8 buckets are reached at 1785 items, both ways.
    let count = if cfg!(miri) { 50 } else { 3000 };
    let mut numbers = Numbers::of(0..count);
    numbers.assert_invariants();
    for old in (0..count).rev() {
        numbers.remove(old);
        if numbers.table.buckets().is_power_of_two() {
            numbers.assert_invariants();
        }
    }
}

#[test]
fn replacing_keeps_the_place() {
    let mut numbers = Numbers::of(0..100);
    let place = numbers.find(42).unwrap();
    let hash = numbers.hash(42);
    assert_eq!(numbers.table.replace(place, pointer(1000)), Some(pointer(42)));
    assert_eq!(numbers.table.find(hash, |it| it == pointer(1000)), Some(place));
    assert_eq!(numbers.find(42), None);
    assert_eq!(numbers.table.len(), 100);
}

#[test]
fn an_item_costs_at_most_thirteen_bytes() {
    if cfg!(miri) {
        return;
    }
    // From one doubling to the next, as the fill of buckets varies in between.
    let mut numbers = Numbers::new(u64::MAX);
    for new in 0..200_000_u64 {
        numbers.insert(new);
        if new > 100_000 && new.is_multiple_of(10_000) {
            let bytes_per_item = numbers.table.memory_bytes() as f64 / numbers.table.len() as f64;
            assert!(bytes_per_item < 13.0, "{bytes_per_item}");
        }
    }
}

#[test]
fn a_scan_of_an_unchanged_table_sees_everything_once() {
    for count in [1, 5, 7, 100, 3000] {
        let numbers = Numbers::of(0..count);
        let (mut seen, mut cursor) = (Vec::new(), 0);
        loop {
            cursor = numbers.table.scan(cursor, |it| seen.push(number(it)));
            if cursor == 0 {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}

/// Scans with `change` between steps; items below `lasting` stay all the time and must be seen.
fn assert_scan_sees_all(lasting: u64, others: u64, mut change: impl FnMut(&mut Numbers, u64)) {
    let mut numbers = Numbers::of(0..lasting + others);
    let (mut seen, mut cursor, mut step) = (HashSet::new(), 0, 0);
    loop {
        cursor = numbers.table.scan(cursor, |it| {
            seen.insert(number(it));
        });
        if cursor == 0 {
            break;
        }
        change(&mut numbers, step);
        step += 1;
    }
    assert!((0..lasting).all(|it| seen.contains(&it)));
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_grows() {
    assert_scan_sees_all(500, 0, |numbers, step| {
        if step < 500 {
            (0..30).for_each(|new| numbers.insert(10_000 + step * 30 + new));
        }
    });
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_shrinks() {
    assert_scan_sees_all(500, 20_000, |numbers, step| {
        for old in 0..50 {
            numbers.remove(500 + step * 50 + old);
        }
    });
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_grows_and_shrinks_in_turn() {
    assert_scan_sees_all(700, 0, |numbers, step| {
        let round = step / 40;
        for item in 0..60 {
            let item = 10_000 + (step % 40) * 60 + item;
            if round % 2 == 0 && round < 8 {
                numbers.insert(item);
            } else {
                numbers.remove(item);
            }
        }
    });
}

#[test]
fn removing_in_the_order_of_a_scan_leaves_no_long_chains() {
    let mut numbers = Numbers::of(0..if cfg!(miri) { 100 } else { 100_000 });
    let mut longest = 0;
    let mut cursor = 0;
    while !numbers.table.is_empty() {
        let mut visited = Vec::new();
        cursor = numbers.table.scan(cursor, |it| visited.push(number(it)));
        longest = longest.max(visited.len());
        for old in visited {
            numbers.remove(old);
        }
    }
    assert!(longest < 150, "{longest}");
}

#[test]
fn removing_in_a_sweep_keeps_the_table_balanced() {
    let mut numbers = Numbers::of(0..if cfg!(miri) { 100 } else { 100_000 });
    let (mut longest, mut steps, mut position) = (0, 0, 0);
    while !numbers.table.is_empty() {
        let mut visited = Vec::new();
        position = numbers.table.sweep(position, |it| visited.push(number(it)));
        longest = longest.max(visited.len());
        for old in visited {
            numbers.remove(old);
        }
        steps += 1;
    }
    assert!(longest < 50, "{longest}");
    assert!(steps < 100_000, "{steps}");
}

#[test]
fn a_random_choice_is_fair() {
    // 45 items: buckets of unequal length, some with overflow. 400 expected hits each; five standard
    // deviations are 100.
    for count in [3, 45, 150] {
        let numbers = Numbers::of(0..count);
        let mut random = Random::seeded(42);
        let mut hits = vec![0_u32; count as usize];
        for _ in 0..count * 400 {
            hits[number(numbers.table.random(&mut random).unwrap()) as usize] += 1;
        }
        assert!(hits.iter().all(|hits| (300..500).contains(hits)), "{hits:?}");
    }
}

#[test]
fn a_sample_has_distinct_items_and_the_size_asked_for() {
    let numbers = Numbers::of(0..1000);
    let mut random = Random::seeded(3);
    for (wanted, expected) in [(5, 5), (1000, 1000), (2000, 1000)] {
        let mut sample = HashSet::new();
        let mut visits = 0;
        numbers.table.sample(&mut random, wanted, |it| {
            sample.insert(number(it));
            visits += 1;
        });
        assert_eq!((sample.len(), visits), (expected, expected));
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u64),
    Remove(u64),
    RemoveMany,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..400_u64).prop_map(Step::Insert),
        3 => (0..400_u64).prop_map(Step::Remove),
        1 => Just(Step::RemoveMany),
    ];
    prop::collection::vec(step, 1..600)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: if cfg!(miri) { 2 } else { 64 }, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_map(steps in steps(), hash_mask in prop_oneof![Just(u64::MAX), Just(0xff00_0000_0000_0007)]) {
        let mut numbers = Numbers::new(hash_mask);
        let mut model = HashSet::new();
        for step in steps {
            match step {
                Step::Insert(new) if model.insert(new) => numbers.insert(new),
                Step::Insert(_) => prop_assert!(numbers.table.len() == model.len()),
                Step::Remove(old) => {
                    prop_assert_eq!(numbers.remove(old).is_some(), model.remove(&old));
                }
                Step::RemoveMany => for old in 0..100 {
                    prop_assert_eq!(numbers.remove(old).is_some(), model.remove(&old));
                },
            }
            prop_assert_eq!(numbers.table.len(), model.len());
        }
        numbers.assert_invariants();
        let listed: HashSet<u64> = numbers.table.iter().map(number).collect();
        prop_assert_eq!(listed, model);
    }
}
