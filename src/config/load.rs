//! The configuration at start: file, standard input, environment, command line; a later one wins.
//! Command-line options are turned into lines and read as if they stood at the end of the file,
//! as in Redis, so one parser and one form of error serve all of them.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use thiserror::Error;

use super::include::{ReadError, read_bounded, read_files};
use super::kind::{Reason, Value, quoted};
use super::row::{Row, find};
use super::settings::Config;
use super::table::ROWS;
use crate::sys::files::error_text;
use crate::util::text::split_args;

/// The version of Redis whose behaviour is followed, and which clients are told.
pub const REDIS_VERSION: &str = "7.2.4";

/// Files that include files that include files: deeper than this is a circle.
const INCLUDE_DEPTH_MAX: usize = 16;

/// Environment variables with this prefix are directives.
const VARIABLE_PREFIX: &str = "RUSSET_";

/// What was asked for at start.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// Absolute path of the configuration file, for CONFIG REWRITE.
    pub file: Option<PathBuf>,
    /// Old and new names; an empty new name removes the command. In order, not checked.
    pub renamed_commands: Vec<(Vec<u8>, Vec<u8>)>,
    /// Arguments of `user` lines (name, then rules), not checked.
    pub users: Vec<Vec<Vec<u8>>>,
    /// For the log, once there is one.
    pub warnings: Vec<String>,
}

/// Why the server cannot start. The text goes to standard error as it is: it ends its own lines.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum FatalConfigError {
    #[error(
        "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n\
         Reading the configuration file, at line {number}\n>>> '{line}'\n{reason}\n"
    )]
    Line { number: usize, line: String, reason: String },
    #[error(
        "\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n\
         Reading the environment variable {variable}\n>>> '{value}'\n{reason}\n"
    )]
    Variable { variable: String, value: String, reason: String },
    /// Lines that are valid one by one but not together.
    #[error("\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\n{reason}\n")]
    Whole { reason: String },
    /// Redis logs this one, to standard output.
    #[error("Fatal error, can't open config file '{path}': {reason}\n")]
    Open { path: String, reason: String },
}

impl From<ReadError> for FatalConfigError {
    fn from(failed: ReadError) -> Self {
        Self::Open { path: failed.path.display().to_string(), reason: error_text(&failed.error) }
    }
}

impl Config {
    /// Reads `[file] [--directive value ...] [-]` (the arguments after the program's name), the
    /// file, standard input if the arguments say `-`, and the environment.
    pub fn load(
        argv: &[Vec<u8>],
        environment: impl Iterator<Item = (OsString, OsString)>,
        stdin: &mut dyn Read,
    ) -> Result<Loaded, FatalConfigError> {
        let command_line = CommandLine::parse(argv);
        let mut loader = Loader::new();
        let mut text = Vec::new();
        if let Some(file) = command_line.file {
            let start = loader.config.process.dir.clone();
            text = read_files(file, &start)?;
            loader.file = Some(start.join(OsStr::from_bytes(file)));
        }
        if command_line.reads_stdin {
            read_bounded(stdin, &mut text)
                .map_err(|error| ReadError { path: PathBuf::from("(standard input)"), error })?;
        }
        loader.read_lines(&text, 1, 0)?;
        loader.read_environment(environment)?;
        let lines_before = text.split(|byte| *byte == b'\n').count();
        loader.read_lines(&command_line.options, lines_before + 1, 0)?;
        loader.finish()
    }
}

/// The command line, cut into its parts.
struct CommandLine<'a> {
    file: Option<&'a [u8]>,
    reads_stdin: bool,
    /// The options as lines of a file.
    options: Vec<u8>,
}

