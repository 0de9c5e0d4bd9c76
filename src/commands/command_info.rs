//! COMMAND: what the table says of its rows. (COMMAND DOCS: see `command_docs`.)

use super::args::Args;
use super::command::Arity::{AtLeast, Exactly};
use super::command::categories::{self, CONNECTION};
use super::command::flags::{self, LOADING, NO_MANDATORY_KEYS, STALE};
use super::command::{Begin, Command, CommandResult, Find, KeySpec, access, command, container_with};
use super::command_docs;
use super::context::Ctx;
use super::error::CommandError;
use super::help;
use super::key_extraction::{Keys, Tail, Wanted, keys_of, may_have_keys};
use super::registry::{Registered, Registry};
use crate::engine::CommandId;
use crate::resp::Reply;
use crate::util::glob;

const QUESTION: u32 = LOADING | STALE;
const UNORDERED: &[&str] = &["nondeterministic_output_order"];

pub const COMMANDS: &[Command] = &[Command {
    handler: all,
    arity: AtLeast(1),
    ..container_with(
        "command",
        QUESTION,
        CONNECTION,
        &[
            command("count", count, Exactly(2), QUESTION, CONNECTION, &[]),
            command("docs", command_docs::docs, AtLeast(2), QUESTION, CONNECTION, &[]).tips(UNORDERED),
            command("getkeys", getkeys, AtLeast(3), QUESTION, CONNECTION, &[]),
            command("getkeysandflags", getkeysandflags, AtLeast(3), QUESTION, CONNECTION, &[]),
            command("help", command_help, Exactly(2), QUESTION, CONNECTION, &[]),
            command("info", info, AtLeast(2), QUESTION, CONNECTION, &[]).tips(UNORDERED),
            command("list", list, AtLeast(2), QUESTION, CONNECTION, &[]).tips(UNORDERED),
        ],
    )
    .tips(UNORDERED)
}];

fn all(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let registry = ctx.registry;
    ctx.reply.array(registry.top_level().count());
    for (_, entry) in registry.top_level() {
        write_info(ctx.reply, registry, entry);
    }
    Ok(())
}

fn count(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.count(ctx.registry.top_level().count());
    Ok(())
}

fn info(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.left() == 0 {
        return all(ctx, args);
    }
    ctx.reply.array(args.left());
    for name in args.rest() {
        match ctx.registry.lookup_full_name(name) {
            Some(id) => write_info(ctx.reply, ctx.registry, ctx.registry.get(id)),
            None => ctx.reply.null(),
        }
    }
    Ok(())
}

fn write_info(reply: &mut Reply, registry: &Registry, entry: &Registered) {
    let row = entry.command;
    let (first, last, step) = key_range(row.keys);
    reply.array(10);
    reply.bulk(entry.full_name.as_bytes());
    reply.int(row.arity.wire());
    write_names(reply, row.flags, flags::WIRE_NAMES, "");
    reply.int(first);
    reply.int(last);
    reply.int(step);
    write_names(reply, row.all_categories(), categories::WIRE_NAMES, "@");
    reply.set(row.tips.len());
    for tip in row.tips {
        reply.bulk(tip.as_bytes());
    }
    reply.set(row.keys.len());
    for spec in row.keys {
        write_key_spec(reply, spec);
    }
    if entry.subcommands.is_empty() {
        reply.set(0);
        return;
    }
    reply.array(entry.subcommands.len());
    for subcommand in &entry.subcommands {
        write_info(reply, registry, registry.get(*subcommand));
    }
}

/// The names of the bits that are set.
fn write_names(reply: &mut Reply, bits: u32, names: &[(u32, &str)], prefix: &str) {
    let set = || names.iter().filter(|(bit, _)| bits & bit != 0);
    reply.set(set().count());
    for (_, name) in set() {
        reply.status(&format!("{prefix}{name}"));
    }
}

/// First key, last key and step: all that clients knew before there were key specifications. Several
/// specifications are summed up as far as they are adjacent ranges from fixed places.
fn key_range(specs: &[KeySpec]) -> (i64, i64, i64) {
    let mut ranges = specs.iter().filter_map(|spec| match (spec.begin, spec.find) {
        (Begin::Index(first), Find::Range { last, step, .. }) => {
            let first = first as i64;
            Some((first, if last < 0 { last } else { first + last }, step as i64))
        }
        _ => None,
    });
    if specs.len() == 1 {
        return ranges.next().unwrap_or_default();
    }
    let mut sum: Option<(i64, i64)> = None;
    for (first, last, step) in ranges {
        sum = match sum {
            _ if step != 1 => sum,
            None => Some((first, last)),
            // A range that is open to the end stays the last one.
            Some((begin, end)) if first == end + 1 => Some((begin, last)),
            Some(_) => sum,
        };
    }
    sum.map_or((0, 0, 0), |(first, last)| (first, last, 1))
}

