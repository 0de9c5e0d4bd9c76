//! Sorted sets: few members with their scores as a listpack, or one by one.

use std::io::{self, Read, Write};

use super::LoadError;
use super::body::{Body, Source};
use super::format::{LISTPACKS_SINCE_VERSION, ValueType};
use super::input::{Input, recycle};
use super::packed::{Packing, canonical, take_records};
use super::value::{Form, ValueWriter};
use crate::ds::StrRef;
use crate::ds::listpack::Iter;
use crate::util::number::{parse_f64, push_f64};

/// Lengths of a score's text that stand for what has no digits.
const NOT_A_NUMBER: u8 = 253;
const POSITIVE_INFINITY: u8 = 254;
const NEGATIVE_INFINITY: u8 = 255;

/// Scores up to this magnitude are written as integers if they are integers, as Redis does.
const INTEGER_SCORE_MAX: f64 = (i64::MAX / 2) as f64;

impl<W: Write> ValueWriter<'_, W> {
    /// Writes a sorted set of so many members with their scores: ascending if they are packed; otherwise in any
    /// order, of which Redis likes descending best.
    pub fn zset<'m>(
        self,
        form: Form,
        len: usize,
        members: impl Iterator<Item = (StrRef<'m>, f64)>,
    ) -> io::Result<()> {
        if form == Form::Packed {
            let (value_type, packing) = if self.version >= LISTPACKS_SINCE_VERSION {
                (ValueType::SortedSetListpack, Packing::Listpack)
            } else {
                (ValueType::SortedSetZiplist, Packing::Ziplist)
            };
            let mut text = Vec::new();
            return self.begin(value_type)?.put_packed(packing, |packer| {
                for (member, score) in members {
                    packer.push(member);
                    packer.push(element_of(score, &mut text));
                }
            });
        }
        let output = self.begin(ValueType::SortedSet)?;
        output.put_len(len as u64)?;
        for (member, score) in members {
            output.put_str(member)?;
            output.put(&score.to_le_bytes())?;
        }
        Ok(())
    }
}

/// Reads a sorted set member by member.
pub struct ZsetReader<'r, R> {
    source: Source<'r, R>,
    /// Scores that arrive one by one are texts.
    has_text_scores: bool,
}

impl<'r, R: Read> ZsetReader<'r, R> {
    pub(super) fn begin(value_type: ValueType, body: &'r mut Body<R>) -> Result<Self, LoadError> {
        let (packing, kind) = match value_type {
            ValueType::SortedSetZiplist => (Packing::Ziplist, "Zset ziplist"),
            ValueType::SortedSetListpack => (Packing::Listpack, "Zset listpack"),
            _ => {
                body.begin_records(value_type)?;
                return Ok(Self::resume(value_type, body));
            }
        };
        let offset = body.input.offset();
        let zset = Self { source: take_records(body, packing, kind, 2)?, has_text_scores: false };
        if let Source::Packed { elements, .. } = &zset.source
            && elements.clone().skip(1).step_by(2).any(|score| score_of(score).is_none())
        {
            return Err(LoadError::Integrity { offset, kind, what: "a score is no number" });
        }
        Ok(zset)
    }

    pub(super) fn resume(value_type: ValueType, body: &'r mut Body<R>) -> Self {
        let has_text_scores = value_type == ValueType::SortedSetText;
        Self { source: Source::Arriving(body), has_text_scores }
    }

    /// The next member with its score, which is a number; `None` behind the last. Only members that are
    /// [`ZsetReader::packed`] are known to be distinct; in order are none.
    #[inline]
    pub fn next_member(&mut self) -> Result<Option<(StrRef<'_>, f64)>, LoadError> {
        let body = match &mut self.source {
            Source::Packed { elements, .. } => return Ok(next_packed(elements)),
            Source::Arriving(body) => body,
        };
        if !body.next_record() {
            return Ok(None);
        }
        let Body { input, first, second, .. } = &mut **body;
        let member = input.take_str(first)?;
        let offset = input.offset();
        let score = if self.has_text_scores {
            take_text_score(input, second)?
        } else {
            f64::from_le_bytes(input.take_array()?)
        };
        if score.is_nan() {
            return Err(LoadError::Corrupt { offset, what: "a score is no number" });
        }
        Ok(Some((member, score)))
    }

    /// How many members are still to arrive, so it is said.
    pub fn left(&self) -> u64 {
        self.source.left()
    }

    /// The members if they are all there already; they are distinct then.
    pub fn packed(&self) -> Option<impl Iterator<Item = (StrRef<'r>, f64)> + Clone + use<'r, R>> {
        let mut elements = self.source.packed()?;
        Some(std::iter::from_fn(move || next_packed(&mut elements)))
    }
}

#[inline]
fn next_packed<'r>(elements: &mut Iter<'r>) -> Option<(StrRef<'r>, f64)> {
    let member = canonical(elements.next()?);
    Some((member, score_of(elements.next()?)?))
}

fn take_text_score<R: Read>(input: &mut Input<R>, text: &mut Vec<u8>) -> Result<f64, LoadError> {
    let offset = input.offset();
    match input.take_byte()? {
        NOT_A_NUMBER => Ok(f64::NAN),
        POSITIVE_INFINITY => Ok(f64::INFINITY),
        NEGATIVE_INFINITY => Ok(f64::NEG_INFINITY),
        length => {
            recycle(text);
            input.append(length.into(), text)?;
            parse_f64(text).ok_or(LoadError::Corrupt { offset, what: "a score is no number" })
        }
    }
}

/// The score that an element of a listpack is.
fn score_of(element: StrRef<'_>) -> Option<f64> {
    match element {
        StrRef::Int(number) => Some(number as f64),
        StrRef::Bytes(text) => parse_f64(text),
    }
}

/// The score as an element of a listpack; a text is written to the buffer.
fn element_of(score: f64, text: &mut Vec<u8>) -> StrRef<'_> {
    if score.abs() <= INTEGER_SCORE_MAX && score.fract() == 0.0 {
        return StrRef::Int(score as i64);
    }
    text.clear();
    push_f64(text, score);
    StrRef::Bytes(text)
}
