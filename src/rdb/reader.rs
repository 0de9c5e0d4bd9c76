//! Reads a whole snapshot: the frame around keys and values.

use std::io::Read;

use super::body::Body;
use super::format::{
    CHECKSUM_SINCE_VERSION, FIELD_EXPIRIES_SINCE_VERSION, LATEST_VERSION, MAGIC, Opcode, ValueType,
};
use super::input::{Input, InputMark};
use super::{Inflow, LoadError, ModuleId, Usage, Value, module_aux, value};

/// Signature and version: what must be there to begin with.
pub const HEAD_BYTES: u64 = 9;

/// Slots of a cluster.
const CLUSTER_SLOTS: u64 = 16_384;

/// What a snapshot consists of. Borrowed bytes are in the reader's buffers until its next item.
#[derive(Debug)]
pub enum Item<'r, R> {
    /// A fact about the snapshot. Those with unknown names are to be ignored.
    Aux {
        name: &'r [u8],
        value: &'r [u8],
    },
    /// The source text of a function library.
    Function {
        code: &'r [u8],
    },
    /// Data of a module that belongs to no key. It has been skipped; a server without that module
    /// refuses the snapshot, as Redis does, while a checker goes on.
    ModuleAux {
        module: ModuleId,
    },
    /// Entries from here on belong to this database; before the first of these items, to database 0.
    SelectDb(u64),
    /// A hint, not to be trusted: the number of keys in the database, and of those with an expiry.
    ResizeDb {
        keys: u64,
        volatile: u64,
    },
    Entry(Entry<'r, R>),
}

/// A key and what belongs to it.
#[derive(Debug)]
pub struct Entry<'r, R> {
    pub key: &'r [u8],
    pub value: Value<'r, R>,
    /// Where the value begins.
    pub offset: u64,
    /// In Unix milliseconds; may be past.
    pub expiry_ms: Option<i64>,
    pub usage: Option<Usage>,
}

/// What a reader is, or was when it failed, in the middle of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Type,
    Expiry,
    Length,
    Aux,
    Function,
    ModuleAux,
    Key,
    Value,
    Checksum,
}

/// A snapshot being read.
pub struct Reader<R> {
    body: Body<R>,
    version: u8,
    finished: bool,
    stage: Stage,
    /// The byte that the last item began with.
    type_id: u8,
    /// Whether there was a checksum at the end, and it was compared.
    checked: bool,
    /// What preceded the next key.
    expiry_ms: Option<i64>,
    usage: Option<Usage>,
    /// The key of the present item.
    key: Vec<u8>,
}

/// The place before an item, to come back to if the item has not arrived as a whole.
pub struct Mark(InputMark);

/// An item of which only the beginning has been read, free of borrows.
enum Begun {
    Aux,
    Function,
    ModuleAux(ModuleId),
    SelectDb(u64),
    ResizeDb { keys: u64, volatile: u64 },
    Entry { value_type: ValueType, type_offset: u64 },
    End,
}

impl<R: Read> Reader<R> {
    /// Begins to read a snapshot: checks that it is one, of a version that is known.
    ///
    /// `size_hint` is the size of the input, or a larger number, when known: a declared length
    /// beyond it is found to be wrong without reading on.
    pub fn new(inner: R, size_hint: Option<u64>) -> Result<Self, LoadError> {
        let mut input = Input::new(inner, size_hint);
        if input.take_array()? != *MAGIC {
            return Err(LoadError::Corrupt { offset: 0, what: "wrong signature" });
        }
        let version = take_version(&mut input)?;
        if version < CHECKSUM_SINCE_VERSION {
            input.drop_checksum();
        }
        let (body, key) = (Body::new(input), Vec::new());
        let (stage, type_id) = (Stage::Type, 0);
        let (expiry_ms, usage) = (None, None);
        Ok(Self { body, version, finished: false, stage, type_id, checked: false, expiry_ms, usage, key })
    }

