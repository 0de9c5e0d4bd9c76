//! AUTH and HELLO: who the client is, and which protocol it speaks.
//!
//! The only user is `default`, whose password is `requirepass`.

use super::args::Args;
use super::client;
use super::command::Arity::AtLeast;
use super::command::categories::CONNECTION;
use super::command::flags::{ALLOW_BUSY, FAST, LOADING, NO_AUTH, NOSCRIPT, STALE};
use super::command::{Command, CommandResult, command};
use super::context::Ctx;
use super::error::{CommandError, repeated};
use crate::config::REDIS_VERSION;
use crate::resp::Protocol;
use crate::util::number::parse_i64;

pub const COMMANDS: &[Command] = &[
    command(
        "auth",
        auth,
        AtLeast(2),
        NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
        CONNECTION,
        &[],
    ),
    command(
        "hello",
        hello,
        AtLeast(1),
        NOSCRIPT | LOADING | STALE | FAST | NO_AUTH | ALLOW_BUSY,
        CONNECTION,
        &[],
    ),
];

/// The user that connections without a name of their own act as.
pub const DEFAULT_USER: &[u8] = b"default";

fn auth(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (user, password) = match args.len() {
        2 => {
            args.redact(1);
            if ctx.engine.config.security.requirepass.is_none() {
                return Err(CommandError::NoPasswordConfigured);
            }
            (DEFAULT_USER, args.at(1))
        }
        3 => {
            args.redact(1);
            args.redact(2);
            (args.at(1), args.at(2))
        }
        _ => return Err(CommandError::Syntax),
    };
    authenticate(ctx, user, password)?;
    ctx.reply.ok();
    Ok(())
}

fn authenticate(ctx: &mut Ctx<'_>, user: &[u8], password: &[u8]) -> CommandResult {
    let matches = match &ctx.engine.config.security.requirepass {
        None => true,
        Some(expected) => is_same_secret(password, expected),
    };
    if user != DEFAULT_USER || !matches {
        ctx.engine.stats.acl_denied.auth += 1;
        return Err(CommandError::WrongPass);
    }
    ctx.client.authenticated = true;
    Ok(())
}

/// Compares in a time that depends on what was given alone, so that nobody can guess byte by byte.
fn is_same_secret(given: &[u8], expected: &[u8]) -> bool {
    let mut difference = given.len() ^ expected.len();
    for (byte, expected) in given.iter().zip(expected.iter().cycle()) {
        difference |= usize::from(byte ^ expected);
    }
    std::hint::black_box(difference) == 0
}

/// What HELLO asks for.
#[derive(Default)]
struct Hello<'a> {
    protocol: Option<Protocol>,
    credentials: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

impl<'a> Hello<'a> {
    fn parse(args: &'a Args<'_>) -> Result<Self, CommandError> {
        let mut hello = Self::default();
        if args.left() > 0 {
            hello.protocol = Some(match parse_i64(args.next()?).ok_or(CommandError::ProtocolVersion)? {
                2 => Protocol::Resp2,
                3 => Protocol::Resp3,
                _ => return Err(CommandError::UnsupportedProtocol),
            });
        }
        while args.left() > 0 {
            if args.left() > 2 && args.keyword("auth") {
                args.redact(args.position());
                args.redact(args.position() + 1);
                hello.credentials = Some((args.next()?, args.next()?));
            } else if args.left() > 1 && args.keyword("setname") {
                let name = args.next()?;
                client::check_name(name)?;
                hello.name = Some(name);
            } else {
                return Err(CommandError::HelloOption(repeated(args.next()?)));
            }
        }
        Ok(hello)
    }
}

fn hello(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let hello = Hello::parse(args)?;
    if let Some((user, password)) = hello.credentials {
        authenticate(ctx, user, password)?;
    }
    if !ctx.client.authenticated {
        return Err(CommandError::HelloNeedsAuth);
    }
    if let Some(name) = hello.name {
        ctx.client.name = name.to_vec();
    }
    if let Some(protocol) = hello.protocol {
        ctx.set_protocol(protocol);
    }
    let role: &[u8] = if ctx.engine.config.replication.primary.is_some() { b"replica" } else { b"master" };
    let reply = &mut *ctx.reply;
    reply.map(7);
    reply.bulk(b"server");
    reply.bulk(b"redis");
    reply.bulk(b"version");
    reply.bulk(REDIS_VERSION.as_bytes());
    reply.bulk(b"proto");
    reply.int(reply.protocol.version());
    reply.bulk(b"id");
    reply.int(ctx.client.id as i64);
    reply.bulk(b"mode");
    reply.bulk(b"standalone");
    reply.bulk(b"role");
    reply.bulk(role);
    reply.bulk(b"modules");
    reply.array(0);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_same_only_byte_for_byte() {
        assert!(is_same_secret(b"secret", b"secret"));
        assert!(is_same_secret(b"", b""));
        for other in [&b""[..], b"s", b"secre", b"secrets", b"Secret", b"secretsecret"] {
            assert!(!is_same_secret(other, b"secret"), "{other:?}");
        }
        assert!(!is_same_secret(b"x", b""));
    }
}
