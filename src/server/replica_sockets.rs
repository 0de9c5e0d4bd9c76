//! The sockets of several replicas as one stream, for the child that writes their snapshot. A replica that fails,
//! or does not read for longer than `repl-timeout`, is given up without the others.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use super::replicas::deadline_us;
use crate::net::{Connection, Stream};
use crate::sys::clock;
use crate::sys::files::error_text;

/// See the module's page.
#[derive(Debug)]
pub struct ReplicaSockets {
    sockets: Vec<ReplicaSocket>,
    timeout_s: u32,
    /// The child's own: the parent's is not to be touched.
    poll: Option<Poll>,
}

#[derive(Debug)]
struct ReplicaSocket {
    socket: Socket,
    /// As the log shows it.
    name: String,
    greeting: Vec<u8>,
    has_failed: bool,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(tcp) => tcp.write(bytes),
            Self::Unix(unix) => unix.write(bytes),
        }
    }

    fn shut_down(&self) -> io::Result<()> {
        match self {
            Self::Tcp(tcp) => tcp.shutdown(Shutdown::Both),
            Self::Unix(unix) => unix.shutdown(Shutdown::Both),
        }
    }

    fn descriptor(&self) -> i32 {
        match self {
            Self::Tcp(tcp) => tcp.as_raw_fd(),
            Self::Unix(unix) => unix.as_raw_fd(),
        }
    }
}

impl ReplicaSockets {
    pub fn new(timeout_s: u32) -> Self {
        Self { sockets: Vec::new(), timeout_s, poll: None }
    }

    /// Adds a replica by its name in the log; `greeting` is what it is sent first.
    pub fn add(&mut self, connection: &Connection, name: String, greeting: &str) -> io::Result<()> {
        let descriptor: OwnedFd = connection.duplicate()?;
        let socket = match connection.stream() {
            Stream::Tcp(_) => Socket::Tcp(descriptor.into()),
            Stream::Unix(_) => Socket::Unix(descriptor.into()),
        };
        self.sockets.push(ReplicaSocket {
            socket,
            name,
            greeting: greeting.as_bytes().to_vec(),
            has_failed: false,
        });
        Ok(())
    }

    /// In the child: ready to be written to.
    pub fn open(mut self) -> io::Result<Self> {
        let poll = Poll::new()?;
        for (index, replica) in self.sockets.iter().enumerate() {
            let descriptor = replica.socket.descriptor();
            poll.registry().register(&mut SourceFd(&descriptor), Token(index), Interest::WRITABLE)?;
        }
        self.poll = Some(poll);
        for index in 0..self.sockets.len() {
            let greeting = std::mem::take(&mut self.sockets[index].greeting);
            self.write_to(index, &greeting);
        }
        Ok(self)
    }

    /// Writes all bytes to one replica, or gives it up.
    fn write_to(&mut self, index: usize, bytes: &[u8]) {
        if self.sockets[index].has_failed {
            return;
        }
        if let Err(error) = self.try_write_to(index, bytes) {
            if error.kind() == io::ErrorKind::TimedOut {
                log::warn!("Disconnecting timedout replica (full sync): {}", self.sockets[index].name);
            } else {
                let reason = error_text(&error);
                log::warn!("Diskless rdb transfer, write error sending DB to replica: {reason}");
            }
            let replica = &mut self.sockets[index];
            replica.has_failed = true;
            // The parent and the replica see that nothing more will come.
            if let Err(error) = replica.socket.shut_down() {
                log::debug!("Shutting a replica's socket down: {error}");
            }
        }
    }

    fn try_write_to(&mut self, index: usize, mut bytes: &[u8]) -> io::Result<()> {
        let mut deadline = deadline_us(self.timeout_s);
        while !bytes.is_empty() {
            match self.sockets[index].socket.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    bytes = bytes.get(sent..).unwrap_or_default();
                    deadline = deadline_us(self.timeout_s);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(deadline)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Until some socket takes more.
    fn wait(&mut self, deadline_us: u64) -> io::Result<()> {
        let left_us = deadline_us.saturating_sub(clock::now_us());
        let poll = self.poll.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        if left_us == 0 {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let mut events = Events::with_capacity(16);
        match poll.poll(&mut events, Some(Duration::from_micros(left_us))) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }
}

impl Write for ReplicaSockets {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for index in 0..self.sockets.len() {
            self.write_to(index, bytes);
        }
        if self.sockets.iter().all(|replica| replica.has_failed) {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, "no replica is left"));
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
