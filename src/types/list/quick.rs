//! A list of any length: a queue of nodes, each some kilobytes.
//!
//! Redis links its nodes; here they stand in a `VecDeque` of 24 bytes each, so that finding an index among a
//! million values looks at some thousand numbers that lie side by side, and a node costs no pointers.
//!
//! With `list-compress-depth` n, nodes but the first and last n are compressed. A node is decompressed when
//! something in it changes, and a copy of it when it is read. Compression is a state that [`QuickList::tidy`]
//! and its like restore after each change, not an invariant: lists made under other limits are read as they are.
//!
//! **Invariant.** No node is empty, and `len` is the sum of their lengths.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::End;
use super::limits::{ListLimits, NodeLimit};
use super::node::{Node, remove_equal};
use crate::ds::StrRef;
use crate::ds::listpack::{ListPack, Matcher};
use crate::util::size_class::size_class;

/// Bytes that merging two listpacks saves: a header and an end.
const MERGE_SAVED_BYTES: usize = 7;

#[derive(Debug, Clone, Default)]
pub(super) struct QuickList {
    nodes: VecDeque<Node>,
    /// Number of values.
    len: usize,
}

/// A place between values: before the value `offset` of a node, or behind its last.
#[derive(Debug, Clone, Copy)]
struct Gap {
    node: usize,
    offset: usize,
}

