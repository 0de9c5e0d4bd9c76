//! The socket to the primary that this server follows: from the attempt to connect until the stream flows, when it
//! becomes the connection of a client. What is said is the business of [`Link`]; here it is connected, sent and
//! received. What becomes of a snapshot is in `full_sync`.

use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;

use mio::Interest;
use mio::event::Source as _;
use mio::net::TcpStream;

use super::event_loop::{PRIMARY, Server, client_token};
use super::full_sync::SnapshotFile;
use crate::engine::{Client, Session};
use crate::net::{Connection, Stream, address_text, resolve, tune};
use crate::repl::{Event, Failure, Link, Phase, acknowledgement};
use crate::resp::{Protocol, Reply};
use crate::sys::files::error_text;

/// Reads of the link before others get their turn.
const READS_PER_TURN_MAX: usize = 64;

/// The socket of a link that is not online.
#[derive(Default)]
pub struct PrimaryLink {
    socket: Option<TcpStream>,
    /// Which of the engine's links it belongs to.
    generation: u64,
    /// It may hold bytes that no event will announce again.
    is_readable: bool,
    /// What the socket did not take.
    pub(super) unsent: Vec<u8>,
    /// Bytes of the stream that arrived with the answer to PSYNC.
    rest: Vec<u8>,
    pub(super) snapshot: Option<SnapshotFile>,
}