impl<'a> CommandLine<'a> {
    /// `--name` opens a line, anything else is an argument of the line, unless the previous
    /// option still waits for its value: `--requirepass --secret` sets a password.
    fn parse(argv: &'a [Vec<u8>]) -> Self {
        let mut parsed = Self { file: None, reads_stdin: false, options: Vec::new() };
        let mut arguments = argv;
        if let [first, rest @ ..] = argv
            && !first.starts_with(b"-")
        {
            parsed.file = Some(first);
            arguments = rest;
        }
        // A lone `-` counts as the first argument of all, or as the last.
        let is_end = |index: usize| (index == 0 && parsed.file.is_none()) || index + 1 == arguments.len();
        let mut expects_value = false;
        for (index, argument) in arguments.iter().enumerate() {
            if argument == b"-" && is_end(index) {
                parsed.reads_stdin = true;
            } else if let Some(option) = argument.strip_prefix(b"--")
                && !expects_value
            {
                if !parsed.options.is_empty() {
                    parsed.options.push(b'\n');
                }
                parsed.options.extend_from_slice(option);
                parsed.options.push(b' ');
                // `--port 6380` may also come as one argument.
                expects_value = split_args(argument).is_ok_and(|parts| parts.len() == 1);
                let next = arguments.get(index + 1);
                if option.eq_ignore_ascii_case(b"save") && next.is_none_or(|next| next.starts_with(b"--")) {
                    // Scripts pass an empty list of save points as nothing at all.
                    parsed.options.extend_from_slice(b"\"\"");
                    expects_value = false;
                }
            } else {
                parsed.options.extend_from_slice(&quoted(argument));
                parsed.options.push(b' ');
                expects_value = false;
            }
        }
        parsed
    }
}

/// What has been read so far.
struct Loader {
    config: Config,
    file: Option<PathBuf>,
    renamed_commands: Vec<(Vec<u8>, Vec<u8>)>,
    users: Vec<Vec<Vec<u8>>>,
    warnings: Vec<String>,
    /// The first `save` line replaces the default, further ones add to it.
    adds_save_points: bool,
}

/// Why a line is refused.
enum LineError {
    Reason(Reason),
    /// An error in an included file, which has told its own line.
    Included(FatalConfigError),
}

impl<T: Into<Reason>> From<T> for LineError {
    fn from(reason: T) -> Self {
        Self::Reason(reason.into())
    }
}

impl Loader {
    fn new() -> Self {
        Self {
            config: Config::default(),
            file: None,
            renamed_commands: Vec::new(),
            users: Vec::new(),
            warnings: Vec::new(),
            adds_save_points: false,
        }
    }

    fn read_lines(&mut self, text: &[u8], first: usize, depth: usize) -> Result<(), FatalConfigError> {
        for (index, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            self.read_line(line, depth).map_err(|error| match error {
                LineError::Reason(reason) => FatalConfigError::Line {
                    number: first + index,
                    line: String::from_utf8_lossy(line).into_owned(),
                    reason: reason.into_owned(),
                },
                LineError::Included(error) => error,
            })?;
        }
        Ok(())
    }

    fn read_line(&mut self, line: &[u8], depth: usize) -> Result<(), LineError> {
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        let parts = split_args(line).map_err(|_| "Unbalanced quotes in configuration line")?;
        let Some((name, arguments)) = parts.split_first() else {
            return Ok(());
        };
        match find(name) {
            Some(named) => Ok(self.read_directive(named.row, arguments)?),
            None => self.read_file_only(&name.to_ascii_lowercase(), arguments, depth),
        }
    }

    fn read_directive(&mut self, row: &Row, arguments: &[Vec<u8>]) -> Result<(), Reason> {
        // `--save "900 1 300 10"`: the list may come as one argument.
        let split = match arguments {
            [list] if row.kind.takes_many() && !list.is_empty() => split_args(list).unwrap_or_default(),
            [_] => arguments.to_vec(),
            _ if row.kind.takes_many() => arguments.to_vec(),
            _ => return Err("wrong number of arguments".into()),
        };
        let split: Vec<&[u8]> = split.iter().map(Vec::as_slice).collect();
        let before = row.value(&self.config);
        let mut value = row.kind.parse(&split, &before)?;
        if let Value::SavePoints(points) = &mut value {
            if let Value::SavePoints(earlier) = before
                && self.adds_save_points
                && split != [b""]
            {
                points.splice(..0, earlier);
            }
            self.adds_save_points = true;
        }
        if row.absent.is_some() && value == Value::Flag(true) {
            self.warnings.push(format!("'{} yes' is ignored: this server cannot do it", row.name));
            return Ok(());
        }
        row.put(&mut self.config, value);
        Ok(())
    }

