//! Files, command lines and environments as people write them.

use std::fs;
use std::io;

use tempfile::TempDir;

use super::super::SavePoint;
use super::*;
use crate::keyspace::EvictionPolicy;

/// A directory with these files in it.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().expect("a temporary directory");
    for (name, text) in files {
        fs::write(directory.path().join(name), text).expect("a file");
    }
    directory
}

fn load_all(argv: &[&str], environment: &[(&str, &str)], stdin: &str) -> Result<Loaded, FatalConfigError> {
    let argv: Vec<Vec<u8>> = argv.iter().map(|argument| argument.as_bytes().to_vec()).collect();
    let environment = environment.iter().map(|(name, value)| (name.into(), value.into()));
    Config::load(&argv, environment, &mut stdin.as_bytes())
}

fn load(argv: &[&str]) -> Config {
    load_all(argv, &[], "").expect("valid arguments").config
}

fn failure(argv: &[&str]) -> String {
    load_all(argv, &[], "").expect_err("invalid arguments").to_string()
}

/// Loads `text` as a file, with more arguments behind it.
fn load_file(text: &str, more: &[&str]) -> Result<Loaded, FatalConfigError> {
    let directory = directory(&[("russet.conf", text)]);
    let path = directory.path().join("russet.conf").display().to_string();
    load_all(&[&[path.as_str()], more].concat(), &[], "")
}

fn fatal(line: usize, text: &str, reason: &str) -> String {
    format!(
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n\
         Reading the configuration file, at line {line}\n>>> '{text}'\n{reason}\n"
    )
}

const BAD: &str = "Bad directive or wrong number of arguments";

#[test]
fn nothing_at_all_is_the_default() {
    let loaded = load_all(&[], &[], "").expect("nothing to refuse");
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.file, None);
}

#[test]
fn a_file_may_have_comments_quotes_and_any_case() {
    let text = "# a comment\r\n\n  PORT 7000 \r\nrequirepass \"a b\\x41\"\nslave-priority 7\n\
                bind 127.0.0.1 ::1\nmaxmemory-policy allkeys-lru\nmaxmemory 1gb\n\
                client-output-buffer-limit replica 1 2 3\nnotify-keyspace-events ''\n\
                lua-replicate-commands yes\nlist-max-ziplist-entries 5\n";
    let config = load_file(text, &[]).expect("a valid file").config;
    assert_eq!(config.network.port, 7000);
    assert_eq!(config.security.requirepass.as_deref(), Some(&b"a bA"[..]));
    assert_eq!(config.replication.priority, 7);
    assert_eq!(config.network.bind, ["127.0.0.1", "::1"]);
    assert_eq!(config.memory.policy, EvictionPolicy::AllKeysLru);
    assert_eq!(config.memory.maxmemory_bytes, 1 << 30);
    assert_eq!(config.limits.output[1].hard_bytes, 1);
}

#[test]
fn the_path_of_the_file_is_absolute() {
    let directory = directory(&[("a.conf", "")]);
    let path = directory.path().join("a.conf");
    let loaded = load_all(&[&path.display().to_string()], &[], "").expect("a valid file");
    assert_eq!(loaded.file, Some(path));
}

#[test]
fn a_bad_line_is_shown_with_its_number() {
    let error = |text: &str| load_file(text, &[]).expect_err("a bad line").to_string();
    assert_eq!(error("\nnosuch 1\n"), fatal(2, "nosuch 1", BAD));
    assert_eq!(error("port 1 2"), fatal(1, "port 1 2", "wrong number of arguments"));
    assert_eq!(error("port"), fatal(1, "port", "wrong number of arguments"));
    assert_eq!(error("port \"1"), fatal(1, "port \"1", "Unbalanced quotes in configuration line"));
    assert_eq!(error("include"), fatal(1, "include", BAD));
    assert_eq!(error("mod.x"), fatal(1, "mod.x", "Module config specified without value"));
    assert_eq!(error("loadmodule a.so"), fatal(1, "loadmodule a.so", "modules are not supported"));
    assert_eq!(
        error("sentinel monitor a b 1 2"),
        fatal(1, "sentinel monitor a b 1 2", "sentinel directive while not in sentinel mode")
    );
}

#[test]
fn options_are_lines_after_those_of_the_file() {
    assert_eq!(
        load_file("port 1\n", &["--port", "x"]).expect_err("not a number").to_string(),
        fatal(3, "port \"x\"", "argument couldn't be parsed into an integer")
    );
    assert_eq!(failure(&["--nosuch", "1"]), fatal(2, "nosuch \"1\"", BAD));
    assert_eq!(failure(&["--port=1"]), fatal(2, "port=1", BAD));
    assert_eq!(failure(&["--port"]), fatal(2, "port", "wrong number of arguments"));
}

