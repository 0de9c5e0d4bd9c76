//! Work that time asks for, in shares that do not hold the loop.
//!
//! `hz` times a second a share of the clients is visited (so that each has its turn within a second), a
//! cycle of active expiry is started, and memory is looked at. A cycle of expiry, like eviction that was
//! not finished, goes on in slices of at most a millisecond, one per turn, between which clients are served.

use super::event_loop::Server;
use super::timers::{Timer, Timers};
use crate::commands;
use crate::engine::{ClientId, Engine};
use crate::keyspace::{Cycle, ExpiredKeys, expire};
use crate::sys::clock;
use crate::sys::{memory, watchdog};

/// The longest slice of a slow expiry cycle within one turn.
const EXPIRY_SLICE_US: u64 = 1000;
/// At most so many fields of hashes expire with it: half a millisecond's worth.
const FIELDS_PER_EXPIRY: usize = 500;
const RATES_PERIOD_US: u64 = 100_000;
const REPLICATION_PERIOD_US: u64 = 1_000_000;
const REPORT_PERIOD_US: u64 = 5_000_000;
/// With `dynamic-hz` the cron runs more often while a run would have to visit more clients than this.
const CLIENTS_PER_RUN_MAX: usize = 200;
const HZ_MAX: u32 = 500;

/// What time has asked for and is not done yet.
#[derive(Debug)]
pub struct Cron {
    pub(super) timers: Timers,
    /// What is left of the time for the slow expiry cycle; 0: it is over.
    expiry_left_us: u64,
    /// Listeners to ask again, because accepting failed.
    accept_again: Vec<usize>,
    /// Clients whose request waits for the end of a pause, in order of arrival.
    postponed: Vec<ClientId>,
    /// The client that the next run visits first.
    pub(super) next_client: ClientId,
    pub(super) peaks_second: i64,
}

impl Cron {
    pub fn new(now_us: u64) -> Self {
        let mut timers = Timers::default();
        timers.set(Timer::Cron, now_us);
        timers.set(Timer::Rates, now_us);
        timers.set(Timer::Replication, now_us);
        timers.set(Timer::Report, now_us + REPORT_PERIOD_US);
        Self {
            timers,
            expiry_left_us: 0,
            accept_again: Vec::new(),
            postponed: Vec::new(),
            next_client: 0,
            peaks_second: 0,
        }
    }

    pub fn next_due_us(&self) -> u64 {
        self.timers.next_due_us().expect("the cron is always set")
    }

    /// Whether expiry stopped at its slice and has time left.
    pub fn expiry_goes_on(&self) -> bool {
        self.expiry_left_us > 0
    }

    pub fn retry_accept(&mut self, listener: usize) {
        if !self.accept_again.contains(&listener) {
            self.accept_again.push(listener);
        }
    }

    /// A client's request waits for the end of the pause.
    pub fn postpone(&mut self, client: ClientId) {
        self.postponed.push(client);
    }
}

impl Server {
    pub(super) fn run_due_timers(&mut self) {
        let now_us = self.engine.clock.monotonic_us();
        if now_us < self.cron.next_due_us() {
            return;
        }
        for timer in self.cron.timers.take_due(now_us) {
            match timer {
                Timer::Cron => {
                    if self.engine.config.process.watchdog_period_ms > 0 {
                        watchdog::wind_up(self.engine.config.process.watchdog_period_ms);
                    }
                    self.engine.cron_hz = self.present_hz();
                    let period_us = 1_000_000 / u64::from(self.engine.cron_hz);
                    self.cron.timers.set(Timer::Cron, now_us + period_us);
                    if !self.engine.debug.pause_cron {
                        self.run_cron(now_us);
                    }
                }
                Timer::Rates => {
                    self.cron.timers.set(Timer::Rates, now_us + RATES_PERIOD_US);
                    self.engine.stats.track(now_us / 1000);
                }
                Timer::Report => {
                    self.cron.timers.set(Timer::Report, now_us + REPORT_PERIOD_US);
                    self.report();
                }
                // To wake the loop was all: `resume_postponed` looks at the pause itself.
                Timer::PauseEnd => {}
                Timer::BlockedClient => self.time_out_blocked(now_us),
                Timer::Replication => {
                    self.cron.timers.set(Timer::Replication, now_us + REPLICATION_PERIOD_US);
                    self.replication_cron();
                }
            }
        }
    }

