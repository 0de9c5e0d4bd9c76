//! Sorted sets: members, each once, in order of score and then of text.
//!
//! Two encodings: a small set is one [`block`], in Redis's words a `listpack`; a large one is a hash table and a
//! ranked tree ([`sorted`]), called `skiplist`. A set turns into the second when it gets too many members or too long
//! a one, and never back; only the results of whole commands choose by their size ([`ZsetBuilder`]).

mod block;
mod builder;
mod bulk;
mod elements;
mod range;
mod sorted;

use std::ops::Range;

use self::block::Block;
use self::elements::Walk;
use self::sorted::Sorted;
use crate::ds::StrRef;
use crate::util::random::Random;
use crate::util::size_class::size_class;

pub use self::builder::ZsetBuilder;
pub use self::bulk::ZsetBulk;
pub use self::elements::Elements;
pub use self::range::{LexBound, LexRange, ScoreBound, ScoreRange};

/// A sorted set. An empty one allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Zset {
    repr: Repr,
}

#[derive(Debug, Clone)]
enum Repr {
    Block(Block),
    Sorted(Box<Sorted>),
}

const _: () = assert!(size_of::<Zset>() == 16);

/// Up to where a sorted set is one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZsetLimits {
    pub entries_max: usize,
    pub value_bytes_max: usize,
}

/// Under which conditions [`Zset::add`] does something, and what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AddRule {
    /// Only members that are not there yet.
    pub only_new: bool,
    /// Only members that are there.
    pub only_existing: bool,
    /// An existing score only grows.
    pub only_greater: bool,
    /// An existing score only shrinks.
    pub only_less: bool,
    /// The score is added to the present one.
    pub increments: bool,
}

/// What became of a member, with its score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Added {
    New(f64),
    /// It was there with another score.
    Moved(f64),
    /// It was there with this score.
    Same(f64),
    /// A condition was not met.
    Nothing,
    /// The sum would be no number.
    NotANumber,
}

impl Zset {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        match &self.repr {
            Repr::Block(block) => block.len(),
            Repr::Sorted(sorted) => sorted.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match &self.repr {
            Repr::Block(_) => "listpack",
            Repr::Sorted(_) => "skiplist",
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.repr {
            Repr::Block(block) => block.heap_bytes(),
            Repr::Sorted(sorted) => size_class(size_of::<Sorted>()) + sorted.heap_bytes(),
        }
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        match &self.repr {
            Repr::Block(_) => 1,
            Repr::Sorted(sorted) => 1 + sorted.allocations(),
        }
    }

    /// The score of a member.
    pub fn score(&self, member: &[u8]) -> Option<f64> {
        self.score_of(StrRef::of(member))
    }

    /// The score of a member that was read from some encoding.
    pub fn score_of(&self, member: StrRef<'_>) -> Option<f64> {
        match &self.repr {
            Repr::Block(block) => block.find(member).map(|place| place.score),
            Repr::Sorted(sorted) => sorted.score(member),
        }
    }

    /// The rank of a member, counted from the lowest score at 0, and its score.
    pub fn rank(&self, member: &[u8]) -> Option<(usize, f64)> {
        let member = StrRef::of(member);
        match &self.repr {
            Repr::Block(block) => block.find(member).map(|place| (place.rank, place.score)),
            Repr::Sorted(sorted) => sorted.rank(member),
        }
    }

    /// Gives a member a score; whether it is new.
    pub fn insert(&mut self, member: &[u8], score: f64, limits: &ZsetLimits) -> bool {
        matches!(self.add(member, score, AddRule::default(), limits), Added::New(_))
    }

    /// Gives a member a score, or adds to the one it has, as the rule says. `score` is not NaN.
    pub fn add(&mut self, member: &[u8], score: f64, rule: AddRule, limits: &ZsetLimits) -> Added {
        let text_bytes = member.len();
        let member = StrRef::of(member);
        let decide = |old| rule.decide(old, score);
        let block = match &mut self.repr {
            Repr::Sorted(sorted) => return sorted.update(member, decide),
            Repr::Block(block) => block,
        };
        let found = block.find(member);
        let added = decide(found.as_ref().map(|place| place.score));
        match added {
            Added::New(score) => {
                let fits = block.len() < limits.entries_max && text_bytes <= limits.value_bytes_max;
                if fits && block.has_room(text_bytes) {
                    block.insert(member, score);
                } else {
                    self.make_sorted().update(member, |_| Added::New(score));
                }
            }
            Added::Moved(score) => {
                if let Some(place) = found {
                    block.remove(place);
                }
                block.insert(member, score);
            }
            Added::Same(_) | Added::Nothing | Added::NotANumber => {}
        }
        added
    }

    /// So many elements are about to be added, which may be too many for a block.
    pub fn expect(&mut self, elements: usize, limits: &ZsetLimits) {
        if elements > limits.entries_max && self.is_empty() {
            self.repr = Repr::Sorted(Box::new(Sorted::with_expected(elements)));
        } else if elements > limits.entries_max {
            self.make_sorted();
        }
    }

    /// Removes a member; whether it was there.
    pub fn remove(&mut self, member: &[u8]) -> bool {
        let member = StrRef::of(member);
        match &mut self.repr {
            Repr::Sorted(sorted) => sorted.remove(member),
            Repr::Block(block) => {
                let Some(place) = block.find(member) else { return false };
                block.remove(place);
                true
            }
        }
    }

    /// Removes the elements of a range of ranks, which must not end beyond the last.
    pub fn remove_ranks(&mut self, ranks: Range<usize>) {
        if ranks.is_empty() {
            return;
        }
        match &mut self.repr {
            Repr::Block(block) => block.remove_ranks(ranks),
            Repr::Sorted(sorted) => sorted.remove_ranks(ranks),
        }
    }

