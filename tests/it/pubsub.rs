//! Channels, patterns, shard channels, keyspace events.

use crate::support::{Client, Server, check, check_all, wait_until};

/// Waits until a channel has this many subscribers.
fn wait_for_subscribers(client: &mut Client, channel: &str, count: usize) {
    let expected = format!("*2[${channel} :{count}]");
    assert!(wait_until(|| client.call(&format!("PUBSUB NUMSUB {channel}")) == expected));
}

#[test]
fn each_subscription_is_confirmed_with_the_total_number() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("SUBSCRIBE a b a", "*3[$subscribe $a :1]")]);
    assert_eq!([client.reply(), client.reply()], ["*3[$subscribe $b :2]", "*3[$subscribe $a :2]"]);
    check_all(
        &mut client,
        &[
            ("PSUBSCRIBE p*", "*3[$psubscribe $p* :3]"),
            ("SSUBSCRIBE s", "*3[$ssubscribe $s :1]"),
            ("UNSUBSCRIBE nosuch", "*3[$unsubscribe $nosuch :3]"),
            ("UNSUBSCRIBE", "*3[$unsubscribe $a :2]"),
        ],
    );
    assert_eq!(client.reply(), "*3[$unsubscribe $b :1]");
    check_all(
        &mut client,
        &[
            ("UNSUBSCRIBE", "*3[$unsubscribe $nil :1]"),
            ("PUNSUBSCRIBE", "*3[$punsubscribe $p* :0]"),
            ("PUNSUBSCRIBE", "*3[$punsubscribe $nil :0]"),
            ("SUNSUBSCRIBE", "*3[$sunsubscribe $s :0]"),
            ("SUNSUBSCRIBE", "*3[$sunsubscribe $nil :0]"),
            ("GET k", "$nil"),
        ],
    );
}

#[test]
fn a_subscriber_is_limited_to_a_few_commands() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("SUBSCRIBE a", "*3[$subscribe $a :1]"),
            ("PING", "*2[$pong $]"),
            ("PING hello", "*2[$pong $hello]"),
            (
                "GET k",
                "-ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are \
                 allowed in this context",
            ),
            ("UNSUBSCRIBE a", "*3[$unsubscribe $a :0]"),
            ("PING", "+PONG"),
        ],
    );
}

#[test]
fn messages_reach_channels_before_patterns() {
    let server = Server::start();
    let (mut reader, mut writer) = (server.client(), server.client());
    check_all(
        &mut reader,
        &[("PSUBSCRIBE n?ws", "*3[$psubscribe $n?ws :1]"), ("SUBSCRIBE news", "*3[$subscribe $news :2]")],
    );
    check_all(
        &mut writer,
        &[("PUBLISH news hello", ":2"), ("PUBLISH nobody hello", ":0"), ("SPUBLISH news hello", ":0")],
    );
    assert_eq!(reader.reply(), "*3[$message $news $hello]");
    assert_eq!(reader.reply(), "*4[$pmessage $n?ws $news $hello]");
}

#[test]
fn shard_channels_have_their_own_messages() {
    let server = Server::start();
    let (mut reader, mut writer) = (server.client(), server.client());
    check(&mut reader, "SSUBSCRIBE a", "*3[$ssubscribe $a :1]");
    check_all(
        &mut writer,
        &[
            ("PUBLISH a x", ":0"),
            ("SPUBLISH a x", ":1"),
            ("PUBSUB SHARDCHANNELS", "*1[$a]"),
            ("PUBSUB SHARDCHANNELS b*", "*0[]"),
            ("PUBSUB SHARDNUMSUB a b", "*4[$a :1 $b :0]"),
            ("PUBSUB CHANNELS", "*0[]"),
        ],
    );
    assert_eq!(reader.reply(), "*3[$smessage $a $x]");
}

