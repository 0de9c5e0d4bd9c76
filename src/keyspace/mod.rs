//! Databases, entries (key, value, expiry, LRU/LFU in one allocation), expiry, eviction, scanning, and the
//! effects that handlers record.
//!
//! In reading order:
//!
//! * [`value`]: strings as they are read and stored; objects, the place of the collection types.
//! * `layout`: where the parts of an entry's block are.
//! * [`entry`]: the blocks, and the index that owns them. Home of the layer's `unsafe`.
//! * [`aging`]: LRU clock and LFU counter.
//! * [`effects`]: what a command did, for the executor to perform.
//! * [`database`]: lookups and writes in the selected database: what commands use.
//! * [`update`]: a string that is being changed; [`typed`]: collections, read and changed.
//! * `walk`: SCAN, RANDOMKEY, all keys. `figures`: numbers about databases and entries.
//! * [`transfer`]: rename, copy, move, swap, flush.
//! * [`expire`]: the active expiry cycle; `field_expiry`: the fields of hashes; `own_expiry`: keys that clients made on
//!   a replica.
//! * [`evict`]: choosing victims when memory is short.
//! * `libraries`: function libraries, which belong to no database.
//!
//! **Invariant:** knows neither clients nor sockets; time and limits are arguments.

pub mod aging;
pub mod database;
pub mod effects;
pub mod entry;
pub mod evict;
pub mod expire;
mod field_expiry;
mod figures;
mod layout;
mod libraries;
mod own_expiry;
pub mod transfer;
pub mod typed;
pub mod update;
pub mod value;
mod walk;

pub use crate::ds::StrRef;
pub use aging::Aging;
pub use database::{ExpiredKeys, Expiry, Keyspace, Presence, Statistics};
pub use effects::{Batch, Effect, Effects, EventClass, Interest, Propagation, Recorded};
pub use entry::{Entry, EntryRef};
pub use evict::{EvictionPolicy, Evictor};
pub use expire::{ActiveExpiry, Cycle};
pub use layout::Kind;
pub use libraries::{Libraries, LibraryError};
pub use own_expiry::OwnExpiry;
pub use transfer::{Detached, Transfer};
pub use typed::Edit;
pub use update::{Slot, Update, Vacancy};
pub use value::{
    Collection, EMBSTR_BYTES_MAX, INLINE_BYTES_MAX, NewString, NoMemory, Object, WrongType, zeros,
};
