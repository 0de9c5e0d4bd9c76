//! A primary and a replica driven against each other in memory: from a seed follow writes, delays, cuts at any byte,
//! garbage, restarts of the primary. Whatever happens, the data are equal once the link is left in peace.
//!
//! The data set is the stream itself: a snapshot is all of it, and to execute a command is to append its bytes.

use std::io::IoSlice;

use super::{
    Backlog, Event, History, Introduction, Link, Phase, Replica, ReplicaState, ReplicationId, StreamRequest,
};
use crate::resp::{Limits, Parser, Progress};
use crate::util::number::parse_i64;
use crate::util::random::Random;

const SCHEDULES: u64 = 2000;
const STEPS: u64 = 500;
/// More steps than any recovery takes.
const PEACEFUL_STEPS: u64 = 5000;
const TIMEOUT_S: u32 = 10;
const LIMITS: Limits = Limits { bulk_bytes_max: 1024, authenticated: true, in_one_piece: false };

struct Primary {
    history: History,
    backlog: Backlog,
    data: Vec<u8>,
    replica: Replica,
    received: Vec<u8>,
    /// The snapshot and what it stands for, until it is sent.
    snapshot: Option<Vec<u8>>,
}

impl Primary {
    fn new(random: &mut Random) -> Self {
        Self {
            history: History::new(ReplicationId::new(random.hex_id())),
            backlog: Backlog::new(1, 0),
            data: Vec::new(),
            replica: Replica::default(),
            received: Vec::new(),
            snapshot: None,
        }
    }

    /// It starts again with its data, from a file that tells its place.
    fn restart(&mut self, random: &mut Random) {
        let offset = self.backlog.end();
        self.history.branch(ReplicationId::new(random.hex_id()), offset);
        self.backlog = Backlog::new(1, offset);
        self.disconnected();
    }

    fn disconnected(&mut self) {
        self.replica = Replica::default();
        self.received.clear();
        self.snapshot = None;
    }

    fn write(&mut self, random: &mut Random) {
        let mut bytes = vec![0; random.below(300) as usize];
        random.fill(&mut bytes);
        self.data.extend_from_slice(&bytes);
        self.backlog.append(&bytes);
    }

    /// Takes bytes from the replica; returns the answers.
    fn receive(&mut self, bytes: &[u8], random: &mut Random, now_ms: i64) -> Vec<u8> {
        self.received.extend_from_slice(bytes);
        let mut answers = Vec::new();
        loop {
            // A sign of life.
            if self.received.first() == Some(&b'\n') {
                self.received.remove(0);
                continue;
            }
            let mut parser = Parser::default();
            if parser.parse(&self.received, &LIMITS) != Ok(Progress::Complete) {
                return answers;
            }
            let request = parser.request(&self.received);
            let words: Vec<Vec<u8>> = request.iter().map(<[u8]>::to_vec).collect();
            let consumed = parser.consumed();
            self.received.drain(..consumed);
            self.answer(&words, &mut answers, random, now_ms);
        }
    }

    fn answer(&mut self, words: &[Vec<u8>], answers: &mut Vec<u8>, random: &mut Random, now_ms: i64) {
        let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
        match words.as_slice() {
            [b"PING"] => answers.extend_from_slice(b"+PONG\r\n"),
            [b"REPLCONF", b"ACK", offset] => {
                let offset = parse_i64(offset).unwrap() as u64;
                assert!(offset <= self.backlog.end(), "nobody has what was never sent");
                self.replica.acknowledge(offset, None, now_ms);
            }
            [b"REPLCONF", ..] => answers.extend_from_slice(b"+OK\r\n"),
            [b"PSYNC", id, next] => {
                let request = StreamRequest { id: ReplicationId::parse(id), next: parse_i64(next).unwrap() };
                let from = request.offset().filter(|from| self.backlog.reaches(*from));
                let id = self.history.id();
                if let (Ok(()), Some(from)) = (self.history.matches(request), from) {
                    answers.extend_from_slice(format!("\n+CONTINUE {id}\r\n").as_bytes());
                    self.replica.state = ReplicaState::Online;
                    self.replica.position = from;
                } else {
                    self.begin_snapshot(id, answers, random);
                }
            }
            other => panic!("a replica says {other:?}"),
        }
    }

