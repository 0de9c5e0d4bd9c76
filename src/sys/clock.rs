//! The one door through which time enters the program.
//!
//! The loop samples a [`Clock`] once per turn and everything that executes within that turn sees
//! the same instant: an expiry cannot fall between two commands of a transaction. The free
//! functions read the clock afresh, for measuring how long something took and for log lines.

use std::cell::Cell;
use std::io::Write;
use std::mem::MaybeUninit;
use std::time::Duration;

/// The time of one turn of the loop: wall clock and monotonic clock, sampled together.
#[derive(Debug, Clone)]
pub struct Clock {
    unix_us: i64,
    monotonic_us: u64,
}

impl Clock {
    /// A clock that shows the present moment until the next [`tick`](Self::tick).
    #[expect(clippy::new_without_default, reason = "reading the clock is not a default value")]
    pub fn new() -> Self {
        Self { unix_us: unix_now_us(), monotonic_us: now_us() }
    }

    /// A clock that stands at the given wall time, for tests; [`advance_ms`](Self::advance_ms)
    /// moves it.
    pub fn at(unix_ms: i64) -> Self {
        Self { unix_us: unix_ms.saturating_mul(1000), monotonic_us: 0 }
    }

    /// Samples both clocks.
    pub fn tick(&mut self) {
        *self = Self::new();
    }

    /// Moves both clocks to a monotonic reading taken since, without a second system call: between
    /// two turns' samples the wall clock runs with the monotonic one.
    #[inline]
    pub fn advance_to(&mut self, monotonic_us: u64) {
        let passed_us = monotonic_us.saturating_sub(self.monotonic_us);
        self.monotonic_us += passed_us;
        self.unix_us += passed_us as i64;
    }

    /// Moves both clocks forward without sampling, for tests.
    pub fn advance_ms(&mut self, ms: u32) {
        self.unix_us += i64::from(ms) * 1000;
        self.monotonic_us += u64::from(ms) * 1000;
    }

    /// Wall time of this turn: milliseconds since 1970.
    #[inline]
    pub fn unix_ms(&self) -> i64 {
        self.unix_us.div_euclid(1000)
    }

    /// Wall time of this turn: microseconds since 1970.
    #[inline]
    pub fn unix_us(&self) -> i64 {
        self.unix_us
    }

    /// Monotonic time of this turn in microseconds; the origin is unspecified.
    #[inline]
    pub fn monotonic_us(&self) -> u64 {
        self.monotonic_us
    }
}

/// Monotonic microseconds, read now. One vDSO call, no system call; the coarse clocks are cheaper
/// but their 1-4 ms steps cannot time a command.
#[inline]
pub fn now_us() -> u64 {
    let time = read(libc::CLOCK_MONOTONIC);
    time.tv_sec as u64 * 1_000_000 + time.tv_nsec as u64 / 1000
}

/// Wall time in milliseconds since 1970, read now.
pub fn unix_now_ms() -> i64 {
    unix_now_us().div_euclid(1000)
}

/// Wall time in microseconds since 1970, read now.
pub fn unix_now_us() -> i64 {
    let time = read(libc::CLOCK_REALTIME);
    time.tv_sec * 1_000_000 + time.tv_nsec / 1000
}

/// Blocks the calling thread, and with it the server: DEBUG SLEEP and the throttled loaders of
/// tests want just that.
#[expect(clippy::disallowed_methods, reason = "this is the function the ban points to")]
pub fn sleep_us(us: u64) {
    std::thread::sleep(Duration::from_micros(us));
}

/// Appends a time as log lines show it, in local time: `20 Nov 2026 16:31:29.123`.
///
/// The calendar part is kept per thread and second: logging in bursts costs one `localtime_r`.
pub fn push_log_time(out: &mut Vec<u8>, unix_ms: i64) {
    thread_local! {
        static LAST: Cell<(i64, CalendarText)> = const { Cell::new((i64::MIN, [0; 20])) };
    }
    let second = unix_ms.div_euclid(1000);
    let (cached_second, mut text) = LAST.get();
    if cached_second != second {
        text = calendar_text(second);
        LAST.set((second, text));
    }
    out.extend_from_slice(&text);
    write!(out, ".{:03}", unix_ms.rem_euclid(1000)).expect("a Vec takes every write");
}

