//! What MIGRATE says to its target over one connection: AUTH and SELECT where they are needed, then the keys as
//! requests that the target answers with a line each.
//!
//! AUTH and SELECT are answered before the keys are sent. Redis sends everything at once, so that the keys for a database
//! that the target does not have replace those of another one. And only a status means that a key has
//! arrived: Redis takes whatever is no error for one, and deletes its own, also if it was a web server that replied.

use std::io;
use std::time::Duration;

use memchr::memchr;
use thiserror::Error;

use crate::resp::push_request;
use crate::sys::clock;

/// The longest line that a target may answer; no server says more.
const LINE_BYTES_MAX: usize = 4096;
const RECEIVE_BYTES: usize = 4096;

/// The other end of a connection, which is waited for, but not beyond a limit.
pub trait Peer {
    /// Sends all of it; the limit is for every bit of progress.
    fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()>;

    /// Receives at least a byte, or nothing at the end.
    fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize>;
}

/// Keys for a target.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    pub host: &'a [u8],
    pub port: &'a [u8],
    /// How long to wait for any progress.
    pub limit: Duration,
    /// The arguments of AUTH, its name included; none: it is not sent.
    pub auth: &'a [&'a [u8]],
    pub db: i64,
    /// The requests, one behind the other.
    pub requests: &'a [u8],
    /// How many they are.
    pub count: usize,
}

/// Why not all keys have arrived.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DeliveryError {
    #[error("the target is unknown")]
    UnknownHost,
    #[error("the target took nothing")]
    NotWritten,
    #[error("the target did not reply")]
    NotRead,
    /// What it said, without the sign of an error.
    #[error("the target refused: {0}")]
    Refused(String),
}

/// A connection to a target.
pub struct Conversation {
    peer: Box<dyn Peer>,
    /// What has arrived of replies.
    input: Vec<u8>,
    /// The database that is selected there, if it is known.
    db: Option<i64>,
    /// What has put an end to it.
    failure: Option<io::ErrorKind>,
    /// It has answered something to the present delivery.
    has_answered: bool,
}

impl Conversation {
    pub fn new(peer: Box<dyn Peer>) -> Self {
        Self { peer, input: Vec::new(), db: None, failure: None, has_answered: false }
    }

    /// Delivers, and tells which of the requests were accepted, by their number. Where several are refused,
    /// the first refusal is the error.
    pub fn deliver(
        &mut self,
        delivery: &Delivery<'_>,
        accepted: impl FnMut(usize),
    ) -> Result<(), DeliveryError> {
        self.has_answered = false;
        self.greet(delivery)?;
        self.send(delivery.requests, delivery.limit)?;
        self.replies(delivery.count, delivery.limit, accepted)
    }

    /// Whether more can be said over the connection.
    pub fn is_usable(&self) -> bool {
        self.failure.is_none() && self.input.is_empty()
    }

    /// Whether it was closed before the present delivery had any effect that we know of.
    pub fn was_dead(&self) -> bool {
        self.failure.is_some_and(|kind| kind != io::ErrorKind::TimedOut) && !self.has_answered
    }

    fn greet(&mut self, delivery: &Delivery<'_>) -> Result<(), DeliveryError> {
        let mut greeting = Vec::new();
        let mut count = 0;
        if !delivery.auth.is_empty() {
            push_request(&mut greeting, delivery.auth.iter().copied());
            count += 1;
        }
        let selects = self.db != Some(delivery.db);
        if selects {
            let mut digits = itoa::Buffer::new();
            let db = digits.format(delivery.db).as_bytes();
            push_request(&mut greeting, [&b"SELECT"[..], db].into_iter());
            count += 1;
            self.db = None;
        }
        if count == 0 {
            return Ok(());
        }
        self.send(&greeting, delivery.limit)?;
        let mut is_selected = !selects;
        let greeted = self.replies(count, delivery.limit, |index| is_selected |= index + 1 == count);
        self.db = is_selected.then_some(delivery.db);
        greeted
    }

    fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), DeliveryError> {
        self.peer.send(bytes, limit).map_err(|error| {
            self.failure = Some(error.kind());
            DeliveryError::NotWritten
        })
    }

    fn replies(
        &mut self,
        count: usize,
        limit: Duration,
        mut accepted: impl FnMut(usize),
    ) -> Result<(), DeliveryError> {
        let mut refusal = None;
        for index in 0..count {
            match self.reply(limit) {
                Ok(None) => accepted(index),
                Ok(Some(text)) => {
                    refusal.get_or_insert(DeliveryError::Refused(text));
                }
                Err(error) => {
                    self.failure = Some(error.kind());
                    refusal.get_or_insert(DeliveryError::NotRead);
                    break;
                }
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// The next reply: nothing if it is a status, and the text of an error.
    fn reply(&mut self, limit: Duration) -> io::Result<Option<String>> {
        let line = self.line(limit)?;
        match line.split_first() {
            Some((b'+', _)) => Ok(None),
            Some((b'-', text)) => Ok(Some(String::from_utf8_lossy(text).into_owned())),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// The next line without its end, all of it within the limit.
    fn line(&mut self, limit: Duration) -> io::Result<Vec<u8>> {
        let limit_us = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
        let until_us = clock::now_us().saturating_add(limit_us);
        loop {
            if let Some(end) = memchr(b'\n', &self.input) {
                let mut line: Vec<u8> = self.input.drain(..=end).collect();
                line.truncate(end);
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                self.has_answered = true;
                return Ok(line);
            }
            if self.input.len() > LINE_BYTES_MAX {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let left = Duration::from_micros(until_us.saturating_sub(clock::now_us()));
            let mut buffer = [0; RECEIVE_BYTES];
            match self.peer.receive(&mut buffer, left)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                count => self.input.extend_from_slice(buffer.get(..count).unwrap_or_default()),
            }
        }
    }
}
