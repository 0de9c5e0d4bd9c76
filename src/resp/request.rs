//! The request parser: multibulk (`*2\r\n$3\r\nGET\r\n...`) and inline (`GET key\r\n`).
//!
//! A request that lies whole in the read buffer is never copied: its arguments are spans of that
//! buffer. The parser can stop anywhere and go on when more bytes have arrived, so a request that
//! comes in a thousand pieces is still scanned once. A bulk of [`BIG_ARGUMENT_BYTES`] or more that is
//! not complete yet gets an allocation of its own, which the value can adopt ([`Request::take`]).
//!
//! Lengths announced by the peer are never trusted with memory: argument lists and big bulks grow
//! with the bytes that really arrive.
//!
//! Not here: what an argument means, and who reads the socket.

use std::mem;

use memchr::{memchr, memchr3};
use thiserror::Error;

use super::arguments::{OWNED, OwnedArgument, Request, Span};
use crate::util::number::parse_i64;
use crate::util::text::split_args;

/// From this size on a bulk that is still arriving is read into an allocation of its own.
pub const BIG_ARGUMENT_BYTES: usize = 32 * 1024;

/// The longest inline request, and the longest line that announces a length.
const LINE_BYTES_MAX: usize = 64 * 1024;

/// The first allocation for a big argument; it doubles while bytes arrive.
const BIG_ARGUMENT_FIRST_BYTES: usize = 1024 * 1024;

/// A list of arguments that has grown beyond this is not kept for the next request.
const SPANS_KEPT_MAX: usize = 1024;

/// The longest buffer whose bytes spans can name. Whoever reads must close a client whose buffer is longer.
pub const BUFFER_BYTES_MAX: usize = OWNED as usize - 1024 * 1024;

const MULTIBULK_MAX: i64 = i32::MAX as i64;
const UNAUTHENTICATED_MULTIBULK_MAX: i64 = 10;
const UNAUTHENTICATED_BULK_BYTES_MAX: i64 = 16 * 1024;

/// What a client may send.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// `proto-max-bulk-len`.
    pub bulk_bytes_max: i64,
    /// A client that still owes a password may only send small requests.
    pub authenticated: bool,
    /// Big arguments, too, stay in the buffer: the bytes of the request are wanted as they came.
    pub in_one_piece: bool,
}

/// A request that cannot be parsed; the connection is closed after the reply.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtocolError {
    #[error("Protocol error: too big inline request")]
    InlineTooBig,
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    #[error("Protocol error: too big mbulk count string")]
    MultibulkLineTooBig,
    #[error("Protocol error: invalid multibulk length")]
    MultibulkLength,
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedMultibulk,
    #[error("Protocol error: too big bulk count string")]
    BulkLineTooBig,
    #[error("Protocol error: expected '$', got '{}'", char::from(*.0))]
    ExpectedDollar(u8),
    #[error("Protocol error: invalid bulk length")]
    BulkLength,
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulk,
}

/// What the parser found.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// A request (possibly without arguments, to be ignored); [`Parser::consumed`] bytes belong to it.
    Complete,
    /// The request goes on beyond the buffer.
    NeedMore,
}

/// A big bulk that is still arriving.
#[derive(Debug)]
struct Arriving {
    bytes: Vec<u8>,
    /// Its full length with the CRLF behind it.
    len_with_crlf: usize,
    /// Where it starts in the buffer: what the buffer holds from there on has been copied.
    start: usize,
}

/// The state of one client's request; reused for the next one.
#[derive(Debug, Default)]
pub struct Parser {
    spans: Vec<Span>,
    owned: Vec<OwnedArgument>,
    /// Everything before this offset of the buffer has been understood.
    position: usize,
    /// Bulks still to come; `None` before the first line has been read.
    bulks_left: Option<usize>,
    /// The announced length of the bulk that starts at `position`.
    bulk_len: Option<usize>,
    arriving: Option<Arriving>,
}

impl Parser {
    /// Goes on with the request that begins at the start of `buffer`.
    pub fn parse(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        if self.bulks_left.is_none() {
            match buffer.first() {
                None => return Ok(Progress::NeedMore),
                Some(b'*') => {
                    if self.multibulk_count(buffer, limits)? == Progress::NeedMore {
                        return Ok(Progress::NeedMore);
                    }
                }
                Some(_) => return self.inline(buffer),
            }
        }
        self.bulks(buffer, limits)
    }

    /// Bytes of the buffer that the complete request took.
    pub fn consumed(&self) -> usize {
        self.position
    }

    /// Whether a request has begun.
    pub fn is_mid_request(&self) -> bool {
        self.bulks_left.is_some()
    }

