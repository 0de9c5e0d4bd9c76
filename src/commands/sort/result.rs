//! What becomes of sorted elements: a reply, or a list.

use super::elements::Elements;
use super::pattern::{Lookup, Pattern};
use crate::commands::context::Ctx;
use crate::commands::free::free;
use crate::ds::StrRef;
use crate::keyspace::{EventClass, Keyspace};
use crate::types::{End, List};

pub fn reply(ctx: &mut Ctx<'_>, elements: &Elements, get: &[Pattern<'_>]) {
    ctx.reply.array(elements.len() * get.len().max(1));
    visit_results(ctx.keys, elements, get, |result| match result {
        Some(text) => ctx.reply.bulk_str(text),
        None => ctx.reply.null(),
    });
}

/// Makes the results a list; what a GET does not find becomes empty text.
pub fn store(ctx: &mut Ctx<'_>, target: &[u8], elements: &Elements, get: &[Pattern<'_>]) {
    let (limits, db) = (ctx.engine.list_limits(), ctx.client.db);
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
