//! A stream: its entries, and the groups that read them.

use std::collections::BTreeMap;

use super::group::Group;
use super::log::Log;
use crate::util::size_class::size_class;

/// A stream. One pointer wide, so that it fits behind a key.
#[derive(Debug, Clone, Default)]
pub struct Stream(Box<Body>);

#[derive(Debug, Clone, Default)]
struct Body {
    log: Log,
    groups: BTreeMap<Box<[u8]>, Box<Group>>,
}

impl Stream {
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn of(log: Log) -> Self {
        Self(Box::new(Body { log, groups: BTreeMap::new() }))
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.0.log.len() as usize
    }

    pub fn is_empty(&self) -> bool {
        self.0.log.is_empty()
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        "stream"
    }

    /// Bytes on the heap, about: of many nodes some are taken for all.
    pub fn heap_bytes(&self) -> usize {
        let group_bytes = |name: &[u8], group: &Group| {
            size_class(name.len()) + size_class(size_of::<Group>()) + group.heap_bytes()
        };
        let groups: usize = self.groups().map(|(name, group)| group_bytes(name, group)).sum();
        size_class(size_of::<Body>()) + self.0.log.heap_bytes() + groups
    }

    /// About how many allocations it takes to free this.
    pub fn free_effort(&self) -> usize {
        let group_effort = |group: &Group| 1 + group.consumer_count() + group.pending_len() / 4;
        self.0.log.node_count() + self.0.groups.values().map(|group| group_effort(group)).sum::<usize>()
    }

    pub fn log(&self) -> &Log {
        &self.0.log
    }

    pub fn log_mut(&mut self) -> &mut Log {
        &mut self.0.log
    }

    pub fn group(&self, name: &[u8]) -> Option<&Group> {
        self.0.groups.get(name).map(|group| &**group)
    }

    /// A group, to be changed while the entries are read.
    pub fn log_and_group_mut(&mut self, name: &[u8]) -> Option<(&Log, &mut Group)> {
        let Body { log, groups } = &mut *self.0;
        groups.get_mut(name).map(|group| (&*log, &mut **group))
    }

    /// Adds a group; returns false if the name is taken.
    pub fn add_group(&mut self, name: &[u8], group: Group) -> bool {
        if self.0.groups.contains_key(name) {
            return false;
        }
        self.0.groups.insert(name.into(), Box::new(group));
        true
    }

    pub fn remove_group(&mut self, name: &[u8]) -> bool {
        self.0.groups.remove(name).is_some()
    }

    /// All groups, in the order of their names.
    pub fn groups(&self) -> impl ExactSizeIterator<Item = (&[u8], &Group)> {
        self.0.groups.iter().map(|(name, group)| (&**name, &**group))
    }
}
