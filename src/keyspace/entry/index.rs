//! The entries of one database: a table that owns them by key, and a second one that lists those with an
//! expiry and owns nothing. Part of `entry` because it relies on, and keeps, the invariants stated there.
#![expect(unsafe_code, reason = "two tables over the same entries")]

use std::fmt;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use siphasher::sip::SipHasher13;

use super::{Block, Entry, EntryRef, object_of, put_flags_and_access, text_of};
use crate::ds::table::{Place, Table};
use crate::keyspace::value::Object;
use crate::sys::cpu::prefetch;
use crate::util::random::Random;

/// How many entries an iteration asks the processor for before it gives them.
const ASKED_AHEAD: usize = 8;

/// The entries of one database, by key, and a second table of those that have an expiry.
pub struct Index {
    keys: Table<Block>,
    volatile: Table<Block>,
    hasher: SipHasher13,
}

/// An entry that was found, for changing it. Goes stale with the next insertion or removal.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    place: Place,
    hash: u64,
}

// SAFETY: the index owns its entries alone (invariant 3), and entries are `Send`.
unsafe impl Send for Index {}

impl Index {
    pub fn new(hash_key: (u64, u64)) -> Self {
        let hasher = SipHasher13::new_with_keys(hash_key.0, hash_key.1);
        Self { keys: Table::new(), volatile: Table::new(), hasher }
    }

    #[inline]
    pub fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash(key)
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub fn volatile_len(&self) -> usize {
        self.volatile.len()
    }

    /// Buckets of both tables: of all entries, and of those with an expiry.
    pub fn buckets(&self) -> (usize, usize) {
        (self.keys.buckets(), self.volatile.buckets())
    }

    /// Bytes of both tables, without the entries.
    pub fn table_bytes(&self) -> usize {
        self.keys.memory_bytes() + self.volatile.memory_bytes()
    }

    /// Index bytes of one entry, for reports.
    pub fn share_bytes(entry: EntryRef<'_>) -> usize {
        Table::<Block>::ITEM_BYTES * (1 + usize::from(entry.expiry_ms().is_some()))
    }

    /// The entry of a key; `hash` is `self.hash(key)`.
    #[inline]
    pub fn find(&self, hash: u64, key: &[u8]) -> Option<Found> {
        let place = self.keys.find(hash, |block| self.borrow(block).key() == key)?;
        Some(Found { place, hash })
    }

    /// Asks for the memory that [`Index::find`] will read first.
    #[inline]
    pub fn prefetch_bucket(&self, hash: u64) {
        self.keys.prefetch_bucket(hash);
    }

    /// Asks for the memory that it will read next.
    #[inline]
    pub fn prefetch_entry(&self, hash: u64) {
        self.keys.prefetch_items(hash);
    }

