//! One node of a quicklist: some values in a listpack, which may be compressed, or one huge value.

use std::ops::ControlFlow;

use super::End;
use crate::ds::StrRef;
use crate::ds::listpack::{At, ListPack, ListPackRef, Matcher};
use crate::util::lzf::{Compressor, decompress};
use crate::util::size_class::size_class;

/// A listpack is compressed from this size on, if that saves more than the second number of bytes.
const COMPRESSED_BYTES_MIN: usize = 48;
const SAVED_BYTES_MIN: usize = 8;

/// A node. It is never empty.
#[derive(Debug, Clone)]
pub(super) enum Node {
    Packed { len: u32, pack: ListPack },
    Compressed { len: u32, pack: CompressedPack },
    Plain(Box<[u8]>),
}

const _: () = assert!(size_of::<Node>() == 24);

/// A compressed listpack: its length when it is not compressed (four bytes), then an LZF stream.
#[derive(Debug, Clone)]
pub(super) struct CompressedPack(Box<[u8]>);

/// What a node looks like when it is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content<'a> {
    Pack(ListPackRef<'a>),
    Plain(&'a [u8]),
}

/// A node as snapshots save it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeView<'a> {
    Packed(ListPackRef<'a>),
    /// A listpack of so many bytes as an LZF stream.
    Compressed {
        stream: &'a [u8],
        pack_bytes: usize,
    },
    /// One value that is a node of its own.
    Plain(&'a [u8]),
}

impl Node {
    /// A node of this listpack, which is not empty.
    pub(super) fn packed(pack: ListPack) -> Self {
        Self::Packed { len: pack.len() as u32, pack }
    }

    /// A node of one value in a listpack.
    pub(super) fn of_value(value: &[u8]) -> Self {
        let mut pack = ListPack::new();
        pack.push_back_text(value);
        Self::Packed { len: 1, pack }
    }

    /// Number of values.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Packed { len, .. } | Self::Compressed { len, .. } => *len as usize,
            Self::Plain(_) => 1,
        }
    }

    /// Bytes of the listpack (uncompressed) or of the value.
    pub(super) fn byte_len(&self) -> usize {
        match self {
            Self::Packed { pack, .. } => pack.byte_len(),
            Self::Compressed { pack, .. } => pack.pack_bytes(),
            Self::Plain(value) => value.len(),
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Self::Packed { pack, .. } => pack.heap_bytes(),
            Self::Compressed { pack: CompressedPack(block), .. } | Self::Plain(block) => {
                size_class(block.len())
            }
        }
    }

    pub(super) fn view(&self) -> NodeView<'_> {
        match self {
            Self::Packed { pack, .. } => NodeView::Packed(pack.view()),
            Self::Compressed { pack, .. } => {
                NodeView::Compressed { stream: pack.stream(), pack_bytes: pack.pack_bytes() }
            }
            Self::Plain(value) => NodeView::Plain(value),
        }
    }

    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Plain(_))
    }

    /// Reads the node, through a copy if it is compressed.
    pub(super) fn read<R>(&self, read: impl FnOnce(Content<'_>) -> R) -> R {
        match self {
            Self::Packed { pack, .. } => read(Content::Pack(pack.view())),
            Self::Compressed { pack, .. } => read(Content::Pack(pack.unpacked().view())),
            Self::Plain(value) => read(Content::Plain(value)),
        }
    }

    /// Changes the listpack of a node that is not plain; `None` if it is. It must not become empty, unless
    /// the node is removed then.
    pub(super) fn edit<R>(&mut self, change: impl FnOnce(&mut ListPack) -> R) -> Option<R> {
        self.decompress();
        let Self::Packed { len, pack } = self else { return None };
        let result = change(pack);
        *len = pack.len() as u32;
        Some(result)
    }

    /// Adds a value at an end of a node whose listpack takes it.
    #[inline]
    pub(super) fn push(&mut self, end: End, value: &[u8]) {
        self.decompress();
        if let Self::Packed { len, pack } = self {
            match end {
                End::Front => pack.push_front(StrRef::of(value)),
                End::Back => pack.push_back_text(value),
            }
            *len += 1;
        }
    }

    /// Takes the value at an end out. A node of one value is to be removed then.
    #[inline]
    pub(super) fn pop<R>(&mut self, end: End, use_value: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        self.decompress();
        match self {
            Self::Packed { len, pack } => {
                let result = super::pop_of_pack(pack, end, use_value);
                *len -= u32::from(result.is_some());
                result
            }
            Self::Plain(value) => Some(use_value(StrRef::of(value))),
            Self::Compressed { .. } => None,
        }
    }

    /// Compresses a listpack that is big enough, if that saves enough.
    pub(super) fn compress(&mut self) {
        if let Self::Packed { len, pack } = self
            && let Some(compressed) = CompressedPack::of(pack.view())
        {
            *self = Self::Compressed { len: *len, pack: compressed };
        }
    }

    pub(super) fn decompress(&mut self) {
        if let Self::Compressed { len, pack } = self {
            *self = Self::Packed { len: *len, pack: pack.unpacked() };
        }
    }

    /// Gives back what the listpack does not use: nothing is added to an inner node any time soon.
    pub(super) fn shrink(&mut self) {
        if let Self::Packed { pack, .. } = self {
            pack.shrink();
        }
    }
}

