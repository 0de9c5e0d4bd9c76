//! The options of SET and GETEX that say how long a key lives.

use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::util::number::parse_i64;

/// How a time is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// EX: seconds from now.
    Seconds,
    /// PX
    Milliseconds,
    /// EXAT: Unix time in seconds.
    UnixSeconds,
    /// PXAT
    UnixMilliseconds,
}

/// What a request says of the expiry. The argument with the time is read last, since every syntax
/// error comes before an error in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lifetime {
    #[default]
    Unsaid,
    /// KEEPTTL
    Keep,
    /// PERSIST
    Persist,
    Until {
        form: Form,
        argument: usize,
    },
}

impl Form {
    fn named(args: &Args<'_>) -> Option<Self> {
        let forms = [
            ("ex", Self::Seconds),
            ("px", Self::Milliseconds),
            ("exat", Self::UnixSeconds),
            ("pxat", Self::UnixMilliseconds),
        ];
        forms.into_iter().find(|(word, _)| args.keyword(word)).map(|(_, form)| form)
    }

    /// Unix milliseconds of a time; `None` if it is not positive or overflows.
    fn unix_ms(self, time: i64, now_ms: i64) -> Option<i64> {
        if time <= 0 {
            return None;
        }
        match self {
            Self::Seconds => time.checked_mul(1000)?.checked_add(now_ms),
            Self::Milliseconds => time.checked_add(now_ms),
            Self::UnixSeconds => time.checked_mul(1000),
            Self::UnixMilliseconds => Some(time),
        }
    }

    /// Whether the time is a moment, which may have passed.
    pub fn is_absolute(self) -> bool {
        matches!(self, Self::UnixSeconds | Self::UnixMilliseconds)
    }
}

impl Lifetime {
    /// Reads `EX seconds` and its relatives.
    pub fn choose_time(&mut self, args: &Args<'_>) -> Result<(), CommandError> {
        let form = Form::named(args).ok_or(CommandError::Syntax)?;
        let argument = args.position();
        args.next()?;
        self.choose(Self::Until { form, argument })
    }

    /// An option may be repeated, and the last one counts, but not be combined with another one.
    pub fn choose(&mut self, choice: Self) -> Result<(), CommandError> {
        let compatible = match (*self, choice) {
            (Self::Unsaid, _) => true,
            (Self::Until { form: one, .. }, Self::Until { form: other, .. }) => one == other,
            (one, other) => one == other,
        };
        if !compatible {
            return Err(CommandError::Syntax);
        }
        *self = choice;
        Ok(())
    }
}

/// Reads a time; Unix milliseconds.
pub fn deadline_ms(ctx: &Ctx<'_>, form: Form, time: &[u8]) -> Result<i64, CommandError> {
    let time = parse_i64(time).ok_or(CommandError::NotAnInteger)?;
    let invalid = || CommandError::InvalidExpireTime(ctx.command_name().to_owned());
    form.unix_ms(time, ctx.now_ms()).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_are_not_positive_or_overflow_are_refused() {
        let now_ms = 1_000_000;
        assert_eq!(Form::Seconds.unix_ms(0, now_ms), None);
        assert_eq!(Form::Milliseconds.unix_ms(-1, now_ms), None);
        assert_eq!(Form::Seconds.unix_ms(i64::MAX / 1000 + 1, now_ms), None);
        assert_eq!(Form::Seconds.unix_ms(i64::MAX / 1000, now_ms), None);
        assert_eq!(Form::UnixSeconds.unix_ms(i64::MAX / 1000, now_ms), Some(i64::MAX / 1000 * 1000));
        assert_eq!(Form::Milliseconds.unix_ms(i64::MAX - now_ms, now_ms), Some(i64::MAX));
        assert_eq!(Form::Milliseconds.unix_ms(i64::MAX - now_ms + 1, now_ms), None);
        assert_eq!(Form::UnixMilliseconds.unix_ms(i64::MAX, now_ms), Some(i64::MAX));
    }
}
