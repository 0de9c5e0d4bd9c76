//! Expiry of keys.

use crate::support::{Server, check, check_all, wait_until};

#[test]
fn each_form_of_expire_sets_the_time_it_names() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k 1", "+OK"),
            ("EXPIREAT k 99999999999", ":1"),
            ("PEXPIRETIME k", ":99999999999000"),
            ("PEXPIREAT k 99999999999499", ":1"),
            ("EXPIRETIME k", ":99999999999"),
            ("PEXPIREAT k 99999999999500", ":1"),
            ("EXPIRETIME k", ":100000000000"),
            ("EXPIRE k 1000000", ":1"),
            ("TTL k", ":1000000"),
            ("PEXPIRE k 1000000000", ":1"),
            ("TTL k", ":1000000"),
            ("PERSIST k", ":1"),
            ("PERSIST k", ":0"),
            ("EXPIRE missing 100", ":0"),
            ("PERSIST missing", ":0"),
        ],
    );
}

#[test]
fn a_key_without_expiry_is_told_from_no_key() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET k 1", "+OK");
    for command in ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"] {
        check(&mut client, &format!("{command} k"), ":-1");
        check(&mut client, &format!("{command} missing"), ":-2");
    }
}

#[test]
fn a_time_that_has_passed_deletes_the_key() {
    let server = Server::start();
    let mut client = server.client();
    for command in
        ["EXPIRE k 0", "EXPIRE k -1", "PEXPIRE k 0", "EXPIREAT k 1", "PEXPIREAT k -9223372036854775808"]
    {
        check(&mut client, "SET k 1", "+OK");
        check(&mut client, command, ":1");
        check(&mut client, "DBSIZE", ":0");
    }
}

#[test]
fn a_key_is_gone_when_its_time_comes() {
    let server = Server::start();
    let mut client = server.client();
    check_all(&mut client, &[("SET k 1", "+OK"), ("PEXPIRE k 1", ":1")]);
    assert!(wait_until(|| client.call("EXISTS k") == ":0"));
    check_all(&mut client, &[("GET k", "$nil"), ("TTL k", ":-2"), ("DBSIZE", ":0")]);
}

#[test]
fn conditions_compare_with_the_current_expiry() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("SET k 1", "+OK"),
            ("EXPIRE k 100 XX", ":0"),
            ("EXPIRE k 100 GT", ":0"),
            ("EXPIRE k 1000 LT", ":1"),
            ("EXPIRE k 100 NX", ":0"),
            ("EXPIRE k 2000 LT", ":0"),
            ("EXPIRE k 500 GT", ":0"),
            ("EXPIRE k 2000 xx gt", ":1"),
            ("EXPIRE k 500 XX LT", ":1"),
            ("TTL k", ":500"),
            ("PERSIST k", ":1"),
            ("EXPIRE k 100 NX", ":1"),
        ],
    );
}

#[test]
fn conditions_that_exclude_each_other_are_refused_before_the_time_is_read() {
    let server = Server::start();
    let nx = "-ERR NX and XX, GT or LT options at the same time are not compatible";
    check_all(
        &mut server.client(),
        &[
            ("SET k 1", "+OK"),
            ("EXPIRE k x NX XX", nx),
            ("EXPIRE k 1 NX GT", nx),
            ("EXPIRE k 1 LT NX", nx),
            ("EXPIRE k 1 GT LT XX", "-ERR GT and LT options at the same time are not compatible"),
            ("EXPIRE k x foo", "-ERR Unsupported option foo"),
            ("EXPIRE k x", "-ERR value is not an integer or out of range"),
            ("TTL k", ":-1"),
        ],
    );
}

#[test]
fn a_time_that_overflows_is_refused_with_the_name_of_the_command() {
    let server = Server::start();
    let mut client = server.client();
    check(&mut client, "SET k 1", "+OK");
    let cases = [
        ("expire", "9223372036854775807"),
        ("expire", "9223372036854775"),
        ("expire", "-9223372036854775808"),
        ("pexpire", "9223372036854775807"),
        ("expireat", "9223372036854775807"),
    ];
    for (command, time) in cases {
        let expected = format!("-ERR invalid expire time in '{command}' command");
        check(&mut client, &format!("{command} k {time}"), &expected);
    }
    check(&mut client, "TTL k", ":-1");
}

#[test]
fn a_transaction_survives_the_removal_of_a_key_that_was_expired_when_it_was_watched() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    // Within one transaction time stands still, so the key is expired, and still there, at WATCH only
    // if nobody looks at it in between.
    check_all(&mut two, &[("SET k 1", "+OK"), ("SET probe 1", "+OK")]);
    check_all(&mut two, &[("PEXPIRE k 1", ":1"), ("PEXPIRE probe 2", ":1")]);
    assert!(wait_until(|| two.call("EXISTS probe") == ":0"));
    check_all(&mut one, &[("WATCH k", "+OK")]);
    check_all(&mut two, &[("EXISTS k", ":0")]);
    check_all(&mut one, &[("MULTI", "+OK"), ("PING", "+QUEUED"), ("EXEC", "*1[+PONG]")]);
}
