//! Arithmetic of an entry's block: where its parts are, and how big it is. No memory is touched here.
//!
//! A block is one allocation, tightly packed; every part but the object is read unaligned:
//!
//! ```text
//! flags  u8          bits 0-2 kind, bits 3-4 storage, bit 5 has expiry, bit 6 raw
//! access 3 bytes     LRU clock or LFU counter, see `aging`
//! expiry 8 bytes     Unix milliseconds, only if the flag says so
//! key length         varint: 7 bits per byte, low bits first, high bit: more follow
//! value length       varint, only if the value is inline text
//! key bytes
//! value              integer: 8 bytes; inline text: its bytes; object: at the next multiple of 8
//! ```
//!
//! A 16-byte key and a 32-byte value with a TTL take 62 bytes, an integer without one 29: the 64- and the
//! 32-byte class of jemalloc. A block always has the size of a whole class, so that a value may grow into
//! what the allocator would waste.

use crate::util::size_class::size_class;

/// Bytes before the optional expiry.
pub(super) const HEADER_BYTES: usize = 4;
/// Bytes of an expiry and of an integer value.
pub(super) const WORD_BYTES: usize = 8;

const KIND_MASK: u8 = 0b0000_0111;
const STORAGE_SHIFT: u32 = 3;
const STORAGE_MASK: u8 = 0b0001_1000;
const EXPIRY_FLAG: u8 = 0b0010_0000;
const RAW_FLAG: u8 = 0b0100_0000;

/// The type of a value, as TYPE names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    String = 0,
    List = 1,
    Set = 2,
    Zset = 3,
    Hash = 4,
    Stream = 5,
}

impl Kind {
    /// The name in replies to TYPE and in SCAN's TYPE option.
    pub const fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::List => "list",
            Self::Set => "set",
            Self::Zset => "zset",
            Self::Hash => "hash",
            Self::Stream => "stream",
        }
    }
}

/// Where a value lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Storage {
    Integer,
    Inline,
    Object,
}

/// The first byte of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Flags(pub u8);

impl Flags {
    pub fn new(kind: Kind, storage: Storage) -> Self {
        Self(kind as u8).with_storage(storage)
    }

    pub fn kind(self) -> Kind {
        match self.0 & KIND_MASK {
            1 => Kind::List,
            2 => Kind::Set,
            3 => Kind::Zset,
            4 => Kind::Hash,
            5 => Kind::Stream,
            _ => Kind::String,
        }
    }

    pub fn storage(self) -> Storage {
        match (self.0 & STORAGE_MASK) >> STORAGE_SHIFT {
            0 => Storage::Integer,
            1 => Storage::Inline,
            _ => Storage::Object,
        }
    }

    pub fn has_expiry(self) -> bool {
        self.0 & EXPIRY_FLAG != 0
    }

    /// Whether a string was made or changed in a way that Redis reports as `raw` at any length.
    pub fn is_raw(self) -> bool {
        self.0 & RAW_FLAG != 0
    }

    pub fn with_kind(self, kind: Kind) -> Self {
        Self(self.0 & !KIND_MASK | kind as u8)
    }

    pub fn with_storage(self, storage: Storage) -> Self {
        let bits = match storage {
            Storage::Integer => 0,
            Storage::Inline => 1,
            Storage::Object => 2,
        };
        Self(self.0 & !STORAGE_MASK | bits << STORAGE_SHIFT)
    }

    pub fn with_expiry(self, present: bool) -> Self {
        Self(if present { self.0 | EXPIRY_FLAG } else { self.0 & !EXPIRY_FLAG })
    }

    pub fn with_raw(self, raw: bool) -> Self {
        Self(if raw { self.0 | RAW_FLAG } else { self.0 & !RAW_FLAG })
    }
}

/// What decides the places of a block's parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub flags: Flags,
    pub key_len: usize,
    /// Length of inline text; 0 for other storage.
    pub text_len: usize,
}

impl Shape {
    #[inline]
    pub fn lengths_at(self) -> usize {
        HEADER_BYTES + if self.flags.has_expiry() { WORD_BYTES } else { 0 }
    }

    pub fn text_length_at(self) -> usize {
        self.lengths_at() + varint_len(self.key_len)
    }

    #[inline]
    pub fn key_at(self) -> usize {
        let text_length = if self.is_inline() { varint_len(self.text_len) } else { 0 };
        self.text_length_at() + text_length
    }

    #[inline]
    pub fn value_at(self) -> usize {
        let after_key = self.key_at() + self.key_len;
        if self.flags.storage() == Storage::Object {
            after_key.next_multiple_of(WORD_BYTES)
        } else {
            after_key
        }
    }

    /// Bytes in use, if an object takes `object_bytes`.
    pub fn used_bytes(self, object_bytes: usize) -> usize {
        self.value_at()
            + match self.flags.storage() {
                Storage::Integer => WORD_BYTES,
                Storage::Inline => self.text_len,
                Storage::Object => object_bytes,
            }
    }

    /// Whether inline text of another length leaves the key where it is and the block's class as it is.
    pub fn takes_in_place(self, text_len: usize) -> bool {
        let changed = Self { text_len, ..self };
        self.is_inline()
            && changed.key_at() == self.key_at()
            && size_class(changed.used_bytes(0)) == size_class(self.used_bytes(0))
    }

    fn is_inline(self) -> bool {
        self.flags.storage() == Storage::Inline
    }
}

/// Bytes of a varint.
#[inline]
pub(super) const fn varint_len(value: usize) -> usize {
    if value < 0x80 { 1 } else { value.ilog2() as usize / 7 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budgeted_entries_fit_their_classes() {
        let text = Flags::new(Kind::String, Storage::Inline);
        let with_ttl = Shape { flags: text.with_expiry(true), key_len: 16, text_len: 32 };
        assert_eq!(with_ttl.used_bytes(24), 62);
        let integer = Flags::new(Kind::String, Storage::Integer);
        assert_eq!(Shape { flags: integer, key_len: 16, text_len: 0 }.used_bytes(24), 29);
    }

    #[test]
    fn flags_keep_their_parts_apart() {
        let flags = Flags::new(Kind::Stream, Storage::Object).with_expiry(true).with_raw(true);
        assert_eq!((flags.kind(), flags.storage()), (Kind::Stream, Storage::Object));
        let flags = flags.with_expiry(false).with_storage(Storage::Inline).with_kind(Kind::Hash);
        assert_eq!((flags.kind(), flags.storage()), (Kind::Hash, Storage::Inline));
        assert!(flags.is_raw() && !flags.has_expiry());
    }

    #[test]
    fn varints_grow_every_seven_bits() {
        let lengths = [(0, 1), (127, 1), (128, 2), (16_383, 2), (16_384, 3), (usize::MAX, 10)];
        for (value, length) in lengths {
            assert_eq!(varint_len(value), length, "{value}");
        }
    }
}
