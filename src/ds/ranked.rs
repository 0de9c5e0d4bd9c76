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

use std::cmp::Ordering;
use std::ops::Range;

use super::packed::Packed;
use super::slab::Slab;
use crate::util::size_class::size_class;
pub use cursor::{Ascending, Descending};
pub use leaf::INLINE_BYTES_MAX;
use leaf::Leaf;

/// Elements of a leaf. Small in tests, so that trees of a few hundred elements are deep.
const LEAF_MAX: usize = if cfg!(test) { 6 } else { 64 };
/// Children of an inner node.
const CHILDREN_MAX: usize = if cfg!(test) { 5 } else { 64 };

/// The tree. An empty one allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Ranked {
    root: Node,
    len: usize,
}

#[derive(Debug, Clone)]
enum Node {
    Leaf(Leaf),
    Inner(Box<Inner>),
}

/// Three columns with a row for each child.
#[derive(Debug, Clone, Default)]
struct Inner {
    first_scores: Vec<f64>,
    /// Elements below.
    lens: Vec<usize>,
    children: Vec<Node>,
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

    /// Adds an element that stands behind all others: builds a tree from sorted input without comparing.
    pub fn push_last(&mut self, score: f64, member: Packed<'_>) {
        let right = self.root.push_last(score, member);
        self.grow(right);
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
        1 + self.len / (LEAF_MAX / 2)
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

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Leaf::default())
    }
}

impl Node {
    /// Adds an element; gives back a new right neighbour if the node had to be split.
    fn insert(&mut self, target: &Target<'_>, member: Packed<'_>) -> Option<Self> {
        match self {
            Self::Leaf(leaf) => {
                let (Ok(index) | Err(index)) = leaf.search(target);
                insert_in_leaf(leaf, index, target.score, member)
            }
            Self::Inner(inner) => {
                let index = inner.child_of(target);
                let right = inner.children[index].insert(target, member);
                inner.after_insertion(index, right)
            }
        }
    }

    fn push_last(&mut self, score: f64, member: Packed<'_>) -> Option<Self> {
        match self {
            Self::Leaf(leaf) => {
                let index = leaf.len();
                insert_in_leaf(leaf, index, score, member)
            }
            Self::Inner(inner) => {
                let index = inner.children.len() - 1;
                let right = inner.children[index].push_last(score, member);
                inner.after_insertion(index, right)
            }
        }
    }

    fn remove(&mut self, target: &Target<'_>) -> bool {
        match self {
            Self::Leaf(leaf) => {
                let found = leaf.search(target);
                if let Ok(index) = found {
                    leaf.remove(index..index + 1);
                }
                found.is_ok()
            }
            Self::Inner(inner) => {
                let index = inner.child_of(target);
                let found = inner.children[index].remove(target);
                if found {
                    inner.lens[index] -= 1;
                    inner.after_removal(index);
                }
                found
            }
        }
    }

    fn remove_range(&mut self, ranks: Range<usize>, visit: &mut impl FnMut(f64, Packed<'_>)) {
        match self {
            Self::Leaf(leaf) => {
                for index in ranks.clone() {
                    visit(leaf.score(index), leaf.member(index));
                }
                leaf.remove(ranks);
            }
            Self::Inner(inner) => inner.remove_range(ranks, visit),
        }
    }

    fn first_score(&self) -> f64 {
        match self {
            Self::Leaf(leaf) => leaf.score(0),
            Self::Inner(inner) => inner.first_scores[0],
        }
    }

    /// The first member below.
    fn first(&self) -> Packed<'_> {
        let mut node = self;
        loop {
            match node {
                Self::Leaf(leaf) => return leaf.member(0),
                Self::Inner(inner) => node = &inner.children[0],
            }
        }
    }

    /// Elements below.
    fn len(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.lens.iter().sum(),
        }
    }

    /// What fills the node: its elements or its children.
    fn width(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.len(),
            Self::Inner(inner) => inner.children.len(),
        }
    }

    /// The width above which a node is split.
    fn width_max(&self) -> usize {
        match self {
            Self::Leaf(_) => LEAF_MAX,
            Self::Inner(_) => CHILDREN_MAX,
        }
    }

    /// Takes over what its right neighbour holds.
    fn append(&mut self, right: Self) {
        match (self, right) {
            (Self::Leaf(left), Self::Leaf(right)) => left.append(&right),
            (Self::Inner(left), Self::Inner(mut right)) => {
                left.first_scores.append(&mut right.first_scores);
                left.lens.append(&mut right.lens);
                left.children.append(&mut right.children);
            }
            _ => unreachable!("neighbours are equally deep"),
        }
    }

    fn heap_bytes(&self) -> usize {
        match self {
            Self::Leaf(leaf) => leaf.heap_bytes(),
            Self::Inner(inner) => {
                let columns = size_class(inner.first_scores.capacity() * size_of::<f64>())
                    + size_class(inner.lens.capacity() * size_of::<usize>())
                    + size_class(inner.children.capacity() * size_of::<Self>());
                let below: usize = inner.children.iter().map(Self::heap_bytes).sum();
                size_class(size_of::<Inner>()) + columns + below
            }
        }
    }

    #[cfg(any(test, debug_assertions))]
    fn assert_invariants(&self, is_root: bool) -> usize {
        assert!(self.width() <= self.width_max());
        assert!(is_root || self.width() > 0, "no node but the root is empty");
        if let Self::Inner(inner) = self {
            assert!(!is_root || self.width() > 1, "a root with a single child is useless");
            for (index, child) in inner.children.iter().enumerate() {
                assert_eq!(child.assert_invariants(false), inner.lens[index]);
                assert_eq!(child.first_score().to_bits(), inner.first_scores[index].to_bits());
                assert_eq!(child.depth(), inner.children[0].depth());
            }
        }
        self.len()
    }

    #[cfg(any(test, debug_assertions))]
    fn depth(&self) -> usize {
        match self {
            Self::Leaf(_) => 0,
            Self::Inner(inner) => 1 + inner.children[0].depth(),
        }
    }
}

