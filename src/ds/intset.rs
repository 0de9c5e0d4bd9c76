//! A sorted array of integers of one width.
