//! `--check-system` and `--test-memory`: is this machine fit to run the server?
//!
//! Reports go to a writer; the return value is the exit code. What the checks find wrong is also
//! available as text, for the warnings of a start.

use std::fs;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use super::{clock, process};

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    Fine,
    /// The system does not say.
    Unknown,
    /// What is wrong and what to do about it.
    Bad(String),
}

/// Runs all checks, a line each. The exit code is 0 if none of them warns, else 1.
pub fn check_system(out: &mut dyn Write) -> io::Result<i32> {
    type Check = fn() -> Finding;
    const CHECKS: [(&str, Check); 5] = [
        ("slow-clocksource", check_clocksource_speed),
        ("xen-clocksource", check_clocksource_name),
        ("overcommit", check_overcommit),
        ("THP", check_huge_pages),
        ("somaxconn", check_backlog),
    ];
    let mut exit_code = 0;
    for (name, check) in CHECKS {
        match check() {
            Finding::Fine => writeln!(out, "[{name}]...OK")?,
            Finding::Unknown => writeln!(out, "[{name}]...skipped")?,
            Finding::Bad(advice) => {
                writeln!(out, "[{name}]...WARNING:\n{advice}")?;
                exit_code = 1;
            }
        }
    }
    Ok(exit_code)
}

/// What a start should warn about: the quick checks that found something wrong. Huge pages harm nobody who
/// has turned them off for itself.
pub fn startup_warnings(has_no_huge_pages: bool) -> Vec<String> {
    let huge_pages = if has_no_huge_pages { Finding::Fine } else { check_huge_pages() };
    let findings = [check_overcommit(), huge_pages, check_clocksource_name()];
    let bad = |finding| match finding {
        Finding::Bad(advice) => Some(advice),
        _ => None,
    };
    findings.into_iter().filter_map(bad).collect()
}

/// The longest queue of connections not yet accepted that the kernel grants.
pub fn somaxconn() -> Option<u32> {
    first_line("/proc/sys/net/core/somaxconn")?.parse().ok()
}

const CURRENT_CLOCKSOURCE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
const AVAILABLE_CLOCKSOURCES: &str = "/sys/devices/system/clocksource/clocksource0/available_clocksource";

/// Asks for the time in a loop: where that takes system calls, the time is spent in the kernel.
fn check_clocksource_speed() -> Finding {
    /// Long enough for the kernel's accounting, which counts in ticks of up to 10 ms.
    const LOOP_US: u64 = 50_000;
    let before = process::cpu_times().process;
    let start_us = clock::now_us();
    while clock::now_us() - start_us < LOOP_US {}
    let after = process::cpu_times().process;
    let system_us = after.system_us - before.system_us;
    let user_us = after.user_us - before.user_us;
    if system_us * 10 <= system_us + user_us {
        return Finding::Fine;
    }
    Finding::Bad(format!(
        "Asking for the time is slow on this system, as it goes through the kernel: expect degraded \
         performance. The current clocksource is '{}', available are: {}. To change it until the next boot, \
         run as root: echo tsc > {CURRENT_CLOCKSOURCE}. To keep it, set 'clocksource=' on the kernel's \
         command line.",
        first_line(CURRENT_CLOCKSOURCE).unwrap_or_default(),
        first_line(AVAILABLE_CLOCKSOURCES).unwrap_or_default(),
    ))
}

fn check_clocksource_name() -> Finding {
    match first_line(CURRENT_CLOCKSOURCE).as_deref() {
        None => Finding::Unknown,
        Some("xen") => Finding::Bad(
            "The system's clocksource is 'xen', which may be slow. Run 'russet-server --check-system' and \
             look at [slow-clocksource] to see whether it is here."
                .to_owned(),
        ),
        Some(_) => Finding::Fine,
    }
}

fn check_overcommit() -> Finding {
    judge_overcommit(first_line("/proc/sys/vm/overcommit_memory").as_deref())
}

