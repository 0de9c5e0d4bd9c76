//! The table of clients: slots that connections share, ids in order of age, and who has news.
//!
//! While a client's requests execute, its entry is taken out of the table, so that handlers can hold
//! it and the table at once. A message to a client that is out (a publisher subscribed to its own
//! channel) waits in `deferred` and follows the reply of the command that caused it.

use std::collections::BTreeMap;
use std::mem;

use super::session::{ClientId, Closing, Session};
use crate::resp::{Protocol, Reply};

/// A client: its state and its pending output.
#[derive(Debug)]
pub struct Client {
    pub session: Session,
    pub reply: Reply,
}

/// All clients of the server.
#[derive(Debug, Default)]
pub struct Clients {
    slots: Vec<Option<Box<Client>>>,
    free: Vec<usize>,
    slot_of: BTreeMap<ClientId, usize>,
    next_id: ClientId,
    /// Slots with output that nobody has tried to send yet.
    unsent: Vec<usize>,
    /// Slots whose output messages have grown beyond the first chunk: their limits are to be checked.
    grown: Vec<usize>,
    /// Clients to be closed before the next poll.
    closing: Vec<ClientId>,
    out: Option<ClientId>,
    deferred: Reply,
    monitors: Vec<ClientId>,
    /// When a client was last reported for speaking HTTP.
    http_reported_ms: Option<i64>,
}

/// Reports of clients that speak HTTP are at least this far apart: they must not flood the log.
const HTTP_REPORT_INTERVAL_MS: i64 = 60_000;

impl Clients {
    /// The id the next client will get.
    pub fn allocate_id(&mut self) -> ClientId {
        self.next_id += 1;
        self.next_id
    }

