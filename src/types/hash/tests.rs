//! One suite for both encodings, run with limits that give the one, the other, and each in turn.

use proptest::prelude::*;

use super::*;

const NOTHING_SMALL: HashLimits = HashLimits { entries_max: 0, value_bytes_max: 0 };
const USUAL: HashLimits = HashLimits { entries_max: 8, value_bytes_max: 12 };
const ALL_SMALL: HashLimits = HashLimits { entries_max: usize::MAX, value_bytes_max: usize::MAX };
const EVERY_LIMIT: [HashLimits; 3] = [NOTHING_SMALL, USUAL, ALL_SMALL];

/// What a hash should be: pairs in the order of insertion.
#[derive(Debug, Default)]
struct Model(Vec<(Vec<u8>, Vec<u8>, Option<i64>)>);

impl Model {
    fn position(&self, field: &[u8]) -> Option<usize> {
        self.0.iter().position(|(name, ..)| name == field)
    }

    fn insert(&mut self, field: &[u8], value: &[u8], expiry: FieldExpiry) -> bool {
        let Some(index) = self.position(field) else {
            self.0.push((field.to_vec(), value.to_vec(), None));
            return true;
        };
        let old_ms = self.0[index].2.filter(|_| expiry == FieldExpiry::Keep);
        self.0[index] = (field.to_vec(), value.to_vec(), old_ms);
        false
    }

    fn remove(&mut self, field: &[u8]) -> bool {
        self.position(field).map(|index| self.0.remove(index)).is_some()
    }

    fn live(&self, now_ms: i64) -> Vec<(Vec<u8>, Vec<u8>)> {
        let live = self.0.iter().filter(|(.., expiry_ms)| expiry_ms.is_none_or(|at_ms| at_ms >= now_ms));
        live.map(|(field, value, _)| (field.clone(), value.clone())).collect()
    }
}

fn contents(hash: &Hash, now_ms: i64) -> Vec<(Vec<u8>, Vec<u8>)> {
    hash.iter(now_ms).map(|(field, value)| (field.to_vec(), value.to_vec())).collect()
}

fn insert(hash: &mut Hash, field: &str, value: &str, limits: HashLimits) -> bool {
    hash.insert(field.as_bytes(), value.as_bytes(), FieldExpiry::Clear, limits)
}

fn check_same(hash: &Hash, model: &Model, now_ms: i64) {
    let expected = model.live(now_ms);
    assert_eq!(hash.len(), model.0.len());
    assert_eq!(hash.live_len(now_ms), expected.len());
    assert_eq!(hash.is_empty(), model.0.is_empty());
    assert_eq!(hash.next_expiry_ms(), model.0.iter().filter_map(|pair| pair.2).min());
    let mut actual = contents(hash, now_ms);
    if hash.encoding() == "hashtable" {
        let mut sorted = expected;
        sorted.sort();
        actual.sort();
        assert_eq!(actual, sorted);
    } else {
        assert_eq!(actual, expected, "in the order of insertion");
    }
    if let Repr::Large(fields) = &hash.0 {
        fields.assert_invariants();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, usize, FieldExpiry),
    Remove(u8),
    SetExpiry(u8, Option<i64>),
    RemoveExpired(i64, usize),
    RemoveIfExpired(u8, i64),
    Clone,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0..40_u8, 0..90_usize, any::<bool>()).prop_map(|(field, length, keep)| {
            Step::Insert(field, length, if keep { FieldExpiry::Keep } else { FieldExpiry::Clear })
        }),
        4 => (0..40_u8).prop_map(Step::Remove),
        4 => (0..40_u8, prop::option::of(0..100_i64)).prop_map(|(field, at)| Step::SetExpiry(field, at)),
        1 => (0..100_i64, 0..5_usize).prop_map(|(now_ms, count)| Step::RemoveExpired(now_ms, count)),
        1 => (0..40_u8, 0..100_i64).prop_map(|(field, now_ms)| Step::RemoveIfExpired(field, now_ms)),
        1 => Just(Step::Clone),
    ];
    prop::collection::vec(step, 1..200)
}

/// Numbers, short texts and long texts.
fn field(number: u8) -> Vec<u8> {
    match number % 4 {
        0 => number.to_string().into_bytes(),
        1 => vec![b'f'; 70 + usize::from(number)],
        _ => format!("field:{number}").into_bytes(),
    }
}

