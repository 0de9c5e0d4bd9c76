//! One client's socket and the part of a request that has not been executed yet.
//!
//! Reading goes into a buffer that all connections share; only a request that is incomplete when the
//! socket is drained is kept here. mio is edge-triggered: a connection that stopped reading before the
//! socket said it was empty must remember that ([`Connection::is_readable`]).

use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};

use mio::event::Source as _;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};

use crate::resp::{Output, Parser};
use crate::sys::read::read_to_spare;

/// The size of the shared read buffer, and so of one read.
pub const READ_BUFFER_BYTES: usize = 64 * 1024;

/// The most that one turn sends to one connection, so that a huge reply does not hold up the others.
const WRITE_BYTES_PER_TURN_MAX: usize = 4 * 1024 * 1024;

/// Pieces of pending output handed to one `writev`.
const WRITE_SLICES_MAX: usize = 32;

/// A connected socket.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// What is left of the bytes received: the beginning of a request that is not complete, or requests
/// that have to wait.
#[derive(Debug, Default)]
pub struct Input {
    pub buffer: Vec<u8>,
    pub parser: Parser,
}

impl Input {
    /// Whether nothing is pending, so that the next read can use the shared buffer.
    pub fn is_idle(&self) -> bool {
        self.buffer.is_empty() && !self.parser.is_mid_request()
    }

    /// Memory held.
    pub fn memory_bytes(&self) -> usize {
        self.buffer.capacity() + self.parser.owned_bytes()
    }
}

/// How a read ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadOutcome {
    /// This many bytes; there may be more.
    More(usize),
    /// This many bytes, and the socket is empty.
    Drained(usize),
    Closed,
}

/// A client's connection.
#[derive(Debug)]
pub struct Connection {
    stream: Stream,
    pub input: Input,
    /// The socket may hold bytes that no event will announce again.
    pub is_readable: bool,
    /// The peer sends no more: behind the last bytes stands the end, which no further event announces.
    pub is_ended: bool,
    /// It has used up its share of reads in one turn of the loop, which goes on with it in the next.
    pub is_left_over: bool,
    /// The socket's send buffer is full: an event will say when it has room.
    pub awaits_room: bool,
}