    /// The big bulk that is arriving: what it still wants (with its CRLF) and where to put it.
    /// Bytes read into it do not go through the buffer; [`Parser::parse`] then goes on.
    pub fn arriving(&mut self) -> Option<(&mut Vec<u8>, usize)> {
        let arriving = self.arriving.as_mut()?;
        let missing = arriving.len_with_crlf.saturating_sub(arriving.bytes.len());
        if missing == 0 {
            return None;
        }
        // Doubling: the announced length alone is never allocated.
        if arriving.bytes.len() == arriving.bytes.capacity() {
            let more = arriving.bytes.len().max(BIG_ARGUMENT_FIRST_BYTES).min(missing);
            arriving.bytes.reserve_exact(more);
        }
        Some((&mut arriving.bytes, missing))
    }

    /// The big bulk that is arriving: bytes received and memory allocated.
    pub fn arriving_bytes(&self) -> Option<(usize, usize)> {
        self.arriving.as_ref().map(|arriving| (arriving.bytes.len(), arriving.bytes.capacity()))
    }

    /// Gives back what is allocated for the big bulk beyond the bytes received; it grows again with the next.
    pub fn shrink_arriving(&mut self) {
        if let Some(arriving) = &mut self.arriving {
            arriving.bytes.shrink_to_fit();
        }
    }

    /// How much of the buffer is still needed, when more bytes are: a big bulk that is arriving has been
    /// copied out of it. The caller must cut the buffer to that length: parsing goes on there.
    pub fn cut(&mut self, buffer_len: usize) -> usize {
        match &self.arriving {
            Some(arriving) if self.position == buffer_len => {
                self.position = arriving.start;
                arriving.start
            }
            _ => buffer_len,
        }
    }

    /// Bytes received and held outside the buffer.
    pub fn received_bytes(&self) -> usize {
        let arriving = self.arriving.as_ref().map_or(0, |a| a.bytes.len());
        arriving + self.owned.iter().map(|o| o.bytes.len()).sum::<usize>()
    }

    /// Memory allocated for what is held outside the buffer.
    pub fn owned_bytes(&self) -> usize {
        let arriving = self.arriving.as_ref().map_or(0, |a| a.bytes.capacity());
        arriving + self.owned.iter().map(|o| o.bytes.capacity()).sum::<usize>()
    }

    /// The complete request, as a view into `buffer`.
    pub fn request<'a>(&'a mut self, buffer: &'a [u8]) -> Request<'a> {
        Request { buffer, spans: &self.spans, owned: &mut self.owned }
    }

    /// Forgets the request, keeping its allocations for the next one, unless they are large.
    pub fn reset(&mut self) {
        self.spans.clear();
        if self.spans.capacity() > SPANS_KEPT_MAX {
            self.spans = Vec::new();
        }
        self.owned.clear();
        self.position = 0;
        self.bulks_left = None;
        self.bulk_len = None;
        self.arriving = None;
    }

