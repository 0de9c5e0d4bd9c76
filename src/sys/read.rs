//! Reading from a descriptor into the spare room of a vector, without clearing that room first.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Appends up to `max` bytes to `bytes`, as far as its capacity goes; returns how many. 0 means the end
/// of the stream, provided there was room and `max` is not 0.
#[expect(unsafe_code, reason = "read(2) into uninitialized memory has no safe wrapper in std")]
pub fn read_to_spare(descriptor: BorrowedFd<'_>, bytes: &mut Vec<u8>, max: usize) -> io::Result<usize> {
    let spare = bytes.spare_capacity_mut();
    let room = spare.len().min(max);
    // SAFETY: the kernel writes at most `room` bytes into the spare capacity, which is ours to write.
    let count = unsafe { libc::read(descriptor.as_raw_fd(), spare.as_mut_ptr().cast(), room) };
    let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
    // SAFETY: the kernel has initialized `count` bytes behind the present length, within capacity.
    unsafe { bytes.set_len(bytes.len() + count) };
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn bytes_are_appended_up_to_the_limit() {
        let (mut here, there) = UnixStream::pair().unwrap();
        here.write_all(b"0123456789").unwrap();
        let mut bytes = b"ab".to_vec();
        bytes.reserve(100);
        assert_eq!(read_to_spare(there.as_fd(), &mut bytes, 4).unwrap(), 4);
        assert_eq!(bytes, b"ab0123");
        assert_eq!(read_to_spare(there.as_fd(), &mut bytes, 100).unwrap(), 6);
        drop(here);
        assert_eq!(read_to_spare(there.as_fd(), &mut bytes, 10).unwrap(), 0);
        assert_eq!(bytes, b"ab0123456789");
    }
}
