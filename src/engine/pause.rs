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
    pub fn start(&mut self, kind: PauseKind, until_ms: i64) {
        self.current = Some(match self.current {
            None => (kind, until_ms),
            Some((old_kind, old_until_ms)) => {
                (if old_kind == PauseKind::All { PauseKind::All } else { kind }, old_until_ms.max(until_ms))
            }
        });
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
        pause.start(PauseKind::All, 100);
        pause.start(PauseKind::Write, 50);
        assert_eq!(pause.at(99), Some(PauseKind::All));
        assert_eq!(pause.at(100), None);
    }
}
