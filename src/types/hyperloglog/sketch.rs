//! The string of a sketch.
//!
//! | Bytes | |
//! |---|---|
//! | 4 | `HYLL` |
//! | 1 | encoding: 0 dense, 1 sparse |
//! | 3 | not used |
//! | 8 | the last estimate, little-endian; with its highest bit set it is out of date |
//! | | the registers |

use thiserror::Error;

use super::dense::{self, DENSE_BYTES, DenseMut, GROUP_REGISTERS};
use super::estimate::{Histogram, estimate};
use super::observation::Observation;
use super::registers::Registers;
use super::sparse::{self, Boundary, Raised, Run};

const MAGIC: &[u8; 4] = b"HYLL";
const ENCODING_AT: usize = 4;
const CACHE_AT: usize = 8;
pub const HEADER_BYTES: usize = 16;

const DENSE: u8 = 0;
const SPARSE: u8 = 1;
/// In the last byte of the estimate.
const OUT_OF_DATE: u8 = 0x80;

/// How the registers of a sketch are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Dense,
    Sparse,
}

impl Encoding {
    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "dense",
            Self::Sparse => "sparse",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SketchError {
    #[error("the string is not a HyperLogLog sketch")]
    NotASketch,
    #[error("the registers of the sketch make no sense")]
    Corrupted,
}

/// A sketch that is read.
#[derive(Debug, Clone, Copy)]
pub struct SketchRef<'a> {
    text: &'a [u8],
    encoding: Encoding,
}

/// A sketch that is made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    text: Vec<u8>,
}

impl<'a> SketchRef<'a> {
    /// Checks the header, and the length where it is fixed.
    pub fn of(text: &'a [u8]) -> Result<Self, SketchError> {
        let encoding = match text.split_first_chunk() {
            Some((MAGIC, [DENSE, ..])) if text.len() == HEADER_BYTES + DENSE_BYTES => Encoding::Dense,
            Some((MAGIC, [SPARSE, ..])) if text.len() >= HEADER_BYTES => Encoding::Sparse,
            _ => return Err(SketchError::NotASketch),
        };
        Ok(Self { text, encoding })
    }

    pub fn encoding(self) -> Encoding {
        self.encoding
    }

    /// The last estimate, if nothing was added since.
    pub fn cached(self) -> Option<u64> {
        let cache = self.text[CACHE_AT..].first_chunk()?;
        Some(u64::from_le_bytes(*cache)).filter(|_| cache[7] & OUT_OF_DATE == 0)
    }

    /// About how many different elements were added.
    pub fn estimate(self) -> Result<u64, SketchError> {
        let mut histogram = Histogram::default();
        match self.encoding {
            Encoding::Dense => dense::groups(self.body()).for_each(|ranks| histogram.count(ranks)),
            Encoding::Sparse => sparse::count(self.body(), &mut histogram)?,
        }
        Ok(estimate(&histogram))
    }

    /// Raises registers to what they are here.
    pub fn merge_into(self, registers: &mut Registers) -> Result<(), SketchError> {
        let ranks = registers.ranks_mut();
        match self.encoding {
            Encoding::Dense => {
                for (ranks, others) in ranks.as_chunks_mut().0.iter_mut().zip(dense::groups(self.body())) {
                    raise_group(ranks, others);
                }
                Ok(())
            }
            Encoding::Sparse => sparse::merge_into(self.body(), ranks),
        }
    }

    /// The runs of a sparse sketch, whether or not they make sense together.
    pub fn runs(self) -> Option<impl Iterator<Item = Run>> {
        (self.encoding == Encoding::Sparse).then(|| sparse::runs(self.body()))
    }

    fn body(self) -> &'a [u8] {
        &self.text[HEADER_BYTES..]
    }
}