fn judge_overcommit(setting: Option<&str>) -> Finding {
    match setting {
        None => Finding::Unknown,
        Some("1") => Finding::Fine,
        Some(_) => Finding::Bad(
            "Memory overcommit must be enabled! Otherwise the kernel may refuse the fork that a background \
             save or a full synchronisation needs, even while memory is free. To fix this, add \
             'vm.overcommit_memory = 1' to /etc/sysctl.conf and reboot, or run \
             'sysctl vm.overcommit_memory=1' for it to take effect at once."
                .to_owned(),
        ),
    }
}

fn check_huge_pages() -> Finding {
    judge_huge_pages(first_line("/sys/kernel/mm/transparent_hugepage/enabled").as_deref())
}

fn judge_huge_pages(setting: Option<&str>) -> Finding {
    match setting {
        None => Finding::Unknown,
        Some(setting) if setting.contains("[always]") => Finding::Bad(
            "Transparent Huge Pages (THP) are enabled for all memory in your kernel. A forked child makes \
             them a cause of latency and of memory use. To fix this, run 'echo madvise > \
             /sys/kernel/mm/transparent_hugepage/enabled' as root, and add it to your /etc/rc.local to \
             keep it after a reboot. The server must be restarted afterwards."
                .to_owned(),
        ),
        Some(_) => Finding::Fine,
    }
}

fn check_backlog() -> Finding {
    /// The default of `tcp-backlog`.
    const BACKLOG_WANTED: u32 = 511;
    match somaxconn() {
        None => Finding::Unknown,
        Some(granted) if granted >= BACKLOG_WANTED => Finding::Fine,
        Some(granted) => Finding::Bad(format!(
            "The kernel grants a TCP backlog of {granted}, less than the default tcp-backlog of \
             {BACKLOG_WANTED}. To fix this, add 'net.core.somaxconn = {BACKLOG_WANTED}' to /etc/sysctl.conf."
        )),
    }
}

fn first_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.lines().next().unwrap_or_default().trim().to_owned())
}

/// Fills memory with patterns and reads them back, `passes` times over. The exit code is 0 if
/// every word held, else 1; also 1 when the memory cannot be had.
pub fn test_memory(megabytes: usize, passes: u32, out: &mut dyn Write) -> io::Result<i32> {
    let Some(words) = allocate_words(megabytes) else {
        writeln!(out, "Unable to allocate {megabytes} megabytes.")?;
        return Ok(1);
    };
    for pass in 1..=passes {
        for pattern in PATTERNS {
            write!(out, "\rPass {pass} of {passes}: {:<18}", pattern.name())?;
            out.flush()?;
            pattern.fill(&words);
            // Reading more than once also finds words that lose their value while others are read.
            for _ in 0..READS_PER_FILL {
                if let Some(fault) = pattern.verify(&words) {
                    writeln!(out, "\n*** MEMORY ERROR at {fault}")?;
                    return Ok(1);
                }
            }
        }
    }
    writeln!(out, "\nYour memory passed this test.")?;
    writeln!(
        out,
        "If you are still in doubt, let memtest86+ run for a night: it tests what no process can reach."
    )?;
    Ok(0)
}

const READS_PER_FILL: u32 = 4;

/// The words are atomics because the compiler must not skip stores and loads of these.
fn allocate_words(megabytes: usize) -> Option<Vec<AtomicU64>> {
    let count = megabytes.checked_mul(1 << 20)? / size_of::<u64>();
    let mut words = Vec::new();
    words.try_reserve_exact(count).ok()?;
    words.resize_with(count, || AtomicU64::new(0));
    Some(words)
}

/// What a word should hold, computed again on verification.
#[derive(Debug, Clone, Copy)]
enum Pattern {
    /// Its own index: finds address lines that are stuck or crossed.
    Address,
    /// A pseudo-random number: finds what regular patterns hide.
    Random,
    /// One value in even words and its complement in odd ones: finds bits that are stuck or that
    /// influence their neighbours.
    Alternating(u64),
}

