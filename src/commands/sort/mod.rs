//! SORT and SORT_RO.
//!
//! * `options`: what the arguments ask for.
//! * `elements`: the elements of the value, copied in one block.
//! * `order`: their weights, and putting them in order.
//! * `pattern`: the values of other keys, which BY and GET name by patterns.

mod options;
mod elements;
mod order;
mod pattern;
#[cfg(test)]
mod tests;

use elements::{Elements, Source};
use options::{Options, Order};
use pattern::{Lookup, Pattern};

use super::args::Args;
use super::command::Arity::AtLeast;
use super::command::access::{ACCESS, OW, RO, UPDATE};
use super::command::categories::{DANGEROUS, LIST, SET, SORTEDSET};
use super::command::flags::{DENYOOM, MOVABLE_KEYS, READONLY, WRITE};
use super::command::{Begin, Command, CommandResult, Find, KeySpec, command, key_at};
use super::context::Ctx;
use super::free::free;
use super::key_extraction::{KeyPosition, Keys, Line};
use crate::ds::StrRef;
use crate::keyspace::{EventClass, Keyspace};
use crate::types::{End, List};

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
fn keys_of_sort(line: &dyn Line) -> Option<Keys> {
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

fn keys_of_sort_ro(_: &dyn Line) -> Option<Keys> {
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
        Some(target) => store(ctx, target, &elements, &options.get),
        None => reply(ctx, &elements, &options.get),
    }
    Ok(())
}

fn reply(ctx: &mut Ctx<'_>, elements: &Elements, get: &[Pattern<'_>]) {
    ctx.reply.array(elements.len() * get.len().max(1));
    visit_results(ctx.keys, elements, get, |result| match result {
        Some(text) => ctx.reply.bulk_str(text),
        None => ctx.reply.null(),
    });
}

/// Makes the results a list; what a GET does not find becomes empty text.
fn store(ctx: &mut Ctx<'_>, target: &[u8], elements: &Elements, get: &[Pattern<'_>]) {
    let (limits, db) = (ctx.list_limits(), ctx.client.db);
    let mut list = List::new();
    visit_results(ctx.keys, elements, get, |result| {
        let text = result.unwrap_or(StrRef::Bytes(b""));
        text.with_text(|text| list.push(End::Back, std::iter::once(text), &limits));
    });
    let len = list.len();
    let (replaced, units, class, event) = if len == 0 {
        (ctx.keys.remove(target), 1, EventClass::GENERIC, "del")
    } else {
        (ctx.keys.set_object(target, list), len as u64, EventClass::LIST, "sortstore")
    };
    if len > 0 || replaced.is_some() {
        ctx.keys.effects.touched(db, target);
        ctx.keys.effects.add_dirty(units);
        ctx.keys.effects.event(class, event, db, target);
    }
    if let Some(entry) = replaced {
        free(&ctx.engine.worker, entry, ctx.engine.config.memory.lazyfree_lazy_server_del);
    }
    ctx.reply.count(len);
}

/// Visits what the GETs find for each element; without a GET the elements themselves.
fn visit_results(
    keys: &mut Keyspace,
    elements: &Elements,
    get: &[Pattern<'_>],
    mut visit: impl FnMut(Option<StrRef<'_>>),
) {
    let mut lookup = Lookup::new(keys);
    for element in elements.iter() {
        if get.is_empty() {
            visit(Some(element));
        }
        for pattern in get {
            visit(lookup.value(*pattern, element));
        }
    }
}
