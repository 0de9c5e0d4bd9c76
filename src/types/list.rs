//! The list type: strings in the order in which they were pushed, read and changed at both ends.
//!
//! Two encodings, as OBJECT ENCODING names them: a small list is one listpack; a bigger one is a `quicklist`, a
//! sequence of nodes that are listpacks themselves (see `quick`). The conversions are Redis 7.2's: before
//! anything is added, what would no longer fit one node becomes a quicklist; after something was removed, a
//! quicklist of one node becomes a listpack again, at half of the limit, so that a list at the limit does not
//! go back and forth.
//!
//! Values are lent to closures rather than returned: they may come out of a compressed node.

use std::ops::ControlFlow;

use smallvec::SmallVec;

use self::limits::NodeLimit;
use self::node::Node;
use self::quick::QuickList;
use crate::ds::StrRef;
use crate::ds::listpack::{ListPack, ListPackRef, Matcher};

mod limits;
mod node;
mod quick;

#[cfg(test)]
mod tests;

pub use self::limits::ListLimits;
pub use self::node::NodeView;

/// A list.
#[derive(Debug, Clone, Default)]
pub struct List {
    repr: Repr,
}

#[derive(Debug, Clone)]
enum Repr {
    Packed(ListPack),
    Quick(Box<QuickList>),
}

/// An end of a list; also the side of an element that is nearer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The left end, with index 0.
    Front,
    /// The right end.
    Back,
}

/// An element on its way from one list to another; a short one needs no allocation.
pub type Element = SmallVec<[u8; 64]>;

/// The nodes of a list, as DEBUG OBJECT shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeFigures {
    pub nodes: usize,
    /// Bytes of all nodes if none was compressed.
    pub uncompressed_bytes: usize,
}

impl Default for Repr {
    fn default() -> Self {
        Self::Packed(ListPack::new())
    }
}

