//! The allocator, and what it and the kernel say about memory.
//!
//! # `used_memory`
//!
//! With `maxmemory` set the number of bytes in use is asked for before every command that may
//! grow, so it must cost next to nothing, and still see what helper threads free. jemalloc counts
//! bytes allocated and freed for every thread anyway, and lets the thread read both counters
//! through pointers. The loop's figure is therefore
//!
//! ```text
//! (allocated - freed) of the calling thread  +  the sum that the helper threads published
//! ```
//!
//! two loads for the first term and one for the second: 2 ns in a debug build. Nothing is added to
//! the cost of an allocation, as a counting wrapper around the allocator would do. A helper
//! publishes its balance, negative when it freed what the loop allocated, after each piece of
//! work. Bytes are those of jemalloc's size classes, so the sum agrees with its
//! `stats.allocated`, which would cost a walk over all arenas.

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use tikv_jemalloc_ctl::{epoch, raw, stats, version};
use tikv_jemallocator::Jemalloc;

#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Bytes in use by the whole process, rounded to the allocator's size classes. To be called from
/// the loop's thread (or a forked child's): see above for what it adds up.
#[inline]
pub fn used_memory() -> usize {
    let total = ThreadCounters::of_this_thread().balance() + HELPERS_BALANCE.load(Ordering::Relaxed);
    // Negative only on a thread that frees what others allocated, and is not the loop's.
    usize::try_from(total).unwrap_or(0)
}

/// Adds what this helper thread allocated or freed since it last said so to [`used_memory`].
pub(super) fn publish_thread_balance() {
    thread_local! {
        static PUBLISHED: Cell<i64> = const { Cell::new(0) };
    }
    let balance = ThreadCounters::of_this_thread().balance();
    HELPERS_BALANCE.fetch_add(balance - PUBLISHED.replace(balance), Ordering::Relaxed);
}

/// What helper threads allocated minus what they freed.
static HELPERS_BALANCE: AtomicI64 = AtomicI64::new(0);

/// Where jemalloc counts the bytes of one thread. The raw pointers keep it on that thread.
#[derive(Debug, Clone, Copy)]
struct ThreadCounters {
    allocated: *const u64,
    freed: *const u64,
}

impl ThreadCounters {
    #[inline]
    fn of_this_thread() -> Self {
        thread_local! {
            static COUNTERS: Cell<Option<ThreadCounters>> = const { Cell::new(None) };
        }
        if let Some(counters) = COUNTERS.get() {
            return counters;
        }
        let counters = Self::ask();
        COUNTERS.set(Some(counters));
        counters
    }

    #[cold]
    #[expect(unsafe_code, reason = "jemalloc's control interface is untyped")]
    fn ask() -> Self {
        // SAFETY: both keys hold a pointer to the calling thread's 64-bit counter.
        let counters = unsafe { (raw::read(b"thread.allocatedp\0"), raw::read(b"thread.deallocatedp\0")) };
        let (Ok(allocated), Ok(freed)) = counters else {
            unreachable!("every jemalloc counts the bytes of its threads")
        };
        Self { allocated, freed }
    }

    #[inline]
    #[expect(unsafe_code, reason = "reads jemalloc's counters")]
    fn balance(self) -> i64 {
        // SAFETY: the counters live as long as their thread, on which we are: the type cannot be
        // sent. Volatile, because the compiler takes allocation for something that changes no
        // memory it can see, and would otherwise reuse an older value.
        let (allocated, freed) = unsafe { (self.allocated.read_volatile(), self.freed.read_volatile()) };
        allocated.wrapping_sub(freed) as i64
    }
}

/// The allocator's own books, in bytes: for INFO and MEMORY STATS.
#[derive(Debug, Clone, Copy, Default)]
pub struct AllocatorStats {
    /// Handed out, rounded to size classes.
    pub allocated: usize,
    /// In pages that hold something handed out.
    pub active: usize,
    /// In pages that are physically present: active, bookkeeping, and freed but not returned.
    pub resident: usize,
    /// Address space kept for reuse without memory behind it.
    pub retained: usize,
    /// Bookkeeping.
    pub metadata: usize,
}

impl AllocatorStats {
    /// External fragmentation: bytes in active pages per byte handed out.
    pub fn fragmentation_ratio(&self) -> f64 {
        ratio(self.active, self.allocated)
    }

    /// External fragmentation in bytes: what defragmentation could return.
    pub fn fragmentation_bytes(&self) -> i64 {
        difference(self.active, self.allocated)
    }