#[test]
fn an_option_takes_values_until_the_next_option() {
    let config = load(&["--bind", "127.0.0.1", "::1", "--port", "7000"]);
    assert_eq!((config.network.bind.len(), config.network.port), (2, 7000));
    assert_eq!(load(&["--port 7000", "--timeout", "5"]).network.port, 7000);
    assert_eq!(load(&["--save", "900 1 300 10"]).rdb.save_points.len(), 2);
    assert_eq!(load(&["--oom-score-adj-values", "1", "2", "3"]).process.oom_score_adj_values, [1, 2, 3]);
}

#[test]
fn the_first_value_of_an_option_may_look_like_an_option() {
    let config = load(&["--requirepass", "--secret", "--port", "1"]);
    assert_eq!(config.security.requirepass.as_deref(), Some(&b"--secret"[..]));
    assert_eq!(config.network.port, 1);
}

#[test]
fn an_empty_list_of_save_points_may_be_left_out() {
    for argv in [&["--save", ""][..], &["--save"], &["--save", "--port", "1"], &["--SAVE", "--port", "1"]] {
        assert_eq!(load(argv).rdb.save_points, [], "{argv:?}");
    }
}

#[test]
fn the_first_save_line_replaces_the_default_and_others_add() {
    let points = |text, more: &[&str]| {
        let points = load_file(text, more).expect("valid").config.rdb.save_points;
        points.iter().map(|SavePoint { seconds, .. }| *seconds).collect::<Vec<_>>()
    };
    assert_eq!(points("port 1\n", &[]), [3600, 300, 60]);
    assert_eq!(points("save 900 1\nsave 300 10\n", &[]), [900, 300]);
    assert_eq!(points("save 900 1\n", &["--save", "5", "5"]), [900, 5]);
    assert_eq!(points("save 900 1\nsave \"\"\nsave 7 7", &[]), [7]);
    assert_eq!(points("save 900 1\n", &["--save", ""]), [] as [u64; 0]);
}

#[test]
fn a_dash_at_the_beginning_or_end_reads_standard_input() {
    let load = |argv: &[&str]| load_all(argv, &[], "port 7000\ntimeout 5").expect("valid").config;
    assert_eq!(load(&["-"]).network.port, 7000);
    let config = load(&["-", "--port", "1"]);
    assert_eq!((config.network.port, config.network.timeout_seconds), (1, 5));
    assert_eq!(load(&["--port", "1", "-"]).network.timeout_seconds, 5);
    let password = load(&["--requirepass", "-", "--port", "1"]).security.requirepass;
    assert_eq!(password.as_deref(), Some(&b"-"[..]));
}

#[test]
fn standard_input_continues_the_file() {
    let directory = directory(&[("a.conf", "port 1\ntimeout 1\n")]);
    let path = directory.path().join("a.conf").display().to_string();
    let loaded = load_all(&[&path, "-"], &[], "port 2\n").expect("valid");
    assert_eq!((loaded.config.network.port, loaded.config.network.timeout_seconds), (2, 1));
    let error = load_all(&[&path, "-"], &[], "nosuch\n").expect_err("a bad line");
    assert_eq!(error.to_string(), fatal(3, "nosuch", BAD));
}

#[test]
fn a_failing_standard_input_is_reported() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::PermissionDenied))
        }
    }
    let result = Config::load(&[b"-".to_vec()], std::iter::empty(), &mut Broken);
    assert!(matches!(result, Err(FatalConfigError::Open { .. })));
}

#[test]
fn a_missing_file_is_named() {
    assert_eq!(
        failure(&["/nonexistent/a.conf"]),
        "Fatal error, can't open config file '/nonexistent/a.conf': No such file or directory\n"
    );
    let error = load_file("dir /\ninclude nonexistent.conf\n", &[]).expect_err("missing");
    assert_eq!(
        error.to_string(),
        "Fatal error, can't open config file 'nonexistent.conf': No such file or directory\n"
    );
}

#[test]
fn include_takes_patterns_in_alphabetical_order() {
    let directory = directory(&[
        ("b.conf", "port 2"),
        ("a.conf", "port 1\ntimeout 1\n"),
        (".c.conf", "port 3"),
        ("d.txt", "port 4"),
    ]);
    let base = directory.path().display();
    let config = load(&["--include", &format!("{base}/*.conf")]);
    assert_eq!((config.network.port, config.network.timeout_seconds), (2, 1));
    assert_eq!(load(&["--include", &format!("{base}/*.nothing")]), Config::default());
    assert_eq!(load(&["--include", &format!("{base}/../*/nothing-[a].conf")]), Config::default());
}

