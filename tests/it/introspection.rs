//! INFO, COMMAND, SLOWLOG, LATENCY, MEMORY, DEBUG.

use crate::support::{Server, check, check_all};

#[test]
fn the_slow_log_shows_the_latest_requests_first() {
    let server = Server::with(&["--slowlog-log-slower-than", "0", "--slowlog-max-len", "3"]);
    let mut client = server.client();
    for key in ["a", "b", "c", "d"] {
        check(&mut client, &format!("SET {key} 1"), "+OK");
    }
    let newest = client.call("SLOWLOG GET 1");
    assert!(newest.starts_with("*1[*6[:"), "{newest}");
    assert!(newest.contains(" *3[$SET $d $1] $127.0.0.1:"), "{newest}");
    // Asking was logged too, and pushed the oldest entry out.
    let all = client.call("SLOWLOG GET -1");
    assert!(all.starts_with("*3[") && !all.contains("$SET $b"), "{all}");
    check_all(&mut client, &[("SLOWLOG RESET", "+OK"), ("SLOWLOG LEN", ":1")]);
}

#[test]
fn the_slow_log_hides_secrets() {
    let server = Server::with(&["--slowlog-log-slower-than", "0"]);
    let mut client = server.client();
    let mut logged = |request: &str, shown: &str| {
        client.call(request);
        let newest = client.call("SLOWLOG GET 1");
        assert!(newest.contains(&format!("[{shown}]")), "{newest}");
    };
    logged("CONFIG SET masterauth secret", "$CONFIG $SET $masterauth $(redacted)");
    logged("config set hz 20 MasterAuth secret", "$config $set $hz $20 $MasterAuth $(redacted)");
    // Also where CONFIG SET fails.
    logged("CONFIG SET nosuch 1 masterauth secret", "$CONFIG $SET $nosuch $1 $masterauth $(redacted)");
    logged("HELLO 3 AUTH nobody secret", "$HELLO $3 $AUTH $(redacted) $(redacted)");
}

#[test]
fn slow_log_arguments_are_checked() {
    let server = Server::start();
    let count = "-ERR count should be greater than or equal to -1";
    check_all(
        &mut server.client(),
        &[
            ("SLOWLOG GET -2", count),
            ("SLOWLOG GET many", count),
            ("SLOWLOG GET 10", "*0[]"),
            (
                "SLOWLOG GET 1 2",
                "-ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.",
            ),
            ("SLOWLOG NOSUCH", "-ERR unknown subcommand 'NOSUCH'. Try SLOWLOG HELP."),
        ],
    );
}

#[test]
fn help_begins_with_the_syntax_and_ends_with_itself() {
    let server = Server::start();
    let mut client = server.client();
    for name in ["COMMAND", "LATENCY", "MEMORY", "MODULE", "PUBSUB", "SLOWLOG"] {
        let help = client.call(&format!("{name} HELP"));
        let first = format!("[+{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are: +");
        assert!(help.contains(&first), "{help}");
        assert!(help.ends_with(" +HELP +    Print this help.]"), "{help}");
    }
}

#[test]
fn latency_of_events_that_never_happened() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("LATENCY LATEST", "*0[]"),
            ("LATENCY HISTORY command", "*0[]"),
            ("LATENCY GRAPH command", "-ERR No samples available for event 'command'"),
            ("LATENCY RESET", ":0"),
            ("LATENCY RESET command fork", ":0"),
        ],
    );
    assert!(client.call("LATENCY DOCTOR").starts_with("$Latency monitoring is disabled"));
}

#[test]
fn refused_calls_are_rejected_and_calls_that_answer_an_error_are_failed() {
    let server = Server::start();
    let mut client = server.client();
    for request in ["SET s x", "CONFIG RESETSTAT", "INCR s", "GET", "NOSUCH", "MULTI", "INCR s", "EXEC"] {
        client.call(request);
    }
    for request in ["MULTI", "GET", "EXEC", "EXEC"] {
        client.call(request);
    }
    let stats = client.call("INFO commandstats errorstats stats");
    let counts = |name: &str| {
        let line = stats.split(['\r', '\n']).find(|line| line.starts_with(name)).unwrap_or(name);
        let shown = line.split(',').filter(|part| !part.contains("usec"));
        shown.collect::<Vec<_>>().join(",")
    };
    assert_eq!(counts("cmdstat_incr:"), "cmdstat_incr:calls=2,rejected_calls=0,failed_calls=2");
    assert_eq!(counts("cmdstat_get:"), "cmdstat_get:calls=0,rejected_calls=2,failed_calls=0");
    // What fails inside of a transaction is not EXEC's failure.
    assert_eq!(counts("cmdstat_exec:"), "cmdstat_exec:calls=3,rejected_calls=0,failed_calls=2");
    assert_eq!(counts("cmdstat_multi:"), "cmdstat_multi:calls=2,rejected_calls=0,failed_calls=0");
    assert_eq!(counts("errorstat_ERR:"), "errorstat_ERR:count=6");
    assert_eq!(counts("errorstat_EXECABORT:"), "errorstat_EXECABORT:count=1");
    assert_eq!(counts("total_error_replies:"), "total_error_replies:7");
}

