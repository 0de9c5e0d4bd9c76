//! Crash reports: what is written to the log when a signal or a panic ends the process.
//!
//! The handlers of fatal signals do only what is async-signal-safe, with one exception that
//! every crash reporter makes: `backtrace`, which is safe once its library is loaded (we load it
//! on installation), unless the unwinder itself was what crashed. A second crash within a handler
//! ends the process: each handler is removed as it starts.
//!
//! The report's first lines are those of Redis, which supervisors and test suites look for.

use std::backtrace::Backtrace;
use std::cell::Cell;
use std::panic::PanicHookInfo;
use std::{mem, ptr};

use super::log::HandlerLog;
use super::signals::{self, Leftover};
use super::task;

/// The signals that end the process with a report.
pub(super) const SIGNALS: [libc::c_int; 5] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT];

/// Reports crashes from now on (`crash-log-enabled yes`).
#[expect(unsafe_code, reason = "sigaction is not in std; signal-hook refuses fatal signals")]
pub fn enable_crash_reports() {
    prepare();
    for signal in SIGNALS {
        // SAFETY: all-zero is a valid `sigaction`; the handler has the signature that SA_SIGINFO
        // asks for and is async-signal-safe as argued above. The call cannot fail for these
        // signals.
        unsafe {
            let mut action: libc::sigaction = mem::zeroed();
            let handler: extern "C" fn(_, _, _) = report_and_die;
            action.sa_sigaction = handler as libc::sighandler_t;
            action.sa_flags = libc::SA_NODEFER | libc::SA_RESETHAND | libc::SA_SIGINFO | libc::SA_ONSTACK;
            libc::sigaction(signal, &raw const action, ptr::null_mut());
        }
    }
}

/// What a handler needs that writes a stack: one of its own, and the unwinder.
#[expect(unsafe_code, reason = "the unwinder of the C library")]
pub(super) fn prepare() {
    use_own_stack();
    let mut frames = [ptr::null_mut(); 1];
    // SAFETY: the buffer holds as many frames as the call is told. The call loads the unwinder
    // now, as loading allocates and a handler must not.
    unsafe { libc::backtrace(frames.as_mut_ptr(), 1) };
}

/// Leaves crashes to the kernel (`crash-log-enabled no`).
pub fn disable_crash_reports() {
    signals::set_disposition(&SIGNALS, libc::SIG_DFL);
}

/// Crashes as an invalid access would: DEBUG SEGFAULT.
#[expect(unsafe_code, reason = "raise is not in std")]
pub fn crash_on_purpose() -> ! {
    // SAFETY: either our handler or the default action runs; neither returns here.
    unsafe { libc::raise(libc::SIGSEGV) };
    std::process::abort();
}

/// A panic is a broken invariant: the report says which one, then the process aborts.
///
/// The report goes around the lock of the log, as the panic may have come while it was held.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|info| {
        HandlerLog::open().raw(panic_report(info, &Backtrace::force_capture()).as_bytes());
        signals::remove_leftover(Leftover::PidFile);
        // This was the report: the abort that follows needs none.
        signals::set_disposition(&[libc::SIGABRT], libc::SIG_DFL);
        std::process::abort();
    }));
}

fn panic_report(info: &PanicHookInfo<'_>, backtrace: &Backtrace) -> String {
    let payload = info.payload();
    let literal = payload.downcast_ref::<&str>().copied();
    let message = literal.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let message = message.unwrap_or("(no message)");
    let location = info.location().map_or_else(|| "unknown".to_owned(), ToString::to_string);
    let thread = std::thread::current();
    format!(
        "\n\n=== RUSSET BUG REPORT START: Cut & paste starting from here ===\n\
         Russet {version} panicked: {message}\n\
         Location: {location}\n\
         Thread: {thread}\n\
         \n------ STACK TRACE ------\n{backtrace}\n\
         === RUSSET BUG REPORT END. Make sure to include from START to END. ===\n\n",
        version = env!("CARGO_PKG_VERSION"),
        thread = thread.name().unwrap_or("unnamed"),
    )
}

