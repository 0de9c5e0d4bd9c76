//! Sockets by their descriptor, for those who do not own them.

/// Ends a connection for its peer at once, although the socket stays open until its owner closes it. A number that
/// is no socket is ignored.
#[expect(unsafe_code, reason = "std shuts down only sockets that it owns")]
pub fn hang_up(descriptor: i32) {
    // SAFETY: the call takes no pointers. It fails where the number is no open socket, or no longer connected.
    unsafe { libc::shutdown(descriptor, libc::SHUT_RDWR) };
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn the_peer_sees_the_end_while_the_socket_is_open() {
        let (mut near, far) = UnixStream::pair().unwrap();
        super::hang_up(far.as_raw_fd());
        assert_eq!(near.read(&mut [0; 1]).unwrap(), 0);
        super::hang_up(-1);
    }
}