    fn begin_snapshot(&mut self, id: ReplicationId, answers: &mut Vec<u8>, random: &mut Random) {
        let offset = self.backlog.end();
        answers.extend_from_slice(format!("+FULLRESYNC {id} {offset}\r\n\n").as_bytes());
        self.replica.position = offset;
        self.replica.state = ReplicaState::SnapshotToSocket;
        let mark = random.hex_id();
        self.snapshot = Some(if random.below(2) == 0 {
            [format!("${}\r\n", self.data.len()).as_bytes(), &self.data].concat()
        } else {
            [b"$EOF:", &mark[..], b"\r\n", &self.data, &mark].concat()
        });
    }

    /// What goes out now.
    fn send(&mut self, random: &mut Random) -> Vec<u8> {
        if let Some(snapshot) = self.snapshot.take() {
            let is_marked = snapshot.starts_with(b"$EOF");
            self.replica.state = if is_marked { ReplicaState::Loads } else { ReplicaState::Online };
            return snapshot;
        }
        if self.replica.state != ReplicaState::Online {
            return Vec::new();
        }
        let mut slices = [IoSlice::new(&[]); 2];
        let filled = self.backlog.slices(self.replica.position, &mut slices);
        let mut bytes: Vec<u8> = slices[..filled].iter().flat_map(|slice| slice.iter().copied()).collect();
        bytes.truncate(random.below(40_000) as usize);
        self.replica.position += bytes.len() as u64;
        bytes
    }
}

struct Follower {
    link: Link,
    history: History,
    offset: u64,
    data: Vec<u8>,
    can_resume: bool,
    target: Option<(ReplicationId, u64)>,
    incoming: Vec<u8>,
    loads: bool,
}

impl Follower {
    fn new(random: &mut Random) -> Self {
        Self {
            link: Link::new(Introduction::default(), None, TIMEOUT_S, 0),
            history: History::new(ReplicationId::new(random.hex_id())),
            offset: 0,
            data: Vec::new(),
            can_resume: false,
            target: None,
            incoming: Vec::new(),
            loads: false,
        }
    }

    fn disconnected(&mut self, now_ms: i64) {
        let resume = self.can_resume.then(|| (self.history.id(), self.offset));
        self.link = Link::new(Introduction::default(), resume, TIMEOUT_S, now_ms).after_failure();
        self.incoming.clear();
        self.loads = false;
    }

    /// Takes bytes from the primary; returns what it answers and what it did not take, or nothing if the link is to
    /// be dropped.
    fn receive<'b>(&mut self, mut input: &'b [u8], now_ms: i64) -> Option<(Vec<u8>, &'b [u8])> {
        let mut answers = Vec::new();
        loop {
            match self.link.receive(&mut input, now_ms).ok()? {
                None => break,
                Some(Event::Send(bytes)) => answers.extend_from_slice(&bytes),
                Some(Event::FullSync { id, offset }) => {
                    self.target = Some((id, offset));
                    self.can_resume = false;
                }
                Some(Event::FullSyncWithoutHistory) => return None,
                Some(Event::Continue { id }) => {
                    if let Some(id) = id.filter(|id| *id != self.history.id()) {
                        self.history.branch(id, self.offset);
                    }
                }
                Some(Event::Snapshot { .. }) => self.incoming.clear(),
                Some(Event::Payload(bytes)) => self.incoming.extend_from_slice(bytes),
                Some(Event::SnapshotEnd { mark_bytes }) => {
                    self.incoming.truncate(self.incoming.len() - mark_bytes as usize);
                    self.loads = true;
                }
            }
        }
        if self.link.phase() == Phase::Online {
            self.execute(std::mem::take(&mut input));
        }
        assert!(input.is_empty() || self.loads);
        Some((answers, input))
    }

    fn execute(&mut self, bytes: &[u8]) {
        self.data.extend_from_slice(bytes);
        self.offset += bytes.len() as u64;
    }

    /// The snapshot takes the place of the data; returns what the primary is told.
    fn load(&mut self, now_ms: i64) -> Vec<u8> {
        self.loads = false;
        self.data = std::mem::take(&mut self.incoming);
        let (id, offset) = self.target.take().unwrap();
        self.history.restart(id);
        self.offset = offset;
        self.can_resume = true;
        self.link.loaded(offset, now_ms)
    }
}

/// Both ends and the bytes on their way.
struct Pair {
    random: Random,
    now_ms: i64,
    primary: Primary,
    follower: Follower,
    to_primary: Vec<u8>,
    to_follower: Vec<u8>,
    full_syncs: u32,
    partial_syncs: u32,
}