extern "C" fn report_and_die(
    signal: libc::c_int,
    info: *const libc::siginfo_t,
    context: *const libc::c_void,
) {
    let log = HandlerLog::open();
    log.raw(b"\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n");
    report_cause(&log, signal, info);
    if let Some(address) = instruction_pointer(context) {
        log.line(format_args!("Crashed running the instruction at: {address:#x}"));
    }
    report_stack(&log);
    log.raw(
        b"\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n\n\
        \x20      Please report the crash to the authors of Russet.\n\n\
        \x20 Suspect RAM error? Use russet-server --test-memory to verify it.\n\n\
        \x20 Some other issues could be detected by russet-server --check-system\n",
    );
    drop(log);
    signals::remove_leftover(Leftover::PidFile);
    die_of(signal);
}

#[expect(unsafe_code, reason = "siginfo_t holds unions")]
fn report_cause(log: &HandlerLog, signal: libc::c_int, info: *const libc::siginfo_t) {
    // SAFETY: the kernel hands every SA_SIGINFO handler a valid `siginfo_t`.
    let info = unsafe { &*info };
    log.line(format_args!(
        "Russet {} crashed by signal: {signal}, si_code: {}",
        env!("CARGO_PKG_VERSION"),
        info.si_code,
    ));
    if signal == libc::SIGSEGV || signal == libc::SIGBUS {
        // SAFETY: the address is in the structure's fixed part; for signals sent by a process
        // it holds other bits, which are only printed.
        log.line(format_args!("Accessing address: {:p}", unsafe { info.si_addr() }));
    }
    if info.si_code == libc::SI_USER {
        // SAFETY: a signal sent by kill(2) carries both fields.
        let (pid, uid) = unsafe { (info.si_pid(), info.si_uid()) };
        log.line(format_args!("Killed by PID: {pid}, UID: {uid}"));
    }
}

/// What the main thread does, and where this one is.
#[expect(unsafe_code, reason = "the unwinder of the C library")]
pub(super) fn report_stack(log: &HandlerLog) {
    const FRAMES_MAX: usize = 100;
    if let Some(name) = task::present() {
        for text in ["Executing command: ", name, "\n"] {
            log.raw(text.as_bytes());
        }
    }
    log.raw(b"\n------ STACK TRACE ------\nBacktrace (addr2line resolves the offsets):\n");
    let mut frames = [ptr::null_mut(); FRAMES_MAX];
    // SAFETY: the buffer holds as many frames as the first call is told, and the second is given
    // as many as the first filled in; it writes to the descriptor and does not allocate.
    unsafe {
        let count = libc::backtrace(frames.as_mut_ptr(), FRAMES_MAX as libc::c_int);
        libc::backtrace_symbols_fd(frames.as_ptr(), count, log.fd());
    }
}

/// Where the crashed thread was, on the processors whose register names we know.
#[expect(unsafe_code, reason = "the context arrives as an untyped pointer")]
#[cfg_attr(
    not(any(target_arch = "x86_64", target_arch = "aarch64")),
    expect(unused_variables, reason = "no register names for this processor")
)]
fn instruction_pointer(context: *const libc::c_void) -> Option<u64> {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    {
        // SAFETY: the kernel hands every SA_SIGINFO handler a valid `ucontext_t`.
        let context = unsafe { &*context.cast::<libc::ucontext_t>() };
        #[cfg(target_arch = "x86_64")]
        let address = context.uc_mcontext.gregs[libc::REG_RIP as usize] as u64;
        #[cfg(target_arch = "aarch64")]
        let address = context.uc_mcontext.pc;
        Some(address)
    }
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    None
}

/// Ends the process by the signal itself, so that a core is dumped where cores are wanted and the
/// parent sees the cause.
#[expect(unsafe_code, reason = "raise is not in std")]
fn die_of(signal: libc::c_int) -> ! {
    signals::set_disposition(&[signal], libc::SIG_DFL);
    // SAFETY: both calls are async-signal-safe. SA_NODEFER left the signal unblocked, so that
    // raise does not return; if it did, the exit code would still tell.
    unsafe {
        libc::raise(signal);
        libc::_exit(128 + signal)
    }
}

