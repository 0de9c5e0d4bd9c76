//! CLIENT PAUSE: until when which requests wait.

/// What waits during a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PauseKind {
    /// Only requests that may change data or are replicated.
    Write,
    All,
}

/// The pause in force, if any.
#[derive(Debug, Default)]
pub struct Pause {
    current: Option<(PauseKind, i64)>,
}

impl Pause {
    /// Starts a pause or makes the one in force longer or stricter, never shorter or milder.
    pub fn start(&mut self, kind: PauseKind, until_ms: i64, now_ms: i64) {
        let in_force = self.current.filter(|(_, until_ms)| now_ms < *until_ms);
        self.current = Some(match in_force {
            None => (kind, until_ms),
            Some((PauseKind::All, old_until_ms)) => (PauseKind::All, old_until_ms.max(until_ms)),
            Some((PauseKind::Write, old_until_ms)) => (kind, old_until_ms.max(until_ms)),
        });
    }

    /// CLIENT UNPAUSE: nothing waits any more. The pause stays set, as one that is over, until the loop
    /// has let those go on who waited, and [ends](Pause::end) it.
    pub fn lift(&mut self) {
        if let Some((_, until_ms)) = &mut self.current {
            *until_ms = i64::MIN;
        }
    }

    pub fn end(&mut self) {
        self.current = None;
    }

    /// The kind of pause in force at `now_ms`.
    pub fn at(&self, now_ms: i64) -> Option<PauseKind> {
        self.current.filter(|(_, until_ms)| now_ms < *until_ms).map(|(kind, _)| kind)
    }

    /// When the pause ends, in milliseconds since the epoch.
    pub fn until_ms(&self) -> Option<i64> {
        self.current.map(|(_, until_ms)| until_ms)
    }

    pub fn is_set(&self) -> bool {
        self.current.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_pause_only_extends_the_first() {
        let mut pause = Pause::default();
        pause.start(PauseKind::All, 100, 0);
        pause.start(PauseKind::Write, 50, 1);
        assert_eq!(pause.at(99), Some(PauseKind::All));
        assert_eq!(pause.at(100), None);
    }

    #[test]
    fn a_pause_that_is_over_does_not_make_the_next_one_stricter() {
        let mut pause = Pause::default();
        pause.start(PauseKind::All, 100, 0);
        pause.start(PauseKind::Write, 200, 100);
        assert_eq!(pause.at(150), Some(PauseKind::Write));
    }

    #[test]
    fn a_lifted_pause_is_over_but_waits_for_the_loop() {
        let mut pause = Pause::default();
        pause.start(PauseKind::All, 100, 0);
        pause.lift();
        assert_eq!((pause.at(1), pause.is_set()), (None, true));
        pause.end();
        assert!(!pause.is_set());
    }
}
