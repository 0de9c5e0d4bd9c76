//! Loading a snapshot, a part in each turn of the loop, which meanwhile serves whom the data do not concern;
//! or at once, for DEBUG RELOAD.
//!
//! A replica may load what its primary sends while it arrives, and beside the data that it has: these are then
//! replaced in one step, or stay if loading fails. Where they are an older state of the same data set, clients are
//! served from them meanwhile.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::load_source::LoadSource;
use super::parts::Engine;
use super::snapshots::pause;
use crate::config::Rdb;
use crate::dataset::{Advance, Load, LoadOptions, Loaded, ReadError};
use crate::keyspace::{Keyspace, Libraries};
use crate::rdb::{LoadError, Reader};
use crate::sys::files::error_text;
use crate::sys::{clock, memory};

/// How far loading is gets logged this often.
const LOG_PERIOD_US: u64 = 5_000_000;

/// Why there is no data set. The text is for the log.
#[derive(Debug, Error)]
pub enum LoadFailed {
    #[error("Fatal error: can't open the RDB file {path} for reading: {reason}")]
    Open { path: String, reason: String },
    #[error("Bad file format reading the RDB file {path}: {source}")]
    Read { path: String, source: ReadError },
    #[error("Bad data format reading the RDB from the socket: {0}")]
    Receive(ReadError),
    #[error("Replication stream EOF marker is broken")]
    Mark,
}

/// What was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Abandoned {
    /// A data set beside the one in use.
    Aside,
    /// The data set in use, of which a part is there.
    InPlace,
}

/// DEBUG RELOAD's options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReloadOptions {
    /// Save first; NOSAVE loads the file that is there.
    pub save: bool,
    /// Empty the databases before loading; not with NOFLUSH.
    pub flush: bool,
    /// MERGE: keys of the file replace those that are there.
    pub replace: bool,
}

/// Why a reload did not happen. Logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadFailed {
    Save,
    /// The databases hold what could be read.
    Load,
}

/// While clients are served, not more than this is loaded in a turn.
const SERVING_PART_BYTES: u64 = 64 * 1024;

/// A data set that is being loaded.
pub struct Loading {
    source: LoadSource,
    /// None if it is not read from a file.
    path: Option<PathBuf>,
    /// Where it is loaded, if not in the place of the data set in use.
    pub(super) aside: Option<Keyspace>,
    /// Clients go on with the data set in use.
    pub(super) serves_meanwhile: bool,
    /// How many bytes the sender puts behind the snapshot.
    mark_bytes: u64,
    logged_us: u64,
    keys: u64,
    /// When it began, on the monotonic clock and in Unix seconds.
    pub started_us: u64,
    pub started_s: i64,
    /// It comes from our primary, and expired keys are the primary's business.
    pub is_from_primary: bool,
    /// 0 if it is not known.
    pub total_bytes: u64,
    pub loaded_bytes: u64,
}

impl fmt::Debug for Loading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loading({:?}, {} of {} bytes)", self.path, self.loaded_bytes, self.total_bytes)
    }
}