/// Gives the calling thread a stack to crash on: one that overflowed has no room for a report,
/// and the 8 KiB that std provides are less than an unwinder may need. Never freed, as a thread
/// may crash until its very end; so a thread gets one once.
#[expect(unsafe_code, reason = "sigaltstack is not in std")]
pub(super) fn use_own_stack() {
    const STACK_BYTES: usize = 64 * 1024;
    thread_local! {
        static HAS_ONE: Cell<bool> = const { Cell::new(false) };
    }
    if HAS_ONE.replace(true) {
        return;
    }
    let memory: &'static mut [u8] = vec![0; STACK_BYTES].leak();
    let stack = libc::stack_t { ss_sp: memory.as_mut_ptr().cast(), ss_flags: 0, ss_size: STACK_BYTES };
    // SAFETY: the memory is leaked, nobody else refers to it, and its size is the one given.
    unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
}

#[cfg(test)]
pub(super) mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::super::log::{self, LogTarget};
    use super::super::process::{fork_child, wait_for};
    use super::*;

    /// How a child that did `work` ended, and what it logged.
    pub(in crate::sys) fn end_of(work: impl FnOnce() -> i32) -> (ExitStatus, String) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("server.log");
        let child = fork_child(|| {
            if log::init(&LogTarget { file: Some(file.clone()), syslog: None }).is_err() {
                return 1;
            }
            log::set_level(log::LogLevel::Warning);
            work()
        });
        let status = wait_for(child.unwrap()).unwrap();
        (status, std::fs::read_to_string(&file).unwrap_or_default())
    }

    #[test]
    fn a_crash_is_reported_and_ends_the_process_by_its_signal() {
        let (status, report) = end_of(|| {
            enable_crash_reports();
            crash_on_purpose()
        });
        assert_eq!(status.signal(), Some(libc::SIGSEGV));
        let expected = [
            "\n\n=== REDIS BUG REPORT START: Cut & paste starting from here ===\n",
            &format!(" Russet {} crashed by signal: 11, si_code: ", env!("CARGO_PKG_VERSION")),
            "\n------ STACK TRACE ------\n",
            "\n=== REDIS BUG REPORT END. Make sure to include from START to END. ===\n",
        ];
        for text in expected {
            assert_eq!(report.matches(text).count(), 1, "{text} in {report}");
        }
    }

    #[test]
    fn a_child_that_crashes_leaves_its_parents_pid_file_alone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("server.pid");
        std::fs::write(&file, b"1").unwrap();
        let (status, _) = end_of(|| {
            enable_crash_reports();
            signals::remove_on_abrupt_exit(Leftover::PidFile, Some(&file));
            let Ok(child) = fork_child(|| crash_on_purpose()) else { return 1 };
            let Ok(status) = wait_for(child) else { return 2 };
            i32::from(status.signal() != Some(libc::SIGSEGV)) * 4 + i32::from(!file.exists()) * 8
        });
        assert_eq!(status.code(), Some(0));
    }

    #[test]
    fn an_overflow_of_the_stack_is_reported_too() {
        #[expect(unconditional_recursion, reason = "to overflow is the point")]
        fn deeper(level: u64) -> u64 {
            let next = std::hint::black_box(level + 1);
            deeper(next) + std::hint::black_box(next)
        }
        let (status, report) = end_of(|| {
            enable_crash_reports();
            deeper(0) as i32
        });
        assert_eq!(status.signal(), Some(libc::SIGSEGV));
        assert!(report.contains("crashed by signal: 11"), "{report}");
        assert!(report.contains("=== REDIS BUG REPORT END."), "{report}");
    }

    #[test]
    fn without_reports_a_crash_still_ends_the_process() {
        let (status, report) = end_of(|| {
            enable_crash_reports();
            disable_crash_reports();
            crash_on_purpose()
        });
        assert_eq!((status.signal(), report.as_str()), (Some(libc::SIGSEGV), ""));
    }

    #[test]
    fn a_panic_is_reported_once_with_its_message_and_place() {
        let (status, report) = end_of(|| {
            enable_crash_reports();
            install_panic_hook();
            panic!("invariant {} is broken", 7)
        });
        assert_eq!(status.signal(), Some(libc::SIGABRT));
        assert!(report.contains(" panicked: invariant 7 is broken\nLocation: src/sys/crash.rs:"), "{report}");
        assert!(!report.contains("crashed by signal"), "{report}");
    }
}
