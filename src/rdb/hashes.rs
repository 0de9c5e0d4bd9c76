//! Hashes: few fields with their values as a listpack, or pair by pair; each with an expiry in two forms that
//! version 12 added.

use std::io::{self, Read, Write};

use super::LoadError;
use super::body::{Body, Source};
use super::format::{FIELD_EXPIRIES_SINCE_VERSION, LISTPACKS_SINCE_VERSION, ValueType};
use super::packed::{Packing, canonical, take_records};
use super::value::{Form, ValueWriter};
use crate::ds::StrRef;
use crate::ds::listpack::Iter;

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a hash of so many fields and values.
    pub fn hash<'p>(
        self,
        form: Form,
        len: usize,
        pairs: impl Iterator<Item = (StrRef<'p>, StrRef<'p>)>,
    ) -> io::Result<()> {
        if form == Form::Packed {
            let (value_type, packing) = if self.version >= LISTPACKS_SINCE_VERSION {
                (ValueType::HashListpack, Packing::Listpack)
            } else {
                (ValueType::HashZiplist, Packing::Ziplist)
            };
            return self.begin(value_type)?.put_packed(packing, |packer| {
                // Inside of the iterator, whose state a loop would save for every pair.
                pairs.for_each(|(field, value)| {
                    packer.push(field);
                    packer.push(value);
                });
            });
        }
        let output = self.begin(ValueType::Hash)?;
        output.put_len(len as u64)?;
        for (field, value) in pairs {
            output.put_str(field)?;
            output.put_str(value)?;
        }
        Ok(())
    }
}

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a hash of so many fields, values and expiries, of which `earliest_ms` is the earliest.
    /// `InvalidInput` in versions before 12.
    pub fn hash_with_expiries<'p>(
        self,
        form: Form,
        len: usize,
        earliest_ms: i64,
        fields: impl Iterator<Item = (StrRef<'p>, StrRef<'p>, Option<i64>)>,
    ) -> io::Result<()> {
        if self.version < FIELD_EXPIRIES_SINCE_VERSION {
            let what = "this version of the snapshot format has no fields with an expiry";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        if form == Form::Packed {
            let output = self.begin(ValueType::HashListpackWithExpiries)?;
            output.put_millis(earliest_ms)?;
            // Redis reads them in this order.
            let mut fields: Vec<_> = fields.collect();
            fields.sort_by_key(|(_, _, expiry_ms)| expiry_ms.unwrap_or(i64::MAX));
            return output.put_packed(Packing::Listpack, |listpack| {
                for (field, value, expiry_ms) in fields {
                    listpack.push(field);
                    listpack.push(value);
                    listpack.push(StrRef::Int(expiry_ms.unwrap_or(0)));
                }
            });
        }
        let output = self.begin(ValueType::HashWithExpiries)?;
        output.put_millis(earliest_ms)?;
        output.put_len(len as u64)?;
        for (field, value, expiry_ms) in fields {
            let distance = expiry_ms.map_or(0, |expiry_ms| 1 + expiry_ms.abs_diff(earliest_ms));
            output.put_len(distance)?;
            output.put_str(field)?;
            output.put_str(value)?;
        }
        Ok(())
    }
}

/// A field of a hash that has been read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashField<'a> {
    pub field: StrRef<'a>,
    pub value: StrRef<'a>,
    /// In Unix milliseconds.
    pub expiry_ms: Option<i64>,
}

/// Reads a hash field by field.
pub struct HashReader<'r, R> {
    source: Source<'r, R>,
    /// Present if fields have expiries; those that arrive one by one count from here.
    earliest_expiry_ms: Option<i64>,
    is_zipmap: bool,
}

