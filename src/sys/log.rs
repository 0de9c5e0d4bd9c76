//! Log output: lines in Redis's format, to stdout, to a file, to syslog.
//!
//! ```text
//! 1234:M 20 Nov 2026 16:31:29.123 * Ready to accept connections tcp
//! ```
//!
//! The code logs through the `log` facade; `env_logger` filters and formats; this file owns where
//! a line goes. The levels of the facade are Redis's under other names: trace is `debug` (`.`),
//! debug is `verbose` (`-`), info is `notice` (`*`), warn and error are `warning` (`#`).
//!
//! The file is opened for every line and closed again, as Redis does: a rotated log is followed
//! without a signal. `RUST_LOG`, when set, replaces the level of the configuration.
//!
//! Two ways lead around the facade: [`log_raw`] for text without a prefix (the banner), and
//! `HandlerLog` for signal handlers, which may neither allocate nor take a lock.

use std::ffi::{CStr, CString};
use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use ::log::{Level, LevelFilter, Log, Metadata, Record};

use super::clock;

/// Where lines go.
#[derive(Debug, Clone, Default)]
pub struct LogTarget {
    /// The log file; `None` is stdout.
    pub file: Option<PathBuf>,
    /// Whether every line also goes to syslog, and under which name.
    pub syslog: Option<Syslog>,
}

/// The syslog half of a [`LogTarget`].
#[derive(Debug, Clone)]
pub struct Syslog {
    /// The name lines are filed under (`syslog-ident`).
    pub ident: String,
    /// The facility lines are filed under (`syslog-facility`).
    pub facility: Facility,
}

/// A syslog facility that a configuration may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Facility(i32);

impl Facility {
    /// `user`, or `local0` to `local7`, in any case.
    pub fn named(name: &str) -> Option<Self> {
        const NAMES: [(&str, i32); 9] = [
            ("user", libc::LOG_USER),
            ("local0", libc::LOG_LOCAL0),
            ("local1", libc::LOG_LOCAL1),
            ("local2", libc::LOG_LOCAL2),
            ("local3", libc::LOG_LOCAL3),
            ("local4", libc::LOG_LOCAL4),
            ("local5", libc::LOG_LOCAL5),
            ("local6", libc::LOG_LOCAL6),
            ("local7", libc::LOG_LOCAL7),
        ];
        let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map(|&(_, code)| Self(code))
    }
}

/// The verbosity levels of the `loglevel` directive, most talkative first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    Debug,
    Verbose,
    Notice,
    Warning,
    Nothing,
}

impl LogLevel {
    fn filter(self) -> LevelFilter {
        match self {
            Self::Debug => LevelFilter::Trace,
            Self::Verbose => LevelFilter::Debug,
            Self::Notice => LevelFilter::Info,
            Self::Warning => LevelFilter::Warn,
            Self::Nothing => LevelFilter::Off,
        }
    }

    fn of(level: Level) -> Self {
        match level {
            Level::Trace => Self::Debug,
            Level::Debug => Self::Verbose,
            Level::Info => Self::Notice,
            Level::Warn | Level::Error => Self::Warning,
        }
    }

    fn mark(self) -> char {
        match self {
            Self::Debug => '.',
            Self::Verbose => '-',
            Self::Notice => '*',
            Self::Warning | Self::Nothing => '#',
        }
    }

    fn syslog_priority(self) -> i32 {
        match self {
            Self::Debug => libc::LOG_DEBUG,
            Self::Verbose => libc::LOG_INFO,
            Self::Notice => libc::LOG_NOTICE,
            Self::Warning | Self::Nothing => libc::LOG_WARNING,
        }
    }
}

/// Held while a line is written, and by `fork`: whoever holds it knows that every lock below (the
/// target's, `env_logger`'s, the C library's for local time and syslog) is free, so that a child
/// never inherits one that is taken.
static LINES: Mutex<()> = Mutex::new(());
static TARGET: RwLock<LogTarget> = RwLock::new(LogTarget { file: None, syslog: None });
static ROLE: AtomicU8 = AtomicU8::new(b'M');
static INITIALISED: AtomicBool = AtomicBool::new(false);
/// The log file's name for signal handlers; null is stdout. Replaced names are leaked: a handler
/// may be reading them.
static HANDLER_PATH: AtomicPtr<libc::c_char> = AtomicPtr::new(ptr::null_mut());

