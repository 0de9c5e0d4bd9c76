//! The slow log: the latest requests that took longer than a limit, newest first.
//!
//! Which requests qualify, and what of them must be hidden, is decided by the caller.

use std::collections::VecDeque;

/// Arguments kept of one request; the last one then says how many more there were.
const ARGUMENTS_MAX: usize = 32;
/// Bytes kept of one argument.
const ARGUMENT_BYTES_MAX: usize = 128;

/// One slow request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowLogEntry {
    /// Counts up from 0 and survives SLOWLOG RESET.
    pub id: u64,
    /// Unix time in seconds.
    pub time_s: u64,
    pub duration_us: u64,
    pub arguments: Box<[Box<[u8]>]>,
    pub peer: Box<[u8]>,
    pub client_name: Box<[u8]>,
}

#[derive(Debug, Default)]
pub struct SlowLog {
    entries: VecDeque<SlowLogEntry>,
    next_id: u64,
}

impl SlowLog {
    /// Remembers a request, shortened; call [`SlowLog::trim`] after it.
    pub fn push<'a>(
        &mut self,
        time_s: u64,
        duration_us: u64,
        arguments: impl ExactSizeIterator<Item = &'a [u8]>,
        peer: &[u8],
        client_name: &[u8],
    ) {
        let entry = SlowLogEntry {
            id: self.next_id,
            time_s,
            duration_us,
            arguments: shorten(arguments),
            peer: peer.into(),
            client_name: client_name.into(),
        };
        self.next_id += 1;
        self.entries.push_front(entry);
    }

    /// Forgets the oldest entries beyond `max_len`.
    pub fn trim(&mut self, max_len: usize) {
        self.entries.truncate(max_len);
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The newest `count` entries, newest first.
    pub fn newest(&self, count: usize) -> impl ExactSizeIterator<Item = &SlowLogEntry> {
        self.entries.iter().take(count)
    }

    pub fn reset(&mut self) {
        self.entries.clear();
    }
}

fn shorten<'a>(arguments: impl ExactSizeIterator<Item = &'a [u8]>) -> Box<[Box<[u8]>]> {
    let count = arguments.len();
    if count <= ARGUMENTS_MAX {
        return arguments.map(shorten_argument).collect();
    }
    let kept = ARGUMENTS_MAX - 1;
    let note = format!("... ({} more arguments)", count - kept);
    arguments.take(kept).map(shorten_argument).chain([note.into_bytes().into()]).collect()
}

fn shorten_argument(argument: &[u8]) -> Box<[u8]> {
    match argument.split_at_checked(ARGUMENT_BYTES_MAX) {
        Some((kept, rest)) if !rest.is_empty() => {
            [kept, format!("... ({} more bytes)", rest.len()).as_bytes()].concat().into()
        }
        _ => argument.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(log: &mut SlowLog, arguments: &[&[u8]]) {
        log.push(7, 20, arguments.iter().copied(), b"127.0.0.1:9", b"me");
    }

    #[test]
    fn entries_come_newest_first_and_ids_survive_a_reset() {
        let mut log = SlowLog::default();
        push(&mut log, &[b"a"]);
        push(&mut log, &[b"b"]);
        assert_eq!(log.newest(10).map(|entry| entry.id).collect::<Vec<_>>(), [1, 0]);
        log.reset();
        assert!(log.is_empty());
        push(&mut log, &[b"c", b"d"]);
        let expected = SlowLogEntry {
            id: 2,
            time_s: 7,
            duration_us: 20,
            arguments: Box::new([b"c"[..].into(), b"d"[..].into()]),
            peer: b"127.0.0.1:9"[..].into(),
            client_name: b"me"[..].into(),
        };
        assert_eq!(log.newest(1).collect::<Vec<_>>(), [&expected]);
    }

    #[test]
    fn trim_forgets_the_oldest() {
        let mut log = SlowLog::default();
        for _ in 0..5 {
            push(&mut log, &[b"ping"]);
        }
        log.trim(2);
        assert_eq!(log.newest(usize::MAX).map(|entry| entry.id).collect::<Vec<_>>(), [4, 3]);
        assert_eq!(log.newest(1).len(), 1);
        log.trim(0);
        assert_eq!(log.len(), 0);
    }

    #[test]
    fn the_32nd_of_33_arguments_says_what_is_missing() {
        let mut log = SlowLog::default();
        push(&mut log, &[&b"x"[..]; 32]);
        push(&mut log, &[&b"x"[..]; 33]);
        let mut entries = log.newest(2);
        let long = entries.next().unwrap();
        assert_eq!(long.arguments.len(), 32);
        assert_eq!(&*long.arguments[31], b"... (2 more arguments)");
        let exact = entries.next().unwrap();
        assert_eq!((exact.arguments.len(), &*exact.arguments[31]), (32, &b"x"[..]));
    }

    #[test]
    fn an_argument_keeps_128_bytes() {
        let mut log = SlowLog::default();
        push(&mut log, &[&[b'A'; 128], &[b'A'; 129]]);
        let entry = log.newest(1).next().unwrap();
        assert_eq!(&*entry.arguments[0], [b'A'; 128]);
        assert_eq!(&*entry.arguments[1], [&[b'A'; 128][..], b"... (1 more bytes)"].concat());
    }
}
