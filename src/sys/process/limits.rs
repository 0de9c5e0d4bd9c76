//! What the kernel allows the process, and what it may ask for.

use std::ffi::CString;
use std::{fs, io};

#[expect(unsafe_code, reason = "getrlimit is not in std")]
fn file_limits() -> io::Result<libc::rlimit> {
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is valid for the call.
    match unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limits) } {
        0 => Ok(limits),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many files the process may have open.
pub fn open_files_limit() -> io::Result<u64> {
    file_limits().map(|limits| limits.rlim_cur)
}

/// Raises the number of files that may be open to `want`, or as far as the kernel lets us, and
/// returns the number in force. Never lowers it. 0 means that the limit could not even be read.
pub fn set_open_files_limit(want: u64) -> u64 {
    let Ok(present) = file_limits() else { return 0 };
    if present.rlim_cur >= want {
        return present.rlim_cur;
    }
    // Beyond the hard limit only with privilege; up to it, always.
    let beyond = libc::rlimit { rlim_cur: want, rlim_max: present.rlim_max.max(want) };
    let within = libc::rlimit { rlim_cur: want.min(present.rlim_max), rlim_max: present.rlim_max };
    [beyond, within]
        .iter()
        .find(|limits| raise_files_limit(limits))
        .map_or(present.rlim_cur, |set| set.rlim_cur)
}

#[expect(unsafe_code, reason = "setrlimit is not in std")]
fn raise_files_limit(limits: &libc::rlimit) -> bool {
    // SAFETY: the pointer is valid for the call.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, limits) == 0 }
}

/// The file in which the out-of-memory killer looks up how dear the process is to us.
const OOM_SCORE_ADJ: &str = "/proc/self/oom_score_adj";

/// The present adjustment: -1000 (never killed) to 1000 (killed first).
pub fn oom_score_adj() -> io::Result<i32> {
    let text = fs::read_to_string(OOM_SCORE_ADJ)?;
    text.trim().parse().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Adjusts the score, clamped to the kernel's range. Lowering it needs privilege.
pub fn set_oom_score_adj(value: i32) -> io::Result<()> {
    fs::write(OOM_SCORE_ADJ, format!("{}\n", value.clamp(-1000, 1000)))
}

/// Turns transparent huge pages off for this process: under a forked child every first write to
/// one would copy 2 MiB.
#[expect(unsafe_code, reason = "prctl is not in std")]
pub fn thp_disable() -> io::Result<()> {
    // SAFETY: this request takes numbers alone.
    match unsafe { libc::prctl(libc::PR_SET_THP_DISABLE, 1, 0, 0, 0) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Sets the order in which text is compared (`locale-collate`); the empty name takes it from the
/// environment. False when the system does not know the locale.
#[expect(unsafe_code, reason = "setlocale is not in std")]
pub fn set_locale(name: &str) -> bool {
    let Ok(name) = CString::new(name) else { return false };
    // SAFETY: the pointer is a C string for the call. Nothing of ours reads the locale from
    // another thread.
    unsafe { !libc::setlocale(libc::LC_COLLATE, name.as_ptr()).is_null() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_of_open_files_is_raised_as_far_as_possible_and_never_lowered() {
        let got = set_open_files_limit(u64::MAX - 1);
        assert!(got > 0);
        assert_eq!(open_files_limit().unwrap(), got);
        assert_eq!(set_open_files_limit(1), got);
        assert_eq!(open_files_limit().unwrap(), got);
    }

    #[test]
    fn the_out_of_memory_score_can_be_set_to_what_it_is() {
        let score = oom_score_adj().unwrap();
        set_oom_score_adj(score).unwrap();
        assert_eq!(oom_score_adj().unwrap(), score);
    }

    #[test]
    fn the_c_locale_is_always_known_and_nonsense_never() {
        assert!(set_locale("C"));
        assert!(!set_locale("no_SUCH.locale"));
        assert!(!set_locale("a\0b"));
    }
}