/// Why the link is given up. The text is for the log.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("{0}")]
    Protocol(#[from] Failure),
    #[error("Unable to connect to MASTER: {}", error_text(.0))]
    Connect(io::Error),
    #[error("I/O error on the link to MASTER: {}", error_text(.0))]
    Socket(io::Error),
    #[error("Connection with master lost during the synchronization")]
    Closed,
    #[error("Write error or short write writing to the DB dump file needed for MASTER <-> REPLICA synchronization: {}", error_text(.0))]
    File(io::Error),
    #[error("Failed trying to load the MASTER synchronization DB from {from}, check server logs. ({reason})")]
    Load { from: &'static str, reason: String },
}

impl Server {
    /// Once a turn: connects if it is time, and goes on with what was left over.
    pub(super) fn drive_primary_link(&mut self) {
        self.drop_stale_socket();
        let now_ms = self.engine.clock.unix_ms();
        let is_loading = self.engine.snapshots.is_loading();
        let Some(primary) = &mut self.engine.replication.primary else { return };
        if !is_loading && self.primary_link.socket.is_none() && primary.link.is_due(now_ms) {
            primary.link.connecting(now_ms);
            let address = primary.address.clone();
            log::info!("Connecting to MASTER {}:{}", address.host, address.port);
            let connected = self.connect(&address.host, address.port);
            match connected {
                Ok(()) => log::info!("MASTER <-> REPLICA sync started"),
                Err(error) => self.fail_primary_link(&LinkError::Connect(error)),
            }
        }
        if self.primary_link.is_readable {
            self.read_primary_link();
        }
    }

    /// Whether the next poll must not wait for the link's sake.
    pub(super) fn primary_link_goes_on(&self) -> bool {
        let now_ms = self.engine.clock.unix_ms();
        let primary = self.engine.replication.primary.as_ref();
        let is_due = || primary.is_some_and(|primary| primary.link.is_due(now_ms));
        self.takes_link_bytes() && self.primary_link.is_readable
            || !self.engine.snapshots.is_loading() && is_due()
    }

    /// Whether what the primary sends is welcome now: while a data set is loaded, only if it is that one.
    fn takes_link_bytes(&self) -> bool {
        match &self.engine.snapshots.loading {
            Some(loading) => loading.wants_more(),
            None => !self.engine.snapshots.is_loading(),
        }
    }

    fn connect(&mut self, host: &str, port: u16) -> io::Result<()> {
        let mut socket = TcpStream::connect(resolve(host, port)?)?;
        socket.register(self.poll.registry(), PRIMARY, Interest::READABLE | Interest::WRITABLE)?;
        self.primary_link = PrimaryLink {
            socket: Some(socket),
            generation: self.engine.replication.link_generation,
            ..PrimaryLink::default()
        };
        Ok(())
    }

    /// REPLICAOF has begun another link meanwhile, or ended it.
    fn drop_stale_socket(&mut self) {
        if self.primary_link.socket.is_some()
            && self.primary_link.generation != self.engine.replication.link_generation
        {
            self.close_primary_link();
        }
    }

    /// An event for the socket.
    pub(super) fn on_primary_link(&mut self) {
        self.drop_stale_socket();
        let Some(socket) = &self.primary_link.socket else { return };
        let now_ms = self.engine.clock.unix_ms();
        let Some(primary) = &mut self.engine.replication.primary else { return };
        if primary.link.phase() == Phase::Connecting {
            match socket.take_error().and_then(|error| error.map_or(Ok(()), Err)) {
                Err(error) => return self.fail_primary_link(&LinkError::Connect(error)),
                // Not there yet.
                Ok(()) if socket.peer_addr().is_err() => return,
                Ok(()) => {}
            }
            log::info!("Non blocking connect for SYNC fired the event.");
            let greeting = primary.link.connected(now_ms);
            self.primary_link.unsent.extend_from_slice(&greeting);
        }
        if let Err(error) = self.primary_link.flush() {
            return self.fail_primary_link(&LinkError::Socket(error));
        }
        self.primary_link.is_readable = true;
        self.read_primary_link();
    }

    fn read_primary_link(&mut self) {
        let mut buffer = std::mem::take(&mut self.read_buffer);
        let mut outcome = Ok(());
        for _ in 0..READS_PER_TURN_MAX {
            if !self.primary_link.is_readable || !self.takes_link_bytes() || outcome.is_err() {
                break;
            }
            outcome = self.read_once(&mut buffer);
        }
        self.read_buffer = buffer;
        if let Err(error) = outcome {
            self.fail_primary_link(&error);
        }
    }

    fn read_once(&mut self, buffer: &mut [u8]) -> Result<(), LinkError> {
        let Some(socket) = &mut self.primary_link.socket else {
            self.primary_link.is_readable = false;
            return Ok(());
        };
        match socket.read(buffer) {
            Ok(0) => Err(LinkError::Closed),
            Ok(count) => {
                self.engine.stats.replication_input_bytes += count as u64;
                self.on_link_bytes(buffer.get(..count).unwrap_or_default())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.primary_link.is_readable = false;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(error) => Err(LinkError::Socket(error)),
        }
    }

    fn on_link_bytes(&mut self, mut input: &[u8]) -> Result<(), LinkError> {
        let now_ms = self.engine.clock.unix_ms();
        loop {
            let Some(primary) = &mut self.engine.replication.primary else { return Ok(()) };
            let Some(event) = primary.link.receive(&mut input, now_ms)? else { break };
            self.on_link_event(event)?;
        }
        self.primary_link.rest.extend_from_slice(input);
        let is_online = self.engine.replication.is_linked();
        if is_online { self.hand_over_to_client() } else { Ok(()) }
    }

    fn on_link_event(&mut self, event: Event<'_>) -> Result<(), LinkError> {
        match event {
            Event::Send(bytes) => self.send_to_primary(&bytes)?,
            Event::FullSync { id, offset } => self.engine.begin_full_sync(Some((id, offset))),
            Event::FullSyncWithoutHistory => {
                self.engine.begin_full_sync(None);
                self.send_to_primary(Link::plain_sync())?;
            }
            Event::Continue { id } => self.engine.continue_stream(id),
            Event::Snapshot { bytes } => self.begin_snapshot(bytes)?,
            Event::Payload(bytes) => self.take_payload(bytes)?,
            Event::SnapshotEnd { mark_bytes } => self.end_snapshot(mark_bytes)?,
        }
        Ok(())
    }

    fn send_to_primary(&mut self, bytes: &[u8]) -> Result<(), LinkError> {
        self.primary_link.unsent.extend_from_slice(bytes);
        self.primary_link.flush().map_err(LinkError::Socket)
    }

    /// The stream flows: the socket becomes a client's, which executes it.
    pub(super) fn hand_over_to_client(&mut self) -> Result<(), LinkError> {
        let Some(mut socket) = self.primary_link.socket.take() else { return Ok(()) };
        socket.deregister(self.poll.registry()).map_err(LinkError::Socket)?;
        let addresses = socket.peer_addr().and_then(|peer| Ok((peer, socket.local_addr()?)));
        let (peer, local) = addresses.map_err(LinkError::Socket)?;
        let descriptor = socket.as_raw_fd();
        let stream = Stream::Tcp(socket);
        if let Err(error) = tune(&stream, self.engine.config.network.tcp_keepalive_seconds) {
            log::debug!("Setting options of the primary's socket: {error}");
        }
        let PrimaryLink { unsent, rest, .. } = std::mem::take(&mut self.primary_link);
        let clients = &mut self.engine.clients;
        let mut session = Session::new(clients.allocate_id(), self.engine.clock.unix_ms());
        session.peer = address_text(peer);
        session.local = address_text(local);
        session.descriptor = descriptor;
        session.authenticated = true;
        session.is_primary = true;
        let id = session.id;
        let mut reply = Reply::new(Protocol::Resp2);
        reply.output.push(&unsent);
        let slot = clients.insert(Client { session, reply });
        let registered = Connection::new(stream, self.poll.registry(), client_token(slot));
        let mut connection = match registered {
            Ok(connection) => connection,
            Err(error) => {
                self.engine.clients.remove(id);
                return Err(LinkError::Socket(error));
            }
        };
        connection.input.buffer = rest;
        if self.connections.len() <= slot {
            self.connections.resize_with(slot + 1, || None);
        }
        self.connections[slot] = Some(connection);
        self.engine.primary_online(id);
        self.engine.clients.note_unsent(slot);
        self.execute_arrived(slot);
        Ok(())
    }

    /// Once a second: signs of life, and the end of those who show none.
    pub(super) fn tick_primary_link(&mut self) {
        self.drop_stale_socket();
        let now_ms = self.engine.clock.unix_ms();
        let offset = self.engine.replication.offset();
        let timeout_s = self.engine.config.replication.timeout_seconds;
        let Some(primary) = &mut self.engine.replication.primary else { return };
        primary.link.set_timeout(timeout_s);
        let client = primary.client;
        let sign_of_life = match (primary.link.tick(now_ms), client) {
            (Err(failure), Some(client)) => {
                log::warn!("{failure}");
                self.engine.clients.close(client);
                return;
            }
            (Err(failure), None) => return self.fail_primary_link(&failure.into()),
            (Ok(sign), _) => sign,
        };
        if let Some(client) = client {
            let synced = self.engine.aof.synced_offset();
            self.engine.clients.send(client, |reply| reply.output.push(&acknowledgement(offset, synced)));
        } else if let Some(bytes) = sign_of_life
            && let Err(error) = self.send_to_primary(&bytes)
        {
            self.fail_primary_link(&error);
        }
    }

    pub(super) fn fail_primary_link(&mut self, error: &LinkError) {
        self.close_primary_link();
        if matches!(error, LinkError::Protocol(Failure::HandOverRejected)) {
            // Which says so.
            self.engine.abort_failover("Failover target rejected psync request");
        } else {
            log::warn!("{error}");
        }
        self.engine.renew_link(true);
    }

    fn close_primary_link(&mut self) {
        let link = std::mem::take(&mut self.primary_link);
        if let Some(mut socket) = link.socket
            && let Err(error) = socket.deregister(self.poll.registry())
        {
            log::debug!("Deregistering the primary's socket: {error}");
        }
        self.abandon_snapshot(link.snapshot);
    }
}

impl PrimaryLink {
    /// Sends as much as the socket takes; the rest goes with the next event.
    fn flush(&mut self) -> io::Result<()> {
        let Some(socket) = &mut self.socket else { return Ok(()) };
        while !self.unsent.is_empty() {
            match socket.write(&self.unsent) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
