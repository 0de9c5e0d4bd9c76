//! Reads one file: commands and lines beside them, in order, with their places.
//!
//! Three outcomes are kept apart, each with a place. *Truncated*: the file ends within a command, as it does
//! when a write was cut short. *Corrupt*: it holds something that is no command, or a checksum that is wrong.
//! *Unreadable*: the disk failed. Where damage to a length makes a file look truncated, the checksum line that
//! stands further on gives it away. A file whose end is nothing but zeros, on the other hand, is what some file
//! systems make of a write that a loss of power cut short.
//!
//! Lengths are held against the size of the file before anything is allocated for them.

use std::io::{self, Read};

use memchr::{memchr, memmem};
use thiserror::Error;

use super::annotation::{Annotation, CHECKSUM_LINE_BYTES_MAX, CHECKSUM_PREFIX, Cover};
use crate::util::number::parse_i64;

/// What one read asks for.
const READ_BYTES: usize = 128 * 1024;

/// Numbers of arguments and of bytes stand in lines no longer than this, line break included.
const LENGTH_LINE_BYTES_MAX: usize = 64;

/// Redis reads lines beside the commands into a buffer of this size.
const ANNOTATION_BYTES_MAX: usize = 1024;

/// What a file consists of.
#[derive(Debug, PartialEq, Eq)]
pub enum Record<'r> {
    /// A command, as a request in the multibulk form, all of it.
    Command(&'r [u8]),
    TimestampS(i64),
    /// A checksum line that is right, or a line of unknown meaning.
    Other,
}

/// Why reading stopped. Offsets count from the start of the file.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error("{source} at byte {offset}")]
    Unreadable { offset: u64, source: io::Error },
    #[error("the file ends within the command that starts at byte {offset}")]
    Truncated { offset: u64 },
    #[error("{what} at byte {at}, in what starts at byte {offset}")]
    Corrupt { offset: u64, at: u64, what: &'static str },
    #[error(
        "the checksum line at byte {to} does not fit the bytes from {from} on: {computed:016x} instead of {stored:016x}"
    )]
    Checksum { from: u64, to: u64, stored: u64, computed: u64 },
}

/// A file being read.
pub struct Reader<R> {
    source: R,
    /// The size of the file when it was opened.
    size: u64,
    buffer: Vec<u8>,
    /// Where the last record starts in the buffer, and the next one.
    last: usize,
    start: usize,
    /// The offset of the buffer's first byte in the file.
    buffer_offset: u64,
    is_at_end: bool,
    /// Where the last checksum line ends, and the bytes from there on up to `digested`, a place in the buffer.
    covered_to: u64,
    cover: Cover,
    digested: usize,
}

/// What the start of the buffer holds.
enum Scan {
    /// A record of so many bytes.
    Whole(usize),
    /// It goes on beyond the buffer; so many bytes are known to belong to it.
    NeedMore(usize),
    /// This cannot be, at this place.
    Wrong { at: usize, what: &'static str },
}

impl<R: Read> Reader<R> {
    /// Begins to read a file of `size` bytes from byte `offset` on: behind the snapshot that an old file
    /// starts with, or at 0. `ahead` are bytes from there on that were read from `source` already.
    pub fn new(source: R, size: u64, offset: u64, ahead: Vec<u8>) -> Self {
        Self {
            source,
            size,
            buffer: ahead,
            last: 0,
            start: 0,
            buffer_offset: offset,
            is_at_end: false,
            covered_to: offset,
            cover: Cover::new(),
            digested: 0,
        }
    }

    /// The next record; `None` at the end of the file.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        let offset = self.offset();
        let length = loop {
            let data = self.buffer.get(self.start..).unwrap_or_default();
            if data.is_empty() && self.is_at_end {
                return Ok(None);
            }
            match scan(data) {
                Scan::Whole(length) => break length,
                Scan::NeedMore(known) => {
                    let goes_beyond = !data.is_empty() && offset.saturating_add(known as u64) > self.size;
                    if self.is_at_end || goes_beyond {
                        return Err(self.end_within(offset));
                    }
                    self.fill(offset, known)?;
                }
                Scan::Wrong { at, what } => {
                    if self.ends_with_zeros(self.start + at)? {
                        return Err(ReadError::Truncated { offset });
                    }
                    return Err(ReadError::Corrupt { offset, at: offset + at as u64, what });
                }
            }
        };
        let from = self.start;
        self.last = from;
        self.start += length;
        if self.buffer.get(from) != Some(&b'#') {
            return Ok(Some(Record::Command(self.buffer.get(from..self.start).unwrap_or_default())));
        }
        match Annotation::parse(self.buffer.get(from..self.start).unwrap_or_default()) {
            Annotation::TimestampS(seconds) => Ok(Some(Record::TimestampS(seconds))),
            Annotation::Checksum { value, bytes } => {
                self.check(from, offset, value, bytes)?;
                Ok(Some(Record::Other))
            }
            Annotation::Damaged => {
                Err(ReadError::Corrupt { offset, at: offset, what: "a damaged checksum line" })
            }
            Annotation::Unknown => Ok(Some(Record::Other)),
        }
    }

