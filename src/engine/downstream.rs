//! What others have to repeat: the commands that go to the append-only file and to replicas, encoded once.
//!
//! A *unit* is a command of a client with everything that happened in it, or a transaction, or a key that
//! expired on its own. Its operations are collected and leave together at its end: wrapped in MULTI and EXEC if
//! they are several, and behind a SELECT if the database is another one than that of the unit before. Each of
//! the two feeds keeps its own account of the database, since each can start afresh at any time.
//!
//! Knows neither files nor replicas: they take the bytes from the feeds.

use bitflags::bitflags;

use crate::resp::push_request;

bitflags! {
    /// Who is to repeat an operation.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Targets: u8 {
        const AOF = 1 << 0;
        const REPLICAS = 1 << 1;
        const ALL = Self::AOF.bits() | Self::REPLICAS.bits();
    }
}

/// A buffer that has grown beyond this is not kept.
const KEPT_BYTES_MAX: usize = 1024 * 1024;

/// The operations of the present unit, and the two feeds. See the module's page.
#[derive(Debug, Default)]
pub struct Downstream {
    /// For the append-only file.
    pub aof: Feed,
    /// For the replicas and their backlog.
    pub replicas: Feed,
    /// Operations for the append-only file while nobody kept a stream for replicas. WAITAOF counts by them.
    pub unstreamed: u64,
    operations: Vec<Operation>,
    bytes: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
struct Operation {
    db: usize,
    targets: Targets,
    start: usize,
    end: usize,
}

impl Downstream {
    /// Whether anyone listens.
    #[inline]
    pub fn is_active(&self) -> bool {
        self.aof.is_active || self.replicas.is_active
    }

    /// Adds an operation to the present unit.
    pub fn push<'a>(
        &mut self,
        db: usize,
        targets: Targets,
        arguments: impl ExactSizeIterator<Item = &'a [u8]>,
    ) {
        let start = self.bytes.len();
        push_request(&mut self.bytes, arguments);
        self.operations.push(Operation { db, targets, start, end: self.bytes.len() });
    }

    /// Ends the unit: all of it is repeated, or nothing.
    #[inline]
    pub fn end_unit(&mut self) {
        if !self.operations.is_empty() {
            self.hand_over(true);
        }
    }

    /// Whether the present unit has operations.
    #[inline]
    pub fn has_operations(&self) -> bool {
        !self.operations.is_empty()
    }

    /// Ends as many units as there are operations: none depends on another (expiry, eviction).
    pub fn end_single_units(&mut self) {
        if !self.operations.is_empty() {
            self.hand_over(false);
        }
    }

    fn hand_over(&mut self, as_one: bool) {
        for (feed, target) in [(&mut self.aof, Targets::AOF), (&mut self.replicas, Targets::REPLICAS)] {
            if feed.is_active {
                let meant = self.operations.iter().filter(|operation| operation.targets.contains(target));
                feed.take_unit(meant, &self.bytes, as_one);
            }
        }
        if !self.replicas.is_active {
            self.unstreamed += self.operations.len() as u64;
        }
        self.operations.clear();
        self.bytes.clear();
    }
}

/// A stream of commands on its way to one kind of listener.
#[derive(Debug, Default)]
pub struct Feed {
    is_active: bool,
    /// The database that the last command in the stream was for.
    selected: Option<usize>,
    buffer: Vec<u8>,
}

impl Feed {
    /// Begins, or begins afresh: the next command names its database.
    pub fn start(&mut self) {
        self.is_active = true;
        self.selected = None;
    }

    /// Ends, and forgets what nobody took.
    pub fn stop(&mut self) {
        self.is_active = false;
        self.buffer = Vec::new();
    }

    #[inline]
    pub fn is_active(&self) -> bool {
        self.is_active
    }

    /// The database that the last command was for; `None`: the next one names its own.
    pub fn selected(&self) -> Option<usize> {
        self.selected
    }

    /// What has come since it was last cleared.
    pub fn pending(&self) -> &[u8] {
        &self.buffer
    }

    /// Forgets what was pending; the buffer stays, unless it has grown large.
    pub fn clear(&mut self) {
        if self.buffer.capacity() > KEPT_BYTES_MAX {
            self.buffer = Vec::new();
        } else {
            self.buffer.clear();
        }
    }

    /// Forgets the first bytes that are pending.
    pub fn drop_first(&mut self, bytes: usize) {
        self.buffer.drain(..bytes);
    }

    /// Puts a line between the units that are pending, at this place. It is no command, and not counted.
    pub fn insert(&mut self, place: usize, line: &[u8]) {
        self.buffer.splice(place..place, line.iter().copied());
    }

