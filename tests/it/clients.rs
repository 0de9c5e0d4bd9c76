//! CLIENT and its subcommands, HELLO, AUTH, RESET, MONITOR, client-side caching.

use crate::support::{Client, Server, check, check_all, wait_until};

/// The value of a field of a CLIENT LIST line.
fn field<'a>(line: &'a str, name: &str) -> &'a str {
    let line = line.trim_start_matches(['$', '=']).trim_start_matches("txt:");
    line.split_whitespace()
        .filter_map(|word| word.split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
        .unwrap_or_else(|| panic!("no {name} in {line}"))
}

/// The field of the client's own line.
fn own(client: &mut Client, name: &str) -> String {
    field(&client.call("CLIENT INFO"), name).to_owned()
}

/// A client's number, as text.
fn id(client: &mut Client) -> String {
    client.call("CLIENT ID")[1..].to_owned()
}

#[test]
fn hello_answers_a_map_of_who_is_speaking_in_the_protocol_asked_for() {
    let server = Server::start();
    let mut client = server.client();
    let id = id(&mut client);
    let pairs = |proto: u8| {
        format!(
            "$server $redis $version $7.2.4 $proto :{proto} $id :{id} $mode $standalone $role $master $modules *0[]"
        )
    };
    check(&mut client, "HELLO", &format!("*14[{}]", pairs(2)));
    check(&mut client, "HELLO 3", &format!("%7[{}]", pairs(3)));
    check(&mut client, "GET missing", "_");
    check_all(
        &mut client,
        &[
            ("HELLO 4", "-NOPROTO unsupported protocol version"),
            ("HELLO x", "-ERR Protocol version is not an integer or out of range"),
            ("HELLO 3 AUTH default", "-ERR Syntax error in HELLO option 'AUTH'"),
            (
                "HELLO 3 SETNAME a\nb",
                "-ERR Client names cannot contain spaces, newlines or special characters.",
            ),
        ],
    );
    client.call("HELLO 2 SETNAME worker");
    check(&mut client, "CLIENT GETNAME", "$worker");
}

#[test]
fn a_password_is_asked_for_before_anything_else() {
    let server = Server::with(&["--requirepass", "secret"]);
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("GET k", "-NOAUTH Authentication required."),
            ("AUTH wrong", "-WRONGPASS invalid username-password pair or user is disabled."),
            ("AUTH other secret", "-WRONGPASS invalid username-password pair or user is disabled."),
            ("GET k", "-NOAUTH Authentication required."),
            ("AUTH secret", "+OK"),
            ("GET k", "$nil"),
            ("RESET", "+RESET"),
            ("GET k", "-NOAUTH Authentication required."),
            ("AUTH default secret", "+OK"),
            ("GET k", "$nil"),
        ],
    );
    let mut other = server.client();
    assert!(other.call("HELLO 3").starts_with("-NOAUTH HELLO must be called with the client already"));
    assert!(other.call("HELLO 3 AUTH default secret").starts_with("%7["));
    check(&mut other, "GET k", "_");
}

#[test]
fn without_a_password_auth_says_so_unless_a_user_is_named() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            (
                "AUTH x",
                "-ERR AUTH <password> called without any password configured for the default user. Are you sure \
                 your configuration is correct?",
            ),
            ("AUTH default x", "+OK"),
            ("AUTH nobody x", "-WRONGPASS invalid username-password pair or user is disabled."),
            ("AUTH a b c", "-ERR syntax error"),
        ],
    );
}

#[test]
fn reset_takes_back_everything_but_the_library() {
    let server = Server::start();
    let mut client = server.client();
    for words in [
        "HELLO 3 SETNAME worker",
        "CLIENT SETINFO lib-name lib",
        "SELECT 5",
        "CLIENT NO-EVICT on",
        "CLIENT NO-TOUCH on",
        "CLIENT TRACKING on",
        "MULTI",
    ] {
        client.call(words);
    }
    check(&mut client, "RESET", "+RESET");
    let line = client.call("CLIENT INFO");
    let fields = ["name", "db", "flags", "multi", "resp", "lib-name"].map(|name| field(&line, name));
    assert_eq!(fields, ["", "0", "N", "-1", "2", "lib"]);
}