#[test]
fn pubsub_answers_questions_about_subscriptions() {
    let server = Server::start();
    let (mut reader, mut asking) = (server.client(), server.client());
    check_all(
        &mut reader,
        &[("SUBSCRIBE a", "*3[$subscribe $a :1]"), ("PSUBSCRIBE a*", "*3[$psubscribe $a* :2]")],
    );
    check_all(
        &mut asking,
        &[
            ("PUBSUB CHANNELS", "*1[$a]"),
            ("PUBSUB CHANNELS [a-c]", "*1[$a]"),
            ("PUBSUB CHANNELS b", "*0[]"),
            ("PUBSUB NUMSUB", "*0[]"),
            ("PUBSUB NUMSUB a b", "*4[$a :1 $b :0]"),
            ("PUBSUB NUMPAT", ":1"),
            (
                "PUBSUB CHANNELS a b",
                "-ERR unknown subcommand or wrong number of arguments for 'CHANNELS'. Try PUBSUB HELP.",
            ),
            ("PUBSUB NUMPAT x", "-ERR wrong number of arguments for 'pubsub|numpat' command"),
            ("PUBSUB NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try PUBSUB HELP."),
        ],
    );
}

#[test]
fn subscriptions_end_with_the_connection() {
    let server = Server::start();
    let (mut reader, mut asking) = (server.client(), server.client());
    check(&mut reader, "SUBSCRIBE a", "*3[$subscribe $a :1]");
    check(&mut asking, "PUBSUB NUMSUB a", "*2[$a :1]");
    drop(reader);
    wait_for_subscribers(&mut asking, "a", 0);
    check(&mut asking, "PUBLISH a x", ":0");
}

#[test]
fn a_transaction_can_subscribe() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MULTI", "+OK"),
            ("PING", "+QUEUED"),
            ("SUBSCRIBE a", "+QUEUED"),
            ("PING x", "+QUEUED"),
            // Its own PING is that of a subscriber already.
            ("EXEC", "*3[+PONG *3[$subscribe $a :1] *2[$pong $x]]"),
        ],
    );
}

/// Subscribes to all keyspace events of a server that announces these classes.
fn listener(classes: &str) -> (Server, Client, Client) {
    let server = Server::with(&["--notify-keyspace-events", classes]);
    let (mut reader, writer) = (server.client(), server.client());
    check(&mut reader, "PSUBSCRIBE __key*", "*3[$psubscribe $__key* :1]");
    (server, reader, writer)
}

#[test]
fn a_change_is_announced_by_key_and_by_event() {
    let (_server, mut reader, mut writer) = listener("KEA");
    check_all(&mut writer, &[("SELECT 9", "+OK"), ("SET k 1", "+OK")]);
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyspace@9__:k $set]");
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyevent@9__:set $k]");
}

#[test]
fn only_the_wanted_kind_of_channel_is_used() {
    let (_server, mut reader, mut writer) = listener("K$");
    check_all(&mut writer, &[("SET a 1", "+OK"), ("SET b 1", "+OK")]);
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyspace@0__:a $set]");
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyspace@0__:b $set]");
}

#[test]
fn classes_that_are_not_wanted_are_silent() {
    let (_server, mut reader, mut writer) = listener("Eg");
    check_all(
        &mut writer,
        &[("SET a 1", "+OK"), ("GET nosuch", "$nil"), ("PUBLISH __keyspace@0__:end x", ":1")],
    );
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyspace@0__:end $x]");
}

#[test]
fn misses_and_new_keys_have_classes_outside_of_a() {
    let (_server, mut reader, mut writer) = listener("Emn$");
    check_all(&mut writer, &[("GET k", "$nil"), ("SET k 1", "+OK"), ("SET k 2", "+OK")]);
    for event in ["keymiss", "new", "set", "set"] {
        assert_eq!(reader.reply(), format!("*4[$pmessage $__key* $__keyevent@0__:{event} $k]"));
    }
    let (_server, mut reader, mut writer) = listener("EA");
    check_all(&mut writer, &[("GET k", "$nil"), ("SET k 1", "+OK")]);
    assert_eq!(reader.reply(), "*4[$pmessage $__key* $__keyevent@0__:set $k]");
}
