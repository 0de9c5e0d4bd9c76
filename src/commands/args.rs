//! Arguments read through a cursor: each step takes one argument and makes it a type. Every error
//! about an argument's form is raised here.

use std::cell::Cell;

use super::error::CommandError;
use crate::resp::{Request, Taken};
use crate::util::number::parse_i64;

/// The arguments of a request; the cursor starts behind the command's name.
#[derive(Debug)]
pub struct Args<'a> {
    request: Request<'a>,
    next: Cell<usize>,
    /// A bit per argument not to be shown; the last bit stands for all arguments from there on.
    redacted: Cell<u64>,
    /// Arguments stay whole when they are taken.
    stay_whole: bool,
}

/// What is shown in place of a secret.
const REDACTED: &[u8] = b"(redacted)";

impl<'a> Args<'a> {
    /// A cursor over `request`, the first `skip` arguments being the command's name.
    pub fn new(request: Request<'a>, skip: usize) -> Self {
        Self { request, next: Cell::new(skip), redacted: Cell::new(0), stay_whole: false }
    }

    /// From now on arguments stay whole when they are taken: the request is going to be propagated or
    /// shown to monitors.
    pub fn keep_whole(&mut self) {
        self.stay_whole = true;
    }

    /// The number of arguments, the command's name included.
    pub fn len(&self) -> usize {
        self.request.len()
    }

    pub fn is_empty(&self) -> bool {
        self.request.is_empty()
    }

    /// How many arguments are left behind the cursor.
    pub fn left(&self) -> usize {
        self.request.len().saturating_sub(self.next.get())
    }

    /// The index of the argument the cursor stands at.
    pub fn position(&self) -> usize {
        self.next.get()
    }

    /// Argument `index` counted from the command's name at 0; empty where there is none.
    #[inline]
    pub fn at(&self, index: usize) -> &[u8] {
        self.request.argument(index).unwrap_or_default()
    }

    /// The next argument.
    #[inline]
    pub fn next(&self) -> Result<&[u8], CommandError> {
        let index = self.next.get();
        let argument = self.request.argument(index).ok_or(CommandError::Syntax)?;
        self.next.set(index + 1);
        Ok(argument)
    }

    /// The next argument as an integer.
    pub fn next_int(&self) -> Result<i64, CommandError> {
        parse_i64(self.next()?).ok_or(CommandError::NotAnInteger)
    }

    /// The next argument as an integer of 32 bits: what Redis keeps the numbers of databases in.
    pub fn next_int32(&self) -> Result<i32, CommandError> {
        let (min, max) = (i64::from(i32::MIN), i64::from(i32::MAX));
        i32::try_from(self.next_int()?).map_err(|_| CommandError::ValueMustBeBetween { min, max })
    }

    /// Steps over the next argument if it is this word, in any case.
    #[inline]
    pub fn keyword(&self, word: &str) -> bool {
        let found = self.peek_is(word);
        if found {
            self.next.set(self.next.get() + 1);
        }
        found
    }

    /// Whether the next argument is this word, in any case.
    #[inline]
    pub fn peek_is(&self, word: &str) -> bool {
        self.request
            .argument(self.next.get())
            .is_some_and(|argument| argument.eq_ignore_ascii_case(word.as_bytes()))
    }

    /// Fails if an argument is left.
    pub fn finish(&self) -> Result<(), CommandError> {
        if self.left() == 0 { Ok(()) } else { Err(CommandError::Syntax) }
    }

    /// The arguments behind the cursor, which stays where it is.
    pub fn rest(&self) -> impl Iterator<Item = &[u8]> {
        (self.next.get()..self.len()).map(|index| self.at(index))
    }

    /// All arguments, the command's name included.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.request.iter()
    }

    /// The length argument `index` arrived with, also after it was taken.
    pub fn original_len(&self, index: usize) -> usize {
        self.request.argument_len(index)
    }

    /// Moves argument `index` out; a big one is handed over without a copy, and only its head stays, unless
    /// [`Args::keep_whole`] was called.
    pub fn take(&mut self, index: usize) -> Taken<'a> {
        if self.stay_whole { self.request.copy(index) } else { self.request.take(index) }
    }

    /// Argument `index` is a secret: MONITOR and the slow log do not show it.
    pub fn redact(&self, index: usize) {
        self.redacted.set(self.redacted.get() | 1 << index.min(63));
    }

    /// All arguments as others may see them.
    pub fn shown(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        let redacted = self.redacted.get();
        (0..self.len()).map(
            move |index| {
                if redacted & (1 << index.min(63)) == 0 { self.at(index) } else { REDACTED }
            },
        )
    }

    /// The request itself, to be kept (MULTI's queue).
    pub fn request_mut(&mut self) -> &mut Request<'a> {
        &mut self.request
    }
}
