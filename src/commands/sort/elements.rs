//! The elements of a list, set or sorted set, copied in one block: while they are sorted, other keys are
//! looked up, and any of them may expire.

use std::ops::Range;

use crate::commands::error::CommandError;
use crate::ds::StrRef;
use crate::keyspace::{Keyspace, Object};
use crate::types::{End, List, Set, Zset};

/// What is sorted.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    Nothing,
    List(&'a List),
    Set(&'a Set),
    Zset(&'a Zset),
}

/// Copies of elements.
#[derive(Debug, Default)]
pub struct Elements {
    items: Vec<Item>,
    texts: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Item {
    Int(i64),
    Text { start: usize, length: usize },
}

impl<'a> Source<'a> {
    pub fn find(keys: &'a mut Keyspace, key: &[u8]) -> Result<Self, CommandError> {
        let Some(entry) = keys.find(key) else { return Ok(Self::Nothing) };
        match entry.object() {
            Some(Object::List(list)) => Ok(Self::List(list)),
            Some(Object::Set(set)) => Ok(Self::Set(set)),
            Some(Object::Zset(zset)) => Ok(Self::Zset(zset)),
            _ => Err(CommandError::WrongType),
        }
    }

    pub fn len(self) -> usize {
        match self {
            Self::Nothing => 0,
            Self::List(list) => list.len(),
            Self::Set(set) => set.len(),
            Self::Zset(zset) => zset.len(),
        }
    }

    pub fn is_set(self) -> bool {
        matches!(self, Self::Set(_))
    }
}

impl Elements {
    pub fn all(source: Source<'_>) -> Self {
        Self::in_order(source, 0..source.len(), false)
    }

    /// The elements of a range, in the order of the source or against it. A set has no order.
    pub fn in_order(source: Source<'_>, range: Range<usize>, backwards: bool) -> Self {
        let mut elements = Self { items: Vec::with_capacity(range.len()), texts: Vec::new() };
        let from_back = source.len() - range.end..source.len() - range.start;
        match source {
            Source::Nothing => {}
            Source::List(_) if range.is_empty() => {}
            Source::List(list) if backwards => {
                list.visit_some(from_back.end - 1, End::Front, range.len(), |text| elements.push(text));
            }
            Source::List(list) => {
                list.visit_some(range.start, End::Back, range.len(), |text| elements.push(text));
            }
            Source::Set(set) => {
                set.iter().skip(range.start).take(range.len()).for_each(|text| elements.push(text));
            }
            Source::Zset(zset) if backwards => {
                zset.descending(from_back).for_each(|(text, _)| elements.push(text));
            }
            Source::Zset(zset) => zset.ascending(range).for_each(|(text, _)| elements.push(text)),
        }
        elements
    }

    pub fn len(&self) -> usize {
        self.items.len()
    }

    pub fn get(&self, index: usize) -> StrRef<'_> {
        self.text(self.items[index])
    }

    pub fn iter(&self) -> impl Iterator<Item = StrRef<'_>> {
        self.items.iter().map(|item| self.text(*item))
    }

    /// Keeps the elements of these indices, in their order.
    pub fn arrange(&mut self, indices: impl Iterator<Item = usize>) {
        self.items = indices.map(|index| self.items[index]).collect();
    }

    fn push(&mut self, text: StrRef<'_>) {
        self.items.push(match text {
            StrRef::Int(number) => Item::Int(number),
            StrRef::Bytes(bytes) => {
                let start = self.texts.len();
                self.texts.extend_from_slice(bytes);
                Item::Text { start, length: bytes.len() }
            }
        });
    }

    fn text(&self, item: Item) -> StrRef<'_> {
        match item {
            Item::Int(number) => StrRef::Int(number),
            Item::Text { start, length } => StrRef::Bytes(&self.texts[start..start + length]),
        }
    }
}
