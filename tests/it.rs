//! Integration tests: real `russet-server` processes.
