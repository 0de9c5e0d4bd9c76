//! Performs what handlers recorded, once, in one order: watched keys first, then client-side caches, then
//! keyspace notifications, in the order of the changes; then what the append-only file and replicas have to
//! repeat. (Dirty counting happens while recording.) Everything that follows from a change of data is here.

use smallvec::SmallVec;

use super::args::Args;
use super::command::flags;
use super::context::Ctx;
use super::invalidation;
use crate::engine::{ClientId, Clients, Engine, Session, Targets};
use crate::keyspace::{Batch, Effect, EventClass, Interest, Keyspace, Propagation};

/// Tells the keyspace what anyone wants to know, before a command executes.
#[inline]
pub fn declare_interest(keys: &mut Keyspace, engine: &Engine) {
    let mut interest = if engine.watches.is_empty() { Interest::empty() } else { Interest::WATCH };
    interest.set(Interest::TRACKING, engine.tracking.is_active());
    interest.set(Interest::BLOCKED, !engine.blocked.is_empty());
    interest.set(Interest::PROPAGATION, engine.downstream.is_active());
    interest
        .set(Interest::OWN_EXPIRY, engine.replication.is_replica() && !engine.config.replication.read_only);
    keys.effects.set_interest(interest);
    keys.effects.set_event_classes(engine.config.notify_keyspace_events);
}

/// Performs the effects of the command that has just executed; `changed` says whether it changed any data.
#[inline]
pub fn perform(ctx: &mut Ctx<'_>, args: &Args<'_>, changed: bool) {
    let propagation = ctx.keys.effects.take_propagation();
    if !ctx.keys.effects.is_empty() {
        perform_recorded(ctx.keys, ctx.engine, Some(ctx.client));
    }
    if ctx.engine.downstream.is_active() {
        send_downstream(ctx, args, propagation, changed);
    }
}

/// The command itself goes behind what happened within it: a key that expired under its hands is gone first.
fn send_downstream(ctx: &mut Ctx<'_>, args: &Args<'_>, propagation: Propagation, changed: bool) {
    let targets = match propagation {
        Propagation::AsReceived if changed => Some(Targets::ALL),
        Propagation::AsReceivedToReplicas => Some(Targets::REPLICAS),
        Propagation::AsReceived | Propagation::AsRecorded => None,
    };
    // What a transaction contains has been sent on its own account.
    let row = ctx.registry.command(ctx.command).flags;
    if let Some(targets) = targets.filter(|_| row & flags::RUNS_TRANSACTION == 0) {
        ctx.engine.downstream.push(ctx.keys.selected(), targets, args.all());
    }
    if ctx.engine.nesting == 0 && ctx.engine.downstream.has_operations() {
        if row & flags::TOUCHES_ARBITRARY_KEYS == 0 {
            ctx.engine.downstream.end_unit();
        } else {
            // The keys that SCAN found expired have nothing to do with each other.
            ctx.engine.downstream.end_single_units();
        }
        ctx.client.written_offset = ctx.engine.stream_end();
    }
}

/// The same outside of a command (expiry, eviction).
pub fn perform_in_background(keys: &mut Keyspace, engine: &mut Engine) {
    perform_beside(keys, engine, None);
}

/// The same while a client, which is not in the table, is about to execute a command.
pub fn perform_beside(keys: &mut Keyspace, engine: &mut Engine, executing: Option<&mut Session>) {
    if !keys.effects.is_empty() {
        perform_recorded(keys, engine, executing);
        engine.downstream.end_single_units();
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
                if keys.effects.interest().contains(Interest::OWN_EXPIRY)
                    && executing.as_deref().is_some_and(|session| !session.is_primary)
                {
                    engine.own_expiry.remember(keys, db, key);
                }
                key_changed(engine, executing, db, key, Change::By(changer));
            }
            Effect::Event { class, name } => engine.notify(class, name, db, key),
            Effect::Expired => {
                delete_downstream(engine, db, key, engine.config.memory.lazyfree_lazy_expire);
                key_changed(engine, executing, db, key, Change::Expiry);
                engine.notify(EventClass::EXPIRED, "expired", db, key);
            }
            Effect::Evicted => {
                delete_downstream(engine, db, key, engine.config.memory.lazyfree_lazy_eviction);
                key_changed(engine, executing, db, key, Change::By(None));
                engine.notify(EventClass::EVICTED, "evicted", db, key);
            }
            Effect::Vanished => break_watches(engine, executing, db, key),
            Effect::Flushed => {
                engine.own_expiry.forget_db(db);
                engine.blocked.all_touched(db);
                // Once, however many databases were emptied.
                if !std::mem::replace(&mut caches_know, true) {
                    invalidation::flushed(engine, executing);
                }
            }
            Effect::Swapped { with } => {
                engine.own_expiry.swap(db, with);
                engine.blocked.all_touched(db);
                engine.blocked.all_touched(with);
                break_watches_of_swapped(keys, engine, executing.as_deref_mut(), db, with);
                break_watches_of_swapped(keys, engine, executing, with, db);
            }
            Effect::Wake => engine.blocked.touched(db, key),
            Effect::Propagate => {
                let arguments: SmallVec<[&[u8]; 8]> = recorded.arguments().collect();
                engine.downstream.push(db, Targets::ALL, arguments.into_iter());
            }
        }
    }
}

/// Others learn of a key that went by itself as if someone had deleted it.
fn delete_downstream(engine: &mut Engine, db: usize, key: &[u8], lazily: bool) {
    if engine.downstream.is_active() {
        let name: &[u8] = if lazily { b"UNLINK" } else { b"DEL" };
        engine.downstream.push(db, Targets::ALL, [name, key].into_iter());
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
    if !engine.blocked.is_empty() {
        engine.blocked.touched(db, key);
    }
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

/// A key went with its database; its watchers alone want to know.
fn break_watches(engine: &mut Engine, mut executing: Option<&mut Session>, db: usize, key: &[u8]) {
    let Engine { watches, clients, .. } = engine;
    watches.expired(db, key, |id| break_watch(clients, executing.as_deref_mut(), id));
}

/// `db` and `with` have changed places already: what `db` held is in `with` now.
fn break_watches_of_swapped(
    keys: &Keyspace,
    engine: &mut Engine,
    mut executing: Option<&mut Session>,
    db: usize,
    with: usize,
) {
    let Engine { watches, clients, .. } = engine;
    let presence = |key: &[u8]| (keys.presence(with, key), keys.presence(db, key));
    watches.replaced(db, presence, |id| break_watch(clients, executing.as_deref_mut(), id));
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
