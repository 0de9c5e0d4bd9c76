//! COMMAND DOCS: writes what `docs` holds.

use super::args::Args;
use super::command::CommandResult;
use super::context::Ctx;
use super::docs::{self, Doc, Group};
use super::registry::Registry;
use super::syntax::{Argument, ArgumentKind};
use crate::engine::CommandId;
use crate::resp::Reply;

/// All commands, or those asked for that exist.
pub fn docs(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let registry = ctx.registry;
    let asked: Vec<CommandId> = if args.left() == 0 {
        registry.top_level().map(|(id, _)| id).collect()
    } else {
        args.rest().filter_map(|name| registry.lookup_full_name(name)).collect()
    };
    write_all(ctx.reply, registry, &asked);
    Ok(())
}

fn write_all(reply: &mut Reply, registry: &Registry, ids: &[CommandId]) {
    reply.map(ids.len());
    for id in ids {
        let name = registry.full_name(*id);
        reply.bulk(name.as_bytes());
        reply.map_of_unknown(|reply| {
            // A test makes sure that there is one.
            let mut written = docs::lookup(name).map_or(0, |(group, doc)| write_doc(reply, group, doc));
            let subcommands = &registry.get(*id).subcommands;
            if !subcommands.is_empty() {
                reply.bulk(b"subcommands");
                write_all(reply, registry, subcommands);
                written += 1;
            }
            written
        });
    }
}

/// Returns the number of pairs.
fn write_doc(reply: &mut Reply, group: Group, doc: &Doc) -> usize {
    let mut pairs = 3;
    write_text(reply, "summary", doc.summary);
    write_text(reply, "since", doc.since);
    write_text(reply, "group", group.name());
    if let Some(complexity) = doc.complexity {
        write_text(reply, "complexity", complexity);
        pairs += 1;
    }
    if doc.flags().next().is_some() {
        reply.bulk(b"doc_flags");
        write_statuses(reply, doc.flags().collect());
        pairs += 1;
    }
    if let Some(deprecation) = doc.deprecation {
        write_text(reply, "deprecated_since", deprecation.since);
        write_text(reply, "replaced_by", deprecation.replaced_by);
        pairs += 2;
    }
    if !doc.history.is_empty() {
        reply.bulk(b"history");
        reply.set(doc.history.len());
        for (version, change) in doc.history {
            reply.array(2);
            reply.bulk(version.as_bytes());
            reply.bulk(change.as_bytes());
        }
        pairs += 1;
    }
    let arguments = doc.arguments();
    if !arguments.is_empty() {
        reply.bulk(b"arguments");
        write_arguments(reply, &arguments);
        pairs += 1;
    }
    pairs
}

fn write_arguments(reply: &mut Reply, arguments: &[Argument<'_>]) {
    reply.array(arguments.len());
    for argument in arguments {
        reply.map_of_unknown(|reply| write_argument(reply, argument));
    }
}

/// Returns the number of pairs.
fn write_argument(reply: &mut Reply, argument: &Argument<'_>) -> usize {
    let mut pairs = 2;
    write_text(reply, "name", &argument.name);
    write_text(reply, "type", argument.kind.name());
    if let Some(text) = argument.display_text() {
        write_text(reply, "display_text", text);
        pairs += 1;
    }
    if let Some(index) = argument.key_spec_index {
        reply.bulk(b"key_spec_index");
        reply.int(i64::from(index));
        pairs += 1;
    }
    if let Some(token) = argument.token {
        write_text(reply, "token", token);
        pairs += 1;
    }
    if let Some(version) = argument.since {
        write_text(reply, "since", version);
        pairs += 1;
    }
    if let Some(version) = argument.deprecated_since {
        write_text(reply, "deprecated_since", version);
        pairs += 1;
    }
    if !argument.flags.is_empty() {
        reply.bulk(b"flags");
        write_statuses(reply, argument.flags.names().collect());
        pairs += 1;
    }
    if matches!(argument.kind, ArgumentKind::OneOf | ArgumentKind::Block) {
        reply.bulk(b"arguments");
        write_arguments(reply, &argument.arguments);
        pairs += 1;
    }
    pairs
}

fn write_text(reply: &mut Reply, name: &str, text: &str) {
    reply.bulk(name.as_bytes());
    reply.bulk(text.as_bytes());
}

fn write_statuses(reply: &mut Reply, names: Vec<&str>) {
    reply.set(names.len());
    for name in names {
        reply.status(name);
    }
}
