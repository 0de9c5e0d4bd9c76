//! Listening sockets and accepting from them.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use mio::event::Source as _;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, SockRef, Socket, TcpKeepalive, Type};
use thiserror::Error;

use super::connection::Stream;
use crate::sys::files::error_text;

/// Unanswered keepalive probes after which a peer is given up.
const KEEPALIVE_PROBES: u32 = 3;

/// What all listeners share.
#[derive(Debug, Clone, Copy)]
pub struct ListenOptions {
    /// `tcp-backlog`.
    pub backlog: i32,
    /// `socket-mark-id`, for the firewall; 0: none.
    pub mark: u32,
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
pub enum BindError {
    /// `step` is the system call, or the name resolution, that failed.
    #[error("{address}:{port}: {step}: {}", error_text(source))]
    Tcp { address: String, port: u16, step: &'static str, source: io::Error },
    #[error("{path}: {}", error_text(source))]
    Unix { path: String, source: io::Error },
}

impl BindError {
    /// The port, 0 for a Unix socket.
    pub fn port(&self) -> u16 {
        match self {
            Self::Tcp { port, .. } => *port,
            Self::Unix { .. } => 0,
        }
    }

    /// `tcp` or `unix`, as the log names listeners.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tcp { .. } => "tcp",
            Self::Unix { .. } => "unix",
        }
    }

    /// Whether the server can do without this address: one of a family that this system does not have, or
    /// (`is_optional`: a `-` in front of it) one that is not here.
    pub fn is_excused(&self, is_optional: bool) -> bool {
        let Self::Tcp { source, .. } = self else { return false };
        match source.raw_os_error() {
            Some(libc::EADDRNOTAVAIL) => is_optional,
            Some(
                libc::EAFNOSUPPORT
                | libc::EPROTONOSUPPORT
                | libc::ESOCKTNOSUPPORT
                | libc::EPFNOSUPPORT
                | libc::ENOPROTOOPT,
            ) => true,
            _ => false,
        }
    }
}

/// A listening socket.
#[derive(Debug)]
pub enum Listener {
    Tcp { socket: TcpListener, address: IpAddr, port: u16 },
    Unix { socket: UnixListener, path: String },
}

/// A connection just accepted.
#[derive(Debug)]
pub struct Accepted {
    pub stream: Stream,
    pub descriptor: i32,
    /// `ip:port`, or `path:0`.
    pub peer: String,
    pub local: String,
    pub is_unix: bool,
    /// Over loopback or a Unix socket.
    pub is_local: bool,
}

impl Listener {
    /// Listens on `address` (`*`, `::*`, a name or an IP address).
    pub fn tcp(address: &str, port: u16, options: ListenOptions) -> Result<Self, BindError> {
        let fail = |step| move |source| BindError::Tcp { address: address.to_owned(), port, step, source };
        let target = resolve(address, port).map_err(fail("resolve"))?;
        let socket = bind_tcp(target, options).map_err(|(step, source)| fail(step)(source))?;
        Ok(Self::Tcp { socket, address: target.ip(), port })
    }

    /// Listens on a Unix socket. Its permissions are set before anyone can connect.
    pub fn unix(path: &Path, permissions: Option<u32>, options: ListenOptions) -> Result<Self, BindError> {
        let shown = path.display().to_string();
        let fail = |source| BindError::Unix { path: shown.clone(), source };
        let socket = bind_unix(path, permissions, options).map_err(fail)?;
        Ok(Self::Unix { socket, path: shown.clone() })
    }

    /// Has the poll announce connections.
    pub fn register(&mut self, registry: &Registry, token: Token) -> Result<(), BindError> {
        match self {
            Self::Tcp { socket, address, port } => {
                let (address, port, step) = (address.to_string(), *port, "epoll_ctl");
                let registered = socket.register(registry, token, Interest::READABLE);
                registered.map_err(|source| BindError::Tcp { address, port, step, source })
            }
            Self::Unix { socket, path } => {
                let registered = socket.register(registry, token, Interest::READABLE);
                registered.map_err(|source| BindError::Unix { path: path.clone(), source })
            }
        }
    }

