//! Error texts and limits of each kind, as Redis 7.2 words them.

use super::super::{ClientsMemory, Config, SetContext, SetError};

fn set(name: &str, value: &str) -> Result<Config, String> {
    let context = SetContext { loading: false, client_is_local: true };
    let mut config = Config::default();
    config.security.enable_protected_configs = super::super::ProtectedAction::Yes;
    match config.set(&[(name.as_bytes(), value.as_bytes())], context) {
        Ok((config, _)) => Ok(config),
        Err(SetError::Failed { reason, .. }) => Err(reason),
        Err(error) => Err(error.to_string()),
    }
}

#[track_caller]
fn refuses(name: &str, value: &str, reason: &str) {
    assert_eq!(set(name, value).err().as_deref(), Some(reason), "{name} {value}");
}

#[track_caller]
fn shows(name: &str, value: &str, shown: &str) {
    let config = set(name, value).expect(name);
    assert_eq!(config.text_of(name).expect(name), shown.as_bytes(), "{name} {value}");
}

#[test]
fn a_flag_is_yes_or_no_in_any_case() {
    shows("appendonly", "YES", "yes");
    refuses("appendonly", "1", "argument must be 'yes' or 'no'");
    refuses("appendonly", "", "argument must be 'yes' or 'no'");
}

#[test]
fn a_number_keeps_to_its_bounds() {
    shows("port", "65535", "65535");
    refuses("port", "65536", "argument must be between 0 and 65535 inclusive");
    refuses("port", "-1", "argument must be between 0 and 65535 inclusive");
    refuses("port", "1k", "argument couldn't be parsed into an integer");
    refuses("port", "", "argument couldn't be parsed into an integer");
    refuses("maxclients", "-1", "argument must be between 1 and 4294967295 inclusive");
    refuses("slowlog-max-len", "9223372036854775808", "argument couldn't be parsed into an integer");
}

#[test]
fn memory_takes_units() {
    shows("maxmemory", "2gb", "2147483648");
    shows("maxmemory", "18446744073709551615", "18446744073709551615");
    refuses("maxmemory", "-1", "argument must be a memory value");
    refuses("maxmemory", "10%", "argument must be a memory value");
    refuses("repl-backlog-size", "0", "argument must be between 1 and 9223372036854775807 inclusive");
    refuses("proto-max-bulk-len", "1", "argument must be between 1048576 and 9223372036854775807 inclusive");
}

#[test]
fn the_limit_of_all_clients_may_be_a_percentage() {
    shows("maxmemory-clients", "5%", "5%");
    shows("maxmemory-clients", "1mb", "1048576");
    shows("maxmemory-clients", "0%", "0");
    refuses("maxmemory-clients", "101%", "percentage argument must be less or equal to 100");
    refuses("maxmemory-clients", "-5%", "argument must be a memory or percent value");
    let config = set("maxmemory-clients", "25%").expect("a percentage");
    assert_eq!(config.memory.clients, ClientsMemory::Percent(25));
    assert_eq!(config.memory.clients.limit_bytes(1000), 250);
    assert_eq!(config.memory.clients.limit_bytes(u64::MAX), u64::MAX / 4);
}

#[test]
fn a_choice_names_all_its_words_when_none_fits() {
    shows("maxmemory-policy", "AllKeys-LRU", "allkeys-lru");
    shows("oom-score-adj", "relative", "yes");
    refuses("appendfsync", "sometimes", "argument(s) must be one of the following: everysec, always, no");
}

#[test]
fn texts_with_a_check_say_what_is_wrong() {
    refuses("dbfilename", "a/b", "dbfilename can't be a path, just a filename");
    refuses("dbfilename", "a\\b", "dbfilename can't be a path, just a filename");
    refuses(
        "cluster-announce-hostname",
        "a_b",
        "Hostnames may only contain alphanumeric characters, hyphens or dots",
    );
    refuses("cluster-announce-hostname", &"a".repeat(256), "Hostnames must be less than 256 characters");
    refuses(
        "cluster-announce-human-nodename",
        "a#b",
        "Announced human node name contained invalid character",
    );
    let invalid = "template format is invalid or contains unknown variables";
    for template in ["", "  ", "{title}", "{server-mode}", "{nosuch}", "x{", "x{port", "{}"] {
        refuses("proc-title-template", template, invalid);
    }
    shows("proc-title-template", "{title} {{ {port}", "{title} {{ {port}");
}

#[test]
fn save_points_come_in_pairs() {
    shows("save", "", "");
    shows("save", "900 1 300 0", "900 1 300 0");
    for value in ["900", "0 1", "900 -1", "900 x", "900  1", "x y"] {
        refuses("save", value, "Invalid save parameters");
    }
}

#[test]
fn output_limits_of_classes_not_named_stay() {
    shows(
        "client-output-buffer-limit",
        "replica 1mb 2kb 3",
        "normal 0 0 0 slave 1048576 2048 3 pubsub 33554432 8388608 60",
    );
    refuses(
        "client-output-buffer-limit",
        "normal 0 0",
        "Wrong number of arguments in buffer limit configuration.",
    );
    refuses(
        "client-output-buffer-limit",
        "master 0 0 0",
        "Invalid client class specified in buffer limit configuration.",
    );
    for value in ["normal x 0 0", "normal 0 x 0", "normal 0 0 x", "normal 0 0 -1"] {
        refuses(
            "client-output-buffer-limit",
            value,
            "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
        );
    }
}

#[test]
fn structured_values_say_what_is_wrong() {
    refuses("oom-score-adj-values", "1 2", "wrong number of arguments");
    refuses(
        "oom-score-adj-values",
        "1 2 2001",
        "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
    );
    refuses("notify-keyspace-events", "KEq", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.");
    refuses("bind", &"a ".repeat(17), "Too many bind addresses specified.");
    refuses(
        "latency-tracking-info-percentiles",
        "50 x",
        "Invalid latency-tracking-info-percentiles parameters",
    );
    refuses(
        "latency-tracking-info-percentiles",
        "nan",
        "Invalid latency-tracking-info-percentiles parameters",
    );
    refuses(
        "latency-tracking-info-percentiles",
        "100.1",
        "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]",
    );
    refuses(
        "shutdown-on-sigint",
        "save nosave",
        "shutdown options SAVE and NOSAVE can't be used simultaneously",
    );
    refuses(
        "shutdown-on-sigint",
        "",
        "argument(s) must be one of the following: default, save, nosave, now, force",
    );
    shows("shutdown-on-sigint", "force now", "now force");
    shows("bind", "", "");
    shows("latency-tracking-info-percentiles", "", "");
    shows("latency-tracking-info-percentiles", "0 50.5 100", "0 50.5 100");
}

#[test]
fn a_directory_must_exist() {
    refuses("dir", "/nonexistent", "No such file or directory");
    refuses("dir", "", "No such file or directory");
    refuses("dir", "/dev/null", "Not a directory");
    shows("dir", "/dev/..", "/");
}
