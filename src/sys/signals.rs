//! Signals: requests to stop become an event of the loop, crashes become a report.
//!
//! SIGTERM and SIGINT write a byte to a socket pair whose reading end the loop polls; what to do
//! about them is the loop's business. SIGHUP, SIGPIPE and SIGXFSZ are ignored. The crash handlers live in
//! their own file and are re-exported here.

use std::ffi::{CStr, CString};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::{mem, ptr};

use mio::event::Source;
use mio::net::UnixStream;
use mio::{Interest, Registry, Token};
use signal_hook::{flag, low_level};

pub use super::crash::{crash_on_purpose, disable_crash_reports, enable_crash_reports, install_panic_hook};
use super::log::HandlerLog;

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Terminate,
    Interrupt,
}

/// The receiving end of SIGTERM and SIGINT. Register it with the poll, and on its event call
/// [`take`](Self::take) until it returns `None`. One per process.
#[derive(Debug)]
pub struct Signals {
    wake_up: UnixStream,
    terminate: Arc<AtomicBool>,
    interrupt: Arc<AtomicBool>,
    stop_requested: Arc<AtomicBool>,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// A SIGINT that comes while an earlier request is still being worked on ends the process at
    /// once, with exit code 1 and from within the handler: whoever presses Ctrl-C twice does not
    /// want to wait for a loop that may be busy.
    pub fn install() -> io::Result<Self> {
        let (wake_up, sender) = UnixStream::pair()?;
        let signals = Self {
            wake_up,
            terminate: Arc::default(),
            interrupt: Arc::default(),
            stop_requested: Arc::default(),
        };
        // Actions run in the order of registration: the insistence is judged before this very
        // signal counts as a request, and the byte is sent when all is noted.
        exit_on_interrupt_if(Arc::clone(&signals.stop_requested))?;
        for (number, noted) in [(libc::SIGTERM, &signals.terminate), (libc::SIGINT, &signals.interrupt)] {
            flag::register(number, Arc::clone(noted))?;
            flag::register(number, Arc::clone(&signals.stop_requested))?;
        }
        let second_sender = std::os::fd::AsFd::as_fd(&sender).try_clone_to_owned()?;
        low_level::pipe::register(libc::SIGTERM, sender)?;
        low_level::pipe::register(libc::SIGINT, second_sender)?;
        // A write beyond a limit of size is to fail like one to a full disk.
        set_disposition(&[libc::SIGHUP, libc::SIGPIPE, libc::SIGXFSZ], libc::SIG_IGN);
        Ok(signals)
    }

    /// The next signal that arrived; several of one kind are one. Also forgets the wake-up bytes,
    /// so that the edge-triggered poll reports the next signal.
    pub fn take(&mut self) -> Option<Signal> {
        let mut bytes = [0; 64];
        // Before the flags: a signal that lands in between is found by its flag now or its byte
        // later, never lost. An error is "nothing more to read".
        while matches!(self.wake_up.read(&mut bytes), Ok(1..)) {}
        if self.terminate.swap(false, Ordering::AcqRel) {
            Some(Signal::Terminate)
        } else if self.interrupt.swap(false, Ordering::AcqRel) {
            Some(Signal::Interrupt)
        } else {
            None
        }
    }

    /// The shutdown was refused or called off: the next SIGINT is a first one again.
    pub fn rearm(&self) {
        self.stop_requested.store(false, Ordering::Release);
    }
}

impl Source for Signals {
    fn register(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.wake_up.register(registry, token, interests)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, interests: Interest) -> io::Result<()> {
        self.wake_up.reregister(registry, token, interests)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        self.wake_up.deregister(registry)
    }
}

/// A file that an orderly shutdown would have removed.
#[derive(Debug, Clone, Copy)]
pub enum Leftover {
    /// Half-written; removed when a second SIGINT ends the process.
    TemporaryFile,
    /// Removed after a crash report.
    PidFile,
}

/// Names the file (or none) that a handler removes when the process ends without a shutdown.
/// A path with a NUL in it names no file and is ignored.
pub fn remove_on_abrupt_exit(kind: Leftover, path: Option<&Path>) {
    let name = path.and_then(|path| CString::new(path.as_os_str().as_bytes()).ok());
    let name = name.map_or(ptr::null_mut(), |name| kept_for_good(name).as_ptr().cast_mut());
    slot(kind).store(name, Ordering::Release);
}

/// The same name in memory that is never freed, as a handler may be reading it: once per name, of which
/// a process has few.
fn kept_for_good(name: CString) -> &'static CStr {
    static NAMES: Mutex<Vec<&CStr>> = Mutex::new(Vec::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(kept) = names.iter().find(|kept| ***kept == *name) {
        return kept;
    }
    let kept: &'static CStr = Box::leak(name.into_boxed_c_str());
    names.push(kept);
    kept
}

/// Async-signal-safe.
#[expect(unsafe_code, reason = "std's remove_file allocates")]
pub(super) fn remove_leftover(kind: Leftover) {
    let path = slot(kind).load(Ordering::Acquire);
    if !path.is_null() {
        // SAFETY: `remove_on_abrupt_exit` stored a C string that is never freed or changed.
        unsafe { libc::unlink(path) };
    }
}

fn slot(kind: Leftover) -> &'static AtomicPtr<libc::c_char> {
    static TEMPORARY_FILE: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());
    static PID_FILE: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());
    match kind {
        Leftover::TemporaryFile => &TEMPORARY_FILE,
        Leftover::PidFile => &PID_FILE,
    }
}

