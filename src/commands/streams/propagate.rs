//! What replicas and the log get in place of commands whose effect depends on the time or on what was there:
//! the same command made exact, or the changes of a group one by one.
//!
//! Nothing is put together while there is nobody to get it.

use smallvec::SmallVec;

use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::keyspace::{Effects, Interest};
use crate::types::stream::{Group, IdText, Pending, StreamId};

/// Propagates the command with some arguments, given by their places in ascending order, replaced.
pub fn propagate_replacing(ctx: &mut Ctx<'_>, args: &Args<'_>, replacements: &[(usize, &[u8])]) {
    if !wants(&ctx.keys.effects) {
        return ctx.keys.effects.propagate_nothing();
    }
    let mut arguments: SmallVec<[&[u8]; 16]> = args.all().collect();
    for (place, argument) in replacements {
        if let Some(replaced) = arguments.get_mut(*place) {
            *replaced = argument;
        }
    }
    ctx.keys.effects.propagate_as(ctx.client.db, &arguments);
}

/// Changes of a group, noted while its stream is borrowed, and propagated afterwards.
#[derive(Debug)]
pub struct GroupChanges {
    is_wanted: bool,
    changes: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    /// An entry is pending, or it was and is noted for the last time: replicas drop it as there is none.
    Claim {
        id: StreamId,
        pending: Pending,
        consumer: Box<[u8]>,
        last_delivered: StreamId,
    },
    Position {
        last_delivered: StreamId,
        entries_read: Option<u64>,
    },
    NewConsumer(Box<[u8]>),
}

impl GroupChanges {
    pub fn new(effects: &Effects) -> Self {
        Self { is_wanted: wants(effects), changes: Vec::new() }
    }

    /// XCLAIM
    pub fn claim(&mut self, group: &Group, id: StreamId, pending: Pending) {
        if self.is_wanted {
            let consumer = group.consumer(pending.consumer).name().into();
            self.changes.push(Change::Claim {
                id,
                pending,
                consumer,
                last_delivered: group.last_delivered(),
            });
        }
    }

    /// XGROUP SETID
    pub fn position(&mut self, group: &Group) {
        if self.is_wanted {
            let (last_delivered, entries_read) = (group.last_delivered(), group.entries_read());
            self.changes.push(Change::Position { last_delivered, entries_read });
        }
    }

    /// XGROUP CREATECONSUMER
    pub fn new_consumer(&mut self, name: &[u8]) {
        if self.is_wanted {
            self.changes.push(Change::NewConsumer(name.into()));
        }
    }

    /// Propagates these changes, and not the command itself.
    pub fn propagate(&self, effects: &mut Effects, db: usize, key: &[u8], group: &[u8]) {
        effects.propagate_nothing();
        for change in &self.changes {
            change.propagate(effects, db, key, group);
        }
    }
}

impl Change {
    fn propagate(&self, effects: &mut Effects, db: usize, key: &[u8], group: &[u8]) {
        match self {
            Self::Claim { id, pending, consumer, last_delivered } => {
                let (mut time, mut count) = (itoa::Buffer::new(), itoa::Buffer::new());
                effects.propagate_as(
                    db,
                    &[
                        b"XCLAIM",
                        key,
                        group,
                        consumer,
                        b"0",
                        IdText::from(*id).as_bytes(),
                        b"TIME",
                        time.format(pending.delivered_ms).as_bytes(),
                        b"RETRYCOUNT",
                        count.format(pending.deliveries).as_bytes(),
                        b"FORCE",
                        b"JUSTID",
                        b"LASTID",
                        IdText::from(*last_delivered).as_bytes(),
                    ],
                );
            }
            Self::Position { last_delivered, entries_read } => {
                let id = IdText::from(*last_delivered);
                let mut digits = itoa::Buffer::new();
                let read = entries_read.map_or("-1", |read| digits.format(read)).as_bytes();
                let command: [&[u8]; 7] =
                    [b"XGROUP", b"SETID", key, group, id.as_bytes(), b"ENTRIESREAD", read];
                effects.propagate_as(db, &command);
            }
            Self::NewConsumer(name) => {
                effects.propagate_as(db, &[b"XGROUP", b"CREATECONSUMER", key, group, name]);
            }
        }
    }
}

fn wants(effects: &Effects) -> bool {
    effects.interest().contains(Interest::PROPAGATION)
}
