//! Expiry of keys.
