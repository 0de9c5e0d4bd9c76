//! One suite for all encodings, against a `BTreeSet`; the thresholds between encodings; drawing by chance; set
//! algebra; size.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use proptest::prelude::*;

use super::algebra::{difference, intersect, intersection, subtract, union};
use super::*;
use crate::util::random::Random;

type Model = BTreeSet<Vec<u8>>;

const DEFAULT: SetLimits =
    SetLimits { intset_entries_max: 512, listpack_entries_max: 128, listpack_value_bytes_max: 64 };
/// Every set is a table.
const NONE: SetLimits =
    SetLimits { intset_entries_max: 0, listpack_entries_max: 0, listpack_value_bytes_max: 0 };
/// Encodings change all the time.
const SMALL: SetLimits =
    SetLimits { intset_entries_max: 6, listpack_entries_max: 4, listpack_value_bytes_max: 8 };
/// No set is ever a table.
const HUGE: SetLimits = SetLimits {
    intset_entries_max: usize::MAX,
    listpack_entries_max: usize::MAX,
    listpack_value_bytes_max: usize::MAX,
};

fn set_of(members: &[&str], limits: &SetLimits) -> Set {
    let mut set = Set::new();
    for member in members {
        set.insert(StrRef::of(member.as_bytes()), limits);
    }
    set
}

fn numbered(range: std::ops::Range<u32>, limits: &SetLimits) -> Set {
    let mut set = Set::new();
    for number in range {
        assert!(set.insert(StrRef::of(format!("member:{number}").as_bytes()), limits));
    }
    set
}

fn contents(set: &Set) -> Model {
    set.iter().map(StrRef::to_vec).collect()
}

fn sorted(set: &Set) -> Vec<String> {
    contents(set).into_iter().map(|member| String::from_utf8(member).unwrap()).collect()
}

#[test]
fn an_empty_set_allocates_nothing() {
    let mut set = Set::new();
    assert_eq!((set.len(), set.heap_bytes(), set.encoding()), (0, 0, "intset"));
    assert!(!set.contains(StrRef::Int(1)) && !set.remove(StrRef::Int(1)));
    assert_eq!(set.random(&mut Random::seeded(1)), None);
    assert_eq!(set.pop(&mut Random::seeded(1), |_| ()), None);
    assert_eq!(set.scan(7, 10, |_| panic!("nothing to visit")), 0);
}

#[test]
fn integers_stay_integers_until_there_are_too_many() {
    let mut set = set_of(&["1", "2", "3", "4", "5", "6"], &SMALL);
    assert_eq!(set.encoding(), "intset");
    assert!(!set.insert(StrRef::Int(6), &SMALL));
    assert_eq!(set.encoding(), "intset");
    assert!(set.insert(StrRef::Int(7), &SMALL));
    assert_eq!(set.encoding(), "hashtable");
    assert!(set.remove(StrRef::Int(7)));
    assert_eq!(set.encoding(), "hashtable");
}

#[test]
fn a_text_makes_a_listpack_of_an_intset_if_it_fits() {
    let cases: [(&[&str], &str); 6] = [
        (&["1", "2", "a"], "listpack"),
        (&["1", "2", "3", "a"], "listpack"),
        (&["1", "2", "3", "4", "a"], "hashtable"),
        (&["1", "ninebytes"], "hashtable"),
        (&["123456789", "a"], "hashtable"),
        (&["a", "ninebytes"], "hashtable"),
    ];
    for (members, encoding) in cases {
        let set = set_of(members, &SMALL);
        assert_eq!(set.encoding(), encoding, "{members:?}");
        assert_eq!(sorted(&set), members);
    }
}

#[test]
fn a_listpack_becomes_a_table_when_it_is_full_or_a_member_is_long() {
    let mut set = set_of(&["a", "b", "c", "4"], &SMALL);
    assert_eq!(set.encoding(), "listpack");
    assert!(!set.insert(StrRef::of(b"a"), &SMALL));
    assert_eq!(set.encoding(), "listpack");
    assert!(set.insert(StrRef::of(b"e"), &SMALL));
    assert_eq!(set.encoding(), "hashtable");
    assert_eq!(set_of(&["a", "123456789"], &SMALL).encoding(), "hashtable");
    assert_eq!(set_of(&["a", "12345678"], &SMALL).encoding(), "listpack");
}

