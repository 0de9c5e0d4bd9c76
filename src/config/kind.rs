//! Kinds of directives: how the arguments of a directive become a [`Value`], how a value is shown
//! by CONFIG GET, and what CONFIG REWRITE writes. The texts of the errors are those of Redis 7.2.
//! Values with a structure of their own (`save`, `bind`, ...) are in `structured.rs`. Knows
//! neither names nor fields.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::settings::{OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags};
use super::structured;
use crate::keyspace::EventClass;
use crate::sys::files::error_text;
use crate::util::number::parse_i64;
use crate::util::text::{parse_memory, push_quoted};

/// Why a value is refused; follows the name of the directive in an error message.
pub(super) type Reason = Cow<'static, str>;

/// What a directive accepts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `yes` or `no`.
    Flag,
    /// A number within bounds.
    Number {
        min: i128,
        max: i128,
        unit: Unit,
    },
    /// Text; `optional`: the empty text means that there is none.
    Text {
        optional: bool,
        check: fn(&[u8]) -> Result<(), &'static str>,
    },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A directory that exists.
    Directory,
    SavePoints,
    OutputLimits,
    OomScores,
    NotifyFlags,
    Addresses,
    Primary,
    Percentiles,
    ShutdownFlags,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Plain,
    /// Bytes, with an optional unit such as `64mb`.
    Memory,
    /// As `Memory`, or a percentage, which is held as a negative number.
    MemoryOrPercent,
    Octal,
}

/// A value of any kind, between its text and its field.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Flag(bool),
    Number(i128),
    /// Empty for an optional text that is not set.
    Text(Vec<u8>),
    /// An index into the words.
    Choice(usize),
    SavePoints(Vec<SavePoint>),
    OutputLimits([OutputLimit; 3]),
    OomScores([i32; 3]),
    NotifyFlags(EventClass),
    Addresses(Vec<String>),
    Primary(Option<PrimaryAddress>),
    Percentiles(Vec<f64>),
    ShutdownFlags(ShutdownFlags),
}

/// A line of a rewritten file: `forced` ones are appended if the old file has no place for them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What follows the name of the directive.
    pub(super) arguments: Vec<u8>,
    pub(super) forced: bool,
}

impl Kind {
    /// Does the directive check the number of its arguments itself?
    pub(super) fn takes_many(self) -> bool {
        use Kind::{Addresses, OomScores, OutputLimits, Percentiles, Primary, SavePoints, ShutdownFlags};
        matches!(
            self,
            SavePoints | OutputLimits | OomScores | Addresses | Primary | Percentiles | ShutdownFlags
        )
    }

    /// The value the arguments stand for. `current` is what relative and partial values build on.
    pub(super) fn parse(self, arguments: &[&[u8]], current: &Value) -> Result<Value, Reason> {
        let text = match arguments {
            [] => &b""[..],
            [first, ..] => first,
        };
        match self {
            Self::Flag => parse_flag(text),
            Self::Number { min, max, unit } => {
                let number = parse_number(text, unit)?;
                check_bounds(number, min, max, unit)?;
                Ok(Value::Number(number))
            }
            Self::Text { check, .. } => {
                check(text)?;
                Ok(Value::Text(text.to_vec()))
            }
            Self::Choice(words) => parse_choice(text, words),
            Self::Directory => parse_directory(text, current),
            Self::SavePoints => structured::parse_save_points(arguments),
            Self::OutputLimits => structured::parse_output_limits(arguments, current),
            Self::OomScores => structured::parse_oom_scores(arguments),
            Self::NotifyFlags => match EventClass::parse(text) {
                Some(flags) => Ok(Value::NotifyFlags(flags)),
                None => Err("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.".into()),
            },
            Self::Addresses => structured::parse_addresses(arguments),
            Self::Primary => structured::parse_primary(arguments),
            Self::Percentiles => structured::parse_percentiles(arguments),
            Self::ShutdownFlags => structured::parse_shutdown_flags(arguments),
        }
    }

