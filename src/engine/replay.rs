//! Reading the append-only file, part by part: the base, then what was appended to it. Commands are handed
//! out one by one; whoever executes them is `commands`.
//!
//! Damage stops the start, and changes nothing. The one exception is what a crash leaves: the torn end of the
//! last file, which is cut off (a transaction without its end counts as torn from its MULTI on), unless
//! `aof-load-truncated no`. A damaged end is cut off too, but only up to `aof-load-corrupt-tail-max-size`; if
//! commands were executed that are then gone, everything is read again.

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;

use super::parts::Engine;
use super::replay_failed::{ReplayFailed, about_files};
use super::session::{ClientId, Session};
use super::snapshots::pause;
use crate::aof::{Cover, ReadError, Reader, Record};
use crate::config::Config;
use crate::dataset::{Limits, Load, LoadOptions};
use crate::keyspace::Keyspace;
use crate::rdb;
use crate::resp::{Parser, Reply};
use crate::sys::clock;
use crate::sys::files::error_text;
use crate::sys::storage::Storage;

/// Who executes what is read. No client has this id.
pub const REPLAY_CLIENT: ClientId = ClientId::MAX;

/// What snapshots start with.
const SNAPSHOT_MAGIC: &[u8] = b"REDIS";

/// How far reading is gets logged this often.
const LOG_PERIOD_US: u64 = 5_000_000;

/// What comes next.
#[derive(Debug)]
pub enum Step<'r> {
    /// To be executed, if the client is not in a transaction, and else kept for its end.
    Command(&'r [u8]),
    /// Keys were read from a snapshot, or a file has ended.
    Progress,
    /// Some of what was executed is no longer there: empty the data set, and begin again.
    Again,
    Done,
}

/// A data set that is being read from an append-only file.
pub struct Replay {
    pub source: Source,
    pub executor: Executor,
}

/// The client that executes what is read, and what it is lent for that.
#[derive(Debug)]
pub struct Executor {
    pub client: Session,
    /// Nobody reads it.
    pub reply: Reply,
    pub parser: Parser,
}

/// Where the commands come from.
pub struct Source {
    limits: Limits,
    parts: VecDeque<Part>,
    open: Option<OpenPart>,
    /// Bytes of the parts that are done.
    done_bytes: u64,
    keys: u64,
    /// Behind the last checksum line of the last file.
    cover: Cover,
    logged_us: u64,
    pub started_us: u64,
}

struct Part {
    name: String,
    path: PathBuf,
    size: u64,
    is_base: bool,
}

struct OpenPart {
    part: Part,
    stage: Stage,
    started_us: u64,
    /// Up to where the file consists of whole commands and transactions.
    valid_to: u64,
    /// The same, as far as checksums confirm it.
    confirmed_to: u64,
}

/// What one more record comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Advance {
    /// The reader's last one is a command.
    Command,
    Nothing,
    Again,
}

enum Stage {
    Snapshot(Box<Load<File>>),
    Commands(Box<Reader<File>>),
    /// Taken out for a moment.
    Changing,
}

/// How far reading is, for INFO.
#[derive(Debug, Clone, Copy)]
pub struct ReplayProgress {
    pub started_s: i64,
    pub total_bytes: u64,
    pub loaded_bytes: u64,
}

impl ReplayProgress {
    pub fn percentage(&self) -> f64 {
        self.loaded_bytes as f64 / self.total_bytes.max(1) as f64 * 100.0
    }

    /// How long the rest takes at the speed so far, in seconds; 1 while nothing can be said.
    pub fn left_s(&self, now_s: i64) -> u64 {
        match u64::try_from(now_s - self.started_s) {
            Ok(elapsed_s @ 1..) => {
                let left_bytes = self.total_bytes.saturating_sub(self.loaded_bytes);
                elapsed_s.saturating_mul(left_bytes) / (self.loaded_bytes + 1)
            }
            _ => 1,
        }
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Replay({} bytes of {} keys)", self.source.loaded_bytes(), self.source.keys)
    }
}

impl Source {
    pub fn loaded_bytes(&self) -> u64 {
        self.done_bytes
            + match self.open.as_ref().map(|open| &open.stage) {
                Some(Stage::Snapshot(load)) => load.offset(),
                Some(Stage::Commands(reader)) => reader.offset(),
                Some(Stage::Changing) | None => 0,
            }
    }

    /// Whether a file has ended and the next one was not begun.
    pub fn is_between_files(&self) -> bool {
        self.open.is_none()
    }

    /// The file that is being read.
    pub fn file_name(&self) -> String {
        self.open.as_ref().map(|open| open.part.name.clone()).unwrap_or_default()
    }

