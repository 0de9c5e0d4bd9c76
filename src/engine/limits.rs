//! Limits on what clients may hold: the output of each, and the memory of all together. Whoever exceeds
//! one is marked to be closed before the next poll, gives up its output at once, and leaves the books.

use super::clients::Client;
use super::parts::Engine;
use super::session::{ClientId, ClientKind, Closing, Session};
use crate::config::{Config, OutputClass};

/// A client that still owes a password gets hardly any room for replies it does not read.
const UNAUTHENTICATED_OUTPUT_BYTES_MAX: usize = 1024;

/// A smaller `maxmemory-clients` counts as this much, so that someone can still connect and raise it.
const CLIENTS_MEMORY_MIN: u64 = 128 * 1024;

impl Engine {
    /// Whether the executing client's pending output exceeds its limits; if so it is marked to be closed.
    #[inline]
    pub fn over_output_limit(&mut self, client: &mut Client) -> bool {
        let owes_password = client.session.owes_password(&self.config.security);
        if !owes_password && client.reply.output.excess_bytes() == 0 {
            return false;
        }
        if !exceeds_output_limit(&self.config, client, self.clock.unix_ms()) {
            return false;
        }
        self.close_for_output(client);
        true
    }

    /// The same for clients whose output was grown by messages from elsewhere.
    pub fn enforce_output_limits(&mut self) {
        for slot in self.clients.take_grown() {
            let Some(client) = self.clients.by_slot_mut(slot) else { continue };
            client.session.output_grown = false;
            if client.session.closing == Closing::Now {
                continue;
            }
            if exceeds_output_limit(&self.config, client, self.clock.unix_ms()) {
                self.stats.output_buffer_limit_disconnections += 1;
                log_output_limit(&client.session);
                self.client_memory.forget(&mut client.session);
                client.reply.output.clear();
                let id = client.session.id;
                self.clients.close(id);
            } else if self.client_memory.is_ranking() {
                self.client_memory.measure(client);
            }
        }
    }

    /// A client is gone.
    pub fn forget_memory_of(&mut self, session: &Session) {
        self.client_memory.remove(session);
    }

    fn close_for_output(&mut self, client: &mut Client) {
        self.stats.output_buffer_limit_disconnections += 1;
        log_output_limit(&client.session);
        self.mark_for_closing(client);
    }

    fn mark_for_closing(&mut self, client: &mut Client) {
        self.client_memory.forget(&mut client.session);
        client.reply.output.clear();
        client.session.closing = Closing::Now;
        self.clients.close(client.session.id);
    }

    /// Whether `maxmemory-clients` is in force, or was and its traces are still to be removed.
    #[inline]
    pub fn limits_client_memory(&self) -> bool {
        self.client_memory.is_ranking() || self.clients_memory_limit() != 0
    }

    #[inline]
    fn clients_memory_limit(&self) -> u64 {
        match self.config.memory.clients.limit_bytes(self.config.memory.maxmemory_bytes) {
            0 => 0,
            limit => limit.max(CLIENTS_MEMORY_MIN),
        }
    }

    /// Closes the largest clients until all together are below `maxmemory-clients`. The executing client
    /// is not in the table, and handed in.
    pub fn evict_clients(&mut self, mut executing: Option<&mut Client>) {
        let limit = self.clients_memory_limit();
        self.set_ranking(limit != 0);
        if limit == 0 {
            return;
        }
        if let Some(client) = executing.as_deref_mut() {
            self.client_memory.measure(client);
        }
        while self.client_memory.normal_bytes() as u64 >= limit {
            let Some(id) = self.client_memory.largest() else {
                log::warn!("Over client maxmemory after evicting all evictable clients");
                return;
            };
            self.stats.evicted_clients += 1;
            match executing.as_deref_mut() {
                Some(client) if client.session.id == id => {
                    log::info!("Evicting client: {}", shown(&client.session));
                    self.mark_for_closing(client);
                }
                _ => self.evict_client(id),
            }
        }
    }

    fn evict_client(&mut self, id: ClientId) {
        let client = self.clients.by_id_mut(id).expect("who leaves the table is forgotten here, too");
        log::info!("Evicting client: {}", shown(&client.session));
        self.client_memory.forget(&mut client.session);
        client.reply.output.clear();
        self.clients.close(id);
    }

    fn set_ranking(&mut self, wanted: bool) {
        if wanted == self.client_memory.is_ranking() {
            return;
        }
        self.client_memory.set_ranking(wanted);
        let ids: Vec<_> = self.clients.ids().collect();
        for id in ids {
            if let Some(client) = self.clients.by_id_mut(id)
                && client.session.closing != Closing::Now
            {
                self.client_memory.measure(client);
            }
        }
    }
}

/// Whether a client's pending output is above a limit of its class, or for too long above the soft one.
fn exceeds_output_limit(config: &Config, client: &mut Client, now_ms: i64) -> bool {
    let session = &mut client.session;
    if session.owes_password(&config.security) && client.reply.output.len() > UNAUTHENTICATED_OUTPUT_BYTES_MAX
    {
        return true;
    }
    let class = match session.kind() {
        ClientKind::Pubsub => OutputClass::Pubsub,
        ClientKind::Replica => OutputClass::Replica,
        ClientKind::Normal | ClientKind::Primary => OutputClass::Normal,
    };
    let limit = config.limits.output_of(class);
    let held = client.reply.output.excess_bytes() as u64;
    if limit.hard_bytes != 0 && held >= limit.hard_bytes {
        return true;
    }
    if limit.soft_bytes == 0 || held < limit.soft_bytes {
        session.soft_limit_since_ms = None;
        return false;
    }
    let since_ms = *session.soft_limit_since_ms.get_or_insert(now_ms);
    (now_ms / 1000 - since_ms / 1000) > limit.soft_seconds as i64
}

fn log_output_limit(session: &Session) {
    log::warn!(
        "Client {} scheduled to be closed ASAP for overcoming of output buffer limits.",
        shown(session)
    );
}

/// A client as log lines show it.
pub fn shown(session: &Session) -> String {
    let name = String::from_utf8_lossy(&session.name);
    format!("id={} addr={} laddr={} name={name}", session.id, session.peer, session.local)
}
