//! What blocking commands share: timeouts, waiting, and the second execution of a request whose turn has come.
//!
//! A blocking handler tries to serve its client at once. If it cannot, it calls [`Ctx::block_on`] and returns
//! without a reply; when a key is ready, the whole request is executed again. In a transaction or script
//! nobody can wait: see [`Ctx::may_block`].

use super::context::Ctx;
use super::error::CommandError;
use super::execute::{Outcome, process};
use super::replication::release_waiter;
use crate::engine::{ClientId, Deadline, Engine, Retry, Wait};
use crate::keyspace::{Keyspace, Kind};
use crate::resp::OwnedRequest;
use crate::util::extended::Extended;
use crate::util::number::parse_f64;

/// How a blocked client is freed without being served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// As if its time were up.
    TimedOut,
    /// With an error (CLIENT UNBLOCK ... ERROR).
    Unblocked,
    /// With an error: this server has become a replica, where nobody else will write.
    RoleChanged,
}

impl Release {
    /// What the client is told, unless its time is up.
    pub fn error(self) -> CommandError {
        match self {
            Self::RoleChanged => CommandError::ForceUnblocked,
            Self::TimedOut | Self::Unblocked => CommandError::Unblocked,
        }
    }
}

impl Ctx<'_> {
    /// Whether a command may wait at all; otherwise it answers as if its time were up.
    pub fn may_block(&self) -> bool {
        self.engine.nesting == 0 && !self.client.is_primary
    }

    /// Blocks the client on keys of the selected database until one of them holds a value of `kind`.
    pub fn block_on<'k>(&mut self, keys: impl Iterator<Item = &'k [u8]>, kind: Kind, deadline_us: Deadline) {
        self.block(keys, kind, deadline_us, false);
    }

    /// The same for commands that also want to answer with an error when a key goes or changes its type.
    pub fn block_on_or_loss<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]>,
        kind: Kind,
        deadline_us: Deadline,
    ) {
        self.block(keys, kind, deadline_us, true);
    }

    /// What to execute in place of the request that has just blocked: the same with its arguments resolved (the
    /// `$` of XREAD).
    pub fn retry_as(&mut self, arguments: &[&[u8]]) {
        let (client, command) = (self.client.id, self.command);
        self.engine.blocked.keep_request(client, || (command, OwnedRequest::of(arguments)));
    }

    fn block<'k>(
        &mut self,
        keys: impl Iterator<Item = &'k [u8]>,
        kind: Kind,
        deadline_us: Deadline,
        on_loss: bool,
    ) {
        debug_assert!(self.may_block(), "checked by the handler, whose reply it decides");
        let wait =
            Wait { db: self.client.db, keys: keys.map(Box::from).collect(), deadline_us, kind, on_loss };
        self.client.blocked = true;
        self.engine.blocked.enter(self.client.id, wait);
    }

    /// When a timeout in seconds, possibly with a fraction, is up; 0 is never.
    pub fn deadline_of_seconds(&self, timeout: &[u8]) -> Result<Deadline, CommandError> {
        // Redis reads a long double, which may be too large for ours.
        let seconds = parse_f64(timeout).or_else(|| Extended::parse(timeout).map(|_| f64::INFINITY));
        let seconds = seconds.filter(|seconds| !seconds.is_nan());
        let milliseconds = seconds.ok_or(CommandError::TimeoutNotAFloat)? * 1000.0;
        if milliseconds > i64::MAX as f64 {
            return Err(CommandError::TimeoutOutOfRange);
        }
        self.deadline_of_ms(milliseconds.ceil() as i64)
    }

    /// When a timeout in milliseconds is up; 0 is never.
    pub fn deadline_of_ms(&self, timeout_ms: i64) -> Result<Deadline, CommandError> {
        let timeout_ms = u64::try_from(timeout_ms).map_err(|_| CommandError::TimeoutNegative)?;
        if timeout_ms == 0 {
            return Ok(None);
        }
        // Redis adds to the time since 1970.
        let now_ms = self.engine.clock.unix_ms() as u64;
        if timeout_ms > i64::MAX as u64 - now_ms {
            return Err(CommandError::TimeoutOutOfRange);
        }
        let now_us = self.engine.clock.monotonic_us();
        Ok(Some(now_us.saturating_add(timeout_ms.saturating_mul(1000))))
    }
}

/// Executes the request of a client that was blocked once more. The client has left the blocked ones already.
pub fn process_again(ctx: &mut Ctx<'_>, retry: Retry) -> Outcome {
    let Retry { command, mut request, deadline_us, .. } = retry;
    ctx.engine.blocked.set_retrying(Some(deadline_us));
    let outcome = process(ctx, request.view(), Some(command));
    ctx.engine.blocked.set_retrying(None);
    outcome
}

/// Answers a blocked client that is not served, and frees it. Returns whether it was blocked.
pub fn release(engine: &mut Engine, id: ClientId, release: Release) -> bool {
    let Some(waiting) = engine.blocked.leave(id) else { return release_waiter(engine, id, release) };
    // The command counts now that it ends; waiting took no time of ours.
    let command = usize::from(waiting.command.0);
    engine.command_stats.record(command, 0, engine.config.observe.latency_tracking);
    engine.stats.commands_processed += 1;
    if release != Release::TimedOut {
        engine.command_stats.record_failed(command);
    }
    if let Some(client) = engine.clients.by_id_mut(id) {
        client.session.blocked = false;
        let is_muted = client.session.is_muted();
        let error = release.error().to_string();
        if release != Release::TimedOut {
            engine.stats.record_error(error.as_bytes());
        }
        engine.clients.send(id, |reply| match release {
            _ if is_muted => {}
            Release::TimedOut => reply.null_array(),
            Release::Unblocked | Release::RoleChanged => reply.error(error.as_bytes()),
        });
    }
    engine.blocked.note_unblocked(id);
    true
}

/// Sends away all who wait for a key: it would not come from here any more.
pub fn force_unblock_all(engine: &mut Engine) {
    let waits = |id: &ClientId| {
        engine.blocked.contains(*id) || engine.replication.waiters.iter().any(|waiter| waiter.client == *id)
    };
    let waiting: Vec<ClientId> = engine.clients.ids().filter(waits).collect();
    for id in waiting {
        release(engine, id, Release::RoleChanged);
    }
}

/// Whether what is under a key now may serve a client that waits on it; `None` if it can serve nobody.
pub fn may_serve(
    keys: &mut Keyspace,
    engine: &Engine,
    db: usize,
    key: &[u8],
    client: ClientId,
) -> Option<bool> {
    keys.begin(db, engine.clock.unix_ms(), false);
    // A key that has expired serves nobody; that it goes is for a command to find.
    let kind = keys.kind_of(db, key);
    if kind.is_none() && !engine.blocked.minds_loss(db, key) {
        return None;
    }
    Some(engine.blocked.wants(client, kind))
}