#[test]
fn include_is_relative_to_the_working_directory() {
    let directory = directory(&[("a.conf", "include b.conf\n"), ("b.conf", "\nport x")]);
    let base = directory.path().display().to_string();
    let error = failure(&["--dir", &base, "--include", "a.conf"]);
    assert_eq!(error, fatal(2, "port x", "argument couldn't be parsed into an integer"));
}

#[test]
fn a_circle_of_includes_ends() {
    let directory = directory(&[("a.conf", "include a.conf\n")]);
    let base = directory.path().display().to_string();
    let error = failure(&["--dir", &base, "--include", "a.conf"]);
    assert_eq!(error, fatal(1, "include a.conf", "more than 16 levels of include"));
}

#[test]
fn renamed_commands_and_users_are_handed_on() {
    let text = "rename-command FLUSHALL \"\"\nRename-Command get fetch\nuser eve on >p ~*\n";
    let loaded = load_file(text, &[]).expect("valid");
    let renamed: &[(Vec<u8>, Vec<u8>)] =
        &[(b"FLUSHALL".to_vec(), vec![]), (b"get".to_vec(), b"fetch".to_vec())];
    assert_eq!(loaded.renamed_commands, renamed);
    assert_eq!(loaded.users, [["eve", "on", ">p", "~*"].map(|part| part.as_bytes().to_vec())]);
}

#[test]
fn the_environment_stands_between_file_and_command_line() {
    let directory = directory(&[("a.conf", "port 1\ntimeout 1\nhz 20\n")]);
    let path = directory.path().join("a.conf").display().to_string();
    let environment = [
        ("RUSSET_PORT", "2"),
        ("RUSSET_TIMEOUT", "2"),
        ("RUSSET_BIND", "127.0.0.1 ::1"),
        ("RUSSET_SERVER_CPULIST", "0,1"),
        ("RUSSET_REQUIREPASS", "a \"b"),
        ("PORT", "9"),
    ];
    let loaded = load_all(&[&path, "--port", "3"], &environment, "").expect("valid");
    let config = loaded.config;
    assert_eq!(config.network.port, 3);
    assert_eq!(config.network.timeout_seconds, 2);
    assert_eq!(config.process.hz, 20);
    assert_eq!(config.network.bind, ["127.0.0.1", "::1"]);
    assert_eq!(config.text_of("server_cpulist").expect("a row"), b"0,1");
    assert_eq!(config.security.requirepass.as_deref(), Some(&b"a \"b"[..]));
    assert_eq!(loaded.warnings, [""; 0]);
}

#[test]
fn save_points_of_the_environment_replace_and_are_replaced() {
    let directory = directory(&[("a.conf", "save 1 1\n")]);
    let path = directory.path().join("a.conf").display().to_string();
    let points = |more: &[&str]| {
        let argv = [&[path.as_str()], more].concat();
        let loaded = load_all(&argv, &[("RUSSET_SAVE", "2 2")], "").expect("valid");
        loaded.config.text_of("save").expect("a row")
    };
    assert_eq!(points(&[]), b"2 2");
    assert_eq!(points(&["--save", "3", "3"]), b"3 3");
}

#[test]
fn a_bad_variable_is_fatal_and_an_unknown_one_a_warning() {
    let error = load_all(&[], &[("RUSSET_PORT", "x")], "").expect_err("not a number");
    assert_eq!(
        error.to_string(),
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n\
         Reading the environment variable RUSSET_PORT\n>>> 'x'\n\
         argument couldn't be parsed into an integer\n"
    );
    let loaded = load_all(&[], &[("RUSSET_PROT", "1")], "").expect("only a warning");
    assert_eq!(loaded.warnings, ["The environment variable RUSSET_PROT names no directive"]);
}

#[test]
fn a_cluster_has_one_database_and_no_configured_primary() {
    let loaded = load_all(&["--cluster-enabled", "yes"], &[], "").expect("valid");
    assert_eq!((loaded.config.process.databases, loaded.warnings.len()), (1, 1));
    assert_eq!(
        failure(&["--cluster-enabled", "yes", "--replicaof", "a", "1"]),
        "\n*** FATAL CONFIG FILE ERROR (Redis 7.2.4) ***\n\
         replicaof directive not allowed in cluster mode\n"
    );
}

#[test]
fn a_file_may_ask_for_a_feature_that_is_absent() {
    let loaded = load_file("activedefrag yes\n", &[]).expect("only a warning");
    assert!(!loaded.config.is_on("activedefrag"));
    assert_eq!(loaded.warnings, ["'activedefrag yes' is ignored: this server cannot do it"]);
}
