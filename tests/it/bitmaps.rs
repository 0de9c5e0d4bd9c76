//! Bits and integers inside of strings.
