//! Linear hashing (Litwin, 1980) as arithmetic: which buckets there are, which one a hash belongs to, and in what
//! order a scan visits them. What a bucket is, and when a table grows, is the table's business.
//!
//! With `2^level + split` buckets an item lives in bucket `hash mod 2^(level+1)` if that bucket exists, else in
//! `hash mod 2^level`. To grow, bucket `split` is divided between itself and the new last bucket, by bit `level`
//! of the hash; to shrink, the last bucket is poured back.

/// How many buckets there are: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    level: u32,
    /// Less than `2^level`.
    split: usize,
}

impl Extent {
    pub const ONE: Self = Self { level: 0, split: 0 };

    /// `buckets` is not zero.
    pub fn of(buckets: usize) -> Self {
        let level = buckets.ilog2();
        Self { level, split: buckets - (1 << level) }
    }

    #[inline]
    pub fn buckets(self) -> usize {
        (1 << self.level) + self.split
    }

    /// The bucket of a hash, and how many bits of the hash have led to it.
    #[inline]
    pub fn address(self, hash: u64) -> (usize, u32) {
        let fine = (hash & ((2 << self.level) - 1)) as usize;
        let coarse = fine & ((1 << self.level) - 1);
        let exists = fine < self.buckets();
        let is_split = coarse < self.split;
        (if exists { fine } else { coarse }, self.level + u32::from(is_split))
    }

    /// The bucket to be divided next, and the bit of the hash that divides it.
    pub fn next_split(self) -> (usize, u32) {
        (self.split, self.level)
    }

    /// One bucket more.
    pub fn grown(self) -> Self {
        if self.split + 1 == 1 << self.level {
            Self { level: self.level + 1, split: 0 }
        } else {
            Self { split: self.split + 1, ..self }
        }
    }

    /// One bucket less; the last one belongs to [`Extent::next_split`] of the result then. There must be two.
    pub fn shrunk(self) -> Self {
        match self.split {
            0 => Self { level: self.level - 1, split: (1 << (self.level - 1)) - 1 },
            split => Self { split: split - 1, ..self },
        }
    }
}

/// The next cursor of a scan that has visited the bucket to which `level` bits of `cursor` have led; 0 ends.
///
/// The cursor is a position in the order of bit-reversed hashes. In that order a bucket is an interval; a split
/// cuts it in two, a merge joins two neighbours. A step moves to the end of the interval in which the position
/// lies, so that no part of the order is skipped; items of a joined interval may be seen twice.
pub(super) fn next_cursor(cursor: u64, level: u32) -> u64 {
    let end_of_interval = cursor | (u64::MAX << level);
    end_of_interval.reverse_bits().wrapping_add(1).reverse_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_and_shrinking_are_each_other_s_reverse() {
        let mut extent = Extent::ONE;
        for buckets in 1..300 {
            assert_eq!((extent.buckets(), extent), (buckets, Extent::of(buckets)));
            assert_eq!(extent.grown().shrunk(), extent);
            extent = extent.grown();
        }
    }

    #[test]
    fn a_split_moves_items_of_one_bucket_alone_by_one_bit() {
        let mut extent = Extent::ONE;
        for _ in 0..100 {
            let (divided, bit) = extent.next_split();
            for hash in 0..1024 {
                let (before, after) = (extent.address(hash).0, extent.grown().address(hash).0);
                let goes_high = before == divided && hash >> bit & 1 == 1;
                assert_eq!(after, if goes_high { extent.buckets() } else { before });
            }
            extent = extent.grown();
        }
    }

    #[test]
    fn a_scan_visits_each_bucket_once() {
        for buckets in 1..100 {
            let extent = Extent::of(buckets);
            let (mut visited, mut cursor) = (Vec::new(), 0);
            loop {
                let (bucket, level) = extent.address(cursor);
                visited.push(bucket);
                cursor = next_cursor(cursor, level);
                if cursor == 0 {
                    break;
                }
            }
            visited.sort_unstable();
            assert_eq!(visited, (0..buckets).collect::<Vec<_>>());
        }
    }
}
