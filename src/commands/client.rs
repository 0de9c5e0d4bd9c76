//! CLIENT: what a connection can learn and change about itself, and what it can see of the others.

use super::args::Args;
use super::blocking::{Release, release};
use super::client_info::client_info_line;
use super::client_kill::{kill, parse_kind};
use super::client_tracking::{caching, getredir, tracking, trackinginfo};
use super::command::Arity::{AtLeast, Exactly};
use super::command::categories::CONNECTION;
use super::command::flags::{ADMIN, KEEPS_CACHING, LOADING, NOSCRIPT, STALE};
use super::command::{Arity, Command, CommandResult, Handler, command, container};
use super::context::Ctx;
use super::error::{CommandError, repeated};
use super::help;
use crate::engine::{ClientId, Closing, PauseKind, Purpose, ReplyMode, Session};
use crate::resp::Output;
use crate::util::number::parse_i64;

pub const COMMANDS: &[Command] = &[container("client", SUBCOMMANDS)];

const SUBCOMMANDS: &[Command] = &[
    own("caching", caching, Exactly(3)),
    own("getname", getname, Exactly(2)),
    own("getredir", getredir, Exactly(2)),
    command("help", help_command, Exactly(2), LOADING | STALE | KEEPS_CACHING, CONNECTION, &[]),
    own("id", id, Exactly(2)),
    own("info", info, Exactly(2)).tips(&["nondeterministic_output"]),
    others("kill", kill, AtLeast(3)),
    others("list", list, AtLeast(2)).tips(&["nondeterministic_output"]),
    others("no-evict", no_evict, Exactly(3)),
    own("no-touch", no_touch, Exactly(3)),
    others("pause", pause, AtLeast(3)),
    own("reply", reply, Exactly(3)),
    own("setinfo", setinfo, Exactly(4)).tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    own("setname", setname, Exactly(3)).tips(&["request_policy:all_nodes", "response_policy:all_succeeded"]),
    own("tracking", tracking, AtLeast(3)),
    own("trackinginfo", trackinginfo, Exactly(2)),
    others("unblock", unblock, AtLeast(3)),
    others("unpause", unpause, Exactly(2)),
];

/// A subcommand about the connection itself.
const fn own(name: &'static str, handler: Handler, arity: Arity) -> Command {
    command(name, handler, arity, NOSCRIPT | LOADING | STALE | KEEPS_CACHING, CONNECTION, &[])
}

/// A subcommand for administrators.
const fn others(name: &'static str, handler: Handler, arity: Arity) -> Command {
    command(name, handler, arity, ADMIN | NOSCRIPT | LOADING | STALE | KEEPS_CACHING, CONNECTION, &[])
}

const HELP: &[help::Entry] = &[
    ("CACHING (YES|NO)", "Say whether the keys of the next command are tracked, in modes OPTIN and OPTOUT."),
    ("GETREDIR", "Return the ID of the client that gets this connection's invalidation messages."),
    ("GETNAME", "Return the name of this connection."),
    ("ID", "Return the ID of this connection."),
    ("INFO", "Return a line that describes this connection."),
    ("KILL <ip:port>", "Close the connection from <ip:port>."),
    (
        "KILL <option> <value> [<option> <value> [...]]",
        "Close all connections that match. Options are:\n\
         * ADDR (<ip:port>|<unixsocket>:0): their address.\n\
         * LADDR (<ip:port>|<unixsocket>:0): the address they connected to.\n\
         * TYPE (NORMAL|MASTER|REPLICA|PUBSUB): their type.\n\
         * USER <username>: their user.\n\
         * ID <clientid>: their ID.\n\
         * SKIPME (YES|NO): spare this connection (default: yes).",
    ),
    (
        "LIST [options ...]",
        "Return a line for each connection. Options are:\n\
         * TYPE (NORMAL|MASTER|REPLICA|PUBSUB): only of this type.\n\
         * ID <clientid> [<clientid> [...]]: only these.",
    ),
    ("UNPAUSE", "End the pause, if there is one."),
    ("PAUSE <timeout> [WRITE|ALL]", "Let all requests, or only writes, wait for <timeout> milliseconds."),
    ("REPLY (ON|OFF|SKIP)", "Say whether this connection gets replies."),
    ("SETNAME <name>", "Name this connection."),
    (
        "SETINFO <option> <value>",
        "Describe the client. Options are:\n\
         * LIB-NAME: the name of its library.\n\
         * LIB-VER: the version of its library.",
    ),
    ("UNBLOCK <clientid> [TIMEOUT|ERROR]", "Wake a client from a blocking command."),
    (
        "TRACKING (ON|OFF) [REDIRECT <id>] [BCAST] [PREFIX <prefix> [...]] [OPTIN] [OPTOUT] [NOLOOP]",
        "Switch messages about keys that this client caches.",
    ),
    ("TRACKINGINFO", "Return the state of tracking for this connection."),
    ("NO-EVICT (ON|OFF)", "Keep this connection when clients are closed for lack of memory."),
    ("NO-TOUCH (ON|OFF)", "Let this connection's reads leave no trace in LRU and LFU."),
];

