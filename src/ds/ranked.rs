//! Members in order of score and then of text, with their ranks: a B+ tree whose nodes know how many elements
//! stand below them.
//!
//! Complexity: inserting, removing, finding a rank and the element of a rank take O(log n); walking on from an
//! element takes O(1). A member of up to [`INLINE_BYTES_MAX`] bytes stands in its leaf; a longer one is a number of
//! a [`Slab`] that the caller owns (a hash table of the same members shares it) and lends where texts are compared.
//!
//! **Memory.** Leaves keep their elements in one buffer of the size they need ([`leaf`]), so that it hardly matters
//! how full they are. An inner node has, per child, the score of its first element and its number of elements.
//! Scores are searched first, without a branch; texts are looked at only among equal scores.
//!
//! **Invariants.** All leaves are equally deep; no node is empty, except a root without elements; elements are
//! strictly ascending; first scores and numbers of elements are exact. A node that became small joins a neighbour
//! as soon as both fit in one.
//!
//! Why not a `BTreeSet`: it has no ranks, an allocation for each member, and a comparison cannot borrow the slab.

mod cursor;
mod leaf;
mod node;

use std::cmp::Ordering;
use std::ops::Range;

use super::packed::Packed;
use super::slab::Slab;
pub use cursor::{Ascending, Descending};
pub use leaf::INLINE_BYTES_MAX;
use leaf::Leaf;
use node::{Inner, LEAF_USUAL, Node};

/// The tree. An empty one allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    root: Node,
    len: usize,
}

/// What is looked for: a place in the order.
struct Target<'a> {
    score: f64,
    text: &'a [u8],
    long: &'a Slab,
}

impl Ranked {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds an element that is not there yet. `score` is not NaN.
    pub fn insert(&mut self, score: f64, member: Packed<'_>, long: &Slab) {
        let mut digits = itoa::Buffer::new();
        let target = Target { score, text: text_of(member, long, &mut digits), long };
        let right = self.root.insert(&target, member);
        self.grow(right);
    }

