//! Writes a whole snapshot: the frame around keys and values.

use std::io::{self, Write};

use super::ValueWriter;
use super::format::{
    FUNCTIONS_SINCE_VERSION, LATEST_VERSION, MAGIC, OLDEST_WRITABLE_VERSION, Opcode, RDB_VERSION,
};
use super::output::Output;

/// How to write a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriterOptions {
    /// Compress strings of more than 20 bytes where that helps.
    pub compression: bool,
    /// Compute the checksum; without it, 0 is written in its place, and no reader checks anything.
    pub checksum: bool,
    /// From `OLDEST_WRITABLE_VERSION` to `LATEST_VERSION`.
    pub version: u8,
}

impl Default for WriterOptions {
    fn default() -> Self {
        Self { compression: true, checksum: true, version: RDB_VERSION }
    }
}

/// What is known of a value's use, for eviction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Time since its last use, in seconds.
    IdleSeconds(u64),
    /// Logarithmic counter of its uses.
    Frequency(u8),
}

/// A snapshot being written.
///
/// The order is the caller's business: auxiliary fields, functions, then for each database
/// `select_db`, `resize_db`, and for each key `entry_head` and `value`; at last `finish`, without which there is no snapshot. After an error the output is unusable.
pub struct Writer<W: Write> {
    output: Output<W>,
    version: u8,
}

impl<W: Write> Writer<W> {
    /// Begins a snapshot. `InvalidInput` if the version is none that can be written.
    pub fn new(inner: W, options: WriterOptions) -> io::Result<Self> {
        let WriterOptions { compression, checksum, version } = options;
        if !(OLDEST_WRITABLE_VERSION..=LATEST_VERSION).contains(&version) {
            return Err(invalid("cannot write this version of the snapshot format"));
        }
        let mut output = Output::new(inner, compression, checksum);
        output.put(MAGIC)?;
        output.put(format!("{version:04}").as_bytes())?;
        Ok(Self { output, version })
    }

    /// Has `hook` called with the destination and the bytes it has been given so far, about every
    /// `every_bytes`, for incremental fsync or progress reports. Its error ends the writing.
    pub fn on_progress(
        &mut self,
        every_bytes: u64,
        hook: impl FnMut(&mut W, u64) -> io::Result<()> + 'static,
    ) {
        self.output.on_progress(every_bytes, hook);
    }

    /// A fact about the snapshot, by one of the names in [`super::aux`].
    pub fn aux(&mut self, name: &str, value: &[u8]) -> io::Result<()> {
        self.output.put_byte(Opcode::Aux)?;
        self.output.put_string(name.as_bytes())?;
        self.output.put_string(value)
    }

    /// As `aux`, for a number.
    pub fn aux_int(&mut self, name: &str, value: i64) -> io::Result<()> {
        self.aux(name, itoa::Buffer::new().format(value).as_bytes())
    }

    /// The source text of a function library. `InvalidInput` in versions before 10.
    pub fn function(&mut self, code: &[u8]) -> io::Result<()> {
        if self.version < FUNCTIONS_SINCE_VERSION {
            return Err(invalid("this version of the snapshot format has no functions"));
        }
        self.output.put_byte(Opcode::Function)?;
        self.output.put_string(code)
    }

    pub fn select_db(&mut self, number: u64) -> io::Result<()> {
        self.output.put_byte(Opcode::SelectDb)?;
        self.output.put_len(number)
    }

    /// How many keys the selected database has, and how many of them have an expiry.
    pub fn resize_db(&mut self, keys: u64, volatile: u64) -> io::Result<()> {
        self.output.put_byte(Opcode::ResizeDb)?;
        self.output.put_len(keys)?;
        self.output.put_len(volatile)
    }

    /// What precedes a key: its expiry in Unix milliseconds, and its usage if that is to be kept.
    pub fn entry_head(&mut self, expiry_ms: Option<i64>, usage: Option<Usage>) -> io::Result<()> {
        if let Some(expiry_ms) = expiry_ms {
            self.output.put_byte(Opcode::ExpiryMs)?;
            self.output.put_millis(expiry_ms)?;
        }
        match usage {
            Some(Usage::IdleSeconds(seconds)) => {
                self.output.put_byte(Opcode::Idle)?;
                self.output.put_len(seconds)
            }
            Some(Usage::Frequency(frequency)) => self.output.put(&[Opcode::Frequency.into(), frequency]),
            None => Ok(()),
        }
    }

    /// A key; its value is what the returned writer is given.
    pub fn value<'w>(&'w mut self, key: &'w [u8]) -> ValueWriter<'w, W> {
        ValueWriter::new(&mut self.output, Some(key), self.version)
    }

    /// Bytes of the snapshot so far, those still in the buffer included.
    pub fn bytes(&self) -> u64 {
        self.output.bytes()
    }

    /// Ends the snapshot, flushes it, and gives back the destination.
    pub fn finish(mut self) -> io::Result<W> {
        self.output.put_byte(Opcode::End)?;
        let checksum = self.output.take_checksum()?;
        self.output.put(&checksum.to_le_bytes())?;
        self.output.flush()?;
        Ok(self.output.into_inner())
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}
