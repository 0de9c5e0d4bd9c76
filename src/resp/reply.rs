//! The reply writer. Handlers say what a reply means (`map`, `null`, `double`); this file alone knows
//! how RESP2 and RESP3 spell it.

use super::output::{Mark, Output};
use crate::ds::StrRef;
use crate::util::number::{push_f64, push_fixed17};

/// The protocol version a client speaks (HELLO).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protocol {
    #[default]
    Resp2,
    Resp3,
}

impl Protocol {
    pub fn version(self) -> i64 {
        match self {
            Self::Resp2 => 2,
            Self::Resp3 => 3,
        }
    }
}

/// A writer of replies into one client's output.
#[derive(Debug, Default)]
pub struct Reply {
    pub output: Output,
    pub protocol: Protocol,
}

impl Reply {
    pub fn new(protocol: Protocol) -> Self {
        Self { output: Output::default(), protocol }
    }

    pub fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    #[inline]
    pub fn ok(&mut self) {
        self.output.push(b"+OK\r\n");
    }

    /// A simple string; `text` is ours and has no line breaks.
    pub fn status(&mut self, text: &str) {
        let tail = self.output.tail();
        tail.push(b'+');
        tail.extend_from_slice(text.as_bytes());
        tail.extend_from_slice(b"\r\n");
    }

    /// An error line, code included. It may echo input: line breaks in it become blanks, so that no
    /// peer can smuggle a second reply into ours.
    pub fn error(&mut self, text: &[u8]) {
        let tail = self.output.tail();
        tail.push(b'-');
        tail.extend(text.iter().map(|byte| if matches!(byte, b'\r' | b'\n') { b' ' } else { *byte }));
        tail.extend_from_slice(b"\r\n");
    }

    #[inline]
    pub fn int(&mut self, value: i64) {
        self.line(b':', value);
    }

    /// A count; beyond the protocol's range only in theory.
    #[inline]
    pub fn count(&mut self, value: usize) {
        self.line(b':', i64::try_from(value).unwrap_or(i64::MAX));
    }

    #[inline]
    pub fn bulk(&mut self, bytes: &[u8]) {
        self.line(b'$', bytes.len() as i64);
        self.output.push_line(bytes);
    }

    /// An integer as a bulk string: how values with encoding `int` are sent.
    #[inline]
    pub fn bulk_int(&mut self, value: i64) {
        self.bulk(itoa::Buffer::new().format(value).as_bytes());
    }

    /// A string as an encoding gives it back.
    #[inline]
    pub fn bulk_str(&mut self, text: StrRef<'_>) {
        match text {
            StrRef::Int(number) => self.bulk_int(number),
            StrRef::Bytes(bytes) => self.bulk(bytes),
        }
    }

    #[inline]
    pub fn null(&mut self) {
        self.output.push(if self.is_resp3() { b"_\r\n" } else { b"$-1\r\n" });
    }

    /// The absence of an aggregate: RESP2 tells it from the absence of a string.
    pub fn null_array(&mut self) {
        self.output.push(if self.is_resp3() { b"_\r\n" } else { b"*-1\r\n" });
    }

    pub fn bool(&mut self, value: bool) {
        self.output.push(match (self.protocol, value) {
            (Protocol::Resp3, true) => b"#t\r\n",
            (Protocol::Resp3, false) => b"#f\r\n",
            (Protocol::Resp2, true) => b":1\r\n",
            (Protocol::Resp2, false) => b":0\r\n",
        });
    }

    pub fn double(&mut self, value: f64) {
        // Most scores are small integers, whose digits need no buffer. Negative zero has a sign.
        let integer = value as i32;
        if !self.is_resp3() && f64::from(integer).to_bits() == value.to_bits() {
            return self.bulk_int(integer.into());
        }
        self.double_written(|text| push_f64(text, value));
    }

    /// A double with up to 17 decimals and no exponent.
    pub fn fixed17(&mut self, value: f64) {
        self.double_written(|text| push_fixed17(text, value));
    }

    /// A number of any size, given as its digits.
    pub fn big_number(&mut self, digits: &[u8]) {
        if self.is_resp3() {
            let tail = self.output.tail();
            tail.push(b'(');
            tail.extend_from_slice(digits);
            tail.extend_from_slice(b"\r\n");
        } else {
            self.bulk(digits);
        }
    }

    /// Text with a three-letter format (`txt`, `mkd`); plain bulk in RESP2.
    pub fn verbatim(&mut self, format: &str, text: &[u8]) {
        if self.is_resp3() {
            self.line(b'=', text.len() as i64 + 4);
            self.output.push(format.as_bytes());
            self.output.push(b":");
            self.output.push(text);
            self.output.push(b"\r\n");
        } else {
            self.bulk(text);
        }
    }

    /// The head of an array of `len` replies, which the caller writes next.
    #[inline]
    pub fn array(&mut self, len: usize) {
        self.line(b'*', len as i64);
    }

    /// The head of a map of `pairs` pairs; in RESP2 an array twice as long.
    pub fn map(&mut self, pairs: usize) {
        if self.is_resp3() { self.line(b'%', pairs as i64) } else { self.line(b'*', 2 * pairs as i64) }
    }

    pub fn set(&mut self, len: usize) {
        self.line(if self.is_resp3() { b'~' } else { b'*' }, len as i64);
    }