impl<'a> DenseMut<'a> {
    /// `None` for another string than a dense sketch.
    pub fn of(text: &'a mut [u8]) -> Option<Self> {
        let is_dense = SketchRef::of(text).is_ok_and(|sketch| sketch.encoding == Encoding::Dense);
        is_dense.then_some(Self { text })
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self::new()
    }
}

impl Sketch {
    /// An empty one.
    pub fn new() -> Self {
        let mut text = vec![0; HEADER_BYTES];
        text[..ENCODING_AT].copy_from_slice(MAGIC);
        text[ENCODING_AT] = SPARSE;
        sparse::push_empty(&mut text);
        Self { text }
    }

    pub fn from_text(text: &[u8]) -> Result<Self, SketchError> {
        SketchRef::of(text).map(|sketch| Self { text: sketch.text.to_vec() })
    }

    pub fn view(&self) -> SketchRef<'_> {
        let encoding = if self.text[ENCODING_AT] == DENSE { Encoding::Dense } else { Encoding::Sparse };
        SketchRef { text: &self.text, encoding }
    }

    pub fn text(&self) -> &[u8] {
        &self.text
    }

    pub fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// Raises a register and returns whether it was lower. A sparse sketch becomes dense when it would be longer
    /// than `sparse_bytes_max`, or when it cannot hold the rank.
    pub fn raise(&mut self, observation: Observation, sparse_bytes_max: usize) -> Result<bool, SketchError> {
        self.raise_near(observation, sparse_bytes_max, &mut Boundary::default())
    }

    fn raise_near(
        &mut self,
        observation: Observation,
        sparse_bytes_max: usize,
        boundary: &mut Boundary,
    ) -> Result<bool, SketchError> {
        if self.view().encoding == Encoding::Sparse {
            match sparse::raise(&mut self.text, HEADER_BYTES, observation, sparse_bytes_max, boundary)? {
                Raised::Yes => {
                    self.invalidate_cached();
                    return Ok(true);
                }
                Raised::No => return Ok(false),
                Raised::Impossible => self.make_dense()?,
            }
        }
        Ok(DenseMut { text: &mut self.text }.raise(observation))
    }

    /// Raises all registers to those of `union`, which must not be lower anywhere.
    pub fn become_union(&mut self, union: &Registers, sparse_bytes_max: usize) -> Result<(), SketchError> {
        let mut boundary = Boundary::default();
        let seen = union.ranks().iter().enumerate().filter(|(_, rank)| **rank > 0);
        for (register, rank) in seen {
            if self.view().encoding == Encoding::Dense {
                break;
            }
            self.raise_near(Observation { register, rank: *rank }, sparse_bytes_max, &mut boundary)?;
        }
        if self.view().encoding == Encoding::Dense {
            self.text.truncate(HEADER_BYTES);
            dense::push_registers(&mut self.text, union);
        }
        Ok(())
    }

    /// Changes the encoding to dense.
    pub fn make_dense(&mut self) -> Result<(), SketchError> {
        let mut registers = Registers::default();
        self.view().merge_into(&mut registers)?;
        self.text.truncate(HEADER_BYTES);
        self.text[ENCODING_AT] = DENSE;
        dense::push_registers(&mut self.text, &registers);
        Ok(())
    }

    /// Marks the last estimate as out of date.
    pub fn invalidate_cached(&mut self) {
        invalidate_cached(&mut self.text);
    }
}

/// Writes an estimate into the header of a sketch.
pub fn set_cached(text: &mut [u8], elements: u64) {
    if let Some(cache) = text.get_mut(CACHE_AT..HEADER_BYTES) {
        cache.copy_from_slice(&elements.to_le_bytes());
    }
}

#[inline]
fn raise_group(ranks: &mut [u8; GROUP_REGISTERS], others: [u8; GROUP_REGISTERS]) {
    for (rank, other) in ranks.iter_mut().zip(others) {
        *rank = other.max(*rank);
    }
}

pub fn invalidate_cached(text: &mut [u8]) {
    text[HEADER_BYTES - 1] |= OUT_OF_DATE;
}