/// Adds an element, and gives back a new right neighbour if there was no room.
fn insert_in_leaf(leaf: &mut Leaf, index: usize, score: f64, member: Packed<'_>) -> Option<Node> {
    if leaf.len() < LEAF_MAX {
        leaf.insert(index, score, member);
        return None;
    }
    // Ascending input leaves full leaves behind.
    let at = if index == LEAF_MAX { LEAF_MAX } else { LEAF_MAX / 2 };
    let mut right = leaf.split_off(at);
    if index < at {
        leaf.insert(index, score, member);
    } else {
        right.insert(index - at, score, member);
    }
    Some(Node::Leaf(right))
}

impl Inner {
    /// The child in which the target is, or belongs.
    fn child_of(&self, target: &Target<'_>) -> usize {
        let smaller = count(&self.first_scores, |first| first < target.score);
        if self.first_scores.get(smaller).is_none_or(|first| *first != target.score) {
            return smaller.saturating_sub(1);
        }
        let up_to = count(&self.first_scores, |first| first <= target.score);
        let not_behind =
            partition_point(smaller..up_to, |index| target.order_of(self.children[index].first()).is_le());
        not_behind.saturating_sub(1)
    }

    /// An element was added below a child, which may have been split.
    fn after_insertion(&mut self, index: usize, right: Option<Node>) -> Option<Node> {
        self.lens[index] += 1;
        self.first_scores[index] = self.children[index].first_score();
        let right = right?;
        self.lens[index] -= right.len();
        self.insert_child(index + 1, right);
        if self.children.len() <= CHILDREN_MAX {
            return None;
        }
        let at = if index + 2 == self.children.len() { index + 1 } else { self.children.len() / 2 };
        Some(Node::Inner(Box::new(Self {
            first_scores: self.first_scores.split_off(at),
            lens: self.lens.split_off(at),
            children: self.children.split_off(at),
        })))
    }

    /// Something below a child was removed, and its length adjusted.
    fn after_removal(&mut self, index: usize) {
        if self.children[index].width() == 0 {
            self.remove_child(index);
            return;
        }
        self.first_scores[index] = self.children[index].first_score();
        self.join_neighbours(index);
    }

    /// Joins a child that became small with a neighbour if one node is enough for both, with some room left.
    fn join_neighbours(&mut self, index: usize) {
        let width_max = self.children[index].width_max();
        if self.children[index].width() > width_max / 4 {
            return;
        }
        for left in [index, index.wrapping_sub(1)] {
            if let Some([first, second]) = self.children.get(left..left.saturating_add(2))
                && first.width() + second.width() <= width_max * 3 / 4
            {
                let right = self.remove_child(left + 1);
                self.lens[left] += right.len();
                self.children[left].append(right);
                return;
            }
        }
    }

    fn remove_range(&mut self, ranks: Range<usize>, visit: &mut impl FnMut(f64, Packed<'_>)) {
        let mut start = 0;
        let mut index = 0;
        while index < self.children.len() && start < ranks.end {
            let len = self.lens[index];
            let from = ranks.start.saturating_sub(start).min(len);
            let to = (ranks.end - start).min(len);
            if from < to {
                self.children[index].remove_range(from..to, visit);
                self.lens[index] -= to - from;
            }
            start += len;
            index += 1;
        }
        // Emptied children are a run; the ones at its ends may have become small.
        let first = self.lens.iter().position(|len| *len == 0).unwrap_or(index);
        let emptied = self.lens[first..].iter().take_while(|len| **len == 0).count();
        self.first_scores.drain(first..first + emptied);
        self.lens.drain(first..first + emptied);
        self.children.drain(first..first + emptied);
        for child in (first.saturating_sub(2)..=first).rev() {
            if child < self.children.len() {
                self.after_removal(child);
            }
        }
    }

    fn insert_child(&mut self, index: usize, child: Node) {
        self.first_scores.insert(index, child.first_score());
        self.lens.insert(index, child.len());
        self.children.insert(index, child);
    }

    fn remove_child(&mut self, index: usize) -> Node {
        self.first_scores.remove(index);
        self.lens.remove(index);
        self.children.remove(index)
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
