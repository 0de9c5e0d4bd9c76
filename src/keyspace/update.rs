//! A key that is being changed, and the place of one that is not there yet.

use super::database::Keyspace;
use super::entry::{Entry, EntryRef, Found, Index};
use super::value::{NewString, NoMemory, Object};

/// What is at a key, looked up once for commands that change it or make it.
#[derive(Debug)]
pub enum Slot<'a> {
    Occupied(Update<'a>),
    Vacant(Vacancy<'a>),
}

/// The place where a key will be.
#[derive(Debug)]
pub struct Vacancy<'a> {
    keyspace: &'a mut Keyspace,
    key: &'a [u8],
    hash: u64,
}

impl<'a> Vacancy<'a> {
    pub(super) fn new(keyspace: &'a mut Keyspace, key: &'a [u8], hash: u64) -> Self {
        Self { keyspace, key, hash }
    }

    /// Makes the key a string without an expiry. Records `new`, but neither `changed` nor the command's own event.
    pub fn insert_string(self, value: NewString<'_>) {
        let Self { keyspace, key, hash } = self;
        let entry = Entry::string(key, value, None, keyspace.initial_access());
        keyspace.insert_new(keyspace.selected(), hash, entry);
    }
}

/// Write access to one key. The entry may move in memory with each change; readers ask [`Update::entry`] anew.
#[derive(Debug)]
pub struct Update<'a> {
    index: &'a mut Index,
    found: Found,
}

impl<'a> Update<'a> {
    pub(super) fn new(index: &'a mut Index, found: Found) -> Self {
        Self { index, found }
    }

    pub fn entry(&self) -> EntryRef<'_> {
        self.index.entry(self.found).expect("an update holds the index, so the entry stays")
    }

    /// Makes the value a string and keeps the expiry; returns an object it replaces.
    pub fn set_string(&mut self, value: NewString<'_>) -> Option<Object> {
        self.modify(|entry| entry.set_string(value))
    }

    /// Makes the value an integer.
    pub fn set_int(&mut self, number: i64) {
        self.modify(|entry| entry.set_string(NewString::Int(number)));
    }

    /// Changes the text of a string; `None` if the value has another type. The encoding becomes `raw`.
    pub fn string_mut(&mut self) -> Option<StringMut<'_, 'a>> {
        let length = self.entry().string()?.len();
        self.modify(Entry::make_raw_text);
        Some(StringMut { update: self, length })
    }

    /// The value, if it is an object (a collection).
    pub fn object_mut(&mut self) -> Option<&mut Object> {
        self.index.object_mut(self.found)
    }

    /// Sets (Unix milliseconds) or takes away the expiry.
    pub fn set_expiry_ms(&mut self, expiry_ms: Option<i64>) {
        self.modify(|entry| entry.set_expiry_ms(expiry_ms));
    }

    /// Sets the LRU clock or LFU counter (RESTORE), see `aging`.
    pub fn set_access(&mut self, access: u32) {
        self.index.set_access(self.found, access);
    }

    /// Takes the key out, to be dropped here or elsewhere.
    pub fn remove(self) -> Entry {
        self.index.remove(self.found).expect("an update holds the index, so the entry stays")
    }

    fn modify<R>(&mut self, change: impl FnOnce(&mut Entry) -> R) -> R {
        self.index.modify(self.found, change).expect("an update holds the index, so the entry stays")
    }
}

/// The text of a string, to be changed.
#[derive(Debug)]
pub struct StringMut<'u, 'a> {
    update: &'u mut Update<'a>,
    length: usize,
}

impl StringMut<'_, '_> {
    pub fn len(&self) -> usize {
        self.length
    }

    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Cuts the text or fills it up with zeros.
    pub fn resize(&mut self, length: usize) -> Result<(), NoMemory> {
        self.update.modify(|entry| entry.resize_text(length))?;
        self.length = length;
        Ok(())
    }

    pub fn extend(&mut self, suffix: &[u8]) -> Result<(), NoMemory> {
        let start = self.length;
        self.resize(start + suffix.len())?;
        self.bytes_mut()[start..].copy_from_slice(suffix);
        Ok(())
    }

    /// Makes the text another one.
    pub fn replace(&mut self, text: &[u8]) -> Result<(), NoMemory> {
        self.resize(text.len())?;
        self.bytes_mut().copy_from_slice(text);
        Ok(())
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.update.index.text_mut(self.update.found).unwrap_or_default()
    }
}
