//! Client-side caching (CLIENT TRACKING): which clients may hold which keys in caches of their own, and
//! whom a change of a key concerns.
//!
//! **Invariant:** knows clients by number only; what is sent to them, and how, is for others.

mod caching;
mod table;

pub use caching::{Caching, Mode, overlap};
pub use table::Tracking;

/// A client, as the rest of the server numbers them.
pub type ClientId = u64;
