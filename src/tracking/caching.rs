//! How one client wants to be told of changes.

use std::collections::BTreeSet;

/// A client, as the rest of the server numbers them.
pub type ClientId = u64;

/// Estimated memory of a prefix in broadcast mode, apart from its text: its place in the client's set, and
/// the client's place among the prefix's listeners.
pub const PREFIX_BYTES: usize = 40;

/// Which keys a client wants to hear of.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Mode {
    /// Those it has read.
    #[default]
    Read,
    /// Those it has read right behind CLIENT CACHING YES.
    OptIn,
    /// Those it has read, but for reads right behind CLIENT CACHING NO.
    OptOut,
    /// All that begin with one of these prefixes, read or not.
    Broadcast(BTreeSet<Box<[u8]>>),
}

/// The state of CLIENT TRACKING ON.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Caching {
    pub mode: Mode,
    /// The client's own changes do not concern it.
    pub no_loop: bool,
    /// Who gets the messages instead.
    pub redirect: Option<ClientId>,
    /// A message could not be sent because that client is gone.
    pub redirect_broken: bool,
    /// CLIENT CACHING was given for the next command.
    pub exception: bool,
    /// Memory of the prefixes of broadcast mode.
    pub prefix_bytes: usize,
}

impl Caching {
    /// Whether the keys of a read that the client makes now are to be remembered.
    pub fn remembers_reads(&self) -> bool {
        match self.mode {
            Mode::Read => true,
            Mode::OptIn => self.exception,
            Mode::OptOut => !self.exception,
            Mode::Broadcast(_) => false,
        }
    }

    pub fn is_broadcast(&self) -> bool {
        matches!(self.mode, Mode::Broadcast(_))
    }

    /// The prefixes of broadcast mode, in order.
    pub fn prefixes(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        static NONE: BTreeSet<Box<[u8]>> = BTreeSet::new();
        match &self.mode {
            Mode::Broadcast(prefixes) => prefixes,
            _ => &NONE,
        }
        .iter()
        .map(|prefix| &**prefix)
    }
}

/// Whether some key can begin with both.
pub fn overlap(left: &[u8], right: &[u8]) -> bool {
    left.starts_with(right) || right.starts_with(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exception_means_the_opposite_of_the_mode() {
        let remembers = |mode, exception| Caching { mode, exception, ..Caching::default() }.remembers_reads();
        assert!(remembers(Mode::Read, false));
        assert!(!remembers(Mode::OptIn, false));
        assert!(remembers(Mode::OptIn, true));
        assert!(remembers(Mode::OptOut, false));
        assert!(!remembers(Mode::OptOut, true));
        assert!(!remembers(Mode::Broadcast(BTreeSet::new()), true));
    }

    #[test]
    fn prefixes_overlap_when_one_begins_with_the_other() {
        assert!(overlap(b"", b"a"));
        assert!(overlap(b"ab", b"a"));
        assert!(!overlap(b"ab", b"ac"));
    }
}
