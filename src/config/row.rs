//! What a row of the directive table holds, how a row reaches its field, and how a name finds its
//! row. The rows themselves are in `table.rs`.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::sync::LazyLock;

use super::choices::{Choice, index_of};
use super::kind::{Kind, Reason, Value};
use super::settings::{ClientsMemory, Config, OutputLimit, PrimaryAddress, SavePoint, ShutdownFlags};
use super::table::ROWS;
use crate::keyspace::EventClass;

/// What the server must do once a changed value is in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Apply {
    AofAutoGc,
    AppendFsync,
    AppendOnly,
    /// Enter the new working directory.
    Dir,
    /// Limits of packed encodings.
    Encoding,
    /// Install or remove the handlers that write crash reports.
    CrashLog,
    Hz,
    LatencyTracking,
    /// The order of text.
    Locale,
    /// Bind again: `bind` or `port` changed.
    Listen,
    LogLevel,
    /// Raise the limit of open files, or refuse.
    Maxclients,
    /// Evict down to the new limit; also when the policy changed, and what access bits mean.
    Maxmemory,
    MaxmemoryClients,
    /// Count the replicas that are close enough.
    MinReplicas,
    NotifyKeyspaceEvents,
    OomScoreAdj,
    ProcTitle,
    ReplicationBacklog,
    RequirePass,
    SavePoints,
    /// Shorten the log to its new length.
    SlowLog,
    Tls,
    /// Wind up the watchdog, or stop it.
    Watchdog,
}

/// Properties of a directive.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    /// Only files, environment and command line may set it.
    pub(super) immutable: bool,
    /// CONFIG GET shows it only when asked by its exact name.
    pub(super) hidden: bool,
    /// Its value must not reach logs.
    pub(super) sensitive: bool,
    /// CONFIG SET needs `enable-protected-configs`.
    pub(super) protected: bool,
    /// Not while a snapshot is being loaded.
    pub(super) deny_loading: bool,
    /// Applied even if the value is the same: it names a file whose content may differ.
    pub(super) volatile: bool,
}

/// How a row reads and writes its value.
#[derive(Clone, Copy)]
pub(super) enum Field {
    /// A field of [`Config`].
    Typed { read: fn(&Config) -> Value, write: fn(&mut Config, Value) },
    /// No field: kept for CONFIG GET and REWRITE.
    Kept,
}

/// One directive.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) kind: Kind,
    /// As one would write it in a file.
    pub(super) default: &'static str,
    pub(super) field: Field,
    pub(super) flags: Flags,
    pub(super) apply: Option<Apply>,
    /// Why CONFIG SET cannot switch this on: the feature is absent. A file may ask for it.
    pub(super) absent: Option<&'static str>,
}

/// A row with a field.
pub(super) const fn row(name: &'static str, kind: Kind, default: &'static str, field: Field) -> Row {
    let flags = Flags {
        immutable: false,
        hidden: false,
        sensitive: false,
        protected: false,
        deny_loading: false,
        volatile: false,
    };
    Row { name, alias: None, kind, default, field, flags, apply: None, absent: None }
}

/// A row whose value has no meaning here.
pub(super) const fn kept(name: &'static str, kind: Kind, default: &'static str) -> Row {
    row(name, kind, default, Field::Kept)
}

impl Row {
    pub(super) const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    pub(super) const fn apply(mut self, apply: Apply) -> Self {
        self.apply = Some(apply);
        self
    }

    pub(super) const fn absent(mut self, reason: &'static str) -> Self {
        self.absent = Some(reason);
        self
    }

    pub(super) const fn immutable(mut self) -> Self {
        self.flags.immutable = true;
        self
    }

    pub(super) const fn hidden(mut self) -> Self {
        self.flags.hidden = true;
        self
    }

    pub(super) const fn sensitive(mut self) -> Self {
        self.flags.sensitive = true;
        self
    }

    pub(super) const fn protected(mut self) -> Self {
        self.flags.protected = true;
        self
    }

    pub(super) const fn deny_loading(mut self) -> Self {
        self.flags.deny_loading = true;
        self
    }

    pub(super) const fn volatile(mut self) -> Self {
        self.flags.volatile = true;
        self
    }

