//! Encodings that Redis has given up: read by every version since, and ziplists written for those that know
//! nothing else. What is read becomes a listpack.

pub(super) mod ziplist;
pub(super) mod zipmap;