    /// The next command, or a part of a snapshot. `in_transaction`: a MULTI was handed out, but no EXEC.
    pub fn next(
        &mut self,
        keys: &mut Keyspace,
        config: &Config,
        in_transaction: bool,
    ) -> Result<Step<'_>, ReplayFailed> {
        if self.open.is_none() {
            let Some(part) = self.parts.pop_front() else { return Ok(Step::Done) };
            self.open = Some(OpenPart::open(part, self.limits)?);
        }
        if matches!(self.open.as_ref().map(|open| &open.stage), Some(Stage::Snapshot(_))) {
            self.read_snapshot(keys, config)?;
            return Ok(Step::Progress);
        }
        match self.advance(config, in_transaction)? {
            Advance::Command => {
                let command = self.open.as_ref().and_then(|open| match &open.stage {
                    Stage::Commands(reader) => reader.last_command(),
                    _ => None,
                });
                Ok(command.map_or(Step::Progress, Step::Command))
            }
            Advance::Nothing => Ok(Step::Progress),
            Advance::Again => Ok(Step::Again),
        }
    }

    /// The last command makes no sense. If damage is the reason, and it may be cut off, there is another next
    /// step; `None` if nothing is known to be damaged.
    pub fn instead_of_last(&mut self, config: &Config) -> Result<Option<Step<'_>>, ReplayFailed> {
        let Some(OpenPart { stage: Stage::Commands(reader), .. }) = &mut self.open else { return Ok(None) };
        let covered_to = reader.covered_to();
        let damage = loop {
            match reader.next_record().map(|record| record.is_some()) {
                // The checksum that covers it is right.
                Ok(_) if reader.covered_to() > covered_to => return Ok(None),
                Ok(true) => {}
                Ok(false) | Err(ReadError::Truncated { .. } | ReadError::Unreadable { .. }) => {
                    return Ok(None);
                }
                Err(damage) => break damage,
            }
        };
        Ok(Some(match self.cut_damage(&damage, config)? {
            Advance::Again => Step::Again,
            Advance::Command | Advance::Nothing => Step::Progress,
        }))
    }

    /// Logs how far reading is, now and then.
    pub fn note_progress(&mut self, total_bytes: u64) {
        let now_us = clock::now_us();
        if now_us - self.logged_us >= LOG_PERIOD_US {
            self.logged_us = now_us;
            let percent = self.loaded_bytes() as f64 / total_bytes.max(1) as f64 * 100.0;
            log::info!("Loading: {percent:.0} % of {total_bytes} bytes");
        }
    }

    fn read_snapshot(&mut self, keys: &mut Keyspace, config: &Config) -> Result<(), ReplayFailed> {
        let Some(open) = &mut self.open else { return Ok(()) };
        let Stage::Snapshot(load) = &mut open.stage else { return Ok(()) };
        let end = load.offset().saturating_add(config.rdb.loading_process_events_interval_bytes);
        let (count, delay_us) = (&mut self.keys, config.rdb.key_load_delay_us);
        let advanced = load.advance(keys, |offset| {
            *count += 1;
            pause(delay_us, *count);
            offset < end
        });
        let loaded = advanced.map_err(|source| ReplayFailed::Snapshot {
            part: open.part.snapshot_kind(),
            name: open.part.name.clone(),
            source,
        })?;
        if loaded.is_none() {
            return Ok(());
        }
        let Stage::Snapshot(load) = std::mem::replace(&mut open.stage, Stage::Changing) else {
            return Ok(());
        };
        let offset = load.offset();
        let (ahead, file) = load.into_rest();
        let has_tail = offset < open.part.size;
        if has_tail {
            log::info!("Reading the remaining AOF tail...");
        }
        (open.valid_to, open.confirmed_to) = (offset, offset);
        open.stage = Stage::Commands(Box::new(Reader::new(file, open.part.size, offset, ahead)));
        Ok(())
    }

    fn advance(&mut self, config: &Config, in_transaction: bool) -> Result<Advance, ReplayFailed> {
        let Some(open) = &mut self.open else { return Ok(Advance::Nothing) };
        let Stage::Commands(reader) = &mut open.stage else { return Ok(Advance::Nothing) };
        if !in_transaction {
            open.valid_to = reader.offset();
            if reader.covered_to() == open.valid_to {
                open.confirmed_to = open.valid_to;
            }
        }
        match reader.next_record() {
            Ok(Some(Record::Command(_))) => {
                self.keys += 1;
                pause(config.rdb.key_load_delay_us, self.keys);
                Ok(Advance::Command)
            }
            Ok(Some(Record::TimestampS(_) | Record::Other)) => Ok(Advance::Nothing),
            Ok(None) if in_transaction => {
                log::warn!("Revert incomplete MULTI/EXEC transaction in AOF file {}", open.part.name);
                self.cut_torn(config)
            }
            Ok(None) => {
                self.end_part(None);
                Ok(Advance::Nothing)
            }
            Err(ReadError::Truncated { .. }) => self.cut_torn(config),
            Err(source @ ReadError::Unreadable { .. }) => {
                Err(ReplayFailed::Unreadable { name: open.part.name.clone(), source })
            }
            Err(damage) => self.cut_damage(&damage, config),
        }
    }

    /// The file goes on behind `valid_to`, but not with a whole command.
    fn cut_torn(&mut self, config: &Config) -> Result<Advance, ReplayFailed> {
        let Some(open) = &self.open else { return Ok(Advance::Nothing) };
        let (name, valid_to, size) = (open.part.name.clone(), open.valid_to, open.part.size);
        if !config.aof.load_truncated {
            log::warn!("The append only file {name} has {size} bytes, of which {valid_to} are valid");
            return Err(ReplayFailed::Truncated { name });
        }
        if !self.parts.is_empty() {
            return Err(ReplayFailed::TruncatedBefore);
        }
        log::warn!("!!! Warning: short read while loading the AOF file {name}!!!");
        self.cut(valid_to, "aof-load-truncated is enabled")
    }

    /// The file holds what is no command, or not what was written.
    fn cut_damage(&mut self, damage: &ReadError, config: &Config) -> Result<Advance, ReplayFailed> {
        let Some(open) = &self.open else { return Ok(Advance::Nothing) };
        let name = open.part.name.clone();
        log::warn!("The append only file {name} is damaged: {damage}");
        // Which of the bytes that a checksum covers are wrong, it does not say.
        let cut_at = match damage {
            ReadError::Checksum { .. } => open.confirmed_to,
            _ => open.valid_to,
        };
        let (lost, allowed) = (open.part.size - cut_at, config.aof.load_corrupt_tail_max_bytes);
        if !self.parts.is_empty() || lost > allowed {
            if self.parts.is_empty() && allowed > 0 {
                log::warn!(
                    "Its last {lost} bytes would be lost: aof-load-corrupt-tail-max-size is {allowed}"
                );
            }
            return Err(ReplayFailed::Corrupt { name });
        }
        self.cut(cut_at, "aof-load-corrupt-tail-max-size allows it")
    }

    /// Cuts the last file. What was executed of the rest must not stay.
    fn cut(&mut self, cut_at: u64, because: &str) -> Result<Advance, ReplayFailed> {
        let Some(open) = &self.open else { return Ok(Advance::Nothing) };
        let (name, size) = (&open.part.name, open.part.size);
        let Stage::Commands(reader) = &open.stage else { return Ok(Advance::Nothing) };
        log::warn!("!!! Truncating the AOF {name} at offset {cut_at} !!!");
        let covered_to = reader.covered_to();
        let cover = cut_file(&open.part.path, cut_at, covered_to)
            .map_err(|error| ReplayFailed::Cut { name: name.clone(), reason: error_text(&error) })?;
        log::warn!(
            "AOF {name} loaded anyway because {because}; its last {} bytes were cut off",
            size.saturating_sub(cut_at)
        );
        // The end of the last checksum line may be among what was cut off, too.
        if cut_at < open.valid_to || cut_at < covered_to {
            log::info!("Reading the AOF again, up to where it was cut");
            return Ok(Advance::Again);
        }
        self.end_part(Some(cover));
        Ok(Advance::Nothing)
    }

    /// `cover` is known if the file was cut.
    fn end_part(&mut self, cover: Option<Cover>) {
        let Some(OpenPart { part, stage, started_us, .. }) = self.open.take() else { return };
        self.done_bytes += part.size;
        self.cover = match (cover, stage) {
            (Some(cover), _) => cover,
            (None, Stage::Commands(reader)) => reader.into_cover(),
            (None, _) => Cover::new(),
        };
        let kind = if part.is_base { "base" } else { "incr" };
        let took_s = (clock::now_us() - started_us) as f64 / 1e6;
        log::info!("DB loaded from {kind} file {}: {took_s:.3} seconds", part.name);
    }
}