#[test]
fn what_is_expected_chooses_the_encoding() {
    let cases = [("1", 6, "intset"), ("1", 7, "hashtable"), ("a", 4, "listpack"), ("a", 5, "hashtable")];
    for (first, count, encoding) in cases {
        let mut set = Set::new();
        set.expect(StrRef::of(first.as_bytes()), count, &SMALL);
        assert_eq!(set.encoding(), encoding, "{count} like {first}");
    }
    let few_integers = SetLimits { intset_entries_max: 2, ..SMALL };
    let mut set = Set::new();
    set.expect(StrRef::Int(1), 3, &few_integers);
    assert_eq!(set.encoding(), "listpack");
    assert!(set.insert(StrRef::Int(1), &few_integers));
    set.expect(StrRef::of(b"a"), 4, &few_integers);
    assert_eq!(set.encoding(), "listpack");
    set.expect(StrRef::of(b"a"), 5, &few_integers);
    assert_eq!((set.encoding(), set.len()), ("hashtable", 1));
    let mut integers = set_of(&["1", "2"], &few_integers);
    integers.expect(StrRef::of(b"a"), 3, &few_integers);
    assert_eq!(integers.encoding(), "hashtable");
}

#[test]
fn integers_of_a_snapshot_are_kept_or_converted() {
    let mut integers = IntSet::new();
    assert!((0..7).all(|number| integers.insert(number)));
    let content = integers.clone();
    assert_eq!(Set::from_integers(integers.clone(), &SMALL).encoding(), "hashtable");
    let set = Set::from_integers(integers, &DEFAULT);
    assert_eq!(set.content(), Content::IntSet(content.as_bytes()));
    assert_eq!(set_of(&["a"], &DEFAULT).content(), Content::Listpack);
    assert_eq!(set_of(&["a"], &NONE).content(), Content::Members);
}

#[test]
fn every_member_is_drawn_about_as_often() {
    // 1000 expected of each; five standard deviations are 160.
    for limits in [&HUGE, &NONE] {
        for members in [["1", "2", "3", "4", "5"], ["a", "b", "c", "d", "5"]] {
            let set = set_of(&members, limits);
            let mut random = Random::seeded(9);
            let mut drawn = [0; 5];
            let mut count = |member: StrRef<'_>| {
                let member = String::from_utf8(member.to_vec()).unwrap();
                drawn[members.iter().position(|it| **it == member).unwrap()] += 1;
            };
            for _ in 0..1000 {
                count(set.random(&mut random).unwrap());
                set.sample(2, &mut random, &mut count);
                set.clone().pop(&mut random, &mut count);
                set.clone().pop_many(1, &mut random, limits, &mut count);
            }
            assert!(drawn.iter().all(|count| (840..1160).contains(count)), "{drawn:?}");
        }
    }
}

#[test]
fn samples_have_the_size_asked_for_and_no_member_twice() {
    for limits in [&DEFAULT, &NONE, &HUGE] {
        let set = numbered(0..100, limits);
        for count in [0, 1, 20, 33, 34, 90, 99, 100, 101, usize::MAX] {
            let mut seen = Model::new();
            set.sample(count, &mut Random::seeded(count as u64), |member| {
                assert!(set.contains(member));
                assert!(seen.insert(member.to_vec()));
            });
            assert_eq!(seen.len(), count.min(100));
        }
    }
}

