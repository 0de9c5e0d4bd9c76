//! Hints to the processor.

/// Asks for the cache line at `address` to be loaded while other work goes on. Any address will do: a
/// hint is never a fault.
#[inline]
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the intrinsic is declared unsafe")]
pub fn prefetch<T>(address: *const T) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: PREFETCHT0 reads nothing architecturally and ignores invalid addresses.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) };
}

/// Without an instruction for it, no hint.
#[inline]
#[cfg(not(target_arch = "x86_64"))]
pub fn prefetch<T>(_address: *const T) {}