    fn present_hz(&self) -> u32 {
        let process = &self.engine.config.process;
        let hz = process.hz.clamp(1, HZ_MAX);
        if !process.dynamic_hz {
            return hz;
        }
        let clients = self.engine.clients.len();
        let doubled = std::iter::successors(Some(hz), |hz| Some((hz * 2).min(HZ_MAX)));
        let enough = |hz: &u32| *hz == HZ_MAX || clients / *hz as usize <= CLIENTS_PER_RUN_MAX;
        doubled.into_iter().find(enough).unwrap_or(HZ_MAX)
    }

    fn run_cron(&mut self, now_us: u64) {
        for listener in std::mem::take(&mut self.cron.accept_again) {
            self.accept(listener);
        }
        self.engine.stats.observe_memory(memory::used_memory());
        self.visit_clients();
        // Commands do so as well, but a lowered limit must not wait for one.
        commands::limit_tracking_table(&mut self.engine, None);
        let effort = self.engine.config.expiry.active_effort;
        self.cron.expiry_left_us = expire::slow_cycle_us(self.engine.cron_hz, effort);
        self.engine.migration.close_idle(self.engine.clock.unix_ms());
        self.snapshots_cron();
        self.shutdown_cron();
        self.engine.stats.event_loop.cron.record(clock::now_us().saturating_sub(now_us));
    }

    /// What Redis tells those who listen closely, every five seconds.
    fn report(&self) {
        if !log::log_enabled!(log::Level::Debug) {
            return;
        }
        for db in 0..self.keys.databases() {
            let (keys, volatile) = (self.keys.len(db), self.keys.volatile_len(db));
            if keys > 0 {
                let slots = self.keys.table_bytes(db) / size_of::<usize>();
                log::debug!("DB {db}: {keys} keys ({volatile} volatile) in {slots} slots HT.");
            }
        }
        let (clients, bytes) = (self.engine.clients.len(), memory::used_memory());
        let replicas = self.engine.replication.replicas().len();
        let clients = clients - replicas;
        log::trace!("{clients} clients connected ({replicas} replicas), {bytes} bytes in use");
    }

    /// This turn's share of active expiry: a slice of the slow cycle, or else the fast cycle, if it is due.
    pub(super) fn expire_keys(&mut self) {
        self.expire_own_keys();
        if !self.engine.debug.active_expire
            || self.engine.snapshots.is_loading()
            || expired_keys(&self.engine) != ExpiredKeys::Delete
        {
            self.cron.expiry_left_us = 0;
            return;
        }
        if self.cron.expiry_left_us == 0 {
            self.run_expiry(Cycle::Fast);
            return;
        }
        let budget_us = self.cron.expiry_left_us.min(EXPIRY_SLICE_US);
        let (more, took_us) = self.run_expiry(Cycle::Slow { budget_us });
        let left_us = self.cron.expiry_left_us.saturating_sub(took_us);
        self.cron.expiry_left_us = if more { left_us } else { 0 };
    }

    /// On a replica, what clients made there; the rest is the primary's.
    fn expire_own_keys(&mut self) {
        let now_ms = self.engine.clock.unix_ms();
        if !self.engine.own_expiry.is_due(now_ms)
            || !self.engine.replication.is_replica()
            || !self.engine.debug.active_expire
            || self.engine.snapshots.is_loading()
        {
            return;
        }
        commands::declare_interest(&mut self.keys, &self.engine);
        let Engine { own_expiry, worker, config, .. } = &mut self.engine;
        let lazily = config.memory.lazyfree_lazy_expire;
        let drop = |_: &mut _, entry| commands::free(worker, entry, lazily);
        own_expiry.run(&mut self.keys, now_ms, EXPIRY_SLICE_US, clock::now_us, drop);
        commands::perform_in_background(&mut self.keys, &mut self.engine);
    }

