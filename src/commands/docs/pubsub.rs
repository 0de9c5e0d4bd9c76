//! Documentation of the publish/subscribe group.

use super::doc::{Doc, doc};

/// Sorted by name.
pub(super) const ROWS: &[Doc] = &[
    doc(
        "psubscribe",
        "2.0.0",
        "O(N), N being the patterns",
        "Subscribes to the channels that match patterns.",
        "pattern ...",
    ),
    doc(
        "publish",
        "2.0.0",
        "O(N+M), N being the subscribers of the channel and M all subscribed patterns",
        "Sends a message to a channel.",
        "channel message",
    ),
    doc("pubsub", "2.8.0", "Depends on the subcommand.", "Looks at channels and subscriptions.", ""),
    doc(
        "pubsub|channels",
        "2.8.0",
        "O(N), N being the active channels",
        "Lists the channels that have subscribers.",
        "[pattern]",
    ),
    doc("pubsub|help", "6.2.0", "O(1)", "Lists the subcommands with a line on each.", ""),
    doc("pubsub|numpat", "2.8.0", "O(1)", "Counts the distinct patterns that have subscribers.", ""),
    doc(
        "pubsub|numsub",
        "2.8.0",
        "O(N), N being the channels asked for",
        "Counts the subscribers of channels, those of patterns aside.",
        "[channel ...]",
    ),
    doc(
        "pubsub|shardchannels",
        "7.0.0",
        "O(N), N being the active shard channels",
        "Lists the shard channels that have subscribers.",
        "[pattern]",
    ),
    doc(
        "pubsub|shardnumsub",
        "7.0.0",
        "O(N), N being the shard channels asked for",
        "Counts the subscribers of shard channels.",
        "[shardchannel ...]",
    ),
    doc(
        "punsubscribe",
        "2.0.0",
        "O(N), N being the patterns",
        "Ends subscriptions to patterns, or to all of them.",
        "[pattern ...]",
    ),
    doc(
        "spublish",
        "7.0.0",
        "O(N), N being the subscribers of the shard channel",
        "Sends a message to a shard channel.",
        "shardchannel message",
    ),
    doc(
        "ssubscribe",
        "7.0.0",
        "O(N), N being the shard channels",
        "Subscribes to shard channels.",
        "shardchannel ...",
    ),
    doc("subscribe", "2.0.0", "O(N), N being the channels", "Subscribes to channels.", "channel ..."),
    doc(
        "sunsubscribe",
        "7.0.0",
        "O(N), N being the shard channels",
        "Ends subscriptions to shard channels, or to all of them.",
        "[shardchannel ...]",
    ),
    doc(
        "unsubscribe",
        "2.0.0",
        "O(N), N being the channels",
        "Ends subscriptions to channels, or to all of them.",
        "[channel ...]",
    ),
];