#[test]
fn histograms_are_kept_per_command_and_subcommand() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("SET k 1", "+OK"), ("SET k 2", "+OK"), ("SLOWLOG LEN", ":0")]);
    let set = client.call("LATENCY HISTOGRAM set nosuch get");
    assert!(set.starts_with("*2[$set *4[$calls :2 $histogram_usec *"), "{set}");
    let slowlog = client.call("LATENCY HISTOGRAM slowlog");
    assert!(slowlog.starts_with("*2[$slowlog|len *4[$calls :1 "), "{slowlog}");
    let all = client.call("LATENCY HISTOGRAM");
    assert!(all.contains("$set ") && all.contains("$latency|histogram "), "{all}");
    check(&mut client, "LATENCY HISTOGRAM nosuch", "*0[]");
}

#[test]
fn memory_usage_is_of_existing_keys() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            ("MEMORY USAGE nosuch", "$nil"),
            ("SET k 1", "+OK"),
            ("MEMORY USAGE k SAMPLES", "-ERR syntax error"),
            ("MEMORY USAGE k SAMPLES -1", "-ERR syntax error"),
            ("MEMORY USAGE k SAMPLES x", "-ERR value is not an integer or out of range"),
            ("MEMORY USAGE k NOSUCH 1", "-ERR syntax error"),
            ("MEMORY PURGE", "+OK"),
        ],
    );
    let small: usize = client.call("MEMORY USAGE k SAMPLES 0")[1..].parse().unwrap();
    client.call_arguments(&["SET".as_bytes(), b"big", &[b'x'; 10_000]]);
    let big: usize = client.call("MEMORY USAGE big")[1..].parse().unwrap();
    assert!((16..100).contains(&small) && (10_000..20_000).contains(&big), "{small} {big}");
}

#[test]
fn memory_stats_has_the_fields_of_redis() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET k 1", "+OK");
    let stats = client.call("MEMORY STATS");
    assert!(stats.starts_with("*56[$peak.allocated :"), "{stats}");
    for name in [
        "total.allocated",
        "startup.allocated",
        "replication.backlog",
        "clients.normal",
        "db.0 *6[$overhead.hashtable.main",
        "overhead.total",
        "keys.count :1",
        "dataset.percentage",
        "allocator-fragmentation.ratio",
        "fragmentation.bytes",
    ] {
        assert!(stats.contains(&format!("${name}")), "{name} in {stats}");
    }
    assert!(client.call("MEMORY DOCTOR").contains("memory"));
    assert!(client.call("MEMORY MALLOC-STATS").contains("jemalloc"));
}

#[test]
fn time_is_seconds_and_microseconds() {
    let server = Server::start();
    let reply = server.client().call("TIME");
    let parts: Vec<u64> = reply
        .trim_start_matches("*2[")
        .trim_end_matches(']')
        .split(' ')
        .map(|part| part[1..].parse().unwrap())
        .collect();
    assert!(parts[0] > 1_700_000_000 && parts[1] < 1_000_000, "{reply}");
}

#[test]
fn lolwut_ends_with_the_version() {
    let server = Server::start();
    let mut client = server.client();
    for words in ["LOLWUT", "LOLWUT whatever", "LOLWUT VERSION 5 10 2 2", "LOLWUT VERSION 6 10 2"] {
        let picture = client.call(words);
        assert!(picture.ends_with("\nRedis ver. 7.2.4\n"), "{picture}");
    }
    assert_eq!(client.call("LOLWUT VERSION 6 10 2").chars().filter(|c| !c.is_ascii()).count(), 20);
    check_all(
        &mut client,
        &[
            ("LOLWUT VERSION five", "-ERR value is not an integer or out of range"),
            ("LOLWUT VERSION 5 wide", "-ERR value is not an integer or out of range"),
        ],
    );
}

