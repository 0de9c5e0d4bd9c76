//! The data set out of a stream.

use std::io::{self, Read};
use std::str::FromStr;

use thiserror::Error;

use super::build::{Limits, build};
use crate::keyspace::{Aging, Keyspace, LibraryError, aging};
use crate::rdb::{self, Inflow, Item, LoadError, ModuleId, Reader, Usage, aux};
use crate::repl::{ReplicationId, Saved};

/// As many empty keys are named in the log.
const LOGGED_EMPTY_KEYS_MAX: u64 = 10;

/// How a data set is read.
#[derive(Debug, Clone, Copy)]
pub struct LoadOptions {
    /// Unix milliseconds: decides what is expired, and is when idle times end.
    pub now_ms: i64,
    /// Leave out what has expired, as a primary does; a replica waits for its primary's word.
    pub drop_expired: bool,
    /// A key or function library that exists already is replaced; otherwise it makes the snapshot unusable.
    pub replace: bool,
    pub limits: Limits,
}

/// What was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Loaded {
    pub keys: u64,
    /// Keys left out because they had expired.
    pub expired_keys: u64,
    /// Keys left out because their values had no elements.
    pub empty_keys: u64,
}

/// Why a data set could not be read to its end. Offsets count bytes from the start of the stream.
#[derive(Debug, Error)]
pub enum ReadError {
    #[error(transparent)]
    Format(#[from] LoadError),
    #[error("database {number} at byte {offset}, but only {databases} are configured")]
    Database { number: u64, databases: usize, offset: u64 },
    #[error("the key '{key}' at byte {offset} is there twice in database {db}")]
    Duplicate { key: String, db: usize, offset: u64 },
    #[error("{source}, at byte {offset}")]
    Library { source: LibraryError, offset: u64 },
    #[error("data of the module '{module}' at byte {offset}: there is no such module")]
    Module { module: ModuleId, offset: u64 },
}

/// A snapshot on its way into a keyspace, in as many steps as its owner likes.
pub struct Load<R> {
    reader: Reader<R>,
    options: LoadOptions,
    db: usize,
    loaded: Loaded,
    /// Keys that were left out since the last look, although others who follow the same stream have them.
    expired: Vec<(usize, Vec<u8>)>,
    used_memory_bytes: u64,
    place: Place,
}

/// What has been read of the data set's place in the stream of replication.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    id: Option<ReplicationId>,
    offset: Option<u64>,
    db: usize,
}

impl<R: Read> Load<R> {
    pub fn new(reader: Reader<R>, options: LoadOptions) -> Self {
        Self {
            reader,
            options,
            db: 0,
            loaded: Loaded::default(),
            expired: Vec::new(),
            used_memory_bytes: 0,
            place: Place::default(),
        }
    }

    /// Reads on until the end, for which it gives what was read, or until `goes_on`, which is told the offset
    /// behind each key, says no. Effects are not recorded: nobody can have an interest in keys that appear
    /// this way.
    pub fn advance(
        &mut self,
        keys: &mut Keyspace,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Option<Loaded>, ReadError> {
        keys.begin(self.db, self.options.now_ms, false);
        loop {
            match self.step(keys)? {
                Step::End => return Ok(Some(self.loaded)),
                Step::Key if !goes_on(self.reader.offset()) => return Ok(None),
                Step::Key | Step::Other => {}
            }
        }
    }

    /// Reads the next item.
    fn step(&mut self, keys: &mut Keyspace) -> Result<Step, ReadError> {
        let now_ms = self.options.now_ms;
        let offset = self.reader.offset();
        match self.reader.next_item()? {
            None => return Ok(Step::End),
            Some(Item::Aux { name, value }) => {
                if name.eq_ignore_ascii_case(aux::USED_MEMORY.as_bytes()) {
                    self.used_memory_bytes = number_of(value).unwrap_or_default();
                }
                self.place.note(name, value);
                log_fact(name, value, now_ms);
            }
            Some(Item::ResizeDb { .. }) => {}
            Some(Item::SelectDb(number)) => {
                let databases = keys.databases();
                self.db = usize::try_from(number)
                    .ok()
                    .filter(|db| *db < databases)
                    .ok_or(ReadError::Database { number, databases, offset })?;
                keys.begin(self.db, now_ms, false);
            }
            Some(Item::Function { code }) => {
                let added = keys.libraries.add(code, self.options.replace);
                added.map_err(|source| ReadError::Library { source, offset })?;
            }
            Some(Item::ModuleAux { module }) => return Err(ReadError::Module { module, offset }),
            Some(Item::Entry(entry)) => {
                let expired = Some(&mut self.expired).filter(|_| self.place.id.is_some());
                enter(entry, keys, &self.options, self.db, &mut self.loaded, expired)?;
                return Ok(Step::Key);
            }
        }
        Ok(Step::Other)
    }
}

/// What was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Key,
    Other,
    End,
}

/// How far a snapshot could be read that is still arriving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    All(Loaded),
    /// `goes_on` said no.
    Paused,
    /// The next item has not arrived as a whole.
    Starved,
}

