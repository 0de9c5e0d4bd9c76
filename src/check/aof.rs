//! `russet-check-aof`: whether an append-only file is whole, up to where it is, and cutting it there.
//!
//! Takes a manifest with all the files it names, or a single file as old versions have written it. Beyond
//! redis-check-aof it verifies our checksum lines.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::aof::{Manifest, ReadError, Reader, Record};
use crate::rdb;
use crate::sys::files::error_text;
use crate::util::number::parse_i64;

/// What a snapshot starts with.
const SNAPSHOT_MAGIC: &[u8] = b"REDIS";

/// No manifest is longer; where only its start is wanted, that is enough.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024 * 1024;
const MANIFEST_LINE_BYTES_MAX: usize = 1024;

/// The arguments, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Request {
    path: PathBuf,
    fixes: bool,
    /// Seconds since 1970: what was written later is cut off.
    until_s: Option<i64>,
}

/// Where the talk goes, and where answers come from.
struct Talk<'t> {
    output: &'t mut dyn Write,
    input: &'t mut dyn BufRead,
}

/// It ends here, with exit code 1, for a reason that was printed.
#[derive(Debug)]
struct Aborted;

impl From<io::Error> for Aborted {
    /// Nobody reads what is printed.
    fn from(_: io::Error) -> Self {
        Self
    }
}

/// What was found in one file, or done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Valid,
    Empty,
    Cut,
    CutAtTime(i64),
}

/// A file to be examined.
struct Subject<'s> {
    /// As it is printed.
    name: String,
    path: &'s Path,
    /// Only the last file may be cut.
    is_last: bool,
}

/// The program: `arguments` with its own name in front. Returns the exit code.
pub fn check_aof(arguments: &[String], output: &mut dyn Write, input: &mut dyn BufRead) -> u8 {
    let mut talk = Talk { output, input };
    let done = request(arguments, &mut talk).and_then(|request| {
        if is_manifest(&request.path, &mut talk)? {
            check_parts(&request, &mut talk)
        } else {
            talk.say(format_args!("Start checking Old-Style AOF"))?;
            let name = request.path.display().to_string();
            let subject = Subject { name: name.clone(), path: &request.path, is_last: true };
            let found = check_file(&subject, &request, &mut talk)?;
            talk.conclude("AOF", &name, found)
        }
    });
    u8::from(done.is_err())
}

fn request(arguments: &[String], talk: &mut Talk<'_>) -> Result<Request, Aborted> {
    let rest: Vec<&str> = arguments.iter().skip(1).map(String::as_str).collect();
    let (path, fixes, until_s) = match rest[..] {
        [path] => (path, false, None),
        ["--fix", path] => (path, true, None),
        ["--truncate-to-timestamp", timestamp, path] => match parse_i64(timestamp.as_bytes()) {
            Some(until_s) => (path, false, Some(until_s)),
            None => return talk.abort(format_args!("Invalid timestamp, aborting...")),
        },
        _ => {
            let program = arguments.first().map_or("russet-check-aof", String::as_str);
            return talk.abort(format_args!(
                "Usage: {program} [--fix|--truncate-to-timestamp $timestamp] <file.manifest|file.aof>"
            ));
        }
    };
    Ok(Request { path: path.into(), fixes, until_s })
}

/// Whether a file is a manifest: its first line that is no comment says so.
fn is_manifest(path: &Path, talk: &mut Talk<'_>) -> Result<bool, Aborted> {
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MANIFEST_BYTES_MAX).read_to_end(&mut start));
    if let Err(error) = read {
        return talk.abort(format_args!("Cannot open file {}: {}", path.display(), error_text(&error)));
    }
    let mut lines = start.split_inclusive(|byte| *byte == b'\n');
    let first = lines.find(|line| !line.starts_with(b"#")).unwrap_or_default();
    Ok(first.len() <= MANIFEST_LINE_BYTES_MAX && first.starts_with(b"file"))
}

