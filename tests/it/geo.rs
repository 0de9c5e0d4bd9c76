//! Positions on earth, kept in sorted sets.
