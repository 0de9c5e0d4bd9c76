//! Typed access to values: `keys.read::<List>(key)?`. The wrong type leaves through `?`; expiry on access,
//! LRU/LFU, and the deletion of keys whose value became empty live here and nowhere else.

use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use smallvec::SmallVec;

use super::database::Keyspace;
use super::effects::EventClass;
use super::entry::{Entry, Found};
use super::value::{Collection, Object, WrongType};

impl Keyspace {
    /// The value of a key, for a read command: counts as hit or miss and as a use.
    #[inline]
    pub fn read<T: Collection>(&mut self, key: &[u8]) -> Result<Option<&T>, WrongType> {
        match self.find(key) {
            None => Ok(None),
            Some(entry) => typed(entry.object()).map(Some),
        }
    }

    /// The value of a key, for looking at it without any trace but expiry.
    pub fn peek_typed<T: Collection>(&mut self, key: &[u8]) -> Result<Option<&T>, WrongType> {
        match self.peek(key) {
            None => Ok(None),
            Some(entry) => typed(entry.object()).map(Some),
        }
    }

    /// The value of a key, to be changed; counts as a use.
    #[inline]
    pub fn edit<'a, T: Collection>(&'a mut self, key: &'a [u8]) -> Result<Option<Edit<'a, T>>, WrongType> {
        match self.live_used(self.hash(key), key) {
            None => Ok(None),
            Some(found) => Edit::of_existing(self, key, found).map(Some),
        }
    }

    /// As `edit`; where there is no key, an empty value, which becomes one with [`Edit::changed`].
    #[inline]
    pub fn edit_or_create<'a, T: Collection>(&'a mut self, key: &'a [u8]) -> Result<Edit<'a, T>, WrongType> {
        let hash = self.hash(key);
        match self.live_used(hash, key) {
            None => Ok(Edit { keyspace: self, key, place: Place::New { hash, value: T::default() } }),
            Some(found) => Edit::of_existing(self, key, found),
        }
    }

    /// The values of several keys, for a command that reads them together; each as with [`Keyspace::read`], in
    /// their order up to the first of another type.
    pub fn read_all<T: Collection>(
        &mut self,
        keys: &[&[u8]],
    ) -> Result<SmallVec<[Option<&T>; 8]>, WrongType> {
        for key in keys {
            self.read::<T>(key)?;
        }
        Ok(keys.iter().map(|key| T::of(self.reread(key)?.object()?)).collect())
    }

    /// Makes a key this value, whatever it was, without an expiry (the results of STORE commands). Returns what
    /// it replaces. Records `new` if there was no key, but neither `changed` nor the command's own event.
    pub fn set_object<T: Collection>(&mut self, key: &[u8], value: T) -> Option<Entry> {
        let hash = self.hash(key);
        let Some(found) = self.live_used(hash, key) else {
            self.insert_in_place_of_hidden(hash, key, value.into_object());
            return None;
        };
        let entry = Entry::object(key, value.into_object(), None, self.initial_access());
        let index = &mut self.current_mut().index;
        let replaced = index.remove(found);
        index.insert(hash, entry);
        if T::AWAITED {
            self.effects.wake(self.selected(), key);
        }
        replaced
    }
}

fn typed<T: Collection>(object: Option<&Object>) -> Result<&T, WrongType> {
    object.and_then(T::of).ok_or(WrongType)
}

/// A value that is being changed. Dropped without [`Edit::changed`] it leaves no trace of what is new; so a
/// handler checks everything first, then changes the value, then says so.
#[derive(Debug)]
pub struct Edit<'a, T: Collection> {
    keyspace: &'a mut Keyspace,
    key: &'a [u8],
    place: Place<T>,
}

#[derive(Debug)]
enum Place<T> {
    Existing { found: Found, of: PhantomData<T> },
    New { hash: u64, value: T },
}

impl<'a, T: Collection> Edit<'a, T> {
    fn of_existing(keyspace: &'a mut Keyspace, key: &'a [u8], found: Found) -> Result<Self, WrongType> {
        let object = keyspace.current_mut().index.object_mut(found);
        if object.and_then(T::of_mut).is_none() {
            return Err(WrongType);
        }
        Ok(Self { keyspace, key, place: Place::Existing { found, of: PhantomData } })
    }

    /// Whether the key was not there before.
    pub fn is_new(&self) -> bool {
        matches!(self.place, Place::New { .. })
    }

    /// Ends the change: records that the key changed, by one unit of the dirty counter, and `event`. A new
    /// value enters the keyspace (and wakes those who wait for it), a value that became empty leaves it, with
    /// the event `del` behind the command's own. Returns whether the key is gone.
    pub fn changed(self, class: EventClass, event: &'static str) -> bool {
        self.changed_by(1, &[(class, event)])
    }

    /// As [`Edit::changed`], with as many units of the dirty counter and events as the command has.
    pub fn changed_by(self, units: u64, events: &[(EventClass, &'static str)]) -> bool {
        let Self { keyspace, key, place } = self;
        let db = keyspace.selected();
        let emptied = match place {
            Place::Existing { found, .. } => {
                let object = keyspace.current_mut().index.object_mut(found);
                let is_empty = object.and_then(T::of_mut).is_some_and(|value| value.is_empty());
                (T::VANISHES && is_empty).then_some(found)
            }
            Place::New { value, .. } if T::VANISHES && value.is_empty() => return false,
            Place::New { hash, value } => {
                keyspace.insert_in_place_of_hidden(hash, key, value.into_object());
                None
            }
        };
        if let Some(found) = emptied {
            keyspace.current_mut().index.remove(found);
        }
        keyspace.effects.touched(db, key);
        keyspace.effects.add_dirty(units);
        for (class, event) in events {
            keyspace.effects.event(*class, event, db, key);
        }
        if emptied.is_some() {
            keyspace.effects.event(EventClass::GENERIC, "del", db, key);
        }
        emptied.is_some()
    }
}

impl<T: Collection> Deref for Edit<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.place {
            Place::Existing { found, .. } => {
                let entry = self.keyspace.current().index.entry(*found);
                entry.and_then(|entry| T::of(entry.object()?)).expect("checked when the edit began")
            }
            Place::New { value, .. } => value,
        }
    }
}

impl<T: Collection> DerefMut for Edit<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        match &mut self.place {
            Place::Existing { found, .. } => {
                let object = self.keyspace.current_mut().index.object_mut(*found);
                object.and_then(T::of_mut).expect("checked when the edit began")
            }
            Place::New { value, .. } => value,
        }
    }
}

#[cfg(test)]
mod tests;