    /// The command that [`Reader::next_record`] gave last, if that was one.
    pub fn last_command(&self) -> Option<&[u8]> {
        let last = self.buffer.get(self.last..self.start)?;
        last.starts_with(b"*").then_some(last)
    }

    /// Where the next record starts, or the file ends.
    pub fn offset(&self) -> u64 {
        self.buffer_offset + self.start as u64
    }

    /// Where the last checksum line ends.
    pub fn covered_to(&self) -> u64 {
        self.covered_to
    }

    /// The bytes behind the last checksum line, up to the next record.
    pub fn into_cover(mut self) -> Cover {
        self.digest(self.start);
        self.cover
    }

    fn digest(&mut self, end: usize) {
        self.cover.update(self.buffer.get(self.digested..end).unwrap_or_default());
        self.digested = end;
    }

    /// A checksum line at `line` of the buffer, which is `offset` of the file.
    fn check(&mut self, line: usize, offset: u64, stored: u64, bytes: u64) -> Result<(), ReadError> {
        self.digest(line);
        let computed = self.cover.value();
        if self.cover.bytes() != bytes || computed != stored {
            return Err(ReadError::Checksum { from: self.covered_to, to: offset, stored, computed });
        }
        self.cover = Cover::new();
        self.digested = self.start;
        self.covered_to = self.offset();
        Ok(())
    }

    /// Reads on, so far that the record of which `known` bytes are known may be complete.
    fn fill(&mut self, offset: u64, known: usize) -> Result<(), ReadError> {
        self.digest(self.start);
        self.buffer.drain(..self.start);
        self.buffer_offset += self.start as u64;
        (self.last, self.start, self.digested) = (0, 0, 0);
        let wanted = known.saturating_sub(self.buffer.len()).max(READ_BYTES);
        let before = self.buffer.len();
        self.buffer.reserve_exact(wanted);
        let read = (&mut self.source).take(wanted as u64).read_to_end(&mut self.buffer);
        let count = read.map_err(|source| ReadError::Unreadable { offset, source })?;
        debug_assert_eq!(self.buffer.len(), before + count);
        self.is_at_end = count < wanted;
        Ok(())
    }

    /// The file seems to end within the record at `offset`; unless a checksum line stands further on, whose
    /// number says that it counts from where we count.
    fn end_within(&mut self, offset: u64) -> ReadError {
        // Not at the start: a line that is itself cut short says nothing.
        let mut place = self.start + 1;
        loop {
            let rest = self.buffer.get(place..).unwrap_or_default();
            if let Some(found) = memmem::find(rest, CHECKSUM_PREFIX)
                && (rest.len() - found >= CHECKSUM_LINE_BYTES_MAX || self.is_at_end)
            {
                let line = rest.get(found..).unwrap_or_default();
                let line = memchr(b'\n', line).map_or(line, |end| line.get(..=end).unwrap_or_default());
                let to = self.buffer_offset + (place + found) as u64;
                if let Annotation::Checksum { bytes, .. } = Annotation::parse(line)
                    && to.checked_sub(bytes) == Some(self.covered_to)
                {
                    let what = "a length that leads beyond the end of the file";
                    return ReadError::Corrupt { offset, at: offset, what };
                }
                place += found + 1;
                continue;
            }
            if self.is_at_end {
                return ReadError::Truncated { offset };
            }
            // What is left behind may be the start of a line.
            let kept = rest.len().min(CHECKSUM_LINE_BYTES_MAX);
            self.start = self.buffer.len() - kept;
            self.digested = self.start;
            if let Err(error) = self.fill(offset, 0) {
                return error;
            }
            place = self.start;
        }
    }

    /// Whether there is nothing but zeros from this place of the buffer to the end of the file.
    fn ends_with_zeros(&mut self, mut place: usize) -> Result<bool, ReadError> {
        loop {
            if self.buffer.get(place..).unwrap_or_default().iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
            if self.is_at_end {
                return Ok(place < self.buffer.len());
            }
            // The last one stays: it says that there were any.
            self.start = self.buffer.len().saturating_sub(1);
            self.digested = self.start;
            let offset = self.offset();
            self.fill(offset, 0)?;
            place = self.start;
        }
    }
}