fn take_step(hash: &mut Hash, model: &mut Model, step: &Step, limits: HashLimits) {
    match *step {
        Step::Insert(number, length, expiry) => {
            let value = if length % 3 == 0 { length.to_string().into_bytes() } else { vec![b'v'; length] };
            let is_new = hash.insert(&field(number), &value, expiry, limits);
            assert_eq!(is_new, model.insert(&field(number), &value, expiry));
        }
        Step::Remove(number) => assert_eq!(hash.remove(&field(number)), model.remove(&field(number))),
        Step::SetExpiry(number, expiry_ms) => {
            let found = model.position(&field(number));
            assert_eq!(hash.set_expiry_ms(&field(number), expiry_ms), found.is_some());
            if let Some(index) = found {
                model.0[index].2 = expiry_ms;
            }
        }
        Step::RemoveExpired(now_ms, count) => {
            let expired = model.0.len() - model.live(now_ms).len();
            let removed = hash.remove_expired(now_ms, count);
            assert_eq!(removed.len(), expired.min(count));
            for field in removed {
                let index = model.position(&field).expect("the field was there");
                assert!(model.0.remove(index).2.is_some_and(|at_ms| at_ms < now_ms));
            }
        }
        Step::RemoveIfExpired(number, now_ms) => {
            let found = model.position(&field(number));
            let is_expired = found.is_some_and(|index| model.0[index].2.is_some_and(|at_ms| at_ms < now_ms));
            assert_eq!(hash.remove_if_expired(&field(number), now_ms), is_expired);
            if is_expired {
                model.remove(&field(number));
            }
        }
        Step::Clone => *hash = hash.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn behaves_like_a_list_of_pairs(steps in steps()) {
        for limits in EVERY_LIMIT {
            let (mut hash, mut model) = (Hash::new(), Model::default());
            for (index, step) in steps.iter().enumerate() {
                take_step(&mut hash, &mut model, step, limits);
                if index % 16 == 0 {
                    check_same(&hash, &model, 50);
                }
            }
            check_same(&hash, &model, SHOW_EXPIRED);
            check_same(&hash, &model, 50);
            for number in 0..40 {
                let expected = model.position(&field(number)).map(|index| &model.0[index]);
                let live = expected.filter(|pair| pair.2.is_none_or(|at_ms| at_ms >= 50));
                assert_eq!(hash.get(&field(number), 50).map(StrRef::to_vec), live.map(|pair| pair.1.clone()));
                assert_eq!(hash.expiry_ms(&field(number), 50), live.map(|pair| pair.2));
            }
        }
    }
}

#[test]
fn five_short_pairs_take_no_more_than_their_texts_and_a_byte_each() {
    let mut hash = Hash::new();
    for number in 0..5 {
        insert(&mut hash, &format!("field{number}"), &format!("value{number:06}"), ALL_SMALL);
    }
    assert_eq!(hash.heap_bytes(), 96);
}

#[test]
fn a_thousand_short_pairs_take_little() {
    let limits = HashLimits { entries_max: 512, value_bytes_max: 64 };
    let mut hash = Hash::new();
    for number in 0..1000 {
        insert(&mut hash, &format!("field:{number:06}"), &format!("value:{number:06}"), limits);
    }
    assert_eq!(hash.encoding(), "hashtable");
    assert!(hash.heap_bytes() < 33_000, "{}", hash.heap_bytes());
}

#[test]
fn the_encoding_follows_the_limits_and_never_goes_back() {
    let limits = HashLimits { entries_max: 3, value_bytes_max: 4 };
    let mut hash = Hash::new();
    for field in ["a", "b", "c"] {
        insert(&mut hash, field, "1234", limits);
    }
    assert_eq!(hash.encoding(), "listpack");
    insert(&mut hash, "d", "1", limits);
    assert_eq!(hash.encoding(), "hashtable");
    for field in ["a", "b", "c"] {
        assert!(hash.remove(field.as_bytes()));
    }
    assert_eq!(hash.encoding(), "hashtable");

    let mut hash = Hash::new();
    hash.make_room(3, 4, limits);
    assert_eq!(hash.encoding(), "listpack");
    hash.make_room(1, 5, limits);
    assert_eq!(hash.encoding(), "hashtable");
    let mut hash = Hash::new();
    hash.make_room(4, 1, limits);
    assert_eq!(hash.encoding(), "hashtable");
    let mut hash = Hash::new();
    insert(&mut hash, "field", "1", limits);
    assert_eq!(hash.encoding(), "hashtable", "a field may be too long, too");
}

#[test]
fn an_expiry_shows_in_the_name_of_the_small_encoding() {
    for limits in EVERY_LIMIT {
        let mut hash = Hash::new();
        insert(&mut hash, "a", "1", limits);
        insert(&mut hash, "b", "2", limits);
        assert!(hash.set_expiry_ms(b"a", Some(70)));
        assert!(!hash.set_expiry_ms(b"c", Some(70)));
        assert_eq!(hash.encoding() == "listpackex", hash.encoding() != "hashtable");
        assert_eq!(hash.expiry_ms(b"a", 70), Some(Some(70)));
        assert_eq!(hash.expiry_ms(b"a", 71), None);
        assert_eq!(hash.expiry_ms(b"b", 71), Some(None));
        assert!(hash.set_expiry_ms(b"a", None));
        assert_eq!(hash.next_expiry_ms(), None);
        assert_eq!(contents(&hash, i64::MAX).len(), 2);
    }
}

#[test]
fn a_scan_shows_every_field_once_and_no_expired_one() {
    for limits in EVERY_LIMIT {
        let mut hash = Hash::new();
        for number in 0..300 {
            insert(&mut hash, &format!("f{number}"), &number.to_string(), limits);
        }
        hash.set_expiry_ms(b"f7", Some(10));
        let (mut cursor, mut seen) = (0, Vec::new());
        loop {
            cursor = hash.scan(cursor, 11, |field, value| seen.push((field.to_vec(), value.to_vec())));
            if cursor == 0 {
                break;
            }
        }
        let mut expected = contents(&hash, 11);
        assert_eq!(expected.len(), 299);
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected);
    }
}