impl Part {
    fn snapshot_kind(&self) -> &'static str {
        if self.is_new_style() { "base file" } else { "preamble of the AOF file" }
    }

    /// Whether a snapshot in it is all of it.
    fn is_new_style(&self) -> bool {
        self.path.extension().is_some_and(|extension| extension == "rdb")
    }
}

impl OpenPart {
    fn open(part: Part, limits: Limits) -> Result<Self, ReplayFailed> {
        let started_us = clock::now_us();
        let failed =
            |error: &io::Error| ReplayFailed::Open { name: part.name.clone(), reason: error_text(error) };
        let mut file = File::open(&part.path).map_err(|error| failed(&error))?;
        let mut magic = Vec::new();
        (&mut file).take(SNAPSHOT_MAGIC.len() as u64).read_to_end(&mut magic).map_err(|e| failed(&e))?;
        if magic != SNAPSHOT_MAGIC {
            let reader = Box::new(Reader::new(file, part.size, 0, magic));
            return Ok(Self {
                part,
                stage: Stage::Commands(reader),
                started_us,
                valid_to: 0,
                confirmed_to: 0,
            });
        }
        file.seek(SeekFrom::Start(0)).map_err(|error| failed(&error))?;
        if part.is_new_style() {
            log::info!("Reading RDB base file on AOF loading...");
        } else {
            log::info!("Reading RDB preamble from AOF file...");
        }
        // What has expired is kept: a command that follows may be about it.
        let options =
            LoadOptions { now_ms: clock::unix_now_ms(), drop_expired: false, replace: false, limits };
        let reader = rdb::Reader::new(file, Some(part.size)).map_err(|source| ReplayFailed::Snapshot {
            part: part.snapshot_kind(),
            name: part.name.clone(),
            source: source.into(),
        })?;
        let stage = Stage::Snapshot(Box::new(Load::new(reader, options)));
        Ok(Self { part, stage, started_us, valid_to: 0, confirmed_to: 0 })
    }
}

