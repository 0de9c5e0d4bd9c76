//! Clients that wait for a key: they are served right behind the command that touched it, before the next
//! request of whoever sent that, and sent away when their time is up.

use super::cron::expired_keys;
use super::event_loop::Server;
use super::timers::Timer;
use crate::commands::{self, Ctx, Outcome, Registry, Release};
use crate::engine::{ClientId, Engine};
use crate::keyspace::Keyspace;

/// Executes the requests that wait on the keys that were touched, until no key is left that was. No client may
/// be out of the table meanwhile.
pub(super) fn serve_ready(engine: &mut Engine, keys: &mut Keyspace, registry: &Registry) {
    // Whoever waits would only be postponed; the end of the pause brings us here again.
    if engine.pause.at(engine.clock.unix_ms()).is_some() {
        return;
    }
    while engine.blocked.has_ready() {
        for (db, key) in engine.blocked.take_ready() {
            keys.set_expired_keys(expired_keys(engine));
            for client in engine.blocked.waiting_on(db, &key) {
                match commands::may_serve(keys, engine, db, &key, client) {
                    Some(true) => retry(engine, keys, registry, client),
                    Some(false) => {}
                    None => break,
                }
            }
        }
    }
}

/// Executes the request of a blocked client once more; it may block again.
fn retry(engine: &mut Engine, keys: &mut Keyspace, registry: &Registry, id: ClientId) {
    let Some(slot) = engine.clients.by_id(id).map(|client| client.session.slot) else { return };
    let Some(waiting) = engine.blocked.leave(id) else { return };
    let Some(mut client) = engine.clients.take(slot) else { return };
    client.session.blocked = false;
    let mut ctx = Ctx {
        keys,
        reply: &mut client.reply,
        client: &mut client.session,
        engine,
        registry,
        command: waiting.command,
    };
    if commands::process_again(&mut ctx, waiting) != Outcome::Blocked {
        engine.blocked.note_unblocked(id);
    }
    engine.clients.put_back(client);
}

impl Server {
    pub(super) fn serve_blocked(&mut self) {
        if self.engine.blocked.has_ready() {
            serve_ready(&mut self.engine, &mut self.keys, &self.registry);
        }
        let deadlines = [self.engine.blocked.next_deadline_us(), self.engine.replication.next_deadline_us()];
        if let Some(deadline_us) = deadlines.into_iter().flatten().min() {
            self.cron.timers.set(Timer::BlockedClient, deadline_us);
        } else {
            self.cron.timers.stop(Timer::BlockedClient);
        }
    }

    /// Sends those away whose time is up.
    pub(super) fn time_out_blocked(&mut self, now_us: u64) {
        while let Some(id) = self.engine.blocked.overdue(now_us) {
            commands::release(&mut self.engine, id, Release::TimedOut);
        }
    }

    /// Executes what clients sent while they were blocked.
    pub(super) fn go_on_with_unblocked(&mut self) {
        for id in self.engine.blocked.take_unblocked() {
            let slot = self.engine.clients.by_id(id).map(|client| client.session.slot);
            if let Some(slot) = slot {
                self.resume_client(slot);
            }
        }
    }
}
