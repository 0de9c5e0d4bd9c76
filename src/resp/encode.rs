//! Requests as bytes: what goes to the append-only file and to replicas.

use itoa::Buffer;

/// Appends a request of these arguments.
pub fn push_request<'a>(output: &mut Vec<u8>, arguments: impl ExactSizeIterator<Item = &'a [u8]>) {
    push_head(output, b'*', arguments.len());
    for argument in arguments {
        push_head(output, b'$', argument.len());
        output.extend_from_slice(argument);
        output.extend_from_slice(b"\r\n");
    }
}

#[inline]
fn push_head(output: &mut Vec<u8>, kind: u8, length: usize) {
    output.push(kind);
    output.extend_from_slice(Buffer::new().format(length).as_bytes());
    output.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_an_array_of_bulk_strings() {
        let mut output = b"+".to_vec();
        push_request(&mut output, [&b"SET"[..], b"", b"a\r\nb"].into_iter());
        assert_eq!(output, b"+*3\r\n$3\r\nSET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
    }
}
