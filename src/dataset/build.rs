//! A value in memory out of a value of the format.

use std::borrow::Cow;
use std::io::Read;

use crate::keyspace::entry::Entry;
use crate::keyspace::{NewString, Object};
use crate::rdb::{HashReader, ListPart, ListReader, LoadError, SetReader, StringValue, Value, ZsetReader};
use crate::types::{
    End, Hash, HashBulk, HashLimits, List, ListLimits, Set, SetBulk, SetLimits, Zset, ZsetBulk, ZsetLimits,
};

/// Up to which size collections take their small encodings.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub list: ListLimits,
    pub set: SetLimits,
    pub hash: HashLimits,
    pub zset: ZsetLimits,
}

/// A value that belongs to no key yet.
#[derive(Debug)]
pub enum Built<'r> {
    String(StringValue<'r>),
    Object(Object),
}

impl Built<'_> {
    /// The value behind a key.
    pub fn into_entry(self, key: &[u8], expiry_ms: Option<i64>, access: u32) -> Entry {
        let string = match self {
            Self::String(StringValue::Int(number)) => NewString::Int(number),
            Self::String(StringValue::Bytes(Cow::Borrowed(bytes))) => NewString::Bytes(bytes),
            Self::String(StringValue::Bytes(Cow::Owned(bytes))) => NewString::Owned(bytes),
            Self::Object(object) => return Entry::object(key, object, expiry_ms, access),
        };
        Entry::string(key, string, expiry_ms, access)
    }
}

/// Makes the value that is read; `None` if it is a collection without elements, which only streams can be.
/// `offset` is where it begins.
pub fn build<'r, R: Read>(
    value: Value<'r, R>,
    offset: u64,
    limits: &Limits,
) -> Result<Option<Built<'r>>, LoadError> {
    let twice = |what| LoadError::Corrupt { offset, what };
    let object = match value {
        Value::String(string) => return Ok(Some(Built::String(string))),
        Value::Stream(stream) => Object::Stream(stream),
        Value::List(list) => Object::List(list_of(list, &limits.list)?),
        Value::IntSet(integers) => Object::Set(Set::from_integers(integers, &limits.set)),
        Value::Set(set) => {
            Object::Set(set_of(set, &limits.set)?.ok_or_else(|| twice("a member of a set is there twice"))?)
        }
        Value::Hash(hash) => Object::Hash(
            hash_of(hash, limits.hash)?.ok_or_else(|| twice("a field of a hash is there twice"))?,
        ),
        Value::Zset(zset) => Object::Zset(
            zset_of(zset, &limits.zset)?.ok_or_else(|| twice("a member of a sorted set is there twice"))?,
        ),
    };
    Ok((!is_void(&object)).then_some(Built::Object(object)))
}

/// Whether there can be no key with this value.
fn is_void(object: &Object) -> bool {
    match object {
        Object::Text(_) | Object::Stream(_) => false,
        Object::List(list) => list.is_empty(),
        Object::Hash(hash) => hash.is_empty(),
        Object::Set(set) => set.is_empty(),
        Object::Zset(zset) => zset.is_empty(),
    }
}

fn list_of<R: Read>(mut parts: ListReader<'_, R>, limits: &ListLimits) -> Result<List, LoadError> {
    let mut list = List::new();
    while let Some(part) = parts.next_part()? {
        match part {
            ListPart::Node(pack) => list.push_packed_node(pack, limits),
            ListPart::Plain(element) => list.push_plain_node(element, limits),
            ListPart::Element(element) => {
                element.with_text(|text| list.push(End::Back, std::iter::once(text), limits));
            }
        }
    }
    list.settle(limits);
    Ok(list)
}

/// `None` if a member is there twice.
fn set_of<R: Read>(mut members: SetReader<'_, R>, limits: &SetLimits) -> Result<Option<Set>, LoadError> {
    if let Some(members) = members.packed() {
        return Ok(Some(Set::of_distinct(members, limits)));
    }
    let len = expected(members.left());
    if len > limits.intset_entries_max {
        let mut set = SetBulk::with_expected(len);
        while let Some(member) = members.next_member()? {
            if !set.add(member) {
                return Ok(None);
            }
        }
        return Ok(set.finish());
    }
    let mut set = Set::new();
    while let Some(member) = members.next_member()? {
        if !set.insert(member, limits) {
            return Ok(None);
        }
    }
    Ok(Some(set))
}

/// `None` if a field is there twice.
fn hash_of<R: Read>(mut fields: HashReader<'_, R>, limits: HashLimits) -> Result<Option<Hash>, LoadError> {
    let bytes = fields.packed_bytes();
    if let Some(fields) = fields.packed() {
        let fields = fields.map(|field| (field.field, field.value, field.expiry_ms));
        return Ok(Some(Hash::of_distinct(fields, bytes, limits)));
    }
    let mut hash = HashBulk::with_expected(expected(fields.left()));
    while let Some(field) = fields.next_field()? {
        if !hash.add(field.field, field.value, field.expiry_ms) {
            return Ok(None);
        }
    }
    Ok(hash.finish(limits))
}

/// `None` if a member is there twice.
fn zset_of<R: Read>(mut members: ZsetReader<'_, R>, limits: &ZsetLimits) -> Result<Option<Zset>, LoadError> {
    if let Some(elements) = members.packed() {
        return Ok(Some(Zset::of_distinct(elements, limits)));
    }
    let mut zset = ZsetBulk::with_expected(expected(members.left()));
    while let Some((member, score)) = members.next_member()? {
        if !zset.add(member, score) {
            return Ok(None);
        }
    }
    Ok(zset.finish(limits))
}

/// How many elements are said to follow. Nobody should allocate as many.
fn expected(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX)
}
