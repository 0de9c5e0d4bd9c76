//! Where a snapshot that is being loaded comes from: a file, or a primary that is still sending it.

use std::fs::File;

use crate::dataset::{Advance, Load, LoadOptions, Loaded, ReadError};
use crate::keyspace::Keyspace;
use crate::rdb::{HEAD_BYTES, Inflow, LoadError, Reader};
use crate::repl::Saved;

/// What has arrived may run ahead of what was loaded by so much, unless a single item is larger.
const AHEAD_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// An item that is larger than this and incomplete is not tried again before twice as much of it has arrived.
const RETRY_BYTES_MIN: u64 = 64 * 1024;

/// See the module's page.
pub(super) enum LoadSource {
    File(Box<Load<File>>),
    /// Too little has arrived to begin with.
    Head {
        inflow: Inflow,
        options: LoadOptions,
        verifies_checksum: bool,
    },
    Arriving(Box<Arriving>),
}

pub(super) struct Arriving {
    load: Load<Inflow>,
    /// More must arrive than up to here before it makes sense to go on.
    starved_until: u64,
    /// The snapshot is loaded; what follows it has not arrived yet.
    loaded: Option<Loaded>,
}

impl LoadSource {
    pub fn of_file(load: Load<File>) -> Self {
        Self::File(Box::new(load))
    }

    /// One whose bytes will be given to [`push`](Self::push).
    pub fn arriving(options: LoadOptions, verifies_checksum: bool) -> Self {
        Self::Head { inflow: Inflow::default(), options, verifies_checksum }
    }

    /// Adds bytes that have arrived.
    pub fn push(&mut self, bytes: &[u8]) {
        if let Some(inflow) = self.inflow() {
            inflow.push(bytes);
        }
    }

    /// All bytes have arrived.
    pub fn end(&mut self) {
        if let Some(inflow) = self.inflow() {
            inflow.end();
        }
    }

    fn inflow(&mut self) -> Option<&mut Inflow> {
        match self {
            Self::File(_) => None,
            Self::Head { inflow, .. } => Some(inflow),
            Self::Arriving(arriving) => Some(arriving.load.inflow_mut()),
        }
    }

    /// Whether there is anything to load at the moment.
    pub fn can_go_on(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Head { inflow, .. } => inflow.arrived() >= HEAD_BYTES || inflow.has_ended(),
            Self::Arriving(arriving) => !arriving.is_starved(),
        }
    }

    /// Whether more bytes are welcome: otherwise the sender has to wait.
    pub fn wants_more(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Head { .. } => true,
            Self::Arriving(arriving) => {
                let load = &arriving.load;
                let is_behind = arriving.is_starved() || load.ahead_bytes() < AHEAD_BYTES_MAX;
                is_behind && !load.inflow().has_ended()
            }
        }
    }

    /// Loads on until `goes_on`, which is told the offset behind each key, says no. A snapshot that arrives is all
    /// there once what follows it has arrived, too.
    pub fn advance(
        &mut self,
        keys: &mut Keyspace,
        goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Advance, ReadError> {
        match self {
            Self::File(load) => {
                let loaded = load.advance(keys, goes_on)?;
                Ok(loaded.map_or(Advance::Paused, Advance::All))
            }
            Self::Head { .. } => {
                self.begin()?;
                Ok(Advance::Paused)
            }
            Self::Arriving(arriving) => arriving.advance(keys, goes_on),
        }
    }

    /// The head is there.
    fn begin(&mut self) -> Result<(), LoadError> {
        let Self::Head { inflow, options, verifies_checksum } = self else { return Ok(()) };
        let mut reader = Reader::new(std::mem::take(inflow), None)?;
        if !*verifies_checksum {
            reader = reader.without_checksum();
        }
        let load = Load::new(reader, *options);
        *self = Self::Arriving(Box::new(Arriving { load, starved_until: 0, loaded: None }));
        Ok(())
    }

    /// How many bytes have arrived behind the snapshot.
    pub fn rest_bytes(&self) -> u64 {
        match self {
            Self::Arriving(arriving) => arriving.load.ahead_bytes(),
            Self::File(_) | Self::Head { .. } => 0,
        }
    }

    pub fn used_memory_bytes(&self) -> u64 {
        match self {
            Self::File(load) => load.used_memory_bytes(),
            Self::Head { .. } => 0,
            Self::Arriving(arriving) => arriving.load.used_memory_bytes(),
        }
    }

    /// The keys that were left out since the last call because they had expired, if others are to be told.
    pub fn take_expired(&mut self) -> Vec<(usize, Vec<u8>)> {
        match self {
            Self::File(load) => load.take_expired(),
            // Not left out: the sender will say when they go.
            Self::Head { .. } | Self::Arriving(_) => Vec::new(),
        }
    }

    pub fn place(&self) -> Option<Saved> {
        match self {
            Self::File(load) => load.place(),
            Self::Head { .. } => None,
            Self::Arriving(arriving) => arriving.load.place(),
        }
    }
}

impl Arriving {
    fn is_starved(&self) -> bool {
        let inflow = self.load.inflow();
        !inflow.has_ended() && inflow.arrived() <= self.starved_until
    }

    fn advance(
        &mut self,
        keys: &mut Keyspace,
        goes_on: impl FnMut(u64) -> bool,
    ) -> Result<Advance, ReadError> {
        let advance = match self.loaded {
            Some(loaded) => Advance::All(loaded),
            None => self.load.advance_arrived(keys, goes_on)?,
        };
        match advance {
            Advance::All(loaded) if !self.load.inflow().has_ended() => {
                self.loaded = Some(loaded);
                self.starved_until = u64::MAX;
                return Ok(Advance::Starved);
            }
            Advance::Starved => {
                // Each try costs as much as has arrived: waiting for twice as much bounds what all of them cost.
                let (arrived, tried) = (self.load.inflow().arrived(), self.load.ahead_bytes());
                self.starved_until = if tried < RETRY_BYTES_MIN { arrived } else { arrived + tried };
            }
            Advance::All(_) | Advance::Paused => {}
        }
        Ok(advance)
    }
}
