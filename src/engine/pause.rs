//! Until when which requests wait: for CLIENT PAUSE, while the role is handed over, and before the end. Each of
//! these has a pause of its own; what is in force is the strictest of them.

/// What waits during a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PauseKind {
    /// Only requests that may change data or are replicated.
    Write,
    All,
}

/// What a pause is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// CLIENT PAUSE
    Client,
    Failover,
    Shutdown,
}

const PURPOSES: usize = 3;

/// The pauses in force, by purpose.
#[derive(Debug, Default)]
pub struct Pause {
    pauses: [Option<(PauseKind, i64)>; PURPOSES],
}

impl Pause {
    /// Starts a pause or makes the one in force longer or stricter, never shorter or milder.
    pub fn start(&mut self, purpose: Purpose, kind: PauseKind, until_ms: i64, now_ms: i64) {
        let pause = &mut self.pauses[purpose as usize];
        let in_force = pause.filter(|(_, until_ms)| now_ms < *until_ms);
        *pause = Some(match in_force {
            None => (kind, until_ms),
            Some((old_kind, old_until_ms)) => (kind.max(old_kind), old_until_ms.max(until_ms)),
        });
    }

    /// Nothing waits any more for this. The pause stays set, as one that is over, until the loop has let those
    /// go on who waited, and [forgets](Pause::forget_ended) it.
    pub fn lift(&mut self, purpose: Purpose) {
        if let Some((_, until_ms)) = &mut self.pauses[purpose as usize] {
            *until_ms = i64::MIN;
        }
    }

    /// Forgets what is over; whether there was any such pause.
    pub fn forget_ended(&mut self, now_ms: i64) -> bool {
        let before = self.pauses;
        for pause in &mut self.pauses {
            *pause = pause.filter(|(_, until_ms)| now_ms < *until_ms);
        }
        self.pauses != before
    }

    /// The kind of pause in force at `now_ms`.
    pub fn at(&self, now_ms: i64) -> Option<PauseKind> {
        let pauses = self.pauses.iter().flatten();
        pauses.filter(|(_, until_ms)| now_ms < *until_ms).map(|(kind, _)| *kind).max()
    }

    /// When the next pause ends, in milliseconds since the epoch.
    pub fn next_end_ms(&self) -> Option<i64> {
        self.pauses.iter().flatten().map(|(_, until_ms)| *until_ms).min()
    }

    #[inline]
    pub fn is_set(&self) -> bool {
        self.pauses.iter().any(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_pause_only_extends_the_first() {
        let mut pause = Pause::default();
        pause.start(Purpose::Client, PauseKind::All, 100, 0);
        pause.start(Purpose::Client, PauseKind::Write, 50, 1);
        assert_eq!(pause.at(99), Some(PauseKind::All));
        assert_eq!(pause.at(100), None);
    }

    #[test]
    fn a_pause_that_is_over_does_not_make_the_next_one_stricter() {
        let mut pause = Pause::default();
        pause.start(Purpose::Client, PauseKind::All, 100, 0);
        pause.start(Purpose::Client, PauseKind::Write, 200, 100);
        assert_eq!(pause.at(150), Some(PauseKind::Write));
    }

    #[test]
    fn a_lifted_pause_is_over_but_waits_for_the_loop() {
        let mut pause = Pause::default();
        pause.start(Purpose::Client, PauseKind::All, 100, 0);
        pause.lift(Purpose::Client);
        assert_eq!((pause.at(1), pause.is_set()), (None, true));
        assert!(pause.forget_ended(1));
        assert!(!pause.is_set() && !pause.forget_ended(1));
    }

    #[test]
    fn pauses_for_several_purposes_end_each_for_itself() {
        let mut pause = Pause::default();
        pause.start(Purpose::Shutdown, PauseKind::Write, i64::MAX, 0);
        pause.start(Purpose::Client, PauseKind::All, 100, 0);
        assert_eq!((pause.at(50), pause.next_end_ms()), (Some(PauseKind::All), Some(100)));
        pause.lift(Purpose::Client);
        assert_eq!(pause.at(50), Some(PauseKind::Write));
        pause.lift(Purpose::Failover);
        assert!(pause.forget_ended(50));
        assert_eq!((pause.at(50), pause.next_end_ms()), (Some(PauseKind::Write), Some(i64::MAX)));
    }
}