impl Connection {
    /// Registers the socket for all events at once: it is never re-registered.
    pub fn new(mut stream: Stream, registry: &Registry, token: Token) -> io::Result<Self> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match &mut stream {
            Stream::Tcp(tcp) => tcp.register(registry, token, interest)?,
            Stream::Unix(unix) => unix.register(registry, token, interest)?,
        }
        Ok(Self {
            stream,
            input: Input::default(),
            is_readable: true,
            is_ended: false,
            is_left_over: false,
            awaits_room: false,
        })
    }

    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    /// Reads once into `buffer`.
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<ReadOutcome> {
        let asked = buffer.len();
        let result = match &mut self.stream {
            Stream::Tcp(tcp) => tcp.read(buffer),
            Stream::Unix(unix) => unix.read(buffer),
        };
        self.outcome(result, asked)
    }

    /// Reads once, appending at most `max` bytes to `bytes` within its capacity.
    pub fn read_behind(&mut self, bytes: &mut Vec<u8>, max: usize) -> io::Result<ReadOutcome> {
        let asked = max.min(bytes.capacity() - bytes.len());
        let result = match &self.stream {
            Stream::Tcp(tcp) => read_to_spare(tcp.as_fd(), bytes, asked),
            Stream::Unix(unix) => read_to_spare(unix.as_fd(), bytes, asked),
        };
        self.outcome(result, asked)
    }

    /// A short read means that the socket is empty: the next bytes come with an event.
    fn outcome(&mut self, result: io::Result<usize>, asked: usize) -> io::Result<ReadOutcome> {
        match result {
            Ok(0) => Ok(ReadOutcome::Closed),
            Ok(count) if count < asked && !self.is_ended => {
                self.is_readable = false;
                Ok(ReadOutcome::Drained(count))
            }
            Ok(count) => Ok(ReadOutcome::More(count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_readable = false;
                Ok(ReadOutcome::Drained(0))
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(ReadOutcome::More(0)),
            Err(error) => Err(error),
        }
    }

    /// Sends pending output until it is gone, the socket is full, or the turn's share is used up;
    /// returns the number of bytes sent.
    pub fn write(&mut self, output: &mut Output) -> io::Result<usize> {
        let mut sent = 0;
        while !output.is_empty() && sent < WRITE_BYTES_PER_TURN_MAX {
            match self.write_once(output) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    output.advance(count);
                    sent += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.awaits_room = true;
                    break;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    /// Sends as much of these bytes as the socket takes at once; returns how many.
    pub fn write_slices(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let result = match &mut self.stream {
            Stream::Tcp(tcp) => tcp.write_vectored(slices),
            Stream::Unix(unix) => unix.write_vectored(slices),
        };
        match result {
            Ok(0) => Err(io::ErrorKind::WriteZero.into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.awaits_room = true;
                Ok(0)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            sent => sent,
        }
    }

    /// Another descriptor of the same socket, for a child to write to.
    pub fn duplicate(&self) -> io::Result<OwnedFd> {
        match &self.stream {
            Stream::Tcp(tcp) => tcp.as_fd().try_clone_to_owned(),
            Stream::Unix(unix) => unix.as_fd().try_clone_to_owned(),
        }
    }

    fn write_once(&mut self, output: &Output) -> io::Result<usize> {
        if let Some(bytes) = output.single() {
            return match &mut self.stream {
                Stream::Tcp(tcp) => tcp.write(bytes),
                Stream::Unix(unix) => unix.write(bytes),
            };
        }
        let mut slices = [IoSlice::new(&[]); WRITE_SLICES_MAX];
        let filled = output.fill_slices(&mut slices);
        let slices = slices.get(..filled).unwrap_or_default();
        match &mut self.stream {
            Stream::Tcp(tcp) => tcp.write_vectored(slices),
            Stream::Unix(unix) => unix.write_vectored(slices),
        }
    }

    /// Ends the connection for its peer now, whoever else has the socket open: a forked child inherits all
    /// of them, and closing alone would only be seen when it ends.
    pub fn shut_down(&self) {
        let result = match &self.stream {
            Stream::Tcp(tcp) => tcp.shutdown(Shutdown::Both),
            Stream::Unix(unix) => unix.shutdown(Shutdown::Both),
        };
        // The peer may have been faster.
        if let Err(error) = result {
            log::trace!("Shutting a connection down: {error}");
        }
    }

    /// Lets the kernel wait for more before it sends a packet that is not full.
    pub fn send_in_large_packets(&self) -> io::Result<()> {
        match &self.stream {
            Stream::Tcp(tcp) => tcp.set_nodelay(false),
            Stream::Unix(_) => Ok(()),
        }
    }

    /// Takes the socket out of the poll; it closes when dropped.
    pub fn deregister(&mut self, registry: &Registry) {
        let result = match &mut self.stream {
            Stream::Tcp(tcp) => tcp.deregister(registry),
            Stream::Unix(unix) => unix.deregister(registry),
        };
        if let Err(error) = result {
            log::debug!("Deregistering a connection: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tune;

    #[test]
    fn packets_leave_at_once_unless_large_ones_are_wanted() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = Stream::Tcp(TcpStream::connect(listener.local_addr().unwrap()).unwrap());
        tune(&stream, 0).unwrap();
        let poll = mio::Poll::new().unwrap();
        let connection = Connection::new(stream, poll.registry(), Token(0)).unwrap();
        let is_immediate = || match connection.stream() {
            Stream::Tcp(tcp) => tcp.nodelay().unwrap(),
            Stream::Unix(_) => false,
        };
        assert!(is_immediate());
        connection.send_in_large_packets().unwrap();
        assert!(!is_immediate());
    }
}