    /// The text CONFIG GET shows.
    pub(super) fn format(self, value: &Value) -> Vec<u8> {
        match (self, value) {
            (_, Value::Flag(on)) => {
                if *on {
                    b"yes".to_vec()
                } else {
                    b"no".to_vec()
                }
            }
            (Self::Number { unit, .. }, Value::Number(number)) => match unit {
                Unit::MemoryOrPercent if *number < 0 => format!("{}%", -number).into_bytes(),
                Unit::Octal => format!("{number:o}").into_bytes(),
                _ => number.to_string().into_bytes(),
            },
            (_, Value::Text(text)) => text.clone(),
            (Self::Choice(words), Value::Choice(index)) => words[*index].as_bytes().to_vec(),
            _ => structured::format(value).into_bytes(),
        }
    }

    /// The lines CONFIG REWRITE writes. None: the directive must be absent for this value to hold.
    pub(super) fn lines(self, value: &Value, default: &Value) -> Vec<Line> {
        let changed = value != default;
        let one = |arguments, forced| vec![Line { arguments, forced }];
        match (self, value) {
            (Self::Text { optional: true, .. }, Value::Text(text)) if text.is_empty() => vec![],
            (Self::Directory, Value::Text(text)) => one(quoted(text), true),
            (_, Value::Text(text)) => one(quoted(text), changed),
            (Self::Number { unit: Unit::Memory | Unit::MemoryOrPercent, .. }, Value::Number(bytes))
                if *bytes >= 0 =>
            {
                one(format_memory(*bytes).into_bytes(), changed)
            }
            (_, Value::Flag(_) | Value::Number(_) | Value::Choice(_)) => one(self.format(value), changed),
            _ => structured::lines(value, default),
        }
    }
}

/// Bytes in the largest unit that divides them, as a file says it.
pub(super) fn format_memory(bytes: i128) -> String {
    let units = [(1 << 30, "gb"), (1 << 20, "mb"), (1 << 10, "kb")];
    match units.iter().find(|(size, _)| bytes != 0 && bytes % size == 0) {
        Some((size, name)) => format!("{}{name}", bytes / size),
        None => bytes.to_string(),
    }
}

/// The text in double quotes, with escapes.
pub(super) fn quoted(text: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(text.len() + 2);
    push_quoted(&mut line, text);
    line
}

fn parse_flag(text: &[u8]) -> Result<Value, Reason> {
    if text.eq_ignore_ascii_case(b"yes") {
        Ok(Value::Flag(true))
    } else if text.eq_ignore_ascii_case(b"no") {
        Ok(Value::Flag(false))
    } else {
        Err("argument must be 'yes' or 'no'".into())
    }
}

fn parse_number(text: &[u8], unit: Unit) -> Result<i128, Reason> {
    let (number, reason) = match unit {
        Unit::Plain => (parse_i64(text).map(i128::from), "argument couldn't be parsed into an integer"),
        Unit::Memory => (parse_memory(text).map(i128::from), "argument must be a memory value"),
        Unit::MemoryOrPercent => (
            parse_memory(text).map(i128::from).or_else(|| parse_percent(text)),
            "argument must be a memory or percent value",
        ),
        Unit::Octal => (parse_octal(text), "argument couldn't be parsed as an octal number"),
    };
    number.ok_or(Reason::Borrowed(reason))
}

/// `25%` as -25.
fn parse_percent(text: &[u8]) -> Option<i128> {
    let percent = parse_i64(text.strip_suffix(b"%")?)?;
    (percent >= 0).then_some(-i128::from(percent))
}

fn parse_octal(text: &[u8]) -> Option<i128> {
    i64::from_str_radix(std::str::from_utf8(text).ok()?, 8).ok().map(i128::from)
}

fn check_bounds(number: i128, min: i128, max: i128, unit: Unit) -> Result<(), Reason> {
    if (min..=max).contains(&number) {
        return Ok(());
    }
    Err(match unit {
        Unit::Octal => format!("argument must be between {min:o} and {max:o} inclusive"),
        Unit::MemoryOrPercent if number < 0 => {
            format!("percentage argument must be less or equal to {}", -min)
        }
        _ => format!("argument must be between {min} and {max} inclusive"),
    }
    .into())
}

fn parse_choice(text: &[u8], words: &[&str]) -> Result<Value, Reason> {
    match words.iter().position(|word| text.eq_ignore_ascii_case(word.as_bytes())) {
        Some(index) => Ok(Value::Choice(index)),
        None => Err(unknown_word(words)),
    }
}

