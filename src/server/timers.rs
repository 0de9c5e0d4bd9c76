//! When which periodic or delayed work is due. Time is an argument: microseconds of the monotonic clock.

/// Everything that time asks for. Work that has to go on in the next turn is not a timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Timer {
    /// `hz` times a second: clients, databases, memory figures.
    Cron,
    /// Samples for the `instantaneous_*` fields of INFO.
    Rates,
    /// The state of the databases and the number of clients, for the log.
    Report,
    /// CLIENT PAUSE is over.
    PauseEnd,
    /// A blocked client has waited long enough.
    BlockedClient,
    /// Both sides of replication: pings, acknowledgements, timeouts, attempts to connect.
    Replication,
}

impl Timer {
    const ALL: [Self; 6] =
        [Self::Cron, Self::Rates, Self::Report, Self::PauseEnd, Self::BlockedClient, Self::Replication];
}

/// The deadlines; a timer that is not set never fires.
#[derive(Debug, Default)]
pub struct Timers {
    due_us: [Option<u64>; Timer::ALL.len()],
}

impl Timers {
    pub fn set(&mut self, timer: Timer, due_us: u64) {
        self.due_us[timer as usize] = Some(due_us);
    }

    pub fn stop(&mut self, timer: Timer) {
        self.due_us[timer as usize] = None;
    }

    /// The earliest deadline.
    pub fn next_due_us(&self) -> Option<u64> {
        self.due_us.iter().flatten().min().copied()
    }

    /// The timers that are due, in the order of [`Timer`]; each is stopped until it is set again.
    pub fn take_due(&mut self, now_us: u64) -> impl Iterator<Item = Timer> + use<> {
        let due = Timer::ALL.map(|timer| {
            let due = &mut self.due_us[timer as usize];
            due.take_if(|due_us| *due_us <= now_us).map(|_| timer)
        });
        due.into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timer_fires_once_at_its_deadline() {
        let mut timers = Timers::default();
        assert_eq!(timers.next_due_us(), None);
        timers.set(Timer::Report, 50);
        timers.set(Timer::Cron, 20);
        timers.set(Timer::Rates, 20);
        assert_eq!(timers.next_due_us(), Some(20));
        assert_eq!(timers.take_due(19).count(), 0);
        assert_eq!(timers.take_due(20).collect::<Vec<_>>(), [Timer::Cron, Timer::Rates]);
        assert_eq!(timers.take_due(49).count(), 0);
        timers.stop(Timer::Report);
        assert_eq!(timers.next_due_us(), None);
    }
}
