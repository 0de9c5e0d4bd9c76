//! Values as callers see them: strings read and written, and objects too big or too lively to be packed.

use std::hint::black_box;

use super::layout::Kind;
use crate::types::{Hash, List, Set, Stream, Zset};
use crate::util::size_class::size_class;

/// Text up to this length is packed behind its key; longer text has its own buffer.
pub const INLINE_BYTES_MAX: usize = 1024;
/// Redis packs a string up to this length together with its object header, and calls that `embstr`.
pub const EMBSTR_BYTES_MAX: usize = 44;

/// A string value to be stored.
#[derive(Debug)]
pub enum NewString<'a> {
    /// What a client sent: becomes an integer if it is the text of one.
    Bytes(&'a [u8]),
    /// The same, in a buffer that is adopted if the text is long.
    Owned(Vec<u8>),
    Int(i64),
    /// Text that stays text even if it looks like an integer (the result of INCRBYFLOAT).
    Text(&'a [u8]),
    /// Text that reports `raw` at any length (what SETRANGE, SETBIT and BITOP make).
    Raw(Vec<u8>),
}

/// A value that does not fit behind its key. Lives in place in the entry's block, so it is kept to three words.
#[derive(Debug, Clone)]
pub enum Object {
    Text(Vec<u8>),
    List(List),
    Hash(Hash),
    Set(Set),
    Zset(Zset),
    Stream(Stream),
}

const _: () = assert!(size_of::<Object>() == 24);

const fn assert_send<T: Send>() {}
const _: () = assert_send::<Object>();

impl Object {
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::String,
            Self::List(_) => Kind::List,
            Self::Hash(_) => Kind::Hash,
            Self::Set(_) => Kind::Set,
            Self::Zset(_) => Kind::Zset,
            Self::Stream(_) => Kind::Stream,
        }
    }

    /// The name OBJECT ENCODING reports.
    pub fn encoding(&self) -> &'static str {
        match self {
            Self::Text(_) => "raw",
            Self::List(list) => list.encoding(),
            Self::Hash(hash) => hash.encoding(),
            Self::Set(set) => set.encoding(),
            Self::Zset(zset) => zset.encoding(),
            Self::Stream(stream) => stream.encoding(),
        }
    }

    /// Bytes on the heap, without the object itself.
    pub fn heap_bytes(&self) -> usize {
        match self {
            Self::Text(text) => size_class(text.capacity()),
            Self::List(list) => list.heap_bytes(),
            Self::Hash(hash) => hash.heap_bytes(),
            Self::Set(set) => set.heap_bytes(),
            Self::Zset(zset) => zset.heap_bytes(),
            Self::Stream(stream) => stream.heap_bytes(),
        }
    }

    /// About how many allocations it takes to free this: decides whether a helper thread does it.
    pub fn free_effort(&self) -> usize {
        match self {
            Self::Text(_) => 1,
            Self::List(list) => list.free_effort(),
            Self::Hash(hash) => hash.free_effort(),
            Self::Set(set) => set.free_effort(),
            Self::Zset(zset) => zset.free_effort(),
            Self::Stream(stream) => stream.free_effort(),
        }
    }
}

/// A type of value that commands ask for by name: `keys.read::<List>(key)`.
pub trait Collection: Default {
    /// Whether blocked clients may wait for a key of this type to appear.
    const AWAITED: bool;
    /// Whether a key is deleted when its value becomes empty.
    const VANISHES: bool;

    fn of(object: &Object) -> Option<&Self>;
    fn of_mut(object: &mut Object) -> Option<&mut Self>;
    fn into_object(self) -> Object;
    fn is_empty(&self) -> bool;
}

macro_rules! collection {
    ($name:ident, awaited: $awaited:expr, vanishes: $vanishes:expr) => {
        impl Collection for $name {
            const AWAITED: bool = $awaited;
            const VANISHES: bool = $vanishes;

            #[inline]
            fn of(object: &Object) -> Option<&Self> {
                if let Object::$name(value) = object { Some(value) } else { None }
            }

            #[inline]
            fn of_mut(object: &mut Object) -> Option<&mut Self> {
                if let Object::$name(value) = object { Some(value) } else { None }
            }

            fn into_object(self) -> Object {
                Object::$name(self)
            }

            #[inline]
            fn is_empty(&self) -> bool {
                self.is_empty()
            }
        }
    };
}

collection!(List, awaited: true, vanishes: true);
collection!(Hash, awaited: false, vanishes: true);
collection!(Set, awaited: false, vanishes: true);
collection!(Zset, awaited: true, vanishes: true);
collection!(Stream, awaited: true, vanishes: false);

/// Zero bytes, as many as a client's number says: fewer than it says are never there.
pub fn zeros(length: usize) -> Result<Vec<u8>, NoMemory> {
    if length > ASKED_FOR_MIN {
        // Only `vec!` gets zeros fresh from the system, which take no memory before they are used, and only
        // `try_reserve` can fail. What the one may have, the other gets; the optimiser must not remove it.
        let mut room: Vec<u8> = Vec::new();
        room.try_reserve_exact(length).map_err(|_| NoMemory)?;
        black_box(room);
    }
    Ok(vec![0; length])
}

/// Less than this is there, or the server is at its end anyway.
const ASKED_FOR_MIN: usize = 16 * 1024 * 1024;

/// There is no memory for a string of the length that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no memory for a string of this length")]
pub struct NoMemory;

/// A string command met a value of another type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value has another type")]
pub struct WrongType;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_without_memory_for_them_are_refused() {
        assert_eq!(zeros(3), Ok(vec![0; 3]));
        assert_eq!(zeros(ASKED_FOR_MIN + 1).map(|zeros| zeros.len()), Ok(ASKED_FOR_MIN + 1));
        for length in [usize::MAX, isize::MAX as usize, 1 << 60] {
            assert_eq!(zeros(length), Err(NoMemory));
        }
    }
}