impl CompressedPack {
    fn of(pack: ListPackRef<'_>) -> Option<Self> {
        let bytes = pack.as_bytes();
        if bytes.len() < COMPRESSED_BYTES_MIN {
            return None;
        }
        let mut stream = Vec::new();
        if !Compressor::new().compress(bytes, &mut stream) || stream.len() + SAVED_BYTES_MIN >= bytes.len() {
            return None;
        }
        // The header tells the length in as many bytes.
        let length = bytes.first_chunk::<4>()?;
        Some(Self([length.as_slice(), &stream].concat().into_boxed_slice()))
    }

    fn pack_bytes(&self) -> usize {
        self.0.first_chunk().map_or(0, |length| u32::from_le_bytes(*length) as usize)
    }

    fn stream(&self) -> &[u8] {
        &self.0[4..]
    }

    fn unpacked(&self) -> ListPack {
        let mut block = vec![0; ListPack::FRONT_BYTES];
        decompress(self.stream(), self.pack_bytes(), &mut block).expect("was compressed here");
        ListPack::from_block(block).expect("was a listpack when it was compressed")
    }
}

impl Content<'_> {
    /// What `use_value` makes of the value with this index.
    pub(super) fn get<R>(self, index: usize, use_value: impl FnOnce(StrRef<'_>) -> R) -> Option<R> {
        match self {
            Content::Pack(view) => view.at_index(index as i64).map(|at| use_value(view.value(at))),
            Content::Plain(value) => (index == 0).then(|| use_value(StrRef::of(value))),
        }
    }

    /// The index of the first value that equals a text.
    pub(super) fn position(self, matcher: &Matcher<'_>) -> Option<usize> {
        match self {
            Content::Pack(view) => view.iter().position(|value| matcher.matches(value)),
            Content::Plain(value) => matcher.matches(StrRef::of(value)).then_some(0),
        }
    }

    /// Shows the values from an index on, until `visitor` breaks.
    pub(super) fn visit<B>(
        self,
        from: usize,
        towards: End,
        visitor: &mut impl FnMut(StrRef<'_>) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        match self {
            Content::Pack(view) => visit_pack(view, from, towards, visitor),
            Content::Plain(value) => visitor(StrRef::of(value)),
        }
    }
}

/// Shows the values of a listpack from an index on, until `visitor` breaks.
pub(super) fn visit_pack<B>(
    view: ListPackRef<'_>,
    from: usize,
    towards: End,
    visitor: &mut impl FnMut(StrRef<'_>) -> ControlFlow<B>,
) -> ControlFlow<B> {
    let Some(at) = i64::try_from(from).ok().and_then(|from| view.at_index(from)) else {
        return ControlFlow::Continue(());
    };
    match towards {
        End::Back => view.iter_from(at).try_for_each(visitor),
        End::Front => view.iter_through(at).rev().try_for_each(visitor),
    }
}

/// Takes up to `count_max` values out of a listpack that equal a text, beginning at an end; returns how many.
pub(super) fn remove_equal(pack: &mut ListPack, matcher: &Matcher<'_>, end: End, count_max: usize) -> usize {
    let mut removed = 0;
    let mut next = match end {
        End::Front => pack.first(),
        End::Back => pack.last(),
    };
    while let Some(at) = next {
        if !matcher.matches(pack.value(at)) {
            next = step(pack, at, end);
            continue;
        }
        let before = pack.prev(at);
        let after = pack.remove(at);
        next = if end == End::Front { after } else { before };
        removed += 1;
        if removed == count_max {
            break;
        }
    }
    removed
}

fn step(pack: &ListPack, at: At, from: End) -> Option<At> {
    match from {
        End::Front => pack.next(at),
        End::Back => pack.prev(at),
    }
}