/// Directs the log to `target`, at level notice the first time. May be called again.
///
/// Fails, changing nothing, when the file cannot be opened for appending or a name holds a NUL.
pub fn init(target: &LogTarget) -> io::Result<()> {
    let mut handler_path = ptr::null_mut();
    if let Some(path) = &target.file {
        open_for_append(path)?;
        handler_path = CString::new(path.as_os_str().as_bytes())?.into_raw();
    }
    if let Some(syslog) = &target.syslog {
        open_syslog(syslog)?;
    }
    let line = hold_lines();
    HANDLER_PATH.store(handler_path, Ordering::Release);
    *TARGET.write().unwrap_or_else(PoisonError::into_inner) = target.clone();
    drop(line);
    if !INITIALISED.swap(true, Ordering::AcqRel) {
        // Only another logger of the same process could be in the way: a test's. It stays.
        let _ = ::log::set_boxed_logger(Box::new(ServerLog { inner: env_logger() }));
        set_level(LogLevel::Notice);
    }
    Ok(())
}

/// Changes the level at run time.
pub fn set_level(level: LogLevel) {
    let chosen_by_environment = std::env::var_os("RUST_LOG").is_some();
    ::log::set_max_level(if chosen_by_environment { LevelFilter::Trace } else { level.filter() });
}

/// The letter after the process id: `M` primary, `S` replica, `X` sentinel; `C`, a forked child,
/// is set by [`fork_child`](super::process::fork_child). It must be ASCII.
pub fn set_role(role: char) {
    ROLE.store(u8::try_from(role).unwrap_or(b'?'), Ordering::Relaxed);
}

/// Writes text as it is, with neither prefix nor newline added, if `level` is being logged.
pub fn log_raw(level: LogLevel, text: &str) {
    if ::log::max_level() < level.filter() || level == LogLevel::Nothing {
        return;
    }
    let _line = hold_lines();
    // Like every line: when the log cannot be written there is nobody to tell.
    let _ = Sink.write_all(text.as_bytes()).and_then(|()| Sink.flush());
    send_to_syslog(level, text);
}

/// Stops every other thread from logging until the guard is dropped.
pub(super) fn hold_lines() -> MutexGuard<'static, ()> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The facade's logger: `env_logger`, one line at a time, with syslog beside it.
struct ServerLog {
    inner: env_logger::Logger,
}

impl Log for ServerLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    /// An argument whose formatting logs would wait for itself: formatting must not log.
    fn log(&self, record: &Record<'_>) {
        if !self.inner.matches(record) {
            return;
        }
        let _line = hold_lines();
        self.inner.log(record);
        send_to_syslog(LogLevel::of(record.level()), &record.args().to_string());
    }

    fn flush(&self) {}
}

fn env_logger() -> env_logger::Logger {
    let mut builder = env_logger::Builder::new();
    if std::env::var_os("RUST_LOG").is_some() {
        builder.parse_default_env();
    } else {
        // The facade's maximum level is the filter. Libraries are heard only when they warn.
        builder.filter_level(LevelFilter::Warn).filter_module("russet", LevelFilter::Trace);
    }
    builder
        .format(|buffer, record| buffer.write_all(&line(record)))
        .target(env_logger::Target::Pipe(Box::new(Sink)))
        .write_style(env_logger::WriteStyle::Never)
        .build()
}

fn line(record: &Record<'_>) -> Vec<u8> {
    let mut line = Vec::with_capacity(128);
    let role = char::from(ROLE.load(Ordering::Relaxed));
    let written = write!(line, "{}:{role} ", std::process::id());
    clock::push_log_time(&mut line, clock::unix_now_ms());
    let mark = LogLevel::of(record.level()).mark();
    let written = written.and_then(|()| writeln!(line, " {mark} {}", record.args()));
    written.expect("a Vec takes every write");
    line
}

/// Opens the target for each write. The caller holds [`LINES`].
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let target = TARGET.read().unwrap_or_else(PoisonError::into_inner);
        match &target.file {
            Some(path) => open_for_append(path)?.write_all(bytes)?,
            None => io::stdout().lock().write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stdout().lock().flush()
    }
}

fn open_for_append(path: &Path) -> io::Result<File> {
    OpenOptions::new().append(true).create(true).mode(0o644).open(path)
}

