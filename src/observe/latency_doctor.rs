//! LATENCY DOCTOR: what the recorded events may mean, in words for an operator.
//!
//! Which advice follows from which event is Redis's knowledge; the sentences are our own.

use std::fmt::Write as _;

use super::latency::{LatencyEvent, LatencyMonitor};

/// What the doctor must know besides the samples.
#[derive(Debug, Clone, Copy)]
pub struct DoctorContext {
    pub now_s: u64,
    /// `latency-monitor-threshold`.
    pub threshold_ms: u64,
    /// `slowlog-log-slower-than`, negative when the slow log is off.
    pub slowlog_slower_than_us: i64,
    pub fork_rate_gb_per_second: f64,
    /// `appendfsync always`.
    pub fsync_always: bool,
    pub hz: u32,
    /// Anonymous huge pages of this process.
    pub huge_pages_bytes: u64,
}

/// One line of advice. The report lists them in this order, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Advice {
    FasterFork,
    EnableSlowLog,
    LowerSlowLogLimit,
    ReadSlowLog,
    Scheduler,
    LocalDisk,
    SolidStateDisk,
    DataWriteback,
    DiskContention,
    NoFsyncOnRewrite,
    RelaxFsync,
    WriteLoad,
    RaiseHz,
    LargeValues,
    MassEviction,
    DisableHugePages,
}

impl LatencyMonitor {
    /// The report: one line per event, then advice.
    pub fn doctor(&self, context: &DoctorContext) -> String {
        if self.events().is_empty() && context.threshold_ms == 0 {
            return "Latency monitoring is disabled in this instance. Enable it with \"CONFIG SET \
                    latency-monitor-threshold <milliseconds>\", let the server work for a while, and \
                    ask again.\n"
                .to_owned();
        }
        let mut report = String::new();
        let mut advice = Vec::new();
        if !self.events().is_empty() {
            report += "Latency spikes were observed in this instance:\n\n";
        }
        for (index, event) in self.events().iter().enumerate() {
            describe(&mut report, index + 1, event, context);
            advise(&mut advice, event.name, context);
        }
        if context.huge_pages_bytes > 0 {
            advice.push(Advice::DisableHugePages);
        }
        advice.sort_unstable();
        advice.dedup();
        match (self.events().is_empty(), advice.is_empty()) {
            (true, true) => report += "No latency spike was observed so far. All is well.\n",
            (false, true) => report += "\nNone of these events has a remedy that is known in general.\n",
            (_, false) => {
                report += "\nWhat may help:\n\n";
                for line in advice {
                    // Writing to a String cannot fail.
                    let _ = writeln!(report, "- {}", line.text(context));
                }
            }
        }
        report
    }
}

fn describe(report: &mut String, number: usize, event: &LatencyEvent, context: &DoctorContext) {
    let summary = Summary::of(event, context.now_s);
    let _ = write!(
        report,
        "{number}. {}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2} sec). \
         Worst all time event {}ms.",
        event.name,
        summary.count,
        summary.mean_ms,
        summary.deviation_ms,
        summary.period_s as f64 / summary.count as f64,
        event.worst_ms,
    );
    if event.name == "fork" {
        let rate = context.fork_rate_gb_per_second;
        let _ = write!(report, " Fork rate is {rate:.2} GB/sec ({}).", fork_quality(rate));
    }
    report.push('\n');
}

struct Summary {
    count: u64,
    mean_ms: u64,
    /// Mean absolute deviation.
    deviation_ms: u64,
    /// Since the oldest sample, at least 1.
    period_s: u64,
}

impl Summary {
    fn of(event: &LatencyEvent, now_s: u64) -> Self {
        let count = event.samples().len().max(1) as u64;
        let mean_ms = event.samples().map(|sample| sample.latency_ms).sum::<u64>() / count;
        let deviations = event.samples().map(|sample| sample.latency_ms.abs_diff(mean_ms));
        let oldest_s = event.samples().map(|sample| sample.time_s).min().unwrap_or(now_s);
        let period_s = now_s.saturating_sub(oldest_s).max(1);
        Self { count, mean_ms, deviation_ms: deviations.sum::<u64>() / count, period_s }
    }
}

