//! What happens between two polls, in order. Each line says why it stands where it stands.

use super::event_loop::Server;
use super::limits;
use crate::commands;

impl Server {
    pub(super) fn before_poll(&mut self) {
        // First: clients whose pause is over may write, and what they write belongs to this turn.
        self.resume_postponed();
        // Before clients: what the primary sent is older than what they want.
        self.drive_primary_link();
        // Clients that were served may have sent more; what that wakes is served within the same call.
        self.go_on_with_unblocked();
        // Before replies go out: what expires now is announced with them.
        self.expire_keys();
        // Likewise; and after expiry, which may have made the room that is wanted.
        self.evict_keys();
        // Some wait for keys to go.
        self.serve_blocked();
        // Before replies go out: what is acknowledged is on its way. After all that can still change keys.
        self.replicate();
        // After all that can still change keys in this turn.
        commands::broadcast_invalidations(&mut self.engine);
        // Before writing: a client above its limit gets nothing more.
        limits::enforce_output_limits(&mut self.engine, &self.registry);
        // After all changes and before all replies: a reply promises what `appendfsync` says.
        self.flush_aof();
        // After what may have brought writes to the disk, and before replies: some wait for just that.
        self.acknowledge();
        // Last but two: nothing that can still fail comes after an acknowledgement.
        self.write_pending();
        // Behind the replies: those who wait for us come first. A replica's own replies are out.
        self.feed_replicas();
        // After writing: output that the socket has taken is not held against a client.
        if limits::limits_client_memory(&self.engine) {
            limits::evict_clients(&mut self.engine, &self.registry, None);
        }
        // Last: a client's final reply has left (or cannot).
        self.close_marked();
    }

    /// Whether the next poll must not wait.
    pub(super) fn has_unfinished_turn(&self) -> bool {
        self.engine.snapshots.can_load_on()
            || self.engine.clients.has_unsent()
            || self.engine.clients.has_closing()
            || self.cron.expiry_goes_on()
            || self.engine.eviction.goes_on
            || self.engine.blocked.has_unblocked()
            || self.transfers.goes_on
            || self.primary_link_goes_on()
    }
}
