//! CLIENT TRACKING, TRACKINGINFO, CACHING and GETREDIR: how a client has its cache kept up to date.

use std::collections::BTreeSet;

use super::args::Args;
use super::command::CommandResult;
use super::context::Ctx;
use super::error::{CommandError, repeated};
use crate::engine::ClientId;
use crate::tracking::{Caching, Mode, PREFIX_BYTES, overlap};

/// The options of CLIENT TRACKING ON.
#[derive(Default)]
struct Options {
    redirect: Option<ClientId>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
    prefixes: Vec<Vec<u8>>,
}

impl Options {
    fn parse(ctx: &Ctx<'_>, args: &Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            let has_value = args.left() > 1;
            if has_value && args.keyword("redirect") {
                if options.redirect.is_some() {
                    return Err(CommandError::SecondRedirection);
                }
                options.redirect = redirection(ctx, args.next_int()?)?;
            } else if args.keyword("bcast") {
                options.broadcast = true;
            } else if args.keyword("optin") {
                options.opt_in = true;
            } else if args.keyword("optout") {
                options.opt_out = true;
            } else if args.keyword("noloop") {
                options.no_loop = true;
            } else if has_value && args.keyword("prefix") {
                options.prefixes.push(args.next()?.to_vec());
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }

    /// Whether the options go together, and with the state the client is in.
    fn check(&self, present: Option<&Caching>) -> CommandResult {
        if !self.broadcast && !self.prefixes.is_empty() {
            return Err(CommandError::PrefixWithoutBroadcast);
        }
        if present.is_some_and(|present| present.is_broadcast() != self.broadcast) {
            return Err(CommandError::SwitchedBroadcast);
        }
        if self.broadcast && (self.opt_in || self.opt_out) {
            return Err(CommandError::OptionWithBroadcast);
        }
        if self.opt_in && self.opt_out {
            return Err(CommandError::OptInAndOut);
        }
        match present.map(|present| &present.mode) {
            Some(Mode::OptIn) if self.opt_out => return Err(CommandError::SwitchedOption),
            Some(Mode::OptOut) if self.opt_in => return Err(CommandError::SwitchedOption),
            _ => {}
        }
        self.check_prefixes(present)
    }

    fn check_prefixes(&self, present: Option<&Caching>) -> CommandResult {
        for (index, new) in self.prefixes.iter().enumerate() {
            let existing = present.and_then(|present| present.prefixes().find(|old| overlap(old, new)));
            if let Some(existing) = existing {
                return Err(CommandError::OverlapsExistingPrefix {
                    new: repeated(new),
                    existing: repeated(existing),
                });
            }
            if let Some(other) = self.prefixes.iter().skip(index + 1).find(|other| overlap(other, new)) {
                return Err(CommandError::OverlapsOtherPrefix { new: repeated(new), other: repeated(other) });
            }
        }
        Ok(())
    }

    /// The mode they ask for; prefixes are added to those the client listens to already.
    fn mode(&self, present: Mode) -> Mode {
        if !self.broadcast {
            return match (self.opt_in, self.opt_out) {
                (true, _) => Mode::OptIn,
                (_, true) => Mode::OptOut,
                _ => Mode::Read,
            };
        }
        let mut prefixes = if let Mode::Broadcast(prefixes) = present { prefixes } else { BTreeSet::new() };
        prefixes.extend(self.broadcast_prefixes().map(Box::from));
        Mode::Broadcast(prefixes)
    }

    /// The prefixes to listen to from now on: none in the other modes, and in broadcast mode the empty one
    /// if no other was given.
    fn broadcast_prefixes(&self) -> impl Iterator<Item = &[u8]> {
        let everything: Option<&[u8]> = (self.broadcast && self.prefixes.is_empty()).then_some(b"");
        self.prefixes.iter().map(Vec::as_slice).chain(everything)
    }
}

/// The client must be there now; it may go later.
fn redirection(ctx: &Ctx<'_>, id: i64) -> Result<Option<ClientId>, CommandError> {
    let id = ClientId::try_from(id).map_err(|_| CommandError::RedirectionTarget)?;
    if id != ctx.client.id && !ctx.engine.clients.is_alive(id) {
        return Err(CommandError::RedirectionTarget);
    }
    Ok(Some(id))
}

pub fn tracking(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let switch = args.next()?;
    let options = Options::parse(ctx, args)?;
    if switch.eq_ignore_ascii_case(b"on") {
        options.check(ctx.client.caching.as_deref())?;
        enable(ctx, &options);
    } else if switch.eq_ignore_ascii_case(b"off") {
        disable(ctx);
    } else {
        return Err(CommandError::Syntax);
    }
    ctx.reply.ok();
    Ok(())
}

fn enable(ctx: &mut Ctx<'_>, options: &Options) {
    let mut caching = ctx.client.caching.take().unwrap_or_else(|| {
        ctx.engine.tracking.add_client();
        Box::default()
    });
    caching.mode = options.mode(caching.mode);
    for prefix in options.broadcast_prefixes() {
        ctx.engine.tracking.listen(ctx.client.id, prefix);
    }
    caching.prefix_bytes = caching.prefixes().map(|prefix| prefix.len() + PREFIX_BYTES).sum();
    caching.no_loop = options.no_loop;
    caching.redirect = options.redirect;
    caching.redirect_broken = false;
    ctx.client.caching = Some(caching);
}

/// Ends client-side caching for this client, if it is on.
pub fn disable(ctx: &mut Ctx<'_>) {
    if let Some(caching) = ctx.client.caching.take() {
        ctx.engine.tracking.remove_client(ctx.client.id, &caching);
    }
}

pub fn caching(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let caching = ctx.client.caching.as_deref_mut().ok_or(CommandError::CachingWithoutTracking)?;
    if args.keyword("yes") {
        if caching.mode != Mode::OptIn {
            return Err(CommandError::CachingWithoutOptIn);
        }
    } else if args.keyword("no") {
        if caching.mode != Mode::OptOut {
            return Err(CommandError::CachingWithoutOptOut);
        }
    } else {
        return Err(CommandError::Syntax);
    }
    caching.exception = true;
    ctx.reply.ok();
    Ok(())
}

pub fn getredir(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let redirect = redirect_number(ctx);
    ctx.reply.int(redirect);
    Ok(())
}

/// -1 without client-side caching, 0 without redirection.
fn redirect_number(ctx: &Ctx<'_>) -> i64 {
    ctx.client.caching.as_deref().map_or(-1, |caching| caching.redirect.unwrap_or(0) as i64)
}

pub fn trackinginfo(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let redirect = redirect_number(ctx);
    let caching = ctx.client.caching.as_deref();
    let flags = flag_names(caching);
    let reply = &mut *ctx.reply;
    reply.map(3);
    reply.bulk(b"flags");
    reply.set(flags.len());
    for flag in flags {
        reply.bulk(flag.as_bytes());
    }
    reply.bulk(b"redirect");
    reply.int(redirect);
    reply.bulk(b"prefixes");
    reply.array(caching.map_or(0, |caching| caching.prefixes().len()));
    for prefix in caching.into_iter().flat_map(Caching::prefixes) {
        reply.bulk(prefix);
    }
    Ok(())
}

fn flag_names(caching: Option<&Caching>) -> Vec<&'static str> {
    let Some(caching) = caching else { return vec!["off"] };
    let mut names = vec!["on"];
    match caching.mode {
        Mode::Read => {}
        Mode::Broadcast(_) => names.push("bcast"),
        Mode::OptIn => names.extend(["optin"].into_iter().chain(caching.exception.then_some("caching-yes"))),
        Mode::OptOut => names.extend(["optout"].into_iter().chain(caching.exception.then_some("caching-no"))),
    }
    if caching.no_loop {
        names.push("noloop");
    }
    if caching.redirect_broken {
        names.push("broken_redirect");
    }
    names
}
