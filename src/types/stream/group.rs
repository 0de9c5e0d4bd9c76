//! A consumer group: how far the group has read, and what was delivered to whom and is not acknowledged yet.
//!
//! **Invariant.** An ID is pending in the group exactly if it is pending with one consumer, the one the
//! group's record of it names.

use std::collections::BTreeMap;

use super::consumers::{Consumer, ConsumerId, Consumers};
use super::id::StreamId;
use super::log::Log;

/// Bytes of a pending entry in both lists, about.
const BYTES_PER_PENDING: usize = 80;
const BYTES_PER_CONSUMER: usize = 112;

/// More than XGROUP takes could not be told to replicas.
const ENTRIES_READ_MAX: u64 = i64::MAX as u64;

/// An entry that was delivered and is not acknowledged. The entry itself may be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// When it was last delivered, in Unix milliseconds.
    pub delivered_ms: i64,
    /// How often it was.
    pub deliveries: u64,
    pub consumer: ConsumerId,
}

/// How an entry changes hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub delivered_ms: i64,
    pub deliveries: Deliveries,
}

/// What becomes of the number of deliveries. An entry that was not pending has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deliveries {
    Keep,
    Increment,
    Set(u64),
}

#[derive(Debug, Clone)]
pub struct Group {
    last_delivered: StreamId,
    entries_read: Option<u64>,
    pending: BTreeMap<StreamId, Pending>,
    consumers: Consumers,
}

impl Group {
    /// A group that reads what is behind `last_delivered`; `entries_read` are the entries up to there, if known.
    pub fn new(last_delivered: StreamId, entries_read: Option<u64>) -> Self {
        Self { last_delivered, entries_read, pending: BTreeMap::new(), consumers: Consumers::default() }
    }

    /// XGROUP SETID.
    pub fn set_position(&mut self, last_delivered: StreamId, entries_read: Option<u64>) {
        self.last_delivered = last_delivered;
        self.entries_read = entries_read;
    }

    /// The ID of the last entry that was delivered to the group.
    pub fn last_delivered(&self) -> StreamId {
        self.last_delivered
    }

    /// The number of entries the group has read, where it is known.
    pub fn entries_read(&self) -> Option<u64> {
        self.entries_read
    }

    /// How many entries are not delivered yet, where that is known. (Negative if ENTRIESREAD was set too high.)
    pub fn lag(&self, log: &Log) -> Option<i64> {
        if log.entries_added() == 0 {
            return Some(0);
        }
        let counted = self.entries_read.filter(|_| !log.may_have_holes_from(self.last_delivered));
        let read = counted.or_else(|| log.entries_up_to(self.last_delivered))?;
        Some(log.entries_added().wrapping_sub(read) as i64)
    }

    /// The group reads on to an entry of `log`. Returns false if it has been there.
    pub fn advance(&mut self, log: &Log, id: StreamId) -> bool {
        if id <= self.last_delivered {
            return false;
        }
        let read = match self.entries_read {
            Some(read) if !log.may_have_holes_from(id) => Some(read.saturating_add(1)),
            _ if log.entries_added() > 0 => log.entries_up_to(id),
            read => read,
        };
        self.entries_read = read.map(|read| read.min(ENTRIES_READ_MAX));
        self.last_delivered = id;
        true
    }

    /// Moves on to an ID that another server has reached.
    pub fn advance_to(&mut self, id: StreamId) -> bool {
        let is_ahead = id > self.last_delivered;
        self.last_delivered = self.last_delivered.max(id);
        is_ahead
    }

    /// An entry goes to a consumer for the first time (or again, after XGROUP SETID).
    pub fn deliver(&mut self, id: StreamId, consumer: ConsumerId, now_ms: i64) -> Pending {
        let delivery = Pending { delivered_ms: now_ms, deliveries: 1, consumer };
        if let Some(before) = self.pending.insert(id, delivery) {
            self.consumers.by_id_mut(before.consumer).pending.remove(&id);
        }
        let consumer = self.consumers.by_id_mut(consumer);
        consumer.pending.insert(id);
        consumer.active_ms = Some(now_ms);
        delivery
    }