fn check_parts(request: &Request, talk: &mut Talk<'_>) -> Result<(), Aborted> {
    talk.say(format_args!("Start checking Multi Part AOF"))?;
    let bytes = match std::fs::read(&request.path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let path = request.path.display();
            return talk.abort(format_args!("Cannot open file {path}: {}", error_text(&error)));
        }
    };
    let manifest = match Manifest::parse(&bytes) {
        Ok(manifest) => manifest,
        Err(error) => {
            talk.say(format_args!("\n*** FATAL AOF MANIFEST FILE ERROR ***\n"))?;
            if let Some((line, text)) = &error.line {
                talk.say(format_args!("Reading the manifest file, at line {line}\n\n>>> '{text}'\n"))?;
            }
            return talk.abort(format_args!("{error}"));
        }
    };
    let directory = request.path.parent().unwrap_or_else(|| Path::new(""));
    let count = manifest.parts().count();
    for (index, part) in manifest.parts().enumerate() {
        let path = directory.join(&part.name);
        let is_base = index == 0 && manifest.base.is_some();
        if is_base {
            let format = if is_snapshot(&path, talk)? { "RDB" } else { "RESP" };
            talk.say(format_args!("Start to check BASE AOF ({format} format)."))?;
        } else if index == usize::from(manifest.base.is_some()) {
            talk.say(format_args!("Start to check INCR files."))?;
        }
        let name = part.name.display().to_string();
        let subject = Subject { name: name.clone(), path: &path, is_last: index + 1 == count };
        let found = check_file(&subject, request, talk)?;
        talk.conclude(if is_base { "BASE AOF" } else { "INCR AOF" }, &name, found)?;
    }
    talk.say(format_args!("All AOF files and manifest are valid"))
}

fn is_snapshot(path: &Path, talk: &mut Talk<'_>) -> Result<bool, Aborted> {
    let mut start = Vec::new();
    let read =
        File::open(path).and_then(|file| file.take(SNAPSHOT_MAGIC.len() as u64).read_to_end(&mut start));
    match read {
        Ok(_) => Ok(start == SNAPSHOT_MAGIC),
        Err(error) => talk.abort(format_args!("Cannot open file {}: {}", path.display(), error_text(&error))),
    }
}

fn check_file(subject: &Subject<'_>, request: &Request, talk: &mut Talk<'_>) -> Result<Found, Aborted> {
    let has_snapshot = is_snapshot(subject.path, talk)?;
    let changes = request.fixes || request.until_s.is_some();
    let opened = File::options().read(true).write(changes).open(subject.path);
    let opened = opened.and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    let (file, size) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            let path = subject.path.display();
            let reason = error_text(&error);
            return talk.abort(format_args!("Cannot open file {path}: {reason}, aborting..."));
        }
    };
    if size == 0 {
        return Ok(Found::Empty);
    }
    let duplicate = file.try_clone()?;
    let reader = if has_snapshot {
        read_snapshot(duplicate, size, talk)?
    } else {
        Reader::new(duplicate, size, 0, Vec::new())
    };
    let examined = examine(reader, request.until_s);
    if let Outcome::Later { offset, until_s } = examined.outcome {
        return cut_at_time(subject, &file, offset, until_s, talk);
    }
    report(subject, request, &file, size, &examined, talk)
}

/// Reads the snapshot that a file starts with, and gives what follows it.
fn read_snapshot(mut file: File, size: u64, talk: &mut Talk<'_>) -> Result<Reader<File>, Aborted> {
    file.seek(SeekFrom::Start(0))?;
    let read = rdb::Reader::new(file, Some(size)).and_then(|mut reader| {
        while reader.next_item()?.is_some() {}
        Ok(reader)
    });
    match read {
        Ok(reader) => {
            talk.say(format_args!("RDB preamble is OK, proceeding with AOF tail..."))?;
            let offset = reader.offset();
            let (ahead, file) = reader.into_rest();
            Ok(Reader::new(file, size, offset, ahead))
        }
        Err(error) => {
            talk.say(format_args!("{error}"))?;
            talk.abort(format_args!("RDB preamble of AOF file is not sane, aborting."))
        }
    }
}

/// How far a file is good.
struct Examined {
    outcome: Outcome,
    /// Behind the last whole command or transaction, and the number of its line as redis-check-aof counts.
    valid_to: u64,
    line: u64,
}

enum Outcome {
    End,
    Wrong(ReadError),
    /// A MULTI or EXEC where none can be, at this place.
    Nesting {
        offset: u64,
        name: &'static str,
    },
    /// The file ends before the EXEC.
    HalfTransaction {
        offset: u64,
    },
    /// What follows was written too late.
    Later {
        offset: u64,
        until_s: i64,
    },
}

