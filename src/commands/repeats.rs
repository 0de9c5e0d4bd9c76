//! Replies of random elements with repetitions: `HRANDFIELD key -count` and its relatives.
//!
//! Such a reply may be much bigger than the collection. A client with a limit for its output will be closed for
//! exceeding it, so that the rest of its reply does not matter and is not made. Without a limit the count has one,
//! which it has not in Redis: there the server is busy until its memory is used up.

use super::context::Ctx;
use super::error::CommandError;
use crate::config::OutputClass;
use crate::resp::Reply;

/// The highest count for clients without an output limit.
const REPEATS_MAX: u64 = 1 << 27;
/// How often the output is compared with its limit.
const REPEATS_UNCHECKED: u64 = 256;

/// How long a reply with repetitions may become.
#[derive(Debug, Clone, Copy)]
pub struct Repeats {
    limit_bytes: u64,
    drawn: u64,
}

impl Repeats {
    /// Fails if so many elements would never end.
    pub fn of(ctx: &Ctx<'_>, count: u64) -> Result<Self, CommandError> {
        let limit_bytes = ctx.engine.config.limits.output_of(OutputClass::Normal).hard_bytes;
        if limit_bytes == 0 && count > REPEATS_MAX {
            return Err(CommandError::ValueOutOfRange);
        }
        Ok(Self { limit_bytes, drawn: 0 })
    }

    /// Counts an element that was written; whether to go on.
    #[inline]
    pub fn go_on(&mut self, reply: &Reply) -> bool {
        self.drawn += 1;
        self.limit_bytes == 0
            || !self.drawn.is_multiple_of(REPEATS_UNCHECKED)
            || reply.output.excess_bytes() as u64 <= self.limit_bytes
    }
}
