//! The loop: choose, mutate, try, keep what showed something new. Does not know the targets.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::{env, fs};

use russet::sys::clock::now_us;
use russet::util::crc64::crc64;
use russet::util::random::Random;
use tikv_jemalloc_ctl::thread;

use super::mutation::mutate;

/// Of a run without `RUSSET_FUZZ_SECONDS`.
const DEFAULT_EXECUTIONS: u64 = 3000;

const EXECUTIONS_PER_REPORT: u64 = 1_000_000;

/// What an input may make us allocate, all reallocations added up: a fixed part for buffers and empty tables,
/// and so much for each byte. LZF alone makes 88 bytes of one, and they are copied a few times.
const ALLOWED_BYTES: u64 = 8 << 20;
const ALLOWED_BYTES_PER_BYTE: u64 = 2048;

/// Inputs are cut to this.
const INPUT_BYTES_MAX: usize = 64 * 1024;

/// What a target says of an input it has survived: inputs of the same outcome are alike.
pub type Outcome = String;

/// Runs one target on mutations of its seeds. `repair` makes checksums right again.
pub fn run(name: &str, seeds: &[Vec<u8>], repair: fn(&mut [u8]), target: fn(&[u8]) -> Outcome) {
    if let Some(path) = env::var_os("RUSSET_FUZZ_INPUT") {
        eprintln!("{name}: {}", target(&fs::read(path).unwrap()));
        return;
    }
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let seconds = number("RUSSET_FUZZ_SECONDS");
    let mut random = Random::seeded(number("RUSSET_FUZZ_SEED").unwrap_or(1));
    let mut known = HashSet::new();
    let mut corpus: Vec<Vec<u8>> = Vec::new();
    for seed in seeds {
        known.insert(shape(&attempt(name, seed, target)));
        corpus.push(seed.clone());
    }
    let start_us = now_us();
    let (mut executions, mut accepted, mut slowest_us) = (0_u64, 0_u64, 0);
    let goes_on = |executions: u64| match seconds {
        Some(seconds) => now_us() - start_us < seconds * 1_000_000,
        None => executions < DEFAULT_EXECUTIONS,
    };
    let report = |executions: u64, accepted: u64, slowest_us: u64, outcomes: usize| {
        let elapsed_s = (now_us() - start_us) / 1_000_000;
        eprintln!(
            "{name}: {executions} executions in {elapsed_s} s, {accepted} accepted, {outcomes} outcomes \
             ({} seeds), slowest {slowest_us} us, no failure",
            seeds.len()
        );
    };
    while goes_on(executions) {
        let mut input = corpus[random.below(corpus.len() as u64) as usize].clone();
        let other = &corpus[random.below(corpus.len() as u64) as usize];
        mutate(&mut input, other, &mut random);
        input.truncate(INPUT_BYTES_MAX);
        // Now and then the checksum is what is looked at.
        if random.below(16) != 0 {
            repair(&mut input);
        }
        let before_us = now_us();
        let outcome = attempt(name, &input, target);
        slowest_us = slowest_us.max(now_us() - before_us);
        executions += 1;
        accepted += u64::from(outcome.starts_with("accepted"));
        if known.insert(shape(&outcome)) {
            corpus.push(input);
        }
        if executions.is_multiple_of(EXECUTIONS_PER_REPORT) {
            report(executions, accepted, slowest_us, known.len());
        }
    }
    report(executions, accepted, slowest_us, known.len());
}

/// One execution. Fails the test, and keeps the input, if the target panics or allocates too much.
fn attempt(name: &str, input: &[u8], target: fn(&[u8]) -> Outcome) -> Outcome {
    let allocated = thread::allocatedp::read().unwrap();
    let before_bytes = allocated.get();
    let result = catch_unwind(AssertUnwindSafe(|| target(input)));
    let used_bytes = allocated.get() - before_bytes;
    let allowed_bytes = ALLOWED_BYTES + ALLOWED_BYTES_PER_BYTE * input.len() as u64;
    let is_modest = used_bytes <= allowed_bytes;
    match result {
        Ok(outcome) if is_modest => outcome,
        _ => {
            let path = keep(name, input);
            panic!(
                "{name}: {} bytes allocated of {allowed_bytes} allowed; the input is {}",
                used_bytes,
                path.display()
            )
        }
    }
}

fn keep(name: &str, input: &[u8]) -> PathBuf {
    let directory = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/fuzz-failures");
    fs::create_dir_all(&directory).unwrap();
    let path = directory.join(format!("{name}-{:016x}", crc64(&input[..input.len() / 2])));
    fs::write(&path, input).unwrap();
    path
}

/// An outcome without its numbers, hexadecimal ones included, and without what it quotes.
fn shape(outcome: &str) -> String {
    let unquoted: String = outcome.split('\'').step_by(2).collect();
    unquoted.chars().filter(|character| !character.is_ascii_hexdigit()).collect()
}
