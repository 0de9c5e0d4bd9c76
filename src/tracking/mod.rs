//! Client-side caching (CLIENT TRACKING): which clients may hold which keys in caches of their own, and
//! whom a change of a key concerns.
//!
//! **Invariant:** knows clients by number only; what is sent to them, and how, is for others.

mod caching;
mod table;

pub use caching::{Caching, ClientId, Mode, PREFIX_BYTES, overlap};
pub use table::Tracking;