    fn multibulk_count(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        let Some(line) = line_at(buffer, 0, ProtocolError::MultibulkLineTooBig)? else {
            return Ok(Progress::NeedMore);
        };
        let count = line.get(1..).and_then(parse_i64).filter(|n| *n <= MULTIBULK_MAX);
        let count = count.ok_or(ProtocolError::MultibulkLength)?;
        if count > UNAUTHENTICATED_MULTIBULK_MAX && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedMultibulk);
        }
        self.position = line.len() + 2;
        self.bulks_left = Some(usize::try_from(count).unwrap_or(0));
        Ok(Progress::Complete)
    }

    fn bulks(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        let mut left = self.bulks_left.unwrap_or(0);
        while left > 0 {
            if self.bulk(buffer, limits)? == Progress::NeedMore {
                self.bulks_left = Some(left);
                return Ok(Progress::NeedMore);
            }
            left -= 1;
        }
        self.bulks_left = Some(0);
        Ok(Progress::Complete)
    }

    /// One bulk: `$len\r\n`, then its bytes and a CRLF.
    fn bulk(&mut self, buffer: &[u8], limits: &Limits) -> Result<Progress, ProtocolError> {
        if self.arriving.is_some() {
            return Ok(self.finish_arriving(buffer));
        }
        let len = match self.bulk_len {
            Some(len) => len,
            None => match self.bulk_header(buffer, limits)? {
                Some(len) => len,
                None => return Ok(Progress::NeedMore),
            },
        };
        let end = self.position + len;
        if end + 2 <= buffer.len() {
            self.push_span(self.position, len);
            self.position = end + 2;
            self.bulk_len = None;
            return Ok(Progress::Complete);
        }
        if len < BIG_ARGUMENT_BYTES || limits.in_one_piece {
            self.bulk_len = Some(len);
            return Ok(Progress::NeedMore);
        }
        self.bulk_len = None;
        let mut bytes = Vec::new();
        bytes.extend_from_slice(buffer.get(self.position..).unwrap_or_default());
        let start = mem::replace(&mut self.position, buffer.len());
        self.arriving = Some(Arriving { bytes, len_with_crlf: len + 2, start });
        Ok(Progress::NeedMore)
    }

    fn bulk_header(&mut self, buffer: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(line) = line_at(buffer, self.position, ProtocolError::BulkLineTooBig)? else {
            return Ok(None);
        };
        let digits = match line.split_first() {
            Some((b'$', digits)) => digits,
            Some((other, _)) => return Err(ProtocolError::ExpectedDollar(*other)),
            None => return Err(ProtocolError::ExpectedDollar(b'\r')),
        };
        let len = parse_length(digits).filter(|n| *n <= limits.bulk_bytes_max);
        let len = len.ok_or(ProtocolError::BulkLength)?;
        if len > UNAUTHENTICATED_BULK_BYTES_MAX && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulk);
        }
        self.position += line.len() + 2;
        Ok(Some(usize::try_from(len).map_err(|_| ProtocolError::BulkLength)?))
    }

    /// Adds what the buffer holds to the big bulk; done when its CRLF is there too.
    fn finish_arriving(&mut self, buffer: &[u8]) -> Progress {
        let Some(arriving) = self.arriving.as_mut() else { return Progress::Complete };
        let missing = arriving.len_with_crlf.saturating_sub(arriving.bytes.len());
        let available = buffer.get(self.position..).unwrap_or_default();
        let part = available.get(..missing.min(available.len())).unwrap_or_default();
        arriving.bytes.extend_from_slice(part);
        self.position += part.len();
        if part.len() < missing {
            return Progress::NeedMore;
        }
        if let Some(Arriving { mut bytes, len_with_crlf, .. }) = self.arriving.take() {
            bytes.truncate(len_with_crlf - 2);
            self.push_owned(bytes);
        }
        Progress::Complete
    }

    /// A line of words, as typed into telnet.
    fn inline(&mut self, buffer: &[u8]) -> Result<Progress, ProtocolError> {
        let Some(end) = memchr(b'\n', buffer) else {
            if buffer.len() > LINE_BYTES_MAX {
                return Err(ProtocolError::InlineTooBig);
            }
            return Ok(Progress::NeedMore);
        };
        let line = buffer.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if memchr3(b'"', b'\'', 0, line).is_some() {
            for word in split_args(line).map_err(|_| ProtocolError::UnbalancedQuotes)? {
                self.push_owned(word);
            }
        } else {
            self.plain_words(line);
        }
        self.position = end + 1;
        self.bulks_left = Some(0);
        Ok(Progress::Complete)
    }

    fn plain_words(&mut self, line: &[u8]) {
        let mut start = 0;
        for word in line.split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x0b | 0x0c)) {
            if !word.is_empty() {
                self.push_span(start, word.len());
            }
            start += word.len() + 1;
        }
    }

    fn push_span(&mut self, start: usize, len: usize) {
        // The buffer is not much longer than `BUFFER_BYTES_MAX`: big bulks live outside of it.
        self.spans.push(Span { start: start as u32, len: len as u32 });
    }

    fn push_owned(&mut self, bytes: Vec<u8>) {
        self.spans.push(Span { start: OWNED, len: self.owned.len() as u32 });
        self.owned.push(OwnedArgument { bytes, taken_len: None });
    }
}

/// The line that starts at `from`, without its CRLF; `None` while its end has not arrived.
fn line_at(buffer: &[u8], from: usize, too_big: ProtocolError) -> Result<Option<&[u8]>, ProtocolError> {
    let rest = buffer.get(from..).unwrap_or_default();
    match memchr(b'\r', rest) {
        Some(end) if end + 1 < rest.len() => Ok(rest.get(..end)),
        Some(_) => Ok(None),
        None if rest.len() > LINE_BYTES_MAX => Err(too_big),
        None => Ok(None),
    }
}

/// The length of a bulk. Nearly all have one to three digits; the rest takes the strict parser.
fn parse_length(digits: &[u8]) -> Option<i64> {
    match *digits {
        [a @ b'0'..=b'9'] => Some(i64::from(a - b'0')),
        [a @ b'1'..=b'9', b @ b'0'..=b'9'] => Some(i64::from(a - b'0') * 10 + i64::from(b - b'0')),
        _ => parse_i64(digits).filter(|n| *n >= 0),
    }
}

#[cfg(test)]
#[path = "request/tests.rs"]
mod tests;
