//! What clients cost in memory: each of them, the sums that INFO shows, and who is the largest.
//!
//! A client is measured by the cron, which visits everyone within a second. Only while
//! `maxmemory-clients` is set is it measured whenever its buffers may have grown as well, and are the
//! clients that may be closed kept in order of size. So without a limit nothing is paid per request.
//!
//! Not here: when to measure, and closing anyone (`limits`).

use std::collections::BTreeSet;

use super::clients::Client;
use super::session::{ClientId, ClientKind, Session};
use crate::resp::Output;
use crate::util::size_class::size_class;

/// Estimated memory of a key under WATCH, apart from its name, which watchers share.
const WATCHED_KEY_BYTES: usize = 72;
/// Seconds for which the largest buffers are remembered.
const PEAK_SECONDS: usize = 8;

/// The books. Every figure is that of the last look at the client concerned.
#[derive(Debug, Default)]
pub struct ClientMemory {
    bytes_by_kind: [usize; 4],
    /// Clients that may be closed, smallest first; `None` while there is no limit.
    ranking: Option<BTreeSet<(usize, ClientId)>>,
    input_peaks: Peaks,
    output_peaks: Peaks,
}

/// All memory of a client: CLIENT LIST's `tot-mem`.
pub fn client_memory_bytes(session: &Session, output: &Output) -> usize {
    let texts = [session.peer.capacity(), session.local.capacity(), session.name.capacity()];
    let library = session.library_name.capacity() + session.library_version.capacity();
    let transaction = session.transaction.as_ref().map_or(0, |transaction| transaction.queue_bytes);
    size_class(size_of::<Client>())
        + texts.iter().sum::<usize>()
        + library
        + input_bytes(session)
        + output.memory_bytes()
        + transaction
        + session.watched_keys * WATCHED_KEY_BYTES
        + session.subscription_bytes
        + session.caching.as_ref().map_or(0, |caching| caching.prefix_bytes)
}

/// Memory of what has been received and not executed.
fn input_bytes(session: &Session) -> usize {
    session.query_buffer_bytes + session.query_buffer_free_bytes + session.argument_bytes
}

impl ClientMemory {
    /// Looks at a client and corrects the sums.
    pub fn measure(&mut self, client: &mut Client) {
        let bytes = client_memory_bytes(&client.session, &client.reply.output);
        let session = &mut client.session;
        let kind = session.kind();
        let ranked = self.ranking.is_some() && may_be_closed(session);
        if (bytes, kind, ranked) == (session.memory_bytes, session.memory_kind, session.memory_ranked) {
            return;
        }
        self.forget(session);
        session.memory_bytes = bytes;
        session.memory_kind = kind;
        session.memory_ranked = ranked;
        self.bytes_by_kind[kind as usize] += bytes;
        if ranked && let Some(ranking) = &mut self.ranking {
            ranking.insert((bytes, session.id));
        }
    }

    /// Takes a client out of the books; it may come back by being measured.
    pub fn forget(&mut self, session: &mut Session) {
        self.remove(session);
        session.memory_bytes = 0;
        session.memory_ranked = false;
    }

    /// Takes a client that is gone out of the books.
    pub fn remove(&mut self, session: &Session) {
        self.bytes_by_kind[session.memory_kind as usize] -= session.memory_bytes;
        if session.memory_ranked
            && let Some(ranking) = &mut self.ranking
        {
            ranking.remove(&(session.memory_bytes, session.id));
        }
    }

    /// Memory of ordinary clients and subscribers: INFO's `mem_clients_normal`, and what
    /// `maxmemory-clients` limits.
    pub fn normal_bytes(&self) -> usize {
        self.bytes_by_kind[ClientKind::Normal as usize] + self.bytes_by_kind[ClientKind::Pubsub as usize]
    }

    /// Whether clients are kept in order of size.
    pub fn is_ranking(&self) -> bool {
        self.ranking.is_some()
    }

