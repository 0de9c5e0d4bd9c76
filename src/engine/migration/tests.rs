//! Deliveries to peers that follow a script.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use super::*;

/// What a peer does when it is asked for bytes. At the end of its script it closes the connection.
#[derive(Debug, Clone)]
enum Step {
    Say(&'static [u8]),
    BeSilent,
    /// Instead of taking bytes.
    TakeNothing,
}

type Log = Rc<RefCell<Vec<String>>>;

/// Connects to peers with scripts, in order, and keeps a log of what was done.
struct Stage {
    scripts: VecDeque<Vec<Step>>,
    log: Log,
}

impl Dial for Stage {
    fn dial(&mut self, host: &str, port: u16, _: Duration) -> Result<Box<dyn Peer>, DialError> {
        self.log.borrow_mut().push(format!("dial {host}:{port}"));
        match self.scripts.pop_front() {
            Some(script) => Ok(Box::new(Actor { script: script.into(), log: Rc::clone(&self.log) })),
            None => Err(DialError::NotConnected),
        }
    }
}

struct Actor {
    script: VecDeque<Step>,
    log: Log,
}

impl Peer for Actor {
    fn send(&mut self, bytes: &[u8], _: Duration) -> io::Result<()> {
        if matches!(self.script.front(), Some(TakeNothing)) {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        self.log.borrow_mut().push(String::from_utf8_lossy(bytes).replace("\r\n", " ").trim_end().to_owned());
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
        match self.script.pop_front() {
            Some(Say(bytes)) => {
                buffer[..bytes.len()].copy_from_slice(bytes);
                Ok(bytes.len())
            }
            Some(BeSilent) => Err(io::ErrorKind::TimedOut.into()),
            Some(TakeNothing) | None => Ok(0),
        }
    }
}

use Step::{BeSilent, Say, TakeNothing};

const SELECT_0: &str = "*2 $6 SELECT $1 0";

fn stage(scripts: &[&[Step]]) -> (Migration, Log) {
    let log = Log::default();
    let scripts = scripts.iter().map(|script| script.to_vec()).collect();
    (Migration::new(Box::new(Stage { scripts, log: Rc::clone(&log) })), log)
}

fn delivery(requests: &'static [u8]) -> Delivery<'static> {
    Delivery {
        host: b"there",
        port: b"6379",
        limit: Duration::from_secs(1),
        auth: &[],
        db: 0,
        requests,
        count: requests.len(),
    }
}

/// The accepted requests and the error of a delivery; each byte is a request.
fn delivered(migration: &mut Migration, delivery: &Delivery<'_>) -> (Vec<usize>, Option<DeliveryError>) {
    let mut accepted = Vec::new();
    let result = migration.deliver(delivery, 0, |index| accepted.push(index));
    (accepted, result.err())
}

fn refused(text: &str) -> Option<DeliveryError> {
    Some(DeliveryError::Refused(text.to_owned()))
}

#[test]
fn keys_follow_when_the_database_is_selected_and_the_next_ones_need_no_greeting() {
    let (mut migration, log) =
        stage(&[&[Say(b"+OK\r"), Say(b"\n"), Say(b"+OK\r\n+OK\r\n"), Say(b"+OK\r\n")]]);
    assert_eq!(delivered(&mut migration, &delivery(b"ab")), (vec![0, 1], None));
    assert_eq!(delivered(&mut migration, &delivery(b"c")), (vec![0], None));
    assert_eq!(*log.borrow(), ["dial there:6379", SELECT_0, "ab", "c"]);
    assert_eq!(migration.kept(), 1);
}

#[test]
fn another_database_is_selected_and_a_password_is_sent_each_time() {
    let ok = Say(b"+OK\r\n");
    let (mut migration, log) = stage(&[&[ok.clone(), ok.clone(), ok.clone(), ok.clone(), ok.clone(), ok]]);
    let with_password = Delivery { auth: &[b"AUTH", b"me", b"secret"], ..delivery(b"a") };
    assert_eq!(delivered(&mut migration, &with_password), (vec![0], None));
    let elsewhere = Delivery { db: 7, auth: &[b"AUTH", b"secret"], ..delivery(b"b") };
    assert_eq!(delivered(&mut migration, &elsewhere), (vec![0], None));
    let auth = "*3 $4 AUTH $2 me $6 secret";
    let expected = [
        "dial there:6379",
        &format!("{auth} {SELECT_0}"),
        "a",
        "*2 $4 AUTH $6 secret *2 $6 SELECT $1 7",
        "b",
    ];
    assert_eq!(*log.borrow(), expected);
}

#[test]
fn no_key_is_sent_to_who_refuses_the_greeting() {
    let refusals = Say(b"-WRONGPASS no\r\n-NOAUTH neither\r\n");
    let again = Say(b"+OK\r\n-ERR DB index is out of range\r\n");
    let (mut migration, log) = stage(&[&[refusals, again, Say(b"+OK\r\n+OK\r\n"), Say(b"+OK\r\n")]]);
    let with_password = Delivery { auth: &[b"AUTH", b"secret"], ..delivery(b"a") };
    assert_eq!(delivered(&mut migration, &with_password), (vec![], refused("WRONGPASS no")));
    assert_eq!(delivered(&mut migration, &with_password), (vec![], refused("ERR DB index is out of range")));
    assert_eq!(delivered(&mut migration, &with_password), (vec![0], None));
    let greeting = format!("*2 $4 AUTH $6 secret {SELECT_0}");
    assert_eq!(*log.borrow(), ["dial there:6379", &greeting, &greeting, &greeting, "a"]);
}

#[test]
fn the_first_refusal_is_the_error_and_the_others_arrive() {
    let replies = Say(b"+OK\r\n-BUSYKEY one\r\n+OK\r\n-BUSYKEY two\r\n");
    let (mut migration, _) = stage(&[&[Say(b"+OK\r\n"), replies]]);
    assert_eq!(delivered(&mut migration, &delivery(b"abcd")), (vec![0, 2], refused("BUSYKEY one")));
    assert_eq!(migration.kept(), 1);
}

#[test]
fn a_connection_that_has_died_meanwhile_is_replaced_once() {
    let alive: &[Step] = &[Say(b"+OK\r\n"), Say(b"+OK\r\n")];
    for death in [&[][..], &[TakeNothing]] {
        let dying = [alive, death].concat();
        let (mut migration, log) = stage(&[&dying, alive]);
        assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![0], None));
        assert_eq!(delivered(&mut migration, &delivery(b"b")), (vec![0], None));
        let dials = log.borrow().iter().filter(|line| line.starts_with("dial")).count();
        assert_eq!((dials, migration.kept()), (2, 1));
    }
}

#[test]
fn a_new_connection_is_given_up_at_the_first_failure() {
    let (mut migration, log) = stage(&[&[TakeNothing], &[], &[Say(b"+OK\r\n")]]);
    for expected in [DeliveryError::NotWritten, DeliveryError::NotRead, DeliveryError::NotRead] {
        assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![], Some(expected)));
    }
    assert_eq!(log.borrow().iter().filter(|line| line.starts_with("dial")).count(), 3);
    assert_eq!(migration.kept(), 0);
}

