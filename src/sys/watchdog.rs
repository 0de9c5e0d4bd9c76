//! The watchdog: a look at what the loop is doing when it has not come round for too long (`watchdog-period`).
//!
//! The loop winds a timer of the kernel up, again and again. When it runs down all the same, its signal interrupts the
//! main thread (helper threads block it; children have no timer) wherever that is, and the handler writes the
//! stack to the log as for a crash. Then the thread goes on. A long task is reported once: the timer does not
//! repeat.

use std::sync::atomic::{AtomicBool, Ordering};
use std::{mem, ptr};

use super::crash;
use super::log::HandlerLog;

/// Whether the handler is there, and the timer may be running.
static ON: AtomicBool = AtomicBool::new(false);

/// A report is due unless this, or [`stop`], is called within so many milliseconds.
pub fn wind_up(period_ms: u32) {
    if !ON.swap(true, Ordering::Relaxed) {
        install();
    }
    set_timer(period_ms);
}

/// No report is due.
pub fn stop() {
    if ON.swap(false, Ordering::Relaxed) {
        set_timer(0);
        // Also drops a signal that is on its way.
        super::signals::set_disposition(&[libc::SIGALRM], libc::SIG_IGN);
    }
}

#[expect(unsafe_code, reason = "sigaction is not in std")]
fn install() {
    crash::prepare();
    // SAFETY: all-zero is a valid `sigaction`; the handler has the signature that SA_SIGINFO asks for and does what the
    // handlers of crashes do. The call cannot fail for this signal.
    unsafe {
        let mut action: libc::sigaction = mem::zeroed();
        let handler: extern "C" fn(_, _, _) = report;
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART | libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGALRM, &raw const action, ptr::null_mut());
    }
}

/// 0: no timer.
#[expect(unsafe_code, reason = "setitimer is not in std")]
fn set_timer(period_ms: u32) {
    let once = libc::timeval { tv_sec: 0, tv_usec: 0 };
    let period = libc::timeval {
        tv_sec: libc::time_t::from(period_ms / 1000),
        tv_usec: libc::suseconds_t::from(period_ms % 1000 * 1000),
    };
    let timer = libc::itimerval { it_interval: once, it_value: period };
    // SAFETY: the pointer is valid for the call, and a null third argument asks for nothing.
    unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, ptr::null_mut()) };
}

#[expect(unsafe_code, reason = "errno is the interrupted code's, and std does not set it")]
extern "C" fn report(_: libc::c_int, _: *const libc::siginfo_t, _: *const libc::c_void) {
    // SAFETY: the pointer is that of this thread's errno, which lives as long as the thread.
    let errno = unsafe { *libc::__errno_location() };
    let log = HandlerLog::open();
    log.line(format_args!("\n--- WATCHDOG TIMER EXPIRED ---"));
    crash::report_stack(&log);
    log.line(format_args!("--------\n"));
    drop(log);
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

#[cfg(test)]
mod tests {
    use super::super::crash::tests::end_of;
    use super::super::{clock, task};
    use super::*;

    #[test]
    fn who_does_not_come_round_is_reported_with_its_task_and_goes_on() {
        static NAME: &str = "keys";
        let (status, log) = end_of(|| {
            let outer = task::begin(&NAME);
            wind_up(20);
            clock::sleep_us(200_000);
            task::end(outer);
            0
        });
        assert_eq!(status.code(), Some(0), "{log}");
        assert_eq!(log.matches("--- WATCHDOG TIMER EXPIRED ---").count(), 1, "{log}");
        assert!(log.contains("\nExecuting command: keys\n"), "{log}");
        assert!(log.contains("\n------ STACK TRACE ------\n"), "{log}");
    }

    #[test]
    fn who_stops_it_is_not_reported() {
        let (status, log) = end_of(|| {
            stop();
            wind_up(10_000);
            wind_up(20_000);
            stop();
            // Nor because of someone who does not know.
            i32::from(signal_hook::low_level::raise(libc::SIGALRM).is_err())
        });
        assert_eq!((status.code(), log.as_str()), (Some(0), ""));
    }
}
