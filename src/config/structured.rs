//! Values with a structure of their own: `save`, `client-output-buffer-limit`, `bind`,
//! `replicaof`, `oom-score-adj-values`, `latency-tracking-info-percentiles` and the
//! `shutdown-on-sig*` directives. Parser, text and lines of each stand together by kind of
//! operation; the errors are those of Redis 7.2.

use super::choices::Choice;
use super::kind::{Line, Reason, Value, format_memory, unknown_word};
use super::settings::{OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags};
use crate::util::text::parse_memory;

/// More addresses than this are refused.
const ADDRESSES_MAX: usize = 16;

const WRONG_NUMBER: Reason = Reason::Borrowed("wrong number of arguments");

/// An integer as C's strtoll reads it: white space and a plus sign may precede it.
fn parse_lenient(text: &[u8]) -> Option<i64> {
    std::str::from_utf8(text).ok()?.trim_ascii_start().parse().ok()
}

/// Is this the empty list, spelled as one empty argument?
fn is_one_empty(arguments: &[&[u8]]) -> bool {
    matches!(arguments, [b""])
}

/// Pairs of seconds and changes.
pub(super) fn parse_save_points(arguments: &[&[u8]]) -> Result<Value, Reason> {
    if is_one_empty(arguments) {
        return Ok(Value::SavePoints(vec![]));
    }
    let (pairs, rest) = arguments.as_chunks::<2>();
    let point = |[seconds, changes]: &[&[u8]; 2]| {
        Some(SavePoint {
            seconds: u64::try_from(parse_lenient(seconds)?).ok().filter(|seconds| *seconds >= 1)?,
            changes: u64::try_from(parse_lenient(changes)?).ok()?,
        })
    };
    let points: Option<Vec<_>> = pairs.iter().map(point).collect();
    match points {
        Some(points) if rest.is_empty() => Ok(Value::SavePoints(points)),
        _ => Err("Invalid save parameters".into()),
    }
}

/// The class's name in a file, and the one CONFIG GET has always shown.
const CLASSES: [(&str, &str); 3] = [("normal", "normal"), ("replica", "slave"), ("pubsub", "pubsub")];

/// Groups of class, hard limit, soft limit and seconds. Classes not named keep their limits.
pub(super) fn parse_output_limits(arguments: &[&[u8]], current: &Value) -> Result<Value, Reason> {
    let mut limits = match current {
        Value::OutputLimits(limits) => *limits,
        _ => [OutputLimit::default(); 3],
    };
    let (groups, rest) = arguments.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("Wrong number of arguments in buffer limit configuration.".into());
    }
    for [class, hard, soft, seconds] in groups {
        let is_class = |(name, old_name): &(&str, &str)| {
            class.eq_ignore_ascii_case(name.as_bytes()) || class.eq_ignore_ascii_case(old_name.as_bytes())
        };
        let Some(index) = CLASSES.iter().position(is_class) else {
            return Err("Invalid client class specified in buffer limit configuration.".into());
        };
        let seconds = parse_lenient(seconds).and_then(|seconds| u64::try_from(seconds).ok());
        let (Some(hard_bytes), Some(soft_bytes), Some(soft_seconds)) =
            (parse_memory(hard), parse_memory(soft), seconds)
        else {
            return Err("Error in hard, soft or soft_seconds setting in buffer limit configuration.".into());
        };
        limits[index] = OutputLimit { hard_bytes, soft_bytes, soft_seconds };
    }
    Ok(Value::OutputLimits(limits))
}

/// Three numbers: primary, replica, background child.
pub(super) fn parse_oom_scores(arguments: &[&[u8]]) -> Result<Value, Reason> {
    let arguments: &[&[u8]; 3] = arguments.try_into().map_err(|_| WRONG_NUMBER)?;
    let mut scores = [0; 3];
    for (score, text) in scores.iter_mut().zip(arguments) {
        match parse_lenient(text) {
            Some(number @ -2000..=2000) => *score = number as i32,
            _ => {
                return Err("Invalid oom-score-adj-values, elements must be between -2000 and 2000.".into());
            }
        }
    }
    Ok(Value::OomScores(scores))
}

/// Addresses to listen on.
pub(super) fn parse_addresses(arguments: &[&[u8]]) -> Result<Value, Reason> {
    if arguments.len() > ADDRESSES_MAX {
        return Err("Too many bind addresses specified.".into());
    }
    if is_one_empty(arguments) {
        return Ok(Value::Addresses(vec![]));
    }
    let address = |text: &&[u8]| match std::str::from_utf8(text) {
        Ok(text) => Ok(text.to_owned()),
        Err(_) => Err(Reason::Borrowed("argument must be valid UTF-8")),
    };
    Ok(Value::Addresses(arguments.iter().map(address).collect::<Result<_, _>>()?))
}

/// A host and a port, or `no one`.
pub(super) fn parse_primary(arguments: &[&[u8]]) -> Result<Value, Reason> {
    let [host, port] = arguments else {
        return Err(WRONG_NUMBER);
    };
    if host.eq_ignore_ascii_case(b"no") && port.eq_ignore_ascii_case(b"one") {
        return Ok(Value::Primary(None));
    }
    let port = parse_lenient(port).and_then(|port| u16::try_from(port).ok());
    let port = port.ok_or(Reason::Borrowed("Invalid master port"))?;
    let host = std::str::from_utf8(host).map_err(|_| Reason::Borrowed("argument must be valid UTF-8"))?;
    Ok(Value::Primary(Some(PrimaryAddress { host: host.to_owned(), port })))
}