    /// Whether there is more to do, and how long it took.
    fn run_expiry(&mut self, cycle: Cycle) -> (bool, u64) {
        let started_us = clock::now_us();
        self.engine.clock.advance_to(started_us);
        self.keys.set_expired_keys(ExpiredKeys::Delete);
        commands::declare_interest(&mut self.keys, &self.engine);
        let Engine { expiry, worker, config, clock, .. } = &mut self.engine;
        let lazily = config.memory.lazyfree_lazy_expire;
        let effort = config.expiry.active_effort;
        let drop = |_: &mut _, entry| commands::free(worker, entry, lazily);
        let outcome = expiry.run(&mut self.keys, cycle, effort, clock.unix_ms(), clock::now_us, drop);
        let fields = self.keys.expire_due_fields(clock.unix_ms(), FIELDS_PER_EXPIRY);
        let more = outcome.more || fields == FIELDS_PER_EXPIRY;
        if outcome.deleted == 0 && fields == 0 && !more {
            return (false, 0);
        }
        commands::perform_in_background(&mut self.keys, &mut self.engine);
        let took_us = clock::now_us().saturating_sub(started_us);
        self.engine.note_latency("expire-cycle", took_us);
        (more, took_us)
    }

    /// Goes on with eviction that ran out of time.
    pub(super) fn evict_keys(&mut self) {
        if self.engine.replication.is_replica() && self.engine.config.replication.ignore_maxmemory {
            self.engine.eviction.goes_on = false;
        }
        if self.engine.eviction.goes_on {
            commands::make_room(&mut self.keys, &mut self.engine, None);
        }
    }

    /// The limit of memory or what is evicted first has changed.
    pub fn apply_maxmemory(&mut self) {
        self.keys.set_aging(commands::aging_of(&self.engine.config.memory));
        // Not at once: the reply to CONFIG SET comes first.
        self.engine.eviction.goes_on = self.engine.config.memory.maxmemory_bytes != 0;
    }

    /// Lets postponed clients go on when the pause is over, in the order in which they came.
    pub(super) fn resume_postponed(&mut self) {
        let now_ms = self.engine.clock.unix_ms();
        let has_ended = self.engine.pause.is_set() && self.engine.pause.forget_ended(now_ms);
        if let Some(end_ms) = self.engine.pause.next_end_ms() {
            let left_us = ((end_ms - now_ms) as u64).saturating_mul(1000);
            let due_us = self.engine.clock.monotonic_us().saturating_add(left_us);
            self.cron.timers.set(Timer::PauseEnd, due_us);
            if !has_ended {
                return;
            }
            // What still may not execute comes back.
        } else if has_ended {
            self.cron.timers.stop(Timer::PauseEnd);
        }
        for id in std::mem::take(&mut self.cron.postponed) {
            let slot = self.engine.clients.by_id(id).map(|client| client.session.slot);
            if let Some(slot) = slot {
                self.resume_client(slot);
            }
        }
    }
}

/// What happens to a key whose time has come: during a pause, and on a replica, it is hidden, not deleted.
/// (The stream of our primary, which knows what is there, sees it: [`ExpiredKeys::Ignore`].)
pub(super) fn expired_keys(engine: &Engine) -> ExpiredKeys {
    if engine.replication.is_replica() {
        return ExpiredKeys::Hide;
    }
    if engine.pause.is_set() && engine.pause.at(engine.clock.unix_ms()).is_some() {
        ExpiredKeys::Hide
    } else {
        ExpiredKeys::Delete
    }
}