impl Pair {
    fn new(seed: u64) -> Self {
        let mut random = Random::seeded(seed);
        Self {
            now_ms: 0,
            primary: Primary::new(&mut random),
            follower: Follower::new(&mut random),
            to_primary: Vec::new(),
            to_follower: Vec::new(),
            random,
            full_syncs: 0,
            partial_syncs: 0,
        }
    }

    fn cut(&mut self) {
        self.to_primary.clear();
        self.to_follower.clear();
        self.primary.disconnected();
        self.follower.disconnected(self.now_ms);
    }

    /// One step of both sides, without mischief.
    fn step(&mut self) {
        self.now_ms += self.random.below(300) as i64;
        if self.follower.link.is_due(self.now_ms) {
            self.follower.link.connecting(self.now_ms);
            let greeting = self.follower.link.connected(self.now_ms);
            self.to_primary.extend_from_slice(&greeting);
        }
        match self.follower.link.tick(self.now_ms) {
            Ok(Some(bytes)) => self.to_primary.extend_from_slice(&bytes),
            Ok(None) => {}
            Err(_) => return self.cut(),
        }
        let share = self.random.below(self.to_primary.len() as u64 + 1) as usize;
        let bytes: Vec<u8> = self.to_primary.drain(..share).collect();
        let answers = self.primary.receive(&bytes, &mut self.random, self.now_ms);
        self.full_syncs += u32::from(answers.windows(5).any(|window| window == b"+FULL"));
        self.partial_syncs += u32::from(answers.windows(5).any(|window| window == b"+CONT"));
        self.to_follower.extend_from_slice(&answers);
        let sent = self.primary.send(&mut self.random);
        self.to_follower.extend_from_slice(&sent);
        self.primary
            .backlog
            .trim(Some(self.primary.replica.position).filter(|_| self.primary.replica.holds_stream()));
        if self.follower.loads {
            if self.random.below(3) == 0 {
                let told = self.follower.load(self.now_ms);
                self.to_primary.extend_from_slice(&told);
            }
            return;
        }
        let share = self.random.below(self.to_follower.len() as u64 + 1) as usize;
        let bytes: Vec<u8> = self.to_follower.drain(..share).collect();
        self.deliver(&bytes);
    }

    /// What is behind a snapshot stays on its way until that is loaded.
    fn deliver(&mut self, bytes: &[u8]) {
        match self.follower.receive(bytes, self.now_ms) {
            Some((answers, rest)) => {
                self.to_primary.extend_from_slice(&answers);
                self.to_follower.splice(..0, rest.iter().copied());
            }
            None => self.cut(),
        }
    }

    fn mischief(&mut self) {
        match self.random.below(200) {
            0 => self.cut(),
            1 => self.now_ms += 20_000,
            2 => {
                // Nobody can tell garbage in a snapshot or a stream from data.
                let phase = self.follower.link.phase();
                if matches!(phase, Phase::Handshake | Phase::AwaitsSnapshot) && self.to_follower.is_empty() {
                    let mut garbage = vec![0; self.random.below(3000) as usize];
                    self.random.fill(&mut garbage);
                    self.deliver(&garbage);
                    self.cut();
                }
            }
            3 => {
                self.cut();
                let Self { primary, random, .. } = self;
                primary.restart(random);
            }
            4 => {
                self.cut();
                (0..200).for_each(|_| self.primary.write(&mut self.random));
            }
            _ => {}
        }
    }

    fn is_settled(&self) -> bool {
        self.follower.link.phase() == Phase::Online && self.follower.offset == self.primary.backlog.end()
    }
}

#[test]
fn whatever_happens_to_the_link_the_data_end_up_equal() {
    let (mut full_syncs, mut partial_syncs) = (0, 0);
    for seed in 0..SCHEDULES {
        let mut pair = Pair::new(seed);
        for _ in 0..STEPS {
            if pair.random.below(8) == 0 {
                pair.primary.write(&mut pair.random);
            }
            pair.mischief();
            pair.step();
        }
        let mut left = PEACEFUL_STEPS;
        while !pair.is_settled() {
            pair.step();
            left -= 1;
            assert!(left > 0, "seed {seed}: {:?}", pair.follower.link);
        }
        assert!(pair.follower.data == pair.primary.data, "seed {seed}: the data differ");
        assert_eq!(pair.follower.history.id(), pair.primary.history.id(), "seed {seed}");
        full_syncs += pair.full_syncs;
        partial_syncs += pair.partial_syncs;
    }
    // Otherwise the schedules would test little.
    assert!(full_syncs > 1000 && partial_syncs > 1000, "{full_syncs} full, {partial_syncs} partial");
}