fn examine(mut reader: Reader<File>, until_s: Option<i64>) -> Examined {
    let mut line = 1;
    let mut in_transaction = false;
    let mut valid_to = reader.offset();
    loop {
        let offset = reader.offset();
        if !in_transaction {
            valid_to = offset;
        }
        let outcome = match reader.next_record() {
            Ok(Some(Record::TimestampS(at_s))) => match until_s.filter(|until_s| at_s > *until_s) {
                Some(until_s) => Outcome::Later { offset, until_s },
                None => continue,
            },
            Ok(Some(Record::Other)) => continue,
            Ok(Some(Record::Command(command))) => {
                line += lines_of(command);
                match (is_named(command, b"MULTI"), is_named(command, b"EXEC"), in_transaction) {
                    (true, _, true) => Outcome::Nesting { offset, name: "MULTI" },
                    (_, true, false) => Outcome::Nesting { offset, name: "EXEC" },
                    (opens, closes, _) => {
                        in_transaction = (in_transaction || opens) && !closes;
                        continue;
                    }
                }
            }
            Ok(None) if in_transaction => Outcome::HalfTransaction { offset },
            Ok(None) => Outcome::End,
            Err(error) => Outcome::Wrong(error),
        };
        return Examined { outcome, valid_to, line };
    }
}

/// Lines of a command: two per word, and the first one.
fn lines_of(command: &[u8]) -> u64 {
    let end = memchr::memchr(b'\r', command).unwrap_or(command.len());
    let words = command.get(1..end).and_then(parse_i64).unwrap_or(0);
    1 + 2 * u64::try_from(words).unwrap_or(0)
}

fn is_named(command: &[u8], name: &[u8]) -> bool {
    let head = format!("*1\r\n${}\r\n", name.len());
    command
        .strip_prefix(head.as_bytes())
        .and_then(|rest| rest.get(..name.len()))
        .is_some_and(|found| found.eq_ignore_ascii_case(name))
}

fn report(
    subject: &Subject<'_>,
    request: &Request,
    file: &File,
    size: u64,
    examined: &Examined,
    talk: &mut Talk<'_>,
) -> Result<Found, Aborted> {
    let Subject { name, path, is_last } = subject;
    let Examined { outcome, valid_to, line } = examined;
    match outcome {
        Outcome::End | Outcome::Later { .. } => {}
        Outcome::Wrong(error @ ReadError::Unreadable { .. }) => {
            talk.say(format_args!("{error}"))?;
            return talk.abort(format_args!("Failed to read from AOF {name}, aborting..."));
        }
        Outcome::Wrong(error) => {
            talk.say(format_args!("AOF {name} format error"))?;
            let offset = match error {
                ReadError::Corrupt { at, .. } => *at,
                ReadError::Checksum { from, .. } => *from,
                ReadError::Truncated { offset } | ReadError::Unreadable { offset, .. } => *offset,
            };
            talk.say(format_args!("0x{offset:>16x}: {error}"))?;
        }
        Outcome::Nesting { offset, name } => {
            talk.say(format_args!("0x{offset:>16x}: Unexpected {name} in AOF {}", path.display()))?;
        }
        Outcome::HalfTransaction { offset } => {
            talk.say(format_args!("0x{offset:>16x}: Reached EOF before reading EXEC for MULTI"))?;
        }
    }
    // A wrong checksum makes everything doubtful that it covers.
    let valid_to = match outcome {
        Outcome::Wrong(ReadError::Checksum { from, .. }) => *from,
        _ => *valid_to,
    };
    let excess = size.saturating_sub(valid_to);
    if let (0, Some(until_s)) = (excess, request.until_s) {
        talk.say(format_args!("Truncate nothing in AOF {name} to timestamp {until_s}"))?;
        return Ok(Found::Valid);
    }
    talk.say(format_args!(
        "AOF analyzed: filename={name}, size={size}, ok_up_to={valid_to}, ok_up_to_line={line}, diff={excess}"
    ))?;
    if excess == 0 {
        return Ok(Found::Valid);
    }
    if !request.fixes {
        return talk.abort(format_args!("AOF {name} is not valid. Use the --fix option to try fixing it."));
    }
    if !is_last {
        return talk.abort(format_args!("Failed to truncate AOF {name} because it is not the last file"));
    }
    talk.say(format_args!(
        "This will shrink the AOF {name} from {size} bytes, with {excess} bytes, to {valid_to} bytes"
    ))?;
    if !talk.agrees()? {
        return talk.abort(format_args!("Aborting..."));
    }
    match file.set_len(valid_to).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(Found::Cut),
        Err(_) => talk.abort(format_args!("Failed to truncate AOF {name}")),
    }
}

