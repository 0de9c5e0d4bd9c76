//! The listening sockets. The loop accepts from them and CONFIG SET moves them, while a command executes:
//! so they are shared between the server and its engine.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use mio::Registry;

use super::event_loop::listener_token;
use crate::config::Network;
use crate::engine::{Listen, ListenFailed};
use crate::net::{Accepted, BindError, ListenOptions, Listener};

/// Addresses and the Unix socket together.
pub(super) const LISTENERS_MAX: usize = 64;

/// The sockets, by the index in their tokens.
#[derive(Debug, Clone)]
pub(super) struct Listeners {
    shared: Rc<RefCell<Sockets>>,
}

#[derive(Debug)]
struct Sockets {
    registry: Registry,
    /// The Unix socket, if there is one, is first and stays when addresses change.
    open: Vec<Listener>,
}

impl Listeners {
    /// None yet; the registry is that of the loop's poll.
    pub(super) fn new(registry: &Registry) -> io::Result<Self> {
        let sockets = Sockets { registry: registry.try_clone()?, open: Vec::new() };
        Ok(Self { shared: Rc::new(RefCell::new(sockets)) })
    }

    /// Opens the Unix socket and the addresses, in place of what was open.
    pub(super) fn open(&self, network: &Network) -> Result<(), BindError> {
        let mut sockets = self.shared.borrow_mut();
        sockets.close_from(0);
        if let Some(path) = &network.unix_socket {
            let permissions = Some(network.unix_socket_permissions).filter(|mode| *mode != 0);
            let socket = Listener::unix(path, permissions, options(network))
                .inspect_err(|error| log::warn!("Failed opening Unix socket: {error}"))?;
            sockets.add(socket)?;
        }
        sockets.open_addresses(network)
    }

    /// Listens no more.
    pub(super) fn close(&self) {
        self.shared.borrow_mut().close_from(0);
    }

    /// Whether nobody can connect.
    pub(super) fn is_empty(&self) -> bool {
        self.shared.borrow().open.is_empty()
    }

    /// The next connection of one of the sockets, if someone waits.
    pub(super) fn accept(&self, index: usize) -> io::Result<Option<Accepted>> {
        match self.shared.borrow().open.get(index) {
            Some(listener) => listener.accept(),
            None => Ok(None),
        }
    }
}

impl Listen for Listeners {
    fn listen(&mut self, network: &Network) -> Result<(), ListenFailed> {
        let mut sockets = self.shared.borrow_mut();
        let unix_sockets = usize::from(matches!(sockets.open.first(), Some(Listener::Unix { .. })));
        // First, as the new addresses may be among the old ones.
        sockets.close_from(unix_sockets);
        sockets.open_addresses(network).map_err(|_| ListenFailed)
    }

    fn close_in_child(&self) {
        // Without asking the poll, which belongs to the parent.
        self.shared.borrow_mut().open.clear();
    }
}

impl Sockets {
    fn open_addresses(&mut self, network: &Network) -> Result<(), BindError> {
        if network.port == 0 {
            return Ok(());
        }
        for address in &network.bind {
            let (address, is_optional) = match address.strip_prefix('-') {
                Some(address) => (address, true),
                None => (address.as_str(), false),
            };
            match Listener::tcp(address, network.port, options(network)) {
                Ok(listener) => self.add(listener)?,
                Err(error) => {
                    log::warn!("Warning: Could not create server TCP listening socket {error}");
                    if !error.is_excused(is_optional) {
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, mut listener: Listener) -> Result<(), BindError> {
        listener
            .register(&self.registry, listener_token(self.open.len()))
            .inspect_err(|error| log::warn!("Failed polling a listening socket: {error}"))?;
        self.open.push(listener);
        Ok(())
    }

    fn close_from(&mut self, index: usize) {
        for mut listener in self.open.drain(index..) {
            let _ = listener.deregister(&self.registry);
        }
    }
}

fn options(network: &Network) -> ListenOptions {
    ListenOptions { backlog: network.tcp_backlog as i32, mark: network.socket_mark_id }
}