#[expect(unsafe_code, reason = "syslog is not in std")]
fn open_syslog(syslog: &Syslog) -> io::Result<()> {
    let ident = CString::new(syslog.ident.as_str())?.into_raw();
    let options = libc::LOG_PID | libc::LOG_NDELAY | libc::LOG_NOWAIT;
    // SAFETY: openlog keeps the pointer, and `into_raw` never frees the string.
    unsafe { libc::openlog(ident, options, syslog.facility.0) };
    Ok(())
}

/// The caller holds [`LINES`].
#[expect(unsafe_code, reason = "syslog is not in std")]
fn send_to_syslog(level: LogLevel, message: &str) {
    if TARGET.read().unwrap_or_else(PoisonError::into_inner).syslog.is_none() {
        return;
    }
    let Ok(message) = CString::new(message.replace('\0', "\\0")) else { return };
    // SAFETY: the format is a constant that asks for one string, and gets one that ends in NUL.
    unsafe { libc::syslog(level.syslog_priority(), c"%s".as_ptr(), message.as_ptr()) };
}

/// The log as a signal handler or a panicking thread may use it: every operation is
/// async-signal-safe (no lock, no allocation, `open`, `write` and `close` only). Lines may fall
/// between the halves of another thread's line; that is better than no line.
pub(super) struct HandlerLog {
    fd: libc::c_int,
}

impl HandlerLog {
    /// Opens the log; stderr before [`init`]. At level `nothing` everything is swallowed.
    #[expect(unsafe_code, reason = "std's File::open allocates")]
    pub(super) fn open() -> Self {
        const FLAGS: libc::c_int = libc::O_APPEND | libc::O_CREAT | libc::O_WRONLY | libc::O_CLOEXEC;
        if !INITIALISED.load(Ordering::Acquire) {
            return Self { fd: libc::STDERR_FILENO };
        }
        let path = HANDLER_PATH.load(Ordering::Acquire);
        let fd = if ::log::max_level() == LevelFilter::Off {
            -1
        } else if path.is_null() {
            libc::STDOUT_FILENO
        } else {
            // SAFETY: `init` stored a C string that is never freed.
            unsafe { libc::open(CStr::from_ptr(path).as_ptr(), FLAGS, 0o644) }
        };
        Self { fd }
    }

    /// One line with the prefix Redis gives to handlers. Text beyond [`LINE_BYTES_MAX`] is cut.
    #[expect(unsafe_code, reason = "time(2) by std would go through a conversion that can panic")]
    pub(super) fn line(&self, message: std::fmt::Arguments<'_>) {
        let mut line = StackLine { bytes: [0; LINE_BYTES_MAX], length: 0 };
        // SAFETY: a null argument asks for the result alone. Both calls are async-signal-safe.
        let (pid, time) = unsafe { (libc::getpid(), libc::time(ptr::null_mut())) };
        // A line that is too long is cut, and says so by missing its newline.
        let _ = writeln!(line, "{pid}:signal-handler ({time}) {message}");
        self.raw(&line.bytes[..line.length]);
    }

    /// Writes bytes as they are.
    #[expect(unsafe_code, reason = "write(2) without std's stdout lock")]
    pub(super) fn raw(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            // SAFETY: the pointer and the length are those of a live slice.
            let written = unsafe { libc::write(self.fd, bytes.as_ptr().cast(), bytes.len()) };
            let Ok(written @ 1..) = usize::try_from(written) else { return };
            bytes = &bytes[written..];
        }
    }

    /// The descriptor, for C functions that print to one; negative when nothing is logged.
    pub(super) fn fd(&self) -> libc::c_int {
        self.fd
    }
}

impl Drop for HandlerLog {
    #[expect(unsafe_code, reason = "the descriptor was opened without std")]
    fn drop(&mut self) {
        if self.fd > libc::STDERR_FILENO {
            // SAFETY: `open` returned this descriptor to us and nobody else has it.
            unsafe { libc::close(self.fd) };
        }
    }
}

/// The longest line a handler writes.
const LINE_BYTES_MAX: usize = 512;

/// A formatter into the stack: `core::fmt` does not allocate by itself.
struct StackLine {
    bytes: [u8; LINE_BYTES_MAX],
    length: usize,
}