fn write_key_spec(reply: &mut Reply, spec: &KeySpec) {
    reply.map(3 + usize::from(!spec.notes.is_empty()));
    if !spec.notes.is_empty() {
        reply.bulk(b"notes");
        reply.bulk(spec.notes.as_bytes());
    }
    reply.bulk(b"flags");
    write_names(reply, spec.access, access::WIRE_NAMES, "");
    reply.bulk(b"begin_search");
    match spec.begin {
        Begin::Index(index) => write_typed(reply, "index", &[("index", Fact::Int(index as i64))]),
        Begin::Keyword(keyword, start) => write_typed(
            reply,
            "keyword",
            &[("keyword", Fact::Text(keyword)), ("startfrom", Fact::Int(start))],
        ),
        Begin::Unknown => write_typed(reply, "unknown", &[]),
    }
    reply.bulk(b"find_keys");
    match spec.find {
        Find::Range { last, step, limit } => write_typed(
            reply,
            "range",
            &[
                ("lastkey", Fact::Int(last)),
                ("keystep", Fact::Int(step as i64)),
                ("limit", Fact::Int(limit as i64)),
            ],
        ),
        Find::Count { at, first, step } => write_typed(
            reply,
            "keynum",
            &[
                ("keynumidx", Fact::Int(at as i64)),
                ("firstkey", Fact::Int(first as i64)),
                ("keystep", Fact::Int(step as i64)),
            ],
        ),
        Find::Unknown => write_typed(reply, "unknown", &[]),
    }
}

enum Fact {
    Int(i64),
    Text(&'static str),
}

/// One half of a key specification.
fn write_typed(reply: &mut Reply, kind: &str, facts: &[(&str, Fact)]) {
    reply.map(2);
    reply.bulk(b"type");
    reply.bulk(kind.as_bytes());
    reply.bulk(b"spec");
    reply.map(facts.len());
    for (name, fact) in facts {
        reply.bulk(name.as_bytes());
        match fact {
            Fact::Int(value) => reply.int(*value),
            Fact::Text(text) => reply.bulk(text.as_bytes()),
        }
    }
}

/// COMMAND LIST's FILTERBY.
enum Filter<'a> {
    /// There are no modules, so no command is of one.
    Module,
    /// No bit at all for a category that does not exist.
    Category(u32),
    Pattern(&'a [u8]),
}

impl Filter<'_> {
    fn takes(&self, entry: &Registered) -> bool {
        match self {
            Self::Module => false,
            Self::Category(category) => entry.command.all_categories() & category != 0,
            Self::Pattern(pattern) => glob::matches(pattern, entry.full_name.as_bytes(), true),
        }
    }
}

fn list(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let filter = parse_filter(args)?;
    let registry = ctx.registry;
    let takes = |id: &CommandId| filter.as_ref().is_none_or(|filter| filter.takes(registry.get(*id)));
    ctx.reply.array_of_unknown(|reply| {
        let reachable =
            registry.top_level().flat_map(|(id, entry)| [id].into_iter().chain(entry.subcommands.clone()));
        reachable.filter(takes).map(|id| reply.bulk(registry.full_name(id).as_bytes())).count()
    });
    Ok(())
}

fn parse_filter<'a>(args: &'a Args<'_>) -> Result<Option<Filter<'a>>, CommandError> {
    if args.left() == 0 {
        return Ok(None);
    }
    if args.left() != 3 || !args.keyword("filterby") {
        return Err(CommandError::Syntax);
    }
    let kind = args.next()?;
    let value = args.next()?;
    match kind.to_ascii_lowercase().as_slice() {
        b"module" => Ok(Some(Filter::Module)),
        b"aclcat" => {
            let named =
                categories::WIRE_NAMES.iter().find(|(_, name)| name.as_bytes().eq_ignore_ascii_case(value));
            Ok(Some(Filter::Category(named.map_or(0, |(bit, _)| *bit))))
        }
        b"pattern" => Ok(Some(Filter::Pattern(value))),
        _ => Err(CommandError::Syntax),
    }
}

fn getkeys(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let keys = find_keys(ctx, args)?;
    ctx.reply.array(keys.len());
    for key in keys {
        ctx.reply.bulk(args.at(LINE_START + key.index));
    }
    Ok(())
}

fn getkeysandflags(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let keys = find_keys(ctx, args)?;
    ctx.reply.array(keys.len());
    for key in keys {
        ctx.reply.array(2);
        ctx.reply.bulk(args.at(LINE_START + key.index));
        write_names(ctx.reply, key.access, access::WIRE_NAMES, "");
    }
    Ok(())
}

/// Where the command line in question begins.
const LINE_START: usize = 2;