impl QuickList {
    /// A list of one node, or none if the listpack is empty.
    pub(super) fn of_pack(pack: ListPack) -> Self {
        let len = pack.len();
        let mut nodes = VecDeque::new();
        if len > 0 {
            nodes.push_back(Node::packed(pack));
        }
        Self { nodes, len }
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn nodes(&self) -> impl ExactSizeIterator<Item = &Node> {
        self.nodes.iter()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        size_class(size_of::<Self>())
            + size_class(self.nodes.capacity() * size_of::<Node>())
            + self.nodes().map(Node::heap_bytes).sum::<usize>()
    }

    pub(super) fn push(&mut self, end: End, value: &[u8], limits: &ListLimits) {
        self.len += 1;
        if let Some(node) = self.end_mut(end)
            && takes(node, value, limits)
        {
            node.push(end, value);
            return;
        }

        if let Some(full) = self.end_mut(end) {
            full.shrink();
        }
        let node = new_node(value, limits);
        match end {
            End::Front => self.nodes.push_front(node),
            End::Back => self.nodes.push_back(node),
        }
        self.tidy_end(end, limits);
    }

    /// Adds a node behind the last.
    pub(super) fn push_node(&mut self, node: Node, limits: &ListLimits) {
        self.len += node.len();
        self.nodes.push_back(node);
        self.tidy_end(End::Back, limits);
    }

    pub(super) fn pop<R>(
        &mut self,
        end: End,
        limits: &ListLimits,
        use_value: impl FnOnce(StrRef<'_>) -> R,
    ) -> Option<R> {
        let node = self.end_mut(end)?;
        let is_last = node.len() == 1;
        let result = node.pop(end, use_value)?;
        self.len -= 1;
        if is_last {
            match end {
                End::Front => self.nodes.pop_front(),
                End::Back => self.nodes.pop_back(),
            };
            self.give_back();
            self.tidy_end(end, limits);
        }
        Some(result)
    }

    pub(super) fn get<R>(&self, index: usize, use_value: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        let Gap { node, offset } = self.locate(index)?;
        self.nodes[node].read(|content| content.get(offset, use_value))
    }

    /// Replaces the value with this index, which exists.
    pub(super) fn set(&mut self, index: usize, value: &[u8], limits: &ListLimits) {
        let Some(gap @ Gap { node, offset }) = self.locate(index) else { return };
        let place = &mut self.nodes[node];
        match (place.is_plain(), limits.is_plain(value)) {
            (true, true) => *place = new_node(value, limits),
            (false, false) if place.byte_len() + value.len() <= ListPack::BYTES_MAX => {
                place.edit(|pack| {
                    if let Some(at) = pack.at_index(offset as i64) {
                        pack.replace(at, StrRef::of(value));
                    }
                });
            }
            _ => {
                if place.len() == 1 {
                    self.nodes.remove(node);
                } else {
                    self.remove_from_node(node, offset, 1);
                }
                self.len -= 1;
                self.insert_at(gap, End::Back, value, limits);
            }
        }
        self.tidy_around(node, limits);
    }

    /// Adds a value on one side of the first that equals a text. False if there is none.
    pub(super) fn insert(
        &mut self,
        side: End,
        pivot: &Matcher<'_>,
        value: &[u8],
        limits: &ListLimits,
    ) -> bool {
        let found = self.nodes.iter().enumerate().find_map(|(node, content)| {
            let offset = content.read(|content| content.position(pivot))?;
            Some(Gap { node, offset: offset + usize::from(side == End::Back) })
        });
        let Some(gap) = found else { return false };
        self.insert_at(gap, side, value, limits);
        self.tidy_around(gap.node, limits);
        true
    }

    pub(super) fn remove_range(&mut self, from: usize, count: usize, limits: &ListLimits) {
        let Some(Gap { mut node, mut offset }) = self.locate(from) else { return };
        let touched = node;
        let mut left = count.min(self.len - from);
        self.len -= left;

        if offset > 0 {
            let some = left.min(self.nodes[node].len() - offset);
            self.remove_from_node(node, offset, some);
            left -= some;
            offset = 0;
            node += 1;
        }
        let mut whole_end = node;
        while left > 0 && left >= self.nodes[whole_end].len() {
            left -= self.nodes[whole_end].len();
            whole_end += 1;
        }
        self.nodes.drain(node..whole_end);
        if left > 0 {
            self.remove_from_node(node, offset, left);
        }
        self.give_back();
        self.tidy_around(touched, limits);
        self.tidy_around(node, limits);
    }

    /// Takes up to `count_max` values out that equal a text, beginning at an end; returns how many.
    pub(super) fn remove_equal(
        &mut self,
        matcher: &Matcher<'_>,
        end: End,
        count_max: usize,
        limits: &ListLimits,
    ) -> usize {
        let nodes = self.nodes.len();
        let mut removed = 0;
        for step in 0..nodes {
            let place = if end == End::Front { step } else { nodes - 1 - step };
            let node = &mut self.nodes[place];
            if removed == count_max || node.read(|content| content.position(matcher)).is_none() {
                continue;
            }
            let taken = node.edit(|pack| remove_equal(pack, matcher, end, count_max - removed));
            if taken.is_none() {
                // A plain node goes as a whole. Nodes are swept below, so that places stay as they are.
                *node = Node::packed(ListPack::new());
            }
            removed += taken.unwrap_or(1);
            self.compress_inner(place, limits);
        }
        self.len -= removed;
        self.nodes.retain(|node| node.len() > 0);
        self.give_back();
        self.tidy(limits);
        removed
    }

    pub(super) fn visit<B>(
        &self,
        from: usize,
        towards: End,
        visitor: &mut impl FnMut(StrRef<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let Some(Gap { node, offset }) = self.locate(from) else { return ControlFlow::Continue(()) };
        self.nodes[node].read(|content| content.visit(offset, towards, visitor))?;
        let mut show = |node: &Node| {
            let first = if towards == End::Back { 0 } else { node.len() - 1 };
            node.read(|content| content.visit(first, towards, visitor))
        };
        match towards {
            End::Back => self.nodes.range(node + 1..).try_for_each(&mut show),
            End::Front => self.nodes.range(..node).rev().try_for_each(&mut show),
        }
    }

    /// The listpack of a list that has but one node, within the limit. The list is empty then.
    pub(super) fn take_only_pack(&mut self, limit: NodeLimit) -> Option<ListPack> {
        let (1, Some(node)) = (self.nodes.len(), self.nodes.front()) else { return None };
        if node.is_plain() || !limit.holds(node.byte_len(), node.len()) {
            return None;
        }
        self.len = 0;
        let mut node = self.nodes.pop_front()?;
        node.edit(std::mem::take)
    }

    /// The place before the value with this index, found from the nearer end.
    fn locate(&self, index: usize) -> Option<Gap> {
        if index >= self.len {
            return None;
        }
        if index <= self.len / 2 {
            let mut offset = index;
            for (node, content) in self.nodes.iter().enumerate() {
                let len = content.len();
                if offset < len {
                    return Some(Gap { node, offset });
                }
                offset -= len;
            }
        }
        let mut behind = self.len - index;
        for (node, content) in self.nodes.iter().enumerate().rev() {
            let len = content.len();
            if behind <= len {
                return Some(Gap { node, offset: len - behind });
            }
            behind -= len;
        }
        None
    }

    /// Adds a value on one side of a pivot: to the node of the gap or a neighbour that takes it, else to a half
    /// of the node or a node of its own.
    fn insert_at(&mut self, gap: Gap, side: End, value: &[u8], limits: &ListLimits) {
        let Gap { node, offset } = gap;
        self.len += 1;
        let node_len = self.nodes.get(node).map_or(0, Node::len);
        let takes = |place: Option<&Node>| place.is_some_and(|node| takes(node, value, limits));
        if takes(self.nodes.get(node)) {
            self.nodes[node].edit(|pack| insert_into(pack, offset, value));
        } else if offset == 0 && node > 0 && takes(self.nodes.get(node - 1)) {
            self.nodes[node - 1].edit(|pack| pack.push_back_text(value));
        } else if offset == node_len && takes(self.nodes.get(node + 1)) {
            self.nodes[node + 1].edit(|pack| pack.push_front(StrRef::of(value)));
        } else if offset == 0 {
            self.nodes.insert(node, new_node(value, limits));
        } else if offset == node_len {
            self.nodes.insert(node + 1, new_node(value, limits));
        } else if let Some(tail) = self.nodes[node].edit(|pack| pack.split_off(offset)) {
            self.nodes.insert(node + 1, Node::packed(tail));
            self.insert_between(node, side, value, limits);
        }
    }

    /// Adds a value between the halves of a node: to the half on whose side the pivot is not, if that takes it.
    fn insert_between(&mut self, node: usize, side: End, value: &[u8], limits: &ListLimits) {
        let (host, end, other) = match side {
            End::Front => (node, End::Back, node + 1),
            End::Back => (node + 1, End::Front, node),
        };
        if takes(&self.nodes[host], value, limits) {
            self.nodes[host].push(end, value);
            self.merge_around(other, limits);
        } else {
            self.nodes.insert(node + 1, new_node(value, limits));
            self.merge_around(node + 1, limits);
        }
    }

    /// Unites the nodes around one, and it with them, where the limits allow it.
    fn merge_around(&mut self, mut node: usize, limits: &ListLimits) {
        self.merge(node + 1, limits);
        for distance in [2, 1] {
            if node >= distance && self.merge(node - distance, limits) {
                node -= 1;
            }
        }
        self.merge(node, limits);
    }

    /// Unites a node with the one behind it, if the limits allow it.
    fn merge(&mut self, node: usize, limits: &ListLimits) -> bool {
        let (Some(left), Some(right)) = (self.nodes.get(node), self.nodes.get(node + 1)) else {
            return false;
        };
        if left.is_plain() || right.is_plain() {
            return false;
        }
        let bytes = left.byte_len() + right.byte_len() - MERGE_SAVED_BYTES;
        if !limits.node.holds(bytes, left.len() + right.len()) {
            return false;
        }
        let right = self.nodes.remove(node + 1).and_then(|mut right| right.edit(std::mem::take));
        if let Some(right) = right {
            self.nodes[node].edit(|pack| pack.append(right.view()));
        }
        true
    }

    /// Takes some of the values of a node out, not all.
    fn remove_from_node(&mut self, node: usize, offset: usize, count: usize) {
        self.nodes[node].edit(|pack| pack.remove_range(offset, count));
    }

    fn end_mut(&mut self, end: End) -> Option<&mut Node> {
        match end {
            End::Front => self.nodes.front_mut(),
            End::Back => self.nodes.back_mut(),
        }
    }

    /// Gives the room of nodes back that are gone, if it is most of it.
    fn give_back(&mut self) {
        if self.nodes.len() < self.nodes.capacity() / 4 {
            self.nodes.shrink_to(self.nodes.len() * 2);
        }
    }

    /// Restores the compression after a node was added or removed at an end: of the two nodes at the limit
    /// between outer and inner ones there.
    fn tidy_end(&mut self, end: End, limits: &ListLimits) {
        let (depth, nodes) = (limits.compress_depth, self.nodes.len());
        let place = |from_end: usize| if end == End::Front { from_end } else { nodes - 1 - from_end };
        if depth > 0 && depth <= nodes {
            self.nodes[place(depth - 1)].decompress();
        }
        if depth > 0 && depth < nodes {
            self.compress_inner(place(depth), limits);
        }
    }

    /// The same after any change.
    fn tidy(&mut self, limits: &ListLimits) {
        let depth = limits.compress_depth;
        if depth == 0 {
            return;
        }
        let nodes = self.nodes.len();
        for outer in 0..depth.min(nodes) {
            self.nodes[outer].decompress();
            self.nodes[nodes - 1 - outer].decompress();
        }
        if nodes > 2 * depth {
            self.compress_inner(depth, limits);
            self.compress_inner(nodes - 1 - depth, limits);
        }
    }

    /// The same, also for a node where something changed and its neighbours.
    fn tidy_around(&mut self, node: usize, limits: &ListLimits) {
        if limits.compress_depth > 0 {
            for place in node.saturating_sub(1)..=node + 2 {
                self.compress_inner(place, limits);
            }
            self.tidy(limits);
        }
    }

    /// Compresses a node, if it is an inner one.
    fn compress_inner(&mut self, node: usize, limits: &ListLimits) {
        let depth = limits.compress_depth;
        if depth > 0 && node >= depth && node + depth < self.nodes.len() {
            self.nodes[node].compress();
        }
    }

    #[cfg(test)]
    pub(super) fn assert_invariants(&self) {
        assert!(self.nodes.iter().all(|node| node.len() > 0));
        assert_eq!(self.nodes.iter().map(Node::len).sum::<usize>(), self.len);
        for node in &self.nodes {
            let mut seen = 0;
            let _ = node.read(|content| {
                content.visit(0, End::Back, &mut |_| {
                    seen += 1;
                    ControlFlow::<()>::Continue(())
                })
            });
            assert_eq!(seen, node.len());
        }
    }
}

/// Whether a node's listpack has room for a value.
#[inline]
fn takes(node: &Node, value: &[u8], limits: &ListLimits) -> bool {
    !node.is_plain() && limits.node_takes(node.byte_len(), node.len(), value)
}

fn new_node(value: &[u8], limits: &ListLimits) -> Node {
    if limits.is_plain(value) { Node::Plain(value.into()) } else { Node::of_value(value) }
}

fn insert_into(pack: &mut ListPack, index: usize, value: &[u8]) {
    match pack.at_index(index as i64) {
        Some(at) => {
            pack.insert_before(at, StrRef::of(value));
        }
        None => pack.push_back_text(value),
    }
}