/// Numbers from 0 to 100.
pub(super) fn parse_percentiles(arguments: &[&[u8]]) -> Result<Value, Reason> {
    if is_one_empty(arguments) {
        return Ok(Value::Percentiles(vec![]));
    }
    let mut percentiles = Vec::with_capacity(arguments.len());
    for text in arguments {
        let number = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f64>().ok());
        match number {
            Some(percentile) if (0.0..=100.0).contains(&percentile) => percentiles.push(percentile),
            Some(number) if !number.is_nan() => {
                return Err("latency-tracking-info-percentiles parameters should sit between \
                            [0.0,100.0]"
                    .into());
            }
            _ => return Err("Invalid latency-tracking-info-percentiles parameters".into()),
        }
    }
    Ok(Value::Percentiles(percentiles))
}

impl Choice for ShutdownFlags {
    const NAMES: &'static [&'static str] = &["default", "save", "nosave", "now", "force"];
    const VALUES: &'static [Self] = &[Self::empty(), Self::SAVE, Self::NOSAVE, Self::NOW, Self::FORCE];
}

/// At least one word; they add up.
pub(super) fn parse_shutdown_flags(arguments: &[&[u8]]) -> Result<Value, Reason> {
    let flag = |text: &&[u8]| {
        let is_name = |name: &&str| text.eq_ignore_ascii_case(name.as_bytes());
        Some(ShutdownFlags::VALUES[ShutdownFlags::NAMES.iter().position(is_name)?])
    };
    let flags: Option<ShutdownFlags> = arguments.iter().map(flag).collect();
    let flags = match flags {
        Some(flags) if !arguments.is_empty() => flags,
        _ => return Err(unknown_word(ShutdownFlags::NAMES)),
    };
    if flags.contains(ShutdownFlags::SAVE | ShutdownFlags::NOSAVE) {
        return Err("shutdown options SAVE and NOSAVE can't be used simultaneously".into());
    }
    Ok(Value::ShutdownFlags(flags))
}

/// The text CONFIG GET shows of a structured value.
pub(super) fn format(value: &Value) -> String {
    match value {
        Value::SavePoints(points) => joined(points, |p| format!("{} {}", p.seconds, p.changes)),
        Value::OutputLimits(limits) => joined(&[0, 1, 2], |index: &usize| {
            let OutputLimit { hard_bytes, soft_bytes, soft_seconds } = limits[*index];
            format!("{} {hard_bytes} {soft_bytes} {soft_seconds}", CLASSES[*index].1)
        }),
        Value::OomScores(scores) => joined(scores, ToString::to_string),
        Value::NotifyFlags(flags) => flags.letters(),
        Value::Addresses(addresses) => addresses.join(" "),
        Value::Primary(None) => String::new(),
        Value::Primary(Some(primary)) => format!("{} {}", primary.host, primary.port),
        Value::Percentiles(percentiles) => joined(percentiles, |p| format_percentile(*p)),
        Value::ShutdownFlags(flags) if flags.is_empty() => ShutdownFlags::NAMES[0].to_owned(),
        Value::ShutdownFlags(flags) => {
            let words = ShutdownFlags::NAMES.iter().zip(ShutdownFlags::VALUES).skip(1);
            let set: Vec<_> = words.filter(|(_, flag)| flags.contains(**flag)).collect();
            joined(&set, |(word, _)| (**word).to_owned())
        }
        Value::Flag(_) | Value::Number(_) | Value::Text(_) | Value::Choice(_) => {
            unreachable!("plain values are formatted by their kind")
        }
    }
}

/// The lines of a rewritten file for a structured value.
pub(super) fn lines(value: &Value, default: &Value) -> Vec<Line> {
    let line = |arguments: String, forced| Line { arguments: arguments.into_bytes(), forced };
    match (value, default) {
        (Value::SavePoints(points), _) if !points.is_empty() => {
            points.iter().map(|p| line(format!("{} {}", p.seconds, p.changes), true)).collect()
        }
        (Value::OutputLimits(limits), Value::OutputLimits(defaults)) => (0..limits.len())
            .map(|index| {
                let limit = limits[index];
                let hard = format_memory(limit.hard_bytes.into());
                let soft = format_memory(limit.soft_bytes.into());
                let class = CLASSES[index].0;
                let text = format!("{class} {hard} {soft} {}", limit.soft_seconds);
                line(text, limit != defaults[index])
            })
            .collect(),
        // Absent is how a file says these.
        (Value::Primary(None), _) => vec![],
        (Value::Addresses(addresses), Value::Addresses(defaults)) if addresses == defaults => {
            vec![]
        }
        (Value::NotifyFlags(flags), _) => {
            vec![line(format!("\"{}\"", flags.letters()), value != default)]
        }
        (Value::OomScores(_) | Value::ShutdownFlags(_), _) => {
            vec![line(format(value), value != default)]
        }
        // Always written: an absent line would mean the default.
        _ => {
            let text = format(value);
            vec![line(if text.is_empty() { "\"\"".to_owned() } else { text }, true)]
        }
    }
}

fn joined<T>(parts: &[T], text: impl Fn(&T) -> String) -> String {
    parts.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Six decimals at most, none that are zero at the end.
fn format_percentile(percentile: f64) -> String {
    format!("{percentile:.6}").trim_end_matches('0').trim_end_matches('.').to_owned()
}