impl Loading {
    /// Begins to read a file; `None` if there is none.
    fn open(
        path: &Path,
        verifies_checksum: bool,
        is_from_primary: bool,
        options: LoadOptions,
    ) -> Result<Option<Self>, LoadFailed> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                let path = path.display().to_string();
                return Err(LoadFailed::Open { path, reason: error_text(&error) });
            }
        };
        let begun = file.metadata().map_err(LoadError::Io).and_then(|metadata| {
            let total_bytes = metadata.len();
            let mut reader = Reader::new(file, Some(total_bytes))?;
            if !verifies_checksum {
                reader = reader.without_checksum();
            }
            Ok((Load::new(reader, options), total_bytes))
        });
        let (load, total_bytes) = begun.map_err(|error| LoadFailed::of(path, error.into()))?;
        let source = LoadSource::of_file(load);
        Ok(Some(Self {
            path: Some(path.to_owned()),
            is_from_primary,
            total_bytes,
            ..Self::new(source, options)
        }))
    }

    fn new(source: LoadSource, options: LoadOptions) -> Self {
        let started_us = clock::now_us();
        Self {
            source,
            path: None,
            aside: None,
            serves_meanwhile: false,
            mark_bytes: 0,
            logged_us: started_us,
            started_us,
            keys: 0,
            started_s: options.now_ms / 1000,
            is_from_primary: false,
            total_bytes: 0,
            loaded_bytes: 0,
        }
    }

    /// Whether there is anything to load at the moment.
    pub fn can_go_on(&self) -> bool {
        self.source.can_go_on()
    }

    /// Whether it arrives, and more bytes of it are welcome.
    pub fn wants_more(&self) -> bool {
        self.source.wants_more()
    }

    /// Whether it is loaded while it arrives.
    pub fn is_arriving(&self) -> bool {
        self.path.is_none()
    }

    /// A part has arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        self.source.push(bytes);
    }

    /// All of it has arrived; the last `mark_bytes` are none of it.
    pub fn end(&mut self, mark_bytes: u64) {
        self.mark_bytes = mark_bytes;
        self.source.end();
    }

    /// Reads the next part; what was read of the whole once that is all.
    fn advance(&mut self, keys: &mut Keyspace, config: &Rdb) -> Result<Option<Loaded>, LoadFailed> {
        let Self { source, keys: count, loaded_bytes, serves_meanwhile, .. } = self;
        let interval_bytes = config.loading_process_events_interval_bytes;
        let part_bytes =
            if *serves_meanwhile { interval_bytes.min(SERVING_PART_BYTES) } else { interval_bytes };
        let part_end = loaded_bytes.saturating_add(part_bytes);
        let advanced = source.advance(keys, |offset| {
            *count += 1;
            pause(config.key_load_delay_us, *count);
            *loaded_bytes = offset;
            offset < part_end
        });
        let now_us = clock::now_us();
        if now_us - self.logged_us >= LOG_PERIOD_US {
            self.logged_us = now_us;
            log::info!("Loading: {:.0} % of {} bytes", self.percentage(), self.total_bytes);
        }
        match advanced.map_err(|error| self.failed(error))? {
            Advance::All(_) if self.source.rest_bytes() != self.mark_bytes => Err(LoadFailed::Mark),
            Advance::All(loaded) => Ok(Some(loaded)),
            Advance::Paused | Advance::Starved => Ok(None),
        }
    }

    fn failed(&self, error: ReadError) -> LoadFailed {
        match &self.path {
            Some(path) => LoadFailed::of(path, error),
            None => LoadFailed::Receive(error),
        }
    }

    /// Of a stream whose size is not known, an estimate from the memory that the sender uses: never all of it.
    pub fn percentage(&self) -> f64 {
        let percent = self.loaded_bytes as f64 / self.expected_bytes().max(1) as f64 * 100.0;
        if self.total_bytes == 0 { percent.min(99.9) } else { percent }
    }

    fn expected_bytes(&self) -> u64 {
        if self.total_bytes == 0 { self.saved_memory_bytes() } else { self.total_bytes }
    }

    /// How long the rest takes at the speed so far, in seconds; 1 while nothing can be said.
    pub fn left_s(&self, now_s: i64) -> u64 {
        match u64::try_from(now_s - self.started_s) {
            Ok(elapsed_s @ 1..) => {
                let left_bytes = self.expected_bytes().saturating_sub(self.loaded_bytes);
                elapsed_s.saturating_mul(left_bytes) / (self.loaded_bytes + 1)
            }
            _ => 1,
        }
    }

    /// Memory that was in use when the file was written, if it says so; else 0.
    pub fn saved_memory_bytes(&self) -> u64 {
        self.source.used_memory_bytes()
    }
}

/// Says of what was loaded that not all of it can be used.
pub fn announce_libraries(libraries: &Libraries) {
    if !libraries.is_empty() {
        log::warn!(
            "{} function libraries are kept for those who can execute them: this server cannot",
            libraries.len()
        );
    }
}

impl LoadFailed {
    fn of(path: &Path, source: ReadError) -> Self {
        Self::Read { path: path.display().to_string(), source }
    }

    /// The file, if it is a snapshot with damage inside that an examination can show.
    pub fn damaged_file(&self) -> Option<&str> {
        match self {
            Self::Read { path, source: ReadError::Format(error) } => match error {
                LoadError::Io(_) | LoadError::Version(_) | LoadError::Corrupt { offset: 0, .. } => None,
                _ => Some(path),
            },
            Self::Read { .. } | Self::Open { .. } | Self::Receive(_) | Self::Mark => None,
        }
    }
}

impl Engine {
    /// Begins to load the configured file, if it is there; `replace` lets its keys replace those that are.
    pub fn begin_loading(&mut self, replace: bool) -> Result<(), LoadFailed> {
        let path = self.config.process.dir.join(&self.config.rdb.file_name);
        let verifies_checksum = self.config.rdb.checksum && !self.debug.skip_checksum_validation;
        let options = LoadOptions {
            now_ms: clock::unix_now_ms(),
            drop_expired: self.config.replication.primary.is_none(),
            replace,
            limits: self.value_limits(),
        };
        let loading = Loading::open(&path, verifies_checksum, false, options)?;
        self.snapshots.loading = loading.map(Box::new);
        Ok(())
    }