impl Load<Inflow> {
    /// As [`Load::advance`], as far as the bytes go that have arrived. An item of which a part is missing is read
    /// from its beginning the next time.
    pub fn advance_arrived(
        &mut self,
        keys: &mut Keyspace,
        mut goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Advance, ReadError> {
        keys.begin(self.db, self.options.now_ms, false);
        loop {
            let mark = self.reader.mark();
            match self.step(keys) {
                Ok(Step::End) => return Ok(Advance::All(self.loaded)),
                Ok(Step::Key) if !goes_on(self.reader.offset()) => return Ok(Advance::Paused),
                Ok(Step::Key | Step::Other) => {}
                Err(ReadError::Format(LoadError::Io(error))) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.reader.return_to(mark)?;
                    return Ok(Advance::Starved);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the bytes arrive.
    pub fn inflow(&self) -> &Inflow {
        self.reader.inflow()
    }

    pub fn inflow_mut(&mut self) -> &mut Inflow {
        self.reader.inflow_mut()
    }

    /// How many bytes have arrived that were not loaded.
    pub fn ahead_bytes(&self) -> u64 {
        self.inflow().arrived() - self.offset()
    }
}

impl<R> Load<R> {
    /// Bytes of the stream that have been read.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }

    /// Keys that have been left out because they had expired, each told once. Empty unless the snapshot says which
    /// stream of replication it belongs to: whoever follows that has them too.
    pub fn take_expired(&mut self) -> Vec<(usize, Vec<u8>)> {
        std::mem::take(&mut self.expired)
    }

    /// What follows the snapshot: bytes that have been read ahead, and the source of further ones.
    pub fn into_rest(self) -> (Vec<u8>, R) {
        self.reader.into_rest()
    }

    /// What the snapshot says of the memory that was in use when it was written; 0 until it was read.
    pub fn used_memory_bytes(&self) -> u64 {
        self.used_memory_bytes
    }

    /// The data set's place in the stream of replication, if the snapshot says so.
    pub fn place(&self) -> Option<Saved> {
        let Place { id, offset, db } = self.place;
        Some(Saved { id: id?, offset: offset?, db })
    }
}

impl Place {
    fn note(&mut self, name: &[u8], value: &[u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is(aux::REPLICATION_ID) {
            self.id = ReplicationId::parse(value);
        } else if is(aux::REPLICATION_OFFSET) {
            self.offset = number_of(value);
        } else if is(aux::REPLICATION_DB) {
            self.db = number_of(value).unwrap_or(0);
        }
    }
}

/// Puts a key into the keyspace, unless it is to be left out.
fn enter<R: Read>(
    entry: rdb::Entry<'_, R>,
    keys: &mut Keyspace,
    options: &LoadOptions,
    db: usize,
    loaded: &mut Loaded,
    expired: Option<&mut Vec<(usize, Vec<u8>)>>,
) -> Result<(), ReadError> {
    let rdb::Entry { key, value, offset, expiry_ms, usage } = entry;
    // What has expired is built all the same: it is checked like any other value.
    let Some(value) = build(value, offset, &options.limits)? else {
        skip_empty(key, loaded);
        return Ok(());
    };
    if options.drop_expired && expiry_ms.is_some_and(|at_ms| at_ms < options.now_ms) {
        loaded.expired_keys += 1;
        if let Some(expired) = expired {
            expired.push((db, key.to_vec()));
        }
        return Ok(());
    }
    let access = access_of(usage, keys, options.now_ms);
    if keys.insert_entry(value.into_entry(key, expiry_ms, access)).is_some() && !options.replace {
        let key = String::from_utf8_lossy(key).into_owned();
        return Err(ReadError::Duplicate { key, db, offset });
    }
    loaded.keys += 1;
    Ok(())
}

/// Redis wrote collections without elements for a while, by mistake, and skips them since.
fn skip_empty(key: &[u8], loaded: &mut Loaded) {
    if loaded.empty_keys < LOGGED_EMPTY_KEYS_MAX {
        log::info!("rdbLoadObject skipping empty key: {}", String::from_utf8_lossy(key));
    }
    loaded.empty_keys += 1;
}

/// The clock of an entry of this usage.
pub fn access_of(usage: Option<Usage>, keys: &Keyspace, now_ms: i64) -> u32 {
    match (usage, keys.aging()) {
        (Some(Usage::IdleSeconds(seconds)), Aging::Lru) => aging::lru_bits_of_idle(seconds, now_ms),
        (Some(Usage::Frequency(counter)), Aging::Lfu { .. }) => aging::lfu_bits(now_ms, counter),
        // Saved under a policy of the other kind: says nothing that could be compared.
        _ => keys.initial_access(),
    }
}

/// Logs what a snapshot says of itself, in Redis's words.
fn log_fact(name: &[u8], value: &[u8], now_ms: i64) {
    let text = String::from_utf8_lossy(value);
    let number = || number_of::<i64>(value).unwrap_or_default();
    let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    if is(aux::REDIS_VERSION) {
        log::info!("Loading RDB produced by version {text}");
    } else if is(aux::CREATED) {
        log::info!("RDB age {} seconds", (now_ms / 1000).saturating_sub(number()).max(0));
    } else if is(aux::USED_MEMORY) {
        log::info!("RDB memory usage when created {:.2} Mb", number() as f64 / (1024.0 * 1024.0));
    } else if is(aux::AOF_BASE) && number() != 0 {
        log::info!("RDB is base AOF");
    } else if name.starts_with(b"%") {
        log::info!("RDB '{}': {text}", String::from_utf8_lossy(name));
    }
}

fn number_of<N: FromStr>(text: &[u8]) -> Option<N> {
    str::from_utf8(text).ok()?.parse().ok()
}
