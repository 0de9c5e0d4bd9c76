//! A value of any type, and the dispatch on how it is stored.

use std::io::Read;

use super::format::ValueType;
use super::input::Input;
use super::{LoadError, StringValue};

/// A value as read; `'a` is the life of the reader's buffer that a string's bytes are in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    String(StringValue<'a>),
}

impl Value<'_> {
    /// The same value, owning its bytes.
    pub fn into_owned(self) -> Value<'static> {
        match self {
            Self::String(string) => Value::String(string.into_owned()),
        }
    }
}

/// Reads the value that follows its type (at `type_offset`) and, in a snapshot, its key.
pub(super) fn load<'s, R: Read>(
    value_type: ValueType,
    type_offset: u64,
    input: &mut Input<R>,
    scratch: &'s mut Vec<u8>,
) -> Result<Value<'s>, LoadError> {
    match value_type {
        ValueType::String => StringValue::load(input, scratch).map(Value::String),
        other => Err(LoadError::Unsupported { type_id: other.into(), offset: type_offset }),
    }
}
