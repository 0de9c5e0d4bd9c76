//! Work that time asks for: `hz` times a second, in shares that do not hold the loop.

use super::event_loop::Server;
use crate::sys::clock;
use crate::sys::memory;

/// When timers are due.
#[derive(Debug)]
pub struct Cron {
    next_us: u64,
    /// Expiry stopped at its budget with more keys due.
    pub expiry_goes_on: bool,
    /// Listeners to ask again: accepting failed, or stopped at its share of the turn.
    accept_again: Vec<usize>,
}

impl Cron {
    pub fn new(now_us: u64) -> Self {
        Self { next_us: now_us, expiry_goes_on: false, accept_again: Vec::new() }
    }

    pub fn next_due_us(&self) -> u64 {
        self.next_us
    }

    pub fn retry_accept(&mut self, listener: usize) {
        self.accept_again.push(listener);
    }
}

impl Server {
    pub(super) fn run_due_timers(&mut self) {
        let now_us = self.engine.clock.monotonic_us();
        if now_us < self.cron.next_us {
            return;
        }
        let period_us = 1_000_000 / u64::from(self.engine.config.process.hz.max(1));
        self.cron.next_us = now_us + period_us;
        for listener in std::mem::take(&mut self.cron.accept_again) {
            self.accept(listener);
        }
        self.engine.stats.track(self.engine.clock.unix_ms() as u64);
        self.engine.stats.observe_memory(memory::used_memory());
        self.snapshots_cron();
        self.shutdown_cron();
        self.engine.stats.event_loop.cron.record(clock::now_us().saturating_sub(now_us));
    }

    /// The quick expiry cycle of each turn.
    pub(super) fn expire_fast(&mut self) {}

    pub(super) fn evict_clients(&mut self) {}

    /// Lets postponed clients go on when the pause is over.
    pub(super) fn resume_postponed(&mut self) {
        if !self.engine.pause.is_set() || self.engine.pause.at(self.engine.clock.unix_ms()).is_some() {
            return;
        }
        self.engine.pause.end();
        let waiting: Vec<usize> = self
            .engine
            .clients
            .iter()
            .filter(|client| client.session.postponed)
            .map(|client| client.session.slot)
            .collect();
        for slot in waiting {
            self.resume_client(slot);
        }
    }
}
