//! Sockets: listeners and connections, TCP and Unix; connections that are waited for; bytes, not commands.
//!
//! **Invariant:** knows neither commands nor what a client is allowed to do.

mod blocking;
mod connection;
mod listener;

pub use blocking::BlockingStream;
pub use connection::{Connection, Input, READ_BUFFER_BYTES, ReadOutcome, Stream};
pub use listener::{Accepted, BindError, ListenOptions, Listener, address_text, resolve, tune};
