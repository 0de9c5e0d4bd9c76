//! A replica's side of the link to its primary, from the first PING until the stream flows.
//!
//! The owner brings the socket: it connects when [`Link::is_due`] says so, hands every byte to [`Link::receive`]
//! until the link is [`Online`](Phase::Online), and does what the events ask for. From then on the bytes are the
//! stream's, and the owner executes them. A link that fails is dropped as a whole; the next one asks the primary
//! to go on where the data set is.

use thiserror::Error;

use super::history::ReplicationId;
use crate::resp::push_request;
use crate::util::number::parse_i64;

/// The longest line of a handshake.
const LINE_BYTES_MAX: usize = 1024;
/// The mark behind a snapshot whose size is not known beforehand.
const MARK_BYTES: usize = 40;
/// After a failure the next attempt waits this long.
const RETRY_MS: i64 = 1000;
/// While loading, the primary is told this often that we are alive.
const SIGN_OF_LIFE_MS: i64 = 1000;

/// How a replica introduces itself.
#[derive(Debug, Clone, Default)]
pub struct Introduction {
    pub user: Option<String>,
    pub password: Option<Vec<u8>>,
    pub port: u16,
    pub announced_ip: Option<String>,
    /// The other end is our replica, and is to become our primary.
    pub hands_over: bool,
}

/// Where the data set is, if it is a point of a stream at all.
pub type Resume = Option<(ReplicationId, u64)>;

/// How far the link is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Waits for its time.
    Waits,
    Connecting,
    Handshake,
    /// PSYNC is answered; the snapshot has not begun.
    AwaitsSnapshot,
    /// The snapshot arrives.
    Transfer,
    /// The snapshot is there; the owner loads it.
    Loading,
    Online,
}

/// What the owner has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'b> {
    Send(Vec<u8>),
    /// The primary sends everything: the data set will be this point of this stream.
    FullSync {
        id: ReplicationId,
        offset: u64,
    },
    /// The same from one that knows no streams.
    FullSyncWithoutHistory,
    /// The stream goes on where the data set is, under another id if there is one. What follows in the input is
    /// the stream's.
    Continue {
        id: Option<ReplicationId>,
    },
    /// The snapshot begins; its size, if that is known.
    Snapshot {
        bytes: Option<u64>,
    },
    /// A part of the snapshot.
    Payload(&'b [u8]),
    /// The snapshot is complete; its last `mark_bytes` are none of it.
    SnapshotEnd {
        mark_bytes: u64,
    },
}

/// Why a link ends. The text is for the log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    #[error("Error reply to PING from master: '{0}'")]
    Ping(String),
    #[error("Unable to AUTH to MASTER: {0}")]
    Auth(String),
    #[error("Master is currently unable to PSYNC but should be in the future: {0}")]
    NotNow(String),
    #[error("Failover target rejected psync request")]
    HandOverRejected,
    #[error("Bad protocol from MASTER: {0}")]
    Garbage(String),
    #[error("MASTER aborted replication with an error: {0}")]
    Aborted(String),
    #[error("Timeout connecting to the MASTER...")]
    HandshakeTimeout,
    #[error(
        "Timeout receiving bulk data from MASTER... If the problem persists try to set the 'repl-timeout' parameter in redis.conf to a larger value."
    )]
    TransferTimeout,
    #[error("MASTER timeout: no data nor PING received...")]
    StreamTimeout,
}

/// The requests of the handshake, in order; each waits for its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Ping,
    Auth,
    Port,
    Ip,
    Capabilities,
    Psync,
}

#[derive(Debug)]
enum State {
    Waits {
        due_ms: i64,
    },
    Connecting,
    Handshake(Step),
    /// `$<bytes>` or `$EOF:<mark>` is to come.
    Header,
    Sized {
        left: u64,
    },
    Marked {
        mark: [u8; MARK_BYTES],
        tail: Vec<u8>,
    },
    Loading {
        told_ms: i64,
    },
    Online,
}

/// See the module's page.
#[derive(Debug)]
pub struct Link {
    state: State,
    introduction: Introduction,
    resume: Resume,
    /// A line that has not ended yet.
    line: Vec<u8>,
    /// When anything came last.
    heard_ms: i64,
    timeout_ms: i64,
    received_bytes: u64,
    total_bytes: Option<u64>,
}

