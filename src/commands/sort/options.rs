//! What the arguments of SORT ask for.

use std::ops::Range;

use super::pattern::Pattern;
use crate::commands::args::Args;
use crate::commands::error::CommandError;

/// The arguments behind the key.
#[derive(Debug, Default)]
pub struct Options<'a> {
    pub descending: bool,
    alpha: bool,
    by: By<'a>,
    offset: i64,
    /// Negative, or not said: all.
    count: Option<i64>,
    pub get: Vec<Pattern<'a>>,
    pub store: Option<&'a [u8]>,
}

#[derive(Debug, Clone, Copy, Default)]
enum By<'a> {
    #[default]
    Element,
    Pattern(Pattern<'a>),
    /// A pattern without a place for the element: there is nothing to sort by.
    Nothing,
}

/// The order of the result. A pattern names the keys that elements are weighed by in place of themselves.
#[derive(Debug, Clone, Copy)]
pub enum Order<'a> {
    AsIs,
    Numbers(Option<Pattern<'a>>),
    Texts(Option<Pattern<'a>>),
}

impl<'a> Options<'a> {
    pub fn parse(args: &'a Args<'_>, may_store: bool) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            // An option at the end that lacks its arguments is no option.
            if args.keyword("asc") {
                options.descending = false;
            } else if args.keyword("desc") {
                options.descending = true;
            } else if args.keyword("alpha") {
                options.alpha = true;
            } else if args.left() > 2 && args.keyword("limit") {
                options.offset = args.next_int()?;
                options.count = Some(args.next_int()?);
            } else if may_store && args.left() > 1 && args.keyword("store") {
                options.store = Some(args.next()?);
            } else if args.left() > 1 && args.keyword("by") {
                options.by = match (options.by, Pattern::parse(args.next()?)) {
                    // Who has once asked not to sort gets that.
                    (By::Nothing, _) | (_, Pattern::Element | Pattern::Constant) => By::Nothing,
                    (_, pattern @ Pattern::Key { .. }) => By::Pattern(pattern),
                };
            } else if args.left() > 1 && args.keyword("get") {
                options.get.push(Pattern::parse(args.next()?));
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }

    /// A set has no order of its own: if the result is stored, it would differ from server to server, and is
    /// sorted by text instead.
    pub fn order(&self, is_set: bool) -> Order<'a> {
        match self.by {
            By::Nothing if is_set && self.store.is_some() => Order::Texts(None),
            By::Nothing => Order::AsIs,
            By::Element if self.alpha => Order::Texts(None),
            By::Element => Order::Numbers(None),
            By::Pattern(pattern) if self.alpha => Order::Texts(Some(pattern)),
            By::Pattern(pattern) => Order::Numbers(Some(pattern)),
        }
    }

    /// The part of `len` results that LIMIT leaves.
    pub fn range(&self, len: usize) -> Range<usize> {
        let start = usize::try_from(self.offset.max(0)).unwrap_or(len).min(len);
        let count = self.count.and_then(|count| usize::try_from(count).ok()).unwrap_or(len);
        start..len.min(start.saturating_add(count))
    }
}
