//! A value of any type, and the dispatch on how it is stored.

use std::fmt;
use std::io::{self, Read, Write};

use super::body::Body;
use super::format::{FIELD_EXPIRIES_SINCE_VERSION, ValueType};
use super::hashes::HashReader;
use super::lists::ListReader;
use super::output::Output;
use super::sets::{SetReader, take_intset};
use super::streams::take_stream;
use super::zsets::ZsetReader;
use super::{LoadError, StringValue};
use crate::ds::intset::IntSet;
use crate::types::Stream;

/// A value as it is read; `'r` is the life of the reader's buffers.
///
/// What is one string as a whole has been read and checked; of other collections only the head: their readers
/// give the elements as they arrive. What is left unread is skipped before the next item.
pub enum Value<'r, R> {
    String(StringValue<'r>),
    List(ListReader<'r, R>),
    /// A set whose members are integers.
    IntSet(IntSet),
    Set(SetReader<'r, R>),
    Hash(HashReader<'r, R>),
    Zset(ZsetReader<'r, R>),
    Stream(Stream),
}

impl<R: Read> Value<'_, R> {
    /// Reads the value to its end.
    pub fn skip(self) -> Result<(), LoadError> {
        match self {
            Self::String(_) | Self::IntSet(_) | Self::Stream(_) => {}
            Self::List(mut list) => while list.next_part()?.is_some() {},
            Self::Set(mut set) => while set.next_member()?.is_some() {},
            Self::Hash(mut hash) => while hash.next_field()?.is_some() {},
            Self::Zset(mut zset) => while zset.next_member()?.is_some() {},
        }
        Ok(())
    }
}

impl<R> fmt::Debug for Value<'_, R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::String(string) => string.fmt(formatter),
            Self::List(_) => formatter.write_str("a list"),
            Self::IntSet(_) | Self::Set(_) => formatter.write_str("a set"),
            Self::Hash(_) => formatter.write_str("a hash"),
            Self::Zset(_) => formatter.write_str("a sorted set"),
            Self::Stream(_) => formatter.write_str("a stream"),
        }
    }
}

/// Begins to read the value that follows its type (at `type_offset`) and, in a snapshot, its key.
pub(super) fn begin<R: Read>(
    value_type: ValueType,
    type_offset: u64,
    version: u16,
    body: &mut Body<R>,
) -> Result<Value<'_, R>, LoadError> {
    match value_type {
        ValueType::String => StringValue::load(&mut body.input, &mut body.first).map(Value::String),
        ValueType::List | ValueType::ListZiplist | ValueType::ListQuicklist | ValueType::ListQuicklist2 => {
            ListReader::begin(value_type, body).map(Value::List)
        }
        ValueType::SetIntset => take_intset(body).map(Value::IntSet),
        ValueType::Set | ValueType::SetListpack => SetReader::begin(value_type, body).map(Value::Set),
        ValueType::HashWithExpiries | ValueType::HashListpackWithExpiries
            if version < FIELD_EXPIRIES_SINCE_VERSION.into() =>
        {
            let what = "a type of value that this version does not have";
            Err(LoadError::Corrupt { offset: type_offset, what })
        }
        ValueType::Hash
        | ValueType::HashZipmap
        | ValueType::HashZiplist
        | ValueType::HashListpack
        | ValueType::HashWithExpiries
        | ValueType::HashListpackWithExpiries => HashReader::begin(value_type, body).map(Value::Hash),
        ValueType::SortedSetText
        | ValueType::SortedSet
        | ValueType::SortedSetZiplist
        | ValueType::SortedSetListpack => ZsetReader::begin(value_type, body).map(Value::Zset),
        ValueType::StreamListpacks | ValueType::StreamListpacks2 | ValueType::StreamListpacks3 => {
            take_stream(value_type, &mut body.input).map(Value::Stream)
        }
        ValueType::ModuleBeforeRelease | ValueType::Module => {
            Err(LoadError::Unsupported { type_id: value_type.into(), offset: type_offset })
        }
    }
}

/// Reads what a caller has left of the last value.
pub(super) fn skip_rest<R: Read>(body: &mut Body<R>) -> Result<(), LoadError> {
    let Some(value_type) = body.unfinished() else { return Ok(()) };
    match value_type {
        ValueType::List | ValueType::ListQuicklist | ValueType::ListQuicklist2 => {
            Value::List(ListReader::resume(value_type, body))
        }
        ValueType::SortedSetText | ValueType::SortedSet => Value::Zset(ZsetReader::resume(value_type, body)),
        ValueType::Hash | ValueType::HashWithExpiries => Value::Hash(HashReader::resume(body)),
        _ => Value::Set(SetReader::resume(body)),
    }
    .skip()
}

/// How a collection is written: the choice of its owner, as the encoding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As one string: what OBJECT ENCODING calls a `listpack`.
    Packed,
    /// Element by element.
    Table,
}

/// Takes one value, by the method of its type.
pub struct ValueWriter<'w, W> {
    output: &'w mut Output<W>,
    /// Written behind the value's type, in a snapshot.
    key: Option<&'w [u8]>,
    pub(super) version: u8,
}

impl<'w, W: Write> ValueWriter<'w, W> {
    pub(super) fn new(output: &'w mut Output<W>, key: Option<&'w [u8]>, version: u8) -> Self {
        Self { output, key, version }
    }

    pub fn string(self, value: &StringValue<'_>) -> io::Result<()> {
        value.save(self.begin(ValueType::String)?)
    }

    /// Writes the type, and the key where there is one.
    pub(super) fn begin(self, value_type: ValueType) -> io::Result<&'w mut Output<W>> {
        self.output.put_byte(value_type)?;
        if let Some(key) = self.key {
            self.output.put_string(key)?;
        }
        Ok(self.output)
    }
}
