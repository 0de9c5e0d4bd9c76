//! How big the blocks are that the allocator really hands out.

/// Bytes jemalloc hands out for a request of `bytes`: multiples of 16 up to 128, then four classes per
/// doubling. (glibc's classes are finer; a whole class of jemalloc is whole there too.)
pub fn size_class(bytes: usize) -> usize {
    match bytes {
        0 => 0,
        1..=8 => 8,
        9..=128 => bytes.next_multiple_of(16),
        _ => {
            let step = 1 << ((bytes - 1).ilog2() - 2);
            bytes.checked_next_multiple_of(step).unwrap_or(bytes)
        }
    }
}

/// Gives a buffer room for `more` bytes, and whatever else the allocator would hand out with them.
pub fn reserve_class(buffer: &mut Vec<u8>, more: usize) {
    let needed = buffer.len() + more;
    if needed > buffer.capacity() {
        buffer.reserve_exact(size_class(needed) - buffer.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn size_classes_are_those_of_jemalloc() {
        let classes = [
            (1, 8),
            (8, 8),
            (9, 16),
            (17, 32),
            (65, 80),
            (128, 128),
            (129, 160),
            (161, 192),
            (256, 256),
            (257, 320),
            (1025, 1280),
            (4096, 4096),
            (4097, 5120),
            (65_537, 81_920),
        ];
        for (bytes, class) in classes {
            assert_eq!(size_class(bytes), class, "{bytes}");
        }
    }

    #[test]
    fn a_buffer_grows_by_whole_classes() {
        let mut buffer = vec![0; 100];
        reserve_class(&mut buffer, 30);
        assert_eq!(buffer.capacity(), 160);
    }
}
