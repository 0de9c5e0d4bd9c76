//! Which stream a data set is a point of. A primary's stream has an id; a replica takes it over with the data. A
//! replica that is promoted begins a new stream, but remembers the one it comes from as its second id, up to the
//! offset of its promotion: whoever followed the same primary can go on with it.

use std::fmt;

/// Digits of an id.
const ID_BYTES: usize = 40;

/// The id of a stream: forty printable characters.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReplicationId([u8; ID_BYTES]);

impl ReplicationId {
    pub const fn new(digits: [u8; ID_BYTES]) -> Self {
        Self(digits)
    }

    /// An id as a peer sends it.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let digits: [u8; ID_BYTES] = text.try_into().ok()?;
        digits.iter().all(u8::is_ascii_graphic).then_some(Self(digits))
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for ReplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{}", char::from(*byte)))
    }
}

impl fmt::Debug for ReplicationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a snapshot says of its place in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    pub id: ReplicationId,
    pub offset: u64,
    /// The database that the stream had selected.
    pub db: usize,
}

/// What PSYNC asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StreamRequest {
    /// `None`: any, from the start.
    pub id: Option<ReplicationId>,
    /// Where the stream is to go on; counted from 1, as on the wire.
    pub next: i64,
}

impl StreamRequest {
    /// The offset, if there can be such a one.
    pub fn offset(&self) -> Option<u64> {
        u64::try_from(self.next.checked_sub(1)?).ok()
    }
}

/// Why a stream cannot go on where a replica asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mismatch {
    /// It asks for everything.
    WantsAll,
    /// Another stream.
    OtherId,
    /// The second id, but behind the point at which that stream was left.
    BeyondSecond { left_at: u64 },
}

/// The ids of a server.
#[derive(Debug, Clone)]
pub struct History {
    id: ReplicationId,
    second: Option<Second>,
}

/// The stream that was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Second {
    id: ReplicationId,
    /// How far it was followed.
    end: u64,
}

impl History {
    pub fn new(id: ReplicationId) -> Self {
        Self { id, second: None }
    }

    pub fn id(&self) -> ReplicationId {
        self.id
    }

    /// The stream that was left, and up to where it was followed.
    pub fn second(&self) -> Option<(ReplicationId, u64)> {
        self.second.map(|second| (second.id, second.end))
    }

    /// Begins a stream that has nothing to do with those before.
    pub fn restart(&mut self, id: ReplicationId) {
        *self = Self::new(id);
    }

    /// Begins a stream that goes on from `offset` of the present one: promotion, or a primary that starts again
    /// from its file.
    pub fn branch(&mut self, id: ReplicationId, offset: u64) {
        self.second = Some(Second { id: self.id, end: offset });
        self.id = id;
    }

    /// Whether the data set is a point of the stream that is asked for.
    pub fn matches(&self, request: StreamRequest) -> Result<(), Mismatch> {
        let Some(id) = request.id else { return Err(Mismatch::WantsAll) };
        if id == self.id {
            return Ok(());
        }
        match self.second {
            Some(second) if second.id == id => {
                let is_before = request.offset().is_some_and(|offset| offset <= second.end);
                if is_before { Ok(()) } else { Err(Mismatch::BeyondSecond { left_at: second.end }) }
            }
            _ => Err(Mismatch::OtherId),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(digit: u8) -> ReplicationId {
        ReplicationId::new([digit; ID_BYTES])
    }

    fn matches(history: &History, digit: u8, next: i64) -> Result<(), Mismatch> {
        history.matches(StreamRequest { id: Some(id(digit)), next })
    }

    #[test]
    fn an_id_is_forty_printable_characters() {
        assert_eq!(ReplicationId::parse(&[b'a'; 40]), Some(id(b'a')));
        assert_eq!(ReplicationId::parse(&[b'a'; 39]), None);
        assert_eq!(ReplicationId::parse(&[b' '; 40]), None);
        assert_eq!(id(b'f').to_string(), "f".repeat(40));
    }

    #[test]
    fn a_promoted_replica_goes_on_with_the_stream_it_comes_from_up_to_its_promotion() {
        let mut history = History::new(id(b'a'));
        history.branch(id(b'b'), 100);
        assert_eq!(matches(&history, b'b', 5000), Ok(()));
        assert_eq!(matches(&history, b'a', 101), Ok(()));
        assert_eq!(matches(&history, b'a', 102), Err(Mismatch::BeyondSecond { left_at: 100 }));
        assert_eq!(matches(&history, b'a', 0), Err(Mismatch::BeyondSecond { left_at: 100 }));
        assert_eq!(matches(&history, b'c', 1), Err(Mismatch::OtherId));
        let all = StreamRequest { id: None, next: -1 };
        assert_eq!(history.matches(all), Err(Mismatch::WantsAll));
        history.restart(id(b'c'));
        assert_eq!(matches(&history, b'a', 1), Err(Mismatch::OtherId));
    }
}
