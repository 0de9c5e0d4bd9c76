//! Sending replies: once per client and turn, before the loop waits again.

use super::event_loop::Server;
use crate::engine::Closing;

impl Server {
    /// Sends what clients have waiting, and closes those that are done.
    pub(super) fn write_pending(&mut self) {
        let unsent = self.engine.clients.take_unsent();
        for slot in &unsent {
            self.write_client(*slot);
        }
        self.engine.clients.reuse_unsent(unsent);
    }

    /// Sends one client's output as far as its socket takes it.
    pub(super) fn write_client(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        let Some(client) = self.engine.clients.by_slot_mut(slot) else { return };
        let id = client.session.id;
        if connection.awaits_room || client.session.closing == Closing::Now {
            return;
        }
        match connection.write(&mut client.reply.output) {
            Ok(sent) => {
                self.engine.stats.net_output_bytes += sent as u64;
                self.engine.stats.writes_processed += 1;
            }
            Err(error) => {
                log::debug!("Error writing to client: {error}");
                self.disconnect(id);
                return;
            }
        }
        client.session.awaits_room = connection.awaits_room;
        if client.session.only_listens {
            client.reply.output.release();
        }
        if self.engine.client_memory.is_ranking() {
            self.engine.client_memory.measure(client);
        }
        if client.reply.output.is_empty() {
            if client.session.closing == Closing::AfterReply {
                self.disconnect(id);
            } else if client.session.is_replica() {
                self.feed_replica(slot);
            }
        } else if !connection.awaits_room {
            self.engine.clients.note_unsent(slot);
        }
    }

    /// Closes the clients that were marked for it.
    pub(super) fn close_marked(&mut self) {
        while self.engine.clients.has_closing() {
            for id in self.engine.clients.take_closing() {
                self.disconnect(id);
            }
        }
    }
}