const PATTERNS: [Pattern; 6] = [
    Pattern::Address,
    Pattern::Random,
    Pattern::Alternating(0),
    Pattern::Alternating(u64::MAX),
    Pattern::Alternating(0xAAAA_AAAA_AAAA_AAAA),
    Pattern::Alternating(0x5555_5555_5555_5555),
];

impl Pattern {
    fn name(self) -> &'static str {
        match self {
            Self::Address => "addresses",
            Self::Random => "random values",
            Self::Alternating(0 | u64::MAX) => "solid bits",
            Self::Alternating(_) => "checkerboard",
        }
    }

    fn word(self, index: usize) -> u64 {
        let index = index as u64;
        match self {
            Self::Address => index,
            Self::Random => mix(index),
            Self::Alternating(value) if index.is_multiple_of(2) => value,
            Self::Alternating(value) => !value,
        }
    }

    fn fill(self, words: &[AtomicU64]) {
        for (index, word) in words.iter().enumerate() {
            word.store(self.word(index), Ordering::Relaxed);
        }
    }

    fn verify(self, words: &[AtomicU64]) -> Option<Fault> {
        words.iter().enumerate().find_map(|(index, word)| {
            let (found, expected) = (word.load(Ordering::Relaxed), self.word(index));
            (found != expected).then_some(Fault { address: word.as_ptr() as usize, found, expected })
        })
    }
}

/// The finaliser of splitmix64: every bit of the result depends on every bit of the index.
fn mix(index: u64) -> u64 {
    let mut value = index.wrapping_add(0x9E37_79B9_7F4A_7C15);
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A word that did not hold.
#[derive(Debug, PartialEq, Eq)]
struct Fault {
    address: usize,
    found: u64,
    expected: u64,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:#x}: holds {:016x} instead of {:016x}", self.address, self.found, self.expected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_overcommit_1_is_fine() {
        assert_eq!(judge_overcommit(Some("1")), Finding::Fine);
        assert!(matches!(judge_overcommit(Some("0")), Finding::Bad(_)));
        assert!(matches!(judge_overcommit(Some("2")), Finding::Bad(_)));
        assert_eq!(judge_overcommit(None), Finding::Unknown);
    }

    #[test]
    fn only_huge_pages_for_everything_are_bad() {
        assert!(matches!(judge_huge_pages(Some("[always] madvise never")), Finding::Bad(_)));
        assert_eq!(judge_huge_pages(Some("always [madvise] never")), Finding::Fine);
        assert_eq!(judge_huge_pages(Some("always madvise [never]")), Finding::Fine);
    }

    #[test]
    fn every_check_has_a_line_and_the_exit_code_tells_of_warnings() {
        let mut out = Vec::new();
        let code = check_system(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        for name in ["slow-clocksource", "xen-clocksource", "overcommit", "THP", "somaxconn"] {
            assert_eq!(text.matches(&format!("[{name}]...")).count(), 1, "{text}");
        }
        assert_eq!(code == 1, text.contains("...WARNING:"), "{text}");
    }

    #[test]
    fn sound_memory_passes() {
        let mut out = Vec::new();
        assert_eq!(test_memory(1, 1, &mut out).unwrap(), 0);
        assert!(String::from_utf8(out).unwrap().contains("\nYour memory passed this test.\n"));
    }

    #[test]
    fn memory_that_cannot_be_had_is_a_failure_and_not_a_crash() {
        for megabytes in [usize::MAX, usize::MAX >> 21] {
            assert_eq!(test_memory(megabytes, 1, &mut Vec::new()).unwrap(), 1);
        }
    }

    #[test]
    fn a_flipped_bit_is_found_under_every_pattern() {
        let words = allocate_words(1).unwrap();
        for pattern in PATTERNS {
            pattern.fill(&words);
            assert_eq!(pattern.verify(&words), None);
            let expected = pattern.word(1000);
            words[1000].fetch_xor(1 << 40, Ordering::Relaxed);
            let fault = pattern.verify(&words).unwrap();
            assert_eq!((fault.found, fault.expected), (expected ^ (1 << 40), expected));
        }
    }
}