    /// The tree of these elements, which are in order: nothing is compared, and each leaf is written once.
    pub fn from_sorted(elements: &[(f64, Packed<'_>)]) -> Self {
        Self { root: Node::of_sorted(elements), len: elements.len() }
    }

    /// Takes an element out; tells whether it was there.
    pub fn remove(&mut self, score: f64, member: Packed<'_>, long: &Slab) -> bool {
        let mut digits = itoa::Buffer::new();
        let target = Target { score, text: text_of(member, long, &mut digits), long };
        let found = self.root.remove(&target);
        if found {
            self.len -= 1;
            self.lower_root();
        }
        found
    }

    /// Takes out the elements of a range of ranks, handing each to `visit`.
    pub fn remove_range(&mut self, ranks: Range<usize>, mut visit: impl FnMut(f64, Packed<'_>)) {
        let ranks = ranks.start..ranks.end.min(self.len);
        if !ranks.is_empty() {
            self.len -= ranks.len();
            self.root.remove_range(ranks, &mut visit);
            self.lower_root();
        }
    }

    /// How many elements stand in front of this one, if it is there.
    pub fn rank_of(&self, score: f64, member: Packed<'_>, long: &Slab) -> Option<usize> {
        let mut digits = itoa::Buffer::new();
        let target = Target { score, text: text_of(member, long, &mut digits), long };
        let mut is_there = false;
        let rank = self.locate(
            |inner| inner.child_of(&target),
            |leaf| match leaf.search(&target) {
                Ok(index) => {
                    is_there = true;
                    index
                }
                Err(index) => index,
            },
        );
        is_there.then_some(rank)
    }

    /// How many elements have a smaller score: the rank of the first one that has not.
    pub fn count_below(&self, score: f64) -> usize {
        self.locate(
            |inner| count(&inner.first_scores, |first| first < score).saturating_sub(1),
            |leaf| leaf.count_below(score),
        )
    }

    /// How many elements have this score or a smaller one.
    pub fn count_up_to(&self, score: f64) -> usize {
        self.locate(
            |inner| count(&inner.first_scores, |first| first <= score).saturating_sub(1),
            |leaf| leaf.count_up_to(score),
        )
    }

    /// How many elements come before `text`, itself not included, where all scores are equal. Where they are not,
    /// some number up to the number of elements.
    pub fn count_before_text(&self, text: &[u8], long: &Slab) -> usize {
        self.count_by_text(text, long, Ordering::is_lt)
    }

    /// The same, an element of this very text included.
    pub fn count_through_text(&self, text: &[u8], long: &Slab) -> usize {
        self.count_by_text(text, long, Ordering::is_le)
    }

    /// The element of a rank.
    pub fn at_rank(&self, rank: usize) -> Option<(f64, Packed<'_>)> {
        self.ascending_from(rank).next()
    }

    /// The elements from a rank on.
    pub fn ascending_from(&self, rank: usize) -> Ascending<'_> {
        Ascending::new(self, rank)
    }

    /// The elements from a rank on backwards, down to the first one.
    pub fn descending_from(&self, rank: usize) -> Descending<'_> {
        Descending::new(self, rank)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.root.heap_bytes()
    }

    /// About how many allocations there are.
    pub fn allocations(&self) -> usize {
        1 + self.len / LEAF_USUAL
    }

    /// The rank that follows from choosing a child in each inner node and a place in the leaf.
    fn locate(&self, child_of: impl Fn(&Inner) -> usize, place_in: impl FnOnce(&Leaf) -> usize) -> usize {
        let mut rank = 0;
        let mut node = &self.root;
        loop {
            match node {
                Node::Inner(inner) => {
                    let index = child_of(inner);
                    rank += inner.lens[..index].iter().sum::<usize>();
                    node = &inner.children[index];
                }
                Node::Leaf(leaf) => return rank + place_in(leaf),
            }
        }
    }

    fn count_by_text(&self, text: &[u8], long: &Slab, counts: fn(Ordering) -> bool) -> usize {
        // The score is not compared.
        let target = Target { score: 0.0, text, long };
        let is_counted = |member: Packed<'_>| counts(target.order_of(member));
        self.locate(
            |inner| {
                partition_point(0..inner.children.len(), |index| is_counted(inner.children[index].first()))
                    .saturating_sub(1)
            },
            |leaf| partition_point(0..leaf.len(), |index| is_counted(leaf.member(index))),
        )
    }

    /// Counts an added element, and puts a new root over the old one if that was split.
    fn grow(&mut self, right: Option<Node>) {
        self.len += 1;
        if let Some(right) = right {
            let left = std::mem::take(&mut self.root);
            let mut root = Inner::default();
            root.insert_child(0, left);
            root.insert_child(1, right);
            self.root = Node::Inner(Box::new(root));
        }
    }

    /// Drops roots with a single child, or none.
    fn lower_root(&mut self) {
        while let Node::Inner(inner) = &mut self.root
            && inner.children.len() <= 1
        {
            self.root = inner.children.pop().unwrap_or_default();
        }
        if self.len == 0 {
            *self = Self::new();
        }
    }

    /// Panics if the tree is not as the module's page says.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self, long: &Slab) {
        assert_eq!(self.root.assert_invariants(true), self.len);
        let mut previous: Option<(f64, Vec<u8>)> = None;
        let mut len = 0;
        for (score, member) in self.ascending_from(0) {
            let text = text_of(member, long, &mut itoa::Buffer::new()).to_vec();
            assert!(!score.is_nan());
            if let Some((before, text_before)) = previous {
                let order = before.partial_cmp(&score).map(|order| order.then(text_before.cmp(&text)));
                assert_eq!(order, Some(Ordering::Less), "elements are strictly ascending");
            }
            previous = Some((score, text));
            len += 1;
        }
        assert_eq!(len, self.len);
    }
}

impl Target<'_> {
    /// How the text of a member compares with the target's.
    fn order_of(&self, member: Packed<'_>) -> Ordering {
        text_of(member, self.long, &mut itoa::Buffer::new()).cmp(self.text)
    }
}

/// The text of a member.
fn text_of<'a>(member: Packed<'a>, long: &'a Slab, digits: &'a mut itoa::Buffer) -> &'a [u8] {
    match member {
        Packed::Str(string) => string.text(digits),
        Packed::Long(id) => long.get(id),
    }
}

/// How many scores are like this. Written so that it becomes a few wide instructions.
fn count(scores: &[f64], is_counted: impl Fn(f64) -> bool) -> usize {
    scores.iter().map(|score| usize::from(is_counted(*score))).sum()
}

/// The first index in the range for which `holds` does not hold, where it holds for a start of the range.
fn partition_point(range: Range<usize>, holds: impl Fn(usize) -> bool) -> usize {
    let Range { mut start, mut end } = range;
    while start < end {
        let middle = usize::midpoint(start, end);
        if holds(middle) {
            start = middle + 1;
        } else {
            end = middle;
        }
    }
    start
}

#[cfg(test)]
mod tests;