#[test]
fn random_fields_are_live_and_fair() {
    for limits in EVERY_LIMIT {
        let mut hash = Hash::new();
        for number in 0..60 {
            insert(&mut hash, &number.to_string(), "value", limits);
        }
        for number in 40..60 {
            hash.set_expiry_ms(number.to_string().as_bytes(), Some(10));
        }
        let mut random = Random::seeded(5);
        let mut hits = [0_u32; 60];
        for _ in 0..40 * 400 {
            let (field, _) = hash.random(11, &mut random).expect("there are live fields");
            let StrRef::Int(number) = field else { panic!("{field:?}") };
            hits[number as usize] += 1;
        }
        assert!(hits[..40].iter().all(|hits| (300..500).contains(hits)), "{hits:?}");
        assert!(hits[40..].iter().all(|hits| *hits == 0));
    }
}

#[test]
fn a_sample_has_different_fields_as_many_as_asked_for() {
    for limits in EVERY_LIMIT {
        let mut hash = Hash::new();
        for number in 0..100 {
            insert(&mut hash, &number.to_string(), "value", limits);
        }
        let mut random = Random::seeded(5);
        for (count, expected) in [(0, 0), (1, 1), (10, 10), (60, 60), (100, 100), (1000, 100)] {
            let mut hits = HashSet::new();
            hash.sample(0, count, &mut random, |field, _| assert!(hits.insert(field.to_vec())));
            assert_eq!(hits.len(), expected);
        }
        let mut hits = [0_u32; 100];
        for _ in 0..2000 {
            hash.sample(0, 20, &mut random, |field, _| {
                let StrRef::Int(number) = field else { panic!("{field:?}") };
                hits[number as usize] += 1;
            });
        }
        assert!(hits.iter().all(|hits| (300..500).contains(hits)), "{hits:?}");
    }
}

#[test]
fn a_choice_among_expired_fields_is_empty() {
    for limits in EVERY_LIMIT {
        let mut hash = Hash::new();
        insert(&mut hash, "a", "1", limits);
        hash.set_expiry_ms(b"a", Some(10));
        let mut random = Random::seeded(5);
        assert_eq!(hash.random(11, &mut random), None);
        hash.sample(11, 5, &mut random, |_, _| panic!("nothing to visit"));
        assert_eq!(hash.remove_expired(11, 5), [b"a".to_vec()]);
        assert!(hash.is_empty());
    }
}
