//! What the process has used, and what system it runs on: facts for INFO.

use std::ffi::CStr;
use std::mem;

/// CPU time in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CpuTime {
    pub user_us: u64,
    pub system_us: u64,
}

/// Who used how much.
#[derive(Debug, Clone, Copy, Default)]
pub struct CpuTimes {
    /// All threads of this process.
    pub process: CpuTime,
    /// Children that ended and were waited for.
    pub children: CpuTime,
    /// The calling thread; called from the loop, the main thread.
    pub thread: CpuTime,
}

/// CPU times so far.
pub fn cpu_times() -> CpuTimes {
    CpuTimes {
        process: usage_of(libc::RUSAGE_SELF),
        children: usage_of(libc::RUSAGE_CHILDREN),
        thread: usage_of(libc::RUSAGE_THREAD),
    }
}

#[expect(unsafe_code, reason = "getrusage is not in std")]
fn usage_of(who: libc::c_int) -> CpuTime {
    // SAFETY: all-zero is a valid `rusage`, and the pointer is valid for the call, which cannot
    // fail for the three constants it is given.
    let usage = unsafe {
        let mut usage: libc::rusage = mem::zeroed();
        libc::getrusage(who, &raw mut usage);
        usage
    };
    let micros = |time: libc::timeval| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64;
    CpuTime { user_us: micros(usage.ru_utime), system_us: micros(usage.ru_stime) }
}

/// Kernel, release and machine, as in `Linux 6.1.0 x86_64`.
#[expect(unsafe_code, reason = "uname is not in std")]
pub fn uname() -> String {
    // SAFETY: all-zero is a valid `utsname` (empty strings); the kernel fills in C strings.
    let name = unsafe {
        let mut name: libc::utsname = mem::zeroed();
        libc::uname(&raw mut name);
        name
    };
    let text = |field: &[libc::c_char]| {
        // SAFETY: each field is an array that holds a C string.
        let field = unsafe { CStr::from_ptr(field.as_ptr()) };
        field.to_string_lossy().into_owned()
    };
    format!("{} {} {}", text(&name.sysname), text(&name.release), text(&name.machine))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_has_a_name_of_three_words() {
        let name = uname();
        assert!(name.starts_with("Linux "), "{name}");
        assert_eq!(name.split(' ').count(), 3);
        assert!(name.ends_with(std::env::consts::ARCH), "{name}");
    }

    #[test]
    fn cpu_time_only_grows() {
        let before = cpu_times();
        let after = cpu_times();
        assert!(after.process.user_us >= before.process.user_us);
        assert!(after.thread.system_us >= before.thread.system_us);
    }
}
