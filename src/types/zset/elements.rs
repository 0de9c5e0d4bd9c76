//! Walking the elements of a sorted set in order, whatever its encoding.

use std::iter::Take;
use std::vec;

use super::block;
use super::sorted::WithTexts;
use crate::ds::StrRef;
use crate::ds::ranked::{Ascending, Descending};

/// Members with their scores, one way or the other.
#[derive(Debug, Clone)]
pub struct Elements<'a>(pub(super) Walk<'a>);

#[derive(Debug, Clone)]
pub(super) enum Walk<'a> {
    Block(Take<block::Iter<'a>>),
    /// A block cannot be read backwards.
    BlockReversed(vec::IntoIter<(StrRef<'a>, f64)>),
    Ascending(Take<WithTexts<'a, Ascending<'a>>>),
    Descending(Take<WithTexts<'a, Descending<'a>>>),
}

impl<'a> Iterator for Elements<'a> {
    type Item = (StrRef<'a>, f64);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Walk::Block(walk) => walk.next(),
            Walk::BlockReversed(walk) => walk.next(),
            Walk::Ascending(walk) => walk.next(),
            Walk::Descending(walk) => walk.next(),
        }
    }
}