/// Cuts a file, and gives what then stands behind its last checksum line.
fn cut_file(path: &PathBuf, size: u64, covered_to: u64) -> io::Result<Cover> {
    let mut file = File::options().read(true).write(true).open(path)?;
    file.set_len(size)?;
    file.sync_all()?;
    let mut cover = Cover::new();
    file.seek(SeekFrom::Start(covered_to))?;
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(cover),
            count => cover.update(chunk.get(..count).unwrap_or_default()),
        }
    }
}

impl Engine {
    /// Begins to read the configured append-only file. Whether there is anything to read.
    pub fn begin_replay(&mut self) -> Result<bool, ReplayFailed> {
        let limits = self.value_limits();
        let files = self.aof_files().map_err(about_files)?;
        // DEBUG LOADAOF may follow changes from outside.
        files.reload().map_err(about_files)?;
        if files.migrate()? {
            log::info!(
                "Successfully migrated an old-style AOF file ({}) into the AOF directory ({}).",
                files.names().single_file().display(),
                files.names().directory().display()
            );
        }
        let mut parts = VecDeque::new();
        for (index, part) in files.manifest().parts().enumerate() {
            let (name, path) = (part.name.display().to_string(), files.path_of(part));
            let size = match files.storage().size(&path) {
                Ok(Some(size)) => size,
                Ok(None) => return Err(ReplayFailed::Missing { name }),
                Err(error) => return Err(ReplayFailed::Open { name, reason: error_text(&error) }),
            };
            let is_base = index == 0 && files.manifest().base.is_some();
            parts.push_back(Part { name, path: files.storage().root().join(path), size, is_base });
        }
        let total_bytes: u64 = parts.iter().map(|part| part.size).sum();
        if total_bytes == 0 {
            return Ok(false);
        }
        self.snapshots.replaying =
            Some(ReplayProgress { started_s: clock::unix_now_ms() / 1000, total_bytes, loaded_bytes: 0 });
        self.aof.replay = Some(Box::new(Replay::new(parts, limits)));
        Ok(true)
    }

    /// After [`Step::Done`]: what the end of the last file has no checksum line for.
    pub fn end_replay(&mut self, replay: Replay) -> Cover {
        self.snapshots.replaying = None;
        replay.source.cover
    }
}

impl Replay {
    fn new(parts: VecDeque<Part>, limits: Limits) -> Self {
        let started_us = clock::now_us();
        let source = Source {
            limits,
            parts,
            open: None,
            done_bytes: 0,
            keys: 0,
            cover: Cover::new(),
            logged_us: started_us,
            started_us,
        };
        let client = Session { authenticated: true, ..Session::new(REPLAY_CLIENT, clock::unix_now_ms()) };
        Self { source, executor: Executor { client, reply: Reply::default(), parser: Parser::default() } }
    }
}
