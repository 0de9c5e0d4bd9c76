//! Strings one behind the other in a block of bytes.
