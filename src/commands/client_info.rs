//! The line that describes a client: in CLIENT LIST and CLIENT INFO, and in the log.

use std::fmt::Write;

use super::registry::Registry;
use crate::engine::{Closing, Session, client_memory_bytes};
use crate::resp::Output;
use crate::tracking::Caching;

/// The line, without a line break. A client's name and library are printable ASCII without blanks, so
/// that it can be taken apart again.
pub fn client_info_line(session: &Session, output: &Output, registry: &Registry, now_ms: i64) -> String {
    let mut line = String::with_capacity(384);
    let transaction = session.transaction.as_deref();
    let text = String::from_utf8_lossy;
    // Writing to a string cannot fail.
    let _ = write!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={}",
        session.id,
        session.peer,
        session.local,
        session.descriptor,
        text(&session.name),
        (now_ms - session.created_ms).max(0) / 1000,
        (now_ms - session.last_interaction_ms).max(0) / 1000,
        flags(session),
        session.db,
        session.subscriptions - session.pattern_subscriptions,
        session.pattern_subscriptions,
        session.shard_subscriptions,
        transaction.map_or(-1, |transaction| transaction.queue.len() as i64),
    );
    let _ = write!(
        line,
        " qbuf={} qbuf-free={} argv-mem={} multi-mem={} rbs={} rbp={} obl={} oll={} omem={} tot-mem={} events={}",
        session.query_buffer_bytes,
        session.query_buffer_free_bytes,
        session.argument_bytes,
        transaction.map_or(0, |transaction| transaction.queue_bytes),
        output.tail_capacity(),
        output.peak(),
        output.tail_len(),
        output.chunk_count(),
        output.excess_bytes(),
        client_memory_bytes(session, output),
        if session.awaits_room { "rw" } else { "r" },
    );
    let _ = write!(
        line,
        " cmd={} user=default redir={} resp={} lib-name={} lib-ver={}",
        session.last_command.map_or("NULL", |command| registry.full_name(command)),
        session.caching.as_deref().map_or(-1, |caching| caching.redirect.unwrap_or(0) as i64),
        session.protocol.version(),
        text(&session.library_name),
        text(&session.library_version),
    );
    line
}

/// A letter per property, in Redis's order; `N` if there is none.
fn flags(session: &Session) -> String {
    let caching = session.caching.as_deref();
    let letters = [
        ('S', session.is_replica()),
        ('M', session.is_primary),
        ('O', session.is_monitor),
        ('P', session.is_subscribed()),
        ('x', session.in_transaction()),
        ('b', session.waits()),
        ('t', caching.is_some()),
        ('R', caching.is_some_and(|caching| caching.redirect_broken)),
        ('B', caching.is_some_and(Caching::is_broadcast)),
        ('d', session.watch_broken),
        ('c', session.closing == Closing::AfterReply),
        ('A', session.closing == Closing::Now),
        ('U', session.is_unix),
        ('e', session.no_evict),
        ('T', session.no_touch),
    ];
    let set: String = letters.iter().filter(|(_, is_set)| *is_set).map(|(letter, _)| *letter).collect();
    if set.is_empty() { "N".to_owned() } else { set }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::TABLES;

    #[test]
    fn a_fresh_client_is_described_by_every_field() {
        let mut session = Session::new(7, 1000);
        session.peer = "127.0.0.1:5000".to_owned();
        session.local = "127.0.0.1:6379".to_owned();
        session.descriptor = 8;
        let line = client_info_line(&session, &Output::default(), &Registry::new(TABLES), 3500);
        let (front, memory) = line.split_once(" tot-mem=").unwrap();
        let back = memory.split_once(' ').unwrap().1;
        assert_eq!(
            front,
            "id=7 addr=127.0.0.1:5000 laddr=127.0.0.1:6379 fd=8 name= age=2 idle=2 flags=N db=0 sub=0 psub=0 \
             ssub=0 multi=-1 qbuf=0 qbuf-free=0 argv-mem=0 multi-mem=0 rbs=0 rbp=0 obl=0 oll=0 omem=0"
        );
        assert_eq!(back, "events=r cmd=NULL user=default redir=-1 resp=2 lib-name= lib-ver=");
    }

    #[test]
    fn flags_come_in_the_order_of_redis() {
        let mut session = Session::new(1, 0);
        session.no_touch = true;
        session.is_monitor = true;
        session.closing = Closing::AfterReply;
        session.subscriptions = 1;
        assert_eq!(flags(&session), "OPcT");
    }
}
