//! What a node of a list may hold: `list-max-listpack-size`, `list-compress-depth`, and from where on a value is
//! a node of its own.

/// Bytes of a node at `list-max-listpack-size` -1 to -5.
const NODE_BYTES: [usize; 5] = [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10];
/// A node whose elements are limited must not exceed this either.
const COUNTED_NODE_BYTES_MAX: usize = 8 << 10;
/// What a value may take beyond its own bytes; estimated as Redis does, so that nodes end where Redis's end.
const VALUE_OVERHEAD_BYTES: usize = 8;
/// Values of this length are nodes of their own, unless DEBUG QUICKLIST-PACKED-THRESHOLD says otherwise.
const PLAIN_BYTES_MIN: usize = 1 << 30;

/// Limits of the encodings of a list.
#[derive(Debug, Clone, Copy)]
pub struct ListLimits {
    pub(super) node: NodeLimit,
    /// This many nodes at either end stay uncompressed; 0: nothing is compressed.
    pub(super) compress_depth: usize,
    /// A value of this length or more is a node of its own.
    pub(super) plain_bytes_min: usize,
}

/// What one node may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NodeLimit {
    Bytes(usize),
    Elements { max: usize, bytes_max: usize },
}

impl ListLimits {
    /// Limits of these directives.
    pub fn new(list_max_listpack_size: i32, list_compress_depth: u32) -> Self {
        Self {
            node: NodeLimit::of_directive(list_max_listpack_size),
            compress_depth: list_compress_depth as usize,
            plain_bytes_min: PLAIN_BYTES_MIN,
        }
    }

    /// Values of this length or more are nodes of their own.
    #[must_use]
    pub fn with_plain_bytes_min(self, bytes: u64) -> Self {
        Self {
            plain_bytes_min: usize::try_from(bytes).unwrap_or(PLAIN_BYTES_MIN).min(PLAIN_BYTES_MIN),
            ..self
        }
    }

    pub(super) fn is_plain(&self, value: &[u8]) -> bool {
        value.len() >= self.plain_bytes_min
    }

    /// Whether a packed node of this size can take a value.
    pub(super) fn node_takes(&self, bytes: usize, elements: usize, value: &[u8]) -> bool {
        !self.is_plain(value) && self.node.holds(bytes + value.len() + VALUE_OVERHEAD_BYTES, elements + 1)
    }
}

impl NodeLimit {
    fn of_directive(list_max_listpack_size: i32) -> Self {
        if list_max_listpack_size < 0 {
            let step = list_max_listpack_size.unsigned_abs() as usize - 1;
            return Self::Bytes(NODE_BYTES[step.min(NODE_BYTES.len() - 1)]);
        }
        Self::Elements { max: (list_max_listpack_size as usize).max(1), bytes_max: COUNTED_NODE_BYTES_MAX }
    }

    pub(super) fn holds(self, bytes: usize, elements: usize) -> bool {
        match self {
            Self::Bytes(bytes_max) => bytes <= bytes_max,
            Self::Elements { max, bytes_max } => bytes <= bytes_max && elements <= max,
        }
    }

    /// The limit at which a quicklist becomes a listpack again: a part of this one. Where elements are limited,
    /// only their number counts.
    pub(super) fn to_return(self, divisor: usize) -> Self {
        match self {
            Self::Bytes(bytes_max) => Self::Bytes(bytes_max / divisor),
            Self::Elements { max, .. } => Self::Elements { max: max / divisor, bytes_max: usize::MAX },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_redis_s_directive() {
        let cases = [
            (-1, NodeLimit::Bytes(4096)),
            (-2, NodeLimit::Bytes(8192)),
            (-5, NodeLimit::Bytes(65_536)),
            (-6, NodeLimit::Bytes(65_536)),
            (i32::MIN, NodeLimit::Bytes(65_536)),
            (0, NodeLimit::Elements { max: 1, bytes_max: 8192 }),
            (128, NodeLimit::Elements { max: 128, bytes_max: 8192 }),
        ];
        for (directive, limit) in cases {
            assert_eq!(ListLimits::new(directive, 0).node, limit, "{directive}");
        }
    }
}