fn fork_quality(gb_per_second: f64) -> &'static str {
    match gb_per_second {
        ..10.0 => "terrible",
        ..25.0 => "poor",
        ..100.0 => "good",
        _ => "excellent",
    }
}

fn advise(advice: &mut Vec<Advice>, event: &str, context: &DoctorContext) {
    use Advice::{
        DataWriteback, DiskContention, EnableSlowLog, FasterFork, LargeValues, LocalDisk, LowerSlowLogLimit,
        MassEviction, NoFsyncOnRewrite, RaiseHz, ReadSlowLog, RelaxFsync, Scheduler, SolidStateDisk,
        WriteLoad,
    };
    let lines: &[Advice] = match event {
        "fork" if context.fork_rate_gb_per_second < 25.0 => &[FasterFork],
        "command" => &[ReadSlowLog, LargeValues],
        "fast-command" => &[Scheduler],
        "aof-write-pending-fsync" => &[LocalDisk, DiskContention, SolidStateDisk, DataWriteback],
        "aof-write-active-child" => &[NoFsyncOnRewrite, DataWriteback, SolidStateDisk],
        "aof-write-alone" => &[LocalDisk, DataWriteback, SolidStateDisk],
        "aof-fsync-always" if context.fsync_always => &[RelaxFsync],
        "aof-fstat" | "rdb-unlink-temp-file" => &[DiskContention, LocalDisk],
        "aof-rewrite-diff-write" | "aof-rename" => &[WriteLoad, DataWriteback, SolidStateDisk, LocalDisk],
        "expire-cycle" if context.hz < 100 => &[RaiseHz, LargeValues],
        "expire-cycle" | "eviction-del" => &[LargeValues],
        "eviction-cycle" => &[MassEviction],
        _ => &[],
    };
    advice.extend(lines);
    if event == "command" {
        match u64::try_from(context.slowlog_slower_than_us) {
            Err(_) => advice.push(EnableSlowLog),
            Ok(limit_us) if limit_us / 1000 > context.threshold_ms => advice.push(LowerSlowLogLimit),
            Ok(_) => {}
        }
    }
}