/// How far the record at the start of `data` goes.
fn scan(data: &[u8]) -> Scan {
    match data.first() {
        None => Scan::NeedMore(1),
        Some(b'#') => match memchr(b'\n', data) {
            Some(end) if end < ANNOTATION_BYTES_MAX => Scan::Whole(end + 1),
            None if data.len() < ANNOTATION_BYTES_MAX => Scan::NeedMore(data.len() + 1),
            _ => Scan::Wrong { at: 0, what: "a line that does not end" },
        },
        Some(b'*') => scan_command(data),
        Some(_) => Scan::Wrong { at: 0, what: "something that is no command" },
    }
}

fn scan_command(data: &[u8]) -> Scan {
    let (count, mut place) = match scan_length(data, 0, b'*') {
        Ok(line) => line,
        Err(scan) => return scan,
    };
    if count == 0 {
        return Scan::Wrong { at: 0, what: "a command without words" };
    }
    for _ in 0..count {
        let (length, start) = match scan_length(data, place, b'$') {
            Ok(line) => line,
            Err(scan) => return scan,
        };
        let Some(end) = start.checked_add(length).and_then(|end| end.checked_add(2)) else {
            return Scan::Wrong { at: place, what: "a length that cannot be" };
        };
        if data.len() < end {
            return Scan::NeedMore(end);
        }
        if data.get(end - 2..end) != Some(b"\r\n") {
            return Scan::Wrong { at: end - 2, what: "no line break behind a word" };
        }
        place = end;
    }
    Scan::Whole(place)
}