    /// Memory held for what is pending.
    pub fn allocated_bytes(&self) -> usize {
        self.buffer.capacity()
    }

    /// Adds bytes that are encoded already, and select no other database.
    pub fn append(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    fn take_unit<'a>(
        &mut self,
        operations: impl Iterator<Item = &'a Operation> + Clone,
        bytes: &[u8],
        as_one: bool,
    ) {
        let is_wrapped = as_one && operations.clone().nth(1).is_some();
        // As in Redis, the first SELECT stands in front of MULTI.
        if let Some(first) = operations.clone().next() {
            self.select(first.db);
        }
        if is_wrapped {
            push_request(&mut self.buffer, [&b"MULTI"[..]].into_iter());
        }
        for operation in operations {
            self.select(operation.db);
            self.buffer.extend_from_slice(&bytes[operation.start..operation.end]);
        }
        if is_wrapped {
            push_request(&mut self.buffer, [&b"EXEC"[..]].into_iter());
        }
    }

    fn select(&mut self, db: usize) {
        if self.selected != Some(db) {
            self.selected = Some(db);
            let number = itoa::Buffer::new().format(db).to_owned();
            push_request(&mut self.buffer, [&b"SELECT"[..], number.as_bytes()].into_iter());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(downstream: &mut Downstream, db: usize, targets: Targets, words: &str) {
        let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        downstream.push(db, targets, words.into_iter());
    }

    /// The commands in a feed, a line each.
    fn lines(feed: &mut Feed) -> Vec<String> {
        let text = String::from_utf8(feed.pending().to_vec()).unwrap();
        feed.clear();
        let commands = text.split('*').skip(1);
        commands
            .map(|command| {
                let words: Vec<&str> = command.split("\r\n").skip(2).step_by(2).collect();
                words.join(" ").trim_end().to_owned()
            })
            .collect()
    }

    #[test]
    fn a_unit_of_several_operations_is_a_transaction() {
        let mut downstream = Downstream::default();
        downstream.aof.start();
        push(&mut downstream, 0, Targets::ALL, "SET a 1");
        downstream.end_unit();
        push(&mut downstream, 0, Targets::ALL, "DEL b");
        push(&mut downstream, 3, Targets::ALL, "SET c 1");
        downstream.end_unit();
        let expected = ["SELECT 0", "SET a 1", "MULTI", "DEL b", "SELECT 3", "SET c 1", "EXEC"];
        assert_eq!(lines(&mut downstream.aof), expected);
        assert!(lines(&mut downstream.replicas).is_empty());
    }

    #[test]
    fn keys_that_expire_on_their_own_are_no_transaction() {
        let mut downstream = Downstream::default();
        downstream.replicas.start();
        push(&mut downstream, 1, Targets::ALL, "DEL a");
        push(&mut downstream, 1, Targets::ALL, "DEL b");
        downstream.end_single_units();
        assert_eq!(lines(&mut downstream.replicas), ["SELECT 1", "DEL a", "DEL b"]);
    }

    #[test]
    fn each_feed_keeps_its_own_account_of_the_database() {
        let mut downstream = Downstream::default();
        downstream.aof.start();
        downstream.replicas.start();
        push(&mut downstream, 0, Targets::ALL, "SET a 1");
        downstream.end_unit();
        downstream.aof.start();
        push(&mut downstream, 0, Targets::REPLICAS, "PUBLISH c m");
        downstream.end_unit();
        push(&mut downstream, 0, Targets::ALL, "SET b 1");
        downstream.end_unit();
        assert_eq!(lines(&mut downstream.aof), ["SELECT 0", "SET a 1", "SELECT 0", "SET b 1"]);
        assert_eq!(lines(&mut downstream.replicas), ["SELECT 0", "SET a 1", "PUBLISH c m", "SET b 1"]);
    }

    #[test]
    fn operations_are_counted_while_nobody_keeps_a_stream_of_them() {
        let mut downstream = Downstream::default();
        downstream.aof.start();
        push(&mut downstream, 0, Targets::ALL, "SET a 1");
        push(&mut downstream, 0, Targets::ALL, "SET b 1");
        assert!(downstream.has_operations());
        downstream.end_unit();
        assert_eq!((downstream.has_operations(), downstream.unstreamed), (false, 2));
        downstream.replicas.start();
        push(&mut downstream, 0, Targets::ALL, "SET a 1");
        downstream.end_unit();
        assert_eq!(downstream.unstreamed, 2);
    }
}
