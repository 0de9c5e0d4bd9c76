//! A tree beside a sorted vector that is to do the same.

use proptest::prelude::*;

use super::*;
use crate::ds::StrRef;
use crate::util::random::Random;

/// A tree with the slab of its long members, beside a sorted vector.
#[derive(Default)]
struct Pair {
    tree: Ranked,
    long: Slab,
    model: Vec<(f64, Vec<u8>)>,
}

fn order(left: &(f64, Vec<u8>), right: &(f64, Vec<u8>)) -> Ordering {
    left.0.partial_cmp(&right.0).unwrap().then_with(|| left.1.cmp(&right.1))
}

impl Pair {
    fn insert(&mut self, score: f64, text: &[u8]) {
        let element = (score, text.to_vec());
        let Err(index) = self.model.binary_search_by(|other| order(other, &element)) else { return };
        self.model.insert(index, element);
        let member = packed(text, &mut self.long);
        self.tree.insert(score, member, &self.long);
    }

    fn remove(&mut self, score: f64, text: &[u8]) {
        let element = (score, text.to_vec());
        let found = self.model.binary_search_by(|other| order(other, &element));
        let member = packed(text, &mut self.long);
        assert_eq!(self.tree.rank_of(score, member, &self.long), found.ok());
        assert_eq!(self.tree.remove(score, member, &self.long), found.is_ok());
        if let Ok(index) = found {
            self.model.remove(index);
        }
    }

    fn remove_range(&mut self, ranks: Range<usize>) {
        let mut visited = Vec::new();
        let long = &self.long;
        self.tree.remove_range(ranks.clone(), |score, member| {
            visited.push((score, text_of(member, long, &mut itoa::Buffer::new()).to_vec()));
        });
        let end = ranks.end.min(self.model.len());
        let removed: Vec<_> =
            if ranks.start < end { self.model.drain(ranks.start..end).collect() } else { Vec::new() };
        assert_eq!(visited, removed);
    }

    fn elements<'a>(&self, walk: impl Iterator<Item = (f64, Packed<'a>)>) -> Vec<(f64, Vec<u8>)> {
        walk.map(|(score, member)| (score, text_of(member, &self.long, &mut itoa::Buffer::new()).to_vec()))
            .collect()
    }

    fn check(&self) {
        self.tree.assert_invariants(&self.long);
        assert_eq!(self.tree.len(), self.model.len());
        assert_eq!(self.elements(self.tree.ascending_from(0)), self.model);
        let backwards: Vec<_> = self.model.iter().rev().cloned().collect();
        assert_eq!(self.elements(self.tree.descending_from(usize::MAX)), backwards);
        for rank in [0, 1, self.model.len() / 2, self.model.len().saturating_sub(1), self.model.len()] {
            let from = &self.model[rank.min(self.model.len())..];
            assert_eq!(self.elements(self.tree.ascending_from(rank)), from);
            assert_eq!(self.elements(self.tree.at_rank(rank).into_iter()), from[..from.len().min(1)]);
            let down: Vec<_> = self.model.iter().take(rank + 1).rev().cloned().collect();
            assert_eq!(self.elements(self.tree.descending_from(rank)), down);
        }
        for score in [f64::NEG_INFINITY, -1.0, 0.0, 1.5, 3.0, f64::INFINITY] {
            let below = self.model.iter().filter(|(other, _)| *other < score).count();
            let up_to = self.model.iter().filter(|(other, _)| *other <= score).count();
            assert_eq!((self.tree.count_below(score), self.tree.count_up_to(score)), (below, up_to));
        }
    }
}

fn packed<'a>(text: &'a [u8], long: &mut Slab) -> Packed<'a> {
    if text.len() > 64 { Packed::Long(long.insert(text)) } else { Packed::Str(StrRef::of(text)) }
}

