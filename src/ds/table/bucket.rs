//! A bucket of a [table](super): words in a cache line, and in nodes behind it.
//!
//! A word is an item's address with a tag above it; no word is an empty slot.

use std::ptr::NonNull;

/// Slots in the cache line of a bucket.
pub(super) const SLOTS: usize = 7;
/// Slots of an overflow node.
pub(super) const NODE_SLOTS: usize = 3;
/// An address has this many bits; the tag is above.
pub(super) const ADDRESS_BITS: u32 = 48;

/// One cache line of slots. Filled slots come first; overflow nodes exist only if the line is full, and only
/// the first of them may have room.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Bucket<T> {
    pub slots: [*mut T; SLOTS],
    pub overflow: Option<Box<Node<T>>>,
}

/// Slots that did not fit their bucket's line.
#[derive(Debug)]
pub(super) struct Node<T> {
    slots: [*mut T; NODE_SLOTS],
    next: Option<Box<Self>>,
}

const _: () = assert!(size_of::<Bucket<u8>>() == 64 && size_of::<Node<u8>>() == 32);

impl<T> Bucket<T> {
    pub const fn new() -> Self {
        Self { slots: [std::ptr::null_mut(); SLOTS], overflow: None }
    }

    #[inline]
    pub fn find(&self, tag: u16, mut is_it: impl FnMut(NonNull<T>) -> bool) -> Option<usize> {
        let mut matches = |word: *mut T| tag_of(word) == tag && item(word).is_some_and(&mut is_it);
        for (slot, word) in self.slots.iter().enumerate() {
            if matches(*word) {
                return Some(slot);
            }
        }
        let mut first_slot = SLOTS;
        let mut next = self.overflow.as_deref();
        while let Some(node) = next {
            for (slot, word) in node.slots.iter().enumerate() {
                if matches(*word) {
                    return Some(first_slot + slot);
                }
            }
            first_slot += NODE_SLOTS;
            next = node.next.as_deref();
        }
        None
    }

    #[inline]
    pub fn slot(&self, slot: usize) -> Option<&*mut T> {
        if slot < SLOTS {
            return self.slots.get(slot);
        }
        let mut node = self.overflow.as_deref()?;
        for _ in 0..(slot - SLOTS) / NODE_SLOTS {
            node = node.next.as_deref()?;
        }
        node.slots.get((slot - SLOTS) % NODE_SLOTS)
    }

    pub fn slot_mut(&mut self, slot: usize) -> Option<&mut *mut T> {
        if slot < SLOTS {
            return self.slots.get_mut(slot);
        }
        let mut node = self.overflow.as_deref_mut()?;
        for _ in 0..(slot - SLOTS) / NODE_SLOTS {
            node = node.next.as_deref_mut()?;
        }
        node.slots.get_mut((slot - SLOTS) % NODE_SLOTS)
    }

    pub fn push(&mut self, word: *mut T) {
        if let Some(free) = self.slots.iter_mut().find(|slot| slot.is_null()) {
            *free = word;
            return;
        }
        let in_node =
            self.overflow.as_mut().and_then(|node| node.slots.iter_mut().find(|slot| slot.is_null()));
        if let Some(free) = in_node {
            *free = word;
            return;
        }
        let mut slots = [std::ptr::null_mut(); NODE_SLOTS];
        slots[0] = word;
        self.overflow = Some(Box::new(Node { slots, next: self.overflow.take() }));
    }

    /// Takes a word out and closes the gap with the one added last.
    pub fn swap_remove(&mut self, slot: usize) -> Option<*mut T> {
        // The word added last may sit in the very node that goes away, so it is taken only after the slot
        // was filled with a copy of it.
        let last = self.last_slot()?;
        let filler = *self.slot(last)?;
        let removed = std::mem::replace(self.slot_mut(slot)?, filler);
        *self.slot_mut(last)? = std::ptr::null_mut();
        if let Some(mut node) = self.overflow.take_if(|node| node.slots[0].is_null()) {
            self.overflow = node.next.take();
        }
        Some(removed)
    }

    /// The slot that was filled last: in the first overflow node if there is one.
    fn last_slot(&self) -> Option<usize> {
        match &self.overflow {
            Some(node) => node.slots.iter().rposition(|word| !word.is_null()).map(|slot| SLOTS + slot),
            None => self.slots.iter().rposition(|word| !word.is_null()),
        }
    }

    /// The filled slots.
    pub fn words(&self) -> impl Iterator<Item = *mut T> {
        let nodes = std::iter::successors(self.overflow.as_deref(), |node| node.next.as_deref());
        self.slots.iter().chain(nodes.flat_map(|node| &node.slots)).copied().filter(|word| !word.is_null())
    }

    pub fn nodes(&self) -> usize {
        std::iter::successors(self.overflow.as_deref(), |node| node.next.as_deref()).count()
    }
}

impl<T> Default for Bucket<T> {
    fn default() -> Self {
        Self::new()
    }
}

pub(super) fn tag_of<T>(word: *mut T) -> u16 {
    (word.addr() >> ADDRESS_BITS) as u16
}

pub(super) fn tagged<T>(item: NonNull<T>, tag: u16) -> *mut T {
    item.as_ptr().map_addr(|address| address & ((1 << ADDRESS_BITS) - 1) | usize::from(tag) << ADDRESS_BITS)
}

/// The item in a slot, unless the slot is empty.
#[inline]
pub(super) fn item<T>(word: *mut T) -> Option<NonNull<T>> {
    NonNull::new(word.map_addr(|address| address & ((1 << ADDRESS_BITS) - 1)))
}
