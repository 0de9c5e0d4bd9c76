//! Damaged input for each decoder of files and payloads: it is refused, or what it gives can be written and
//! read again. Nothing panics, and nothing allocates out of proportion to the input.
//!
//! A short run by default; `RUSSET_FUZZ_SECONDS=60` makes each target run so long, `RUSSET_FUZZ_SEED=7` on another
//! path. An input that fails is left in `target/fuzz-failures/`; `RUSSET_FUZZ_INPUT=<file>` tries it alone.
//!
//! There is no instrumentation: an input counts as new, and is mutated further, when its outcome is (the error's
//! text without its numbers, or the shape of what was built).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "fuzz/driver.rs"]
mod driver;
#[path = "fuzz/mutation.rs"]
mod mutation;
#[path = "fuzz/seeds.rs"]
mod seeds;
#[path = "fuzz/targets.rs"]
mod targets;

use driver::run;

#[test]
fn snapshots_are_refused_or_survive() {
    run("snapshots", &seeds::snapshots(), mutation::repair, targets::snapshot);
}

#[test]
fn payloads_are_refused_or_survive() {
    run("payloads", &seeds::payloads(), mutation::repair, targets::payload);
}

#[test]
fn append_only_files_are_refused_or_survive() {
    run("append-only-files", &seeds::append_only_files(), mutation::leave, targets::append_only_file);
}

#[test]
fn manifests_are_refused_or_survive() {
    run("manifests", &seeds::manifests(), mutation::leave, targets::manifest);
}