fn help_command(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    help::help(ctx, "CLIENT", HELP)
}

fn id(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.reply.int(ctx.client.id as i64);
    Ok(())
}

fn info(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    note_arguments(ctx, args);
    let mut line = client_info_line(ctx.client, &ctx.reply.output, ctx.registry, ctx.now_ms());
    line.push('\n');
    ctx.reply.verbatim("txt", line.as_bytes());
    Ok(())
}

fn list(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    note_arguments(ctx, args);
    let mut lines = String::new();
    if args.left() == 2 && args.keyword("type") {
        let kind = parse_kind(args.next()?)?;
        let ids: Vec<ClientId> = ctx.engine.clients.ids().collect();
        push_lines(ctx, ids, |session| session.kind() == kind, &mut lines);
    } else if args.left() > 1 && args.keyword("id") {
        let ids: Option<Vec<i64>> = args.rest().map(parse_i64).collect();
        let ids = ids.ok_or(CommandError::InvalidClientId)?;
        push_lines(ctx, ids.into_iter().filter_map(|id| ClientId::try_from(id).ok()), |_| true, &mut lines);
    } else if args.left() == 0 {
        let ids: Vec<ClientId> = ctx.engine.clients.ids().collect();
        push_lines(ctx, ids, |_| true, &mut lines);
    } else {
        return Err(CommandError::Syntax);
    }
    ctx.reply.verbatim("txt", lines.as_bytes());
    Ok(())
}

/// A line for each of these clients that is alive and wanted.
fn push_lines(
    ctx: &Ctx<'_>,
    ids: impl IntoIterator<Item = ClientId>,
    wanted: impl Fn(&Session) -> bool,
    lines: &mut String,
) {
    for id in ids {
        let Some((session, output)) = look_at(ctx, id) else { continue };
        if wanted(session) {
            lines.push_str(&client_info_line(session, output, ctx.registry, ctx.now_ms()));
            lines.push('\n');
        }
    }
}

/// A client that is not being closed; the executing one is not in the table.
fn look_at<'a>(ctx: &'a Ctx<'_>, id: ClientId) -> Option<(&'a Session, &'a Output)> {
    if id == ctx.client.id {
        return Some((ctx.client, &ctx.reply.output));
    }
    let client = ctx.engine.clients.by_id(id).filter(|client| client.session.closing != Closing::Now)?;
    Some((&client.session, &client.reply.output))
}

/// The arguments of the request that asks are part of what its client holds.
fn note_arguments(ctx: &mut Ctx<'_>, args: &Args<'_>) {
    ctx.client.argument_bytes = args.all().map(<[u8]>::len).sum();
}

fn getname(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    if ctx.client.name.is_empty() {
        ctx.reply.null();
    } else {
        ctx.reply.bulk(&ctx.client.name);
    }
    Ok(())
}

fn setname(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = args.next()?;
    check_name(name)?;
    ctx.client.name = name.to_vec();
    ctx.reply.ok();
    Ok(())
}