#[test]
fn silence_is_not_asked_twice() {
    let ok = Say(b"+OK\r\n");
    let (mut migration, log) = stage(&[&[ok.clone(), ok, BeSilent]]);
    assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![0], None));
    assert_eq!(delivered(&mut migration, &delivery(b"b")), (vec![], Some(DeliveryError::NotRead)));
    assert_eq!(log.borrow().len(), 4);
    assert_eq!(migration.kept(), 0);
}

#[test]
fn what_was_accepted_before_the_end_stays_accepted() {
    let ok = Say(b"+OK\r\n");
    let (mut migration, _) = stage(&[&[ok.clone(), ok.clone(), ok.clone()]]);
    assert_eq!(delivered(&mut migration, &delivery(b"abc")), (vec![0, 1], Some(DeliveryError::NotRead)));
    // Neither is it sent again over another connection.
    let (mut migration, log) = stage(&[&[ok.clone(), ok.clone(), ok.clone()], &[ok]]);
    assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![0], None));
    assert_eq!(delivered(&mut migration, &delivery(b"bc")), (vec![0], Some(DeliveryError::NotRead)));
    assert_eq!(log.borrow().len(), 4);
}

#[test]
fn only_a_status_says_that_a_key_has_arrived() {
    const TOO_LONG: [u8; 4096] = [b'+'; 4096];
    for reply in [&b"HTTP/1.1 200 OK\r\n"[..], b"\r\n", b"\n", b":1\r\n", b"$2\r\nOK\r\n", b"\0\xff"] {
        let (mut migration, _) = stage(&[&[Say(b"+OK\r\n"), Say(reply)]]);
        let expected = (vec![], Some(DeliveryError::NotRead));
        assert_eq!(delivered(&mut migration, &delivery(b"a")), expected, "{}", reply.escape_ascii());
        assert_eq!(migration.kept(), 0);
    }
    let endless = [Say(&TOO_LONG), Say(&TOO_LONG), Say(b"\r\n")];
    let (mut migration, _) = stage(&[&endless]);
    assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![], Some(DeliveryError::NotRead)));
}

