//! CLIENT KILL: which clients, and their end.

use super::args::Args;
use super::authentication::DEFAULT_USER;
use super::command::CommandResult;
use super::context::Ctx;
use super::error::{CommandError, repeated};
use crate::engine::{ClientId, ClientKind, Closing, Session};
use crate::sys::sockets;
use crate::util::number::parse_i64;

/// All of the given conditions must hold.
#[derive(Default)]
struct Filter<'a> {
    id: Option<ClientId>,
    kind: Option<ClientKind>,
    peer: Option<&'a [u8]>,
    local: Option<&'a [u8]>,
    /// The client that asks is not among those killed.
    spares_own: bool,
}

impl<'a> Filter<'a> {
    /// `KILL addr`, or pairs of an option and its value.
    fn parse(args: &'a Args<'_>) -> Result<Self, CommandError> {
        if args.left() == 1 {
            return Ok(Self { peer: Some(args.next()?), ..Self::default() });
        }
        let mut filter = Self { spares_own: true, ..Self::default() };
        while args.left() > 1 {
            filter.option(args)?;
        }
        args.finish()?;
        Ok(filter)
    }

    fn option(&mut self, args: &'a Args<'_>) -> CommandResult {
        if args.keyword("id") {
            let id = parse_i64(args.next()?).and_then(|id| ClientId::try_from(id).ok());
            self.id = Some(id.filter(|id| *id > 0).ok_or(CommandError::ClientIdNotPositive)?);
        } else if args.keyword("type") {
            self.kind = Some(parse_kind(args.next()?)?);
        } else if args.keyword("addr") {
            self.peer = Some(args.next()?);
        } else if args.keyword("laddr") {
            self.local = Some(args.next()?);
        } else if args.keyword("user") {
            // Every client is the default user.
            let user = args.next()?;
            if user != DEFAULT_USER {
                return Err(CommandError::NoSuchUser(repeated(user)));
            }
        } else if args.keyword("skipme") {
            self.spares_own = if args.keyword("yes") {
                true
            } else if args.keyword("no") {
                false
            } else {
                return Err(CommandError::Syntax);
            };
        } else {
            return Err(CommandError::Syntax);
        }
        Ok(())
    }

    fn matches(&self, session: &Session) -> bool {
        self.id.is_none_or(|id| session.id == id)
            && self.kind.is_none_or(|kind| session.kind() == kind)
            && self.peer.is_none_or(|peer| session.peer.as_bytes() == peer)
            && self.local.is_none_or(|local| session.local.as_bytes() == local)
    }
}

/// A kind of client by the name in a request.
pub fn parse_kind(name: &[u8]) -> Result<ClientKind, CommandError> {
    ClientKind::parse(name).ok_or_else(|| CommandError::UnknownClientType(repeated(name)))
}

pub fn kill(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let names_one = args.left() == 1;
    let filter = Filter::parse(args)?;
    let kills_own = !filter.spares_own && filter.matches(ctx.client);
    let others: Vec<(ClientId, i32)> = ctx
        .engine
        .clients
        .iter()
        .map(|client| &client.session)
        .filter(|session| session.closing != Closing::Now && filter.matches(session))
        .map(|session| (session.id, session.descriptor))
        .collect();
    let killed = others.len() + usize::from(kills_own);
    for (id, descriptor) in others {
        ctx.engine.clients.close(id);
        // Its peer is not to wait until we come to close it: more commands may follow in this turn.
        sockets::hang_up(descriptor);
    }
    if kills_own {
        ctx.client.closing = Closing::AfterReply;
    }
    if !names_one {
        ctx.reply.count(killed);
    } else if killed > 0 {
        ctx.reply.ok();
    } else {
        return Err(CommandError::NoSuchClient);
    }
    Ok(())
}
