//! Channels, patterns, shard channels, keyspace events.
