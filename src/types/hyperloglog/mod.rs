//! HyperLogLog: how many different elements were seen, about, in 12 KB or less. A sketch is a string that
//! clients can read and write, byte by byte the one Redis 7.2 makes; so every byte of it is checked.
//!
//! A sketch has 16384 registers. An element's hash chooses one of them, and the register keeps the longest
//! run of zero bits seen in the rest of the hash.
//!
//! * `observation`: what an element says: a register and a rank.
//! * `sketch`: the string: header, and one of two encodings of the registers.
//! * `dense`: 6 bits per register.
//! * `sparse`: runs of equal registers, for few elements.
//! * `registers`: a byte per register, for merging.
//! * `estimate`: from registers to a number of elements.

mod observation;
mod sketch;
mod dense;
mod sparse;
mod registers;
mod estimate;
#[cfg(test)]
mod tests;

pub use dense::DenseMut;
pub use observation::Observation;
pub use registers::Registers;
pub use sketch::{Encoding, Sketch, SketchError, SketchRef, set_cached};
pub use sparse::Run;
