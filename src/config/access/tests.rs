//! CONFIG GET's matching and CONFIG SET's rules.

use super::super::is_sensitive;
use super::*;

const LOCAL: SetContext = SetContext { loading: false, client_is_local: true };

fn names(patterns: &[&str]) -> Vec<String> {
    let patterns: Vec<&[u8]> = patterns.iter().map(|pattern| pattern.as_bytes()).collect();
    Config::default().get(&patterns).into_iter().map(|(name, _)| name).collect()
}

fn set(pairs: &[(&str, &str)], context: SetContext) -> Result<(Config, Vec<Change>), SetError> {
    let pairs: Vec<(&[u8], &[u8])> =
        pairs.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes())).collect();
    Config::default().set(&pairs, context)
}

fn error(pairs: &[(&str, &str)]) -> String {
    set(pairs, LOCAL).expect_err("one of the pairs is refused").to_string()
}

#[test]
fn a_pattern_finds_names_and_aliases_but_not_what_is_hidden() {
    assert_eq!(names(&["*-ziplist-ENTRIES"]), ["hash-max-ziplist-entries", "zset-max-ziplist-entries"]);
    assert_eq!(names(&["*"]).len(), 197);
    assert_eq!(names(&["watchdog*"]), [""; 0]);
    assert_eq!(names(&["watchdog-period"]), ["watchdog-period"]);
    assert_eq!(names(&["nosuch", "no?such"]), [""; 0]);
}

#[test]
fn each_directive_is_answered_once_in_the_spelling_asked_for() {
    assert_eq!(names(&["PORT", "port", "por*"]), ["PORT"]);
    assert_eq!(names(&["slaveof", "replicaof"]), ["slaveof", "replicaof"]);
}

#[test]
fn a_set_changes_the_copy_and_says_what_to_do() {
    let (config, changes) =
        set(&[("PORT", "7000"), ("bind", "127.0.0.1"), ("timeout", "5")], LOCAL).expect("valid");
    assert_eq!((config.network.port, config.network.timeout_seconds), (7000, 5));
    assert_eq!(changes, [Change { apply: Apply::Listen, name: "port" }]);
}

#[test]
fn an_unchanged_value_needs_nothing_done() {
    let (config, changes) =
        set(&[("port", "6379"), ("save", "3600 1 300 100 60 10000")], LOCAL).expect("valid");
    assert_eq!((config, changes), (Config::default(), vec![]));
}

#[test]
fn a_certificate_is_read_again_even_under_the_same_name() {
    let (_, changes) = set(&[("tls-cert-file", "")], LOCAL).expect("valid");
    assert_eq!(changes, [Change { apply: Apply::Tls, name: "tls-cert-file" }]);
}

#[test]
fn one_bad_pair_refuses_all() {
    assert_eq!(
        error(&[("timeout", "5"), ("slave-priority", "x")]),
        "CONFIG SET failed (possibly related to argument 'slave-priority') - \
         argument couldn't be parsed into an integer"
    );
}

#[test]
fn the_first_obstacle_is_the_one_reported() {
    assert_eq!(
        error(&[("Nosuch", "1"), ("port", "x")]),
        "Unknown option or number of arguments for CONFIG SET - 'Nosuch'"
    );
    assert_eq!(
        error(&[("Databases", "1"), ("nosuch", "1")]),
        "CONFIG SET failed (possibly related to argument 'Databases') - can't set immutable config"
    );
    assert_eq!(
        error(&[("port", "1"), ("Port", "2")]),
        "CONFIG SET failed (possibly related to argument 'Port') - duplicate parameter"
    );
}

#[test]
fn protected_directives_need_permission() {
    let refused = "CONFIG SET failed (possibly related to argument 'dir') - can't set protected config";
    assert_eq!(error(&[("dir", "/")]), refused);
    let mut config = Config::default();
    config.security.enable_protected_configs = super::super::ProtectedAction::Local;
    let pairs: &[(&[u8], &[u8])] = &[(b"dir", b"/")];
    let remote = SetContext { client_is_local: false, ..LOCAL };
    assert_eq!(config.set(pairs, remote).expect_err("remote").to_string(), refused);
    let (_, changes) = config.set(pairs, LOCAL).expect("local");
    assert_eq!(changes, [Change { apply: Apply::Dir, name: "dir" }]);
}

#[test]
fn persistence_cannot_be_switched_while_loading() {
    let loading = SetContext { loading: true, ..LOCAL };
    assert_eq!(set(&[("appendonly", "yes")], loading), Err(SetError::Loading));
    assert!(set(&[("timeout", "1")], loading).is_ok());
}

#[test]
fn an_absent_feature_cannot_be_switched_on() {
    assert!(error(&[("activedefrag", "yes")]).contains("Active defragmentation cannot be enabled"));
    assert!(set(&[("activedefrag", "no")], LOCAL).is_ok());
}

#[test]
fn passwords_are_sensitive_and_may_be_any_bytes() {
    assert!(is_sensitive(b"RequirePass") && is_sensitive(b"masterauth"));
    assert!(!is_sensitive(b"port") && !is_sensitive(b"nosuch"));
    let (config, changes) = Config::default().set(&[(b"requirepass", b"\xff\0")], LOCAL).expect("any bytes");
    assert_eq!(config.security.requirepass.as_deref(), Some(&b"\xff\0"[..]));
    assert_eq!(changes[0].apply, Apply::RequirePass);
    let (config, _) = config.set(&[(b"requirepass", b"")], LOCAL).expect("none");
    assert_eq!(config.security.requirepass, None);
}

#[test]
fn the_debug_form_shows_changes_and_no_password() {
    let pairs: [(&[u8], &[u8]); 2] = [(b"requirepass", b"secret"), (b"hz", b"20")];
    let (config, _) = Config::default().set(&pairs, SetContext::default()).unwrap();
    assert_eq!(format!("{config:?}"), r#"{"hz": "20", "requirepass": (redacted)}"#);
}