    #[inline]
    pub fn entry(&self, found: Found) -> Option<EntryRef<'_>> {
        Some(self.borrow(self.keys.at(found.place)?))
    }

    /// Sets LRU clock or LFU counter.
    #[inline]
    pub fn set_access(&mut self, found: Found, access: u32) {
        if let Some(block) = self.keys.at(found.place) {
            // SAFETY: invariant 3, and `&mut self` excludes other users of the block.
            unsafe { put_flags_and_access(block, self.borrow(block).flags(), access) }
        }
    }

    /// Lets `change` work on the entry, which may move; its key must stay what it is.
    pub fn modify<R>(&mut self, found: Found, change: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let old = self.keys.at(found.place)?;
        let was_volatile = self.borrow(old).flags().has_expiry();
        let entry = ManuallyDrop::new(Entry(old));
        let mut modified = Modified { index: self, found, old, was_volatile, entry };
        Some(change(&mut modified.entry))
    }

    /// The value of an entry, if it manages its own memory: such a value changes without the entry moving.
    #[inline]
    pub fn object_mut(&mut self, found: Found) -> Option<&mut Object> {
        let block = self.keys.at(found.place)?;
        // SAFETY: the block is owned by the index (invariant 3); `&mut self` excludes other users of it.
        unsafe { object_of(block) }
    }

    /// The bytes of a string, as [`Entry::text_mut`].
    pub fn text_mut(&mut self, found: Found) -> Option<&mut [u8]> {
        let block = self.keys.at(found.place)?;
        // SAFETY: the block is owned by the index (invariant 3); `&mut self` excludes other users of it.
        unsafe { text_of(block) }
    }

    /// Adds an entry whose key is not in the index; `hash` is `self.hash(key)`.
    pub fn insert(&mut self, hash: u64, entry: Entry) {
        debug_assert!(self.find(hash, entry.view().key()).is_none(), "a key has one entry");
        let has_expiry = entry.view().flags().has_expiry();
        let block = ManuallyDrop::new(entry).0;
        let hasher = self.hasher;
        self.keys.insert(hash, block, |block| hash_of(hasher, block));
        if has_expiry {
            self.volatile.insert(hash, block, |block| hash_of(hasher, block));
        }
    }

    /// So many entries will be inserted, and so many of them will have an expiry; see [`Table::expect`].
    pub fn expect(&mut self, entries: usize, volatile: usize) {
        self.keys.expect(entries);
        self.volatile.expect(volatile);
    }

    /// Gives back what was made for entries that have not come; see [`Table::settle`].
    pub fn settle(&mut self) {
        self.keys.settle();
        self.volatile.settle();
    }

    pub fn remove(&mut self, found: Found) -> Option<Entry> {
        let block = self.keys.at(found.place)?;
        if self.borrow(block).flags().has_expiry() {
            self.forget_volatile(found.hash, block);
        }
        self.keys.remove(found.place).map(Entry)
    }

    /// A step of an iteration over all entries; see [`Table::scan`].
    pub fn scan(&self, cursor: u64, mut visit: impl FnMut(EntryRef<'_>)) -> u64 {
        self.keys.scan(cursor, |block| visit(self.borrow(block)))
    }

    /// A step of a round over the entries with an expiry; see [`Table::sweep`].
    pub fn sweep_volatile(&self, position: usize, mut visit: impl FnMut(EntryRef<'_>)) -> usize {
        self.volatile.sweep(position, |block| visit(self.borrow(block)))
    }

    pub fn random(&self, random: &mut Random) -> Option<EntryRef<'_>> {
        self.keys.random(random).map(|block| self.borrow(block))
    }

    pub fn random_volatile(&self, random: &mut Random) -> Option<EntryRef<'_>> {
        self.volatile.random(random).map(|block| self.borrow(block))
    }

    /// Up to `count` entries of neighbouring buckets; see [`Table::sample`].
    pub fn sample(&self, random: &mut Random, count: usize, mut visit: impl FnMut(EntryRef<'_>)) {
        self.keys.sample(random, count, |block| visit(self.borrow(block)));
    }

    /// As `sample`, out of the entries with an expiry.
    pub fn sample_volatile(&self, random: &mut Random, count: usize, mut visit: impl FnMut(EntryRef<'_>)) {
        self.volatile.sample(random, count, |block| visit(self.borrow(block)));
    }

    /// All entries, in no useful order. Each is asked for a little before it is given.
    pub fn iter(&self) -> impl Iterator<Item = EntryRef<'_>> {
        let mut ahead = self.keys.iter().map(|block| prefetch(block.as_ptr().cast_const()));
        ahead.by_ref().take(ASKED_AHEAD).for_each(drop);
        self.keys.iter().map(move |block| {
            ahead.next();
            self.borrow(block)
        })
    }

    /// Reads every entry and checks invariant 3.
    #[cfg(any(test, debug_assertions))]
    pub fn assert_invariants(&self) {
        self.keys.assert_invariants(|block| hash_of(self.hasher, block));
        self.volatile.assert_invariants(|block| hash_of(self.hasher, block));
        let with_expiry = self.iter().filter(|entry| entry.expiry_ms().is_some()).count();
        assert_eq!(with_expiry, self.volatile.len(), "entries with an expiry are in both tables");
        for block in self.volatile.iter() {
            let hash = hash_of(self.hasher, block);
            assert!(
                self.keys.find(hash, |other| other == block).is_some(),
                "the volatile table owns nothing"
            );
        }
    }

    /// Blocks of the tables are alive as long as the index is not changed (invariant 3).
    #[inline]
    #[expect(clippy::unused_self, reason = "the view must not outlive the borrow of the index")]
    fn borrow(&self, block: NonNull<Block>) -> EntryRef<'_> {
        EntryRef { block, owner: PhantomData }
    }

    fn forget_volatile(&mut self, hash: u64, block: NonNull<Block>) {
        let place = self.volatile.find(hash, |other| other == block);
        self.volatile.remove(place.expect("an entry with an expiry is in both tables"));
    }
}

fn hash_of(hasher: SipHasher13, block: NonNull<Block>) -> u64 {
    hasher.hash(EntryRef { block, owner: PhantomData }.key())
}

impl Drop for Index {
    fn drop(&mut self) {
        self.keys.iter().map(Entry).for_each(drop);
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.iter()).finish()
    }
}

/// Brings both tables up to date when a change ends, be it by a panic.
struct Modified<'a> {
    index: &'a mut Index,
    found: Found,
    old: NonNull<Block>,
    was_volatile: bool,
    entry: ManuallyDrop<Entry>,
}

impl Drop for Modified<'_> {
    fn drop(&mut self) {
        let Self { index, found, old, was_volatile, entry } = self;
        let new = entry.0;
        let is_volatile = entry.view().flags().has_expiry();
        if new != *old {
            index.keys.replace(found.place, new);
        }
        match (*was_volatile, is_volatile) {
            (false, false) => {}
            (false, true) => {
                let hasher = index.hasher;
                index.volatile.insert(found.hash, new, |block| hash_of(hasher, block));
            }
            (true, false) => index.forget_volatile(found.hash, *old),
            (true, true) if new != *old => {
                let place = index.volatile.find(found.hash, |other| other == *old);
                index.volatile.replace(place.expect("an entry with an expiry is in both tables"), new);
            }
            (true, true) => {}
        }
    }
}