/// `dd Mon yyyy HH:MM:SS`: 20 bytes for every year of four digits.
type CalendarText = [u8; 20];

fn calendar_text(unix_s: i64) -> CalendarText {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = local_time(unix_s);
    let month = MONTHS.get(time.tm_mon as usize).copied().unwrap_or("???");
    let mut text = [b' '; 20];
    // A year beyond 9999 loses its last digits rather than moving the columns.
    let _ = write!(
        text.as_mut_slice(),
        "{:02} {month} {:04} {:02}:{:02}:{:02}",
        time.tm_mday,
        i64::from(time.tm_year) + 1900,
        time.tm_hour,
        time.tm_min,
        time.tm_sec,
    );
    text
}

#[expect(unsafe_code, reason = "localtime_r is not in std")]
fn local_time(unix_s: i64) -> libc::tm {
    let mut broken_down = MaybeUninit::<libc::tm>::zeroed();
    // SAFETY: both pointers are valid for the call, which writes only to the second. A time the
    // calendar cannot hold leaves the zeroes, which are a valid `tm`.
    unsafe {
        libc::localtime_r(&raw const unix_s, broken_down.as_mut_ptr());
        broken_down.assume_init()
    }
}

#[expect(unsafe_code, reason = "clock_gettime gives both clocks without std's conversions")]
#[inline]
fn read(clock: libc::clockid_t) -> libc::timespec {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is valid for the call. The two clocks read here exist on every Linux, so
    // that the call cannot fail.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_stands_still_between_ticks() {
        let clock = Clock::new();
        let before = (clock.unix_us(), clock.monotonic_us());
        assert!(now_us() >= clock.monotonic_us());
        assert_eq!((clock.unix_us(), clock.monotonic_us()), before);
    }

    #[test]
    fn a_tick_never_turns_monotonic_time_back() {
        let mut clock = Clock::new();
        let before = clock.monotonic_us();
        clock.tick();
        assert!(clock.monotonic_us() >= before);
    }

    #[test]
    fn a_set_clock_shows_its_time_and_advances_both_clocks() {
        let mut clock = Clock::at(1_700_000_000_123);
        assert_eq!(clock.unix_ms(), 1_700_000_000_123);
        assert_eq!(clock.unix_us(), 1_700_000_000_123_000);
        clock.advance_ms(877);
        assert_eq!(clock.unix_ms(), 1_700_000_001_000);
        assert_eq!(clock.monotonic_us(), 877_000);
    }

    #[test]
    fn milliseconds_before_1970_round_down() {
        let mut clock = Clock::at(-1);
        clock.unix_us += 1;
        assert_eq!(clock.unix_ms(), -1);
    }

    #[test]
    fn a_log_time_has_fixed_columns_and_keeps_its_milliseconds() {
        let mut first = Vec::new();
        let mut second = Vec::new();
        push_log_time(&mut first, 1_700_000_000_007);
        push_log_time(&mut second, 1_700_000_000_950);
        assert_eq!(first.len(), "20 Nov 2026 16:31:29.123".len());
        assert_eq!(first[..20], second[..20]);
        assert_eq!(&first[20..], b".007");
        assert_eq!(&second[20..], b".950");
    }

    #[test]
    fn a_log_time_names_the_local_day() {
        // Noon UTC of 15 November 2023: the same day from UTC-12 to UTC+11.
        let mut text = Vec::new();
        push_log_time(&mut text, 1_700_049_600_000);
        let text = String::from_utf8(text).unwrap();
        assert!(text.starts_with("15 Nov 2023 ") || text.starts_with("16 Nov 2023 "), "{text}");
    }
}
