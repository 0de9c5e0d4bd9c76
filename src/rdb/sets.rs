//! Sets: integers as an intset, few members as a listpack, or one by one.

use std::io::{self, Read, Write};

use super::LoadError;
use super::body::{Body, Source};
use super::format::{SET_LISTPACKS_SINCE_VERSION, ValueType};
use super::packed::{Packing, canonical, take_records};
use super::value::{Form, ValueWriter};
use crate::ds::StrRef;
use crate::ds::intset::IntSet;

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a set of integers by the bytes of an [`IntSet`].
    pub fn intset(self, bytes: &[u8]) -> io::Result<()> {
        self.begin(ValueType::SetIntset)?.put_string(bytes)
    }

    /// Writes a set of so many members.
    pub fn set<'m>(
        self,
        form: Form,
        len: usize,
        mut members: impl Iterator<Item = StrRef<'m>>,
    ) -> io::Result<()> {
        if form == Form::Packed && self.version >= SET_LISTPACKS_SINCE_VERSION {
            let output = self.begin(ValueType::SetListpack)?;
            return output
                .put_packed(Packing::Listpack, |listpack| members.for_each(|member| listpack.push(member)));
        }
        let output = self.begin(ValueType::Set)?;
        output.put_len(len as u64)?;
        members.try_for_each(|member| output.put_str(member))
    }
}

/// Reads a set member by member.
pub struct SetReader<'r, R>(Source<'r, R>);

impl<'r, R: Read> SetReader<'r, R> {
    pub(super) fn begin(value_type: ValueType, body: &'r mut Body<R>) -> Result<Self, LoadError> {
        if value_type == ValueType::SetListpack {
            return take_records(body, Packing::Listpack, "Set listpack", 1).map(Self);
        }
        body.begin_records(value_type)?;
        Ok(Self::resume(body))
    }

    pub(super) fn resume(body: &'r mut Body<R>) -> Self {
        Self(Source::Arriving(body))
    }

    /// The next member; `None` behind the last. Only members that are [`SetReader::packed`] are
    /// known to be distinct.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<StrRef<'_>>, LoadError> {
        match &mut self.0 {
            Source::Packed { elements, .. } => Ok(elements.next().map(canonical)),
            Source::Arriving(body) => {
                if body.next_record() {
                    body.input.take_str(&mut body.first).map(Some)
                } else {
                    Ok(None)
                }
            }
        }
    }

    /// The members if they are all there already; they are distinct then.
    pub fn packed(&self) -> Option<impl Iterator<Item = StrRef<'r>> + Clone + use<'r, R>> {
        self.0.packed().map(|elements| elements.map(canonical))
    }

    /// How many members are still to arrive, so it is said.
    pub fn left(&self) -> u64 {
        self.0.left()
    }
}

/// Reads a set of integers.
pub(super) fn take_intset<R: Read>(body: &mut Body<R>) -> Result<IntSet, LoadError> {
    let offset = body.input.offset();
    let bytes = body.input.take_owned_string()?;
    let what = "not a width, a number and as many integers in ascending order";
    IntSet::from_bytes(bytes).map_err(|_| LoadError::Integrity { offset, kind: "Intset", what })
}