    /// A pending entry goes to its consumer again.
    pub fn deliver_again(&mut self, id: StreamId, now_ms: i64) {
        if let Some(pending) = self.pending.get_mut(&id) {
            pending.delivered_ms = now_ms;
            pending.deliveries = pending.deliveries.wrapping_add(1);
        }
    }

    /// Makes an entry pending with a consumer, wherever it was before.
    pub fn claim(&mut self, id: StreamId, consumer: ConsumerId, claim: Claim, now_ms: i64) -> Pending {
        let before = self.pending.get(&id).copied();
        let known = before.map_or(1, |before| before.deliveries);
        let deliveries = match claim.deliveries {
            Deliveries::Keep => known,
            Deliveries::Increment => known.wrapping_add(1),
            Deliveries::Set(count) => count,
        };
        let pending = Pending { delivered_ms: claim.delivered_ms, deliveries, consumer };
        if let Some(before) = before {
            self.consumers.by_id_mut(before.consumer).pending.remove(&id);
        }
        self.pending.insert(id, pending);
        let consumer = self.consumers.by_id_mut(consumer);
        consumer.pending.insert(id);
        consumer.active_ms = Some(now_ms);
        pending
    }

    /// An entry is pending no more. Returns whether it was.
    pub fn acknowledge(&mut self, id: StreamId) -> bool {
        let Some(pending) = self.pending.remove(&id) else { return false };
        self.consumers.by_id_mut(pending.consumer).pending.remove(&id);
        true
    }

    /// Adds a consumer; `None` if the name is taken.
    pub fn add_consumer(&mut self, name: &[u8], now_ms: i64) -> Option<ConsumerId> {
        self.consumers.add(name, now_ms, None)
    }

    /// Removes a consumer with all that is pending with it; returns how much that is.
    pub fn remove_consumer(&mut self, id: ConsumerId) -> usize {
        let Some(consumer) = self.consumers.remove(id) else { return 0 };
        for id in &consumer.pending {
            self.pending.remove(id);
        }
        consumer.pending.len()
    }

    /// A consumer tries something.
    pub fn saw(&mut self, consumer: ConsumerId, now_ms: i64) {
        self.consumers.by_id_mut(consumer).seen_ms = now_ms;
    }

    pub fn find_consumer(&self, name: &[u8]) -> Option<ConsumerId> {
        self.consumers.find(name)
    }

    pub fn consumer(&self, id: ConsumerId) -> &Consumer {
        self.consumers.by_id(id)
    }

    /// All consumers, in the order of their names.
    pub fn consumers(&self) -> impl ExactSizeIterator<Item = (ConsumerId, &Consumer)> {
        self.consumers.iter()
    }

    pub fn consumer_count(&self) -> usize {
        self.consumers.len()
    }

    /// What the group knows of a pending entry.
    pub fn pending(&self, id: StreamId) -> Option<&Pending> {
        self.pending.get(&id)
    }

    /// All pending entries from `start` on, in the order of their IDs.
    pub fn pending_from(&self, start: StreamId) -> impl DoubleEndedIterator<Item = (StreamId, &Pending)> {
        self.pending.range(start..).map(|(id, pending)| (*id, pending))
    }

    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Bytes on the heap, about.
    pub fn heap_bytes(&self) -> usize {
        self.pending.len() * BYTES_PER_PENDING + self.consumers.len() * BYTES_PER_CONSUMER
    }

    /// A consumer as a snapshot has it; `None` if the name is taken.
    pub(super) fn restore_consumer(
        &mut self,
        name: &[u8],
        seen_ms: i64,
        active_ms: Option<i64>,
    ) -> Option<ConsumerId> {
        self.consumers.add(name, seen_ms, active_ms)
    }

    /// A pending entry as a snapshot has it. Returns false if there is one with this ID.
    pub(super) fn restore_pending(&mut self, id: StreamId, pending: Pending) -> bool {
        if self.pending.contains_key(&id) {
            return false;
        }
        self.pending.insert(id, pending);
        self.consumers.by_id_mut(pending.consumer).pending.insert(id);
        true
    }
}
