//! What a table is asked for: a string, packed and hashed once for any number of tables.

use super::Record;
use crate::ds::StrRef;
use crate::ds::packed::{Packed, Short};
use crate::ds::slab::Slab;
use crate::util::keyed_hash::keyed_hash;

/// A key to look for or to insert. Tables share the hash function, so that one key serves them all.
#[derive(Debug, Clone)]
pub struct Key<'a> {
    form: Form<'a>,
    hash: u64,
}

#[derive(Debug, Clone)]
enum Form<'a> {
    Short(Short),
    /// The packed bytes of a short string that is in a record already.
    Packed(&'a [u8]),
    Long(&'a [u8]),
}

impl<'a> Key<'a> {
    /// The key of a text.
    #[inline]
    pub fn of(text: &'a [u8]) -> Self {
        Self::of_str(StrRef::of(text))
    }

    /// The key of a canonical string.
    #[inline]
    pub fn of_str(string: StrRef<'a>) -> Self {
        match (Short::of(string), string) {
            (Some(short), _) => Self { hash: keyed_hash(short.as_bytes()), form: Form::Short(short) },
            (None, StrRef::Bytes(text)) => Self { hash: keyed_hash(text), form: Form::Long(text) },
            (None, StrRef::Int(_)) => unreachable!("integers are short"),
        }
    }

    /// The key of a record, to ask other tables for: nothing is unpacked or copied.
    #[inline]
    pub fn of_record(record: Record<'a>) -> Self {
        match Packed::read(record.packed).0 {
            Packed::Str(_) => Self { hash: keyed_hash(record.packed), form: Form::Packed(record.packed) },
            Packed::Long(id) => {
                let text = record.slab.get(id);
                Self { hash: keyed_hash(text), form: Form::Long(text) }
            }
        }
    }

    /// Short keys are hashed as they are packed, so that a bucket can be divided without writing digits;
    /// long ones by their text, because their number differs from table to table.
    #[inline]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// Whether the record at the start of `block` has this key.
    #[inline]
    pub(super) fn is_at(&self, block: &[u8], slab: &Slab) -> bool {
        match &self.form {
            Form::Short(short) => block.starts_with(short.as_bytes()),
            Form::Packed(packed) => block.starts_with(packed),
            Form::Long(text) => match Packed::read(block) {
                (Packed::Long(id), _) => slab.get(id) == *text,
                (Packed::Str(_), _) => false,
            },
        }
    }

    /// The key as a record keeps it: a long text goes to the slab.
    #[inline]
    pub(super) fn keep(&self, slab: &mut Slab) -> Short {
        match &self.form {
            Form::Short(short) => *short,
            Form::Packed(packed) => Short::of_packed(packed),
            Form::Long(text) => Short::of_long(slab.insert(text)),
        }
    }
}

/// The hash of a key that is in a record.
#[inline]
pub(super) fn hash_of_packed(packed: &[u8], slab: &Slab) -> u64 {
    match Packed::read(packed) {
        (Packed::Long(id), _) => keyed_hash(slab.get(id)),
        (Packed::Str(_), _) => keyed_hash(packed),
    }
}