#[test]
fn there_are_no_modules() {
    let server = Server::with(&["--enable-module-command", "yes"]);
    check_all(
        &mut server.client(),
        &[
            ("MODULE LIST", "*0[]"),
            ("MODULE LOAD /x.so", "-ERR Error loading the extension. Please check the server logs."),
            ("MODULE UNLOAD x", "-ERR Error unloading module: no such module with that name"),
        ],
    );
    let server = Server::start();
    assert!(server.client().call("MODULE LOAD /x.so").starts_with("-ERR MODULE command not allowed."));
}

#[test]
fn command_info_describes_a_row() {
    let server = Server::start();
    let mut client = server.client();
    check_all(
        &mut client,
        &[
            (
                "COMMAND INFO get nosuch",
                "*2[*10[$get :2 *2[+readonly +fast] :1 :1 :1 *3[+@read +@string +@fast] *0[] *1[*6[$flags \
                 *2[+RO +access] $begin_search *4[$type $index $spec *2[$index :1]] $find_keys *4[$type \
                 $range $spec *6[$lastkey :0 $keystep :1 $limit :0]]]] *0[]] $nil]",
            ),
            (
                "COMMAND INFO module|unload",
                "*1[*10[$module|unload :3 *3[+admin +noscript +no_async_loading] :0 :0 :0 *3[+@admin +@slow \
                 +@dangerous] *0[] *0[] *0[]]]",
            ),
        ],
    );
    let count: usize = client.call("COMMAND COUNT")[1..].parse().unwrap();
    assert!(client.call("COMMAND").starts_with(&format!("*{count}[*10[$")));
    assert!(client.call("COMMAND INFO").starts_with(&format!("*{count}[*10[$")));
}

#[test]
fn commands_are_listed_by_filter() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("COMMAND LIST FILTERBY PATTERN PubSub|NUM*", "*2[$pubsub|numpat $pubsub|numsub]"),
            ("COMMAND LIST FILTERBY MODULE x", "*0[]"),
            ("COMMAND LIST FILTERBY ACLCAT nosuch", "*0[]"),
            ("COMMAND LIST FILTERBY NOSUCH x", "-ERR syntax error"),
            ("COMMAND LIST FILTERBY", "-ERR syntax error"),
            ("COMMAND LIST x", "-ERR syntax error"),
        ],
    );
}

#[test]
fn keys_are_found_in_a_command_line() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("COMMAND GETKEYS GET a", "*1[$a]"),
            ("COMMAND GETKEYS WATCH a b c", "*3[$a $b $c]"),
            ("COMMAND GETKEYS MEMORY USAGE k", "*1[$k]"),
            ("COMMAND GETKEYSANDFLAGS SET a b EX 1 GET", "*1[*2[$a *3[+RW +access +update]]]"),
            ("COMMAND GETKEYSANDFLAGS SET a get", "*1[*2[$a *2[+OW +update]]]"),
            ("COMMAND GETKEYSANDFLAGS WATCH a", "*1[*2[$a *1[+RO]]]"),
            ("COMMAND GETKEYS GET", "-ERR Invalid number of arguments specified for command"),
            ("COMMAND GETKEYS PING", "-ERR The command has no key arguments"),
            ("COMMAND GETKEYS SPUBLISH a b", "-ERR The command has no key arguments"),
            ("COMMAND GETKEYS NOSUCH a", "-ERR Invalid command specified"),
            ("COMMAND GETKEYS", "-ERR wrong number of arguments for 'command|getkeys' command"),
        ],
    );
}

#[test]
fn documentation_names_group_version_and_arguments() {
    let server = Server::start();
    let mut client = server.client();
    let docs = client.call("COMMAND DOCS publish nosuch");
    assert!(docs.starts_with("*2[$publish *10[$summary "), "{docs}");
    assert!(docs.contains("$since $2.0.0 $group $pubsub $complexity "), "{docs}");
    assert!(
        docs.contains("$arguments *2[*6[$name $channel $type $string $display_text $channel] *6["),
        "{docs}"
    );
    let auth = client.call("COMMAND DOCS auth");
    assert!(auth.contains("$display_text $username $since $6.0.0 $flags *1["), "{auth}");
    let kill = client.call("COMMAND DOCS client|kill");
    assert!(kill.contains("$display_text $ip:port $deprecated_since $2.8.12] "), "{kill}");
    let container = client.call("COMMAND DOCS slowlog");
    assert!(container.contains("$subcommands *8[$slowlog|get *"), "{container}");
}
