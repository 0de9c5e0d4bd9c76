//! Parts of a sorted set by score and by text, as clients ask for them.

/// Scores from one bound to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreRange {
    pub min: ScoreBound,
    pub max: ScoreBound,
}

/// An end of a range of scores; never NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScoreBound {
    pub score: f64,
    /// The score itself is outside.
    pub is_exclusive: bool,
}

/// Texts from one bound to another, for members whose scores are all equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LexRange<'a> {
    pub min: LexBound<'a>,
    pub max: LexBound<'a>,
}

/// An end of a range of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LexBound<'a> {
    /// In front of every text.
    Lowest,
    /// Behind every text.
    Highest,
    Included(&'a [u8]),
    Excluded(&'a [u8]),
}

impl ScoreRange {
    /// Whether a score is not in front of the range.
    pub fn has_begun(&self, score: f64) -> bool {
        if self.min.is_exclusive { score > self.min.score } else { score >= self.min.score }
    }

    /// Whether a score is behind the range.
    pub fn is_over(&self, score: f64) -> bool {
        if self.max.is_exclusive { score >= self.max.score } else { score > self.max.score }
    }
}

impl LexRange<'_> {
    /// Whether a text is not in front of the range.
    pub fn has_begun(&self, text: &[u8]) -> bool {
        match self.min {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Included(min) => text >= min,
            LexBound::Excluded(min) => text > min,
        }
    }

    /// Whether a text is behind the range.
    pub fn is_over(&self, text: &[u8]) -> bool {
        match self.max {
            LexBound::Lowest => true,
            LexBound::Highest => false,
            LexBound::Included(max) => text > max,
            LexBound::Excluded(max) => text >= max,
        }
    }
}
