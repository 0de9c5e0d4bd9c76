//! The manifest: which files make up the data set, in order. A line per file:
//! `file <name> seq <number> type <b|i|h>`; names that need it are quoted, lines that start with `#` are
//! comments. The format is Redis 7's, down to the refusals.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use thiserror::Error;

use super::names::Names;
use crate::util::text::{push_quoted, split_args};

/// Longer lines make a manifest unusable, as in Redis.
const LINE_BYTES_MAX: usize = 1024;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Base,
    Increment,
    /// Replaced, and to be deleted.
    History,
}

impl FileKind {
    fn letter(self) -> char {
        match self {
            Self::Base => 'b',
            Self::Increment => 'i',
            Self::History => 'h',
        }
    }
}

/// A file of the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: OsString,
    pub sequence: u64,
    pub kind: FileKind,
}

/// The files that count, and those that no longer do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Manifest {
    pub base: Option<Part>,
    /// In the order in which they are to be read; sequence numbers rise.
    pub increments: Vec<Part>,
    pub history: Vec<Part>,
    base_sequence: u64,
    increment_sequence: u64,
}

/// Why a manifest cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{what}")]
pub struct ManifestError {
    pub what: &'static str,
    /// The line, counted from 1, and its text; not for an empty manifest.
    pub line: Option<(usize, String)>,
}

impl Manifest {
    pub fn parse(bytes: &[u8]) -> Result<Self, ManifestError> {
        if bytes.is_empty() {
            return Err(ManifestError { what: "Found an empty AOF manifest", line: None });
        }
        let mut manifest = Self::default();
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            manifest.add_line(line).map_err(|what| ManifestError {
                what,
                line: Some((index + 1, String::from_utf8_lossy(line.trim_ascii()).into_owned())),
            })?;
        }
        Ok(manifest)
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for part in self.base.iter().chain(&self.history).chain(&self.increments) {
            bytes.extend_from_slice(b"file ");
            let name = part.name.as_bytes();
            if needs_quotes(name) {
                push_quoted(&mut bytes, name);
            } else {
                bytes.extend_from_slice(name);
            }
            bytes.extend_from_slice(
                format!(" seq {} type {}\n", part.sequence, part.kind.letter()).as_bytes(),
            );
        }
        bytes
    }

    /// Whether it names no data.
    pub fn is_empty(&self) -> bool {
        self.base.is_none() && self.increments.is_empty()
    }

    /// The files that make up the data set, in the order in which they are to be read.
    pub fn parts(&self) -> impl DoubleEndedIterator<Item = &Part> {
        self.base.iter().chain(&self.increments)
    }

    /// Adds an incremental file with the next number.
    pub fn add_increment(&mut self, names: &Names) -> OsString {
        self.increment_sequence += 1;
        let name = names.increment(self.increment_sequence);
        let part = Part { name: name.clone(), sequence: self.increment_sequence, kind: FileKind::Increment };
        self.increments.push(part);
        name
    }

    /// Puts a base with the next number in the place of the present one.
    pub fn replace_base(&mut self, names: &Names, is_snapshot: bool) -> OsString {
        self.base_sequence += 1;
        let name = names.base(self.base_sequence, is_snapshot);
        let part = Part { name: name.clone(), sequence: self.base_sequence, kind: FileKind::Base };
        if let Some(previous) = self.base.replace(part) {
            self.history.insert(0, Part { kind: FileKind::History, ..previous });
        }
        name
    }

    /// Makes the single file of an old layout the base.
    pub fn adopt_base(&mut self, name: &OsStr) {
        self.base_sequence = 1;
        self.base = Some(Part { name: name.to_owned(), sequence: 1, kind: FileKind::Base });
    }

    /// The base contains what all incremental files said, but for the last `kept`.
    pub fn retire_increments(&mut self, kept: usize) {
        let retired = self.increments.len().saturating_sub(kept);
        // The newest in front, as Redis lists them.
        for part in self.increments.drain(..retired) {
            self.history.insert(0, Part { kind: FileKind::History, ..part });
        }
    }

    fn add_line(&mut self, line: &[u8]) -> Result<(), &'static str> {
        const FORMAT: &str = "Invalid AOF manifest file format";
        if line.starts_with(b"#") {
            return Ok(());
        }
        if line.len() > LINE_BYTES_MAX || !line.ends_with(b"\n") {
            return Err("The AOF manifest file contains too long line");
        }
        let words = split_args(line.trim_ascii()).map_err(|_| FORMAT)?;
        if words.len() < 6 || !words.len().is_multiple_of(2) {
            return Err(FORMAT);
        }
        let part = part_of(&words)?;
        match part.kind {
            FileKind::Base if self.base.is_some() => {
                return Err("Found duplicate base file information");
            }
            FileKind::Base => {
                self.base_sequence = part.sequence;
                self.base = Some(part);
            }
            FileKind::History => self.history.push(part),
            FileKind::Increment if part.sequence <= self.increment_sequence => {
                return Err("Found a non-monotonic sequence number");
            }
            FileKind::Increment => {
                self.increment_sequence = part.sequence;
                self.increments.push(part);
            }
        }
        Ok(())
    }
}

