//! Values that are one string as a whole: listpacks, checked before anything is made of them, and written from
//! elements.

use std::io::{self, Read, Write};

use smallvec::SmallVec;

use super::LoadError;
use super::body::{Body, Source};
use super::legacy::{ziplist, zipmap};
use super::output::Output;
use crate::ds::StrRef;
use crate::ds::listpack::{Builder, ListPack, ListPackRef};
use crate::util::keyed_hash::keyed_hash;

/// Up to so many records each is compared with each; beyond, their hashes are sorted.
const COMPARED_RECORDS_MAX: usize = 16;

/// How a value that is one string is stored in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    Listpack,
    /// Up to version 9.
    Ziplist,
    /// Up to version 3; only read.
    Zipmap,
}

/// What is read, in the words of the errors: `Hash ziplist`.
pub(super) type Kind = &'static str;

/// Reads a value whose records are `width` elements, the first of which is unique.
pub(super) fn take_records<R: Read>(
    body: &mut Body<R>,
    packing: Packing,
    kind: Kind,
    width: usize,
) -> Result<Source<'_, R>, LoadError> {
    let offset = body.input.offset();
    let corrupt = |what| LoadError::Integrity { offset, kind, what };
    let Body { input, first, second, .. } = body;
    input.take_string(first)?;
    let bytes = match packing {
        Packing::Listpack => first,
        Packing::Ziplist => {
            *second = ziplist::to_listpack(first, std::mem::take(second)).map_err(corrupt)?;
            second
        }
        Packing::Zipmap => {
            *second = zipmap::to_listpack(first, std::mem::take(second)).map_err(corrupt)?;
            second
        }
    };
    let pack = ListPackRef::validate(bytes).map_err(|_| corrupt("invalid listpack"))?;
    let len = pack.len();
    if !len.is_multiple_of(width) {
        return Err(corrupt("a field without a value"));
    }
    if has_duplicates(pack, len, width) {
        // The words in which Redis dumps such a listpack, and for which its tests look.
        return Err(corrupt("listpack with dup elements"));
    }
    Ok(Source::Packed { elements: pack.iter(), len })
}

/// Reads a listpack to keep.
pub(super) fn take_listpack<R: Read>(
    body: &mut Body<R>,
    packing: Packing,
    kind: Kind,
) -> Result<ListPack, LoadError> {
    let offset = body.input.offset();
    let corrupt = |what| LoadError::Integrity { offset, kind, what };
    let bytes = match packing {
        Packing::Listpack => body.input.take_owned_string()?,
        Packing::Ziplist | Packing::Zipmap => {
            body.input.take_string(&mut body.first)?;
            ziplist::to_listpack(&body.first, Vec::new()).map_err(corrupt)?
        }
    };
    ListPack::from_bytes(bytes).map_err(|_| corrupt("invalid listpack"))
}

/// An element of a listpack that another server may have made: digits kept as a text become the integer.
#[inline]
pub(super) fn canonical(element: StrRef<'_>) -> StrRef<'_> {
    match element {
        StrRef::Bytes(text) => StrRef::of(text),
        StrRef::Int(_) => element,
    }
}

fn has_duplicates(pack: ListPackRef<'_>, len: usize, width: usize) -> bool {
    let keys = || pack.iter().step_by(width).map(canonical);
    if len / width <= COMPARED_RECORDS_MAX {
        let mut seen: SmallVec<[StrRef<'_>; COMPARED_RECORDS_MAX]> = SmallVec::new();
        return keys().any(|key| {
            let is_known = seen.contains(&key);
            seen.push(key);
            is_known
        });
    }
    let mut hashes: Vec<u64> = keys().map(|key| key.with_text(keyed_hash)).collect();
    // Two texts with one hash are hardly ever different, but they may be.
    are_repeated(&mut hashes) && are_repeated(&mut keys().map(StrRef::to_vec).collect::<Vec<_>>())
}

fn are_repeated<T: Ord>(items: &mut [T]) -> bool {
    items.sort_unstable();
    items.windows(2).any(|pair| matches!(pair, [left, right] if left == right))
}

/// A value in the making that is one string.
pub(super) enum Packer {
    Listpack(Builder),
    Ziplist(ziplist::Builder),
}

impl Packer {
    #[inline]
    pub(super) fn push(&mut self, element: StrRef<'_>) {
        match self {
            Self::Listpack(listpack) => listpack.push(element),
            Self::Ziplist(ziplist) => ziplist.push(element),
        }
    }
}

impl<W: Write> Output<W> {
    /// Writes the elements that `fill` pushes as one string. Zipmaps are not written.
    pub(super) fn put_packed(&mut self, packing: Packing, fill: impl FnOnce(&mut Packer)) -> io::Result<()> {
        let buffer = std::mem::take(&mut self.packed);
        let mut packer = match packing {
            Packing::Listpack => Packer::Listpack(Builder::in_buffer(buffer)),
            Packing::Ziplist | Packing::Zipmap => Packer::Ziplist(ziplist::Builder::in_buffer(buffer)),
        };
        fill(&mut packer);
        let bytes = match packer {
            Packer::Listpack(listpack) => listpack.finish(),
            Packer::Ziplist(ziplist) => ziplist.finish()?,
        };
        let put = self.put_string(&bytes);
        self.packed = bytes;
        put
    }
}