/// The number in the line at `place`, and where the line ends.
fn scan_length(data: &[u8], place: usize, kind: u8) -> Result<(usize, usize), Scan> {
    let wrong = |what| Scan::Wrong { at: place, what };
    let rest = data.get(place..).unwrap_or_default();
    if rest.first().is_some_and(|first| *first != kind) {
        return Err(wrong("a length is missing"));
    }
    let window = rest.get(..LENGTH_LINE_BYTES_MAX).unwrap_or(rest);
    let Some(end) = memchr(b'\n', window) else {
        return Err(if window.len() < LENGTH_LINE_BYTES_MAX {
            Scan::NeedMore(data.len() + 1)
        } else {
            wrong("a length is no number")
        });
    };
    let digits = window.get(1..end).and_then(|line| line.strip_suffix(b"\r"));
    let length = digits.and_then(parse_i64).and_then(|length| usize::try_from(length).ok());
    length.map(|length| (length, place + end + 1)).ok_or_else(|| wrong("a length is no number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(bytes: &[u8]) -> (Vec<String>, Option<ReadError>, u64) {
        let mut reader = Reader::new(bytes, bytes.len() as u64, 0, Vec::new());
        let mut records = Vec::new();
        loop {
            let offset = reader.offset();
            match reader.next_record() {
                Ok(None) => return (records, None, reader.offset()),
                Ok(Some(Record::Command(command))) => {
                    records.push(String::from_utf8_lossy(command).replace("\r\n", " ").trim().to_owned());
                }
                Ok(Some(Record::TimestampS(seconds))) => records.push(format!("at {seconds}")),
                Ok(Some(Record::Other)) => records.push("other".to_owned()),
                Err(error) => return (records, Some(error), offset),
            }
        }
    }

    const COMMAND: &[u8] = b"*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n";

    /// Two commands, each with its checksum line.
    fn sealed() -> Vec<u8> {
        let mut bytes = Vec::new();
        for _ in 0..2 {
            let mut cover = Cover::new();
            cover.update(COMMAND);
            bytes.extend_from_slice(COMMAND);
            bytes.extend_from_slice(&cover.line());
        }
        bytes
    }

    #[test]
    fn commands_and_lines_come_in_order() {
        let bytes = [&b"#TS:17\r\n"[..], COMMAND, b"# a remark\r\n", COMMAND].concat();
        let (records, error, end) = read_all(&bytes);
        assert!(error.is_none());
        assert_eq!(records, ["at 17", "*2 $3 DEL $1 k", "other", "*2 $3 DEL $1 k"]);
        assert_eq!(end, bytes.len() as u64);
    }

    #[test]
    fn a_cut_anywhere_within_a_command_is_a_truncation_at_its_start() {
        let bytes = [COMMAND, COMMAND].concat();
        for cut in COMMAND.len() + 1..bytes.len() {
            let (records, error, _) = read_all(&bytes[..cut]);
            assert_eq!(records.len(), 1, "{cut}");
            let expected = COMMAND.len() as u64;
            assert!(matches!(error, Some(ReadError::Truncated { offset }) if offset == expected), "{cut}");
        }
        assert!(read_all(COMMAND).1.is_none());
    }

    #[test]
    fn a_cut_anywhere_in_a_sealed_file_is_no_corruption() {
        let bytes = sealed();
        for cut in 0..bytes.len() {
            let error = read_all(&bytes[..cut]).1;
            assert!(matches!(error, None | Some(ReadError::Truncated { .. })), "{cut}: {error:?}");
        }
    }

    #[test]
    fn every_flipped_bit_of_a_sealed_file_is_found() {
        let bytes = sealed();
        let mut ignored = Vec::new();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[place] ^= 1 << bit;
                match read_all(&bytes).1 {
                    Some(ReadError::Corrupt { .. } | ReadError::Checksum { .. }) => {}
                    // The last line is all that is lost: it is cut off, or no checksum line any more.
                    other => ignored.push((place, other.map(|error| error.to_string()))),
                }
            }
        }
        // Nothing but the name of the last line, which covers what came before it as well as a wrong name does.
        let last_line = 2 * COMMAND.len() + (bytes.len() - 2 * COMMAND.len()) / 2;
        let name = last_line + 1..last_line + "#russet".len();
        let breaks_line = bytes.len() - 1;
        assert!(
            ignored.iter().all(|(place, _)| name.contains(place) || *place == breaks_line),
            "{ignored:?}"
        );
    }

    #[test]
    fn zeros_at_the_end_are_a_cut_and_within_they_are_not() {
        for zeros in [1, 5, READ_BYTES * 2 + 1] {
            let torn = [COMMAND, &vec![0; zeros]].concat();
            let error = read_all(&torn).1;
            assert!(matches!(error, Some(ReadError::Truncated { offset: 20 })), "{zeros}: {error:?}");
            let within = [COMMAND, &vec![0; zeros], COMMAND].concat();
            let error = read_all(&within).1;
            assert!(matches!(error, Some(ReadError::Corrupt { offset: 20, .. })), "{zeros}: {error:?}");
        }
        let torn = b"*2\r\n$3\r\nDEL\r\n$1\r\n\0\0\0";
        assert!(matches!(read_all(torn).1, Some(ReadError::Truncated { offset: 0 })));
    }

    #[test]
    fn what_is_no_command_is_corrupt_where_it_stands() {
        for (bytes, place) in [
            (&b"!!!"[..], 0),
            (b"*0\r\n", 0),
            (b"*-1\r\n", 0),
            (b"*x\r\n", 0),
            (b"*1\r\n:1\r\n", 4),
            (b"*1\r\n$-1\r\n", 4),
            (b"*1\r\n$1\r\naxx*", 9),
            (b"*1\r\n$9223372036854775808\r\na\r\n", 4),
        ] {
            let error = read_all(bytes).1;
            assert!(matches!(error, Some(ReadError::Corrupt { at, .. }) if at == place), "{error:?}");
        }
    }

    #[test]
    fn a_length_beyond_the_file_allocates_nothing() {
        let bytes = b"*1\r\n$100000000000\r\na\r\n";
        let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
        assert!(matches!(reader.next_record(), Err(ReadError::Truncated { offset: 0 })));
        assert!(reader.buffer.capacity() <= 2 * READ_BYTES);
    }

    #[test]
    fn large_commands_and_what_follows_them_are_whole() {
        let value = vec![b'v'; 3 * READ_BYTES];
        let head = format!("*1\r\n${}\r\n", value.len());
        let bytes = [head.as_bytes(), &value, b"\r\n", COMMAND].concat();
        let (records, error, _) = read_all(&bytes);
        assert!(error.is_none());
        assert_eq!(records[0].len(), head.len() - 2 + value.len());
        assert_eq!(records[1], "*2 $3 DEL $1 k");
    }

    #[test]
    fn the_bytes_behind_the_last_checksum_line_are_known_at_the_end() {
        let bytes = [&sealed(), COMMAND].concat();
        let mut reader = Reader::new(&bytes[..], bytes.len() as u64, 0, Vec::new());
        while reader.next_record().unwrap().is_some() {}
        assert_eq!(reader.covered_to(), sealed().len() as u64);
        let mut cover = Cover::new();
        cover.update(COMMAND);
        assert_eq!(reader.into_cover().line(), cover.line());
    }
}