impl List {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds values at an end, one after the other.
    pub fn push<'a>(
        &mut self,
        end: End,
        values: impl Iterator<Item = &'a [u8]> + Clone,
        limits: &ListLimits,
    ) {
        let (count, bytes) =
            values.clone().fold((0, 0), |(count, bytes), value| (count + 1, bytes + value.len()));
        self.make_room(bytes, count, limits);
        match &mut self.repr {
            Repr::Packed(pack) => push_all(pack, end, values),
            Repr::Quick(quick) => values.for_each(|value| quick.push(end, value, limits)),
        }
    }

    /// Takes the value at an end out, and returns what `use_value` makes of it.
    pub fn pop<R>(
        &mut self,
        end: End,
        limits: &ListLimits,
        use_value: impl FnOnce(StrRef<'_>) -> R,
    ) -> Option<R> {
        let result = self.pop_only(end, limits, use_value);
        self.shrink(limits);
        result
    }

    /// Moves the value at one end to the other (or takes it off and puts it back), and returns it.
    pub fn rotate(&mut self, from: End, to: End, limits: &ListLimits) -> Option<Element> {
        let element = self.pop_only(from, limits, |value| value.with_text(Element::from_slice))?;
        self.push(to, std::iter::once(&element[..]), limits);
        self.shrink(limits);
        Some(element)
    }

    /// What `use_value` makes of the value with this index; -1 is the last.
    pub fn get<R>(&self, index: i64, use_value: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        match &self.repr {
            Repr::Packed(pack) => pack.at_index(index).map(|at| use_value(pack.value(at))),
            Repr::Quick(quick) => quick.get(self.index_from_front(index)?, use_value),
        }
    }

    /// Replaces the value with this index. False if there is none.
    pub fn set(&mut self, index: i64, value: &[u8], limits: &ListLimits) -> bool {
        self.make_room(value.len(), 1, limits);
        let Some(index) = self.index_from_front(index) else { return false };
        match &mut self.repr {
            Repr::Packed(pack) => {
                if let Some(at) = pack.at_index(index as i64) {
                    pack.replace(at, StrRef::of(value));
                }
            }
            Repr::Quick(quick) => quick.set(index, value, limits),
        }
        self.shrink(limits);
        true
    }

    /// Adds a value on one side of the first that equals `pivot`. False if there is none.
    pub fn insert(&mut self, side: End, pivot: &[u8], value: &[u8], limits: &ListLimits) -> bool {
        self.make_room(value.len(), 1, limits);
        let matcher = Matcher::new(pivot);
        match &mut self.repr {
            Repr::Packed(pack) => match pack.find(pivot, 0) {
                None => false,
                Some(at) => {
                    match side {
                        End::Front => pack.insert_before(at, StrRef::of(value)),
                        End::Back => pack.insert_after(at, StrRef::of(value)),
                    };
                    true
                }
            },
            Repr::Quick(quick) => quick.insert(side, &matcher, value, limits),
        }
    }

    /// Takes up to `count` values out, from the one with index `from` on.
    pub fn remove_range(&mut self, from: usize, count: usize, limits: &ListLimits) {
        match &mut self.repr {
            Repr::Packed(pack) => pack.remove_range(from, count),
            Repr::Quick(quick) => quick.remove_range(from, count, limits),
        }
        self.shrink(limits);
    }

    /// Takes up to `count_max` values out that equal `text`, beginning at an end; returns how many.
    pub fn remove_equal(&mut self, text: &[u8], end: End, count_max: usize, limits: &ListLimits) -> usize {
        let matcher = Matcher::new(text);
        let removed = match &mut self.repr {
            Repr::Packed(pack) => node::remove_equal(pack, &matcher, end, count_max),
            Repr::Quick(quick) => quick.remove_equal(&matcher, end, count_max, limits),
        };
        if removed > 0 {
            self.shrink(limits);
        }
        removed
    }

    /// Shows the values from index `from` on, to the back (`End::Back`) or to the front, until `visitor` breaks.
    pub fn visit<B>(
        &self,
        from: usize,
        towards: End,
        mut visitor: impl FnMut(StrRef<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match &self.repr {
            Repr::Packed(pack) => node::visit_pack(pack.view(), from, towards, &mut visitor),
            Repr::Quick(quick) => quick.visit(from, towards, &mut visitor),
        }
    }

    /// Shows up to `count` values from index `from` on, to the back or to the front.
    pub fn visit_some(&self, from: usize, towards: End, count: usize, mut visitor: impl FnMut(StrRef<'_>)) {
        let mut left = count;
        if left == 0 {
            return;
        }
        let _ = self.visit(from, towards, |value| {
            visitor(value);
            left -= 1;
            if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    /// Shows all values from the front to the back.
    pub fn for_each(&self, visitor: impl FnMut(StrRef<'_>)) {
        self.visit_some(0, End::Back, usize::MAX, visitor);
    }

    pub fn len(&self) -> usize {
        match &self.repr {
            Repr::Packed(pack) => pack.len(),
            Repr::Quick(quick) => quick.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        match &self.repr {
            Repr::Packed(pack) => pack.is_empty(),
            Repr::Quick(quick) => quick.len() == 0,
        }
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match &self.repr {
            Repr::Packed(_) => "listpack",
            Repr::Quick(_) => "quicklist",
        }
    }

    /// The listpack of a list that is one (DEBUG LISTPACK).
    pub fn as_listpack(&self) -> Option<ListPackRef<'_>> {
        match &self.repr {
            Repr::Packed(pack) => Some(pack.view()),
            Repr::Quick(_) => None,
        }
    }

    /// The nodes of a quicklist in figures.
    pub fn node_figures(&self) -> Option<NodeFigures> {
        match &self.repr {
            Repr::Packed(_) => None,
            Repr::Quick(quick) => Some(NodeFigures {
                nodes: quick.nodes().len(),
                uncompressed_bytes: quick.nodes().map(Node::byte_len).sum(),
            }),
        }
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        match &self.repr {
            Repr::Packed(pack) => pack.heap_bytes(),
            Repr::Quick(quick) => quick.heap_bytes(),
        }
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        match &self.repr {
            Repr::Packed(_) => 1,
            Repr::Quick(quick) => quick.nodes().len(),
        }
    }

    /// How many nodes [`List::nodes`] gives.
    pub fn node_count(&self) -> usize {
        match &self.repr {
            Repr::Packed(_) => 1,
            Repr::Quick(quick) => quick.nodes().len(),
        }
    }

    /// The list as it is saved: the nodes of a quicklist; a listpack is one node.
    pub fn nodes(&self) -> impl Iterator<Item = NodeView<'_>> {
        let (pack, quick) = match &self.repr {
            Repr::Packed(pack) => (Some(NodeView::Packed(pack.view())), None),
            Repr::Quick(quick) => (None, Some(quick.nodes().map(Node::view))),
        };
        pack.into_iter().chain(quick.into_iter().flatten())
    }

    /// Adds a whole node behind the last, as it was saved. An empty one adds nothing. The list is a quicklist
    /// until [`List::settle`] is called.
    pub fn push_packed_node(&mut self, pack: ListPack, limits: &ListLimits) {
        if !pack.is_empty() {
            self.make_quick().push_node(Node::packed(pack), limits);
        }
    }

    /// Adds a value that is a node of its own behind the last, as it was saved.
    pub fn push_plain_node(&mut self, value: Vec<u8>, limits: &ListLimits) {
        self.make_quick().push_node(Node::Plain(value.into_boxed_slice()), limits);
    }

    /// Takes the encoding that suits a list made as a whole.
    pub fn settle(&mut self, limits: &ListLimits) {
        match &self.repr {
            Repr::Packed(_) => self.make_room(0, 0, limits),
            Repr::Quick(_) => self.back_to_listpack(limits.node.to_return(1)),
        }
    }

    /// Takes the value at an end out, and leaves the encoding as it is.
    fn pop_only<R>(
        &mut self,
        end: End,
        limits: &ListLimits,
        use_value: impl FnOnce(StrRef<'_>) -> R,
    ) -> Option<R> {
        match &mut self.repr {
            Repr::Packed(pack) => pop_of_pack(pack, end, use_value),
            Repr::Quick(quick) => quick.pop(end, limits, use_value),
        }
    }

    /// Becomes a quicklist if values of this many bytes would not fit the listpack.
    fn make_room(&mut self, bytes: usize, count: usize, limits: &ListLimits) {
        if let Repr::Packed(pack) = &self.repr
            && !limits.node.holds(pack.byte_len() + bytes, pack.len() + count)
        {
            self.make_quick();
        }
    }

    fn shrink(&mut self, limits: &ListLimits) {
        if matches!(self.repr, Repr::Quick(_)) {
            self.back_to_listpack(limits.node.to_return(2));
        }
    }

    fn back_to_listpack(&mut self, limit: NodeLimit) {
        if let Repr::Quick(quick) = &mut self.repr
            && let Some(pack) = quick.take_only_pack(limit)
        {
            self.repr = Repr::Packed(pack);
        }
    }

    fn make_quick(&mut self) -> &mut QuickList {
        if let Repr::Packed(pack) = &mut self.repr {
            let pack = std::mem::take(pack);
            self.repr = Repr::Quick(Box::new(QuickList::of_pack(pack)));
        }
        match &mut self.repr {
            Repr::Quick(quick) => quick,
            Repr::Packed(_) => unreachable!("made a quicklist above"),
        }
    }

    fn index_from_front(&self, index: i64) -> Option<usize> {
        let len = self.len();
        let index = if index < 0 { index.checked_add(len as i64)? } else { index };
        usize::try_from(index).ok().filter(|&index| index < len)
    }
}

fn push_all<'a>(pack: &mut ListPack, end: End, values: impl Iterator<Item = &'a [u8]>) {
    match end {
        End::Front => values.for_each(|value| pack.push_front(StrRef::of(value))),
        End::Back => values.for_each(|value| pack.push_back(StrRef::of(value))),
    }
}

fn pop_of_pack<R>(pack: &mut ListPack, end: End, use_value: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
    let at = match end {
        End::Front => pack.first(),
        End::Back => pack.last(),
    }?;
    let result = use_value(pack.value(at));
    pack.remove(at);
    Some(result)
}
