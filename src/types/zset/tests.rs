//! One suite of behaviour, run with limits that keep a set in either encoding or let it cross over.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

const NEVER_BLOCK: ZsetLimits = ZsetLimits { entries_max: 0, value_bytes_max: 0 };
const ALWAYS_BLOCK: ZsetLimits = ZsetLimits { entries_max: usize::MAX, value_bytes_max: usize::MAX };
const CROSSING: ZsetLimits = ZsetLimits { entries_max: 8, value_bytes_max: 64 };

/// The same as a sorted vector.
#[derive(Debug, Default)]
struct Model(Vec<(Vec<u8>, f64)>);

fn order(left: &(Vec<u8>, f64), right: &(Vec<u8>, f64)) -> Ordering {
    left.1.partial_cmp(&right.1).unwrap().then_with(|| left.0.cmp(&right.0))
}

impl Model {
    fn score(&self, member: &[u8]) -> Option<f64> {
        self.0.iter().find(|(other, _)| other == member).map(|(_, score)| *score)
    }

    fn insert(&mut self, member: &[u8], score: f64) {
        self.0.retain(|(other, _)| other != member);
        self.0.push((member.to_vec(), score));
        self.0.sort_by(order);
    }
}

fn collected(elements: Elements<'_>) -> Vec<(Vec<u8>, f64)> {
    elements.map(|(member, score)| (member.to_vec(), score)).collect()
}

fn check(zset: &Zset, model: &Model) {
    zset.assert_invariants();
    let model = &model.0;
    assert_eq!((zset.len(), zset.is_empty()), (model.len(), model.is_empty()));
    assert_eq!(&collected(zset.iter()), model);
    for (rank, (member, score)) in model.iter().enumerate() {
        assert_eq!(zset.rank(member), Some((rank, *score)));
    }
    let mut scanned = Vec::new();
    let mut cursor = 0;
    loop {
        cursor = zset.scan(cursor, |member, score| scanned.push((member.to_vec(), score)));
        if cursor == 0 {
            break;
        }
    }
    scanned.sort_by(order);
    assert_eq!(&scanned, model);
}

fn check_ranges(zset: &Zset, model: &Model, score_range: &ScoreRange, from: usize, to: usize) {
    let model = &model.0;
    let from = from.min(model.len());
    let ranks = from..to.clamp(from, model.len());
    assert_eq!(collected(zset.ascending(ranks.clone())), model[ranks.clone()]);
    let mut backwards = model[ranks.clone()].to_vec();
    backwards.reverse();
    assert_eq!(collected(zset.descending(ranks)), backwards);

    let is_inside = |score| score_range.has_begun(score) && !score_range.is_over(score);
    let inside: Vec<_> = model.iter().filter(|(_, score)| is_inside(*score)).cloned().collect();
    assert_eq!(collected(zset.ascending(zset.ranks_by_score(score_range))), inside);
}

fn member() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (-5..15_i32).prop_map(|number| number.to_string().into_bytes()),
        (0..15_u8).prop_map(|number| format!("member:{number}").into_bytes()),
        (0..4_u8).prop_map(|number| format!("{number:0100}").into_bytes()),
        Just(Vec::new()),
    ]
}

fn score() -> impl Strategy<Value = f64> {
    prop_oneof![(-3..4_i8).prop_map(f64::from), Just(0.5), Just(-0.0), Just(f64::NEG_INFINITY), Just(1e300)]
}

fn score_range() -> impl Strategy<Value = ScoreRange> {
    let bound =
        || (score(), any::<bool>()).prop_map(|(score, is_exclusive)| ScoreBound { score, is_exclusive });
    (bound(), bound()).prop_map(|(min, max)| ScoreRange { min, max })
}

#[derive(Debug, Clone)]
enum Step {
    Insert(Vec<u8>, f64),
    Increment(Vec<u8>, f64),
    Remove(Vec<u8>),
    RemoveRanks(usize, usize),
    Ranges(ScoreRange, usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (member(), score()).prop_map(|(member, score)| Step::Insert(member, score)),
        2 => (member(), score()).prop_map(|(member, score)| Step::Increment(member, score)),
        2 => member().prop_map(Step::Remove),
        1 => (0..30_usize, 0..6_usize).prop_map(|(from, len)| Step::RemoveRanks(from, from + len)),
        2 => (score_range(), 0..30_usize, 0..40_usize).prop_map(|(range, from, to)| Step::Ranges(range, from, to)),
    ]
}

