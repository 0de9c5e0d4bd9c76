//! Long strings by number, beside blocks of packed ones: a block stays small however long its strings are, and
//! two structures (a hash table and a ranked tree) can share one copy.
//!
//! Slots sit in pages that never move, so that growing copies nothing; free slots are a list through the
//! slots themselves. Adding, reading and removing take constant time.

use crate::util::size_class::size_class;

/// Slots per page.
const PAGE: usize = 256;

/// The number of a string in a [`Slab`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LongId(u32);

impl LongId {
    pub const fn from_u32(number: u32) -> Self {
        Self(number)
    }

    pub const fn to_u32(self) -> u32 {
        self.0
    }

    fn place(self) -> (usize, usize) {
        (self.0 as usize / PAGE, self.0 as usize % PAGE)
    }
}

/// Strings by number. An empty slab allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Slab {
    pages: Vec<Vec<Slot>>,
    first_free: Option<LongId>,
    len: usize,
    text_bytes: usize,
}

#[derive(Debug, Clone)]
enum Slot {
    Taken(Box<[u8]>),
    Free { next: Option<LongId> },
}

impl Slab {
    pub const fn new() -> Self {
        Self { pages: Vec::new(), first_free: None, len: 0, text_bytes: 0 }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps a copy of the text.
    pub fn insert(&mut self, text: &[u8]) -> LongId {
        self.len += 1;
        self.text_bytes += size_class(text.len());
        if let Some(id) = self.first_free {
            let slot = self.slot_mut(id);
            let Slot::Free { next } = std::mem::replace(slot, Slot::Taken(text.into())) else {
                unreachable!("the list of free slots names free slots")
            };
            self.first_free = next;
            return id;
        }
        if self.pages.last().is_none_or(|page| page.len() == PAGE) {
            self.pages.push(Vec::new());
        }
        let page_index = self.pages.len() - 1;
        let page = &mut self.pages[page_index];
        page.push(Slot::Taken(text.into()));
        let number = page_index * PAGE + page.len() - 1;
        LongId(u32::try_from(number).expect("four billion long strings take more memory than there is"))
    }

    /// The text of a number that `insert` gave and `remove` has not taken back.
    #[inline]
    pub fn get(&self, id: LongId) -> &[u8] {
        let (page, slot) = id.place();
        match &self.pages[page][slot] {
            Slot::Taken(text) => text,
            Slot::Free { .. } => unreachable!("a number is used only while its string is there"),
        }
    }

    /// Puts another text under the same number.
    pub fn replace(&mut self, id: LongId, text: &[u8]) {
        self.text_bytes = self.text_bytes - size_class(self.get(id).len()) + size_class(text.len());
        *self.slot_mut(id) = Slot::Taken(text.into());
    }

    /// Takes a string out; its number will be given again.
    pub fn remove(&mut self, id: LongId) {
        self.text_bytes -= size_class(self.get(id).len());
        self.len -= 1;
        if self.len == 0 {
            *self = Self::new();
            return;
        }
        let next = self.first_free;
        *self.slot_mut(id) = Slot::Free { next };
        self.first_free = Some(id);
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        let slots: usize =
            self.pages.iter().map(|page| size_class(page.capacity() * size_of::<Slot>())).sum();
        self.text_bytes + slots + size_class(self.pages.capacity() * size_of::<Vec<Slot>>())
    }

    fn slot_mut(&mut self, id: LongId) -> &mut Slot {
        let (page, slot) = id.place();
        &mut self.pages[page][slot]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_given_again_and_name_the_new_string() {
        let mut slab = Slab::new();
        let ids: Vec<LongId> = (0..600_u32).map(|number| slab.insert(&number.to_le_bytes())).collect();
        slab.remove(ids[5]);
        slab.remove(ids[300]);
        assert_eq!(slab.insert(b"first"), ids[300]);
        assert_eq!(slab.insert(b"second"), ids[5]);
        slab.replace(ids[7], b"third");
        assert_eq!(
            (slab.get(ids[300]), slab.get(ids[5]), slab.get(ids[7])),
            (&b"first"[..], &b"second"[..], &b"third"[..])
        );
        assert_eq!(slab.get(ids[599]), 599_u32.to_le_bytes());
        assert_eq!(slab.len(), 600);
    }

    #[test]
    fn an_emptied_slab_holds_no_memory() {
        let mut slab = Slab::new();
        let id = slab.insert(&[0; 100]);
        assert!(slab.heap_bytes() >= 112);
        slab.remove(id);
        assert_eq!(slab.heap_bytes(), 0);
    }
}
