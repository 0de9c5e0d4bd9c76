//! Pure helpers: numbers and text, glob patterns, quoting, checksums,
//! compression, random numbers.
//!
//! Nothing here knows keys, clients or configuration, and nothing keeps state. Byte strings come in
//! as `&[u8]`, text goes out by appending to a `Vec<u8>`, so that replies need no allocation of
//! their own. Start with [`number`]; [`extended`] and the private modules complete it.

pub mod crc64;
pub mod extended;
mod fixed;
pub mod glob;
mod grisu;
mod hexadecimal;
pub mod keyed_hash;
pub mod lzf;
pub mod number;
pub mod random;
pub mod size_class;
pub mod text;