#[test]
fn a_line_describes_each_client_oldest_first() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    check(&mut one, "CLIENT SETNAME one", "+OK");
    check(&mut two, "CLIENT SETNAME two", "+OK");
    let mut list = String::new();
    // The probe that found the server up may not have been noticed to be gone.
    assert!(wait_until(|| {
        list = one.call("CLIENT LIST");
        list.lines().filter(|line| line.contains("id=")).count() == 2
    }));
    let names: Vec<&str> = list.lines().map(|line| field(line, "name")).collect();
    assert_eq!(names, ["one", "two"]);
    let commands: Vec<&str> = list.lines().map(|line| field(line, "cmd")).collect();
    assert_eq!(commands, ["client|list", "client|setname"]);
    let (first, second) = (id(&mut one), id(&mut two));
    let by_id = one.call(&format!("CLIENT LIST ID {second} 999999 {first}"));
    let ids: Vec<&str> = by_id.lines().map(|line| field(line, "id")).collect();
    assert_eq!(ids, [second, first]);
    check_all(
        &mut one,
        &[
            ("CLIENT LIST ID x", "-ERR Invalid client ID"),
            ("CLIENT LIST ID", "-ERR syntax error"),
            ("CLIENT LIST TYPE x", "-ERR Unknown client type 'x'"),
            ("CLIENT LIST TYPE pubsub", "$"),
        ],
    );
}

#[test]
fn a_request_in_execution_is_part_of_the_query_buffer() {
    let server = Server::start();
    let mut client = server.client();
    let line = client.call("CLIENT LIST ID 1 2 3 4 5");
    let sent = "*8\r\n$6\r\nCLIENT\r\n$4\r\nLIST\r\n$2\r\nID\r\n$1\r\n1\r\n$1\r\n2\r\n$1\r\n3\r\n$1\r\n4\r\n$1\r\n5\r\n";
    let own = line.lines().find(|line| line.contains("cmd=client|list")).unwrap();
    assert_eq!(field(own, "qbuf"), sent.len().to_string());
    assert_eq!((field(own, "argv-mem"), field(own, "events")), ("17", "r"));
}

#[test]
fn names_and_libraries_are_single_words() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("CLIENT GETNAME", "$nil"),
            (
                "CLIENT SETNAME a\tb",
                "-ERR Client names cannot contain spaces, newlines or special characters.",
            ),
            ("CLIENT SETNAME \"\"", "+OK"),
            (
                "CLIENT SETINFO lib-name \u{e9}",
                "-ERR lib-name cannot contain spaces, newlines or special characters.",
            ),
            ("CLIENT SETINFO lib-age 1", "-ERR Unrecognized option 'lib-age'"),
            ("CLIENT SETINFO LIB-VER 1.2", "+OK"),
        ],
    );
    assert_eq!(own(&mut client, "lib-ver"), "1.2");
}

#[test]
fn killing_by_filter_counts_and_killing_by_address_answers_ok() {
    let server = Server::start();
    let (mut one, mut two, mut three) = (server.client(), server.client(), server.client());
    let second = id(&mut two);
    check(&mut one, &format!("CLIENT KILL ID {second} TYPE pubsub"), ":0");
    check(&mut one, &format!("CLIENT KILL ID {second} USER default"), ":1");
    assert!(two.is_closed());
    check(&mut one, &format!("CLIENT KILL ID {second}"), ":0");
    let address = own(&mut three, "addr");
    check(&mut one, &format!("CLIENT KILL {address}"), "+OK");
    assert!(three.is_closed());
    check_all(
        &mut one,
        &[
            ("CLIENT KILL 1.2.3.4:5", "-ERR No such client"),
            ("CLIENT KILL ID 0", "-ERR client-id should be greater than 0"),
            ("CLIENT KILL USER nobody", "-ERR No such user 'nobody'"),
            ("CLIENT KILL TYPE x", "-ERR Unknown client type 'x'"),
            ("CLIENT KILL SKIPME maybe", "-ERR syntax error"),
            ("CLIENT KILL ID", "-ERR No such client"),
        ],
    );
}