    /// Resident bytes per byte in active pages: above 1 is what a purge could return.
    pub fn rss_ratio(&self) -> f64 {
        ratio(self.resident, self.active)
    }

    /// Resident bytes that are not in active pages.
    pub fn rss_bytes(&self) -> i64 {
        difference(self.resident, self.active)
    }

    /// The process's resident bytes per byte that is the allocator's.
    pub fn process_overhead_ratio(&self, process_resident_bytes: usize) -> f64 {
        ratio(process_resident_bytes, self.resident)
    }

    /// The process's resident bytes that are not the allocator's: code, stacks.
    pub fn process_overhead_bytes(&self, process_resident_bytes: usize) -> i64 {
        difference(process_resident_bytes, self.resident)
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn difference(larger: usize, smaller: usize) -> i64 {
    larger as i64 - smaller as i64
}

/// Fresh figures. Refreshing walks all arenas (over ten microseconds): for INFO and the cron, not
/// for commands. All zero should the allocator not answer.
pub fn allocator_stats() -> AllocatorStats {
    if epoch::advance().is_err() {
        return AllocatorStats::default();
    }
    AllocatorStats {
        allocated: stats::allocated::read().unwrap_or(0),
        active: stats::active::read().unwrap_or(0),
        resident: stats::resident::read().unwrap_or(0),
        retained: stats::retained::read().unwrap_or(0),
        metadata: stats::metadata::read().unwrap_or(0),
    }
}

/// Name and version, as in `jemalloc-5.3.0`.
pub fn allocator_name() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        // The full text is `5.3.0-0-g<commit>`.
        let full = version::read().unwrap_or("unknown");
        format!("jemalloc-{}", full.split('-').next().unwrap_or(full))
    })
}

/// The allocator's report for humans: MEMORY MALLOC-STATS.
#[expect(unsafe_code, reason = "tikv-jemalloc-ctl offers this only with a feature we do not use")]
pub fn malloc_stats() -> String {
    extern "C" fn append(report: *mut c_void, text: *const c_char) {
        // SAFETY: jemalloc passes on the pointer to the report that it is given below, while
        // nothing else uses it, and a C string.
        let (report, text) = unsafe { (&mut *report.cast::<Vec<u8>>(), CStr::from_ptr(text)) };
        report.extend_from_slice(text.to_bytes());
    }
    let mut report: Vec<u8> = Vec::new();
    // SAFETY: the callback treats the pointer as what it is; null options mean the full report.
    unsafe { ffi::malloc_stats_print(append, (&raw mut report).cast(), ptr::null()) };
    String::from_utf8_lossy(&report).into_owned()
}

/// Returns freed pages to the kernel now instead of after their decay time. True if it worked.
#[expect(unsafe_code, reason = "tikv-jemalloc-ctl has no call for keys without a value")]
pub fn purge() -> bool {
    // Arena 4096 stands for all of them (MALLCTL_ARENAS_ALL).
    let key = c"arena.4096.purge";
    let nothing = ptr::null_mut();
    // SAFETY: the name is a C string, and this key neither gives nor takes a value.
    unsafe { ffi::mallctl(key.as_ptr(), nothing, ptr::null_mut(), nothing, 0) == 0 }
}

/// The number behind a key of jemalloc's control tree, whatever its width (DEBUG MALLCTL). `None` where there is
/// no such key, or no number behind it.
#[expect(unsafe_code, reason = "tikv-jemalloc-ctl wants to know the width beforehand")]
pub fn mallctl(name: &CStr) -> Option<i64> {
    [8, 4, 1].into_iter().find_map(|width: usize| {
        let (mut value, mut bytes) = (0_i64, width);
        // SAFETY: the name is a C string; jemalloc writes at most `bytes` bytes, which is no more than the value
        // has, and refuses if the key's value has another width. Nothing is set.
        let result = unsafe {
            ffi::mallctl(name.as_ptr(), (&raw mut value).cast(), &raw mut bytes, ptr::null_mut(), 0)
        };
        (result == 0).then_some(value)
    })
}

/// What the control crate does not wrap, under the names that tikv-jemalloc-sys links on Linux;
/// with another prefix the linker would complain.
#[expect(unsafe_code, reason = "declarations of C functions")]
mod ffi {
    use super::{c_char, c_int, c_void};

    unsafe extern "C" {
        #[link_name = "_rjem_mallctl"]
        pub(super) fn mallctl(
            name: *const c_char,
            old: *mut c_void,
            old_bytes: *mut usize,
            new: *mut c_void,
            new_bytes: usize,
        ) -> c_int;

        #[link_name = "_rjem_malloc_stats_print"]
        pub(super) fn malloc_stats_print(
            write: extern "C" fn(*mut c_void, *const c_char),
            write_argument: *mut c_void,
            options: *const c_char,
        );
    }
}

