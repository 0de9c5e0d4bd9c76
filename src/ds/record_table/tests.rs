//! The table against a `HashMap`, its scan guarantee, the fairness of its random choice, and its size.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;
use crate::ds::packed::{Short, push_long};

/// A payload of every form: a packed text, a long one in the slab.
#[derive(Debug, Clone, Copy)]
enum Text {}

impl Payload for Text {
    fn len_at(block: &[u8]) -> usize {
        Packed::len_at(block)
    }

    fn release(payload: &[u8], slab: &mut Slab) {
        if let Packed::Long(id) = Packed::read(payload).0 {
            slab.remove(id);
        }
    }
}

impl RecordTable<Text> {
    fn pack(&mut self, text: &[u8]) -> Vec<u8> {
        let mut payload = Vec::new();
        match Short::of(StrRef::of(text)) {
            Some(short) => payload.extend_from_slice(short.as_bytes()),
            None => push_long(self.slab_mut().insert(text), &mut payload),
        }
        payload
    }

    fn set(&mut self, key: &[u8], text: &[u8]) -> bool {
        let payload = self.pack(text);
        let key = Key::of(key);
        if let Some(place) = self.find(&key) {
            let place = self.replace_payload(place, &payload);
            assert_eq!(self.payload(place), payload);
            return false;
        }
        let place = self.insert_new(&key, &payload);
        assert_eq!(self.payload(place), payload);
        true
    }

    fn text(&self, payload: &[u8]) -> Vec<u8> {
        match Packed::read(payload).0 {
            Packed::Str(string) => string.to_vec(),
            Packed::Long(id) => self.slab().get(id).to_vec(),
        }
    }

    fn contents(&self) -> HashMap<Vec<u8>, Vec<u8>> {
        self.iter().map(|record| (record.key().to_vec(), self.text(record.payload()))).collect()
    }
}

/// Members of ten bytes.
fn member(number: u64) -> Vec<u8> {
    format!("mem:{number:06}").into_bytes()
}

fn number(record: Record<'_>) -> u64 {
    std::str::from_utf8(&record.key().to_vec()[4..]).unwrap().parse().unwrap()
}

fn insert(table: &mut RecordTable<Nothing>, number: u64) {
    assert!(table.insert(&Key::of(&member(number)), &[]));
}

fn remove(table: &mut RecordTable<Nothing>, number: u64) -> bool {
    table.remove(&Key::of(&member(number)))
}

fn table_of(range: std::ops::Range<u64>) -> RecordTable<Nothing> {
    let mut table = RecordTable::new();
    range.for_each(|number| insert(&mut table, number));
    table
}

#[test]
fn an_empty_table_allocates_nothing_and_finds_nothing() {
    let mut table = RecordTable::<Nothing>::new();
    assert_eq!(table.heap_bytes(), 0);
    assert!(!table.contains(&Key::of(b"a")));
    assert_eq!(table.scan(0, |_| panic!("nothing to visit")), 0);
    assert_eq!(table.random(&mut Random::seeded(1)), None);
    insert(&mut table, 1);
    assert!(table.heap_bytes() <= 96, "a table of one record is small: {}", table.heap_bytes());
    remove(&mut table, 1);
    assert_eq!(table.heap_bytes(), 0);
}

#[test]
fn everything_is_found_at_every_size_up_and_down() {
    let count = 20_000;
    let mut table = RecordTable::new();
    for number in 0..count {
        insert(&mut table, number);
        if number % 1997 == 0 {
            table.assert_invariants();
        }
    }
    assert!((0..count).all(|number| table.contains(&Key::of(&member(number)))));
    assert!(!table.contains(&Key::of(&member(count))));
    for number in 0..count {
        assert!(remove(&mut table, number));
        assert!(!remove(&mut table, number));
        if number % 1997 == 0 {
            table.assert_invariants();
        }
    }
    assert_eq!(table.heap_bytes(), 0);
}

#[test]
fn numbers_and_their_texts_are_one_key() {
    let mut table = RecordTable::<Nothing>::new();
    assert!(table.insert(&Key::of(b"17"), &[]));
    assert!(!table.insert(&Key::of_str(StrRef::Int(17)), &[]));
    assert!(table.insert(&Key::of(b"017"), &[]));
    let place = table.find(&Key::of(b"17")).unwrap();
    assert_eq!(table.at(place).key(), StrRef::Int(17));
    assert_eq!(table.packed_of(place), Short::of(StrRef::Int(17)).unwrap().as_bytes());
}

#[test]
fn a_score_is_changed_in_place() {
    let mut table = RecordTable::<Score>::new();
    for number in 0..100_u32 {
        table.insert(&Key::of(&member(number.into())), &f64::from(number).to_le_bytes());
    }
    let place = table.find(&Key::of(&member(40))).unwrap();
    assert_eq!(table.score(place), 40.0);
    table.set_score(place, -0.5);
    assert_eq!(table.get(&Key::of(&member(40))).map(Score::read), Some(-0.5));
    assert_eq!(table.get(&Key::of(&member(41))).map(Score::read), Some(41.0));
}