/// A file out of pairs of words. Pairs with unknown names are of a later version, and ignored.
fn part_of(words: &[Vec<u8>]) -> Result<Part, &'static str> {
    const FORMAT: &str = "Invalid AOF manifest file format";
    let (mut name, mut sequence, mut letter) = (None, 0, None);
    for pair in words.chunks_exact(2) {
        let [key, value] = pair else { return Err(FORMAT) };
        if key.eq_ignore_ascii_case(b"file") {
            if !is_bare_name(value) {
                return Err("File can't be a path, just a filename");
            }
            name = Some(OsString::from_vec(value.clone()));
        } else if key.eq_ignore_ascii_case(b"seq") {
            sequence = str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(0);
        } else if key.eq_ignore_ascii_case(b"type") {
            letter = value.first().copied();
        }
    }
    let (Some(name), 1.., Some(letter)) = (name, sequence, letter) else { return Err(FORMAT) };
    let kind = match letter {
        b'b' => FileKind::Base,
        b'i' => FileKind::Increment,
        b'h' => FileKind::History,
        _ => return Err("Unknown AOF file type"),
    };
    Ok(Part { name, sequence, kind })
}

/// Whether a name stays within its directory.
fn is_bare_name(name: &[u8]) -> bool {
    !name.is_empty() && name != b"." && name != b".." && !name.iter().any(|byte| matches!(byte, b'/' | b'\\'))
}

fn needs_quotes(name: &[u8]) -> bool {
    name.is_empty()
        || name.iter().any(|byte| !byte.is_ascii_graphic() || matches!(byte, b'\\' | b'"' | b'\''))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const EXAMPLE: &str = "file appendonly.aof.2.base.rdb seq 2 type b\n\
                           file appendonly.aof.1.incr.aof seq 1 type h\n\
                           file appendonly.aof.4.incr.aof seq 4 type i\n\
                           file appendonly.aof.5.incr.aof seq 5 type i\n";

    fn error(text: &str) -> (&'static str, Option<usize>) {
        let error = Manifest::parse(text.as_bytes()).unwrap_err();
        (error.what, error.line.map(|(line, _)| line))
    }

    #[test]
    fn a_manifest_survives_its_way_through_the_file() {
        let manifest = Manifest::parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), EXAMPLE);
        let names: Vec<_> = manifest.parts().map(|part| part.name.to_str().unwrap()).collect();
        assert_eq!(
            names,
            ["appendonly.aof.2.base.rdb", "appendonly.aof.4.incr.aof", "appendonly.aof.5.incr.aof"]
        );
    }

    #[test]
    fn a_rewrite_retires_what_the_new_base_contains() {
        let names = Names::new(Path::new("d"), Path::new("a"));
        let mut manifest = Manifest::default();
        manifest.replace_base(&names, true);
        manifest.add_increment(&names);
        manifest.add_increment(&names);
        manifest.replace_base(&names, false);
        manifest.retire_increments(1);
        let text = String::from_utf8(manifest.to_bytes()).unwrap();
        let expected = "file a.2.base.aof seq 2 type b\n\
                        file a.1.incr.aof seq 1 type h\n\
                        file a.1.base.rdb seq 1 type h\n\
                        file a.2.incr.aof seq 2 type i\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn comments_unknown_pairs_and_quoted_names_are_read() {
        let text = "# a comment\nfile \" a b\\x01\" seq 1 size 5 type i\n";
        let manifest = Manifest::parse(text.as_bytes()).unwrap();
        assert_eq!(manifest.increments[0].name.as_bytes(), b" a b\x01");
        assert_eq!(manifest.to_bytes(), b"file \" a b\\x01\" seq 1 type i\n");
    }

    #[test]
    fn what_redis_refuses_is_refused_with_its_words_and_the_line() {
        let format = "Invalid AOF manifest file format";
        assert_eq!(error(""), ("Found an empty AOF manifest", None));
        assert_eq!(error("\n"), (format, Some(1)));
        assert_eq!(error("file a seq 1\n"), (format, Some(1)));
        assert_eq!(error("file a seq 1 type b x\n"), (format, Some(1)));
        assert_eq!(error("file a seq 0 type b\n"), (format, Some(1)));
        assert_eq!(error("file \"a seq 1 type b\n"), (format, Some(1)));
        assert_eq!(error("#\nfile a seq 1 type x\n"), ("Unknown AOF file type", Some(2)));
        assert_eq!(
            error("file a seq 1 type b\nfile b seq 2 type b\n"),
            ("Found duplicate base file information", Some(2))
        );
        assert_eq!(
            error("file a seq 2 type i\nfile b seq 2 type i\n"),
            ("Found a non-monotonic sequence number", Some(2))
        );
        assert_eq!(error("file a seq 1 type b"), ("The AOF manifest file contains too long line", Some(1)));
        let long = format!("file {} seq 1 type b\n", "a".repeat(1024));
        assert_eq!(error(&long), ("The AOF manifest file contains too long line", Some(1)));
    }

    #[test]
    fn names_that_leave_the_directory_are_refused() {
        for name in ["../a", "/etc/passwd", "a/b", "..", "."] {
            let what = error(&format!("file {name} seq 1 type b\n")).0;
            assert_eq!(what, "File can't be a path, just a filename", "{name}");
        }
    }
}