    /// Enters a client and returns its slot.
    pub fn insert(&mut self, mut client: Client) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        client.session.slot = slot;
        self.slot_of.insert(client.session.id, slot);
        self.slots[slot] = Some(Box::new(client));
        slot
    }

    /// Removes a client for good.
    pub fn remove(&mut self, id: ClientId) -> Option<Box<Client>> {
        let slot = self.slot_of.remove(&id)?;
        self.free.push(slot);
        self.monitors.retain(|monitor| *monitor != id);
        self.slots[slot].take()
    }

    /// Takes the client out to execute its requests; [`Clients::put_back`] must follow.
    pub fn take(&mut self, slot: usize) -> Option<Box<Client>> {
        let mut client = self.slots.get_mut(slot)?.take()?;
        client.session.only_listens = false;
        self.out = Some(client.session.id);
        self.deferred.protocol = client.reply.protocol;
        Some(client)
    }

    pub fn put_back(&mut self, client: Box<Client>) {
        self.out = None;
        match client.session.closing {
            Closing::Now => self.closing.push(client.session.id),
            Closing::AfterReply => self.unsent.push(client.session.slot),
            Closing::No if !client.reply.output.is_empty() => self.unsent.push(client.session.slot),
            Closing::No => {}
        }
        let slot = client.session.slot;
        self.slots[slot] = Some(client);
    }

    /// Puts a client back while others execute, who may have something to tell it. [`Clients::resume`] must follow.
    pub fn suspend(&mut self, client: &mut Client) {
        let id = client.session.id;
        let stand_in = Client { session: Session::new(id, 0), reply: Reply::default() };
        self.put_back(Box::new(mem::replace(client, stand_in)));
    }

    /// Takes a suspended client out again, into the place it came from.
    pub fn resume(&mut self, client: &mut Client) {
        let slot = self.slot_of.get(&client.session.id).copied();
        if let Some(suspended) = slot.and_then(|slot| self.take(slot)) {
            *client = *suspended;
        }
    }

    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    pub fn is_empty(&self) -> bool {
        self.slot_of.is_empty()
    }

    pub fn contains(&self, id: ClientId) -> bool {
        self.slot_of.contains_key(&id)
    }

    pub fn by_slot(&self, slot: usize) -> Option<&Client> {
        self.slots.get(slot)?.as_deref()
    }

    pub fn by_slot_mut(&mut self, slot: usize) -> Option<&mut Client> {
        self.slots.get_mut(slot)?.as_deref_mut()
    }

    pub fn by_id(&self, id: ClientId) -> Option<&Client> {
        self.by_slot(*self.slot_of.get(&id)?)
    }

    pub fn by_id_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        let slot = *self.slot_of.get(&id)?;
        self.by_slot_mut(slot)
    }

    /// The clients in the table, oldest first; one that is out is not among them.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        self.slot_of.values().filter_map(|slot| self.by_slot(*slot))
    }

    /// Whether a client is still to be reckoned with: not being closed at once.
    pub fn is_alive(&self, id: ClientId) -> bool {
        match self.by_id(id) {
            Some(client) => client.session.closing != Closing::Now,
            None => self.out == Some(id),
        }
    }

    /// Whether a client that speaks HTTP should be reported, which then counts as done.
    pub fn reports_http(&mut self, now_ms: i64) -> bool {
        let is_due = self.http_reported_ms.is_none_or(|last_ms| now_ms - last_ms > HTTP_REPORT_INTERVAL_MS);
        if is_due {
            self.http_reported_ms = Some(now_ms);
        }
        is_due
    }

    /// The ids of all clients, oldest first, including one that is out.
    pub fn ids(&self) -> impl Iterator<Item = ClientId> + '_ {
        self.slot_of.keys().copied()
    }

    /// The first client at or after `id`, for walks that go on in a later turn.
    pub fn next_from(&self, id: ClientId) -> Option<(ClientId, usize)> {
        self.slot_of.range(id..).next().map(|(id, slot)| (*id, *slot))
    }

    /// Writes a message to a client: at once, or behind the reply it is executing.
    pub fn send(&mut self, id: ClientId, write: impl FnOnce(&mut Reply)) {
        if self.out == Some(id) {
            write(&mut self.deferred);
            return;
        }
        let Some(slot) = self.slot_of.get(&id).copied() else { return };
        let Some(client) = self.slots[slot].as_deref_mut() else { return };
        if client.session.closing != Closing::No {
            return;
        }
        let was_empty = client.reply.output.is_empty();
        write(&mut client.reply);
        if was_empty {
            client.session.only_listens = true;
            self.unsent.push(slot);
        }
        if client.reply.output.excess_bytes() > 0 && !client.session.output_grown {
            self.note_grown(slot);
        }
    }

    /// Has the output limits of a client checked.
    pub fn note_grown(&mut self, slot: usize) {
        if let Some(client) = self.by_slot_mut(slot) {
            client.session.output_grown = true;
            self.grown.push(slot);
        }
    }

    /// Whether messages have made some client's output large.
    #[inline]
    pub fn has_grown(&self) -> bool {
        !self.grown.is_empty()
    }

    /// The slots of these clients; the caller resets their `output_grown`.
    pub fn take_grown(&mut self) -> Vec<usize> {
        mem::take(&mut self.grown)
    }

    /// Moves messages that waited for the executing client's reply behind it.
    pub fn deliver_deferred(&mut self, reply: &mut Reply) {
        if !self.deferred.output.is_empty() {
            reply.output.append(&mut self.deferred.output);
        }
    }

    /// Tells the protocol that messages to the executing client are written in.
    pub fn set_deferred_protocol(&mut self, protocol: Protocol) {
        self.deferred.protocol = protocol;
    }

    /// Asks for a client's connection to be closed before the next poll.
    pub fn close(&mut self, id: ClientId) {
        if let Some(client) = self.by_id_mut(id) {
            client.session.closing = Closing::Now;
        }
        self.closing.push(id);
    }

    /// Slots with news for the connection; the caller hands the emptied list back.
    pub fn take_unsent(&mut self) -> Vec<usize> {
        mem::take(&mut self.unsent)
    }

    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Output is left that the connection could not be given this turn.
    pub fn note_unsent(&mut self, slot: usize) {
        self.unsent.push(slot);
    }

    pub fn reuse_unsent(&mut self, mut list: Vec<usize>) {
        list.clear();
        if self.unsent.is_empty() {
            self.unsent = list;
        }
    }

    pub fn take_closing(&mut self) -> Vec<ClientId> {
        mem::take(&mut self.closing)
    }

    pub fn has_closing(&self) -> bool {
        !self.closing.is_empty()
    }

    /// Clients in MONITOR mode.
    pub fn monitors(&self) -> &[ClientId] {
        &self.monitors
    }

    pub fn add_monitor(&mut self, id: ClientId) {
        self.monitors.push(id);
    }

    pub fn remove_monitor(&mut self, id: ClientId) {
        self.monitors.retain(|monitor| *monitor != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(clients: &mut Clients) -> ClientId {
        let id = clients.allocate_id();
        clients.insert(Client { session: Session::new(id, 0), reply: Reply::default() });
        id
    }

    #[test]
    fn a_message_to_the_executing_client_follows_its_reply() {
        let mut clients = Clients::default();
        let id = client(&mut clients);
        let slot = clients.by_id(id).unwrap().session.slot;
        let mut out = clients.take(slot).unwrap();
        clients.send(id, |reply| reply.status("message"));
        out.reply.int(1);
        clients.deliver_deferred(&mut out.reply);
        assert_eq!(out.reply.output.single(), Some(&b":1\r\n+message\r\n"[..]));
        clients.put_back(out);
        assert_eq!(clients.take_unsent(), [slot]);
    }

    #[test]
    fn a_client_that_asked_to_be_closed_while_executing_is_closed_afterwards() {
        let mut clients = Clients::default();
        let id = client(&mut clients);
        let slot = clients.by_id(id).unwrap().session.slot;
        let mut out = clients.take(slot).unwrap();
        assert!(clients.is_alive(id));
        out.session.closing = Closing::Now;
        clients.put_back(out);
        assert!(!clients.is_alive(id));
        assert_eq!(clients.take_closing(), [id]);
    }

    #[test]
    fn reports_of_http_are_a_minute_apart() {
        let mut clients = Clients::default();
        assert_eq!([0, 60_000, 60_001].map(|now_ms| clients.reports_http(now_ms)), [true, false, true]);
    }

    #[test]
    fn slots_are_reused_and_ids_are_not() {
        let mut clients = Clients::default();
        let first = client(&mut clients);
        let second = client(&mut clients);
        clients.remove(first);
        let third = client(&mut clients);
        assert_eq!(clients.ids().collect::<Vec<_>>(), [second, third]);
        assert_eq!(clients.by_id(third).unwrap().session.slot, 0);
        assert!(!clients.contains(first));
    }
}