    /// The value in force.
    pub(super) fn value(&self, config: &Config) -> Value {
        match self.field {
            Field::Typed { read, .. } => read(config),
            Field::Kept => match config.kept.get(self.name) {
                Some(value) => value.clone(),
                None => self.default_value(),
            },
        }
    }

    /// The value in force as CONFIG GET shows it.
    pub(super) fn text(&self, config: &Config) -> Vec<u8> {
        self.kind.format(&self.value(config))
    }

    /// Puts a value of the row's kind in force.
    pub(super) fn put(&self, config: &mut Config, value: Value) {
        match self.field {
            Field::Typed { write, .. } => write(config, value),
            Field::Kept => {
                config.kept.insert(self.name, value);
            }
        }
    }

    /// Puts in force what the arguments say.
    pub(super) fn set(&self, config: &mut Config, arguments: &[&[u8]]) -> Result<(), Reason> {
        let value = self.kind.parse(arguments, &self.value(config))?;
        self.put(config, value);
        Ok(())
    }

    /// The value a new configuration has.
    pub(super) fn default_value(&self) -> Value {
        match self.field {
            Field::Typed { read, .. } => read(&DEFAULTS),
            Field::Kept => self.parsed_default(),
        }
    }

    /// The default, from its text.
    fn parsed_default(&self) -> Value {
        if matches!(self.kind, Kind::Directory) {
            // Empty if the directory we started in is gone, as in Redis.
            return std::env::current_dir().unwrap_or_default().value();
        }
        let arguments: Vec<&[u8]> = if self.kind.takes_many() {
            self.default.split(' ').map(str::as_bytes).collect()
        } else {
            vec![self.default.as_bytes()]
        };
        let nothing = Value::Text(vec![]);
        self.kind.parse(&arguments, &nothing).expect("the test of the table parses every default")
    }
}

static DEFAULTS: LazyLock<Config> = LazyLock::new(Config::default);

impl Default for Config {
    /// Every directive at its default, in the current directory.
    fn default() -> Self {
        let mut config = Self::blank();
        for row in ROWS {
            if let Field::Typed { write, .. } = row.field {
                write(&mut config, row.parsed_default());
            }
        }
        config
    }
}

/// The directives that differ from their defaults, without values that must not reach a log.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for row in ROWS.iter().filter(|row| row.value(self) != row.default_value()) {
            if row.flags.sensitive {
                map.entry(&row.name, &format_args!("(redacted)"));
            } else {
                map.entry(&row.name, &String::from_utf8_lossy(&row.text(self)));
            }
        }
        map.finish()
    }
}

/// A row under the name by which it was found: its own or its alias.
#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) name: &'static str,
    pub(super) row: &'static Row,
}

/// All names, aliases after the names they stand for.
pub(super) fn all_names() -> impl Iterator<Item = Named> {
    ROWS.iter().flat_map(|row| {
        let own = Named { name: row.name, row };
        std::iter::once(own).chain(row.alias.map(|name| Named { name, row }))
    })
}

/// The row of a name or alias, in any case.
pub(super) fn find(name: &[u8]) -> Option<Named> {
    all_names().find(|named| named.name.as_bytes().eq_ignore_ascii_case(name))
}

/// Names of all directives that are not hidden, without aliases, in the order of the table.
pub fn directive_names() -> impl Iterator<Item = &'static str> {
    ROWS.iter().filter(|row| !row.flags.hidden).map(|row| row.name)
}

/// Must the value of this directive be kept out of logs? False for a name that is unknown.
pub fn is_sensitive(name: &[u8]) -> bool {
    find(name).is_some_and(|named| named.row.flags.sensitive)
}

/// The directives as a Markdown table, for the README.
pub fn readme_table() -> String {
    let mut table = "| Directive | Default | CONFIG SET |\n|---|---|---|\n".to_owned();
    for row in ROWS.iter().filter(|row| !row.flags.hidden) {
        let alias = row.alias.map(|alias| format!(" (`{alias}`)")).unwrap_or_default();
        let default = if row.default.is_empty() { "\"\"" } else { row.default };
        let settable = if row.flags.immutable { "no" } else { "yes" };
        writeln!(table, "| `{}`{alias} | `{default}` | {settable} |", row.name)
            .expect("a String takes any text");
    }
    table
}

