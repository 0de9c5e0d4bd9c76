//! The loop. Its sources are a closed list; each readiness is handled by one method. Nothing here
//! blocks but the poll itself, and MIGRATE.

use std::time::Duration;
use std::{io, mem};

use mio::{Events, Poll, Token};

use super::cron::Cron;
use super::dialer::Dialer;
use super::listeners::{LISTENERS_MAX, Listeners};
use super::primary_link::PrimaryLink;
use super::replicas::Transfers;
use super::requests::Lookahead;
use crate::commands::{Registry, aging_of};
use crate::engine::{Engine, Migration};
use crate::keyspace::Keyspace;
use crate::net::{Connection, READ_BUFFER_BYTES};
use crate::observe::Stats;
use crate::sys::clock;
use crate::sys::memory;
use crate::sys::signals::Signals;

const EVENTS_PER_POLL: usize = 1024;

const SIGNALS: Token = Token(0);
pub(super) const PRIMARY: Token = Token(1);
const FIRST_LISTENER: usize = 2;
const FIRST_CLIENT: usize = FIRST_LISTENER + LISTENERS_MAX;

/// What a readiness event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Signals,
    /// The socket to our primary, until the stream flows.
    Primary,
    Listener(usize),
    /// A connection, by its slot.
    Client(usize),
}

impl Source {
    fn of(token: Token) -> Self {
        match token.0 {
            0 => Self::Signals,
            1 => Self::Primary,
            n if n < FIRST_CLIENT => Self::Listener(n - FIRST_LISTENER),
            n => Self::Client(n - FIRST_CLIENT),
        }
    }
}

/// The token of the listener at `index`.
pub(super) fn listener_token(index: usize) -> Token {
    Token(FIRST_LISTENER + index)
}

/// The token of the connection in `slot`.
pub(super) fn client_token(slot: usize) -> Token {
    Token(FIRST_CLIENT + slot)
}

/// What used up its share of a turn, and goes on in the next one: no event will say so again.
#[derive(Debug, Default)]
pub(super) struct LeftOver {
    /// Slots of connections that may hold more to read, each once (see [`Connection::is_left_over`]).
    pub(super) connections: Vec<usize>,
    /// Listeners at which more may be waiting.
    pub(super) listeners: Vec<usize>,
}

impl LeftOver {
    fn is_empty(&self) -> bool {
        self.connections.is_empty() && self.listeners.is_empty()
    }
}

/// A turn of the loop while it lasts, for the statistics.
#[derive(Debug, Clone, Copy)]
struct Turn {
    started_us: u64,
    commands_before: u64,
}

impl Turn {
    fn begin(engine: &Engine) -> Self {
        Self { started_us: engine.clock.monotonic_us(), commands_before: engine.stats.commands_processed }
    }

    fn record(self, stats: &mut Stats) {
        let commands = stats.commands_processed.saturating_sub(self.commands_before);
        let event_loop = &mut stats.event_loop;
        event_loop.commands_per_turn_max = event_loop.commands_per_turn_max.max(commands);
        event_loop.turns.record(clock::now_us().saturating_sub(self.started_us));
    }
}

/// A running server.
pub struct Server {
    pub(super) poll: Poll,
    pub(super) signals: Signals,
    pub(super) listeners: Listeners,
    /// By the slot of their client.
    pub(super) connections: Vec<Option<Connection>>,
    pub(super) left_over: LeftOver,
    pub(super) read_buffer: Box<[u8]>,
    pub(super) lookahead: Lookahead,
    pub(super) engine: Engine,
    pub(super) keys: Keyspace,
    pub(super) registry: Registry,
    pub(super) cron: Cron,
    pub(super) primary_link: PrimaryLink,
    pub(super) transfers: Transfers,
    /// The exit code, once the server is to stop.
    pub(super) exit: Option<i32>,
    /// To start again instead, after this time.
    pub(super) restart_delay_ms: Option<u64>,
}