impl Link {
    /// A link that is due at once.
    pub fn new(introduction: Introduction, resume: Resume, timeout_s: u32, now_ms: i64) -> Self {
        Self {
            state: State::Waits { due_ms: now_ms },
            introduction,
            resume,
            line: Vec::new(),
            heard_ms: now_ms,
            timeout_ms: i64::from(timeout_s) * 1000,
            received_bytes: 0,
            total_bytes: None,
        }
    }

    /// The same, due after a pause: the last one failed.
    #[must_use]
    pub fn after_failure(mut self) -> Self {
        if let State::Waits { due_ms } = &mut self.state {
            *due_ms = due_ms.saturating_add(RETRY_MS);
        }
        self
    }

    pub fn phase(&self) -> Phase {
        match &self.state {
            State::Waits { .. } => Phase::Waits,
            State::Connecting => Phase::Connecting,
            State::Handshake(_) => Phase::Handshake,
            State::Header => Phase::AwaitsSnapshot,
            State::Sized { .. } | State::Marked { .. } => Phase::Transfer,
            State::Loading { .. } => Phase::Loading,
            State::Online => Phase::Online,
        }
    }

    /// Whether the owner is to connect now.
    pub fn is_due(&self, now_ms: i64) -> bool {
        matches!(self.state, State::Waits { due_ms } if due_ms <= now_ms)
    }

    /// Bytes of the snapshot that have arrived, and how many there will be.
    pub fn progress(&self) -> (u64, Option<u64>) {
        (self.received_bytes, self.total_bytes)
    }

    /// When anything came last.
    pub fn heard_ms(&self) -> i64 {
        self.heard_ms
    }

    /// `repl-timeout` has changed.
    pub fn set_timeout(&mut self, timeout_s: u32) {
        self.timeout_ms = i64::from(timeout_s) * 1000;
    }

    /// Something came over an online link.
    pub fn heard(&mut self, now_ms: i64) {
        self.heard_ms = now_ms;
    }

    /// The owner has begun to connect.
    pub fn connecting(&mut self, now_ms: i64) {
        self.heard_ms = now_ms;
        self.state = State::Connecting;
    }

    /// The connection is there: the first bytes to send.
    pub fn connected(&mut self, now_ms: i64) -> Vec<u8> {
        self.heard_ms = now_ms;
        self.state = State::Handshake(Step::Ping);
        self.request_of(Step::Ping)
    }

    /// The snapshot is loaded: the bytes that tell the primary so.
    pub fn loaded(&mut self, offset: u64, now_ms: i64) -> Vec<u8> {
        self.heard_ms = now_ms;
        self.state = State::Online;
        acknowledgement(offset, None)
    }

    /// What time asks for: a sign of life, or the end.
    pub fn tick(&mut self, now_ms: i64) -> Result<Option<Vec<u8>>, Failure> {
        let is_late = now_ms - self.heard_ms > self.timeout_ms;
        match &mut self.state {
            State::Waits { .. } => Ok(None),
            State::Connecting | State::Handshake(_) | State::Header if is_late => {
                Err(Failure::HandshakeTimeout)
            }
            State::Sized { .. } | State::Marked { .. } if is_late => Err(Failure::TransferTimeout),
            State::Online if is_late => Err(Failure::StreamTimeout),
            State::Loading { told_ms } if now_ms - *told_ms >= SIGN_OF_LIFE_MS => {
                *told_ms = now_ms;
                Ok(Some(b"\n".to_vec()))
            }
            _ => Ok(None),
        }
    }