impl<'r, R: Read> HashReader<'r, R> {
    pub(super) fn begin(value_type: ValueType, body: &'r mut Body<R>) -> Result<Self, LoadError> {
        body.earliest_expiry_ms = match value_type {
            ValueType::HashWithExpiries | ValueType::HashListpackWithExpiries => {
                Some(body.input.take_millis()?)
            }
            _ => None,
        };
        let (packing, kind, width) = match value_type {
            ValueType::HashZipmap => (Packing::Zipmap, "Zipmap", 2),
            ValueType::HashZiplist => (Packing::Ziplist, "Hash ziplist", 2),
            ValueType::HashListpack => (Packing::Listpack, "Hash listpack", 2),
            ValueType::HashListpackWithExpiries => (Packing::Listpack, "Hash listpack", 3),
            _ => {
                body.begin_records(value_type)?;
                return Ok(Self::resume(body));
            }
        };
        let earliest_expiry_ms = body.earliest_expiry_ms;
        let offset = body.input.offset();
        let source = take_records(body, packing, kind, width)?;
        let hash = Self { source, earliest_expiry_ms, is_zipmap: packing == Packing::Zipmap };
        if width == 3
            && let Source::Packed { elements, .. } = &hash.source
            && elements.clone().skip(2).step_by(width).any(|expiry| !matches!(expiry, StrRef::Int(0..)))
        {
            return Err(LoadError::Integrity { offset, kind, what: "the expiry of a field is no number" });
        }
        Ok(hash)
    }

    pub(super) fn resume(body: &'r mut Body<R>) -> Self {
        let earliest_expiry_ms = body.earliest_expiry_ms;
        Self { source: Source::Arriving(body), earliest_expiry_ms, is_zipmap: false }
    }

    /// The next field; `None` behind the last. Only fields that are [`HashReader::packed`] are known to be
    /// distinct.
    #[inline]
    pub fn next_field(&mut self) -> Result<Option<HashField<'_>>, LoadError> {
        let body = match &mut self.source {
            Source::Packed { elements, .. } => {
                return Ok(next_packed(elements, self.earliest_expiry_ms.is_some()));
            }
            Source::Arriving(body) => body,
        };
        if !body.next_record() {
            return Ok(None);
        }
        let Body { input, first, second, .. } = &mut **body;
        let expiry_ms = match self.earliest_expiry_ms {
            None => None,
            Some(earliest_ms) => {
                let offset = input.offset();
                let after_ms = input.take_len()?.checked_sub(1);
                let expiry_ms = after_ms.map(|after_ms| earliest_ms.checked_add_unsigned(after_ms));
                // The other form has no room for a time before 1970, and takes 0 for none.
                let is_time = |expiry_ms: &Option<i64>| expiry_ms.is_some_and(|expiry_ms| expiry_ms > 0);
                if !expiry_ms.as_ref().is_none_or(is_time) {
                    let what = "the expiry of a field is out of range";
                    return Err(LoadError::Integrity { offset, kind: "Hash", what });
                }
                expiry_ms.flatten()
            }
        };
        let field = input.take_str(first)?;
        let value = input.take_str(second)?;
        Ok(Some(HashField { field, value, expiry_ms }))
    }

    /// How many fields are still to arrive, so it is said.
    pub fn left(&self) -> u64 {
        self.source.left()
    }

    /// About the bytes of the fields and values that are all there already.
    pub fn packed_bytes(&self) -> usize {
        self.source.packed_bytes()
    }

    /// The fields if they are all there already in an encoding of today; they are distinct then.
    pub fn packed(&self) -> Option<impl Iterator<Item = HashField<'r>> + use<'r, R>> {
        let has_expiries = self.earliest_expiry_ms.is_some();
        let mut elements = self.source.packed().filter(|_| !self.is_zipmap)?;
        Some(std::iter::from_fn(move || next_packed(&mut elements, has_expiries)))
    }
}

#[inline]
fn next_packed<'r>(elements: &mut Iter<'r>, has_expiries: bool) -> Option<HashField<'r>> {
    let (field, value) = (canonical(elements.next()?), canonical(elements.next()?));
    let expiry_ms = match if has_expiries { elements.next()? } else { StrRef::Int(0) } {
        StrRef::Int(expiry_ms @ 1..) => Some(expiry_ms),
        _ => None,
    };
    Some(HashField { field, value, expiry_ms })
}
