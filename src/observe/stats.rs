//! Server-wide counters: what INFO reports and nobody else keeps.
//!
//! Counters of the keyspace (hits, expired, evicted), of persistence and of replication live with
//! those parts. Fields are public: the code that notices an event adds one, INFO reads.

use super::ErrorStats;

/// Samples behind every `instantaneous_*` field; the cron takes one every 100 ms.
const SAMPLE_COUNT: usize = 16;

/// Counters since the start or since CONFIG RESETSTAT. Bytes are bytes, `_us` is microseconds.
#[derive(Debug, Default)]
pub struct Stats {
    pub connections_received: u64,
    /// Connections turned away because of `maxclients` or protected mode.
    pub connections_rejected: u64,
    pub commands_processed: u64,
    /// Bytes read from and written to ordinary clients; replication is counted apart.
    pub net_input_bytes: u64,
    pub net_output_bytes: u64,
    pub replication_input_bytes: u64,
    pub replication_output_bytes: u64,
    /// Calls of read and write that moved bytes.
    pub reads_processed: u64,
    pub writes_processed: u64,
    /// Clients closed to stay below `maxmemory-clients`.
    pub evicted_clients: u64,
    pub reply_buffer_shrinks: u64,
    pub reply_buffer_expands: u64,
    /// Errors where none may happen: in answers to a primary, to a replica, or to the AOF loader.
    pub unexpected_error_replies: u64,
    pub total_error_replies: u64,
    pub dump_payload_sanitizations: u64,
    pub forks: u64,
    pub latest_fork_us: u64,
    /// Speed of the latest fork, in gigabytes of resident memory per second.
    pub fork_rate_gb_per_second: f64,
    pub errors: ErrorStats,
    pub acl_denied: AclDenied,
    pub event_loop: EventLoopStats,
    /// Highest `used_memory` seen; RESETSTAT keeps it.
    pub peak_memory_bytes: usize,
    instantaneous: Instantaneous,
}

/// Requests refused by the access control list; RESETSTAT keeps these.
#[derive(Debug, Default, Clone, Copy)]
pub struct AclDenied {
    pub auth: u64,
    pub command: u64,
    pub key: u64,
    pub channel: u64,
}

/// Where the turns of the loop spend their time.
#[derive(Debug, Default, Clone, Copy)]
pub struct EventLoopStats {
    /// Whole turns, without the wait for events.
    pub turns: DurationStats,
    pub commands: DurationStats,
    pub aof: DurationStats,
    pub cron: DurationStats,
    pub commands_per_turn_max: u64,
}

/// Count, sum and maximum of durations in microseconds.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct DurationStats {
    pub count: u64,
    pub sum_us: u64,
    pub max_us: u64,
}

impl DurationStats {
    pub fn record(&mut self, duration_us: u64) {
        self.count += 1;
        self.sum_us += duration_us;
        self.max_us = self.max_us.max(duration_us);
    }
}

impl Stats {
    /// Counts an error reply (its text without the leading `-`).
    pub fn record_error(&mut self, text: &[u8]) {
        self.total_error_replies += 1;
        self.errors.record(text);
    }

    /// Everything CONFIG RESETSTAT forgets.
    pub fn reset(&mut self) {
        *self = Self {
            acl_denied: self.acl_denied,
            peak_memory_bytes: self.peak_memory_bytes,
            ..Self::default()
        };
    }

    pub fn observe_memory(&mut self, used_bytes: usize) {
        self.peak_memory_bytes = self.peak_memory_bytes.max(used_bytes);
    }

    /// Takes one sample of every rate. `now_ms` is any clock that never goes back.
    pub fn track(&mut self, now_ms: u64) {
        let input = self.total_net_input_bytes();
        let output = self.total_net_output_bytes();
        let turns = self.event_loop.turns;
        let rates = &mut self.instantaneous;
        rates.commands.sample(self.commands_processed, now_ms, PER_SECOND);
        rates.input.sample(input, now_ms, PER_SECOND);
        rates.output.sample(output, now_ms, PER_SECOND);
        rates.replication_input.sample(self.replication_input_bytes, now_ms, PER_SECOND);
        rates.replication_output.sample(self.replication_output_bytes, now_ms, PER_SECOND);
        rates.turns.sample(turns.count, now_ms, PER_SECOND);
        rates.turn_us.sample(turns.sum_us, turns.count, 1);
    }

    pub fn total_net_input_bytes(&self) -> u64 {
        self.net_input_bytes + self.replication_input_bytes
    }