    /// All elements, the lowest score first.
    pub fn iter(&self) -> Elements<'_> {
        self.ascending(0..self.len())
    }

    /// The elements of a range of ranks, the lowest score first. The range must not end beyond the last.
    pub fn ascending(&self, ranks: Range<usize>) -> Elements<'_> {
        Elements(match &self.repr {
            Repr::Block(block) => Walk::Block(block.iter_from(ranks.start).take(ranks.len())),
            Repr::Sorted(sorted) => Walk::Ascending(sorted.ascending_from(ranks.start).take(ranks.len())),
        })
    }

    /// The elements of the same ranges, the highest score first.
    pub fn descending(&self, ranks: Range<usize>) -> Elements<'_> {
        Elements(match &self.repr {
            Repr::Block(block) => {
                let mut elements: Vec<_> = block.iter_from(ranks.start).take(ranks.len()).collect();
                elements.reverse();
                Walk::BlockReversed(elements.into_iter())
            }
            Repr::Sorted(sorted) => {
                let last = ranks.end.saturating_sub(1);
                Walk::Descending(sorted.descending_from(last).take(ranks.len()))
            }
        })
    }

    /// The ranks of the elements whose score is in a range.
    pub fn ranks_by_score(&self, range: &ScoreRange) -> Range<usize> {
        match &self.repr {
            Repr::Block(block) => {
                ranks_in_order(block.iter().map(|(_, score)| (range.has_begun(score), range.is_over(score))))
            }
            Repr::Sorted(sorted) => {
                let count = |score, with_equal| {
                    let tree = sorted.tree();
                    if with_equal { tree.count_up_to(score) } else { tree.count_below(score) }
                };
                let start = count(range.min.score, range.min.is_exclusive);
                let end = count(range.max.score, !range.max.is_exclusive);
                start..end.max(start)
            }
        }
    }

    /// The ranks of the elements whose text is in a range, if all scores are equal; else some ranks.
    pub fn ranks_by_text(&self, range: &LexRange<'_>) -> Range<usize> {
        match &self.repr {
            Repr::Block(block) => ranks_in_order(
                block
                    .iter()
                    .map(|(member, _)| member.with_text(|text| (range.has_begun(text), range.is_over(text)))),
            ),
            Repr::Sorted(sorted) => {
                let (tree, slab) = (sorted.tree(), sorted.slab());
                let start = match range.min {
                    LexBound::Lowest => 0,
                    LexBound::Highest => tree.len(),
                    LexBound::Included(text) => tree.count_before_text(text, slab),
                    LexBound::Excluded(text) => tree.count_through_text(text, slab),
                };
                let end = match range.max {
                    LexBound::Lowest => 0,
                    LexBound::Highest => tree.len(),
                    LexBound::Included(text) => tree.count_through_text(text, slab),
                    LexBound::Excluded(text) => tree.count_before_text(text, slab),
                };
                start..end.max(start)
            }
        }
    }

    /// An element, each as likely as any other.
    pub fn random(&self, random: &mut Random) -> Option<(StrRef<'_>, f64)> {
        let rank = random.below(self.len() as u64) as usize;
        self.ascending(rank..self.len()).next()
    }

    /// One step of an iteration that survives changes between its steps: visits some elements and returns the
    /// next cursor. 0 starts, 0 ends. A small set is visited in one step.
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(StrRef<'_>, f64)) -> u64 {
        match &self.repr {
            Repr::Sorted(sorted) => sorted.scan(cursor, visit),
            Repr::Block(block) => {
                block.iter().for_each(|(member, score)| visit(member, score));
                0
            }
        }
    }

    /// Checks the structures inside.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        match &self.repr {
            Repr::Block(block) => assert_eq!(block.iter().count(), block.len()),
            Repr::Sorted(sorted) => sorted.assert_invariants(),
        }
    }

    fn make_sorted(&mut self) -> &mut Sorted {
        if let Repr::Block(block) = &self.repr {
            self.repr = Repr::Sorted(Box::new(Sorted::from_sorted(block.iter())));
        }
        match &mut self.repr {
            Repr::Sorted(sorted) => sorted,
            Repr::Block(_) => unreachable!("it has just been converted"),
        }
    }
}

impl<'a> IntoIterator for &'a Zset {
    type Item = (StrRef<'a>, f64);
    type IntoIter = Elements<'a>;

    fn into_iter(self) -> Elements<'a> {
        self.iter()
    }
}

impl Default for Repr {
    fn default() -> Self {
        Self::Block(Block::default())
    }
}

impl AddRule {
    /// What to do with a member that has the score `old`, or is not there.
    fn decide(self, old: Option<f64>, score: f64) -> Added {
        let Some(old) = old else {
            return if self.only_existing { Added::Nothing } else { Added::New(score) };
        };
        if self.only_new {
            return Added::Nothing;
        }
        let score = if self.increments { old + score } else { score };
        if score.is_nan() {
            Added::NotANumber
        } else if self.only_less && score >= old || self.only_greater && score <= old {
            Added::Nothing
        } else if score == old {
            Added::Same(score)
        } else {
            Added::Moved(score)
        }
    }
}

/// The ranks of a walk's elements that are in a range, where each element tells whether the range has begun and
/// whether it is over.
fn ranks_in_order(elements: impl Iterator<Item = (bool, bool)>) -> Range<usize> {
    let mut start = 0;
    let mut end = 0;
    for (has_begun, is_over) in elements {
        if !has_begun {
            start += 1;
            end += 1;
        } else if is_over {
            break;
        } else {
            end += 1;
        }
    }
    start..end
}

#[cfg(test)]
mod tests;
