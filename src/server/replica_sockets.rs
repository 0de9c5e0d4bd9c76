//! The sockets of several replicas as one stream, for the child that writes their snapshot. A replica that fails is
//! given up without the others. For one that does not read all wait; the parent is told, and hangs up when it has
//! been patient for long enough.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::engine::ClientId;
use crate::net::{Connection, Stream};
use crate::sys::clock;
use crate::sys::files::error_text;

/// The child tells the parent this often that it waits.
const REPORT_PERIOD: Duration = Duration::from_millis(500);

/// Numbers in a report: the replica, and for how many microseconds it has taken nothing.
const REPORT_BYTES: usize = 16;

/// The parent's end of the reports.
#[derive(Debug)]
pub struct StallReports(UnixDatagram);

impl StallReports {
    /// A replica that takes nothing, and for how many microseconds that has been so.
    pub fn next(&self) -> Option<(ClientId, u64)> {
        let mut report = [0; REPORT_BYTES];
        let received = self.0.recv(&mut report).ok()?;
        let (client, stalled_us) = report.get(..received)?.split_first_chunk()?;
        Some((u64::from_le_bytes(*client), u64::from_le_bytes(*stalled_us.first_chunk()?)))
    }
}

/// See the module's page.
#[derive(Debug)]
pub struct ReplicaSockets {
    sockets: Vec<ReplicaSocket>,
    reports: UnixDatagram,
    /// The child's own: the parent's is not to be touched.
    poll: Option<Poll>,
}

#[derive(Debug)]
struct ReplicaSocket {
    socket: Socket,
    client: ClientId,
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
    /// None yet, and the other end of what they will report, which the child must not keep.
    pub fn new() -> io::Result<(Self, StallReports)> {
        let (receiver, reports) = UnixDatagram::pair()?;
        receiver.set_nonblocking(true)?;
        reports.set_nonblocking(true)?;
        Ok((Self { sockets: Vec::new(), reports, poll: None }, StallReports(receiver)))
    }

    /// Adds a replica; `greeting` is what it is sent first.
    pub fn add(&mut self, connection: &Connection, client: ClientId, greeting: &str) -> io::Result<()> {
        let descriptor: OwnedFd = connection.duplicate()?;
        let socket = match connection.stream() {
            Stream::Tcp(_) => Socket::Tcp(descriptor.into()),
            Stream::Unix(_) => Socket::Unix(descriptor.into()),
        };
        self.sockets.push(ReplicaSocket {
            socket,
            client,
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
            let reason = error_text(&error);
            log::warn!("Diskless rdb transfer, write error sending DB to replica: {reason}");
            let replica = &mut self.sockets[index];
            replica.has_failed = true;
            // The parent and the replica see that nothing more will come.
            if let Err(error) = replica.socket.shut_down() {
                log::debug!("Shutting a replica's socket down: {error}");
            }
        }
    }

    fn try_write_to(&mut self, index: usize, mut bytes: &[u8]) -> io::Result<()> {
        let mut since_us = clock::now_us();
        while !bytes.is_empty() {
            match self.sockets[index].socket.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => {
                    bytes = bytes.get(sent..).unwrap_or_default();
                    since_us = clock::now_us();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(index, since_us)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Until some socket takes more, or it is time to tell the parent of one that does not.
    fn wait(&mut self, index: usize, since_us: u64) -> io::Result<()> {
        let poll = self.poll.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        let mut events = Events::with_capacity(16);
        match poll.poll(&mut events, Some(REPORT_PERIOD)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => {}
        }
        let stalled_us = clock::now_us().saturating_sub(since_us);
        if stalled_us < REPORT_PERIOD.as_micros() as u64 {
            return Ok(());
        }
        let client = self.sockets[index].client;
        let report = [client.to_le_bytes(), stalled_us.to_le_bytes()].concat();
        match self.reports.send(&report) {
            // The parent is busy; the next one will do.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
            // It is gone.
            Err(error) => Err(error),
            Ok(_) => Ok(()),
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
