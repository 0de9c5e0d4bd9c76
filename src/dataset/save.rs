//! The data set as a stream.

use std::io::{self, Write};

use crate::keyspace::entry::EntryRef;
use crate::keyspace::{Keyspace, StrRef};
use crate::rdb::{StringValue, Usage, Writer, aux};

/// What a snapshot says of itself before the data.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// The version of Redis that readers take us for.
    pub version: &'a str,
    /// Seconds since 1970.
    pub created_s: i64,
    pub used_memory_bytes: usize,
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

/// Writes every key of every database, expired ones included, and calls `after_key` with the number of keys
/// written so far behind each. Its error ends the writing.
pub fn write<W: Write>(
    writer: &mut Writer<W>,
    keys: &Keyspace,
    header: &Header<'_>,
    usage: KeptUsage,
    mut after_key: impl FnMut(u64) -> io::Result<()>,
) -> io::Result<()> {
    write_header(writer, header)?;
    let mut written = 0;
    for db in 0..keys.databases() {
        if keys.len(db) == 0 {
            continue;
        }
        writer.select_db(db as u64)?;
        writer.resize_db(keys.len(db) as u64, keys.volatile_len(db) as u64)?;
        for entry in keys.iter_all(db) {
            writer.entry_head(entry.expiry_ms(), usage_of(keys, entry, usage))?;
            write_value(writer, entry)?;
            written += 1;
            after_key(written)?;
        }
    }
    Ok(())
}

fn write_header<W: Write>(writer: &mut Writer<W>, header: &Header<'_>) -> io::Result<()> {
    writer.aux(aux::REDIS_VERSION, header.version.as_bytes())?;
    writer.aux_int(aux::REDIS_BITS, 64)?;
    writer.aux_int(aux::CREATED, header.created_s)?;
    writer.aux_int(aux::USED_MEMORY, header.used_memory_bytes as i64)?;
    writer.aux_int(aux::AOF_BASE, header.is_aof_base.into())
}

fn usage_of(keys: &Keyspace, entry: EntryRef<'_>, usage: KeptUsage) -> Option<Usage> {
    match usage {
        KeptUsage::Nothing => None,
        KeptUsage::IdleTime => Some(Usage::IdleSeconds(keys.idle_seconds(entry).into())),
        KeptUsage::Frequency => Some(Usage::Frequency(keys.frequency(entry))),
    }
}

fn write_value<W: Write>(writer: &mut Writer<W>, entry: EntryRef<'_>) -> io::Result<()> {
    let value = match entry.string() {
        Some(StrRef::Int(number)) => StringValue::Int(number),
        Some(StrRef::Bytes(bytes)) => StringValue::from(bytes),
        None => return Err(io::Error::other("a value of a type that snapshots do not have yet")),
    };
    writer.string_key(entry.key(), &value)
}