fn behaves_like_a_sorted_set(steps: &[Step], limits: &ZsetLimits) {
    let mut zset = Zset::new();
    let mut model = Model::default();
    for step in steps {
        match step {
            Step::Insert(member, score) => {
                let is_new = model.score(member).is_none();
                assert_eq!(zset.insert(member, *score, limits), is_new);
                // An equal score is left as it is, which matters for the sign of zero.
                if model.score(member) != Some(*score) {
                    model.insert(member, *score);
                }
            }
            Step::Increment(member, by) => {
                let rule = AddRule { increments: true, ..AddRule::default() };
                let old = model.score(member);
                let expected = match old {
                    None => Added::New(*by),
                    Some(old) if old + by == old => Added::Same(old),
                    Some(old) => Added::Moved(old + by),
                };
                assert_eq!(zset.add(member, *by, rule, limits), expected);
                if let Added::New(score) | Added::Moved(score) = expected {
                    model.insert(member, score);
                }
            }
            Step::Remove(member) => {
                assert_eq!(zset.remove(member), model.score(member).is_some());
                model.0.retain(|(other, _)| other != member);
            }
            Step::RemoveRanks(from, to) => {
                let from = *from.min(&model.0.len());
                let ranks = from..*to.min(&model.0.len()).max(&from);
                zset.remove_ranks(ranks.clone());
                model.0.drain(ranks);
            }
            Step::Ranges(range, from, to) => check_ranges(&zset, &model, range, *from, *to),
        }
        check(&zset, &model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_encoding_behaves_like_a_sorted_vector(steps in prop::collection::vec(step(), 0..120)) {
        for limits in [NEVER_BLOCK, ALWAYS_BLOCK, CROSSING] {
            behaves_like_a_sorted_set(&steps, &limits);
        }
    }

    #[test]
    fn texts_between_two_bounds_are_found_among_equal_scores(
        members in prop::collection::btree_set(member(), 0..60),
        low in member(), high in member(), kinds in (0..4_u8, 0..4_u8),
    ) {
        let bound = |kind, text| match kind {
            0 => LexBound::Lowest,
            1 => LexBound::Highest,
            2 => LexBound::Included(text),
            _ => LexBound::Excluded(text),
        };
        let range = LexRange { min: bound(kinds.0, &low[..]), max: bound(kinds.1, &high[..]) };
        for limits in [NEVER_BLOCK, ALWAYS_BLOCK] {
            let mut zset = Zset::new();
            for member in &members {
                zset.insert(member, 1.0, &limits);
            }
            let inside: Vec<_> =
                members.iter().filter(|text| range.has_begun(text) && !range.is_over(text)).cloned().collect();
            let found = collected(zset.ascending(zset.ranks_by_text(&range)));
            prop_assert_eq!(found.into_iter().map(|(member, _)| member).collect::<Vec<_>>(), inside);
        }
    }

    #[test]
    fn a_builder_makes_what_inserting_makes(
        elements in prop::collection::vec((member(), score()), 0..60)
    ) {
        for limits in [NEVER_BLOCK, ALWAYS_BLOCK, CROSSING] {
            let mut builder = ZsetBuilder::new();
            let mut model = Model::default();
            for (member, score) in &elements {
                builder.add(StrRef::of(member), *score, f64::max);
                let score = model.score(member).map_or(*score, |old| f64::max(old, *score));
                model.insert(member, score);
            }
            let longest = model.0.iter().map(|(member, _)| member.len()).max().unwrap_or(0);
            let is_small = model.0.len() <= limits.entries_max && longest <= limits.value_bytes_max;
            let zset = builder.finish(&limits);
            prop_assert_eq!(zset.encoding(), if is_small { "listpack" } else { "skiplist" });
            check(&zset, &model);
        }
    }
}

#[test]
fn a_set_becomes_a_skiplist_with_too_many_members_or_too_long_a_one_and_stays_one() {
    let limits = ZsetLimits { entries_max: 2, value_bytes_max: 3 };
    let mut zset = Zset::new();
    zset.insert(b"a", 1.0, &limits);
    zset.insert(b"b", 1.0, &limits);
    zset.insert(b"b", 2.0, &limits);
    assert_eq!(zset.encoding(), "listpack");
    zset.insert(b"c", 1.0, &limits);
    assert_eq!(zset.encoding(), "skiplist");
    zset.remove(b"c");
    assert_eq!((zset.encoding(), zset.len()), ("skiplist", 2));

    let mut zset = Zset::new();
    zset.insert(b"long", 1.0, &limits);
    assert_eq!(zset.encoding(), "skiplist");

    let mut zset = Zset::new();
    zset.expect(3, &limits);
    assert_eq!(zset.encoding(), "skiplist");
}

#[test]
fn conditions_hold_as_zadd_says() {
    let limits = CROSSING;
    let mut zset = Zset::new();
    let rule = AddRule::default();
    let only_new = AddRule { only_new: true, ..rule };
    let only_existing = AddRule { only_existing: true, ..rule };
    let only_greater = AddRule { only_greater: true, ..rule };
    let only_less = AddRule { only_less: true, ..rule };
    let increments = AddRule { increments: true, ..rule };
    assert_eq!(zset.add(b"a", 1.0, only_existing, &limits), Added::Nothing);
    assert_eq!(zset.add(b"a", 1.0, only_greater, &limits), Added::New(1.0));
    assert_eq!(zset.add(b"a", 2.0, only_new, &limits), Added::Nothing);
    assert_eq!(zset.add(b"a", 1.0, only_greater, &limits), Added::Nothing);
    assert_eq!(zset.add(b"a", 2.0, only_greater, &limits), Added::Moved(2.0));
    assert_eq!(zset.add(b"a", 3.0, only_less, &limits), Added::Nothing);
    assert_eq!(zset.add(b"a", f64::INFINITY, increments, &limits), Added::Moved(f64::INFINITY));
    assert_eq!(zset.add(b"a", f64::NEG_INFINITY, increments, &limits), Added::NotANumber);
    assert_eq!(zset.add(b"a", f64::INFINITY, rule, &limits), Added::Same(f64::INFINITY));
}

#[test]
fn a_random_element_may_be_any() {
    for limits in [NEVER_BLOCK, ALWAYS_BLOCK] {
        let mut zset = Zset::new();
        for number in 0..10_u8 {
            zset.insert(&[b'a' + number], f64::from(number), &limits);
        }
        let mut random = Random::seeded(1);
        let mut seen = [false; 10];
        for _ in 0..1000 {
            let (_, score) = zset.random(&mut random).unwrap();
            seen[score as usize] = true;
        }
        assert_eq!(seen, [true; 10]);
        assert!(Zset::new().random(&mut random).is_none());
    }
}