    /// Does not check the checksum at the end.
    #[must_use]
    pub fn without_checksum(mut self) -> Self {
        self.body.input.drop_checksum();
        self
    }

    /// The next item; None at the end of a snapshot whose checksum is right. Nothing more can be
    /// read after an error.
    pub fn next_item(&mut self) -> Result<Option<Item<'_, R>>, LoadError> {
        if self.finished {
            return Ok(None);
        }
        value::skip_rest(&mut self.body)?;
        let item = match self.begin_item()? {
            Begun::Aux => {
                let Body { input, first, .. } = &mut self.body;
                input.take_string(&mut self.key)?;
                input.take_string(first)?;
                Item::Aux { name: &self.key, value: first }
            }
            Begun::Function => {
                let Body { input, first, .. } = &mut self.body;
                input.take_string(first)?;
                Item::Function { code: first }
            }
            Begun::ModuleAux(module) => Item::ModuleAux { module },
            Begun::SelectDb(number) => Item::SelectDb(number),
            Begun::ResizeDb { keys, volatile } => Item::ResizeDb { keys, volatile },
            Begun::Entry { value_type, type_offset } => {
                self.stage = Stage::Key;
                self.body.input.take_string(&mut self.key)?;
                self.stage = Stage::Value;
                let (expiry_ms, usage) = (self.expiry_ms.take(), self.usage.take());
                let offset = self.body.input.offset();
                let value = value::begin(value_type, type_offset, self.version.into(), &mut self.body)?;
                Item::Entry(Entry { key: &self.key, value, offset, expiry_ms, usage })
            }
            Begun::End => {
                self.stage = Stage::Checksum;
                self.check_checksum()?;
                self.finished = true;
                return Ok(None);
            }
        };
        Ok(Some(item))
    }

    /// Reads up to where strings begin, keeping what belongs to the next key.
    fn begin_item(&mut self) -> Result<Begun, LoadError> {
        loop {
            let offset = self.body.input.offset();
            self.stage = Stage::Type;
            let byte = self.body.input.take_byte()?;
            self.type_id = byte;
            if let Ok(value_type) = ValueType::try_from(byte) {
                return Ok(Begun::Entry { value_type, type_offset: offset });
            }
            let opcode = Opcode::try_from(byte)
                .map_err(|_| LoadError::Corrupt { offset, what: "unknown type of item" })?;
            // Not even one damaged bit of the version may switch the checksum off unnoticed.
            if self.version < CHECKSUM_SINCE_VERSION && u8::from(opcode) <= Opcode::ResizeDb.into() {
                return Err(LoadError::Corrupt { offset, what: "an item that this version does not have" });
            }
            self.stage = stage_of(opcode);
            match opcode {
                Opcode::ExpiryMs => self.expiry_ms = Some(self.body.input.take_millis()?),
                Opcode::ExpirySeconds => self.expiry_ms = Some(self.body.input.take_seconds_as_millis()?),
                Opcode::Idle => self.usage = Some(Usage::IdleSeconds(self.body.input.take_len()?)),
                Opcode::Frequency => self.usage = Some(Usage::Frequency(self.body.input.take_byte()?)),
                Opcode::Aux => return Ok(Begun::Aux),
                Opcode::Function => return Ok(Begun::Function),
                Opcode::ModuleAux => {
                    return module_aux::skip(&mut self.body.input, &mut self.body.first)
                        .map(Begun::ModuleAux);
                }
                Opcode::SelectDb => return self.body.input.take_len().map(Begun::SelectDb),
                Opcode::ResizeDb => {
                    let keys = self.body.input.take_len()?;
                    let volatile = self.body.input.take_len()?;
                    return Ok(Begun::ResizeDb { keys, volatile });
                }
                Opcode::End => return Ok(Begun::End),
                Opcode::SlotInfo => self.skip_slot_info(offset)?,
                Opcode::FunctionBeforeRelease => {
                    return Err(LoadError::Unsupported { type_id: byte, offset });
                }
            }
        }
    }

    fn skip_slot_info(&mut self, offset: u64) -> Result<(), LoadError> {
        let corrupt = |what| Err(LoadError::Corrupt { offset, what });
        if self.version < FIELD_EXPIRIES_SINCE_VERSION {
            return corrupt("an item that this version does not have");
        }
        if self.body.input.take_len()? >= CLUSTER_SLOTS {
            return corrupt("a slot beyond the last");
        }
        self.body.input.take_len()?;
        self.body.input.take_len()?;
        Ok(())
    }

    fn check_checksum(&mut self) -> Result<(), LoadError> {
        let computed = self.body.input.take_checksum();
        if self.version < CHECKSUM_SINCE_VERSION {
            return Ok(());
        }
        let stored = u64::from_le_bytes(self.body.input.take_array()?);
        self.checked = computed.is_some() && stored != 0;
        match computed {
            Some(computed) if stored != 0 && stored != computed => {
                Err(LoadError::Checksum { computed, stored })
            }
            _ => Ok(()),
        }
    }
}