    /// Begins (the caller then measures everyone) or ends to keep clients in order of size.
    pub fn set_ranking(&mut self, wanted: bool) {
        if wanted != self.is_ranking() {
            self.ranking = wanted.then(BTreeSet::new);
        }
    }

    /// The largest client that may be closed.
    pub fn largest(&self) -> Option<ClientId> {
        self.ranking.as_ref()?.last().map(|(_, id)| *id)
    }

    /// Notes the sizes of a client's buffers among the recent peaks.
    pub fn note_buffers(&mut self, client: &Client, now_s: i64) {
        self.input_peaks.note(input_bytes(&client.session), now_s);
        self.output_peaks.note(client.reply.output.excess_bytes(), now_s);
    }

    /// Forgets the peaks of the second that is about to begin, whose place they occupy.
    pub fn begin_second(&mut self, now_s: i64) {
        self.input_peaks.clear(now_s + 1);
        self.output_peaks.clear(now_s + 1);
    }

    /// INFO's `client_recent_max_input_buffer`.
    pub fn recent_input_peak(&self) -> usize {
        self.input_peaks.highest()
    }

    /// INFO's `client_recent_max_output_buffer`.
    pub fn recent_output_peak(&self) -> usize {
        self.output_peaks.highest()
    }
}

fn may_be_closed(session: &Session) -> bool {
    !session.no_evict && matches!(session.kind(), ClientKind::Normal | ClientKind::Pubsub)
}

/// The highest value of each of the last seconds.
#[derive(Debug, Default)]
struct Peaks([usize; PEAK_SECONDS]);

impl Peaks {
    fn note(&mut self, bytes: usize, second: i64) {
        let peak = &mut self.0[place(second)];
        *peak = bytes.max(*peak);
    }

    fn clear(&mut self, second: i64) {
        self.0[place(second)] = 0;
    }

    fn highest(&self) -> usize {
        self.0.iter().copied().max().unwrap_or(0)
    }
}

fn place(second: i64) -> usize {
    second.rem_euclid(PEAK_SECONDS as i64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Protocol, Reply};

    fn client(id: ClientId, argument_bytes: usize) -> Client {
        let mut session = Session::new(id, 0);
        session.argument_bytes = argument_bytes;
        Client { session, reply: Reply::new(Protocol::Resp2) }
    }

    #[test]
    fn the_sums_follow_every_look_and_end_at_zero() {
        let mut memory = ClientMemory::default();
        let mut client = client(1, 1000);
        memory.measure(&mut client);
        let first = memory.normal_bytes();
        client.session.argument_bytes += 500;
        client.session.subscriptions = 1;
        client.session.subscription_bytes = 70;
        memory.measure(&mut client);
        assert_eq!(memory.normal_bytes(), first + 570);
        memory.forget(&mut client.session);
        memory.forget(&mut client.session);
        assert_eq!(memory.normal_bytes(), 0);
    }

    #[test]
    fn the_largest_client_that_may_be_closed_comes_first() {
        let mut memory = ClientMemory::default();
        let mut clients = [client(1, 10), client(2, 30), client(3, 20)];
        for client in &mut clients {
            memory.measure(client);
        }
        assert_eq!(memory.largest(), None);
        memory.set_ranking(true);
        for client in &mut clients {
            memory.measure(client);
        }
        assert_eq!(memory.largest(), Some(2));
        clients[1].session.no_evict = true;
        memory.measure(&mut clients[1]);
        assert_eq!(memory.largest(), Some(3));
        memory.forget(&mut clients[2].session);
        assert_eq!(memory.largest(), Some(1));
        memory.set_ranking(false);
        assert_eq!(memory.largest(), None);
    }

    #[test]
    fn a_peak_is_forgotten_after_eight_seconds() {
        let mut memory = ClientMemory::default();
        memory.note_buffers(&client(1, 700), 100);
        for now_s in 101..107 {
            memory.begin_second(now_s);
        }
        assert_eq!(memory.recent_input_peak(), 700);
        memory.begin_second(107);
        assert_eq!(memory.recent_input_peak(), 0);
    }
}