#[test]
fn a_killed_client_is_gone_for_the_next_command_of_the_same_pipeline() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    let second = id(&mut two);
    one.send(&format!("CLIENT KILL ID {second}"));
    one.send(&format!("CLIENT LIST ID {second}"));
    assert_eq!((one.reply(), one.reply()), (":1".to_owned(), "$".to_owned()));
}

#[test]
fn a_client_that_kills_itself_gets_its_answer() {
    let server = Server::start();
    let mut client = server.client();
    let number = id(&mut client);
    check(&mut client, &format!("CLIENT KILL ID {number}"), ":0");
    check(&mut client, &format!("CLIENT KILL ID {number} SKIPME no"), ":1");
    assert!(client.is_closed());
}

#[test]
fn replies_can_be_switched_off_and_skipped() {
    let server = Server::start();
    let mut client = server.client();
    for words in ["CLIENT REPLY OFF", "SET k 1", "GET k", "NOSUCH", "CLIENT REPLY SKIP"] {
        client.send(words);
    }
    check(&mut client, "CLIENT REPLY ON", "+OK");
    client.send("CLIENT REPLY SKIP");
    client.send("GET k");
    check(&mut client, "GET k", "$1");
    check(&mut client, "CLIENT REPLY x", "-ERR syntax error");
}

#[test]
fn replies_switched_on_within_a_transaction_come_from_there_on() {
    let server = Server::start();
    let mut client = server.client();
    for words in ["CLIENT REPLY OFF", "MULTI", "PING", "CLIENT REPLY ON", "EXEC"] {
        client.send(words);
    }
    assert_eq!(client.reply(), "+OK");
    check(&mut client, "PING", "+PONG");
}

#[test]
fn a_pause_holds_writes_until_it_is_lifted() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    let second = id(&mut two);
    check(&mut one, "CLIENT PAUSE 1000000 WRITE", "+OK");
    check(&mut two, "GET k", "$nil");
    two.send("SET k 1");
    two.send("GET k");
    assert!(wait_until(|| field(&one.call(&format!("CLIENT LIST ID {second}")), "flags") == "b"));
    check(&mut one, "GET k", "$nil");
    check(&mut one, "CLIENT UNPAUSE", "+OK");
    assert_eq!((two.reply(), two.reply()), ("+OK".to_owned(), "$1".to_owned()));
}

#[test]
fn a_pause_of_everything_ends_by_itself() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "CLIENT PAUSE 50", "+OK");
    check(&mut client, "PING", "+PONG");
    check_all(
        &mut client,
        &[
            ("CLIENT PAUSE x", "-ERR timeout is not an integer or out of range"),
            ("CLIENT PAUSE -1", "-ERR timeout is negative"),
            ("CLIENT PAUSE 9223372036854775807", "-ERR timeout is out of range"),
            ("CLIENT PAUSE 1 some", "-ERR CLIENT PAUSE mode must be WRITE or ALL"),
            (
                "CLIENT PAUSE 1 ALL x",
                "-ERR unknown subcommand or wrong number of arguments for 'PAUSE'. Try CLIENT HELP.",
            ),
        ],
    );
}

#[test]
fn a_paused_client_can_leave_and_be_killed() {
    let server = Server::start();
    let (mut one, mut two, mut three) = (server.client(), server.client(), server.client());
    let (second, third) = (id(&mut two), id(&mut three));
    check(&mut one, "CLIENT PAUSE 1000000 WRITE", "+OK");
    two.send("SET k 1");
    three.send("SET k 1");
    let list = format!("CLIENT LIST ID {second} {third}");
    assert!(wait_until(|| one.call(&list).matches("flags=b").count() == 2));
    check(&mut one, &format!("CLIENT KILL ID {second}"), ":1");
    assert!(two.is_closed());
    drop(three);
    assert!(wait_until(|| one.call(&list) == "$"));
    check(&mut one, "CLIENT UNPAUSE", "+OK");
    check(&mut one, "GET k", "$nil");
}

