//! Streams: their nodes as listpacks, then what is known of the whole, then the groups and their consumers.
//!
//! ```text
//! stream    nodes(length) (id(string of 16 bytes) listpack(string))*
//!           len(length) last id
//!           first id  max deleted id  added(length)                                      from version 10
//!           groups(length) group*
//! group     name(string) last delivered id  read(length, 2^64-1: unknown)                read: from version 10
//!           pending(length) (id(16 bytes) delivered(i64 LE) deliveries(length))*
//!           consumers(length) consumer*
//! consumer  name(string) seen(i64 LE)  active(i64 LE, -1: never)                         active: from version 11
//!           pending(length) id(16 bytes)*
//! id        ms(length) seq(length), where it is not a string or 16 bytes: big-endian
//! ```

use std::io::{self, Read, Write};

use super::LoadError;
use super::format::{STREAM_ACTIVITY_SINCE_VERSION, STREAM_COUNTERS_SINCE_VERSION, ValueType};
use super::input::Input;
use super::output::Output;
use super::value::ValueWriter;
use crate::ds::listpack::ListPack;
use crate::types::stream::{
    ConsumerParts, EntriesRead, Group, GroupParts, PendingParts, Stream, StreamId, StreamParts,
};

/// Stands for the number of entries read if that is not known.
const READ_UNKNOWN: u64 = u64::MAX;

/// Stands for the time of a consumer that has got nothing yet.
const NEVER: i64 = -1;

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a stream.
    pub fn stream(self, stream: &Stream) -> io::Result<()> {
        let version = self.version;
        let value_type = if version >= STREAM_ACTIVITY_SINCE_VERSION {
            ValueType::StreamListpacks3
        } else if version >= STREAM_COUNTERS_SINCE_VERSION {
            ValueType::StreamListpacks2
        } else {
            ValueType::StreamListpacks
        };
        let output = self.begin(value_type)?;
        let log = stream.log();
        output.put_len(log.node_count() as u64)?;
        for (id, listpack) in log.packed_nodes() {
            output.put_string(&id.to_be_bytes())?;
            output.put_string(listpack)?;
        }
        output.put_len(log.len())?;
        output.put_stream_id(log.last_id())?;
        if version >= STREAM_COUNTERS_SINCE_VERSION {
            output.put_stream_id(log.first_id())?;
            output.put_stream_id(log.max_deleted_id())?;
            output.put_len(log.entries_added())?;
        }
        output.put_len(stream.groups().len() as u64)?;
        for (name, group) in stream.groups() {
            output.put_string(name)?;
            output.put_group(group, version)?;
        }
        Ok(())
    }
}

impl<W: Write> Output<W> {
    fn put_group(&mut self, group: &Group, version: u8) -> io::Result<()> {
        self.put_stream_id(group.last_delivered())?;
        if version >= STREAM_COUNTERS_SINCE_VERSION {
            self.put_len(group.entries_read().unwrap_or(READ_UNKNOWN))?;
        }
        self.put_len(group.pending_len() as u64)?;
        for (id, pending) in group.pending_from(StreamId::MIN) {
            self.put(&id.to_be_bytes())?;
            self.put_millis(pending.delivered_ms)?;
            self.put_len(pending.deliveries)?;
        }
        self.put_len(group.consumer_count() as u64)?;
        for (_, consumer) in group.consumers() {
            self.put_string(consumer.name())?;
            self.put_millis(consumer.seen_ms)?;
            if version >= STREAM_ACTIVITY_SINCE_VERSION {
                self.put_millis(consumer.active_ms.unwrap_or(NEVER))?;
            }
            self.put_len(consumer.pending_len() as u64)?;
            consumer.pending_from(StreamId::MIN).try_for_each(|id| self.put(&id.to_be_bytes()))?;
        }
        Ok(())
    }

    fn put_stream_id(&mut self, id: StreamId) -> io::Result<()> {
        self.put_len(id.ms)?;
        self.put_len(id.seq)
    }
}

/// Reads a stream.
pub(super) fn take_stream<R: Read>(value_type: ValueType, input: &mut Input<R>) -> Result<Stream, LoadError> {
    let offset = input.offset();
    let parts = take_parts(value_type, input)?;
    Stream::from_parts(parts).map_err(|source| LoadError::Stream { offset, source })
}

fn take_parts<R: Read>(value_type: ValueType, input: &mut Input<R>) -> Result<StreamParts, LoadError> {
    let has_counters = value_type != ValueType::StreamListpacks;
    let mut parts = StreamParts::default();
    let mut id = Vec::new();
    for _ in 0..input.take_len()? {
        let offset = input.offset();
        input.take_string(&mut id)?;
        let id = <[u8; 16]>::try_from(id.as_slice())
            .map_err(|_| LoadError::Corrupt { offset, what: "the ID of a stream's node is not 16 bytes" })?;
        let block = input.take_string_behind(ListPack::FRONT_BYTES)?;
        parts.nodes.push((StreamId::from_be_bytes(id), block));
    }
    parts.len = input.take_len()?;
    parts.last_id = take_stream_id(input)?;
    if has_counters {
        // The first ID, which follows from the nodes.
        take_stream_id(input)?;
        parts.max_deleted_id = take_stream_id(input)?;
        parts.entries_added = Some(input.take_len()?);
    }
    for _ in 0..input.take_len()? {
        parts.groups.push(take_group(value_type, input)?);
    }
    Ok(parts)
}

fn take_group<R: Read>(value_type: ValueType, input: &mut Input<R>) -> Result<GroupParts, LoadError> {
    let name = input.take_owned_string()?;
    let last_delivered = take_stream_id(input)?;
    let entries_read = match value_type {
        ValueType::StreamListpacks => EntriesRead::Untold,
        _ => match input.take_len()? {
            READ_UNKNOWN => EntriesRead::Unknown,
            read => EntriesRead::Known(read),
        },
    };
    let mut pending = Vec::new();
    for _ in 0..input.take_len()? {
        pending.push(PendingParts {
            id: StreamId::from_be_bytes(input.take_array()?),
            delivered_ms: input.take_millis()?,
            deliveries: input.take_len()?,
        });
    }
    let mut consumers = Vec::new();
    for _ in 0..input.take_len()? {
        consumers.push(take_consumer(value_type, input)?);
    }
    Ok(GroupParts { name, last_delivered, entries_read, pending, consumers })
}

fn take_consumer<R: Read>(value_type: ValueType, input: &mut Input<R>) -> Result<ConsumerParts, LoadError> {
    let name = input.take_owned_string()?;
    let seen_ms = input.take_millis()?;
    let active_ms = match value_type {
        ValueType::StreamListpacks3 => Some(input.take_millis()?).filter(|ms| *ms != NEVER),
        // The best guess there is.
        _ => Some(seen_ms),
    };
    let mut pending = Vec::new();
    for _ in 0..input.take_len()? {
        pending.push(StreamId::from_be_bytes(input.take_array()?));
    }
    Ok(ConsumerParts { name, seen_ms, active_ms, pending })
}

fn take_stream_id<R: Read>(input: &mut Input<R>) -> Result<StreamId, LoadError> {
    Ok(StreamId { ms: input.take_len()?, seq: input.take_len()? })
}
