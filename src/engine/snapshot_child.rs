//! The forked child that writes the data set, as a snapshot or as the base of an append-only file, and what it
//! tells its parent.

use std::io;
use std::os::unix::net::UnixDatagram;

use super::apply::{Listen, OomScore};
use crate::config::Config;
use crate::sys::process::{self, Pid};
use crate::sys::{clock, memory};

/// How many keys are written between two looks at the clock, and how long between two reports.
const KEYS_PER_LOOK: u64 = 1024;
const REPORT_PERIOD_US: u64 = 1_000_000;

/// Asking the kernel for the copied pages walks all memory: it may take this share of the child's time.
const ASKING_SHARE: u64 = 100;

/// Where a snapshot goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotTarget {
    /// The configured file.
    File,
    /// The sockets of replicas.
    Sockets,
}

/// The parent's view of a child that is saving.
#[derive(Debug)]
pub struct SnapshotChild {
    pub pid: Pid,
    pub target: SnapshotTarget,
    pub since_s: i64,
    /// Keys the snapshot will have, and those written so far.
    pub keys_total: u64,
    pub keys_saved: u64,
    /// Memory that the child has for itself because parent or child wrote to it: now, and at most.
    pub copied_bytes: usize,
    pub copied_bytes_max: usize,
    /// When `copied_bytes` was received, on the monotonic clock.
    pub copied_at_us: Option<u64>,
    reports: UnixDatagram,
}

/// One message of the child.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Report {
    keys_saved: u64,
    copied_bytes: usize,
}

impl Report {
    const BYTES: usize = 16;

    fn to_bytes(self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        let (keys, copied) = bytes.split_at_mut(8);
        keys.copy_from_slice(&self.keys_saved.to_ne_bytes());
        copied.copy_from_slice(&(self.copied_bytes as u64).to_ne_bytes());
        bytes
    }

    fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let number = |at: usize| {
            let bytes = bytes.get(at..).and_then(|rest| rest.first_chunk());
            u64::from_ne_bytes(bytes.copied().unwrap_or_default())
        };
        Self { keys_saved: number(0), copied_bytes: number(8) as usize }
    }
}

impl SnapshotChild {
    /// Takes the messages that have arrived; does not wait.
    pub(super) fn receive(&mut self) {
        let mut bytes = [0; Report::BYTES];
        while matches!(self.reports.recv(&mut bytes), Ok(Report::BYTES)) {
            let report = Report::from_bytes(bytes);
            self.keys_saved = report.keys_saved;
            self.copied_bytes = report.copied_bytes;
            self.copied_bytes_max = self.copied_bytes_max.max(report.copied_bytes);
            self.copied_at_us = Some(clock::now_us());
        }
    }
}

/// What a child is for.
#[derive(Debug)]
pub(super) struct Purpose<'a> {
    /// What `ps` shows.
    pub title: &'a str,
    /// As Redis's log calls it.
    pub name: &'static str,
}

/// Forks a child that does `work`, and exits with 0 if that says that it succeeded.
pub(super) fn start(
    target: SnapshotTarget,
    config: &Config,
    purpose: &Purpose<'_>,
    oom_score: &mut OomScore,
    listeners: &dyn Listen,
    work: impl FnOnce(&Config, &mut Reporter<'_>) -> bool,
) -> io::Result<SnapshotChild> {
    let (receiver, sender) = UnixDatagram::pair()?;
    receiver.set_nonblocking(true)?;
    // Optional, so that the child can close its copy: a report then fails once the parent is gone.
    let mut reports = Some(receiver);
    let pid = process::fork_child(|| {
        drop(reports.take());
        // A parent that crashed can start again while its child still saves.
        listeners.close_in_child();
        process::set_title(purpose.title);
        if let Err(error) = oom_score.adjust(&config.process, OomScore::CHILD) {
            log::warn!("Unable to write oom_score_adj: {error}");
        }
        let mut reporter = Reporter::new(&sender, purpose.name);
        if !work(config, &mut reporter) {
            return 1;
        }
        reporter.finish();
        0
    })?;
    let reports = reports.ok_or_else(|| io::Error::other("only the child takes the reports' end"))?;
    Ok(SnapshotChild {
        pid,
        target,
        since_s: clock::unix_now_ms() / 1000,
        keys_total: 0,
        keys_saved: 0,
        copied_bytes: 0,
        copied_bytes_max: 0,
        copied_at_us: None,
        reports,
    })
}

/// The child's side of the reports.
pub(super) struct Reporter<'a> {
    reports: &'a UnixDatagram,
    name: &'static str,
    keys_saved: u64,
    reported_us: u64,
    copied_bytes: usize,
    copied_bytes_max: usize,
    copied_bytes_sum: usize,
    asked: usize,
    /// When the kernel may be asked again.
    ask_again_us: u64,
}

impl<'a> Reporter<'a> {
    fn new(reports: &'a UnixDatagram, name: &'static str) -> Self {
        Self {
            reports,
            name,
            keys_saved: 0,
            reported_us: 0,
            copied_bytes: 0,
            copied_bytes_max: 0,
            copied_bytes_sum: 0,
            asked: 0,
            ask_again_us: 0,
        }
    }

    /// So many keys are written.
    pub fn after_key(&mut self, count: u64) -> io::Result<()> {
        self.keys_saved = count;
        if !(count - 1).is_multiple_of(KEYS_PER_LOOK) {
            return Ok(());
        }
        let now_us = clock::now_us();
        if now_us - self.reported_us < REPORT_PERIOD_US {
            return Ok(());
        }
        self.reported_us = now_us;
        if now_us >= self.ask_again_us {
            self.ask();
            if self.copied_bytes > 0 {
                self.log(false);
            }
        }
        // A parent that is gone wants no snapshot: the next one has its own.
        self.reports.send(&self.report().to_bytes()).map(|_| ())
    }

    fn finish(&mut self) {
        self.ask();
        self.log(true);
        if let Err(error) = self.reports.send(&self.report().to_bytes()) {
            log::warn!("Child failed reporting info to parent: {error}");
        }
    }

    fn ask(&mut self) {
        let before_us = clock::now_us();
        self.copied_bytes = memory::private_dirty_bytes();
        let after_us = clock::now_us();
        self.ask_again_us = after_us + (after_us - before_us) * ASKING_SHARE;
        self.copied_bytes_max = self.copied_bytes_max.max(self.copied_bytes);
        self.copied_bytes_sum += self.copied_bytes;
        self.asked += 1;
    }

    fn log(&self, is_last: bool) {
        log::log!(
            if is_last { log::Level::Info } else { log::Level::Debug },
            "Fork CoW for {}: current {} MB, peak {} MB, average {} MB",
            self.name,
            self.copied_bytes >> 20,
            self.copied_bytes_max >> 20,
            (self.copied_bytes_sum / self.asked.max(1)) >> 20
        );
    }

    fn report(&self) -> Report {
        Report { keys_saved: self.keys_saved, copied_bytes: self.copied_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_survives_its_way() {
        let report = Report { keys_saved: u64::MAX - 1, copied_bytes: 1 << 40 };
        assert_eq!(Report::from_bytes(report.to_bytes()), report);
    }
}
