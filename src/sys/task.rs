//! What the main thread is doing, by name: for the reports of handlers that interrupt it.

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The name of the present task; null: there is none.
static PRESENT: AtomicPtr<&'static str> = AtomicPtr::new(ptr::null_mut());

/// The task that the present one interrupts.
#[derive(Debug)]
#[must_use = "a task that is not ended is reported for ever"]
pub struct Outer(*mut &'static str);

/// A task begins, perhaps within another one. Only the main thread has tasks.
#[inline]
pub fn begin(name: &'static &'static str) -> Outer {
    // No exchange: nobody else writes, and a store alone costs nothing.
    let outer = PRESENT.load(Ordering::Relaxed);
    PRESENT.store(ptr::from_ref(name).cast_mut(), Ordering::Relaxed);
    Outer(outer)
}

/// The task that began last ends.
#[inline]
pub fn end(outer: Outer) {
    PRESENT.store(outer.0, Ordering::Relaxed);
}

/// Async-signal-safe.
#[expect(unsafe_code, reason = "an atomic pointer is the only reference that a handler may read")]
pub(super) fn present() -> Option<&'static str> {
    let name = PRESENT.load(Ordering::Relaxed).cast_const();
    // SAFETY: it is null or was a static reference.
    unsafe { name.as_ref() }.copied()
}
