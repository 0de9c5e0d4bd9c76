//! What client-side caches are told: that keys changed, or that the server no longer remembers who read
//! them. Messages to the client whose command causes them follow its reply.

use super::args::Args;
use super::command::{Command, flags};
use super::context::Ctx;
use super::key_extraction::{Tail, Wanted, keys_of};
use crate::engine::{ClientId, Clients, Engine, Session};
use crate::resp::Reply;

/// The channel on which a subscribed RESP2 client gets the messages that are redirected to it.
const CHANNEL: &[u8] = b"__redis__:invalidate";

/// Keys forgotten at once while the table is above `tracking-table-max-keys`.
const FORGOTTEN_PER_COMMAND_MAX: usize = 100;

/// Remembers the keys that a command has read for its client.
#[inline]
pub fn remember_reads(ctx: &mut Ctx<'_>, command: &Command, args: &Args<'_>) {
    let Some(caching) = &ctx.client.caching else { return };
    if command.flags & (flags::READONLY | flags::PUBSUB) != flags::READONLY || !caching.remembers_reads() {
        return;
    }
    for key in keys_of(command, &Tail { args, start: 0 }, Wanted::Keys).into_iter().flatten() {
        ctx.engine.tracking.remember(ctx.client.id, args.at(key.index));
    }
}

/// Keeps the table of keys below `tracking-table-max-keys`.
pub fn limit_tracking_table(engine: &mut Engine, mut executing: Option<&mut Session>) {
    let keys_max = engine.config.limits.tracking_table_keys;
    if keys_max == 0 {
        return;
    }
    for _ in 0..FORGOTTEN_PER_COMMAND_MAX {
        if engine.tracking.key_count() <= keys_max {
            return;
        }
        let Some((key, readers)) = engine.tracking.forget_oldest() else { return };
        tell_readers(&mut engine.clients, executing.as_deref_mut(), &readers, &key);
    }
}

/// A key changed. `changer` is who changed it; a key that expired changed by itself, though in the course
/// of some client's command.
pub fn key_changed(
    engine: &mut Engine,
    executing: Option<&mut Session>,
    key: &[u8],
    changer: Option<ClientId>,
) {
    if !engine.tracking.is_active() {
        return;
    }
    engine.tracking.note_change(key, changer);
    let readers = engine.tracking.forget(key);
    tell_readers(&mut engine.clients, executing, &readers, key);
}

/// A database was emptied: whoever caches anything is told to drop it all.
pub fn flushed(engine: &mut Engine, mut executing: Option<&mut Session>) {
    if !engine.tracking.is_active() {
        return;
    }
    let ids: Vec<ClientId> = engine.clients.ids().collect();
    for id in ids {
        send(&mut engine.clients, executing.as_deref_mut(), id, Reply::null);
    }
    engine.tracking.forget_all();
}

/// Tells clients in broadcast mode what changed in this turn of the loop.
pub fn broadcast_invalidations(engine: &mut Engine) {
    if !engine.tracking.is_active() {
        return;
    }
    let Engine { tracking, clients, .. } = engine;
    tracking.drain_changes(|listener, changed| {
        let caching = clients.by_id(listener).and_then(|client| client.session.caching.as_deref());
        let skips_own = caching.is_some_and(|caching| caching.no_loop);
        let concerning = || changed.iter().filter(|(_, by)| !skips_own || **by != Some(listener));
        let count = concerning().count();
        if count > 0 {
            send(clients, None, listener, |reply| {
                reply.array(count);
                for (key, _) in concerning() {
                    reply.bulk(key);
                }
            });
        }
    });
}

fn tell_readers(
    clients: &mut Clients,
    mut executing: Option<&mut Session>,
    readers: &[ClientId],
    key: &[u8],
) {
    for reader in readers {
        let own = executing.as_deref().filter(|session| session.id == *reader);
        let session = own.or_else(|| clients.by_id(*reader).map(|client| &client.session));
        // It may have gone, stopped, or changed over to broadcast mode since it read the key.
        let Some(caching) = session.and_then(|session| session.caching.as_deref()) else { continue };
        if caching.is_broadcast() || (caching.no_loop && own.is_some()) {
            continue;
        }
        send(clients, executing.as_deref_mut(), *reader, |reply| {
            reply.array(1);
            reply.bulk(key);
        });
    }
}

/// Sends a client that caches the message whose last part `body` writes, or sends it to the client it
/// redirects to.
fn send(
    clients: &mut Clients,
    mut executing: Option<&mut Session>,
    id: ClientId,
    body: impl FnOnce(&mut Reply),
) {
    let Some(session) = session_of(clients, executing.as_deref_mut(), id) else { return };
    let is_resp3 = session.is_resp3();
    let Some(caching) = session.caching.as_deref_mut() else { return };
    let redirect = caching.redirect;
    let target = redirect.unwrap_or(id);
    let Some(receiver) = session_of(clients, executing.as_deref_mut(), target) else {
        if let Some(session) = session_of(clients, executing, id)
            && let Some(caching) = session.caching.as_deref_mut()
        {
            caching.redirect_broken = true;
        }
        if is_resp3 {
            clients.send(id, |reply| {
                reply.push(2);
                reply.bulk(b"tracking-redir-broken");
                reply.int(target as i64);
            });
        }
        return;
    };
    if receiver.is_resp3() {
        clients.send(target, |reply| {
            reply.push(2);
            reply.bulk(b"invalidate");
            body(reply);
        });
    } else if redirect.is_some() && receiver.is_subscribed() {
        clients.send(target, |reply| {
            reply.push(3);
            reply.bulk(b"message");
            reply.bulk(CHANNEL);
            body(reply);
        });
    }
}

/// A client that is alive; the executing one is not in the table.
fn session_of<'a>(
    clients: &'a mut Clients,
    executing: Option<&'a mut Session>,
    id: ClientId,
) -> Option<&'a mut Session> {
    if let Some(session) = executing
        && session.id == id
    {
        return Some(session);
    }
    if !clients.is_alive(id) {
        return None;
    }
    clients.by_id_mut(id).map(|client| &mut client.session)
}