    pub fn total_net_output_bytes(&self) -> u64 {
        self.net_output_bytes + self.replication_output_bytes
    }

    pub fn commands_per_second(&self) -> u64 {
        self.instantaneous.commands.mean()
    }

    /// Kibibytes per second from all peers, as `instantaneous_input_kbps` shows.
    pub fn input_kb_per_second(&self) -> f64 {
        kibi(self.instantaneous.input.mean())
    }

    pub fn output_kb_per_second(&self) -> f64 {
        kibi(self.instantaneous.output.mean())
    }

    pub fn replication_input_kb_per_second(&self) -> f64 {
        kibi(self.instantaneous.replication_input.mean())
    }

    pub fn replication_output_kb_per_second(&self) -> f64 {
        kibi(self.instantaneous.replication_output.mean())
    }

    pub fn turns_per_second(&self) -> u64 {
        self.instantaneous.turns.mean()
    }

    /// Mean length of a turn over the last samples.
    pub fn turn_duration_us(&self) -> u64 {
        self.instantaneous.turn_us.mean()
    }
}

fn kibi(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

/// Milliseconds to seconds, in [`Rate::sample`].
const PER_SECOND: u64 = 1000;

#[derive(Debug, Default)]
struct Instantaneous {
    commands: Rate,
    input: Rate,
    output: Rate,
    replication_input: Rate,
    replication_output: Rate,
    turns: Rate,
    turn_us: Rate,
}

/// Growth of one counter relative to another, averaged over the last samples. Samples that are
/// not taken yet count as zero, as in Redis: the mean climbs over the first 1.6 seconds.
#[derive(Debug, Default)]
struct Rate {
    samples: [u64; SAMPLE_COUNT],
    next: usize,
    last: Option<(u64, u64)>,
}

impl Rate {
    fn sample(&mut self, value: u64, base: u64, factor: u64) {
        if let Some((last_value, last_base)) = self.last.replace((value, base)) {
            let growth = value.saturating_sub(last_value).saturating_mul(factor);
            // A base that stood still says nothing about the rate: zero, as in Redis.
            let rate = growth.checked_div(base.saturating_sub(last_base)).unwrap_or(0);
            self.samples[self.next] = rate;
            self.next = (self.next + 1) % SAMPLE_COUNT;
        }
    }

    fn mean(&self) -> u64 {
        self.samples.iter().sum::<u64>() / SAMPLE_COUNT as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_load_shows_its_rate_once_all_samples_are_taken() {
        let mut stats = Stats::default();
        for tick in 0..=16 {
            stats.commands_processed = tick * 50;
            stats.net_input_bytes = tick * 102_400;
            stats.track(tick * 100);
        }
        assert_eq!(stats.commands_per_second(), 500);
        assert_eq!(stats.input_kb_per_second(), 1000.0);
        assert_eq!(stats.output_kb_per_second(), 0.0);
    }

    #[test]
    fn the_first_sample_only_sets_the_base() {
        let mut stats = Stats { commands_processed: 1_000_000, ..Stats::default() };
        stats.track(5_000);
        assert_eq!(stats.commands_per_second(), 0);
        stats.commands_processed += 160;
        stats.track(6_000);
        assert_eq!(stats.commands_per_second(), 10);
    }

    #[test]
    fn a_clock_that_stands_still_is_no_rate() {
        let mut stats = Stats::default();
        stats.track(10);
        stats.commands_processed = 7;
        stats.track(10);
        assert_eq!(stats.commands_per_second(), 0);
    }

    #[test]
    fn the_mean_turn_is_time_over_turns() {
        let mut stats = Stats::default();
        for now_ms in 0..=16 {
            stats.track(now_ms);
            stats.event_loop.turns.record(30);
            stats.event_loop.turns.record(50);
        }
        assert_eq!(stats.turn_duration_us(), 40);
        assert_eq!(stats.event_loop.turns, DurationStats { count: 34, sum_us: 1360, max_us: 50 });
    }

    #[test]
    fn reset_keeps_the_peak_and_the_refusals() {
        let mut stats = Stats { commands_processed: 3, evicted_clients: 2, ..Stats::default() };
        stats.observe_memory(100);
        stats.observe_memory(90);
        stats.acl_denied.key = 4;
        stats.record_error(b"WRONGTYPE x");
        stats.reset();
        assert_eq!((stats.commands_processed, stats.evicted_clients), (0, 0));
        assert_eq!((stats.peak_memory_bytes, stats.acl_denied.key), (100, 4));
        assert_eq!(stats.errors.iter().count(), 0);
    }
}