#[test]
fn long_keys_and_payloads_leave_the_slab_with_their_records() {
    let mut table = RecordTable::<Text>::new();
    let long_key = |number: u32| [vec![b'k'; 100], number.to_le_bytes().to_vec()].concat();
    for number in 0..500 {
        assert!(table.set(&long_key(number), &vec![b'v'; number as usize]));
    }
    table.assert_invariants();
    assert_eq!(table.slab().len(), 500 + 435);
    for number in 0..500 {
        assert!(!table.set(&long_key(number), b"short"));
    }
    assert_eq!(table.slab().len(), 500);
    assert!(!table.contains(&Key::of(&long_key(500))));
    let copy = table.clone();
    for number in 0..500 {
        assert!(table.remove(&Key::of(&long_key(number))));
    }
    assert_eq!(table.heap_bytes(), 0);
    assert_eq!(copy.get(&Key::of(&long_key(3))).map(|payload| copy.text(payload)), Some(b"short".to_vec()));
}

#[test]
fn a_member_of_ten_bytes_costs_at_most_sixteen() {
    let mut table = RecordTable::new();
    for number in 0..100_000 {
        insert(&mut table, number);
        if number > 900 && number.is_multiple_of(1000) {
            let bytes_per_member = table.heap_bytes() as f64 / table.len() as f64;
            assert!(bytes_per_member <= 16.0, "{bytes_per_member} at {number}");
        }
    }
}

#[test]
fn the_estimate_of_a_large_tables_size_is_close() {
    let mut table = RecordTable::<Text>::new();
    for number in 0..60_000 {
        table.set(&member(number), &vec![b'v'; number as usize % 50]);
    }
    let exact: usize = table.segments.iter().flatten().map(Bucket::heap_bytes).sum();
    let estimate = table.heap_bytes();
    assert!(exact < estimate && estimate < exact + exact / 5, "{estimate} for {exact}");
}

#[test]
fn a_scan_of_an_unchanged_table_sees_everything_once() {
    for count in [1, 12, 13, 200, 5000] {
        let table = table_of(0..count);
        let (mut seen, mut cursor) = (Vec::new(), 0);
        loop {
            cursor = table.scan(cursor, |record| seen.push(number(record)));
            if cursor == 0 {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..count).collect::<Vec<_>>());
    }
}