impl Server {
    /// A server without listeners.
    pub fn new(
        mut engine: Engine,
        mut keys: Keyspace,
        registry: Registry,
        mut signals: Signals,
    ) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.registry().register(&mut signals, SIGNALS, mio::Interest::READABLE)?;
        let listeners = Listeners::new(poll.registry())?;
        engine.listeners = Box::new(listeners.clone());
        engine.migration = Migration::new(Box::new(Dialer));
        let cron = Cron::new(engine.clock.monotonic_us());
        keys.set_aging(aging_of(&engine.config.memory));
        let mut server = Self {
            poll,
            signals,
            listeners,
            connections: Vec::new(),
            left_over: LeftOver::default(),
            read_buffer: vec![0; READ_BUFFER_BYTES].into(),
            lookahead: Lookahead::default(),
            engine,
            keys,
            registry,
            cron,
            primary_link: PrimaryLink::default(),
            transfers: Transfers::default(),
            exit: None,
            restart_delay_ms: None,
        };
        server.engine.startup_bytes = memory::used_memory();
        Ok(server)
    }

    /// Runs until the server is told to stop; returns the exit code.
    pub fn run(&mut self) -> i32 {
        let mut events = Events::with_capacity(EVENTS_PER_POLL);
        let mut turn: Option<Turn> = None;
        loop {
            // First: a small data set is there before anyone is answered.
            self.load_part();
            if let Some(code) = self.exit {
                // What was answered before the end was decided is still sent, and kept.
                self.engine.replicate();
                self.flush_aof();
                self.write_pending();
                self.feed_replicas();
                return code;
            }
            self.before_poll();
            if let Some(turn) = turn {
                turn.record(&mut self.engine.stats);
            }
            match self.poll.poll(&mut events, Some(self.poll_timeout())) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    log::error!("Waiting for events: {error}");
                    return 1;
                }
                _ => {}
            }
            self.engine.clock.tick();
            turn = Some(Turn::begin(&self.engine));
            let left_over = mem::take(&mut self.left_over);
            for event in &events {
                if self.exit.is_some() {
                    // Nothing may change any more: it would not be saved.
                    break;
                }
                match Source::of(event.token()) {
                    Source::Signals => self.on_signals(),
                    Source::Primary => self.on_primary_link(),
                    Source::Listener(index) => self.accept(index),
                    Source::Client(slot) => {
                        self.on_client(
                            slot,
                            event.is_readable() || event.is_read_closed(),
                            event.is_read_closed(),
                            event.is_writable(),
                        );
                    }
                }
            }
            self.go_on_with(left_over);
            if self.exit.is_none() {
                self.run_due_timers();
            }
        }
    }

    /// An event for a connection that has ended in this very turn may arrive at its successor in the slot,
    /// which then looks once in vain.
    fn on_client(&mut self, slot: usize, readable: bool, ended: bool, writable: bool) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        if writable {
            let waited = mem::take(&mut connection.awaits_room);
            if waited {
                // What it is to read may tell of changes of this very turn.
                self.flush_aof();
                self.write_client(slot);
            }
        }
        if readable && let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) {
            connection.is_readable = true;
            connection.is_ended |= ended;
            // One share a turn: who is left over from the last one has it later.
            if !connection.is_left_over {
                self.read_client(slot);
            }
        }
    }

    /// After the events, so that nobody waits for those who have much to say.
    fn go_on_with(&mut self, left_over: LeftOver) {
        if self.exit.is_some() {
            return;
        }
        for listener in left_over.listeners {
            self.accept(listener);
        }
        for slot in left_over.connections {
            if self.exit.is_some() {
                return;
            }
            if let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) {
                connection.is_left_over = false;
                self.read_client(slot);
            }
        }
    }

    /// Until the next timer, or not at all if work is left over.
    fn poll_timeout(&self) -> Duration {
        if !self.left_over.is_empty() || self.has_unfinished_turn() {
            return Duration::ZERO;
        }
        let now_us = self.engine.clock.monotonic_us();
        Duration::from_micros(self.cron.next_due_us().saturating_sub(now_us))
    }
}
