//! The wire protocol: requests in, replies out; RESP2 and RESP3.
//!
//! **Invariant:** nothing here knows a command, a key or a socket.
#![deny(clippy::indexing_slicing)]

mod arguments;
mod encode;
mod output;
mod reply;
mod request;

pub use arguments::{OwnedRequest, Request, Taken};
pub use encode::push_request;
pub use output::{CHUNK_BYTES, Mark, Output};
pub use reply::{Protocol, Reply};
pub use request::{BIG_ARGUMENT_BYTES, BUFFER_BYTES_MAX, Limits, Parser, Progress, ProtocolError};
