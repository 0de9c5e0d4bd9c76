//! What records hold behind their keys.

use std::fmt::Debug;

use crate::ds::slab::Slab;

/// What a record holds behind its key: bytes that tell their own length.
pub trait Payload: Copy + Debug {
    /// Bytes of the payload at the start of `block`.
    fn len_at(block: &[u8]) -> usize;

    /// Gives back what the payload keeps in the slab: it is about to be removed or overwritten.
    fn release(payload: &[u8], slab: &mut Slab);
}

/// No payload: members of sets.
#[derive(Debug, Clone, Copy)]
pub enum Nothing {}

impl Payload for Nothing {
    #[inline]
    fn len_at(_block: &[u8]) -> usize {
        0
    }

    fn release(_payload: &[u8], _slab: &mut Slab) {}
}

/// The bits of an `f64`, little-endian: members of sorted sets.
#[derive(Debug, Clone, Copy)]
pub enum Score {}

impl Payload for Score {
    #[inline]
    fn len_at(_block: &[u8]) -> usize {
        size_of::<f64>()
    }

    fn release(_payload: &[u8], _slab: &mut Slab) {}
}

impl Score {
    pub fn read(payload: &[u8]) -> f64 {
        f64::from_le_bytes(payload.try_into().expect("a score has eight bytes"))
    }
}