    /// The head of an out-of-band message.
    pub fn push(&mut self, len: usize) {
        self.line(if self.is_resp3() { b'>' } else { b'*' }, len as i64);
    }

    /// The head of an attribute; RESP2 has none, so nothing may be written under it there.
    pub fn attribute(&mut self, pairs: usize) {
        self.line(b'|', pairs as i64);
    }

    /// An array whose length `write` finds out and returns.
    pub fn array_of_unknown(&mut self, write: impl FnOnce(&mut Self) -> usize) {
        self.of_unknown(b'*', 1, write);
    }

    /// A map whose number of pairs `write` finds out and returns.
    pub fn map_of_unknown(&mut self, write: impl FnOnce(&mut Self) -> usize) {
        if self.is_resp3() { self.of_unknown(b'%', 1, write) } else { self.of_unknown(b'*', 2, write) }
    }

    /// A set whose size `write` finds out and returns.
    pub fn set_of_unknown(&mut self, write: impl FnOnce(&mut Self) -> usize) {
        self.of_unknown(if self.is_resp3() { b'~' } else { b'*' }, 1, write);
    }

    /// A place to which the output can be cut back while nothing of it has been sent.
    pub fn mark(&self) -> Mark {
        self.output.mark()
    }

    fn double_written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut text = Vec::with_capacity(24);
        write(&mut text);
        if self.is_resp3() {
            let tail = self.output.tail();
            tail.push(b',');
            tail.extend_from_slice(&text);
            tail.extend_from_slice(b"\r\n");
        } else {
            self.bulk(&text);
        }
    }

    fn of_unknown(&mut self, kind: u8, factor: usize, write: impl FnOnce(&mut Self) -> usize) {
        let at = self.output.open();
        let len = write(self) * factor;
        let mut header = [0_u8; 24];
        let used = header_line(&mut header, kind, len as i64);
        self.output.close(at, header.get(..used).unwrap_or_default());
    }

    #[inline]
    fn line(&mut self, kind: u8, value: i64) {
        let mut header = [0_u8; 24];
        let used = header_line(&mut header, kind, value);
        self.output.tail().extend_from_slice(header.get(..used).unwrap_or_default());
    }
}

/// `<kind><value>\r\n`; returns its length.
#[inline]
fn header_line(line: &mut [u8; 24], kind: u8, value: i64) -> usize {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(value).as_bytes();
    let used = digits.len() + 3;
    line[0] = kind;
    if let Some(room) = line.get_mut(1..=digits.len()) {
        room.copy_from_slice(digits);
    }
    if let Some(room) = line.get_mut(used - 2..used) {
        room.copy_from_slice(b"\r\n");
    }
    used
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(protocol: Protocol, write: impl FnOnce(&mut Reply)) -> String {
        let mut reply = Reply::new(protocol);
        write(&mut reply);
        String::from_utf8(reply.output.single().unwrap().to_vec()).unwrap()
    }

    fn both(write: impl Fn(&mut Reply)) -> (String, String) {
        (written(Protocol::Resp2, &write), written(Protocol::Resp3, &write))
    }

    type Write = fn(&mut Reply);

    #[test]
    fn each_shape_is_spelled_as_its_protocol_says() {
        let cases: [(Write, &str, &str); 14] = [
            (|r| r.null(), "$-1\r\n", "_\r\n"),
            (|r| r.null_array(), "*-1\r\n", "_\r\n"),
            (|r| r.bool(true), ":1\r\n", "#t\r\n"),
            (|r| r.double(1.5), "$3\r\n1.5\r\n", ",1.5\r\n"),
            (|r| r.double(-7.0), "$2\r\n-7\r\n", ",-7\r\n"),
            (|r| r.double(-0.0), "$2\r\n-0\r\n", ",-0\r\n"),
            (|r| r.double(f64::NEG_INFINITY), "$4\r\n-inf\r\n", ",-inf\r\n"),
            (|r| r.map(2), "*4\r\n", "%2\r\n"),
            (|r| r.set(2), "*2\r\n", "~2\r\n"),
            (|r| r.push(3), "*3\r\n", ">3\r\n"),
            (|r| r.verbatim("txt", b"hi"), "$2\r\nhi\r\n", "=6\r\ntxt:hi\r\n"),
            (|r| r.big_number(b"123"), "$3\r\n123\r\n", "(123\r\n"),
            (|r| r.int(i64::MIN), ":-9223372036854775808\r\n", ":-9223372036854775808\r\n"),
            (|r| r.bulk_int(-5), "$2\r\n-5\r\n", "$2\r\n-5\r\n"),
        ];
        for (write, resp2, resp3) in cases {
            assert_eq!(both(write), (resp2.to_owned(), resp3.to_owned()));
        }
    }

    #[test]
    fn line_breaks_in_an_error_cannot_end_it() {
        assert_eq!(written(Protocol::Resp2, |r| r.error(b"ERR a\r\n+OK")), "-ERR a  +OK\r\n");
    }

    #[test]
    fn a_map_of_unknown_size_counts_its_pairs() {
        let (resp2, resp3) = both(|reply| {
            reply.map_of_unknown(|reply| {
                reply.int(1);
                reply.int(2);
                1
            });
        });
        assert_eq!(resp2, "*2\r\n:1\r\n:2\r\n");
        assert_eq!(resp3, "%1\r\n:1\r\n:2\r\n");
    }
}
