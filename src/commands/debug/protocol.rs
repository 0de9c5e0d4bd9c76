//! DEBUG PROTOCOL: one reply of each type, for the tests of clients.

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::commands::error::CommandError;
use crate::resp::Reply;

type Write = fn(&mut Reply);

const TYPES: &[(&str, Write)] = &[
    ("string", |reply| reply.bulk(b"Hello World")),
    ("integer", |reply| reply.int(12345)),
    #[expect(clippy::approx_constant, reason = "the value that Redis sends")]
    ("double", |reply| reply.double(3.141)),
    ("bignum", |reply| reply.big_number(b"1234567999999999999999999999999999999")),
    ("null", Reply::null),
    ("array", |reply| {
        reply.array(3);
        (0..3).for_each(|number| reply.int(number));
    }),
    ("set", |reply| {
        reply.set(3);
        (0..3).for_each(|number| reply.int(number));
    }),
    ("map", |reply| {
        reply.map(3);
        for number in 0..3 {
            reply.int(number);
            reply.bool(number == 1);
        }
    }),
    ("attrib", attribute),
    ("push", push),
    ("true", |reply| reply.bool(true)),
    ("false", |reply| reply.bool(false)),
    ("verbatim", |reply| reply.verbatim("txt", b"This is a verbatim\nstring")),
];

pub fn protocol(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let name = args.next()?;
    let (name, write) = TYPES
        .iter()
        .find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()))
        .ok_or(CommandError::UnknownProtocolType)?;
    if *name == "push" && !ctx.reply.is_resp3() {
        return Err(CommandError::Resp2Unsupported);
    }
    write(ctx.reply);
    Ok(())
}

/// An attribute is no reply: one must follow.
fn attribute(reply: &mut Reply) {
    if reply.is_resp3() {
        reply.attribute(1);
        reply.bulk(b"key-popularity");
        reply.array(2);
        reply.bulk(b"key:123");
        reply.int(90);
    }
    reply.bulk(b"Some real reply following the attribute");
}

/// A push is no reply either.
fn push(reply: &mut Reply) {
    reply.push(2);
    reply.bulk(b"server-cpu-usage");
    reply.int(42);
    reply.bulk(b"Some real reply following the push reply");
}