    pub fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Self::Tcp { socket, .. } => socket.deregister(registry),
            Self::Unix { socket, .. } => socket.deregister(registry),
        }
    }

    /// Accepts one connection; `None` when nobody is waiting.
    pub fn accept(&self) -> io::Result<Option<Accepted>> {
        let accepted = match self {
            Self::Tcp { socket, .. } => socket.accept().and_then(|(stream, peer)| accepted_tcp(stream, peer)),
            Self::Unix { socket, path } => socket.accept().map(|(stream, _)| Accepted {
                descriptor: stream.as_raw_fd(),
                stream: Stream::Unix(stream),
                peer: format!("{path}:0"),
                local: format!("{path}:0"),
                is_unix: true,
                is_local: true,
            }),
        };
        match accepted {
            Ok(accepted) => Ok(Some(accepted)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Sets a client's socket options: no delay, and keepalive probes after `keepalive_s` idle seconds.
pub fn tune(stream: &Stream, keepalive_s: u32) -> io::Result<()> {
    let Stream::Tcp(tcp) = stream else { return Ok(()) };
    let socket = SockRef::from(tcp);
    socket.set_tcp_nodelay(true)?;
    if keepalive_s > 0 {
        let probe_s = (keepalive_s / 3).max(1);
        let keepalive = TcpKeepalive::new()
            .with_time(Duration::from_secs(keepalive_s.into()))
            .with_interval(Duration::from_secs(probe_s.into()))
            .with_retries(KEEPALIVE_PROBES);
        socket.set_tcp_keepalive(&keepalive)?;
    }
    Ok(())
}

fn accepted_tcp(stream: mio::net::TcpStream, peer: SocketAddr) -> io::Result<Accepted> {
    let local = stream.local_addr()?;
    Ok(Accepted {
        descriptor: stream.as_raw_fd(),
        stream: Stream::Tcp(stream),
        peer: address_text(peer),
        local: address_text(local),
        is_unix: false,
        is_local: peer.ip().to_canonical().is_loopback(),
    })
}

/// `ip:port`, IPv6 addresses in brackets, IPv4 without its IPv6 mapping.
pub fn address_text(address: SocketAddr) -> String {
    SocketAddr::new(address.ip().to_canonical(), address.port()).to_string()
}

/// The address of a name, of IPv4 if there is one.
pub fn resolve(address: &str, port: u16) -> io::Result<SocketAddr> {
    match address {
        "*" => Ok(SocketAddr::new(IpAddr::from([0, 0, 0, 0]), port)),
        "::*" => Ok(SocketAddr::new(IpAddr::from([0_u16; 8]), port)),
        name => {
            // A name is looked up for IPv4 if it can be: what has a colon is an IPv6 address.
            let found: Vec<SocketAddr> = (name, port).to_socket_addrs()?.collect();
            let preferred = found.iter().find(|address| address.is_ipv4()).or_else(|| found.first());
            preferred.copied().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into())
        }
    }
}

fn bind_tcp(target: SocketAddr, options: ListenOptions) -> Result<TcpListener, (&'static str, io::Error)> {
    let at = |step| move |error| (step, error);
    let socket = Socket::new(Domain::for_address(target), Type::STREAM, None).map_err(at("socket"))?;
    if target.is_ipv6() {
        // `*` and `::*` may both be asked for: each gets its own family.
        socket.set_only_v6(true).map_err(at("setsockopt"))?;
    }
    socket.set_reuse_address(true).map_err(at("setsockopt SO_REUSEADDR"))?;
    if options.mark != 0 {
        socket.set_mark(options.mark).map_err(at("setsockopt SO_MARK"))?;
    }
    socket.bind(&target.into()).map_err(at("bind"))?;
    socket.listen(options.backlog).map_err(at("listen"))?;
    socket.set_nonblocking(true).map_err(at("fcntl"))?;
    Ok(TcpListener::from_std(socket.into()))
}

fn bind_unix(path: &Path, permissions: Option<u32>, options: ListenOptions) -> io::Result<UnixListener> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    // Between bind and listen nobody can connect: the permissions hold from the first moment.
    if let Some(mode) = permissions {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
    }
    socket.listen(options.backlog)?;
    socket.set_nonblocking(true)?;
    Ok(UnixListener::from_std(OwnedFd::from(socket).into()))
}
