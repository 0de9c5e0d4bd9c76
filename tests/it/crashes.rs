//! A server that is killed at random moments while several clients write, and while it rewrites its append-only
//! file: what was acknowledged is there when it is back.
//!
//! A process that is killed leaves what it has written to the kernel. So nothing may be missing where each turn
//! writes before it answers (`always` and `no`), and with `everysec`, where a write waits for the sync before it, only
//! what was acknowledged since the file last grew. `RUSSET_CRASH_ROUNDS` and `RUSSET_CRASH_SEED` make it longer and
//! other.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use russet::util::random::Random;

use crate::support::{Client, Server, setting, wait_until};

const WRITERS: usize = 4;

/// Writes are acknowledged one by one, or so many at once.
const PIPELINES: [usize; WRITERS] = [1, 1, 1, 20];

/// What `everysec` may lose besides what waits for a sync.
const EVERYSEC: Duration = Duration::from_secs(1);

fn now() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "a bound is compared with when a write was acknowledged")]
    Instant::now()
}

fn key(writer: usize, number: usize) -> String {
    format!("w{writer}:{number}")
}

/// Clients that write numbered keys until the server is gone.
struct Load {
    writers: Vec<JoinHandle<Vec<Instant>>>,
    acknowledged: Arc<AtomicU64>,
}

impl Load {
    fn start(port: u16, round: usize) -> Self {
        let acknowledged = Arc::new(AtomicU64::new(0));
        let writers = (0..WRITERS).map(|number| {
            let acknowledged = Arc::clone(&acknowledged);
            thread::spawn(move || {
                write_until_the_end(port, round * WRITERS + number, PIPELINES[number], &acknowledged)
            })
        });
        Self { writers: writers.collect(), acknowledged }
    }

    /// Lets so many more writes happen.
    fn go_on(&self, writes: u64) {
        let enough = self.acknowledged.load(Ordering::Relaxed) + writes;
        assert!(wait_until(|| self.acknowledged.load(Ordering::Relaxed) >= enough));
    }

    /// For each writer, when each of its writes was acknowledged.
    fn end(self) -> Vec<Vec<Instant>> {
        self.writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    }
}

fn write_until_the_end(port: u16, writer: usize, pipeline: usize, total: &AtomicU64) -> Vec<Instant> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let mut acknowledged = Vec::new();
    loop {
        let numbers = acknowledged.len()..acknowledged.len() + pipeline;
        let requests: Vec<String> =
            numbers.map(|number| format!("SET {} {number}\r\n", key(writer, number))).collect();
        if stream.write_all(requests.concat().as_bytes()).is_err() {
            return acknowledged;
        }
        for _ in 0..pipeline {
            let mut reply = [0; 5];
            if stream.read_exact(&mut reply).is_err() {
                return acknowledged;
            }
            assert_eq!(&reply, b"+OK\r\n");
            acknowledged.push(now());
            total.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Looks at the append-only directory all the time.
struct GrowthWatch {
    ends: Arc<AtomicBool>,
    watcher: JoinHandle<Instant>,
}

impl GrowthWatch {
    fn start(server: &Server) -> Self {
        let directory = server.path("appendonlydir");
        let ends = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&ends);
        let watcher = thread::spawn(move || {
            let size = || {
                let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
                entries.map(|entry| entry.metadata().map_or(0, |data| data.len())).sum::<u64>()
            };
            let (mut known, mut grew) = (size(), now());
            let mut look = || {
                let (before, current) = (now(), size());
                if current != known {
                    (known, grew) = (current, before);
                }
                told.load(Ordering::Relaxed)
            };
            while !wait_until(&mut look) {}
            grew
        });
        Self { ends, watcher }
    }

    /// When the files are known to have grown for the last time.
    fn end(self) -> Instant {
        self.ends.store(true, Ordering::Relaxed);
        self.watcher.join().unwrap()
    }
}

/// The first of a writer's keys that is missing; none follows it.
fn kept(client: &mut Client, writer: usize, count: usize) -> usize {
    let mut kept = 0;
    let mut present = Vec::new();
    for start in (0..count).step_by(500) {
        let keys = (start..count.min(start + 500)).map(|number| key(writer, number));
        let request: Vec<String> = std::iter::once("MGET".to_owned()).chain(keys).collect();
        client.send_arguments(&request);
        let reply = client.raw_reply();
        let lines: Vec<&[u8]> = reply.split(|byte| *byte == b'\n').skip(1).collect();
        let mut lines = lines.iter().filter(|line| line.starts_with(b"$"));
        present.extend((start..count.min(start + 500)).map(|_| !lines.next().unwrap().starts_with(b"$-1")));
    }
    while present.get(kept) == Some(&true) {
        kept += 1;
    }
    assert!(!present[kept..].contains(&true), "writer {writer}: {kept} is missing, and a later one is not");
    kept
}

/// Kills and starts a server again and again in one directory.
fn crash_again_and_again(policy: &str) {
    let seed = setting("RUSSET_CRASH_SEED", 1);
    let mut random = Random::seeded(seed);
    // It rewrites also when nobody asks for it.
    let growth = ["--auto-aof-rewrite-min-size", "100kb"];
    let mut server = Server::with(&[&["--appendonly", "yes", "--appendfsync", policy], &growth[..]].concat());
    let mut expected: Vec<usize> = Vec::new();
    for round in 0..setting("RUSSET_CRASH_ROUNDS", 6) as usize {
        let load = Load::start(server.port, round);
        let watch = GrowthWatch::start(&server);
        load.go_on(1 + random.below(3000));
        if round % 2 == 1 {
            server.client().call("BGREWRITEAOF");
            load.go_on(random.below(1000));
        }
        server.crash();
        let killed = now();
        let grew = watch.end();
        let acknowledged = load.end();

        server.start_again();
        let mut client = server.client();
        assert!(wait_until(|| client.call("PING") == "+PONG"));
        for (writer, times) in acknowledged.iter().enumerate() {
            let writer = round * WRITERS + writer;
            let kept = kept(&mut client, writer, times.len());
            if policy == "everysec" {
                let lost = times[kept..].first();
                let flush_gap = killed - grew;
                assert!(
                    lost.is_none_or(|lost| killed.saturating_duration_since(*lost) <= EVERYSEC + flush_gap),
                    "seed {seed}, round {round}: {kept} of {}, killed {:?} after the first that is lost",
                    times.len(),
                    lost.map(|lost| killed - *lost)
                );
            } else {
                assert_eq!(kept, times.len(), "seed {seed}, round {round}, writer {writer}");
            }
            expected.push(kept);
        }
        // Those of earlier rounds, too.
        for (writer, count) in expected.iter().enumerate() {
            assert_eq!(kept(&mut client, writer, *count), *count, "writer {writer} in round {round}");
        }
    }
}

#[test]
fn with_appendfsync_always_nothing_acknowledged_is_lost() {
    crash_again_and_again("always");
}

#[test]
fn with_appendfsync_no_nothing_acknowledged_is_lost_by_a_kill() {
    crash_again_and_again("no");
}

#[test]
fn with_appendfsync_everysec_nothing_is_lost_that_is_older_than_a_second_and_the_last_flush() {
    crash_again_and_again("everysec");
}
