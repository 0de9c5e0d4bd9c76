//! Accepting, and the end of a connection.

use std::io;

use super::event_loop::{Server, client_token};
use crate::engine::{Client, ClientId, Session};
use crate::net::{Accepted, BindError, Connection, tune};
use crate::resp::{Protocol, Reply};

/// Connections accepted from one listener before the others get their turn.
const ACCEPTS_PER_TURN_MAX: usize = 1000;

const TOO_MANY_CLIENTS: &[u8] = b"ERR max number of clients reached";

const PROTECTED: &[u8] = b"DENIED Redis is running in protected mode because protected mode is enabled and no \
password is set for the default user. In this mode connections are only accepted from the loopback interface. If \
you want to connect from external computers to Redis you may adopt one of the following solutions: 1) Just disable \
protected mode sending the command 'CONFIG SET protected-mode no' from the loopback interface by connecting to \
Redis from the same host the server is running, however MAKE SURE Redis is not publicly accessible from internet if \
you do so. Use CONFIG REWRITE to make this change permanent. 2) Alternatively you can just disable the protected \
mode by editing the Redis configuration file, and setting the protected mode option to 'no', and then restarting \
the server. 3) If you started the server manually just for testing, restart it with the '--protected-mode no' \
option. 4) Set up an authentication password for the default user. NOTE: You only need to do one of the above \
things in order for the server to start accepting connections from the outside.";

impl Server {
    /// Listens at the configured addresses and Unix socket.
    pub fn listen(&mut self) -> Result<(), BindError> {
        self.listeners.open(&self.engine.config.network)
    }

    /// Accepts who is waiting. A failure (no descriptors left, say) costs that connection only.
    pub(super) fn accept(&mut self, index: usize) {
        for _ in 0..ACCEPTS_PER_TURN_MAX {
            match self.listeners.accept(index) {
                Ok(Some(accepted)) => self.admit_connection(accepted),
                Ok(None) => return,
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    log::warn!("Accepting client connection: {error}");
                    // Edge-triggered: ask again at the next timer, when descriptors may be free.
                    self.cron.retry_accept(index);
                    return;
                }
            }
        }
        if !self.left_over.listeners.contains(&index) {
            self.left_over.listeners.push(index);
        }
    }

    fn admit_connection(&mut self, accepted: Accepted) {
        if let Err(error) = tune(&accepted.stream, self.engine.config.network.tcp_keepalive_seconds) {
            log::debug!("Setting options of a client's socket: {error}");
        }
        self.engine.stats.connections_received += 1;
        if self.engine.clients.len() >= self.engine.config.limits.maxclients as usize {
            self.engine.stats.connections_rejected += 1;
            self.turn_away(accepted, TOO_MANY_CLIENTS);
            return;
        }
        if self.engine.config.network.protected_mode
            && self.engine.config.security.requirepass.is_none()
            && !accepted.is_local
        {
            self.engine.stats.connections_rejected += 1;
            self.turn_away(accepted, PROTECTED);
            return;
        }
        self.enter_client(accepted);
    }

    /// One error line, if the socket takes it at once, and the end.
    fn turn_away(&self, accepted: Accepted, error: &[u8]) {
        let slot = self.connections.len();
        let connection = Connection::new(accepted.stream, self.poll.registry(), client_token(slot + 1));
        let Ok(mut connection) = connection else { return };
        let mut reply = Reply::new(Protocol::Resp2);
        reply.error(error);
        let _ = connection.write(&mut reply.output);
        connection.deregister(self.poll.registry());
    }

    fn enter_client(&mut self, accepted: Accepted) {
        let clients = &mut self.engine.clients;
        let mut session = Session::new(clients.allocate_id(), self.engine.clock.unix_ms());
        session.peer = accepted.peer;
        session.local = accepted.local;
        session.descriptor = accepted.descriptor;
        session.is_unix = accepted.is_unix;
        session.is_local = accepted.is_local;
        session.authenticated = self.engine.config.security.requirepass.is_none();
        let id = session.id;
        let slot = clients.insert(Client { session, reply: Reply::new(Protocol::Resp2) });
        match Connection::new(accepted.stream, self.poll.registry(), client_token(slot)) {
            Ok(connection) => {
                if self.connections.len() <= slot {
                    self.connections.resize_with(slot + 1, || None);
                }
                self.connections[slot] = Some(connection);
            }
            Err(error) => {
                log::warn!("Registering a client connection: {error}");
                self.engine.clients.remove(id);
            }
        }
    }

    /// Ends a connection and forgets the client everywhere.
    pub(super) fn disconnect(&mut self, id: ClientId) {
        let Some(client) = self.engine.clients.remove(id) else { return };
        if let Some(mut connection) = self.connections.get_mut(client.session.slot).and_then(Option::take) {
            connection.deregister(self.poll.registry());
            if self.engine.has_child() {
                connection.shut_down();
            }
        }
        if client.session.is_replica() {
            self.forget_replica(&client.session);
        }
        if client.session.is_primary {
            self.engine.primary_lost(&client.session);
        }
        self.engine.replication.waiters.retain(|waiter| waiter.client != id);
        self.engine.shutdown.forget_client(id);
        self.engine.watches.forget(id);
        self.engine.blocked.leave(id);
        self.engine.pubsub.remove_client(id);
        if let Some(caching) = &client.session.caching {
            self.engine.tracking.remove_client(id, caching);
        }
        self.engine.client_memory.remove(&client.session);
    }
}
