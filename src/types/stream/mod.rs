//! Streams: a log of entries under increasing IDs, and groups of consumers that read it together.
//!
//! * `id`: identifiers of entries, and how commands write them.
//! * `node`: some entries packed in a listpack, in Redis's form, which is that of snapshots.
//! * `cursor`: reading the entries of a node in either direction.
//! * `log`: the entries of a stream: adding, trimming, deleting, ranges.
//! * `range`: reading a range of a log.
//! * `consumers`, `group`: who reads, what was delivered to whom and is not acknowledged yet.
//! * `value`: the stream itself: log and groups.
//! * `parts`: a stream taken apart for snapshots, and put together from what a file says.

mod id;
mod node;
mod cursor;
mod log;
mod range;
mod consumers;
mod group;
mod value;
mod parts;
#[cfg(test)]
mod tests;

pub use consumers::{Consumer, ConsumerId};
pub use cursor::Entry;
pub use group::{Claim, Deliveries, Group, Pending};
pub use id::{IdText, NewId, StreamId};
pub use log::{AppendError, Log, NodeLimits, Threshold, Trim};
pub use node::InvalidNode;
pub use parts::{ConsumerParts, EntriesRead, GroupParts, InvalidStream, PendingParts, StreamParts};
pub use range::{Direction, Range};
pub use value::Stream;
