//! MULTI, EXEC, WATCH.

use crate::support::{Server, check_all};

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
