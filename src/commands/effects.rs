//! Performs what handlers recorded, once, in one order: watched keys first, then keyspace
//! notifications, in the order of the changes. (Dirty counting happens while recording.) Everything
//! that follows from a change of data is here.

use super::context::Ctx;
use crate::engine::{ClientId, Clients, Engine};
use crate::keyspace::{Batch, Effect, EventClass, Interest, Keyspace};

/// Tells the keyspace what anyone wants to know, before a command executes.
#[inline]
pub fn declare_interest(keys: &mut Keyspace, engine: &Engine) {
    keys.effects.set_interest(if engine.watches.is_empty() { Interest::empty() } else { Interest::WATCH });
    keys.effects.set_event_classes(engine.config.notify_keyspace_events);
}

/// Performs the effects of the command that has just executed.
#[inline]
pub fn perform(ctx: &mut Ctx<'_>) {
    let _ = ctx.keys.effects.take_propagation();
    if ctx.keys.effects.is_empty() {
        return;
    }
    let own = ctx.client.id;
    let mut own_is_broken = false;
    perform_recorded(ctx.keys, ctx.engine, |id| own_is_broken |= id == own);
    if own_is_broken {
        // The executing client is not in the table.
        ctx.client.watch_broken = true;
    }
}

/// The same outside of a command (expiry, eviction).
pub fn perform_in_background(keys: &mut Keyspace, engine: &mut Engine) {
    if !keys.effects.is_empty() {
        perform_recorded(keys, engine, |_| {});
    }
}

#[cold]
fn perform_recorded(keys: &mut Keyspace, engine: &mut Engine, mut broken: impl FnMut(ClientId)) {
    let mut batch = Batch::default();
    keys.effects.take_into(&mut batch);
    for recorded in batch.iter() {
        let (db, key) = (recorded.db, recorded.key);
        match recorded.effect {
            Effect::Changed => break_watches(engine, db, key, false, &mut broken),
            Effect::Event { class, name } => engine.notify(class, name, db, key),
            Effect::Expired => {
                break_watches(engine, db, key, true, &mut broken);
                engine.notify(EventClass::EXPIRED, "expired", db, key);
            }
            Effect::Evicted => {
                break_watches(engine, db, key, false, &mut broken);
                engine.notify(EventClass::EVICTED, "evicted", db, key);
            }
            Effect::Vanished => break_watches(engine, db, key, true, &mut broken),
            Effect::Swapped { with } => {
                break_watches_of_swapped(keys, engine, db, with, &mut broken);
                break_watches_of_swapped(keys, engine, with, db, &mut broken);
            }
            Effect::Wake | Effect::Flushed | Effect::Propagate => {}
        }
    }
}

fn break_watches(
    engine: &mut Engine,
    db: usize,
    key: &[u8],
    by_expiry: bool,
    broken: &mut impl FnMut(ClientId),
) {
    let Engine { watches, clients, .. } = engine;
    let tell = |id| tell_broken(clients, id, broken);
    if by_expiry { watches.expired(db, key, tell) } else { watches.changed(db, key, tell) }
}

/// `db` and `with` have changed places already: what `db` held is in `with` now.
fn break_watches_of_swapped(
    keys: &Keyspace,
    engine: &mut Engine,
    db: usize,
    with: usize,
    broken: &mut impl FnMut(ClientId),
) {
    let Engine { watches, clients, .. } = engine;
    let presence = |key: &[u8]| (keys.presence(with, key), keys.presence(db, key));
    watches.replaced(db, presence, |id| tell_broken(clients, id, broken));
}

fn tell_broken(clients: &mut Clients, id: ClientId, broken: &mut impl FnMut(ClientId)) {
    if let Some(client) = clients.by_id_mut(id) {
        client.session.watch_broken = true;
    }
    broken(id);
}
