//! Set commands and set algebra.
