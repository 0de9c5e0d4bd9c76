//! Limits on what one client may hold.

use super::clients::Client;
use super::parts::Engine;
use super::session::{ClientKind, Closing, Session};
use crate::config::OutputClass;

/// A client that still owes a password gets hardly any room for replies it does not read.
const UNAUTHENTICATED_OUTPUT_BYTES_MAX: usize = 1024;

impl Engine {
    /// Whether a client's pending output exceeds its limits; if so it is marked to be closed.
    pub fn over_output_limit(&mut self, client: &mut Client) -> bool {
        let held = client.reply.output.excess_bytes();
        let owes_password = client.session.owes_password(&self.config.security);
        if !owes_password && held == 0 {
            client.session.soft_limit_since_ms = None;
            return false;
        }
        if !self.exceeds(&mut client.session, held, client.reply.output.memory_bytes()) {
            return false;
        }
        self.stats.output_buffer_limit_disconnections += 1;
        client.session.closing = Closing::Now;
        true
    }

    fn exceeds(&self, session: &mut Session, held: usize, pending: usize) -> bool {
        if session.owes_password(&self.config.security) && pending > UNAUTHENTICATED_OUTPUT_BYTES_MAX {
            return true;
        }
        let class = match session.kind() {
            ClientKind::Pubsub => OutputClass::Pubsub,
            ClientKind::Replica => OutputClass::Replica,
            ClientKind::Normal | ClientKind::Primary => OutputClass::Normal,
        };
        let limit = self.config.limits.output_of(class);
        let held = held as u64;
        if limit.hard_bytes != 0 && held >= limit.hard_bytes {
            return true;
        }
        if limit.soft_bytes == 0 || held < limit.soft_bytes {
            session.soft_limit_since_ms = None;
            return false;
        }
        let now_ms = self.clock.unix_ms();
        let since_ms = *session.soft_limit_since_ms.get_or_insert(now_ms);
        (now_ms - since_ms) / 1000 > limit.soft_seconds as i64
    }

    /// A client is gone.
    pub fn forget_memory_of(&mut self, _session: &Session) {}
}
