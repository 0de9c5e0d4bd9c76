//! Walking a tree from a rank on, in both directions, without searching again.

use smallvec::SmallVec;

use super::Ranked;
use super::leaf::Leaf;
use super::node::{Inner, Node};
use crate::ds::packed::Packed;

/// A place between two elements of a leaf.
#[derive(Debug, Clone)]
struct Cursor<'a> {
    /// The inner nodes above, each with the child taken. Four levels hold millions of elements.
    path: SmallVec<[(&'a Inner, usize); 4]>,
    leaf: &'a Leaf,
    index: usize,
    /// Of the member at `index`, or behind the last one.
    offset: usize,
}

/// Elements from a rank on.
#[derive(Debug, Clone)]
pub struct Ascending<'a>(Cursor<'a>);

/// Elements from a rank on backwards.
#[derive(Debug, Clone)]
pub struct Descending<'a>(Cursor<'a>);

impl<'a> Ascending<'a> {
    pub(super) fn new(tree: &'a Ranked, rank: usize) -> Self {
        Self(Cursor::before(tree, rank.min(tree.len)))
    }
}

impl<'a> Descending<'a> {
    pub(super) fn new(tree: &'a Ranked, rank: usize) -> Self {
        Self(Cursor::before(tree, rank.saturating_add(1).min(tree.len)))
    }
}

impl<'a> Iterator for Ascending<'a> {
    type Item = (f64, Packed<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let cursor = &mut self.0;
        if cursor.index == cursor.leaf.len() && !cursor.next_leaf() {
            return None;
        }
        let element = cursor.element();
        cursor.offset += cursor.leaf.member_bytes(cursor.index);
        cursor.index += 1;
        Some(element)
    }
}

impl<'a> Iterator for Descending<'a> {
    type Item = (f64, Packed<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let cursor = &mut self.0;
        if cursor.index == 0 && !cursor.previous_leaf() {
            return None;
        }
        cursor.index -= 1;
        cursor.offset -= cursor.leaf.member_bytes(cursor.index);
        Some(cursor.element())
    }
}

impl<'a> Cursor<'a> {
    /// In front of the element of a rank, or behind the last one.
    fn before(tree: &'a Ranked, rank: usize) -> Self {
        let mut path = SmallVec::new();
        let mut rank = rank;
        let mut node = &tree.root;
        loop {
            match node {
                Node::Leaf(leaf) => return Self { path, leaf, index: rank, offset: leaf.offset(rank) },
                Node::Inner(inner) => {
                    let mut index = 0;
                    while rank > inner.lens[index] {
                        rank -= inner.lens[index];
                        index += 1;
                    }
                    path.push((&**inner, index));
                    node = &inner.children[index];
                }
            }
        }
    }

    fn element(&self) -> (f64, Packed<'a>) {
        (self.leaf.score(self.index), self.leaf.member_at(self.index, self.offset))
    }

    fn next_leaf(&mut self) -> bool {
        while let Some((inner, index)) = self.path.pop() {
            if index + 1 < inner.children.len() {
                self.path.push((inner, index + 1));
                self.descend(|_| 0);
                self.index = 0;
                self.offset = self.leaf.offset(0);
                return true;
            }
        }
        false
    }

    fn previous_leaf(&mut self) -> bool {
        while let Some((inner, index)) = self.path.pop() {
            if index > 0 {
                self.path.push((inner, index - 1));
                self.descend(|inner| inner.children.len() - 1);
                self.index = self.leaf.len();
                self.offset = self.leaf.offset(self.index);
                return true;
            }
        }
        false
    }

    /// From the child that the path ends with down to a leaf.
    fn descend(&mut self, choose: impl Fn(&Inner) -> usize) {
        while let Some((inner, index)) = self.path.last().copied() {
            match &inner.children[index] {
                Node::Leaf(leaf) => {
                    self.leaf = leaf;
                    return;
                }
                Node::Inner(child) => self.path.push((child, choose(child))),
            }
        }
    }
}
