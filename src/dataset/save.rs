//! The data set as a stream.

use std::io::{self, Write};

use crate::keyspace::entry::EntryRef;
use crate::keyspace::{Keyspace, Object, StrRef};
use crate::rdb::{
    Form, LATEST_VERSION, ListNode, RDB_VERSION, StringValue, Usage, ValueWriter, Writer, aux, payload,
};
use crate::repl::Saved;
use crate::types::set::Content;
use crate::types::{NodeView, SHOW_EXPIRED};

/// What a snapshot says of itself before the data.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The version of Redis that readers take us for.
    pub version: &'a str,
    /// Seconds since 1970.
    pub created_s: i64,
    pub used_memory_bytes: usize,
    /// The data set's place in the stream of replication.
    pub place: Option<Saved>,
    /// Whether the snapshot is the base of an append-only file.
    pub is_aof_base: bool,
}

/// What is kept of a key's use: what the eviction policy ranks keys by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptUsage {
    Nothing,
    IdleTime,
    Frequency,
}

/// Writes function libraries and every key of every database, expired ones included, and calls `after_key` with the
/// number of keys written so far behind each. Its error ends the writing.
pub fn write<W: Write>(
    writer: &mut Writer<W>,
    keys: &Keyspace,
    header: &Header<'_>,
    usage: KeptUsage,
    mut after_key: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    write_header(writer, header)?;
    write_libraries(writer, keys)?;
    let mut written = 0;
    for db in 0..keys.databases() {
        if keys.len(db) == 0 {
            continue;
        }
        writer.select_db(db as u64)?;
        writer.resize_db(keys.len(db) as u64, keys.volatile_len(db) as u64)?;
        for entry in keys.iter_all(db) {
            writer.entry_head(entry.expiry_ms(), usage_of(keys, entry, usage))?;
            write_value(writer.value(entry.key()), entry)?;
            written += 1;
            after_key(written)?;
        }
    }
    Ok(())
}

pub fn write_libraries<W: Write>(writer: &mut Writer<W>, keys: &Keyspace) -> io::Result<()> {
    keys.libraries.iter().try_for_each(|text| writer.function(text))
}

/// What a snapshot says of itself; alone, it is one of nothing.
pub fn write_header<W: Write>(writer: &mut Writer<W>, header: &Header<'_>) -> io::Result<()> {
    writer.aux(aux::REDIS_VERSION, header.version.as_bytes())?;
    writer.aux_int(aux::REDIS_BITS, 64)?;
    writer.aux_int(aux::CREATED, header.created_s)?;
    writer.aux_int(aux::USED_MEMORY, header.used_memory_bytes as i64)?;
    if let Some(place) = header.place {
        writer.aux_int(aux::REPLICATION_DB, place.db as i64)?;
        writer.aux(aux::REPLICATION_ID, place.id.as_bytes())?;
        writer.aux_int(aux::REPLICATION_OFFSET, place.offset as i64)?;
    }
    writer.aux_int(aux::AOF_BASE, header.is_aof_base.into())
}

fn usage_of(keys: &Keyspace, entry: EntryRef<'_>, usage: KeptUsage) -> Option<Usage> {
    match usage {
        KeptUsage::Nothing => None,
        KeptUsage::IdleTime => Some(Usage::IdleSeconds(keys.idle_seconds(entry).into())),
        KeptUsage::Frequency => Some(Usage::Frequency(keys.frequency(entry))),
    }
}

/// The version of the format for a data set: the usual one, a later one if only that can hold the data, and none
/// later than `latest`, with which writing may fail.
pub fn version_of(keys: &Keyspace, latest: u8) -> u8 {
    let needed = if keys.has_field_expiries() { LATEST_VERSION } else { RDB_VERSION };
    needed.min(latest)
}

/// The payload of DUMP, in a version chosen likewise. Fails if no allowed version can hold the value.
pub fn dump(entry: EntryRef<'_>, compression: bool, latest: u8) -> io::Result<Vec<u8>> {
    let has_field_expiries =
        matches!(entry.object(), Some(Object::Hash(hash)) if hash.next_expiry_ms().is_some());
    let needed = if has_field_expiries { LATEST_VERSION } else { RDB_VERSION };
    payload::dump(compression, needed.min(latest), |writer| write_value(writer, entry))
}

fn write_value<W: Write>(writer: ValueWriter<'_, W>, entry: EntryRef<'_>) -> io::Result<()> {
    match (entry.string(), entry.object()) {
        (Some(StrRef::Int(number)), _) => writer.string(&StringValue::Int(number)),
        (Some(StrRef::Bytes(bytes)), _) => writer.string(&StringValue::from(bytes)),
        (None, Some(object)) => write_object(writer, object),
        (None, None) => unreachable!("what is no string is an object"),
    }
}

fn write_object<W: Write>(writer: ValueWriter<'_, W>, object: &Object) -> io::Result<()> {
    match object {
        Object::Text(text) => writer.string(&StringValue::from(text.as_slice())),
        Object::List(list) => writer.list(list.node_count(), list.nodes().map(node_of)),
        Object::Set(set) => match set.content() {
            Content::IntSet(bytes) => writer.intset(bytes),
            Content::Listpack => writer.set(Form::Packed, set.len(), set.iter()),
            Content::Members => writer.set(Form::Table, set.len(), set.iter()),
        },
        Object::Hash(hash) => match hash.next_expiry_ms() {
            None => writer.hash(form_of(hash.encoding()), hash.len(), hash.iter(SHOW_EXPIRED)),
            Some(earliest_ms) => {
                let fields = hash.iter_with_expiries();
                writer.hash_with_expiries(form_of(hash.encoding()), hash.len(), earliest_ms, fields)
            }
        },
        Object::Zset(zset) => match form_of(zset.encoding()) {
            Form::Packed => writer.zset(Form::Packed, zset.len(), zset.iter()),
            // The order in which Redis inserts fastest.
            Form::Table => writer.zset(Form::Table, zset.len(), zset.descending(0..zset.len())),
        },
        Object::Stream(stream) => writer.stream(stream),
    }
}

fn form_of(encoding: &str) -> Form {
    if encoding.starts_with("listpack") { Form::Packed } else { Form::Table }
}

fn node_of(node: NodeView<'_>) -> ListNode<'_> {
    match node {
        NodeView::Packed(pack) => ListNode::Packed(pack),
        NodeView::Compressed { stream, pack_bytes } => ListNode::Compressed { stream, pack_bytes },
        NodeView::Plain(element) => ListNode::Plain(element),
    }
}