fn cut_at_time(
    subject: &Subject<'_>,
    file: &File,
    offset: u64,
    until_s: i64,
    talk: &mut Talk<'_>,
) -> Result<Found, Aborted> {
    let path = subject.path.display();
    if offset == 0 {
        return talk.abort(format_args!("AOF {path} has nothing before timestamp {until_s}, aborting..."));
    }
    if !subject.is_last {
        talk.say(format_args!(
            "Failed to truncate AOF {path} to timestamp {until_s} to offset {offset} because it is not the \
             last file."
        ))?;
        return talk.abort(format_args!(
            "If you insist, please delete all files after this file according to the manifest file and delete \
             the corresponding records in manifest file manually. Then re-run redis-check-aof."
        ));
    }
    match file.set_len(offset).and_then(|()| file.sync_all()) {
        Ok(()) => Ok(Found::CutAtTime(until_s)),
        Err(_) => talk.abort(format_args!("Failed to truncate AOF {path} to timestamp {until_s}")),
    }
}

impl Talk<'_> {
    fn say(&mut self, text: fmt::Arguments<'_>) -> Result<(), Aborted> {
        writeln!(self.output, "{text}")?;
        Ok(())
    }

    fn abort<T>(&mut self, text: fmt::Arguments<'_>) -> Result<T, Aborted> {
        self.say(text)?;
        Err(Aborted)
    }

    fn agrees(&mut self) -> Result<bool, Aborted> {
        write!(self.output, "Continue? [y/N]: ")?;
        self.output.flush()?;
        let mut answer = String::new();
        self.input.read_line(&mut answer)?;
        Ok(answer.starts_with(['y', 'Y']))
    }

    fn conclude(&mut self, kind: &str, name: &str, found: Found) -> Result<(), Aborted> {
        match found {
            Found::Valid => self.say(format_args!("{kind} {name} is valid")),
            Found::Empty => self.say(format_args!("{kind} {name} is empty")),
            Found::Cut => self.say(format_args!("Successfully truncated AOF {name}")),
            Found::CutAtTime(until_s) => {
                self.say(format_args!("Successfully truncated AOF {name} to timestamp {until_s}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SET: &[u8] = b"*3\r\n$3\r\nset\r\n$3\r\nfoo\r\n$5\r\nhello\r\n";

    /// Runs the program with an answer, and gives its exit code and what it printed.
    fn run(words: &[&str], answer: &str) -> (u8, String) {
        let arguments: Vec<String> =
            std::iter::once("check").chain(words.iter().copied()).map(str::to_owned).collect();
        let mut output = Vec::new();
        let code = check_aof(&arguments, &mut output, &mut answer.as_bytes());
        (code, String::from_utf8(output).unwrap())
    }

    fn directory(files: &[(&str, &[u8])]) -> (tempfile::TempDir, String) {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(directory.path().join(name), content).unwrap();
        }
        let manifest = directory.path().join(files[0].0).display().to_string();
        (directory, manifest)
    }

    const MANIFEST: &[u8] = b"file a.1.base.aof seq 1 type b\nfile a.1.incr.aof seq 1 type i\n";

    #[test]
    fn whole_files_are_valid_and_said_to_be() {
        let (_directory, manifest) =
            directory(&[("m", MANIFEST), ("a.1.base.aof", SET), ("a.1.incr.aof", b"")]);
        let (code, output) = run(&[&manifest], "");
        assert_eq!(code, 0);
        let expected = "Start checking Multi Part AOF\n\
                        Start to check BASE AOF (RESP format).\n\
                        AOF analyzed: filename=a.1.base.aof, size=33, ok_up_to=33, ok_up_to_line=8, diff=0\n\
                        BASE AOF a.1.base.aof is valid\n\
                        Start to check INCR files.\n\
                        INCR AOF a.1.incr.aof is empty\n\
                        All AOF files and manifest are valid\n";
        assert_eq!(output, expected);
    }

    #[test]
    fn damage_is_shown_with_its_place_and_cut_only_if_agreed() {
        let damaged = [SET, b"!!!"].concat();
        let (directory, manifest) =
            directory(&[("m", MANIFEST), ("a.1.base.aof", SET), ("a.1.incr.aof", &damaged)]);
        let last = directory.path().join("a.1.incr.aof");
        let (code, output) = run(&[&manifest], "");
        assert_eq!(code, 1);
        assert!(output.contains("ok_up_to=33, ok_up_to_line=8, diff=3\n"), "{output}");
        assert!(output.ends_with("is not valid. Use the --fix option to try fixing it.\n"), "{output}");
        assert_eq!(run(&["--fix", &manifest], "n\n").0, 1);
        assert_eq!(std::fs::read(&last).unwrap(), damaged);
        let (code, output) = run(&["--fix", &manifest], "y\n");
        assert_eq!(code, 0);
        assert!(output.contains("Successfully truncated AOF a.1.incr.aof\n"), "{output}");
        assert_eq!(std::fs::read(&last).unwrap(), SET);
    }

    #[test]
    fn a_file_before_the_last_is_never_cut() {
        let (directory, manifest) =
            directory(&[("m", MANIFEST), ("a.1.base.aof", &SET[..10]), ("a.1.incr.aof", SET)]);
        let (code, output) = run(&["--fix", &manifest], "y\n");
        assert_eq!(code, 1);
        assert!(output.ends_with("because it is not the last file\n"), "{output}");
        assert_eq!(std::fs::read(directory.path().join("a.1.base.aof")).unwrap(), &SET[..10]);
    }

    #[test]
    fn half_a_transaction_ends_where_it_began() {
        let (_directory, file) = directory(&[("f", &[SET, b"*1\r\n$5\r\nmulti\r\n", SET].concat())]);
        let (code, output) = run(&[&file], "");
        assert_eq!(code, 1);
        assert!(output.contains("Reached EOF before reading EXEC for MULTI"), "{output}");
        assert!(output.contains("ok_up_to=33,"), "{output}");
    }

    #[test]
    fn a_wrong_checksum_reaches_back_to_the_last_right_one() {
        let mut cover = crate::aof::Cover::new();
        cover.update(SET);
        let mut bytes = [SET, &cover.line(), SET, &cover.line()].concat();
        let second = SET.len() + cover.line().len();
        bytes[second + SET.len() - 3] ^= 1;
        let (_directory, file) = directory(&[("f", &bytes)]);
        let (code, output) = run(&[&file], "");
        assert_eq!(code, 1);
        assert!(output.contains(&format!("ok_up_to={second},")), "{output}");
        assert!(output.contains("the checksum line at byte "), "{output}");
    }

    #[test]
    fn what_came_later_than_a_time_is_cut_off() {
        let bytes = [b"#TS:10\r\n", SET, b"#TS:20\r\n", SET].concat();
        let (directory, file) = directory(&[("f", &bytes)]);
        let (code, output) = run(&["--truncate-to-timestamp", "15", &file], "");
        assert_eq!(code, 0);
        assert!(
            output.ends_with(&format!("Successfully truncated AOF {file} to timestamp 15\n")),
            "{output}"
        );
        assert_eq!(std::fs::read(directory.path().join("f")).unwrap(), &bytes[..8 + SET.len()]);
        let (code, output) = run(&["--truncate-to-timestamp", "15", &file], "");
        assert_eq!((code, output.contains("Truncate nothing in AOF")), (0, true));
        let (code, output) = run(&["--truncate-to-timestamp", "5", &file], "");
        assert_eq!((code, output.contains("has nothing before timestamp 5, aborting")), (1, true));
    }

    #[test]
    fn a_manifest_that_cannot_be_used_is_shown() {
        let (_directory, manifest) = directory(&[("m", b"file ../x seq 1 type b\n")]);
        let (code, output) = run(&[&manifest], "");
        assert_eq!(code, 1);
        assert!(output.contains(">>> 'file ../x seq 1 type b'"), "{output}");
        assert!(output.ends_with("File can't be a path, just a filename\n"), "{output}");
    }
}