/// A type of fields, seen as a [`Value`].
///
/// A row pairs a field with the kind of its values, so `assign` meets only values of that kind.
pub(super) trait Setting {
    fn value(&self) -> Value;
    fn assign(&mut self, value: Value);
}

fn mismatch(value: &Value) -> ! {
    unreachable!("a row pairs its field with another kind of value: {value:?}")
}

macro_rules! setting {
    ($($type:ty: $variant:ident),+ $(,)?) => {$(
        impl Setting for $type {
            fn value(&self) -> Value {
                Value::$variant(self.clone())
            }

            fn assign(&mut self, value: Value) {
                match value {
                    Value::$variant(value) => *self = value,
                    _ => mismatch(&value),
                }
            }
        }
    )+};
}

setting! {
    bool: Flag,
    Vec<SavePoint>: SavePoints,
    [OutputLimit; 3]: OutputLimits,
    [i32; 3]: OomScores,
    EventClass: NotifyFlags,
    Vec<String>: Addresses,
    Option<PrimaryAddress>: Primary,
    Vec<f64>: Percentiles,
    ShutdownFlags: ShutdownFlags,
}

macro_rules! number_setting {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn value(&self) -> Value {
                Value::Number((*self).into())
            }

            fn assign(&mut self, value: Value) {
                match value {
                    Value::Number(number) => {
                        *self = Self::try_from(number).expect("the row's bounds fit its field");
                    }
                    _ => mismatch(&value),
                }
            }
        }
    )+};
}

number_setting!(u16, u32, i32, u64, i64);

impl Setting for usize {
    fn value(&self) -> Value {
        (*self as u64).value()
    }

    fn assign(&mut self, value: Value) {
        let mut wide = 0_u64;
        wide.assign(value);
        *self = wide as Self;
    }
}

impl Setting for ClientsMemory {
    fn value(&self) -> Value {
        Value::Number(match *self {
            Self::Bytes(bytes) => bytes.into(),
            Self::Percent(percent) => -i128::from(percent),
        })
    }

    fn assign(&mut self, value: Value) {
        *self = match value {
            Value::Number(number) if number < 0 => {
                Self::Percent(u8::try_from(-number).expect("the row's lower bound is -100"))
            }
            Value::Number(number) => Self::Bytes(u64::try_from(number).expect("the row's upper bound fits")),
            _ => mismatch(&value),
        };
    }
}

/// Types that are text in a file.
trait TextSetting: Sized {
    fn to_text(&self) -> Vec<u8>;
    fn from_text(text: Vec<u8>) -> Self;
}

impl TextSetting for String {
    fn to_text(&self) -> Vec<u8> {
        self.clone().into_bytes()
    }

    fn from_text(text: Vec<u8>) -> Self {
        Self::from_utf8(text).expect("the row checks for UTF-8")
    }
}

impl TextSetting for PathBuf {
    fn to_text(&self) -> Vec<u8> {
        self.as_os_str().as_bytes().to_vec()
    }

    fn from_text(text: Vec<u8>) -> Self {
        OsString::from_vec(text).into()
    }
}

impl TextSetting for Vec<u8> {
    fn to_text(&self) -> Vec<u8> {
        self.clone()
    }

    fn from_text(text: Vec<u8>) -> Self {
        text
    }
}

impl<T: TextSetting> TextSetting for Option<T> {
    fn to_text(&self) -> Vec<u8> {
        self.as_ref().map(T::to_text).unwrap_or_default()
    }

    fn from_text(text: Vec<u8>) -> Self {
        (!text.is_empty()).then(|| T::from_text(text))
    }
}

macro_rules! text_setting {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn value(&self) -> Value {
                Value::Text(self.to_text())
            }

            fn assign(&mut self, value: Value) {
                match value {
                    Value::Text(text) => *self = Self::from_text(text),
                    _ => mismatch(&value),
                }
            }
        }
    )+};
}

text_setting!(String, PathBuf, Option<String>, Option<PathBuf>, Option<Vec<u8>>);

/// Wraps an enum so that it reads and writes an index of its words.
pub(super) fn choice_value<T: Choice>(choice: T) -> Value {
    Value::Choice(index_of(choice))
}

/// The enum value of an index of its words.
pub(super) fn chosen<T: Choice>(value: Value) -> T {
    match value {
        Value::Choice(index) => T::VALUES[index],
        _ => mismatch(&value),
    }
}
