//! DEBUG DIGEST and DIGEST-VALUE: signatures of the data that are equal to those of Redis for equal data.
//!
//! A signature is 20 bytes. *Adding* text xors the text's SHA-1 into it, so that order does not matter;
//! *mixing* also hashes the result, so that it does.

use std::fmt::Write;
use std::ops::ControlFlow;

use sha1_smol::Sha1;

use crate::commands::args::Args;
use crate::commands::command::CommandResult;
use crate::commands::context::Ctx;
use crate::keyspace::{EntryRef, Kind, Object};
use crate::types::stream::{Direction, StreamId};
use crate::types::{End, SHOW_EXPIRED};
use crate::util::number::push_f64;

/// Added for a key with an expiry, whatever the expiry is.
const EXPIRY_MARK: &[u8] = b"!!expire!!";

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Signature([u8; 20]);

impl Signature {
    fn add(&mut self, text: &[u8]) {
        let hash = Sha1::from(text).digest().bytes();
        self.0.iter_mut().zip(hash).for_each(|(byte, other)| *byte ^= other);
    }

    fn mix(&mut self, text: &[u8]) {
        self.add(text);
        self.0 = Sha1::from(self.0).digest().bytes();
    }

    fn mix_value(&mut self, entry: EntryRef<'_>) {
        self.mix(&type_number(entry.kind()).to_be_bytes());
        if let Some(string) = entry.string() {
            string.with_text(|text| self.mix(text));
        } else if let Some(object) = entry.object() {
            self.mix_collection(object);
        }
        if entry.expiry_ms().is_some() {
            self.add(EXPIRY_MARK);
        }
    }

    fn mix_collection(&mut self, object: &Object) {
        match object {
            Object::Text(text) => self.mix(text),
            Object::List(list) => {
                let _ = list.visit(0, End::Back, |element| {
                    element.with_text(|text| self.mix(text));
                    ControlFlow::<()>::Continue(())
                });
            }
            Object::Set(set) => set.iter().for_each(|member| member.with_text(|text| self.add(text))),
            Object::Hash(hash) => hash.iter(SHOW_EXPIRED).for_each(|(field, value)| {
                self.add_pair(|one| {
                    field.with_text(|text| one.mix(text));
                    value.with_text(|text| one.mix(text));
                });
            }),
            Object::Zset(zset) => zset.iter().for_each(|(member, score)| {
                self.add_pair(|one| {
                    member.with_text(|text| one.mix(text));
                    let mut digits = Vec::new();
                    push_f64(&mut digits, score);
                    one.mix(&digits);
                });
            }),
            Object::Stream(stream) => {
                for entry in stream.log().range(StreamId::MIN, StreamId::MAX, Direction::Forward) {
                    self.mix(format!("{}.{}", entry.id.ms, entry.id.seq).as_bytes());
                    for (name, value) in entry.fields() {
                        name.with_text(|text| self.mix(text));
                        value.with_text(|text| self.mix(text));
                    }
                }
            }
        }
    }

    /// Adds the signature of two texts that belong together.
    fn add_pair(&mut self, mix: impl FnOnce(&mut Self)) {
        let mut one = Self::default();
        mix(&mut one);
        self.add(&one.0);
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(2 * self.0.len());
        for byte in self.0 {
            write!(text, "{byte:02x}").expect("a String takes any text");
        }
        text
    }
}

/// The type's number in Redis.
fn type_number(kind: Kind) -> u32 {
    match kind {
        Kind::String => 0,
        Kind::List => 1,
        Kind::Set => 2,
        Kind::Zset => 3,
        Kind::Hash => 4,
        Kind::Stream => 6,
    }
}

pub fn digest(ctx: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    let mut all = Signature::default();
    for db in 0..ctx.keys.databases() {
        if ctx.keys.len(db) == 0 {
            continue;
        }
        all.mix(&(db as u32).to_be_bytes());
        for entry in ctx.keys.iter_all(db) {
            let mut one = Signature::default();
            one.mix(entry.key());
            one.mix_value(entry);
            all.add(&one.0);
        }
    }
    ctx.reply.status(&all.text());
    Ok(())
}

pub fn digest_value(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    ctx.reply.array(args.left());
    for key in args.rest() {
        let mut signature = Signature::default();
        // Keys whose time has come are data too, until they are deleted.
        if let Some(entry) = ctx.keys.stored(key) {
            signature.mix_value(entry);
        }
        ctx.reply.status(&signature.text());
    }
    Ok(())
}
