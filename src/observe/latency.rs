//! The latency monitor: when was what slow. Samples behind LATENCY HISTORY, LATEST and GRAPH.

use std::collections::VecDeque;

/// Samples kept per event, one per second at most.
const SAMPLES_MAX: usize = 160;

/// The worst latency of one event within one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LatencySample {
    /// Unix time in seconds.
    pub time_s: u64,
    pub latency_ms: u64,
}

/// The samples of one event; there is at least one.
#[derive(Debug)]
pub struct LatencyEvent {
    pub name: &'static str,
    /// Worst latency since the last reset, even if its sample is forgotten.
    pub worst_ms: u64,
    samples: VecDeque<LatencySample>,
}

/// All events that were ever too slow, in order of their first appearance.
#[derive(Debug, Default)]
pub struct LatencyMonitor {
    events: Vec<LatencyEvent>,
}

impl LatencyMonitor {
    /// Records `event` if it took at least `threshold_ms`; a threshold of 0 turns the monitor off.
    #[inline]
    pub fn add_if_needed(&mut self, event: &'static str, latency_ms: u64, threshold_ms: u64, now_s: u64) {
        if threshold_ms != 0 && latency_ms >= threshold_ms {
            self.add(event, latency_ms, now_s);
        }
    }

    /// Records `event` whatever it took.
    pub fn add(&mut self, event: &'static str, latency_ms: u64, now_s: u64) {
        let sample = LatencySample { time_s: now_s, latency_ms };
        match self.events.iter_mut().find(|known| known.name == event) {
            Some(known) => known.add(sample),
            None => self.events.push(LatencyEvent::new(event, sample)),
        }
    }

    /// Every event, for LATENCY LATEST.
    pub fn events(&self) -> &[LatencyEvent] {
        &self.events
    }

    /// The event of exactly this name.
    pub fn event(&self, name: &[u8]) -> Option<&LatencyEvent> {
        self.events.iter().find(|event| event.name.as_bytes() == name)
    }

    /// Forgets the event of this name, in any case; returns how many events that were.
    pub fn reset_event(&mut self, name: &[u8]) -> usize {
        let before = self.events.len();
        self.events.retain(|event| !event.name.as_bytes().eq_ignore_ascii_case(name));
        before - self.events.len()
    }

    /// Forgets all events; returns how many there were.
    pub fn reset(&mut self) -> usize {
        std::mem::take(&mut self.events).len()
    }
}

impl LatencyEvent {
    fn new(name: &'static str, sample: LatencySample) -> Self {
        Self { name, worst_ms: sample.latency_ms, samples: VecDeque::from([sample]) }
    }

    fn add(&mut self, sample: LatencySample) {
        self.worst_ms = self.worst_ms.max(sample.latency_ms);
        match self.samples.back_mut() {
            Some(last) if last.time_s == sample.time_s => {
                last.latency_ms = last.latency_ms.max(sample.latency_ms);
            }
            _ => {
                if self.samples.len() == SAMPLES_MAX {
                    self.samples.pop_front();
                }
                self.samples.push_back(sample);
            }
        }
    }

    /// Oldest first.
    pub fn samples(&self) -> impl ExactSizeIterator<Item = LatencySample> + Clone {
        self.samples.iter().copied()
    }

    pub fn latest(&self) -> LatencySample {
        *self.samples.back().expect("an event is born with a sample and never loses its newest")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(monitor: &LatencyMonitor, name: &str) -> Vec<(u64, u64)> {
        let event = monitor.event(name.as_bytes()).unwrap();
        event.samples().map(|sample| (sample.time_s, sample.latency_ms)).collect()
    }

    #[test]
    fn only_what_reaches_the_threshold_is_recorded() {
        let mut monitor = LatencyMonitor::default();
        monitor.add_if_needed("command", 99, 100, 1);
        monitor.add_if_needed("command", 5_000, 0, 1);
        assert!(monitor.event(b"command").is_none());
        monitor.add_if_needed("command", 100, 100, 1);
        assert_eq!(history(&monitor, "command"), [(1, 100)]);
    }

    #[test]
    fn one_second_keeps_its_worst_sample() {
        let mut monitor = LatencyMonitor::default();
        for latency_ms in [20, 50, 30] {
            monitor.add("command", latency_ms, 5);
        }
        monitor.add("command", 10, 6);
        assert_eq!(history(&monitor, "command"), [(5, 50), (6, 10)]);
        let event = &monitor.events()[0];
        assert_eq!((event.latest().latency_ms, event.worst_ms), (10, 50));
    }

    #[test]
    fn the_161st_sample_replaces_the_oldest_but_the_worst_is_remembered() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("fork", 999, 0);
        for now_s in 1..=160 {
            monitor.add("fork", 1, now_s);
        }
        let samples = history(&monitor, "fork");
        assert_eq!((samples.len(), samples[0], samples[159]), (160, (1, 1), (160, 1)));
        assert_eq!(monitor.events()[0].worst_ms, 999);
    }

    #[test]
    fn reset_finds_names_in_any_case_and_history_does_not() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("fork", 1, 1);
        monitor.add("command", 1, 1);
        assert!(monitor.event(b"FORK").is_none());
        assert_eq!(monitor.reset_event(b"blabla"), 0);
        assert_eq!(monitor.reset_event(b"FORK"), 1);
        assert_eq!(monitor.reset(), 1);
        assert!(monitor.events().is_empty());
    }
}
