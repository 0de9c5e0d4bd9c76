//! Elements as they are sent.

use crate::ds::StrRef;
use crate::resp::Reply;

/// Whether the scores go along.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scores {
    With,
    Without,
}

impl Scores {
    pub fn with(with: bool) -> Self {
        if with { Self::With } else { Self::Without }
    }
}

/// An array of `len` elements. With scores RESP3 has a pair for each, RESP2 a flat list.
pub fn elements<'a>(
    reply: &mut Reply,
    len: usize,
    elements: impl Iterator<Item = (StrRef<'a>, f64)>,
    scores: Scores,
) {
    head(reply, len, scores);
    for (member, score) in elements {
        element(reply, member, score, scores);
    }
}

/// The head of such an array, whose elements the caller writes.
pub fn head(reply: &mut Reply, len: usize, scores: Scores) {
    let is_flat = scores == Scores::With && !reply.is_resp3();
    reply.array(if is_flat { len.saturating_mul(2) } else { len });
}

/// One element of such an array.
pub fn element(reply: &mut Reply, member: StrRef<'_>, score: f64, scores: Scores) {
    match scores {
        Scores::Without => reply.bulk_str(member),
        Scores::With => {
            if reply.is_resp3() {
                reply.array(2);
            }
            reply.bulk_str(member);
            reply.double(score);
        }
    }
}