#[test]
fn what_is_popped_and_what_stays_make_the_set() {
    for limits in [&DEFAULT, &NONE, &HUGE, &SMALL] {
        for range in [0..100, 0..7] {
            for count in [0, 1, 5, 6, 20, 83, 84, 99, 100, usize::MAX] {
                let whole = numbered(range.clone(), limits);
                let (mut set, mut popped) = (whole.clone(), Model::new());
                set.pop_many(count, &mut Random::seeded(3), limits, |member| {
                    assert!(popped.insert(member.to_vec()));
                });
                set.assert_invariants();
                assert_eq!(popped.len(), count.min(whole.len()));
                assert_eq!(set.len() + popped.len(), whole.len());
                popped.append(&mut contents(&set));
                assert_eq!(popped, contents(&whole));
            }
        }
    }
}

#[test]
fn few_left_by_a_big_pop_are_a_small_set_again() {
    for (count, encoding) in [(100, "hashtable"), (180, "listpack")] {
        let mut set = numbered(0..200, &DEFAULT);
        assert_eq!(set.encoding(), "hashtable");
        set.pop_many(count, &mut Random::seeded(3), &DEFAULT, |_| ());
        assert_eq!(set.encoding(), encoding);
    }
}

#[test]
fn intersections_take_the_encoding_of_the_smallest_set_or_of_integers() {
    let limits = SetLimits { intset_entries_max: 3, ..DEFAULT };
    let integers = set_of(&["1", "2", "3"], &limits);
    let texts = set_of(&["1", "2", "3", "a"], &limits);
    let others = set_of(&["b", "a", "3", "2"], &NONE);
    let cases: [(&[&Set], &[&str], &str); 5] = [
        (&[&integers, &texts], &["1", "2", "3"], "intset"),
        (&[&texts, &others], &["2", "3", "a"], "listpack"),
        (&[&texts, &others, &integers], &["2", "3"], "intset"),
        (&[&others], &["2", "3", "a", "b"], "listpack"),
        (&[&texts, &texts], &["1", "2", "3", "a"], "listpack"),
    ];
    for (sets, members, encoding) in cases {
        let result = intersection(sets, &limits);
        assert_eq!(
            (sorted(&result), result.encoding()),
            (members.iter().map(ToString::to_string).collect(), encoding)
        );
    }
    let many = set_of(&["1", "2", "3", "4"], &NONE);
    assert_eq!(
        intersection(&[&many], &SetLimits { intset_entries_max: 3, ..DEFAULT }).encoding(),
        "listpack"
    );
    assert_eq!(intersection(&[&many], &DEFAULT).encoding(), "intset");
}

#[test]
fn an_intersection_stops_when_told_to() {
    let set = numbered(0..100, &DEFAULT);
    let mut visited = 0;
    intersect(&[&set, &set.clone()], |_| {
        visited += 1;
        if visited == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!(visited, 10);
}

#[test]
fn a_set_minus_itself_is_empty_and_minus_many_is_what_is_left() {
    let set = numbered(0..50, &DEFAULT);
    subtract(&set, &[&Set::new(), &set], &DEFAULT, |_| panic!("nothing is left"));
    let singles: Vec<Set> = (0..49).map(|number| numbered(number..number + 1, &DEFAULT)).collect();
    let singles: Vec<&Set> = singles.iter().collect();
    assert_eq!(sorted(&difference(&set, &singles, &DEFAULT)), ["member:49"]);
}

#[test]
fn a_member_of_a_large_set_costs_less_than_28_bytes() {
    let set = numbered(0..1000, &DEFAULT);
    assert_eq!(set.encoding(), "hashtable");
    assert!(set.heap_bytes() < 20_000, "{}", set.heap_bytes());
    let integers = set_of(&["1", "2", "3"], &DEFAULT);
    assert_eq!(integers.heap_bytes(), 16);
}

/// Integers of all sizes, texts that look like some, short and long texts: often the same ones.
fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => (-12_i64..12).prop_map(|number| number.to_string().into_bytes()),
        2 => prop_oneof![Just(i64::MIN), Just(i64::MAX), any::<i32>().prop_map(i64::from)]
            .prop_map(|number| number.to_string().into_bytes()),
        4 => (0..26_u8).prop_map(|letter| vec![b'a' + letter]),
        1 => (0..12_i64).prop_map(|number| format!("0{number}").into_bytes()),
        1 => (0..9_usize).prop_map(|length| vec![b'x'; length * 40]),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<u8>),
    Remove(Vec<u8>),
    Pop,
    PopMany(usize),
}

