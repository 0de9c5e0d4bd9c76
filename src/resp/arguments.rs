//! A parsed request: its arguments as views into the read buffer, or, for those that came in allocations
//! of their own, as bytes to be adopted. And a request that owns its bytes, for MULTI's queue.
//!
//! Not here: how a request is found in the bytes that arrive.

use std::mem;

/// How much of a big argument stays readable for the slow log and MONITOR once it was taken.
pub(super) const TAKEN_HEAD_BYTES: usize = 128;

/// Where an argument lies: in the buffer, or (with [`OWNED`] as start) in the list of big arguments.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

pub(super) const OWNED: u32 = u32::MAX;

/// An argument with an allocation of its own.
#[derive(Debug, Default)]
pub(super) struct OwnedArgument {
    pub(super) bytes: Vec<u8>,
    /// The full length, once the bytes were taken and only their head is left.
    pub(super) taken_len: Option<usize>,
}

/// A parsed request: arguments as slices, numbered from the command's name at 0.
#[derive(Debug)]
pub struct Request<'a> {
    pub(super) buffer: &'a [u8],
    pub(super) spans: &'a [Span],
    pub(super) owned: &'a mut [OwnedArgument],
}

/// An argument on its way into the keyspace.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<'a> {
    /// Lies in the read buffer, to be copied.
    Bytes(&'a [u8]),
    /// Came in an allocation of its own, to be adopted.
    Owned(Vec<u8>),
}

impl<'a> Request<'a> {
    /// The number of arguments, the command's name included.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Argument `index`, or nothing where there is none.
    #[inline]
    pub fn argument(&self, index: usize) -> Option<&[u8]> {
        let span = self.spans.get(index)?;
        if span.start == OWNED {
            return self.owned.get(span.len as usize).map(|argument| argument.bytes.as_slice());
        }
        self.buffer.get(span.start as usize..span.start as usize + span.len as usize)
    }

    /// The length argument `index` arrived with, also after it was taken.
    pub fn argument_len(&self, index: usize) -> usize {
        match self.spans.get(index) {
            Some(span) if span.start == OWNED => self
                .owned
                .get(span.len as usize)
                .map_or(0, |argument| argument.taken_len.unwrap_or(argument.bytes.len())),
            Some(span) => span.len as usize,
            None => 0,
        }
    }

    /// Moves argument `index` out: a big one is handed over as it is, and only its head stays.
    pub fn take(&mut self, index: usize) -> Taken<'a> {
        let Some(span) = self.spans.get(index).copied() else { return Taken::Bytes(&[]) };
        if span.start != OWNED {
            let end = span.start as usize + span.len as usize;
            return Taken::Bytes(self.buffer.get(span.start as usize..end).unwrap_or_default());
        }
        let Some(argument) = self.owned.get_mut(span.len as usize) else { return Taken::Bytes(&[]) };
        let head = argument.bytes.get(..TAKEN_HEAD_BYTES.min(argument.bytes.len())).unwrap_or_default();
        let head = head.to_vec();
        argument.taken_len = Some(argument.bytes.len());
        let mut bytes = mem::replace(&mut argument.bytes, head);
        if bytes.capacity() - bytes.len() > bytes.len() / 8 {
            bytes.shrink_to_fit();
        }
        Taken::Owned(bytes)
    }

    /// As `take`, but the argument stays: a big one is copied.
    pub fn copy(&self, index: usize) -> Taken<'a> {
        match self.spans.get(index) {
            Some(span) if span.start != OWNED => {
                let end = span.start as usize + span.len as usize;
                Taken::Bytes(self.buffer.get(span.start as usize..end).unwrap_or_default())
            }
            Some(_) => Taken::Owned(self.argument(index).unwrap_or_default().to_vec()),
            None => Taken::Bytes(&[]),
        }
    }

    /// The arguments in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.argument(index).unwrap_or_default())
    }

    /// A copy that outlives the read buffer (MULTI's queue); big arguments move instead.
    pub fn to_owned_request(&mut self) -> OwnedRequest {
        let mut copy = OwnedRequest::default();
        for index in 0..self.len() {
            match self.take(index) {
                Taken::Bytes(bytes) => copy.push(bytes),
                Taken::Owned(bytes) => copy.push_owned(bytes),
            }
        }
        copy
    }
}

/// A request that owns its bytes, in one buffer.
#[derive(Debug, Default)]
pub struct OwnedRequest {
    buffer: Vec<u8>,
    spans: Vec<Span>,
    owned: Vec<OwnedArgument>,
}

impl OwnedRequest {
    /// A request made of these arguments.
    pub fn of(arguments: &[&[u8]]) -> Self {
        let mut request = Self::default();
        for argument in arguments {
            request.push(argument);
        }
        request
    }

    pub fn view(&mut self) -> Request<'_> {
        Request { buffer: &self.buffer, spans: &self.spans, owned: &mut self.owned }
    }

    pub fn len(&self) -> usize {
        self.spans.len()
    }

    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// Bytes of memory it holds.
    pub fn memory_bytes(&self) -> usize {
        let owned: usize = self.owned.iter().map(|argument| argument.bytes.capacity()).sum();
        self.buffer.capacity() + self.spans.capacity() * size_of::<Span>() + owned
    }

    fn push(&mut self, argument: &[u8]) {
        self.spans.push(Span { start: self.buffer.len() as u32, len: argument.len() as u32 });
        self.buffer.extend_from_slice(argument);
    }

    fn push_owned(&mut self, bytes: Vec<u8>) {
        self.spans.push(Span { start: OWNED, len: self.owned.len() as u32 });
        self.owned.push(OwnedArgument { bytes, taken_len: None });
    }
}