/// Whether a connection may be called so.
pub fn check_name(name: &[u8]) -> CommandResult {
    if is_one_word(name) { Ok(()) } else { Err(CommandError::ClientName) }
}

/// CLIENT LIST is taken apart at blanks and line breaks.
fn is_one_word(text: &[u8]) -> bool {
    text.iter().all(|byte| (b'!'..=b'~').contains(byte))
}

fn setinfo(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (option, value) = (args.next()?, args.next()?);
    let option_text = || repeated(option);
    let place = if option.eq_ignore_ascii_case(b"lib-name") {
        &mut ctx.client.library_name
    } else if option.eq_ignore_ascii_case(b"lib-ver") {
        &mut ctx.client.library_version
    } else {
        return Err(CommandError::UnrecognizedOption(option_text()));
    };
    if !is_one_word(value) {
        return Err(CommandError::ClientAttribute(option_text()));
    }
    *place = value.to_vec();
    ctx.reply.ok();
    Ok(())
}

/// ON is answered, OFF and SKIP are not: nothing is to come from here on, or until the one after next.
fn reply(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    if args.keyword("on") {
        ctx.client.reply_mode = ReplyMode::On;
        ctx.reply.ok();
    } else if args.keyword("off") {
        ctx.client.reply_mode = ReplyMode::Off;
    } else if args.keyword("skip") {
        if ctx.client.reply_mode != ReplyMode::Off {
            ctx.client.reply_mode = ReplyMode::SkipNext;
        }
    } else {
        return Err(CommandError::Syntax);
    }
    Ok(())
}

fn no_evict(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.client.no_evict = on_or_off(args)?;
    ctx.reply.ok();
    Ok(())
}

fn no_touch(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.client.no_touch = on_or_off(args)?;
    ctx.reply.ok();
    Ok(())
}

fn on_or_off(args: &Args<'_>) -> Result<bool, CommandError> {
    if args.keyword("on") {
        Ok(true)
    } else if args.keyword("off") {
        Ok(false)
    } else {
        Err(CommandError::Syntax)
    }
}

fn pause(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    at_most_four(args)?;
    let kind = match args.at(3) {
        _ if args.len() == 3 => PauseKind::All,
        mode if mode.eq_ignore_ascii_case(b"all") => PauseKind::All,
        mode if mode.eq_ignore_ascii_case(b"write") => PauseKind::Write,
        _ => return Err(CommandError::PauseMode),
    };
    let until_ms = end_of_timeout_ms(args.next()?, ctx.now_ms())?;
    ctx.engine.pause.start(Purpose::Client, kind, until_ms, ctx.now_ms());
    ctx.reply.ok();
    Ok(())
}

/// When a timeout in milliseconds is over; zero is over at once.
fn end_of_timeout_ms(timeout: &[u8], now_ms: i64) -> Result<i64, CommandError> {
    match parse_i64(timeout) {
        None => Err(CommandError::TimeoutNotAnInteger),
        Some(..0) => Err(CommandError::TimeoutNegative),
        Some(timeout_ms) => now_ms.checked_add(timeout_ms).ok_or(CommandError::TimeoutOutOfRange),
    }
}

fn unpause(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    ctx.engine.pause.lift(Purpose::Client);
    ctx.reply.ok();
    Ok(())
}

/// Frees a client that waits for a key; one that waits for the end of a pause is not meant.
fn unblock(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    at_most_four(args)?;
    let how = match args.at(3) {
        _ if args.len() < 4 => Release::TimedOut,
        reason if reason.eq_ignore_ascii_case(b"timeout") => Release::TimedOut,
        reason if reason.eq_ignore_ascii_case(b"error") => Release::Unblocked,
        _ => return Err(CommandError::UnblockReason),
    };
    let id = args.next_int()?;
    let was_blocked = ClientId::try_from(id).is_ok_and(|id| release(ctx.engine, id, how));
    ctx.reply.int(was_blocked.into());
    Ok(())
}

/// The table has minimums only.
fn at_most_four(args: &Args<'_>) -> CommandResult {
    if args.len() <= 4 { Ok(()) } else { Err(help::wrong_subcommand_arguments(args)) }
}
