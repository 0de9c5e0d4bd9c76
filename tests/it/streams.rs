//! Stream commands and consumer groups.