/// The error of a word that is not in the list.
pub(super) fn unknown_word(words: &[&str]) -> Reason {
    format!("argument(s) must be one of the following: {}", words.join(", ")).into()
}

/// The absolute path of a directory one may enter. The error is the one chdir(2) would give.
fn parse_directory(text: &[u8], current: &Value) -> Result<Value, Reason> {
    if text.is_empty() {
        return Err("No such file or directory".into());
    }
    let path = Path::new(OsStr::from_bytes(text));
    let path = match current {
        Value::Text(base) => Path::new(OsStr::from_bytes(base)).join(path),
        _ => path.to_path_buf(),
    };
    // Looking up "." needs what chdir needs: a directory, and permission to search it.
    match path.join(".").metadata().and_then(|_| path.canonicalize()) {
        Ok(path) => Ok(Value::Text(path.as_os_str().as_bytes().to_vec())),
        Err(error) => Err(error_text(&error).into()),
    }
}

// Checks of texts.

/// Any text. Fields of type `String` need UTF-8; Redis would accept any bytes.
pub(super) fn utf8(text: &[u8]) -> Result<(), &'static str> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(_) => Err("argument must be valid UTF-8"),
    }
}

/// Any bytes.
pub(super) fn any(_: &[u8]) -> Result<(), &'static str> {
    Ok(())
}

fn is_base_name(text: &[u8]) -> bool {
    !text.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}

pub(super) fn snapshot_name(text: &[u8]) -> Result<(), &'static str> {
    if is_base_name(text) { Ok(()) } else { Err("dbfilename can't be a path, just a filename") }
}

pub(super) fn aof_name(text: &[u8]) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("appendfilename can't be empty")
    } else if is_base_name(text) {
        Ok(())
    } else {
        Err("appendfilename can't be a path, just a filename")
    }
}

pub(super) fn aof_directory(text: &[u8]) -> Result<(), &'static str> {
    if text.is_empty() {
        Err("appenddirname can't be empty")
    } else if is_base_name(text) {
        Ok(())
    } else {
        Err("appenddirname can't be a path, just a dirname")
    }
}

/// Longest host name, with the zero byte that ends it in C.
const HOST_NAME_BYTES: usize = 256;

pub(super) fn host_name(text: &[u8]) -> Result<(), &'static str> {
    if text.len() >= HOST_NAME_BYTES {
        Err("Hostnames must be less than 256 characters")
    } else if text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.')) {
        Ok(())
    } else {
        Err("Hostnames may only contain alphanumeric characters, hyphens or dots")
    }
}

/// A name for people, in the alphabet of nodes.conf.
pub(super) fn node_name(text: &[u8]) -> Result<(), &'static str> {
    if text.iter().any(|byte| b"!#$%&()*+:;<>?@[]^{|}~".contains(byte)) {
        Err("Announced human node name contained invalid character")
    } else {
        utf8(text)
    }
}

/// Variables of `proc-title-template`, and whether one surely expands to something.
const TITLE_VARIABLES: [(&[u8], bool); 7] = [
    (b"title", false),
    (b"listen-addr", true),
    (b"server-mode", false),
    (b"port", true),
    (b"tls-port", true),
    (b"unixsocket", true),
    (b"config-file", true),
];

/// A template of known variables in braces (`{{` is a brace) that does not expand to nothing.
pub(super) fn title_template(text: &[u8]) -> Result<(), &'static str> {
    const INVALID: &str = "template format is invalid or contains unknown variables";
    utf8(text).map_err(|_| INVALID)?;
    let mut shows_something = false;
    let mut rest = text;
    while let [byte, after @ ..] = rest {
        rest = after;
        match (byte, after) {
            (b'{', [b'{', after @ ..]) => {
                rest = after;
                shows_something = true;
            }
            (b'{', _) => {
                let end = after.iter().position(|byte| *byte == b'}').ok_or(INVALID)?;
                let name = &after[..end];
                let known = TITLE_VARIABLES.iter().find(|(known, _)| *known == name);
                shows_something |= known.ok_or(INVALID)?.1;
                rest = &after[end + 1..];
            }
            _ => shows_something |= *byte != b' ',
        }
    }
    if shows_something { Ok(()) } else { Err(INVALID) }
}

#[cfg(test)]
mod tests;
