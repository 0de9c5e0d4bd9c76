//! XTRIM, and the trimming options that it shares with XADD.

use super::entries::parse_id;
use super::propagate::propagate_replacing;
use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::keyspace::EventClass;
use crate::types::Stream;
use crate::types::stream::{IdText, Log, StreamId, Threshold, Trim};

/// The default of LIMIT, in full nodes ...
const LIMIT_NODES: u64 = 100;
/// ... where nodes have no limit ...
const LIMIT_WITHOUT_NODES: u64 = 10_000;
/// ... and at most.
const LIMIT_MAX: u64 = 1_000_000;

/// A command's wish to trim, as far as it has been read.
#[derive(Debug, Default)]
pub struct TrimOptions {
    threshold: Option<Threshold>,
    approximate: bool,
    limit: Option<u64>,
    /// Where the threshold stands among the arguments.
    argument: usize,
}

/// What to trim, and what replicas are told of it.
#[derive(Debug, Clone, Copy)]
pub struct Trimming {
    pub trim: Trim,
    argument: usize,
}

/// The arguments that replicas get instead of `~` and the threshold, so that they remove just as much.
#[derive(Debug)]
pub struct ExactTrim {
    argument: usize,
    threshold: IdText,
}

/// `XTRIM key MAXLEN | MINID [= | ~] threshold [LIMIT count]`
pub fn xtrim(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let mut options = TrimOptions::default();
    while args.left() > 0 {
        if !options.read(args)? {
            return Err(CommandError::Syntax);
        }
    }
    let trimming = options.required(ctx)?;
    let Some(mut stream) = ctx.keys.edit::<Stream>(key)? else {
        ctx.reply.int(0);
        return Ok(());
    };
    let removed = stream.log_mut().trim(&trimming.trim);
    if removed == 0 {
        ctx.reply.int(0);
        return Ok(());
    }
    let exact = trimming.exact(stream.log());
    stream.changed_by(removed, &[(EventClass::STREAM, "xtrim")]);
    if let Some(exact) = exact {
        propagate_replacing(ctx, args, &exact.replacements());
    }
    ctx.reply.count(removed as usize);
    Ok(())
}

impl TrimOptions {
    /// Reads the option that follows, if it is one of these.
    pub fn read(&mut self, args: &Args<'_>) -> Result<bool, CommandError> {
        if args.left() < 2 {
            return Ok(false);
        }
        if args.keyword("maxlen") {
            self.begin_threshold(args)?;
            let length_max = args.next_int()?;
            let length_max = u64::try_from(length_max).map_err(|_| CommandError::MaxLenNegative)?;
            self.threshold = Some(Threshold::Length(length_max));
        } else if args.keyword("minid") {
            self.begin_threshold(args)?;
            self.threshold = Some(Threshold::Id(parse_id(args.next()?)?));
        } else if args.keyword("limit") {
            let limit = args.next_int()?;
            self.limit = Some(u64::try_from(limit).map_err(|_| CommandError::LimitNegative)?);
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// What XTRIM is to do.
    pub fn required(&self, ctx: &Ctx<'_>) -> Result<Trimming, CommandError> {
        self.expect_threshold_for_limit()?;
        let threshold = self.threshold.ok_or(CommandError::TrimStrategyMissing)?;
        Ok(self.trimming(threshold, self.entries_max(ctx)?))
    }

    /// What XADD is to do beside adding.
    pub fn optional(&self, ctx: &Ctx<'_>) -> Result<Option<Trimming>, CommandError> {
        self.expect_threshold_for_limit()?;
        let entries_max = self.entries_max(ctx)?;
        Ok(self.threshold.map(|threshold| self.trimming(threshold, entries_max)))
    }

    fn trimming(&self, threshold: Threshold, entries_max: Option<u64>) -> Trimming {
        let trim = Trim { threshold, approximate: self.approximate, entries_max };
        Trimming { trim, argument: self.argument }
    }

    /// Whether LIMIT has something to limit.
    fn expect_threshold_for_limit(&self) -> CommandResult {
        if self.limit.is_some_and(|limit| limit != 0) && self.threshold.is_none() {
            return Err(CommandError::LimitWithoutStrategy);
        }
        Ok(())
    }

    fn begin_threshold(&mut self, args: &Args<'_>) -> CommandResult {
        if self.threshold.is_some() {
            return Err(CommandError::TwoTrimStrategies);
        }
        // With nothing behind it, the sign is taken for the threshold.
        self.approximate = args.left() >= 2 && args.keyword("~");
        if !self.approximate && args.left() >= 2 {
            args.keyword("=");
        }
        self.argument = args.position();
        Ok(())
    }

    fn entries_max(&self, ctx: &Ctx<'_>) -> Result<Option<u64>, CommandError> {
        // It was limited when it was first executed; this says exactly what remains.
        if ctx.must_obey() {
            return Ok(None);
        }
        match (self.limit, self.approximate) {
            (Some(_), false) => Err(CommandError::LimitWithoutApproximation),
            (Some(limit), true) => Ok(Some(limit).filter(|limit| *limit != 0)),
            (None, false) => Ok(None),
            (None, true) => {
                let nodes = ctx.engine.config.encoding.stream_node_max_entries;
                let limit = if nodes == 0 { LIMIT_WITHOUT_NODES } else { nodes.saturating_mul(LIMIT_NODES) };
                Ok(Some(limit.min(LIMIT_MAX)))
            }
        }
    }
}

impl Trimming {
    /// How to say exactly what an approximate trimming left in `log`; `None` if it was exact.
    pub fn exact(&self, log: &Log) -> Option<ExactTrim> {
        let threshold = match self.trim.threshold {
            _ if !self.trim.approximate => return None,
            Threshold::Length(_) => IdText::of_number(log.len()),
            Threshold::Id(_) => log.first_node_id().unwrap_or(StreamId::MAX).into(),
        };
        Some(ExactTrim { argument: self.argument, threshold })
    }
}

impl ExactTrim {
    /// Arguments by their places.
    pub fn replacements(&self) -> [(usize, &[u8]); 2] {
        [(self.argument - 1, b"="), (self.argument, self.threshold.as_bytes())]
    }
}
