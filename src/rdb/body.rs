//! What a value is read from: the input, and the buffers that its strings pass through.

use std::io::Read;

use super::LoadError;
use super::format::ValueType;
use super::input::Input;
use crate::ds::listpack::Iter;

/// The input of values, one behind the other.
pub(super) struct Body<R> {
    pub(super) input: Input<R>,
    /// For the strings of a record, and for values that are one string as a whole.
    pub(super) first: Vec<u8>,
    pub(super) second: Vec<u8>,
    /// Of a value that is read record by record: those that have not been read.
    left: u64,
    left_type: ValueType,
    /// Of a hash whose fields have expiries: what these count from.
    pub(super) earliest_expiry_ms: Option<i64>,
}

/// Where the records of a value come from.
pub(super) enum Source<'r, R> {
    /// From a listpack of so many elements that has been read as a whole and checked.
    Packed { elements: Iter<'r>, len: usize },
    /// From the input, as they arrive.
    Arriving(&'r mut Body<R>),
}

impl<R: Read> Body<R> {
    pub(super) fn new(input: Input<R>) -> Self {
        let (first, second) = (Vec::new(), Vec::new());
        Self { input, first, second, left: 0, left_type: ValueType::String, earliest_expiry_ms: None }
    }

    /// Reads how many records follow.
    pub(super) fn begin_records(&mut self, value_type: ValueType) -> Result<(), LoadError> {
        self.left = self.input.take_len()?;
        self.left_type = value_type;
        Ok(())
    }

    /// Counts a record that is about to be read. False if there is none.
    #[inline]
    pub(super) fn next_record(&mut self) -> bool {
        let is_there = self.left > 0;
        self.left = self.left.saturating_sub(1);
        is_there
    }
}

impl<R> Body<R> {
    /// The type of the present value, if it has records that have not been read.
    pub(super) fn unfinished(&self) -> Option<ValueType> {
        (self.left > 0).then_some(self.left_type)
    }

    /// The present value is not read on.
    pub(super) fn abandon(&mut self) {
        self.left = 0;
        self.earliest_expiry_ms = None;
    }

    #[cfg(test)]
    pub(super) fn allocated_bytes(&self) -> usize {
        self.input.allocated_bytes() + self.first.capacity() + self.second.capacity()
    }
}

impl<'r, R> Source<'r, R> {
    /// The elements, if they have been read as a whole.
    pub(super) fn packed(&self) -> Option<Iter<'r>> {
        match self {
            Self::Packed { elements, .. } => Some(elements.clone()),
            Self::Arriving(_) => None,
        }
    }

    /// The bytes that the elements take, apart from a length of each.
    pub(super) fn packed_bytes(&self) -> usize {
        match self {
            Self::Packed { elements, len } => elements.byte_len().saturating_sub(*len),
            Self::Arriving(_) => 0,
        }
    }

    /// Records that are still to arrive, so it is said.
    pub(super) fn left(&self) -> u64 {
        match self {
            Self::Packed { .. } => 0,
            Self::Arriving(body) => body.left,
        }
    }
}
