//! A connection that is waited for, each wait with a limit: for the rare exchange that must be over before anything
//! else happens.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::sys::clock;

/// What has to be sent within one limit: the limit is for progress, not for the whole.
const SEND_BYTES: usize = 64 * 1024;

/// A socket whose reads and writes block.
#[derive(Debug)]
pub struct BlockingStream {
    stream: TcpStream,
}

impl BlockingStream {
    pub fn connect(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, limit)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream })
    }

    /// Sends all of it. The limit is for every 64 KiB anew.
    pub fn send(&mut self, bytes: &[u8], limit: Duration) -> io::Result<()> {
        for mut part in bytes.chunks(SEND_BYTES) {
            let until_us = deadline_us(limit);
            while !part.is_empty() {
                self.stream.set_write_timeout(Some(left(until_us)?))?;
                let sent = retried(self.stream.write(part))?;
                part = part.get(sent..).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Receives what there is, at least a byte; nothing is the end.
    pub fn receive(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize> {
        let until_us = deadline_us(limit);
        loop {
            self.stream.set_read_timeout(Some(left(until_us)?))?;
            match self.stream.read(buffer) {
                Err(error) if is_temporary(&error) => {}
                result => return result,
            }
        }
    }
}

fn deadline_us(limit: Duration) -> u64 {
    clock::now_us().saturating_add(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX))
}

/// The time that is left, which is never zero.
fn left(until_us: u64) -> io::Result<Duration> {
    match until_us.saturating_sub(clock::now_us()) {
        0 => Err(io::ErrorKind::TimedOut.into()),
        left_us => Ok(Duration::from_micros(left_us)),
    }
}

/// A wait that has ended without a byte has moved none; its limit is looked at by the caller.
fn retried(sent: io::Result<usize>) -> io::Result<usize> {
    match sent {
        Err(error) if is_temporary(&error) => Ok(0),
        Ok(0) => Err(io::ErrorKind::WriteZero.into()),
        sent => sent,
    }
}

/// The time of the socket is over (which may be a little before ours), or a signal came.
fn is_temporary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    const AMPLE: Duration = Duration::from_secs(20);
    const BRIEF: Duration = Duration::from_millis(20);

    fn pair() -> (BlockingStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = BlockingStream::connect(listener.local_addr().unwrap(), AMPLE).unwrap();
        (here, listener.accept().unwrap().0)
    }

    #[test]
    fn bytes_go_both_ways_until_the_end() {
        let (mut here, mut there) = pair();
        here.send(b"ping", AMPLE).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(there.read(&mut buffer).unwrap(), 4);
        there.write_all(b"pong").unwrap();
        assert_eq!(here.receive(&mut buffer, AMPLE).unwrap(), 4);
        assert_eq!(&buffer[..4], b"pong");
        drop(there);
        assert_eq!(here.receive(&mut buffer, AMPLE).unwrap(), 0);
    }

    #[test]
    fn a_peer_that_says_nothing_is_not_waited_for_longer_than_the_limit() {
        let (mut here, _there) = pair();
        let silence = here.receive(&mut [0; 16], BRIEF).unwrap_err();
        assert_eq!(silence.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn nor_is_one_that_takes_nothing() {
        let (mut here, _there) = pair();
        let refusal = here.send(&vec![0; 64 << 20], BRIEF).unwrap_err();
        assert_eq!(refusal.kind(), io::ErrorKind::TimedOut);
    }

    #[test]
    fn no_time_at_all_is_too_little() {
        let (mut here, _there) = pair();
        assert_eq!(here.send(b"x", Duration::ZERO).unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
