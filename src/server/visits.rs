//! What the cron does with each client about once a second: idle ones are closed, buffers are brought to
//! the size they are used at, memory is measured, and output limits are enforced without traffic.

use super::event_loop::Server;
use crate::engine::{Client, ClientKind, Closing, Engine};
use crate::net::Input;
use crate::resp::CHUNK_BYTES;

/// A run visits at least this many clients, however few there are.
const VISITS_MIN: usize = 5;
/// Free room in a query buffer that is not worth giving back.
const QUERY_BUFFER_SLACK_BYTES: usize = 4 * 1024;
/// A client that has sent nothing for longer is not about to use the free room of its query buffer.
const QUERY_BUFFER_IDLE_S: i64 = 2;
/// Reply buffers of clients that have had a reply are not smaller than this.
const REPLY_BUFFER_BYTES_MIN: usize = 1024;

impl Server {
    /// Visits this run's share of the clients.
    pub(super) fn visit_clients(&mut self) {
        let now_s = self.engine.clock.unix_ms() / 1000;
        if now_s != self.cron.peaks_second {
            self.cron.peaks_second = now_s;
            self.engine.client_memory.begin_second(now_s);
        }
        let clients = self.engine.clients.len();
        let share = (clients / self.engine.cron_hz as usize).max(VISITS_MIN.min(clients));
        for _ in 0..share {
            let found = self.engine.clients.next_from(self.cron.next_client);
            let Some((id, slot)) = found.or_else(|| self.engine.clients.next_from(0)) else { return };
            self.cron.next_client = id + 1;
            if self.engine.is_idle_too_long(slot) {
                log::debug!("Closing idle client");
                self.disconnect(id);
            } else {
                self.visit_client(slot);
            }
        }
    }

    fn visit_client(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        let Some(client) = self.engine.clients.by_slot_mut(slot) else { return };
        if client.session.closing == Closing::Now {
            return;
        }
        let now_ms = self.engine.clock.unix_ms();
        let idle_s = now_ms / 1000 - client.session.last_interaction_ms / 1000;
        if idle_s > QUERY_BUFFER_IDLE_S {
            shrink_query_buffer(&mut connection.input, client);
        }
        self.engine.resize_reply_buffer(slot, now_ms);
        self.engine.inspect(slot, now_ms);
    }
}

impl Engine {
    fn is_idle_too_long(&self, slot: usize) -> bool {
        let timeout_s = i64::from(self.config.network.timeout_seconds);
        if timeout_s == 0 {
            return false;
        }
        self.clients.by_slot(slot).is_some_and(|client| {
            let session = &client.session;
            let idle_s = self.clock.unix_ms() / 1000 - session.last_interaction_ms / 1000;
            // Whoever waits for messages, or for us, may be silent.
            let waits = session.kind() != ClientKind::Normal || session.is_monitor || session.waits();
            !waits && idle_s > timeout_s
        })
    }

    /// Doubles a reply buffer that did not suffice, and gives back what was not used lately.
    fn resize_reply_buffer(&mut self, slot: usize, now_ms: i64) {
        let Some(client) = self.clients.by_slot_mut(slot) else { return };
        let output = &mut client.reply.output;
        if !self.debug.reply_buffer_resizing || !output.is_empty() {
            return;
        }
        let capacity = output.tail_capacity();
        match fitting_capacity(capacity, output.peak()) {
            Some(fitting) if fitting < capacity => {
                self.stats.reply_buffer_shrinks += 1;
                output.resize_tail(fitting);
            }
            Some(fitting) => {
                self.stats.reply_buffer_expands += 1;
                output.resize_tail(fitting);
            }
            None => {}
        }
        let reset_ms = self.debug.reply_buffer_peak_reset_ms;
        if reset_ms >= 0 && now_ms - client.session.reply_peak_reset_ms >= reset_ms {
            output.take_peak();
            client.session.reply_peak_reset_ms = now_ms;
        }
    }

    /// Books a client's memory and closes it if its output has been above the soft limit for too long.
    fn inspect(&mut self, slot: usize, now_ms: i64) {
        let Some(client) = self.clients.by_slot_mut(slot) else { return };
        self.client_memory.note_buffers(client, now_ms / 1000);
        self.client_memory.measure(client);
        if !client.reply.output.is_empty() && !client.session.output_grown {
            self.clients.note_grown(slot);
        }
    }
}

/// The capacity a reply buffer should have instead, if another one fits better.
fn fitting_capacity(capacity: usize, peak: usize) -> Option<usize> {
    if capacity == 0 {
        // Nothing was ever sent.
        return None;
    }
    if capacity < REPLY_BUFFER_BYTES_MIN {
        return Some(REPLY_BUFFER_BYTES_MIN);
    }
    if capacity / 2 >= REPLY_BUFFER_BYTES_MIN && peak < capacity / 2 {
        return Some(REPLY_BUFFER_BYTES_MIN.max(peak + 1));
    }
    if peak > capacity && capacity < CHUNK_BYTES {
        return Some(CHUNK_BYTES.min(capacity * 2));
    }
    None
}

/// Gives back the free room in the buffers of a client that waits with half a request.
fn shrink_query_buffer(input: &mut Input, client: &mut Client) {
    if input.buffer.capacity() - input.buffer.len() > QUERY_BUFFER_SLACK_BYTES {
        input.buffer.shrink_to_fit();
    }
    if input.parser.arriving_bytes().is_some_and(|(len, capacity)| capacity - len > QUERY_BUFFER_SLACK_BYTES)
    {
        input.parser.shrink_arriving();
    }
    super::requests::note_buffers(input, client);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_buffer_is_fitted_to_the_replies_of_late() {
        assert_eq!(fitting_capacity(0, 0), None);
        assert_eq!(fitting_capacity(8, 5), Some(1024));
        assert_eq!(fitting_capacity(1024, 5), None);
        assert_eq!(fitting_capacity(16_384, 5), Some(1024));
        assert_eq!(fitting_capacity(16_384, 3000), Some(3001));
        assert_eq!(fitting_capacity(16_384, 9000), None);
        assert_eq!(fitting_capacity(2048, 2048), None);
        assert_eq!(fitting_capacity(2048, 2049), Some(4096));
        assert_eq!(fitting_capacity(16_384, 16_384), None);
    }
}
