//! A stream put together from what a snapshot or a payload of RESTORE says.
//!
//! Nothing of it is believed: nodes are read to their ends, counters are compared with what they count, and what
//! can be derived (the first ID) is derived.

use super::consumers::ConsumerId;
use super::group::{Group, Pending};
use super::id::StreamId;
use super::log::Log;
use super::node::{InvalidNode, Node};
use super::value::Stream;
#[cfg(doc)]
use crate::ds::listpack::ListPack;

/// What a snapshot says of a stream.
#[derive(Debug, Clone, Default)]
pub struct StreamParts {
    /// The ID of each node and the block of its listpack (see [`ListPack::from_block`]), in order.
    pub nodes: Vec<(StreamId, Vec<u8>)>,
    pub len: u64,
    pub last_id: StreamId,
    /// `0-0` where a snapshot does not tell (before version 10).
    pub max_deleted_id: StreamId,
    /// As many as there are, where a snapshot does not tell.
    pub entries_added: Option<u64>,
    pub groups: Vec<GroupParts>,
}

#[derive(Debug, Clone, Default)]
pub struct GroupParts {
    pub name: Vec<u8>,
    pub last_delivered: StreamId,
    pub entries_read: EntriesRead,
    pub pending: Vec<PendingParts>,
    pub consumers: Vec<ConsumerParts>,
}

/// What a snapshot says of a group's number of entries read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EntriesRead {
    /// Nothing (before version 10): it is worked out from the stream.
    #[default]
    Untold,
    Unknown,
    Known(u64),
}

/// An entry of a group's list. Whom it was delivered to is in the consumers' lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PendingParts {
    pub id: StreamId,
    pub delivered_ms: i64,
    pub deliveries: u64,
}

#[derive(Debug, Clone, Default)]
pub struct ConsumerParts {
    pub name: Vec<u8>,
    pub seen_ms: i64,
    pub active_ms: Option<i64>,
    pub pending: Vec<StreamId>,
}

/// Why parts make no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStream {
    #[error(transparent)]
    Node(#[from] InvalidNode),
    #[error("the nodes of a stream are not in order")]
    NodeOrder,
    #[error("the length of a stream is not the number of its entries")]
    Length,
    #[error("the last ID of a stream is less than that of its last entry")]
    LastId,
    #[error("two groups of a stream have one name")]
    DuplicateGroup,
    #[error("two consumers of a group have one name")]
    DuplicateConsumer,
    #[error("an entry is pending twice in a group")]
    DuplicatePending,
    #[error("an entry that is pending with a consumer is not pending in the group")]
    UnknownPending,
    #[error("an entry that is pending in a group is not pending with any consumer")]
    UnownedPending,
}

impl Stream {
    /// The stream that these parts are.
    pub fn from_parts(parts: StreamParts) -> Result<Self, InvalidStream> {
        let log = log_of(&mut { parts.nodes }, parts.len, parts.last_id)?;
        let mut stream = Self::of(log);
        let log = stream.log_mut();
        log.set_max_deleted_id(parts.max_deleted_id);
        log.set_entries_added(parts.entries_added.unwrap_or(parts.len));
        for group in parts.groups {
            let name = group.name.clone();
            let group = group_of(group, stream.log())?;
            if !stream.add_group(&name, group) {
                return Err(InvalidStream::DuplicateGroup);
            }
        }
        Ok(stream)
    }
}

fn log_of(nodes: &mut Vec<(StreamId, Vec<u8>)>, len: u64, last_id: StreamId) -> Result<Log, InvalidStream> {
    let mut log = Log::default();
    let mut last_entry: Option<StreamId> = None;
    let mut last_node: Option<StreamId> = None;
    for (first_id, block) in nodes.drain(..) {
        if last_node.is_some_and(|last| first_id <= last) || last_entry.is_some_and(|last| first_id <= last) {
            return Err(InvalidStream::NodeOrder);
        }
        last_node = Some(first_id);
        let (node, extent) = Node::from_block(first_id, block)?;
        // Trimming by ID can leave Redis with a node whose entries are all deleted. It says nothing.
        if extent.live > 0 {
            last_entry = extent.last_live;
            log.push_node(first_id, node, extent);
        }
    }
    if log.len() != len {
        return Err(InvalidStream::Length);
    }
    if last_entry.is_some_and(|last| last > last_id) {
        return Err(InvalidStream::LastId);
    }
    log.set_last_id(last_id);
    log.find_first_id();
    Ok(log)
}

fn group_of(parts: GroupParts, log: &Log) -> Result<Group, InvalidStream> {
    let entries_read = match parts.entries_read {
        EntriesRead::Known(read) => Some(read),
        EntriesRead::Unknown => None,
        EntriesRead::Untold => log.entries_up_to(parts.last_delivered),
    };
    let mut group = Group::new(parts.last_delivered, entries_read);
    let mut pending = parts.pending;
    pending.sort_unstable_by_key(|pending| pending.id);
    if pending.windows(2).any(|pair| pair[0].id == pair[1].id) {
        return Err(InvalidStream::DuplicatePending);
    }
    for consumer in parts.consumers {
        let id = group
            .restore_consumer(&consumer.name, consumer.seen_ms, consumer.active_ms)
            .ok_or(InvalidStream::DuplicateConsumer)?;
        for pending_id in consumer.pending {
            give(&mut group, id, pending_id, &pending)?;
        }
    }
    if group.pending_len() == pending.len() { Ok(group) } else { Err(InvalidStream::UnownedPending) }
}

/// Makes an entry of the group's list (sorted by ID) pending with a consumer.
fn give(
    group: &mut Group,
    consumer: ConsumerId,
    id: StreamId,
    list: &[PendingParts],
) -> Result<(), InvalidStream> {
    let found = list.binary_search_by_key(&id, |pending| pending.id).ok().and_then(|at| list.get(at));
    let &PendingParts { delivered_ms, deliveries, .. } = found.ok_or(InvalidStream::UnknownPending)?;
    let is_new = group.restore_pending(id, Pending { delivered_ms, deliveries, consumer });
    if is_new { Ok(()) } else { Err(InvalidStream::DuplicatePending) }
}
