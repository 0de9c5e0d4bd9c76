//! Reading a range of a log, in either direction.

use super::cursor::{Backward, Entry, Forward, Record};
use super::id::StreamId;
use super::log::Nodes;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Forward,
    Backward,
}

/// The entries from one ID to another, both included; deleted ones are left out.
#[derive(Debug, Clone)]
pub struct Range<'a> {
    nodes: Nodes<'a>,
    start: StreamId,
    end: StreamId,
    node: Node<'a>,
}

/// The node that is being read.
#[derive(Debug, Clone)]
enum Node<'a> {
    /// None yet.
    Before(Direction),
    Forward(Forward<'a>),
    Backward(Backward<'a>),
    /// All of the range was read.
    Done,
}

impl<'a> Range<'a> {
    pub(super) fn new(nodes: Nodes<'a>, start: StreamId, end: StreamId, direction: Direction) -> Self {
        Self { nodes, start, end, node: Node::Before(direction) }
    }

    fn next_node(&mut self, direction: Direction) -> Node<'a> {
        let next = match direction {
            Direction::Forward => self.nodes.next(),
            Direction::Backward => self.nodes.next_back(),
        };
        match (next, direction) {
            (None, _) => Node::Done,
            (Some((id, node)), Direction::Forward) => {
                Node::Forward(Forward::near(*id, node.view(), self.start))
            }
            (Some((id, node)), Direction::Backward) => Node::Backward(Backward::new(*id, node.view())),
        }
    }
}

impl<'a> Iterator for Range<'a> {
    type Item = Entry<'a>;

    fn next(&mut self) -> Option<Entry<'a>> {
        let (start, end) = (self.start, self.end);
        loop {
            let (found, direction) = match &mut self.node {
                Node::Done => return None,
                Node::Before(direction) => (None, *direction),
                Node::Forward(records) => {
                    (records.find(|record| is_shown(record) && record.entry.id >= start), Direction::Forward)
                }
                Node::Backward(records) => {
                    (records.find(|record| is_shown(record) && record.entry.id <= end), Direction::Backward)
                }
            };
            match found {
                None => self.node = self.next_node(direction),
                Some(record) if record.entry.id < start || record.entry.id > end => self.node = Node::Done,
                Some(record) => return Some(record.entry),
            }
        }
    }
}

fn is_shown(record: &Record<'_>) -> bool {
    !record.is_deleted
}
