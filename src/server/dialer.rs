//! The sockets that MIGRATE talks through: what the engine asks of [`Dial`] and [`Peer`], done.

use std::io;
use std::time::Duration;

use crate::engine::{Dial, DialError, Peer};
use crate::net::{BlockingStream, resolve};
use crate::sys::files::error_text;

/// Connects through TCP.
#[derive(Debug)]
pub(super) struct Dialer;

impl Dial for Dialer {
    fn dial(&mut self, host: &str, port: u16, limit: Duration) -> Result<Box<dyn Peer>, DialError> {
        let address = resolve(host, port).map_err(|error| {
            log::debug!("MIGRATE to {host}:{port}: {}", error_text(&error));
            DialError::UnknownHost
        })?;
        match BlockingStream::connect(address, limit) {
            Ok(stream) => Ok(Box::new(Socket(stream))),
            Err(error) => {
                log::debug!("MIGRATE to {host}:{port}: {}", error_text(&error));
                Err(DialError::NotConnected)
            }
        }
    }
}

struct Socket(BlockingStream);

impl Peer for Socket {
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        self.0.send(bytes, limit)
    }

    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize> {
        self.0.receive(buffer, limit)
    }
}
