//! How a value is kept behind its field, in small and in large hashes.
//!
//! ```text
//! [0xf9  expiry, 8 bytes]   the value, packed
//! ```
//!
//! The expiry (Unix milliseconds, little-endian) is there only for a field that has one. In a large hash a long
//! value is a reference to the slab of its table.

use crate::ds::StrRef;
use crate::ds::packed::{self, Packed, SHORT_TEXT_BYTES_MAX};
use crate::ds::record_table::Payload;
use crate::ds::slab::Slab;

/// What announces an expiry; no packed string starts with it.
const EXPIRES: u8 = 0xf9;
const EXPIRY_BYTES: usize = 1 + size_of::<i64>();

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
pub(super) fn pack_whole(text: &[u8], expiry_ms: Option<i64>, output: &mut Vec<u8>) {
    pack_str_whole(StrRef::of(text), expiry_ms, output);
}

/// The same of a canonical string.
pub(super) fn pack_str_whole(string: StrRef<'_>, expiry_ms: Option<i64>, output: &mut Vec<u8>) {
    push_expiry(expiry_ms, output);
    packed::push_str(string, output);
}

/// A value of a large hash; a long text goes to the slab.
pub(super) fn pack(string: StrRef<'_>, expiry_ms: Option<i64>, slab: &mut Slab, output: &mut Vec<u8>) {
    push_expiry(expiry_ms, output);
    match string {
        StrRef::Bytes(text) if text.len() > SHORT_TEXT_BYTES_MAX => {
            packed::push_long(slab.insert(text), output);
        }
        _ => packed::push_str(string, output),
    }
}

/// The same value with another expiry.
pub(super) fn repack(value: &[u8], expiry_ms: Option<i64>, output: &mut Vec<u8>) {
    push_expiry(expiry_ms, output);
    output.extend_from_slice(string_bytes(value));
}

fn push_expiry(expiry_ms: Option<i64>, output: &mut Vec<u8>) {
    if let Some(expiry_ms) = expiry_ms {
        output.push(EXPIRES);
        output.extend_from_slice(&expiry_ms.to_le_bytes());
    }
}

#[inline]
fn string_start(value: &[u8]) -> usize {
    if value[0] == EXPIRES { EXPIRY_BYTES } else { 0 }
}
