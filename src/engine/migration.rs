//! MIGRATE's way to other servers: connections, kept for a while for the next time.
//!
//! A delivery blocks the server, as it does in Redis: between the moment in which a key is dumped and the one in which
//! the target has said whether it has it, nothing may happen to the key here, and no client may find it in
//! neither place or, without COPY, go on with what is about to be deleted. Each wait ends at the command's timeout.
//!
//! No sockets here: the server lends them through [`Dial`].

use std::time::Duration;

use super::apply::NoSockets;
use super::delivery::{Conversation, Delivery, DeliveryError, Peer};

/// So many connections are kept.
const KEPT_MAX: usize = 64;
/// So long they are kept without use.
const IDLE_MS_MAX: i64 = 10_000;

/// Connects to other servers.
pub trait Dial {
    fn dial(&mut self, host: &str, port: u16, limit: Duration) -> Result<Box<dyn Peer>, DialError>;
}

/// Why there is no connection. The reason is logged by the callee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialError {
    UnknownHost,
    NotConnected,
}

impl Dial for NoSockets {
    fn dial(&mut self, _: &str, _: u16, _: Duration) -> Result<Box<dyn Peer>, DialError> {
        Err(DialError::NotConnected)
    }
}

/// The connections to targets.
pub struct Migration {
    dialer: Box<dyn Dial>,
    /// The one used last is last.
    kept: Vec<Kept>,
}

struct Kept {
    host: Vec<u8>,
    port: Vec<u8>,
    used_ms: i64,
    conversation: Conversation,
}

impl Migration {
    pub fn new(dialer: Box<dyn Dial>) -> Self {
        Self { dialer, kept: Vec::new() }
    }

    /// Delivers, and tells which of the requests were accepted, by their number. A connection that was kept and
    /// turns out to be dead is replaced once.
    pub fn deliver(
        &mut self,
        delivery: &Delivery<'_>,
        now_ms: i64,
        mut accepted: impl FnMut(usize),
    ) -> Result<(), DeliveryError> {
        if let Some(mut conversation) = self.take(delivery) {
            let delivered = conversation.deliver(delivery, &mut accepted);
            if !conversation.was_dead() {
                self.keep(delivery, conversation, now_ms);
                return delivered;
            }
        }
        let mut conversation = self.dial(delivery)?;
        let delivered = conversation.deliver(delivery, &mut accepted);
        self.keep(delivery, conversation, now_ms);
        delivered
    }

    /// Closes what has not been used for long.
    pub fn close_idle(&mut self, now_ms: i64) {
        self.kept.retain(|kept| now_ms - kept.used_ms <= IDLE_MS_MAX);
    }

    /// How many connections are kept.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    fn take(&mut self, delivery: &Delivery<'_>) -> Option<Conversation> {
        let is_wanted = |kept: &Kept| kept.host == delivery.host && kept.port == delivery.port;
        let place = self.kept.iter().position(is_wanted)?;
        Some(self.kept.remove(place).conversation)
    }

    fn dial(&mut self, delivery: &Delivery<'_>) -> Result<Conversation, DeliveryError> {
        let host = std::str::from_utf8(delivery.host).map_err(|_| DeliveryError::UnknownHost)?;
        let port = std::str::from_utf8(delivery.port).ok().and_then(|port| port.parse().ok());
        let port = port.ok_or(DeliveryError::UnknownHost)?;
        match self.dialer.dial(host, port, delivery.limit) {
            Ok(peer) => Ok(Conversation::new(peer)),
            Err(DialError::UnknownHost) => Err(DeliveryError::UnknownHost),
            // Redis connects without waiting, and notices when it writes.
            Err(DialError::NotConnected) => Err(DeliveryError::NotWritten),
        }
    }

    fn keep(&mut self, delivery: &Delivery<'_>, conversation: Conversation, used_ms: i64) {
        if !conversation.is_usable() {
            return;
        }
        if self.kept.len() >= KEPT_MAX {
            self.kept.remove(0);
        }
        let (host, port) = (delivery.host.to_vec(), delivery.port.to_vec());
        self.kept.push(Kept { host, port, used_ms, conversation });
    }
}

#[cfg(test)]
mod tests;