impl Reader<Inflow> {
    /// The place before the next item. The value of the present one must have been read, and cannot be again.
    pub fn mark(&mut self) -> Mark {
        debug_assert!(self.body.unfinished().is_none(), "values are read to their end");
        Mark(self.body.input.mark())
    }

    /// Goes back to the latest mark.
    pub fn return_to(&mut self, mark: Mark) -> Result<(), LoadError> {
        self.body.abandon();
        (self.expiry_ms, self.usage) = (None, None);
        self.body.input.return_to(mark.0)
    }

    /// Where the bytes arrive.
    pub fn inflow(&self) -> &Inflow {
        self.body.input.inner()
    }

    pub fn inflow_mut(&mut self) -> &mut Inflow {
        self.body.input.inner_mut()
    }
}

fn stage_of(opcode: Opcode) -> Stage {
    match opcode {
        Opcode::ExpiryMs | Opcode::ExpirySeconds => Stage::Expiry,
        Opcode::SelectDb | Opcode::ResizeDb | Opcode::SlotInfo => Stage::Length,
        Opcode::Aux => Stage::Aux,
        Opcode::ModuleAux => Stage::ModuleAux,
        Opcode::Function => Stage::Function,
        Opcode::Idle | Opcode::Frequency | Opcode::FunctionBeforeRelease | Opcode::End => Stage::Type,
    }
}

fn take_version<R: Read>(input: &mut Input<R>) -> Result<u8, LoadError> {
    let offset = input.offset();
    let digits: [u8; 4] = input.take_array()?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(LoadError::Corrupt { offset, what: "the version is not a number" });
    }
    let version = digits.iter().fold(0, |version, digit| version * 10 + u32::from(digit - b'0'));
    match u8::try_from(version) {
        Ok(known @ 1..=LATEST_VERSION) => Ok(known),
        _ => Err(LoadError::Version(version)),
    }
}

impl<R> Reader<R> {
    /// The version that the snapshot says it has.
    pub fn version(&self) -> u8 {
        self.version
    }

    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The type of the value being read, or the byte that should have been one.
    pub fn type_id(&self) -> u8 {
        self.type_id
    }

    /// The key whose value is being read.
    pub fn key(&self) -> &[u8] {
        &self.key
    }

    /// Whether the snapshot ended with a checksum that was compared.
    pub fn is_checked(&self) -> bool {
        self.checked
    }

    /// Bytes of the snapshot that have been read.
    pub fn offset(&self) -> u64 {
        self.body.input.offset()
    }

    /// What follows the snapshot: bytes that have been read ahead, and the source of further ones.
    pub fn into_rest(self) -> (Vec<u8>, R) {
        self.body.input.into_rest()
    }

    #[cfg(test)]
    pub(super) fn allocated_bytes(&self) -> usize {
        self.body.allocated_bytes() + self.key.capacity()
    }
}
