//! Publish/subscribe: who listens to which channel, pattern or shard channel.
//!
//! Clients are numbers and messages do not occur: the layer says who receives, in Redis's order,
//! and the caller writes. **Invariant:** a topic without subscribers does not exist.

mod hub;
mod topics;

pub use hub::{ClientId, PubSub};