fn find_keys(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Keys, CommandError> {
    let id = lookup_line(ctx.registry, args).ok_or(CommandError::KeysOfUnknownCommand)?;
    let row = ctx.registry.command(id);
    if !may_have_keys(row) {
        return Err(CommandError::CommandWithoutKeys);
    }
    let line = Tail { args, start: LINE_START };
    if !row.arity.accepts(args.len() - LINE_START) {
        return Err(CommandError::KeysOfWrongArity);
    }
    let keys = keys_of(row, &line, Wanted::Keys).unwrap_or_default();
    if keys.is_empty() && row.flags & NO_MANDATORY_KEYS == 0 {
        return Err(CommandError::KeysNotFound);
    }
    Ok(keys)
}

fn lookup_line(registry: &Registry, args: &Args<'_>) -> Option<CommandId> {
    let id = registry.lookup_name(args.at(LINE_START))?;
    let has_subcommands = !registry.get(id).subcommands.is_empty();
    if has_subcommands && args.len() > LINE_START + 1 {
        return registry.lookup_subcommand(id, args.at(LINE_START + 1));
    }
    Some(id)
}

fn command_help(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(
        ctx,
        "COMMAND",
        &[
            ("(no subcommand)", "Describe all commands."),
            ("COUNT", "Count the commands."),
            (
                "LIST",
                "List the names of commands and subcommands. They can be filtered:\n\
                 FILTERBY (MODULE <module-name>|ACLCAT <category>|PATTERN <pattern>)",
            ),
            ("INFO [<command-name> ...]", "Describe commands, by default all."),
            ("DOCS [<command-name> ...]", "Document commands, by default all."),
            ("GETKEYS <full-command>", "Find the keys in a command line."),
            ("GETKEYSANDFLAGS <full-command>", "Find the keys in a command line, and what happens to them."),
        ],
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::TABLES;
    use super::super::command::access::{INCOMPLETE, NOT_KEY, OW, RM, RO, RW};
    use super::super::command::{counted_keys, keys_from, range};
    use super::super::docs;
    use super::*;

    /// Every row with its full name.
    fn rows() -> Vec<(String, &'static Command)> {
        let registry = Registry::new(TABLES);
        registry.all().map(|(_, entry)| (entry.full_name.to_string(), entry.command)).collect()
    }

    #[test]
    fn every_command_is_documented() {
        let undocumented: Vec<_> =
            rows().into_iter().map(|(name, _)| name).filter(|name| docs::lookup(name).is_none()).collect();
        assert_eq!(undocumented, [""; 0]);
    }

    #[test]
    fn every_name_is_lower_case_and_unique() {
        let mut seen = BTreeSet::new();
        for (name, _) in rows() {
            assert_eq!(name, name.to_lowercase());
            assert!(seen.insert(name.clone()), "{name} is there twice");
        }
    }

    #[test]
    fn the_facts_of_a_row_do_not_contradict_each_other() {
        for (name, row) in rows() {
            let both = flags::WRITE | flags::READONLY;
            assert_ne!(row.flags & both, both, "{name} writes and does not");
            if row.flags & flags::DENYOOM != 0 {
                assert_ne!(row.flags & flags::WRITE, 0, "{name} takes memory and does not write");
            }
            for spec in row.keys {
                let kinds = [RO, RW, OW, RM].into_iter().filter(|kind| spec.access & kind != 0).count();
                let expected = usize::from(spec.access & NOT_KEY == 0);
                assert_eq!(kinds, expected, "{name} accesses its keys in one way");
            }
            let is_movable = row.flags & flags::MOVABLE_KEYS != 0;
            assert_eq!(is_movable, keys_move(row.keys), "{name} has movable keys");
            for tip in row.tips {
                assert_eq!(*tip, tip.to_lowercase(), "{name}");
            }
        }
    }

    /// Whether first, last and step do not say everything about the keys.
    fn keys_move(specs: &[KeySpec]) -> bool {
        let mut end = None;
        for spec in specs {
            let (Begin::Index(first), Find::Range { last, step, .. }) = (spec.begin, spec.find) else {
                return true;
            };
            let adjacent = end.is_none_or(|end| end + 1 == first as i64);
            if spec.access & INCOMPLETE != 0 || specs.len() > 1 && (step != 1 || !adjacent) {
                return true;
            }
            end = Some(if last < 0 { last } else { first as i64 + last });
        }
        false
    }

    #[test]
    fn documented_key_arguments_belong_to_a_key_specification() {
        for (name, row) in rows() {
            let Some((_, doc)) = docs::lookup(&name) else { continue };
            for index in doc.arguments().iter().filter_map(|argument| argument.key_spec_index) {
                assert!(usize::from(index) < row.keys.len(), "{name}");
            }
        }
    }

    #[test]
    fn adjacent_ranges_are_summed_up() {
        assert_eq!(key_range(&[]), (0, 0, 0));
        assert_eq!(key_range(&[range(1, -1, 2, OW)]), (1, -1, 2));
        assert_eq!(key_range(&[range(1, 0, 1, RW), range(2, 0, 1, OW)]), (1, 2, 1));
        assert_eq!(key_range(&[range(1, 0, 1, OW), keys_from(2, RO)]), (1, -1, 1));
        assert_eq!(key_range(&[range(1, 0, 1, OW), counted_keys(2, RO)]), (1, 1, 1));
        assert_eq!(key_range(&[counted_keys(1, RO)]), (0, 0, 0));
    }
}