fn steps(integers_only: bool) -> impl Strategy<Value = Vec<Step>> {
    let member = || {
        if integers_only {
            (0..40_i64).prop_map(|it| it.to_string().into_bytes()).boxed()
        } else {
            member().boxed()
        }
    };
    let step = prop_oneof![
        8 => member().prop_map(Step::Insert),
        4 => member().prop_map(Step::Remove),
        1 => Just(Step::Pop),
        1 => (0..6_usize).prop_map(Step::PopMany),
    ];
    prop::collection::vec(step, 0..150)
}

fn behaves_like_a_set(steps: &[Step], limits: &SetLimits) {
    let (mut set, mut model, mut random) = (Set::new(), Model::new(), Random::seeded(1));
    for step in steps {
        let was_empty = model.is_empty();
        match step {
            Step::Insert(member) => {
                assert_eq!(set.insert(StrRef::of(member), limits), model.insert(member.clone()));
                assert!(set.contains(StrRef::of(member)));
            }
            Step::Remove(member) => {
                assert_eq!(set.remove(StrRef::of(member)), model.remove(member));
                assert!(!set.contains(StrRef::of(member)));
            }
            Step::Pop => {
                let popped = set.pop(&mut random, |member| model.remove(&member.to_vec()));
                assert_eq!(popped, (!was_empty).then_some(true));
            }
            Step::PopMany(count) => {
                set.pop_many(*count, &mut random, limits, |member| assert!(model.remove(&member.to_vec())));
            }
        }
        assert_eq!((set.len(), set.is_empty()), (model.len(), model.is_empty()));
    }
    set.assert_invariants();
    assert_eq!(contents(&set), model);
    let (mut scanned, mut cursor) = (Model::new(), 0);
    loop {
        cursor = set.scan(cursor, 3, |member| {
            scanned.insert(member.to_vec());
        });
        if cursor == 0 {
            break;
        }
    }
    assert_eq!(scanned, model);
    assert_eq!(contents(&set.clone()), model);
}

fn set_and_model(members: &[Vec<u8>], limits: &SetLimits) -> (Set, Model) {
    let mut set = Set::new();
    for member in members {
        set.insert(StrRef::of(member), limits);
    }
    (set, members.iter().cloned().collect())
}

fn limits() -> impl Strategy<Value = SetLimits> {
    prop_oneof![Just(NONE), Just(SMALL), Just(HUGE), Just(DEFAULT)]
}

proptest! {
    #[test]
    fn every_encoding_behaves_like_a_set(steps in steps(false), limits in limits()) {
        behaves_like_a_set(&steps, &limits);
    }

    #[test]
    fn sets_of_integers_behave_like_sets(steps in steps(true), limits in limits()) {
        behaves_like_a_set(&steps, &limits);
    }

    #[test]
    fn set_algebra_is_that_of_sets(
        sets in prop::collection::vec((prop::collection::vec(member(), 0..30), limits()), 1..8),
        limits in limits(),
    ) {
        let (sets, models): (Vec<Set>, Vec<Model>) =
            sets.iter().map(|(members, limits)| set_and_model(members, limits)).unzip();
        let sets: Vec<&Set> = sets.iter().collect();
        let folded = |fold: fn(&Model, &Model) -> Model| {
            models[1..].iter().fold(models[0].clone(), |folded, model| fold(&folded, model))
        };
        let intersected = intersection(&sets, &limits);
        intersected.assert_invariants();
        prop_assert_eq!(contents(&intersected), folded(|left, right| left & right));
        prop_assert_eq!(contents(&union(sets.iter().copied(), &limits)), folded(|left, right| left | right));
        let difference = difference(sets[0], &sets[1..], &limits);
        prop_assert_eq!(contents(&difference), folded(|left, right| left - right));
    }
}