#[test]
fn a_monitor_sees_commands_when_they_are_done_and_no_secrets() {
    let server = Server::start();
    let (mut monitor, mut client) = (server.client(), server.client());
    check(&mut monitor, "MONITOR", "+OK");
    let list = client.call("CLIENT LIST");
    assert_eq!(field(list.lines().find(|line| line.contains("cmd=monitor")).unwrap(), "flags"), "O");
    for words in
        ["SET k a\nb", "MULTI", "GET k", "EXEC", "AUTH default secret", "HELLO 2 AUTH default secret"]
    {
        client.call(words);
    }
    let mut seen = Vec::new();
    while seen.len() < 6 {
        let line = monitor.reply();
        let (head, command) = line.split_once("] ").unwrap();
        assert!(head.contains(" [0 127.0.0.1:"), "{line}");
        seen.push(command.to_owned());
    }
    assert_eq!(
        seen,
        [
            r#""SET" "k" "a\nb""#,
            r#""MULTI""#,
            r#""GET" "k""#,
            r#""EXEC""#,
            r#""AUTH" "(redacted)" "(redacted)""#,
            r#""HELLO" "2" "AUTH" "(redacted)" "(redacted)""#,
        ]
    );
    check(&mut monitor, "RESET", "+RESET");
    check(&mut client, "GET k", "$a\nb");
    check(&mut monitor, "ECHO done", "$done");
}

#[test]
fn a_large_value_is_shown_whole_to_monitors_and_still_stored() {
    let server = Server::start();
    let (mut monitor, mut client) = (server.client(), server.client());
    check(&mut monitor, "MONITOR", "+OK");
    let value = "x".repeat(1_000_000);
    check(&mut client, &format!("SET k {value}"), "+OK");
    assert!(monitor.reply().ends_with(&format!("\"SET\" \"k\" \"{value}\"")));
    check(&mut client, "GET k", &format!("${value}"));
}

#[test]
fn a_reader_is_told_once_that_its_key_changed() {
    let server = Server::start();
    let (mut reader, mut writer) = (server.client(), server.client());
    reader.call("HELLO 3");
    check(&mut reader, "CLIENT TRACKING on", "+OK");
    check(&mut reader, "GET k", "_");
    check_all(&mut writer, &[("SET k 1", "+OK"), ("SET k 2", "+OK"), ("SET other 1", "+OK")]);
    assert_eq!(reader.reply(), ">2[$invalidate *1[$k]]");
    check(&mut reader, "GET k", "$2");
    // Its own change comes behind the reply.
    check(&mut reader, "SET k 3", "+OK");
    assert_eq!(reader.reply(), ">2[$invalidate *1[$k]]");
    check(&mut reader, "PING", "+PONG");
}

#[test]
fn opting_in_concerns_the_next_command_and_noloop_the_own_changes() {
    let server = Server::start();
    let (mut reader, mut writer) = (server.client(), server.client());
    reader.call("HELLO 3");
    check(&mut reader, "CLIENT TRACKING on OPTIN NOLOOP", "+OK");
    check_all(
        &mut reader,
        &[
            ("GET a", "_"),
            ("CLIENT CACHING yes", "+OK"),
            ("GET b", "_"),
            ("GET c", "_"),
            ("CLIENT CACHING yes", "+OK"),
            ("GET d", "_"),
            ("SET d 1", "+OK"),
            (
                "CLIENT CACHING no",
                "-ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.",
            ),
        ],
    );
    check_all(&mut writer, &[("SET a 1", "+OK"), ("SET c 1", "+OK"), ("SET b 1", "+OK")]);
    assert_eq!(reader.reply(), ">2[$invalidate *1[$b]]");
    check(&mut reader, "PING", "+PONG");
}