/// Physical memory of this process in bytes, as the kernel counts it; 0 without `/proc`.
pub fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok()).unwrap_or(0_usize);
    pages * page_bytes()
}

/// Bytes that this process has for itself and has written to: in a forked child, what copying on
/// write has cost. 0 where the kernel does not say.
pub fn private_dirty_bytes() -> usize {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    parse_rollup(&rollup, "Private_Dirty:").unwrap_or(0)
}

/// Bytes of this process on anonymous huge pages; 0 where the kernel does not say.
pub fn huge_pages_bytes() -> usize {
    let rollup = fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    parse_rollup(&rollup, "AnonHugePages:").unwrap_or(0)
}

fn parse_rollup(rollup: &str, name: &str) -> Option<usize> {
    let line = rollup.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: usize = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib * 1024)
}

/// Physical memory of the machine in bytes.
pub fn total_system_memory() -> usize {
    system_value(libc::_SC_PHYS_PAGES) * page_bytes()
}

/// The size of a page in bytes.
pub fn page_bytes() -> usize {
    system_value(libc::_SC_PAGESIZE)
}

#[expect(unsafe_code, reason = "sysconf is not in std")]
fn system_value(name: c_int) -> usize {
    // SAFETY: no memory is involved. Negative means unknown.
    let value = unsafe { libc::sysconf(name) };
    usize::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::worker::Worker;
    use super::*;

    #[test]
    fn numbers_of_the_allocator_are_read_at_any_width() {
        assert_eq!(mallctl(c"arenas.page").map(i64::count_ones), Some(1));
        assert!(mallctl(c"arenas.narenas").is_some_and(|arenas| (1..100_000).contains(&arenas)));
        assert_eq!(mallctl(c"no.such.key"), None);
    }

    /// The balance of this thread alone: other tests' helpers publish at any time.
    fn own() -> i64 {
        ThreadCounters::of_this_thread().balance()
    }

    #[test]
    fn an_allocation_counts_with_the_size_of_its_class_until_it_is_freed() {
        let before = own();
        let block = std::hint::black_box(vec![1_u8; 100]);
        assert_eq!(own() - before, 112);
        drop(block);
        assert_eq!(own(), before);
    }

    #[test]
    fn what_a_helper_thread_frees_is_no_longer_used() {
        const BYTES: usize = 64 << 20;
        let worker = Worker::start("test_free").unwrap();
        let block = vec![1_u8; BYTES];
        let before = used_memory();
        worker.drop_later(block);
        worker.drain();
        let freed = before.saturating_sub(used_memory());
        // Exactly, but for what the helpers of other tests do meanwhile.
        assert!(freed.abs_diff(BYTES) < BYTES / 2, "{freed}");
    }

    #[test]
    fn the_books_are_in_order() {
        let stats = allocator_stats();
        assert!(stats.allocated > 0);
        assert!(stats.active >= stats.allocated);
        assert!(stats.resident >= stats.active);
        assert!(stats.fragmentation_ratio() >= 1.0 && stats.rss_ratio() >= 1.0);
        assert_eq!(stats.fragmentation_bytes(), (stats.active - stats.allocated) as i64);
    }

    #[test]
    fn ratios_of_nothing_are_zero() {
        assert_eq!(AllocatorStats::default().fragmentation_ratio(), 0.0);
        assert_eq!(AllocatorStats::default().rss_bytes(), 0);
    }

    #[test]
    fn the_process_is_smaller_than_the_machine() {
        let resident = resident_bytes();
        assert!(resident > 0 && resident < total_system_memory());
    }

    #[test]
    fn pages_can_be_returned_at_once() {
        assert!(purge());
    }

    #[test]
    fn the_allocator_says_its_name_and_reports() {
        assert!(allocator_name().starts_with("jemalloc-5."));
        assert!(!allocator_name()["jemalloc-".len()..].contains('-'));
        assert!(malloc_stats().contains("jemalloc"));
    }

    #[test]
    fn dirty_pages_are_read_in_kib() {
        let rollup = "Rss:   9 kB\nPrivate_Clean:   8 kB\nPrivate_Dirty:      12 kB\n";
        assert_eq!(parse_rollup(rollup, "Private_Dirty:"), Some(12 * 1024));
        assert_eq!(parse_rollup("Rss: 9 kB\n", "Private_Dirty:"), None);
    }
}