    /// Directives that CONFIG does not know.
    fn read_file_only(&mut self, name: &[u8], arguments: &[Vec<u8>], depth: usize) -> Result<(), LineError> {
        match (name, arguments) {
            // Had a meaning once; scripts and old files still carry them.
            (b"list-max-ziplist-entries" | b"list-max-ziplist-value" | b"lua-replicate-commands", [_]) => {}
            (b"include", [pattern]) => return self.include(pattern, depth),
            (b"rename-command", [old, new]) => {
                self.renamed_commands.push((old.clone(), new.clone()));
            }
            (b"user", [_, ..]) => self.users.push(arguments.to_vec()),
            (b"loadmodule", [_, ..]) => return Err("modules are not supported".into()),
            (b"sentinel", []) => return Err("sentinel mode is not supported".into()),
            (b"sentinel", _) => {
                return Err("sentinel directive while not in sentinel mode".into());
            }
            (name, []) if name.contains(&b'.') => {
                return Err("Module config specified without value".into());
            }
            (name, _) if name.contains(&b'.') => return Err("modules are not supported".into()),
            _ => return Err("Bad directive or wrong number of arguments".into()),
        }
        Ok(())
    }

    /// Paths are relative to the working directory, which an earlier `dir` may have changed.
    fn include(&mut self, pattern: &[u8], depth: usize) -> Result<(), LineError> {
        if depth == INCLUDE_DEPTH_MAX {
            return Err(format!("more than {INCLUDE_DEPTH_MAX} levels of include").into());
        }
        let directory = self.config.process.dir.clone();
        let text = read_files(pattern, &directory).map_err(|failed| {
            // Named as the line names it, when it does.
            let path = failed.path.strip_prefix(&directory).unwrap_or(&failed.path).to_path_buf();
            LineError::Included(ReadError { path, ..failed }.into())
        })?;
        self.read_lines(&text, 1, depth + 1).map_err(LineError::Included)
    }

    /// Variables in the order of the table, whatever the order of the environment.
    fn read_environment(
        &mut self,
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<(), FatalConfigError> {
        let mut found = Vec::new();
        for (variable, value) in environment {
            let Some(suffix) = variable.as_bytes().strip_prefix(VARIABLE_PREFIX.as_bytes()) else {
                continue;
            };
            let place = ROWS.iter().position(|row| {
                is_variable_of(suffix, row.name)
                    || row.alias.is_some_and(|alias| is_variable_of(suffix, alias))
            });
            match place {
                Some(place) => found.push((place, variable, value)),
                None => self
                    .warnings
                    .push(format!("The environment variable {} names no directive", variable.display())),
            }
        }
        found.sort();
        for (place, variable, value) in found {
            // The environment replaces the save points of a file instead of adding to them, and
            // the command line in turn replaces those of the environment.
            let is_save = ROWS[place].name == "save";
            self.adds_save_points &= !is_save;
            let read = self.read_directive(&ROWS[place], &[value.as_bytes().to_vec()]);
            self.adds_save_points &= !is_save;
            read.map_err(|reason| FatalConfigError::Variable {
                variable: variable.display().to_string(),
                value: value.display().to_string(),
                reason: reason.into_owned(),
            })?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Loaded, FatalConfigError> {
        if self.config.is_on("cluster-enabled") {
            if self.config.replication.primary.is_some() {
                return Err(FatalConfigError::Whole {
                    reason: "replicaof directive not allowed in cluster mode".to_owned(),
                });
            }
            let databases = &mut self.config.process.databases;
            if *databases > 1 {
                self.warnings.push(format!(
                    "WARNING: Changing databases number from {databases} to 1 since we are in \
                     cluster mode"
                ));
                *databases = 1;
            }
        }
        Ok(Loaded {
            config: self.config,
            file: self.file,
            renamed_commands: self.renamed_commands,
            users: self.users,
            warnings: self.warnings,
        })
    }
}

/// `MAXMEMORY_POLICY` for `maxmemory-policy`.
fn is_variable_of(suffix: &[u8], name: &str) -> bool {
    let shouted = name.bytes().map(|byte| match byte {
        b'-' => b'_',
        _ => byte.to_ascii_uppercase(),
    });
    shouted.eq(suffix.iter().copied())
}

#[cfg(test)]
mod tests;
