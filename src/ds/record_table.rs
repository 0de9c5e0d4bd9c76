//! A hash table of packed records.