    /// Takes what it can from the front of `input` and says what that means; `None` once all of it is taken, or the
    /// rest is none of the link's business (while loading, and online).
    pub fn receive<'b>(&mut self, input: &mut &'b [u8], now_ms: i64) -> Result<Option<Event<'b>>, Failure> {
        if !input.is_empty() {
            self.heard_ms = now_ms;
        }
        loop {
            match &self.state {
                State::Waits { .. } | State::Connecting | State::Loading { .. } | State::Online => {
                    return Ok(None);
                }
                State::Handshake(_) | State::Header => {
                    let Some(line) = self.take_line(input)? else { return Ok(None) };
                    if let Some(event) = self.understand(&line, now_ms)? {
                        return Ok(Some(event));
                    }
                }
                State::Sized { .. } | State::Marked { .. } => return Ok(self.take_payload(input, now_ms)),
            }
        }
    }

    /// The next line, without its end; `None` while it has not ended.
    fn take_line(&mut self, input: &mut &[u8]) -> Result<Option<Vec<u8>>, Failure> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (now, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
        if self.line.len() + now.len() > LINE_BYTES_MAX {
            self.line.extend_from_slice(now.get(..LINE_BYTES_MAX - self.line.len()).unwrap_or_default());
            return Err(Failure::Garbage(shown(&self.line)));
        }
        self.line.extend_from_slice(now);
        *input = rest;
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn understand<'b>(&mut self, line: &[u8], now_ms: i64) -> Result<Option<Event<'b>>, Failure> {
        match self.state {
            // The primary says that it is alive while it prepares the answer.
            State::Handshake(Step::Psync) | State::Header if line.is_empty() => Ok(None),
            State::Handshake(Step::Psync) => self.answer_to_psync(line),
            State::Handshake(step) => self.answer(step, line).map(Some),
            _ => self.header(line, now_ms).map(Some),
        }
    }

    fn answer<'b>(&mut self, step: Step, line: &[u8]) -> Result<Event<'b>, Failure> {
        let is_error = line.first() == Some(&b'-');
        match step {
            // Who wants a password says so already here.
            Step::Ping
                if line.first() != Some(&b'+')
                    && !line.starts_with(b"-NOAUTH")
                    && !line.starts_with(b"-NOPERM")
                    && !line.starts_with(b"-ERR operation not permitted") =>
            {
                return Err(Failure::Ping(shown(line)));
            }
            Step::Ping => log::info!("Master replied to PING, replication can continue..."),
            Step::Auth if is_error => return Err(Failure::Auth(shown(line))),
            Step::Port if is_error => refused("listening-port", line),
            Step::Ip if is_error => refused("ip-address", line),
            Step::Capabilities if is_error => refused("capa", line),
            _ => {}
        }
        let next = self.after(step);
        self.state = State::Handshake(next);
        if next == Step::Psync {
            match self.resume {
                Some((id, offset)) => {
                    log::info!("Trying a partial resynchronization (request {id}:{}).", offset + 1);
                }
                None => log::info!("Partial resynchronization not possible (no cached master)"),
            }
        }
        Ok(Event::Send(self.request_of(next)))
    }

    /// Steps without anything to say are left out.
    fn after(&self, step: Step) -> Step {
        match step {
            Step::Ping if self.introduction.password.is_some() => Step::Auth,
            Step::Ping | Step::Auth => Step::Port,
            Step::Port if self.introduction.announced_ip.is_some() => Step::Ip,
            Step::Port | Step::Ip => Step::Capabilities,
            Step::Capabilities | Step::Psync => Step::Psync,
        }
    }

    fn request_of(&self, step: Step) -> Vec<u8> {
        let introduction = &self.introduction;
        let port = introduction.port.to_string();
        match step {
            Step::Ping => request(&[b"PING"]),
            Step::Auth => {
                let password = introduction.password.as_deref().unwrap_or_default();
                match &introduction.user {
                    Some(user) => request(&[b"AUTH", user.as_bytes(), password]),
                    None => request(&[b"AUTH", password]),
                }
            }
            Step::Port => request(&[b"REPLCONF", b"listening-port", port.as_bytes()]),
            Step::Ip => {
                let ip = introduction.announced_ip.as_deref().unwrap_or_default();
                request(&[b"REPLCONF", b"ip-address", ip.as_bytes()])
            }
            Step::Capabilities => request(&[b"REPLCONF", b"capa", b"eof", b"capa", b"psync2"]),
            Step::Psync => match self.resume {
                Some((id, offset)) => {
                    let next = (offset + 1).to_string();
                    let words: &[&[u8]] = &[b"PSYNC", id.as_bytes(), next.as_bytes(), b"FAILOVER"];
                    request(words.get(..if introduction.hands_over { 4 } else { 3 }).unwrap_or_default())
                }
                None => request(&[b"PSYNC", b"?", b"-1"]),
            },
        }
    }

    fn answer_to_psync<'b>(&mut self, line: &[u8]) -> Result<Option<Event<'b>>, Failure> {
        if let Some(words) = line.strip_prefix(b"+FULLRESYNC") {
            let mut words = words.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
            let id = words.next().and_then(ReplicationId::parse);
            let offset = words.next().and_then(parse_i64).and_then(|offset| u64::try_from(offset).ok());
            let (Some(id), Some(offset)) = (id, offset) else { return Err(Failure::Garbage(shown(line))) };
            log::info!("Full resync from master: {id}:{offset}");
            self.state = State::Header;
            return Ok(Some(Event::FullSync { id, offset }));
        }
        if let Some(rest) = line.strip_prefix(b"+CONTINUE") {
            if self.resume.is_none() {
                return Err(Failure::Garbage(shown(line)));
            }
            log::info!("Successful partial resynchronization with master.");
            self.state = State::Online;
            return Ok(Some(Event::Continue { id: ReplicationId::parse(rest.trim_ascii()) }));
        }
        if self.introduction.hands_over {
            return Err(Failure::HandOverRejected);
        }
        if line.starts_with(b"-NOMASTERLINK") || line.starts_with(b"-LOADING") {
            return Err(Failure::NotNow(shown(line)));
        }
        if line.starts_with(b"-ERR") {
            log::info!("Master does not support PSYNC or is in error state (reply: {})", shown(line));
            log::info!("Retrying with SYNC...");
        } else {
            log::warn!("Unexpected reply to PSYNC from master: {}", shown(line));
        }
        self.state = State::Header;
        self.resume = None;
        Ok(Some(Event::FullSyncWithoutHistory))
    }

    /// The request that follows [`Event::FullSyncWithoutHistory`].
    pub fn plain_sync() -> &'static [u8] {
        b"SYNC\r\n"
    }

    fn header<'b>(&mut self, line: &[u8], now_ms: i64) -> Result<Event<'b>, Failure> {
        if line.first() == Some(&b'-') {
            return Err(Failure::Aborted(shown(line)));
        }
        let garbage = || Failure::Garbage(shown(line));
        let size = line.strip_prefix(b"$").ok_or_else(garbage)?;
        self.received_bytes = 0;
        self.heard_ms = now_ms;
        if let Some(mark) = size.strip_prefix(b"EOF:") {
            let mark = mark.try_into().map_err(|_| garbage())?;
            self.total_bytes = None;
            self.state = State::Marked { mark, tail: Vec::new() };
            return Ok(Event::Snapshot { bytes: None });
        }
        let bytes = parse_i64(size).and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(garbage)?;
        self.total_bytes = Some(bytes);
        self.state = State::Sized { left: bytes };
        Ok(Event::Snapshot { bytes: Some(bytes) })
    }

    fn take_payload<'b>(&mut self, input: &mut &'b [u8], now_ms: i64) -> Option<Event<'b>> {
        let is_complete = match &mut self.state {
            State::Sized { left } => *left == 0,
            State::Marked { mark, tail } => tail == mark,
            _ => false,
        };
        if is_complete {
            let mark_bytes = if self.total_bytes.is_none() { MARK_BYTES as u64 } else { 0 };
            self.state = State::Loading { told_ms: now_ms };
            return Some(Event::SnapshotEnd { mark_bytes });
        }
        if input.is_empty() {
            return None;
        }
        let taken = match &mut self.state {
            State::Sized { left } => {
                let share = usize::try_from(*left).map_or(input.len(), |left| left.min(input.len()));
                let (now, rest) = input.split_at(share);
                *left -= share as u64;
                *input = rest;
                now
            }
            State::Marked { tail, .. } => {
                // Nothing follows the mark before we have answered: it ends the input, or is not there yet.
                let now = std::mem::take(input);
                tail.extend_from_slice(now.get(now.len().saturating_sub(MARK_BYTES)..).unwrap_or_default());
                tail.drain(..tail.len().saturating_sub(MARK_BYTES));
                now
            }
            _ => return None,
        };
        self.received_bytes += taken.len() as u64;
        Some(Event::Payload(taken))
    }
}

/// What tells a primary how far we are, and up to where our append-only file, if there is one, is synced.
pub fn acknowledgement(offset: u64, synced: Option<u64>) -> Vec<u8> {
    let offset = offset.to_string();
    match synced.map(|synced| synced.to_string()) {
        None => request(&[b"REPLCONF", b"ACK", offset.as_bytes()]),
        Some(synced) => request(&[b"REPLCONF", b"ACK", offset.as_bytes(), b"FACK", synced.as_bytes()]),
    }
}

fn refused(option: &str, line: &[u8]) {
    log::info!("(Non critical) Master does not understand REPLCONF {option}: {}", shown(line));
}

fn request(words: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_request(&mut bytes, words.iter().copied());
    bytes
}

/// A peer's line as text for the log.
fn shown(line: &[u8]) -> String {
    const SHOWN_BYTES_MAX: usize = 128;
    let start = line.get(..SHOWN_BYTES_MAX).unwrap_or(line);
    start.escape_ascii().to_string()
}