impl std::fmt::Write for StackLine {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let room = LINE_BYTES_MAX - self.length;
        let taken = text.len().min(room);
        self.bytes[self.length..self.length + taken].copy_from_slice(&text.as_bytes()[..taken]);
        self.length += taken;
        if taken == text.len() { Ok(()) } else { Err(std::fmt::Error) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The log is one per process: the tests that direct it take turns.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    fn logged_by(work: impl FnOnce()) -> String {
        let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("server.log");
        init(&LogTarget { file: Some(file.clone()), syslog: None }).unwrap();
        work();
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        init(&LogTarget::default()).unwrap();
        set_level(LogLevel::Notice);
        text
    }

    /// The lines of this test, which the others of the process may log between.
    fn lines_with<'a>(text: &'a str, marker: &str) -> Vec<&'a str> {
        text.lines().filter(|line| line.contains(marker)).collect()
    }

    #[test]
    fn a_line_has_pid_role_time_mark_and_message() {
        let record = Record::builder().level(Level::Info).args(format_args!("Ready to accept")).build();
        let text = String::from_utf8(line(&record)).unwrap();
        let fields: Vec<&str> = text.split(' ').collect();
        let (pid, role) = fields[0].split_once(':').unwrap();
        assert_eq!(pid, std::process::id().to_string());
        assert!(["M", "C", "S", "X"].contains(&role), "{role}");
        assert_eq!(fields[5], "*");
        assert!(text.ends_with(" * Ready to accept\n"));
    }

    #[test]
    fn the_level_can_be_changed_at_run_time() {
        let text = logged_by(|| {
            ::log::debug!("level-test 1");
            set_level(LogLevel::Verbose);
            ::log::debug!("level-test 2");
            ::log::trace!("level-test 3");
            set_level(LogLevel::Debug);
            ::log::trace!("level-test 4");
            set_level(LogLevel::Warning);
            ::log::info!("level-test 5");
            ::log::error!("level-test 6");
            set_level(LogLevel::Nothing);
            ::log::error!("level-test 7");
        });
        let lines = lines_with(&text, "level-test");
        let ends: Vec<&str> = lines.iter().map(|line| &line[line.len() - 14..]).collect();
        assert_eq!(ends, ["- level-test 2", ". level-test 4", "# level-test 6"]);
    }

    #[test]
    fn a_rotated_file_is_followed() {
        let text = logged_by(|| {
            ::log::warn!("rotation-test before");
            let file = TARGET.read().unwrap().file.clone().unwrap();
            std::fs::rename(&file, file.with_extension("1")).unwrap();
            ::log::warn!("rotation-test after");
        });
        let lines = lines_with(&text, "rotation-test");
        assert_eq!(lines.len(), 1);
        assert!(lines[0].ends_with("# rotation-test after"));
    }

    #[test]
    fn raw_text_is_written_as_it_is_and_respects_the_level() {
        let text = logged_by(|| {
            log_raw(LogLevel::Notice, "raw-test one\n");
            log_raw(LogLevel::Verbose, "raw-test two\n");
        });
        assert_eq!(lines_with(&text, "raw-test"), ["raw-test one"]);
    }

    #[test]
    fn a_handler_writes_to_the_same_file_with_its_own_prefix() {
        let text = logged_by(|| HandlerLog::open().line(format_args!("handler-test {}", 11)));
        let lines = lines_with(&text, "handler-test");
        assert_eq!(lines.len(), 1);
        let prefix = format!("{}:signal-handler (", std::process::id());
        assert!(lines[0].starts_with(&prefix) && lines[0].ends_with(") handler-test 11"));
    }

    #[test]
    fn a_handler_line_that_is_too_long_is_cut() {
        let mut line = StackLine { bytes: [0; LINE_BYTES_MAX], length: 0 };
        assert!(line.write_str(&"x".repeat(LINE_BYTES_MAX + 1)).is_err());
        assert_eq!(line.length, LINE_BYTES_MAX);
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_an_error_at_once() {
        let target = LogTarget { file: Some("/nonexistent/dir/server.log".into()), syslog: None };
        assert_eq!(init(&target).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn facilities_have_nine_names() {
        assert_eq!(Facility::named("LOCAL3"), Some(Facility(libc::LOG_LOCAL3)));
        assert_eq!(Facility::named("user"), Some(Facility(libc::LOG_USER)));
        assert_eq!(Facility::named("local8"), None);
    }
}
