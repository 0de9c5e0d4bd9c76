//! Loading a snapshot, a part in each turn of the loop, which meanwhile serves whom the data do not concern;
//! or at once, for DEBUG RELOAD.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::parts::Engine;
use super::snapshots::pause;
use crate::config::Rdb;
use crate::dataset::{Load, LoadOptions, Loaded, ReadError};
use crate::keyspace::Keyspace;
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

/// A data set that is being loaded.
pub struct Loading {
    load: Load<File>,
    path: PathBuf,
    logged_us: u64,
    keys: u64,
    /// When it began, on the monotonic clock and in Unix seconds.
    pub started_us: u64,
    pub started_s: i64,
    /// It comes from our primary, and expired keys are the primary's business.
    pub is_from_primary: bool,
    pub total_bytes: u64,
    pub loaded_bytes: u64,
}

impl fmt::Debug for Loading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loading({}, {} of {} bytes)", self.path.display(), self.loaded_bytes, self.total_bytes)
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
        let started_us = clock::now_us();
        Ok(Some(Self {
            load,
            path: path.to_owned(),
            logged_us: started_us,
            started_us,
            keys: 0,
            started_s: options.now_ms / 1000,
            is_from_primary,
            total_bytes,
            loaded_bytes: 0,
        }))
    }

    /// Reads the next part; what was read of the whole once that is all.
    fn advance(&mut self, keys: &mut Keyspace, config: &Rdb) -> Result<Option<Loaded>, LoadFailed> {
        let Self { load, keys: count, loaded_bytes, .. } = self;
        let part_end = loaded_bytes.saturating_add(config.loading_process_events_interval_bytes);
        let advanced = load.advance(keys, |offset| {
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
        advanced.map_err(|error| LoadFailed::of(&self.path, error))
    }

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

    /// Memory that was in use when the file was written, if it says so; else 0.
    pub fn saved_memory_bytes(&self) -> u64 {
        self.load.used_memory_bytes()
    }
}

impl LoadFailed {
    fn of(path: &Path, source: ReadError) -> Self {
        Self::Read { path: path.display().to_string(), source }
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

    /// Begins to load the snapshot that our primary has sent.
    pub fn begin_loading_from_primary(&mut self, path: &Path) -> Result<(), LoadFailed> {
        let options = LoadOptions {
            now_ms: clock::unix_now_ms(),
            drop_expired: false,
            replace: false,
            limits: self.value_limits(),
        };
        let loading = Loading::open(path, self.config.rdb.checksum, true, options)?;
        self.snapshots.loading = loading.map(Box::new);
        Ok(())
    }

    /// Loads the next `loading-process-events-interval-bytes`; what was loaded once that is all. After an
    /// error the databases hold what could be read.
    pub fn load_part(&mut self, keys: &mut Keyspace) -> Result<Option<Loaded>, LoadFailed> {
        let Some(loading) = &mut self.snapshots.loading else { return Ok(None) };
        let selected = keys.selected();
        let advanced = loading.advance(keys, &self.config.rdb);
        let place = loading.load.place();
        let expired = loading.load.take_expired();
        keys.begin(selected, self.clock.unix_ms(), false);
        self.stats.observe_memory(memory::used_memory());
        if !matches!(advanced, Ok(None)) {
            self.snapshots.loading = None;
        }
        if !expired.is_empty() {
            self.replicate_expired(place, expired);
        }
        let Some(loaded) = advanced? else { return Ok(None) };
        self.snapshots.last_load = loaded;
        self.snapshots.loaded_place = place;
        let skipped = match loaded.empty_keys {
            0 => String::new(),
            count => format!(", empty keys skipped: {count}"),
        };
        let Loaded { keys: count, expired_keys, .. } = loaded;
        log::info!("Done loading RDB, keys loaded: {count}, keys expired: {expired_keys}{skipped}.");
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
            loaded = self.load_part(keys)?;
        }
        Ok(loaded)
    }
}