impl Advice {
    fn text(self, context: &DoctorContext) -> String {
        let text = match self {
            Self::FasterFork => {
                "fork() is slow here. On a virtual machine, try another instance type or hypervisor: the \
                 price of copying page tables differs a lot between them."
            }
            Self::EnableSlowLog => {
                return format!(
                    "Some commands are slow, and the slow log that would name them is off. Turn it on with \
                     'CONFIG SET slowlog-log-slower-than {}'.",
                    context.threshold_ms.saturating_mul(1000)
                );
            }
            Self::LowerSlowLogLimit => {
                return format!(
                    "The slow log misses requests that the latency monitor sees. Let both use one limit: \
                     'CONFIG SET slowlog-log-slower-than {}'.",
                    context.threshold_ms.saturating_mul(1000)
                );
            }
            Self::ReadSlowLog => "SLOWLOG GET names the commands that took long.",
            Self::Scheduler => {
                "Even commands that do very little were slow: the process does not get its CPU. Lower the \
                 load of the machine, give the server a machine of its own, look for noisy neighbours, and \
                 measure with 'redis-cli --intrinsic-latency 100'."
            }
            Self::LocalDisk => "Keep the data directory on a local disk: remote disks are slow to sync.",
            Self::SolidStateDisk => {
                "Solid state disks shorten fsync, snapshots and rewrites. Try the other advice first."
            }
            Self::DataWriteback => {
                "On ext3/4, mounting with data=writeback is faster than data=ordered, but a crash may leave \
                 a half-written command at the end of the AOF, to be repaired before the next start."
            }
            Self::DiskContention => {
                "Other processes compete for the disk, perhaps other instances on this machine. Move them, \
                 or spread their work."
            }
            Self::NoFsyncOnRewrite => {
                "If your data can bear it, 'no-appendfsync-on-rewrite yes' avoids syncing while a child \
                 process writes a lot."
            }
            Self::RelaxFsync => {
                "'appendfsync always' waits for the disk before every answer. 'everysec' does not, and \
                 loses at most a second or two of writes in a crash."
            }
            Self::WriteLoad => {
                "Finishing an AOF rewrite takes longer the more is written meanwhile. Fewer, larger \
                 commands do the same work with less text."
            }
            Self::RaiseHz => "Expire keys in smaller portions, more often: 'CONFIG SET hz 100'.",
            Self::LargeValues => {
                "Deleting, expiring or evicting very large values can block. Split them into smaller ones, \
                 or use UNLINK and the lazyfree-lazy-* options."
            }
            Self::MassEviction => {
                "Memory had to be freed in a hurry. Lower 'maxmemory' in steps, and mind commands that \
                 create large values at once (set operations with STORE, SORT with STORE, RESTORE)."
            }
            Self::DisableHugePages => {
                "This process uses anonymous huge pages, which makes copy-on-write after fork() expensive. \
                 Disable them with 'echo never > /sys/kernel/mm/transparent_hugepage/enabled', make that \
                 permanent, and restart the server."
            }
        };
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTEXT: DoctorContext = DoctorContext {
        now_s: 103,
        threshold_ms: 5,
        slowlog_slower_than_us: 1_000,
        fork_rate_gb_per_second: 30.0,
        fsync_always: false,
        hz: 10,
        huge_pages_bytes: 0,
    };

    fn advice_lines(report: &str) -> Vec<&str> {
        report.lines().filter(|line| line.starts_with("- ")).collect()
    }

    #[test]
    fn a_disabled_monitor_says_how_to_enable_it() {
        let report = LatencyMonitor::default().doctor(&DoctorContext { threshold_ms: 0, ..CONTEXT });
        assert!(report.starts_with("Latency monitoring is disabled in this instance."));
    }

    #[test]
    fn no_events_are_good_news() {
        let report = LatencyMonitor::default().doctor(&CONTEXT);
        assert_eq!(report, "No latency spike was observed so far. All is well.\n");
    }

    #[test]
    fn an_event_is_summarised_by_its_samples() {
        let mut monitor = LatencyMonitor::default();
        for (now_s, latency_ms) in [(100, 20), (101, 50), (102, 30), (103, 35)] {
            monitor.add("command", latency_ms, now_s);
        }
        let report = monitor.doctor(&CONTEXT);
        let expected = "1. command: 4 latency spikes (average 33ms, mean deviation 8ms, period 0.75 sec). \
                        Worst all time event 50ms.";
        assert_eq!(report.lines().nth(2), Some(expected));
        assert_eq!(advice_lines(&report).len(), 2);
    }

    #[test]
    fn advice_that_several_events_call_for_is_given_once() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("command", 9, 1);
        monitor.add("eviction-del", 9, 1);
        monitor.add("expire-cycle", 9, 1);
        let report = monitor.doctor(&DoctorContext { hz: 100, ..CONTEXT });
        assert_eq!(report.matches("UNLINK").count(), 1);
        assert_eq!(advice_lines(&report).len(), 2);
    }

    #[test]
    fn a_slow_log_that_is_off_or_too_lax_is_mentioned() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("command", 9, 1);
        for slowlog_slower_than_us in [-1, 10_000] {
            let report = monitor.doctor(&DoctorContext { slowlog_slower_than_us, ..CONTEXT });
            assert!(report.contains("'CONFIG SET slowlog-log-slower-than 5000'"), "{report}");
        }
    }

    #[test]
    fn events_without_a_remedy_and_a_good_fork_leave_it_at_that() {
        let mut monitor = LatencyMonitor::default();
        monitor.add("fork", 9, 1);
        let report = monitor.doctor(&CONTEXT);
        assert!(report.contains("Fork rate is 30.00 GB/sec (good)."));
        assert!(advice_lines(&report).is_empty());
        let report = monitor.doctor(&DoctorContext { huge_pages_bytes: 4096, ..CONTEXT });
        assert_eq!(advice_lines(&report).len(), 1);
    }
}
