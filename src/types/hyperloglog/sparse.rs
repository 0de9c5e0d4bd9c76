//! The sparse encoding: runs of registers with the same rank, an opcode of one or two bytes each.
//!
//! | Opcode | Meaning |
//! |---|---|
//! | `00nnnnnn` | n+1 empty registers |
//! | `01nnnnnn nnnnnnnn` | n+1 empty registers |
//! | `1rrrrrnn` | n+1 registers of rank r+1 |
//!
//! Which of several possible runs are written follows Redis, so that a sequence of additions gives the same bytes.

use smallvec::SmallVec;

use super::estimate::Histogram;
use super::observation::{Observation, REGISTERS};
use super::sketch::SketchError;

/// A higher rank needs the dense encoding.
pub const RANK_MAX: u8 = 32;
const VALUE_RUN_MAX: usize = 4;
const SHORT_ZEROS_MAX: usize = 64;

/// This many opcodes are looked at for runs that can be joined, from the one before a change on.
const JOIN_OPCODES: usize = 5;

/// What an opcode says: this many registers of this rank; zero if they are empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub rank: u8,
    pub length: usize,
    /// It is one of the long runs of empty registers.
    pub is_long: bool,
}

/// A place where a run begins: bytes from the first opcode on, and the first register of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Boundary {
    at: usize,
    register: usize,
}

/// What became of an attempt to raise a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    Yes,
    /// It was as high already.
    No,
    /// The result would be too long, or cannot be written at all.
    Impossible,
}

/// Opcodes in place of another one.
type Opcodes = SmallVec<[u8; 8]>;

impl Run {
    /// The first run of a text, and the rest. An opcode that is cut off is read as if a zero came next, as in
    /// Redis.
    #[inline]
    fn split_first(text: &[u8]) -> Option<(Self, &[u8])> {
        let (&opcode, rest) = text.split_first()?;
        if opcode & 0x80 != 0 {
            let (rank, length) = ((opcode >> 2 & 0x1f) + 1, usize::from(opcode & 3) + 1);
            return Some((Self { rank, length, is_long: false }, rest));
        }
        if opcode & 0x40 == 0 {
            return Some((Self { rank: 0, length: usize::from(opcode) + 1, is_long: false }, rest));
        }
        let (low, rest) = rest.split_first().unwrap_or((&0, &[]));
        let length = (usize::from(opcode & 0x3f) << 8 | usize::from(*low)) + 1;
        Some((Self { rank: 0, length, is_long: true }, rest))
    }
}

/// All runs.
pub fn runs(body: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let (run, behind) = Run::split_first(rest)?;
        rest = behind;
        Some(run)
    })
}

/// Counts how often each rank occurs. The runs must cover all registers and no more.
pub fn count(body: &[u8], histogram: &mut Histogram) -> Result<(), SketchError> {
    let mut registers = 0;
    for run in runs(body) {
        registers += run.length;
        if registers > REGISTERS {
            return Err(SketchError::Corrupted);
        }
        histogram.count_run(run.rank, run.length);
    }
    if registers == REGISTERS { Ok(()) } else { Err(SketchError::Corrupted) }
}

/// Raises registers to what the runs say. The runs must cover all registers and no more.
pub fn merge_into(body: &[u8], ranks: &mut [u8; REGISTERS]) -> Result<(), SketchError> {
    let mut register = 0;
    for run in runs(body) {
        let end = register + run.length;
        if run.rank > 0 {
            let ranks = ranks.get_mut(register..end).ok_or(SketchError::Corrupted)?;
            for rank in ranks {
                *rank = run.rank.max(*rank);
            }
        }
        register = end;
    }
    if register == REGISTERS { Ok(()) } else { Err(SketchError::Corrupted) }
}

/// The opcode of an empty sketch.
pub fn push_empty(text: &mut Vec<u8>) {
    let mut opcodes = Opcodes::new();
    push_run(&mut opcodes, 0, REGISTERS);
    text.extend_from_slice(&opcodes);
}

/// Raises a register in a text whose runs begin at `start`, unless the text would become longer than
/// `bytes_max` by it. The search begins at a boundary, if that is not too far, and leaves one for the next register,
/// so that rising registers take one walk together.
pub fn raise(
    text: &mut Vec<u8>,
    start: usize,
    observation: Observation,
    bytes_max: usize,
    boundary: &mut Boundary,
) -> Result<Raised, SketchError> {
    if observation.rank > RANK_MAX {
        return Ok(Raised::Impossible);
    }
    let place = find(&text[start..], observation.register, *boundary).ok_or(SketchError::Corrupted)?;
    *boundary = place.previous;
    let run = place.run;
    if run.rank >= observation.rank {
        return Ok(Raised::No);
    }
    let before = observation.register - place.here.register;
    let behind = run.length - before - 1;
    let mut opcodes = Opcodes::new();
    push_run(&mut opcodes, run.rank, before);
    push_run(&mut opcodes, observation.rank, 1);
    push_run(&mut opcodes, run.rank, behind);

    let old = start + place.here.at..start + place.end;
    if opcodes.len() > old.len() && text.len() - old.len() + opcodes.len() > bytes_max {
        return Ok(Raised::Impossible);
    }
    text.splice(old, opcodes);
    join_values(text, start + place.previous.at);
    Ok(Raised::Yes)
}

/// Where a register is.
struct Place {
    here: Boundary,
    /// Where the run before it begins; the same if there is none.
    previous: Boundary,
    /// Where the run ends, in bytes.
    end: usize,
    run: Run,
}

fn find(body: &[u8], wanted: usize, from: Boundary) -> Option<Place> {
    let first = Boundary::default();
    let mut here = if from.register <= wanted { from } else { first };
    let mut previous = None;
    let mut rest = body.get(here.at..)?;
    loop {
        let (run, behind) = Run::split_first(rest)?;
        let end = body.len() - behind.len();
        if wanted < here.register + run.length {
            return match previous {
                // What is before the boundary is not known.
                None if here != first => find(body, wanted, first),
                _ => Some(Place { here, previous: previous.unwrap_or(here), end, run }),
            };
        }
        previous = Some(here);
        here = Boundary { at: end, register: here.register + run.length };
        rest = behind;
    }
}

fn push_run(opcodes: &mut Opcodes, rank: u8, length: usize) {
    let Some(stored) = length.checked_sub(1) else { return };
    match rank.checked_sub(1) {
        Some(rank) => opcodes.push(0x80 | rank << 2 | stored as u8),
        None if length <= SHORT_ZEROS_MAX => opcodes.push(stored as u8),
        None => opcodes.extend([0x40 | (stored >> 8) as u8, stored as u8]),
    }
}

/// Joins neighbouring runs of the same rank that fit into one opcode.
fn join_values(text: &mut Vec<u8>, mut at: usize) {
    for _ in 0..JOIN_OPCODES {
        let Some((run, behind)) = text.get(at..).and_then(Run::split_first) else { return };
        let next_at = text.len() - behind.len();
        let length = Run::split_first(behind)
            .filter(|(next, _)| run.rank > 0 && next.rank == run.rank)
            .map(|(next, _)| run.length + next.length)
            .filter(|length| *length <= VALUE_RUN_MAX);
        match length {
            Some(length) => {
                let mut joined = Opcodes::new();
                push_run(&mut joined, run.rank, length);
                // Both are opcodes of one byte.
                text.splice(at..=next_at, joined);
            }
            None => at = next_at,
        }
    }
}
