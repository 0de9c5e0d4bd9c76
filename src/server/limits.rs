//! Limits on what clients may hold: the output of each, and the memory of all together. Whoever exceeds
//! one is marked to be closed before the next poll, gives up its output at once, and leaves the books.
//!
//! The log shows whom it hit as CLIENT LIST does, which takes the names of commands: therefore the
//! registry, and therefore not in the engine.

use crate::commands::{Registry, client_info_line};
use crate::config::{Config, OutputClass};
use crate::engine::{Client, ClientId, ClientKind, Closing, Engine};

/// A client that still owes a password gets hardly any room for replies it does not read.
const UNAUTHENTICATED_OUTPUT_BYTES_MAX: usize = 1024;

/// A smaller `maxmemory-clients` counts as this much, so that someone can still connect and raise it.
const CLIENTS_MEMORY_MIN: u64 = 128 * 1024;

/// Why a client of the books is in the table.
const LEAVES_THE_BOOKS: &str = "who leaves the table leaves the books, too";

/// Whether the executing client's pending output exceeds its limits; if so it is marked to be closed.
#[inline]
pub(super) fn over_output_limit(engine: &mut Engine, registry: &Registry, client: &mut Client) -> bool {
    let owes_password = client.session.owes_password(&engine.config.security);
    if !owes_password && client.reply.output.excess_bytes() == 0 {
        return false;
    }
    if !exceeds_output_limit(&engine.config, client, engine.clock.unix_ms()) {
        return false;
    }
    log_output_limit(client, registry, engine.clock.unix_ms());
    give_up(engine, client);
    true
}

/// The same for clients whose output was grown by messages from elsewhere.
pub(super) fn enforce_output_limits(engine: &mut Engine, registry: &Registry) {
    let now_ms = engine.clock.unix_ms();
    for slot in engine.clients.take_grown() {
        let Some(client) = engine.clients.by_slot_mut(slot) else { continue };
        client.session.output_grown = false;
        if client.session.closing == Closing::Now {
            continue;
        }
        if exceeds_output_limit(&engine.config, client, now_ms) {
            log_output_limit(client, registry, now_ms);
            let id = client.session.id;
            give_up_by_id(engine, id);
        } else if engine.client_memory.is_ranking() {
            engine.client_memory.measure(client);
        }
    }
}

/// Whether `maxmemory-clients` is in force, or was and its traces are still to be removed.
#[inline]
pub(super) fn limits_client_memory(engine: &Engine) -> bool {
    engine.client_memory.is_ranking() || clients_memory_limit(&engine.config) != 0
}

/// Closes the largest clients until all together are below `maxmemory-clients`. The executing client
/// is not in the table, and handed in.
pub(super) fn evict_clients(engine: &mut Engine, registry: &Registry, mut executing: Option<&mut Client>) {
    let limit = clients_memory_limit(&engine.config);
    set_ranking(engine, limit != 0);
    if limit == 0 {
        return;
    }
    if let Some(client) = executing.as_deref_mut() {
        engine.client_memory.measure(client);
    }
    let now_ms = engine.clock.unix_ms();
    while engine.client_memory.normal_bytes() as u64 >= limit {
        let Some(id) = engine.client_memory.largest() else {
            log::warn!("Over client maxmemory after evicting all evictable clients");
            return;
        };
        engine.stats.evicted_clients += 1;
        if let Some(client) = executing.as_deref_mut().filter(|client| client.session.id == id) {
            log_eviction(client, registry, now_ms);
            give_up(engine, client);
        } else {
            let client = engine.clients.by_id(id).expect(LEAVES_THE_BOOKS);
            log_eviction(client, registry, now_ms);
            give_up_by_id(engine, id);
        }
    }
}

#[inline]
fn clients_memory_limit(config: &Config) -> u64 {
    match config.memory.clients.limit_bytes(config.memory.maxmemory_bytes) {
        0 => 0,
        limit => limit.max(CLIENTS_MEMORY_MIN),
    }
}

fn set_ranking(engine: &mut Engine, wanted: bool) {
    if wanted == engine.client_memory.is_ranking() {
        return;
    }
    engine.client_memory.set_ranking(wanted);
    let ids: Vec<_> = engine.clients.ids().collect();
    for id in ids {
        if let Some(client) = engine.clients.by_id_mut(id)
            && client.session.closing != Closing::Now
        {
            engine.client_memory.measure(client);
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

/// Marks the executing client.
fn give_up(engine: &mut Engine, client: &mut Client) {
    engine.client_memory.forget(&mut client.session);
    client.reply.output.clear();
    client.session.closing = Closing::Now;
    engine.clients.close(client.session.id);
}

/// Marks a client of the table.
fn give_up_by_id(engine: &mut Engine, id: ClientId) {
    let client = engine.clients.by_id_mut(id).expect(LEAVES_THE_BOOKS);
    engine.client_memory.forget(&mut client.session);
    client.reply.output.clear();
    engine.clients.close(id);
}

fn log_output_limit(client: &Client, registry: &Registry, now_ms: i64) {
    log::warn!(
        "Client {} scheduled to be closed ASAP for overcoming of output buffer limits.",
        client_info_line(&client.session, &client.reply.output, registry, now_ms)
    );
}

fn log_eviction(client: &Client, registry: &Registry, now_ms: i64) {
    log::info!(
        "Evicting client: {}",
        client_info_line(&client.session, &client.reply.output, registry, now_ms)
    );
}