/// Scans with `change` between steps; members below `lasting` stay all the time and must be seen.
fn assert_scan_sees_all(lasting: u64, others: u64, mut change: impl FnMut(&mut RecordTable<Nothing>, u64)) {
    let mut table = table_of(0..lasting + others);
    let (mut seen, mut cursor, mut step) = (HashSet::new(), 0, 0);
    loop {
        cursor = table.scan(cursor, |record| {
            seen.insert(number(record));
        });
        if cursor == 0 {
            break;
        }
        change(&mut table, step);
        step += 1;
    }
    assert!((0..lasting).all(|number| seen.contains(&number)));
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_grows() {
    assert_scan_sees_all(900, 0, |table, step| {
        if step < 300 {
            (0..50).for_each(|new| insert(table, 10_000 + step * 50 + new));
        }
    });
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_shrinks() {
    assert_scan_sees_all(900, 20_000, |table, step| {
        for old in 0..80 {
            remove(table, 900 + step * 80 + old);
        }
    });
}

#[test]
fn a_scan_sees_what_lasts_while_the_table_grows_and_shrinks_in_turn() {
    assert_scan_sees_all(900, 0, |table, step| {
        let round = step / 30;
        for item in 0..80 {
            let item = 10_000 + (step % 30) * 80 + item;
            if round % 2 == 0 && round < 8 {
                insert(table, item);
            } else {
                remove(table, item);
            }
        }
    });
}

#[test]
fn removing_in_the_order_of_a_scan_keeps_buckets_short_and_ends_empty() {
    let mut table = table_of(0..60_000);
    let (mut longest, mut cursor) = (0, 0);
    while !table.is_empty() {
        let mut visited = Vec::new();
        cursor = table.scan(cursor, |record| visited.push(number(record)));
        longest = longest.max(visited.len());
        for old in visited {
            remove(&mut table, old);
        }
    }
    assert!(longest <= MERGED_RECORDS_MAX, "{longest}");
}

#[test]
fn a_random_choice_is_fair() {
    // Few buckets are counted, many guessed. 400 expected hits each; five standard deviations are 100.
    for count in [3, 45, 300] {
        let table = table_of(0..count);
        let mut random = Random::seeded(42);
        let mut hits = vec![0_u32; count as usize];
        for _ in 0..count * 400 {
            hits[number(table.at(table.random(&mut random).unwrap())) as usize] += 1;
        }
        assert!(hits.iter().all(|hits| (300..500).contains(hits)), "{hits:?}");
    }
}

#[derive(Debug, Clone)]
enum Step {
    Set(u16, usize),
    Remove(u16),
    RemoveMany(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..600_u16, 0..80_usize).prop_map(|(key, length)| Step::Set(key, length)),
        3 => (0..600_u16).prop_map(Step::Remove),
        1 => (0..600_u16).prop_map(Step::RemoveMany),
    ];
    prop::collection::vec(step, 1..800)
}

/// Numbers, short texts and long texts.
fn any_key(number: u16) -> Vec<u8> {
    let digits = number.to_string().into_bytes();
    match number % 3 {
        0 => digits,
        1 => [b"key", &digits[..]].concat(),
        _ => [&[b'k'; 90], &digits[..]].concat(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_map(steps in steps()) {
        let mut table = RecordTable::<Text>::new();
        let mut model = HashMap::new();
        for step in steps {
            match step {
                Step::Set(number, length) => {
                    let (key, text) = (any_key(number), vec![b'v'; length]);
                    prop_assert_eq!(table.set(&key, &text), model.insert(key, text).is_none());
                }
                Step::Remove(number) => {
                    let key = any_key(number);
                    prop_assert_eq!(table.remove(&Key::of(&key)), model.remove(&key).is_some());
                }
                Step::RemoveMany(first) => for number in first..first + 100 {
                    let key = any_key(number);
                    prop_assert_eq!(table.remove(&Key::of(&key)), model.remove(&key).is_some());
                },
            }
            prop_assert_eq!(table.len(), model.len());
        }
        table.assert_invariants();
        prop_assert_eq!(table.contents(), model);
    }
}

#[test]
fn a_table_made_for_its_records_is_the_one_that_would_have_grown() {
    for records in [0, 1, 16, 17, 1000, 70_000] {
        let mut expecting = RecordTable::<Nothing>::with_expected(records);
        let mut growing = RecordTable::<Nothing>::new();
        for number in 0..records as i64 {
            for table in [&mut expecting, &mut growing] {
                assert!(table.insert(&Key::of_str(StrRef::Int(number)), &[]));
            }
        }
        expecting.assert_invariants();
        assert_eq!(expecting.len(), records);
        assert!(expecting.buckets().abs_diff(growing.buckets()) <= 1, "{records}");
    }
    assert_eq!(RecordTable::<Nothing>::with_expected(usize::MAX).buckets(), EXPECTED_BUCKETS_MAX);
}

/// Texts that differ, of both lengths and integers among them.
fn distinct(number: usize) -> Vec<u8> {
    match number % 5 {
        0 => number.to_string().into_bytes(),
        1 => format!("{number:0>100}x").into_bytes(),
        _ => format!("member:{number}").into_bytes(),
    }
}

fn bulk_of(texts: impl Iterator<Item = Vec<u8>>) -> Option<RecordTable<Text>> {
    let mut bulk = Bulk::with_expected(10);
    for text in texts {
        bulk.push(StrRef::of(&text), |block, slab| match Short::of(StrRef::of(&text)) {
            Some(short) => block.extend_from_slice(short.as_bytes()),
            None => push_long(slab.insert(&text), block),
        })?;
    }
    bulk.finish()
}

#[test]
fn a_key_that_is_collected_more_often_than_a_bucket_takes_makes_no_table() {
    for times in [2, 256, 1000, EXPECTED_BUCKETS_MAX * FILL_MAX + 1] {
        assert!(bulk_of((0..times).map(|_| b"same".to_vec())).is_none(), "{times}");
    }
    let others = (0..5000).map(distinct);
    assert!(bulk_of(others.chain((0..300).map(|_| b"same".to_vec()))).is_none());
}

#[test]
fn records_collected_are_the_table_that_takes_them_one_by_one() {
    for records in [0, 1, 16, 17, 1000, EXPECTED_BUCKETS_MAX * FILL_MAX + 1000] {
        let collected = bulk_of((0..records).map(distinct)).unwrap();
        let mut inserted = RecordTable::<Text>::new();
        (0..records).map(distinct).for_each(|text| assert!(inserted.set(&text, &text)));
        collected.assert_invariants();
        assert_eq!((collected.len(), collected.buckets()), (records, inserted.buckets()));
        assert_eq!(collected.contents(), inserted.contents());
        assert!(collected.heap_bytes() <= inserted.heap_bytes(), "{records}");
    }
}

#[test]
fn collected_records_with_one_key_are_no_table() {
    let many = EXPECTED_BUCKETS_MAX * FILL_MAX;
    for (records, again) in [(1, 0), (1000, 0), (1000, 1), (1000, 997), (many, 3), (many + 50, many + 6)] {
        let texts = (0..records).chain([again]).map(distinct);
        assert!(bulk_of(texts).is_none(), "{again} after {records}");
    }
}
