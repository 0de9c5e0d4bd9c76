//! How a value is kept behind its field, in small and in large hashes.
//!
//! ```text
//! [0xf9  expiry, 8 bytes]   the value, packed
//! ```
//!
//! The expiry (Unix milliseconds, little-endian) is there only for a field that has one. In a large hash a long
//! value is a reference to the slab of its table.

use smallvec::SmallVec;

use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, SHORT_TEXT_BYTES_MAX, Short};
use crate::ds::record_table::Payload;
use crate::ds::slab::Slab;

/// What announces an expiry; no packed string starts with it.
const EXPIRES: u8 = 0xf9;
const EXPIRY_BYTES: usize = 1 + size_of::<i64>();

/// A value on its way into a block, without an allocation as long as it is short.
pub(super) type Buffer = SmallVec<[u8; 80]>;

/// The payload of a field.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {}

impl Payload for Value {
    #[inline]
    fn len_at(block: &[u8]) -> usize {
        let start = string_start(block);
        start + Packed::len_at(&block[start..])
    }

    fn release(payload: &[u8], slab: &mut Slab) {
        if let Packed::Long(id) = Packed::read(string_bytes(payload)).0 {
            slab.remove(id);
        }
    }
}

/// Unix milliseconds at which the field of a value expires.
#[inline]
pub(super) fn expiry_ms(value: &[u8]) -> Option<i64> {
    if value[0] == EXPIRES { value[1..].first_chunk().map(|bytes| i64::from_le_bytes(*bytes)) } else { None }
}

/// The packed string of a value, and what is behind it.
#[inline]
pub(super) fn string_bytes(value: &[u8]) -> &[u8] {
    &value[string_start(value)..]
}

/// The string of a value that may be in the slab.
#[inline]
pub(super) fn string<'a>(value: &'a [u8], slab: &'a Slab) -> StrRef<'a> {
    match Packed::read(string_bytes(value)).0 {
        Packed::Str(string) => string,
        Packed::Long(id) => StrRef::Bytes(slab.get(id)),
    }
}

/// A value of a small hash; texts of any length are in the block.
#[inline]
pub(super) fn pack_whole(string: StrRef<'_>, expiry_ms: Option<i64>) -> Buffer {
    let mut value = expiry(expiry_ms);
    if let Some(short) = Short::of(string) {
        value.extend_from_slice(short.as_bytes());
    } else {
        let mut packed = Vec::new();
        packed::push_str(string, &mut packed);
        value.extend_from_slice(&packed);
    }
    value
}

/// The same at the end of a block.
#[inline]
pub(super) fn push_whole(string: StrRef<'_>, expiry_ms: Option<i64>, block: &mut Vec<u8>) {
    push_expiry(expiry_ms, block);
    packed::push_str(string, block);
}

/// A value of a large hash; a long text goes to the slab.
#[inline]
pub(super) fn pack(string: StrRef<'_>, expiry_ms: Option<i64>, slab: &mut Slab) -> Buffer {
    let mut value = expiry(expiry_ms);
    let short = match (Short::of(string), string) {
        (Some(short), _) => short,
        (None, StrRef::Bytes(text)) => Short::of_long(slab.insert(text)),
        (None, StrRef::Int(_)) => unreachable!("integers are short"),
    };
    value.extend_from_slice(short.as_bytes());
    value
}

/// The same at the end of a block.
#[inline]
pub(super) fn push(string: StrRef<'_>, expiry_ms: Option<i64>, slab: &mut Slab, block: &mut Vec<u8>) {
    match string {
        StrRef::Bytes(text) if text.len() > SHORT_TEXT_BYTES_MAX => {
            push_expiry(expiry_ms, block);
            packed::push_long(slab.insert(text), block);
        }
        _ => push_whole(string, expiry_ms, block),
    }
}

/// The same value with another expiry.
pub(super) fn repack(value: &[u8], expiry_ms: Option<i64>) -> Buffer {
    let mut repacked = expiry(expiry_ms);
    repacked.extend_from_slice(string_bytes(value));
    repacked
}

#[inline]
fn expiry(expiry_ms: Option<i64>) -> Buffer {
    let mut value = Buffer::new();
    if let Some(expiry_ms) = expiry_ms {
        value.push(EXPIRES);
        value.extend_from_slice(&expiry_ms.to_le_bytes());
    }
    value
}

#[inline]
fn push_expiry(expiry_ms: Option<i64>, block: &mut Vec<u8>) {
    if let Some(expiry_ms) = expiry_ms {
        block.push(EXPIRES);
        block.extend_from_slice(&expiry_ms.to_le_bytes());
    }
}

#[inline]
fn string_start(value: &[u8]) -> usize {
    if value[0] == EXPIRES { EXPIRY_BYTES } else { 0 }
}
