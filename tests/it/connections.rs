//! Connections: limits, timeouts, sockets.
