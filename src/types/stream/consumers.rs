//! The consumers of a group, by name and by number.

use std::collections::BTreeSet;

use super::id::StreamId;

/// Stands for a consumer within its group, for as long as it is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConsumerId(u32);

/// Who reads from a group.
#[derive(Debug, Clone)]
pub struct Consumer {
    name: Box<[u8]>,
    /// When it last tried anything, in Unix milliseconds.
    pub seen_ms: i64,
    /// When it last got something.
    pub active_ms: Option<i64>,
    /// What it got and did not acknowledge. Each is in the group's list too.
    pub(super) pending: BTreeSet<StreamId>,
}

impl Consumer {
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The IDs of what was delivered to it and is not acknowledged, from `start` on.
    pub fn pending_from(&self, start: StreamId) -> impl Iterator<Item = StreamId> {
        self.pending.range(start..).copied()
    }

    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }
}

/// All consumers. Numbers of those who left are used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Consumers {
    slots: Vec<Option<Consumer>>,
    /// The numbers of those who are there, in the order of their names.
    by_name: Vec<u32>,
}

impl Consumers {
    /// Adds a consumer; `None` if the name is taken.
    pub fn add(&mut self, name: &[u8], seen_ms: i64, active_ms: Option<i64>) -> Option<ConsumerId> {
        let place = self.place_of(name).err()?;
        let consumer = Consumer { name: name.into(), seen_ms, active_ms, pending: BTreeSet::new() };
        let free = if self.by_name.len() < self.slots.len() {
            self.slots.iter().position(Option::is_none)
        } else {
            None
        };
        let slot = free.unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(slot) => *slot = Some(consumer),
            None => self.slots.push(Some(consumer)),
        }
        self.by_name.insert(place, slot as u32);
        Some(ConsumerId(slot as u32))
    }

    pub fn remove(&mut self, id: ConsumerId) -> Option<Consumer> {
        let place = self.place_of(&self.by_id(id).name).ok()?;
        self.by_name.remove(place);
        self.slots.get_mut(id.0 as usize).and_then(Option::take)
    }

    pub fn find(&self, name: &[u8]) -> Option<ConsumerId> {
        self.place_of(name).ok().map(|place| ConsumerId(self.by_name[place]))
    }

    pub fn by_id(&self, id: ConsumerId) -> &Consumer {
        self.slots.get(id.0 as usize).and_then(Option::as_ref).expect("the number stands for a consumer")
    }

    pub fn by_id_mut(&mut self, id: ConsumerId) -> &mut Consumer {
        self.slots.get_mut(id.0 as usize).and_then(Option::as_mut).expect("the number stands for a consumer")
    }

    /// All of them, in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ConsumerId, &Consumer)> {
        self.by_name.iter().map(|slot| (ConsumerId(*slot), self.by_id(ConsumerId(*slot))))
    }

    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Where a name is among the names, or belongs.
    fn place_of(&self, name: &[u8]) -> Result<usize, usize> {
        self.by_name.binary_search_by(|slot| (*self.by_id(ConsumerId(*slot)).name).cmp(name))
    }
}
