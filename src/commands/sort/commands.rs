//! The rows and the handlers of SORT and SORT_RO.

use super::elements::{Elements, Source};
use super::options::{Options, Order};
use super::pattern::Lookup;
use super::{order, result};
use crate::commands::args::Args;
use crate::commands::command::Arity::AtLeast;
use crate::commands::command::access::{ACCESS, OW, RO, UPDATE};
use crate::commands::command::categories::{DANGEROUS, LIST, SET, SORTEDSET};
use crate::commands::command::flags::{DENYOOM, MOVABLE_KEYS, READONLY, WRITE};
use crate::commands::command::{Begin, Command, CommandResult, Find, KeySpec, command, key_at};
use crate::commands::context::Ctx;
use crate::commands::key_extraction::{KeyPosition, Keys, Line};

pub const COMMANDS: &[Command] = &[
    command(
        "sort",
        sort,
        AtLeast(2),
        WRITE | DENYOOM | MOVABLE_KEYS,
        SET | SORTEDSET | LIST | DANGEROUS,
        &[key_at(1, RO | ACCESS), KEYS_OF_PATTERNS, STORE_KEY],
    )
    .keys_by(keys_of_sort),
    command(
        "sort_ro",
        sort_ro,
        AtLeast(2),
        READONLY | MOVABLE_KEYS,
        SET | SORTEDSET | LIST | DANGEROUS,
        &[key_at(1, RO | ACCESS), KEYS_OF_PATTERNS],
    )
    .keys_by(keys_of_sort_ro),
];

const KEYS_OF_PATTERNS: KeySpec = anywhere(RO | ACCESS).notes(
    "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of \
     the key we sort",
);
const STORE_KEY: KeySpec = anywhere(OW | UPDATE).notes(
    "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the \
     argument array",
);

const fn anywhere(access: u32) -> KeySpec {
    KeySpec { access, begin: Begin::Unknown, find: Find::Unknown, notes: "" }
}

/// The key to sort, and the one behind the last STORE.
pub(super) fn keys_of_sort(line: &dyn Line) -> Option<Keys> {
    let mut keys = keys_of_sort_ro(line)?;
    let mut index = 2;
    while index < line.len() {
        let is = |word: &str| line.word(index).eq_ignore_ascii_case(word.as_bytes());
        if is("store") && index + 1 < line.len() {
            keys.truncate(1);
            keys.push(KeyPosition { index: index + 1, access: OW | UPDATE });
        }
        let arguments = if is("limit") { 2 } else { usize::from(is("get") || is("by")) };
        index += 1 + arguments;
    }
    Some(keys)
}

pub(super) fn keys_of_sort_ro(_: &dyn Line) -> Option<Keys> {
    Some(Keys::from_iter([KeyPosition { index: 1, access: RO | ACCESS }]))
}

/// `SORT key [BY pattern] [LIMIT offset count] [GET pattern ...] [ASC | DESC] [ALPHA] [STORE destination]`
fn sort(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args, true)?;
    sort_key(ctx, key, &options)
}

/// The same without STORE.
fn sort_ro(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let key = args.next()?;
    let options = Options::parse(args, false)?;
    sort_key(ctx, key, &options)
}

fn sort_key(ctx: &mut Ctx<'_>, key: &[u8], options: &Options<'_>) -> CommandResult {
    let source = Source::find(ctx.keys, key)?;
    let range = options.range(source.len());
    let elements = match options.order(source.is_set()) {
        Order::AsIs => Elements::in_order(source, range, options.descending),
        Order::Numbers(by) => {
            let mut elements = Elements::all(source);
            order::by_number(&mut elements, &mut Lookup::new(ctx.keys), by, options.descending, range)?;
            elements
        }
        Order::Texts(by) => {
            let mut elements = Elements::all(source);
            let collate = options.store.is_none();
            order::by_text(&mut elements, &mut Lookup::new(ctx.keys), by, options.descending, collate, range);
            elements
        }
    };
    match options.store {
        Some(target) => result::store(ctx, target, &elements, &options.get),
        None => result::reply(ctx, &elements, &options.get),
    }
    Ok(())
}