#[test]
fn who_says_more_than_it_was_asked_is_not_asked_again() {
    let (mut migration, _) = stage(&[&[Say(b"+OK\r\n"), Say(b"+OK\r\n+OK\r\n")]]);
    assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![0], None));
    assert_eq!(migration.kept(), 0);
}

#[test]
fn hosts_and_ports_that_are_none_are_not_dialled() {
    let (mut migration, log) = stage(&[]);
    for (host, port) in [(&b"\xff"[..], &b"1"[..]), (b"there", b"x"), (b"there", b"65536"), (b"there", b"")] {
        let nowhere = Delivery { host, port, ..delivery(b"a") };
        assert_eq!(delivered(&mut migration, &nowhere), (vec![], Some(DeliveryError::UnknownHost)));
    }
    assert!(log.borrow().is_empty());
    assert_eq!(delivered(&mut migration, &delivery(b"a")), (vec![], Some(DeliveryError::NotWritten)));
}

#[test]
fn a_connection_is_kept_for_ten_seconds_after_its_last_use() {
    let ok = Say(b"+OK\r\n");
    let (mut migration, _) = stage(&[&[ok.clone(), ok.clone(), ok]]);
    for now_ms in [0, 5000] {
        assert_eq!(migration.deliver(&delivery(b"a"), now_ms, |_| {}), Ok(()));
    }
    migration.close_idle(15_000);
    assert_eq!(migration.kept(), 1);
    migration.close_idle(15_001);
    assert_eq!(migration.kept(), 0);
}

#[test]
fn the_connection_not_used_for_longest_makes_room() {
    let ok = Say(b"+OK\r\n");
    let script: &[Step] = &[ok.clone(), ok.clone(), ok.clone(), ok];
    let (mut migration, log) = stage(&[script; 66]);
    let ports: Vec<String> = (0..65).map(|port: u16| port.to_string()).collect();
    let mut deliver = |port: &str| {
        let there = Delivery { port: port.as_bytes(), ..delivery(b"a") };
        assert_eq!(migration.deliver(&there, 0, |_| {}), Ok(()));
    };
    for port in &ports[..64] {
        deliver(port);
    }
    deliver("0");
    deliver("64");
    deliver("0");
    deliver("1");
    let dials = log.borrow().iter().filter(|line| line.starts_with("dial")).cloned().collect::<Vec<_>>();
    assert_eq!(dials[64..], ["dial there:64", "dial there:1"]);
    assert_eq!(migration.kept(), 64);
}