#[test]
fn broadcasts_gather_the_keys_of_a_turn_under_their_prefix() {
    let server = Server::start();
    let (mut listener, mut writer) = (server.client(), server.client());
    listener.call("HELLO 3");
    check(&mut listener, "CLIENT TRACKING on BCAST PREFIX user: PREFIX item:", "+OK");
    check(&mut writer, "MULTI", "+OK");
    for key in ["user:2", "other", "user:1", "item:1", "user:2"] {
        check(&mut writer, &format!("SET {key} 1"), "+QUEUED");
    }
    writer.call("EXEC");
    assert_eq!(listener.reply(), ">2[$invalidate *1[$item:1]]");
    assert_eq!(listener.reply(), ">2[$invalidate *2[$user:1 $user:2]]");
    check(
        &mut listener,
        "CLIENT TRACKINGINFO",
        "%3[$flags ~2[$on $bcast] $redirect :0 $prefixes *2[$item: $user:]]",
    );
    check(&mut listener, "CLIENT TRACKING on BCAST PREFIX users", "+OK");
    check(
        &mut listener,
        "CLIENT TRACKING on BCAST PREFIX user",
        "-ERR Prefix 'user' overlaps with an existing prefix 'user:'. Prefixes for a single client must not overlap.",
    );
}

#[test]
fn a_redirection_to_a_client_that_left_is_reported_and_shown() {
    let server = Server::start();
    let (mut reader, mut writer, mut target) = (server.client(), server.client(), server.client());
    reader.call("HELLO 3");
    target.call("HELLO 3");
    let number = id(&mut target);
    check(&mut reader, &format!("CLIENT TRACKING on REDIRECT {number}"), "+OK");
    check(&mut reader, "CLIENT GETREDIR", &format!(":{number}"));
    check(&mut reader, "GET k", "_");
    check(&mut writer, "SET k 1", "+OK");
    assert_eq!(target.reply(), ">2[$invalidate *1[$k]]");
    check(&mut reader, "GET k", "$1");
    drop(target);
    assert!(wait_until(|| writer.call(&format!("CLIENT LIST ID {number}")) == "$"));
    check(&mut writer, "SET k 2", "+OK");
    assert_eq!(reader.reply(), format!(">2[$tracking-redir-broken :{number}]"));
    assert_eq!(own(&mut reader, "flags"), "tR");
    check(&mut reader, "CLIENT TRACKING off", "+OK");
    check(&mut reader, "CLIENT TRACKINGINFO", "%3[$flags ~1[$off] $redirect :-1 $prefixes *0[]]");
}

#[test]
fn a_full_table_forgets_the_oldest_key_and_says_so() {
    let server = Server::with(&["--tracking-table-max-keys", "2"]);
    let mut reader = server.client();
    reader.call("HELLO 3");
    check(&mut reader, "CLIENT TRACKING on", "+OK");
    check_all(&mut reader, &[("GET a", "_"), ("GET b", "_"), ("GET c", "_")]);
    assert_eq!(reader.call("PING"), ">2[$invalidate *1[$a]]");
    assert_eq!(reader.reply(), "+PONG");
}

#[test]
fn a_lowered_limit_of_the_table_needs_no_further_command() {
    let server = Server::start();
    let (mut client, mut control) = (server.client(), server.client());
    client.call("HELLO 3");
    check_all(&mut client, &[("CLIENT TRACKING ON", "+OK"), ("MGET a b", "*2[_ _]")]);
    check(&mut control, "CONFIG SET tracking-table-max-keys 1", "+OK");
    assert_eq!(client.reply(), ">2[$invalidate *1[$a]]");
}

#[test]
fn keys_read_in_an_earlier_life_of_tracking_concern_nobody() {
    let server = Server::start();
    let (mut client, mut control) = (server.client(), server.client());
    client.call("HELLO 3");
    check_all(&mut client, &[("CLIENT TRACKING ON", "+OK"), ("GET a", "_"), ("CLIENT TRACKING OFF", "+OK")]);
    check_all(&mut control, &[("FLUSHALL", "+OK")]);
    check(&mut client, "CLIENT TRACKING ON", "+OK");
    check(&mut control, "SET a 1", "+OK");
    check(&mut client, "PING", "+PONG");
}
