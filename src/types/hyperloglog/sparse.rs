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
    /// Length of the opcode.
    bytes: usize,
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
    /// The first run of a text. An opcode that is cut off is read as if a zero came next, as in Redis.
    #[inline]
    fn first(text: &[u8]) -> Option<Self> {
        let (&opcode, rest) = text.split_first()?;
        Some(match opcode >> 6 {
            0 => Self { rank: 0, length: usize::from(opcode) + 1, bytes: 1, is_long: false },
            1 => {
                let low = rest.first().copied();
                let length = (usize::from(opcode & 0x3f) << 8 | usize::from(low.unwrap_or_default())) + 1;
                Self { rank: 0, length, bytes: 1 + usize::from(low.is_some()), is_long: true }
            }
            _ => {
                let (rank, length) = ((opcode >> 2 & 0x1f) + 1, usize::from(opcode & 3) + 1);
                Self { rank, length, bytes: 1, is_long: false }
            }
        })
    }
}

/// All runs.
pub fn runs(body: &[u8]) -> impl Iterator<Item = Run> {
    let mut rest = body;
    std::iter::from_fn(move || {
        let run = Run::first(rest)?;
        rest = &rest[run.bytes..];
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

/// Raises registers to what the runs say. They must cover all registers; like Redis, this ends at a value that
/// does not fit and does not mind if all registers came before it.
pub fn merge_into(body: &[u8], ranks: &mut [u8; REGISTERS]) -> Result<(), SketchError> {
    let mut register = 0;
    for run in runs(body) {
        let end = register + run.length;
        if run.rank > 0 {
            let Some(ranks) = ranks.get_mut(register..end) else { break };
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
/// `bytes_max` by it.
pub fn raise(
    text: &mut Vec<u8>,
    start: usize,
    observation: Observation,
    bytes_max: usize,
) -> Result<Raised, SketchError> {
    if observation.rank > RANK_MAX {
        return Ok(Raised::Impossible);
    }
    let place = find(&text[start..], observation.register).ok_or(SketchError::Corrupted)?;
    let run = place.run;
    if run.rank >= observation.rank {
        return Ok(Raised::No);
    }
    let before = observation.register - place.register;
    let behind = run.length - before - 1;
    let mut opcodes = Opcodes::new();
    push_run(&mut opcodes, run.rank, before);
    push_run(&mut opcodes, observation.rank, 1);
    push_run(&mut opcodes, run.rank, behind);

    if opcodes.len() > run.bytes && text.len() - run.bytes + opcodes.len() > bytes_max {
        return Ok(Raised::Impossible);
    }
    let at = start + place.at;
    text.splice(at..at + run.bytes, opcodes);
    join_values(text, start + place.previous_at);
    Ok(Raised::Yes)
}

/// Where a register is.
struct Place {
    at: usize,
    /// Where the run before it begins; the same if there is none.
    previous_at: usize,
    /// The first register of the run.
    register: usize,
    run: Run,
}

fn find(body: &[u8], wanted: usize) -> Option<Place> {
    let (mut at, mut previous_at, mut register) = (0, 0, 0);
    loop {
        let run = Run::first(&body[at..])?;
        if wanted < register + run.length {
            return Some(Place { at, previous_at, register, run });
        }
        previous_at = at;
        at += run.bytes;
        register += run.length;
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
        let Some(run) = text.get(at..).and_then(Run::first) else { return };
        let next_at = at + run.bytes;
        let next = text.get(next_at..).and_then(Run::first);
        match next
            .filter(|next| run.rank > 0 && next.rank == run.rank && run.length + next.length <= VALUE_RUN_MAX)
        {
            Some(next) => {
                let mut joined = Opcodes::new();
                push_run(&mut joined, run.rank, run.length + next.length);
                text.splice(at..next_at + next.bytes, joined);
            }
            None => at = next_at,
        }
    }
}
