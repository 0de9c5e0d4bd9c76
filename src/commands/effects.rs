//! Performs what handlers recorded, once, in one order: watched keys first, then client-side caches, then
//! keyspace notifications, in the order of the changes. (Dirty counting happens while recording.) Everything
//! that follows from a change of data is here.

use super::context::Ctx;
use super::invalidation;
use crate::engine::{ClientId, Clients, Engine, Session};
use crate::keyspace::{Batch, Effect, EventClass, Interest, Keyspace};

/// Tells the keyspace what anyone wants to know, before a command executes.
#[inline]
pub fn declare_interest(keys: &mut Keyspace, engine: &Engine) {
    let mut interest = if engine.watches.is_empty() { Interest::empty() } else { Interest::WATCH };
    interest.set(Interest::TRACKING, engine.tracking.is_active());
    keys.effects.set_interest(interest);
    keys.effects.set_event_classes(engine.config.notify_keyspace_events);
}

/// Performs the effects of the command that has just executed.
#[inline]
pub fn perform(ctx: &mut Ctx<'_>) {
    let _ = ctx.keys.effects.take_propagation();
    if ctx.keys.effects.is_empty() {
        return;
    }
    perform_recorded(ctx.keys, ctx.engine, Some(ctx.client));
}

/// The same outside of a command (expiry, eviction).
pub fn perform_in_background(keys: &mut Keyspace, engine: &mut Engine) {
    if !keys.effects.is_empty() {
        perform_recorded(keys, engine, None);
    }
}

/// `executing` is the client whose command caused the effects: it is not in the table.
#[cold]
fn perform_recorded(keys: &mut Keyspace, engine: &mut Engine, mut executing: Option<&mut Session>) {
    let mut batch = Batch::default();
    keys.effects.take_into(&mut batch);
    let changer = executing.as_deref().map(|session| session.id);
    let mut caches_know = false;
    for recorded in batch.iter() {
        let (db, key) = (recorded.db, recorded.key);
        let mut executing = executing.as_deref_mut();
        match recorded.effect {
            Effect::Changed => {
                key_changed(engine, executing, db, key, Change::By(changer));
            }
            Effect::Event { class, name } => engine.notify(class, name, db, key),
            Effect::Expired => {
                key_changed(engine, executing, db, key, Change::Expiry);
                engine.notify(EventClass::EXPIRED, "expired", db, key);
            }
            Effect::Evicted => {
                key_changed(engine, executing, db, key, Change::By(None));
                engine.notify(EventClass::EVICTED, "evicted", db, key);
            }
            Effect::Flushed => flushed(engine, executing, db, &mut caches_know),
            Effect::Swapped { with } => {
                for db in [db, with] {
                    break_watches_of_database(engine, executing.as_deref_mut(), db);
                }
            }
            Effect::Wake | Effect::Propagate => {}
        }
    }
}

/// How a key came to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// By a client, or none.
    By(Option<ClientId>),
    Expiry,
}

fn key_changed(
    engine: &mut Engine,
    mut executing: Option<&mut Session>,
    db: usize,
    key: &[u8],
    change: Change,
) {
    let Engine { watches, clients, .. } = engine;
    let tell = |id| break_watch(clients, executing.as_deref_mut(), id);
    let changer = match change {
        Change::By(changer) => {
            watches.changed(db, key, tell);
            changer
        }
        Change::Expiry => {
            watches.expired(db, key, tell);
            None
        }
    };
    invalidation::key_changed(engine, executing, key, changer);
}

/// Caches are told to drop everything once, however many databases were emptied.
fn flushed(engine: &mut Engine, mut executing: Option<&mut Session>, db: usize, caches_know: &mut bool) {
    break_watches_of_database(engine, executing.as_deref_mut(), db);
    if !*caches_know {
        invalidation::flushed(engine, executing);
        *caches_know = true;
    }
}

/// A whole database was emptied or exchanged: keys that exist now, or existed when they were watched.
fn break_watches_of_database(engine: &mut Engine, mut executing: Option<&mut Session>, db: usize) {
    let Engine { watches, clients, .. } = engine;
    for (_, id, _) in watches.in_db(db) {
        break_watch(clients, executing.as_deref_mut(), id);
    }
}

fn break_watch(clients: &mut Clients, executing: Option<&mut Session>, id: ClientId) {
    match executing.filter(|session| session.id == id) {
        Some(session) => session.watch_broken = true,
        None => {
            if let Some(client) = clients.by_id_mut(id) {
                client.session.watch_broken = true;
            }
        }
    }
}
