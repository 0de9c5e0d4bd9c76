//! MULTI, EXEC, WATCH.

use crate::support::{Server, check, check_all, wait_until};

#[test]
fn queued_commands_execute_at_exec_in_order() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MULTI", "+OK"),
            ("SET k 1", "+QUEUED"),
            ("GET k", "+QUEUED"),
            ("EXEC", "*2[+OK $1]"),
            ("EXEC", "-ERR EXEC without MULTI"),
        ],
    );
}

#[test]
fn a_refused_command_aborts_the_transaction() {
    let server = Server::start();
    check_all(
        &mut server.client(),
        &[
            ("MULTI", "+OK"),
            ("SET k", "-ERR wrong number of arguments for 'set' command"),
            ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
            ("GET k", "$nil"),
        ],
    );
}

#[test]
fn a_change_of_a_watched_key_by_anyone_fails_exec() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    check_all(&mut one, &[("WATCH k", "+OK")]);
    check_all(&mut two, &[("SET k 1", "+OK")]);
    check_all(&mut one, &[("MULTI", "+OK"), ("SET k 2", "+QUEUED"), ("EXEC", "*nil"), ("GET k", "$1")]);
}

#[test]
fn a_watched_key_that_expires_fails_exec() {
    let server = Server::start();
    let mut client = server.client();
    // In one piece, so that the key lives when it is watched.
    client.send_raw(b"SET k 1 PX 50\r\nWATCH k\r\n");
    assert_eq!((client.reply(), client.reply()), ("+OK".to_owned(), "+OK".to_owned()));
    assert!(wait_until(|| client.call("DBSIZE") == ":0"));
    check_all(&mut client, &[("MULTI", "+OK"), ("PING", "+QUEUED"), ("EXEC", "*nil")]);
}

#[test]
fn without_the_replicas_asked_for_writes_are_refused() {
    let server = Server::start();
    let (mut one, mut two) = (server.client(), server.client());
    let refused = "-NOREPLICAS Not enough good replicas to write.";
    check_all(&mut one, &[("MULTI", "+OK"), ("SET k 1", "+QUEUED")]);
    check_all(
        &mut two,
        &[
            ("CONFIG SET min-replicas-to-write 1", "+OK"),
            ("SET k 2", refused),
            ("GET k", "$nil"),
            ("PUBLISH a x", ":0"),
            ("MULTI", "+OK"),
            ("SET k 2", refused),
            ("EXEC", "-EXECABORT Transaction discarded because of previous errors."),
        ],
    );
    let reason = "NOREPLICAS Not enough good replicas to write.";
    check(&mut one, "EXEC", &format!("-EXECABORT Transaction discarded because of: {reason}"));
    check_all(&mut two, &[("CONFIG SET min-replicas-max-lag 0", "+OK"), ("SET k 3", "+OK")]);
}