#[expect(unsafe_code, reason = "the action runs within a signal handler")]
fn exit_on_interrupt_if(stop_requested: Arc<AtomicBool>) -> io::Result<()> {
    let action = move || {
        if stop_requested.load(Ordering::Acquire) {
            HandlerLog::open().line(format_args!("You insist... exiting now."));
            remove_leftover(Leftover::TemporaryFile);
            low_level::exit(1);
        }
    };
    // SAFETY: all the action does is async-signal-safe: an atomic load, `HandlerLog`, unlink,
    // _exit.
    unsafe { low_level::register(libc::SIGINT, action) }?;
    Ok(())
}

/// What a forked child does first: stopping is the parent's decision (which ends its children by
/// SIGUSR1 or SIGKILL), and a byte on the inherited socket pair would be read as the parent's. Nor
/// does its end, if it crashes, leave over what the parent still needs.
pub(super) fn leave_stopping_to_the_parent() {
    remove_on_abrupt_exit(Leftover::TemporaryFile, None);
    remove_on_abrupt_exit(Leftover::PidFile, None);
    set_disposition(&[libc::SIGTERM, libc::SIGINT], libc::SIG_IGN);
}

/// Sets signals to `SIG_IGN` or `SIG_DFL`.
#[expect(unsafe_code, reason = "signal(2) is not in std")]
pub(super) fn set_disposition(numbers: &[libc::c_int], disposition: libc::sighandler_t) {
    for &number in numbers {
        // SAFETY: both dispositions run none of our code. The call cannot fail for the constants
        // it is given.
        unsafe { libc::signal(number, disposition) };
    }
}

/// Keeps signals from the calling thread, and from threads and children it starts, until dropped.
/// Crashes stay deliverable: blocking them would turn a report into a silent end.
pub(super) struct SignalsBlocked {
    former: libc::sigset_t,
}

impl SignalsBlocked {
    #[expect(unsafe_code, reason = "signal masks are not in std")]
    pub(super) fn new() -> Self {
        // SAFETY: a zeroed set is a valid out parameter, every pointer is valid for its call, and
        // the calls cannot fail for these arguments.
        unsafe {
            let (mut blocked, mut former) = (mem::zeroed(), mem::zeroed());
            libc::sigfillset(&raw mut blocked);
            for crash in super::crash::SIGNALS {
                libc::sigdelset(&raw mut blocked, crash);
            }
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const blocked, &raw mut former);
            Self { former }
        }
    }
}

impl Drop for SignalsBlocked {
    #[expect(unsafe_code, reason = "signal masks are not in std")]
    fn drop(&mut self) {
        // SAFETY: the set was filled in by `new`; a null third argument asks for nothing.
        unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.former, ptr::null_mut()) };
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mio::{Events, Poll};

    use super::*;
    use crate::sys::crash::tests::end_of;

    /// One test for both: handlers are installed once per process, and the child of the first
    /// half must be forked before the second half installs its parent's.
    #[test]
    fn requests_to_stop_are_events_and_insisting_ends_the_process() {
        a_second_interrupt_ends_the_process_at_once();
        requests_arrive_as_events_and_can_be_called_off();
    }

    fn requests_arrive_as_events_and_can_be_called_off() {
        let mut signals = Signals::install().unwrap();
        let mut poll = Poll::new().unwrap();
        let mut events = Events::with_capacity(4);
        poll.registry().register(&mut signals, Token(7), Interest::READABLE).unwrap();
        assert_eq!(signals.take(), None);

        for (number, expected) in [(libc::SIGTERM, Signal::Terminate), (libc::SIGINT, Signal::Interrupt)] {
            low_level::raise(number).unwrap();
            poll.poll(&mut events, Some(Duration::from_secs(10))).unwrap();
            assert_eq!(events.iter().next().unwrap().token(), Token(7));
            assert_eq!(signals.take(), Some(expected));
            assert_eq!(signals.take(), None);
            // Without this the SIGINT of the second round would end the test.
            signals.rearm();
        }
    }

    fn a_second_interrupt_ends_the_process_at_once() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("temp-1.rdb");
        std::fs::write(&file, b"half").unwrap();
        let (status, log) = end_of(|| {
            let mut signals = Signals::install().unwrap();
            remove_on_abrupt_exit(Leftover::TemporaryFile, Some(&file));
            low_level::raise(libc::SIGINT).unwrap();
            if signals.take() != Some(Signal::Interrupt) {
                return 8;
            }
            low_level::raise(libc::SIGINT).unwrap();
            9
        });
        assert_eq!(status.code(), Some(1));
        assert!(log.ends_with(") You insist... exiting now.\n"), "{log}");
        assert!(!file.exists());
    }

    #[test]
    fn a_leftover_is_removed_only_while_it_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("temp-1.rdb");
        std::fs::write(&file, b"half").unwrap();
        remove_on_abrupt_exit(Leftover::TemporaryFile, Some(&file));
        remove_on_abrupt_exit(Leftover::TemporaryFile, None);
        remove_leftover(Leftover::TemporaryFile);
        assert!(file.exists());
        remove_on_abrupt_exit(Leftover::TemporaryFile, Some(&file));
        remove_leftover(Leftover::TemporaryFile);
        assert!(!file.exists());
        remove_on_abrupt_exit(Leftover::TemporaryFile, None);
    }
}