    /// How a primary's snapshot is read: what has expired goes when the primary says so.
    fn options_of_primary(&self) -> LoadOptions {
        LoadOptions {
            now_ms: clock::unix_now_ms(),
            drop_expired: false,
            replace: false,
            limits: self.value_limits(),
        }
    }

    /// Begins to load the snapshot that our primary has sent.
    pub fn begin_loading_from_primary(&mut self, path: &Path) -> Result<(), LoadFailed> {
        let options = self.options_of_primary();
        let loading = Loading::open(path, self.config.rdb.checksum, true, options)?;
        self.snapshots.loading = loading.map(Box::new);
        Ok(())
    }

    /// Begins to load a snapshot that the primary is about to send, of so many bytes if that is known, `aside` or in
    /// the place of the data in use.
    pub fn begin_loading_arriving(
        &mut self,
        size: Option<u64>,
        aside: Option<Keyspace>,
        serves_meanwhile: bool,
    ) {
        let options = self.options_of_primary();
        let source = LoadSource::arriving(size, options, self.config.rdb.checksum);
        self.snapshots.loading = Some(Box::new(Loading {
            aside,
            serves_meanwhile,
            is_from_primary: true,
            total_bytes: size.unwrap_or(0),
            ..Loading::new(source, options)
        }));
    }

    /// Gives up what is being loaded. What was in use is in use still, unless it had to make room.
    pub fn abandon_loading(&mut self) -> Option<Abandoned> {
        let loading = self.snapshots.loading.take()?;
        let Some(mut aside) = loading.aside else { return Some(Abandoned::InPlace) };
        let detached = aside.flush(None);
        self.worker.drop_weighing(detached.len() as u64, detached);
        Some(Abandoned::Aside)
    }

    /// Loads the next `loading-process-events-interval-bytes`; what was loaded once that is all. After an
    /// error the databases hold what could be read.
    pub fn load_part(&mut self, keys: &mut Keyspace) -> Result<Option<Loaded>, LoadFailed> {
        let Some(loading) = &mut self.snapshots.loading else { return Ok(None) };
        if !loading.can_go_on() {
            return Ok(None);
        }
        let advanced = if let Some(mut aside) = loading.aside.take() {
            let advanced = loading.advance(&mut aside, &self.config.rdb);
            loading.aside = Some(aside);
            advanced
        } else {
            let selected = keys.selected();
            let advanced = loading.advance(keys, &self.config.rdb);
            keys.begin(selected, self.clock.unix_ms(), false);
            advanced
        };
        self.stats.observe_memory(memory::used_memory());
        let (place, expired) = (loading.source.place(), loading.source.take_expired());
        if !expired.is_empty() {
            self.replicate_expired(place, expired);
        }
        let Some(loaded) = advanced? else { return Ok(None) };
        self.snapshots.loaded_aside = self.snapshots.loading.take().and_then(|loading| loading.aside);
        self.snapshots.last_load = loaded;
        self.snapshots.loaded_place = place;
        let skipped = match loaded.empty_keys {
            0 => String::new(),
            count => format!(", empty keys skipped: {count}"),
        };
        let Loaded { keys: count, expired_keys, .. } = loaded;
        log::info!("Done loading RDB, keys loaded: {count}, keys expired: {expired_keys}{skipped}.");
        announce_libraries(&self.snapshots.loaded_aside.as_ref().unwrap_or(keys).libraries);
        Ok(Some(loaded))
    }

    /// DEBUG RELOAD: the data set goes to disk and back, while everybody waits.
    pub fn reload_snapshot(
        &mut self,
        keys: &mut Keyspace,
        options: ReloadOptions,
    ) -> Result<(), ReloadFailed> {
        if options.save && self.save_snapshot(keys).is_err() {
            return Err(ReloadFailed::Save);
        }
        if options.flush {
            keys.libraries.clear();
            drop(keys.flush(None));
        }
        match self.load_at_once(keys, options.replace) {
            Ok(Some(_)) => {
                log::info!("DB reloaded by DEBUG RELOAD");
                Ok(())
            }
            Ok(None) => Err(ReloadFailed::Load),
            Err(error) => {
                log::warn!("{error}");
                Err(ReloadFailed::Load)
            }
        }
    }

    /// `None` if there is no file.
    fn load_at_once(&mut self, keys: &mut Keyspace, replace: bool) -> Result<Option<Loaded>, LoadFailed> {
        self.begin_loading(replace)?;
        let mut loaded = None;
        while self.snapshots.is_loading() {
            loaded = self.load_part(keys).inspect_err(|_| self.snapshots.loading = None)?;
        }
        Ok(loaded)
    }
}
