//! What unions, intersections and differences read: sorted sets, and sets, whose members all have the score 1.

use std::ops::ControlFlow;

use crate::commands::error::CommandError;
use crate::ds::StrRef;
use crate::keyspace::{EntryRef, Keyspace, Object, WrongType};
use crate::types::{Set, Zset};

/// The score of a member of a set.
const SET_SCORE: f64 = 1.0;

/// One input; a missing key is an empty one.
#[derive(Debug, Clone, Copy)]
pub enum Input<'a> {
    Missing,
    Zset(&'a Zset),
    Set(&'a Set),
}

/// Looks at all keys, in their order up to the first of a wrong type.
pub fn check<'k>(keys: &mut Keyspace, names: impl Iterator<Item = &'k [u8]>) -> Result<(), CommandError> {
    for name in names {
        if let Some(entry) = keys.find(name) {
            Input::of(entry.object())?;
        }
    }
    Ok(())
}

impl<'a> Input<'a> {
    /// What is under a key that has been checked.
    pub fn read(keys: &'a Keyspace, name: &[u8]) -> Self {
        let object = keys.reread(name).and_then(EntryRef::object);
        Self::of(object).unwrap_or(Input::Missing)
    }

    fn of(object: Option<&'a Object>) -> Result<Self, WrongType> {
        match object {
            Some(Object::Zset(zset)) => Ok(Input::Zset(zset)),
            Some(Object::Set(set)) => Ok(Input::Set(set)),
            _ => Err(WrongType),
        }
    }

    pub fn len(self) -> usize {
        match self {
            Input::Missing => 0,
            Input::Zset(zset) => zset.len(),
            Input::Set(set) => set.len(),
        }
    }

    pub fn score(self, member: StrRef<'_>) -> Option<f64> {
        match self {
            Input::Missing => None,
            Input::Zset(zset) => zset.score_of(member),
            Input::Set(set) => set.contains(member).then_some(SET_SCORE),
        }
    }

    /// Visits the elements until `visit` breaks off.
    pub fn visit(self, mut visit: impl FnMut(StrRef<'a>, f64) -> ControlFlow<()>) {
        // Breaking off is no news to the caller.
        let _ = match self {
            Input::Missing => ControlFlow::Continue(()),
            Input::Zset(zset) => zset.iter().try_for_each(|(member, score)| visit(member, score)),
            Input::Set(set) => set.iter().try_for_each(|member| visit(member, SET_SCORE)),
        };
    }
}