/// Few different scores and members, so that both meet again.
fn score() -> impl Strategy<Value = f64> {
    prop_oneof![(-2..6_i8).prop_map(f64::from), Just(1.5), Just(-0.0), Just(f64::INFINITY)]
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        (-50..200_i32).prop_map(|number| number.to_string().into_bytes()),
        (0..40_u8).prop_map(|number| format!("member:{number}").into_bytes()),
        (0..10_u8).prop_map(|number| format!("{number:070}").into_bytes()),
        Just(Vec::new()),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Insert(f64, Vec<u8>),
    Remove(f64, Vec<u8>),
    RemoveRange(usize, usize),
    PopFirst,
    PopLast,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (score(), text()).prop_map(|(score, text)| Step::Insert(score, text)),
        4 => (score(), text()).prop_map(|(score, text)| Step::Remove(score, text)),
        1 => (0..120_usize, 0..60_usize).prop_map(|(start, len)| Step::RemoveRange(start, start + len)),
        1 => Just(Step::PopFirst),
        1 => Just(Step::PopLast),
    ]
}

proptest! {
    #[test]
    fn a_tree_does_as_a_sorted_vector_does(steps in prop::collection::vec(step(), 0..400)) {
        let mut pair = Pair::default();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Insert(score, text) => pair.insert(score, &text),
                Step::Remove(score, text) => pair.remove(score, &text),
                Step::RemoveRange(start, end) => pair.remove_range(start..end),
                Step::PopFirst => pair.remove_range(0..1),
                Step::PopLast => {
                    let last = pair.model.len().saturating_sub(1);
                    pair.remove_range(last..last + 1);
                }
            }
            if number % 16 == 0 {
                pair.check();
            }
        }
        pair.check();
    }

    #[test]
    fn texts_are_counted_where_scores_are_equal(
        texts in prop::collection::btree_set(text(), 0..100), bound in text()
    ) {
        let mut pair = Pair::default();
        for text in &texts {
            pair.insert(1.0, text);
        }
        let before = texts.iter().filter(|text| **text < bound).count();
        let through = texts.iter().filter(|text| **text <= bound).count();
        prop_assert_eq!(pair.tree.count_before_text(&bound, &pair.long), before);
        prop_assert_eq!(pair.tree.count_through_text(&bound, &pair.long), through);
    }
}

#[test]
fn a_tree_of_thousands_grows_and_empties_from_either_end() {
    for from_end in [false, true] {
        let mut pair = Pair::default();
        let mut random = Random::seeded(1);
        for number in 0..2000_u32 {
            pair.insert(random.below(500) as f64, format!("member:{number}").as_bytes());
        }
        pair.check();
        while !pair.model.is_empty() {
            let first = if from_end { pair.model.len() - 1 } else { 0 };
            pair.remove_range(first..first + 1);
            if pair.model.len().is_multiple_of(97) {
                pair.check();
            }
        }
        assert_eq!(pair.tree.heap_bytes(), 0);
    }
}

#[test]
fn a_tree_of_thousands_empties_from_the_middle() {
    let mut pair = Pair::default();
    for number in 0..1500_u32 {
        pair.insert(1.0, number.to_string().as_bytes());
    }
    while !pair.model.is_empty() {
        let middle = pair.model.len() / 2;
        let (score, text) = pair.model[middle].clone();
        pair.remove(score, &text);
        if pair.model.len().is_multiple_of(61) {
            pair.check();
        }
    }
    pair.check();
}

#[test]
fn a_tree_of_sorted_elements_is_as_any_other_of_whatever_size() {
    let long = Slab::new();
    let elements: Vec<_> =
        (0..1000_i64).map(|number| (number as f64, Packed::Str(StrRef::Int(number)))).collect();
    for len in (0..64).chain([150, 151, 1000]) {
        let mut tree = Ranked::from_sorted(&elements[..len]);
        tree.assert_invariants(&long);
        assert_eq!(tree.at_rank(len / 2), elements[..len].get(len / 2).copied());
        assert_eq!(tree.count_below(500.0), len.min(500));
        tree.insert(-1.0, Packed::Str(StrRef::Int(-1)), &long);
        tree.insert(1e9, Packed::Str(StrRef::Int(-2)), &long);
        tree.assert_invariants(&long);
    }
}

#[test]
fn a_range_beyond_the_end_removes_nothing() {
    let mut tree = Ranked::from_sorted(&[(1.0, Packed::Str(StrRef::Int(1)))]);
    tree.remove_range(1..usize::MAX, |_, _| unreachable!());
    tree.remove_range(usize::MAX..usize::MAX, |_, _| unreachable!());
    assert_eq!(tree.len(), 1);
}
