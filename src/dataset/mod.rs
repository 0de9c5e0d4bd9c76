//! Between the keyspace and the snapshot format: the whole data set written to a stream, and read back.
//!
//! Here is the one place that knows how a value in memory becomes a value of the format and the other way
//! round: `save` and `build`.
//!
//! **Invariant:** knows no files, children, clients or configuration; whoever calls brings the stream, the
//! time and a function that is told of the progress.

mod arrivals;
mod build;
mod commands;
mod load;
mod save;

pub use build::{Built, Limits, build};
pub use commands::write_commands;
pub use load::{Advance, Load, LoadOptions, Loaded, ReadError, access_of};
pub use save::{Header, KeptUsage, dump, version_of, write, write_header, write_libraries};

#[cfg(test)]
mod tests;
