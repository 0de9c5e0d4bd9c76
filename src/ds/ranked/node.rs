//! The nodes of a tree: what is done below one of them.

use std::ops::Range;

use super::leaf::Leaf;
use super::{Target, count, partition_point};
use crate::ds::packed::Packed;
use crate::util::size_class::size_class;

/// Elements of a leaf. Small in tests, so that trees of a few hundred elements are deep.
const LEAF_MAX: usize = if cfg!(test) { 6 } else { 64 };
/// Children of an inner node.
const CHILDREN_MAX: usize = if cfg!(test) { 5 } else { 64 };
/// About how many elements a leaf has.
pub const LEAF_USUAL: usize = LEAF_MAX * 2 / 3;

/// A leaf, or an inner node with its children.
#[derive(Debug, Clone)]
pub enum Node {
    Leaf(Leaf),
    Inner(Box<Inner>),
}

/// Three columns with a row for each child.
#[derive(Debug, Clone, Default)]
pub struct Inner {
    pub first_scores: Vec<f64>,
    /// Elements below.
    pub lens: Vec<usize>,
    pub children: Vec<Node>,
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Leaf::default())
    }
}

impl Node {
    /// Adds an element; gives back a new right neighbour if the node had to be split.
    pub fn insert(&mut self, target: &Target<'_>, member: Packed<'_>) -> Option<Self> {
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

    /// The root over these elements, which are in order. All nodes are full, but the last one of each level.
    pub fn of_sorted(elements: &[(f64, Packed<'_>)]) -> Self {
        let leaves = elements.chunks(LEAF_MAX).map(|elements| Self::Leaf(Leaf::of(elements)));
        let mut nodes: Vec<Self> = leaves.collect();
        while nodes.len() > 1 {
            let mut children = nodes.into_iter().peekable();
            nodes = Vec::new();
            while children.peek().is_some() {
                let children: Vec<Self> = children.by_ref().take(CHILDREN_MAX).collect();
                nodes.push(Self::Inner(Box::new(Inner {
                    first_scores: children.iter().map(Self::first_score).collect(),
                    lens: children.iter().map(Self::len).collect(),
                    children,
                })));
            }
        }
        nodes.pop().unwrap_or_default()
    }

    pub fn remove(&mut self, target: &Target<'_>) -> bool {
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

    pub fn remove_range(&mut self, ranks: Range<usize>, visit: &mut impl FnMut(f64, Packed<'_>)) {
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
    pub fn first(&self) -> Packed<'_> {
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

    pub fn heap_bytes(&self) -> usize {
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
    pub fn assert_invariants(&self, is_root: bool) -> usize {
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
    pub fn child_of(&self, target: &Target<'_>) -> usize {
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

    pub fn remove_range(&mut self, ranks: Range<usize>, visit: &mut impl FnMut(f64, Packed<'_>)) {
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

    pub fn insert_child(&mut self, index: usize, child: Node) {
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
