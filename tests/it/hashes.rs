//! Hash commands, those on the expiry of fields included.
