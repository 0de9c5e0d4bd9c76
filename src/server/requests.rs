//! From bytes to executed requests: reading a connection and running every complete request of what
//! was read, in one pass.

use super::blocked;
use super::cron::expired_keys;
use super::event_loop::Server;
use super::limits;
use crate::commands::{self, Ctx, Outcome, Prefetch, Registry, client_info_line, stop_diverging};
use crate::config::PropagationErrorBehavior;
use crate::engine::{Client, Closing, CommandId, Engine};
use crate::keyspace::{ExpiredKeys, Keyspace};
use crate::net::{Connection, Input, ReadOutcome};
use crate::resp::{BUFFER_BYTES_MAX, Limits, Mark, Parser, Progress, ProtocolError};
use crate::sys::clock;
use crate::util::text::push_quoted;

/// Reads of one connection before the others get their turn.
const READS_PER_TURN_MAX: usize = 16;

/// Room made for a read that continues a pending request.
const PENDING_READ_BYTES: usize = 64 * 1024;

/// How much of a request that is refused the log shows.
const LOGGED_BYTES_MAX: usize = 64;

/// Requests of a pipeline that are parsed together, so that their keys' memory is on its way before
/// the first of them executes.
const LOOKAHEAD_REQUESTS: usize = 16;

/// The requests parsed ahead of the one that executes; reused by all connections.
#[derive(Debug, Default)]
pub(super) struct Lookahead {
    parsers: [Parser; LOOKAHEAD_REQUESTS],
    /// How many of them hold a complete request.
    ready: usize,
    /// The commands of the batch, the executing one first, where they were looked up.
    commands: [Option<CommandId>; LOOKAHEAD_REQUESTS + 1],
    prefetch: Prefetch,
}

/// What is lent to the execution of a client's requests.
struct Bench<'a> {
    lookahead: &'a mut Lookahead,
    engine: &'a mut Engine,
    keys: &'a mut Keyspace,
    registry: &'a Registry,
}

/// Whether the next request may execute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    /// It stays where it is.
    Wait,
    /// It has been taken, but none behind it may execute.
    Block,
}

/// Whether the connection lives on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lives,
    Ends,
}

impl Server {
    /// Reads and executes what a client sent.
    pub(super) fn read_client(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        let Some(mut client) = self.engine.clients.take(slot) else { return };
        let id = client.session.id;
        let mut bench = Bench {
            lookahead: &mut self.lookahead,
            engine: &mut self.engine,
            keys: &mut self.keys,
            registry: &self.registry,
        };
        let waited = client.session.postponed;
        let fate = bench.serve(connection, &mut client, &mut self.read_buffer);
        if connection.is_readable && fate == Fate::Lives && client.session.closing == Closing::No {
            connection.is_left_over = true;
            self.left_over.connections.push(slot);
        }
        if client.session.postponed && !waited {
            self.cron.postpone(id);
        }
        self.finish(client, fate);
    }

    /// Puts a client back whose requests have been executed, and does what they asked for.
    fn finish(&mut self, mut client: Box<Client>, fate: Fate) {
        let id = client.session.id;
        let ends = fate == Fate::Ends || client.session.closing == Closing::Now;
        if !ends && self.engine.client_memory.is_ranking() {
            self.engine.client_memory.measure(&mut client);
        }
        self.engine.clients.put_back(client);
        self.perform_actions();
        if ends {
            self.disconnect(id);
        }
    }

    /// Executes what has arrived with a client's connection already.
    pub(super) fn execute_arrived(&mut self, slot: usize) {
        self.resume_client(slot);
    }

    /// Goes on with a client whose request had to wait.
    pub(super) fn resume_client(&mut self, slot: usize) {
        let Some(connection) = self.connections.get_mut(slot).and_then(Option::as_mut) else { return };
        let Some(mut client) = self.engine.clients.take(slot) else { return };
        let id = client.session.id;
        client.session.postponed = false;
        if client.session.closing != Closing::No {
            self.engine.clients.put_back(client);
            return;
        }
        let mut bench = Bench {
            lookahead: &mut self.lookahead,
            engine: &mut self.engine,
            keys: &mut self.keys,
            registry: &self.registry,
        };
        bench.execute_waiting(&mut connection.input, &mut client);
        if client.session.postponed {
            self.cron.postpone(id);
        }
        self.finish(client, Fate::Lives);
    }
}

impl Bench<'_> {
    fn serve(&mut self, connection: &mut Connection, client: &mut Client, shared: &mut [u8]) -> Fate {
        for _ in 0..READS_PER_TURN_MAX {
            if !connection.is_readable || client.session.closing != Closing::No {
                return Fate::Lives;
            }
            let read = match self.read(connection, client, shared) {
                Ok(read) => read,
                Err(error) => {
                    log::debug!("Reading from client: {error}");
                    return Fate::Ends;
                }
            };
            match read {
                // It may still read the replies to what it sent before.
                ReadOutcome::Closed => {
                    client.session.closing = Closing::AfterReply;
                    return Fate::Lives;
                }
                ReadOutcome::Drained(0) => return Fate::Lives,
                ReadOutcome::More(_) | ReadOutcome::Drained(_) => {}
            }
            if self.query_buffer_exceeded(&connection.input, client) {
                return Fate::Ends;
            }
        }
        Fate::Lives
    }

    /// One read, and the execution of all requests it completed.
    fn read(
        &mut self,
        connection: &mut Connection,
        client: &mut Client,
        shared: &mut [u8],
    ) -> std::io::Result<ReadOutcome> {
        let read = if client.session.waits() || !connection.input.is_idle() {
            self.read_pending(connection, client)?
        } else {
            let read = connection.read(shared)?;
            if let ReadOutcome::More(count) | ReadOutcome::Drained(count) = read
                && count > 0
            {
                self.note_read(client, count);
                let data = shared.get(..count).unwrap_or_default();
                client.session.query_buffer_bytes = count;
                let input = &mut connection.input;
                let consumed = self.execute(data, &mut input.parser, client);
                let rest = data.get(consumed..).unwrap_or_default();
                let needed = input.parser.cut(rest.len());
                input.buffer.extend_from_slice(rest.get(..needed).unwrap_or_default());
            }
            read
        };
        note_buffers(&connection.input, client);
        Ok(read)
    }

    /// Reads behind a request that has begun: into its big argument or its buffer.
    fn read_pending(
        &mut self,
        connection: &mut Connection,
        client: &mut Client,
    ) -> std::io::Result<ReadOutcome> {
        let mut input = std::mem::take(&mut connection.input);
        let arriving = if client.session.waits() { None } else { input.parser.arriving() };
        let read = if let Some((bytes, missing)) = arriving {
            connection.read_behind(bytes, missing)
        } else {
            input.buffer.reserve(PENDING_READ_BYTES);
            connection.read_behind(&mut input.buffer, PENDING_READ_BYTES)
        };
        if let Ok(ReadOutcome::More(count) | ReadOutcome::Drained(count)) = read
            && count > 0
        {
            self.note_read(client, count);
            if !client.session.waits() {
                self.execute_pending(&mut input, client);
            }
        }
        connection.input = input;
        read
    }

    fn execute_pending(&mut self, input: &mut Input, client: &mut Client) {
        let buffer = std::mem::take(&mut input.buffer);
        client.session.query_buffer_bytes = buffer.len();
        let consumed = self.execute(&buffer, &mut input.parser, client);
        input.buffer = buffer;
        if consumed == input.buffer.len() {
            // An idle client owns no read buffer.
            input.buffer = Vec::new();
        } else {
            input.buffer.drain(..consumed);
            let needed = input.parser.cut(input.buffer.len());
            input.buffer.truncate(needed);
        }
    }

    /// The request that waited, then what arrived behind it.
    fn execute_waiting(&mut self, input: &mut Input, client: &mut Client) {
        self.engine.clock.advance_to(clock::now_us());
        self.execute_pending(input, client);
        note_buffers(input, client);
    }

    /// Executes every complete request at the start of `data`; returns how many bytes are done with.
    fn execute(&mut self, data: &[u8], parser: &mut Parser, client: &mut Client) -> usize {
        let mut start = 0;
        // A request that waited is complete already; parsing it again changes nothing.
        while start < data.len() || parser.is_mid_request() {
            let limits = self.limits(client);
            match parser.parse(data.get(start..).unwrap_or_default(), &limits) {
                Ok(Progress::Complete) => {}
                Ok(Progress::NeedMore) => break,
                Err(error) => {
                    let rest = data.get(start..).unwrap_or_default();
                    self.refuse_protocol(client, error, rest);
                    parser.reset();
                    return data.len();
                }
            }
            self.look_ahead(data.get(start..).unwrap_or_default(), parser, client);
            for next in 0..=self.lookahead.ready {
                if next > 0 {
                    std::mem::swap(parser, &mut self.lookahead.parsers[next - 1]);
                }
                let command = self.lookahead.commands[next].take();
                let step = self.execute_one(data.get(start..).unwrap_or_default(), parser, command, client);
                if step == Step::Wait {
                    return start;
                }
                let consumed = parser.consumed();
                parser.reset();
                if client.session.is_primary {
                    self.note_applied(data.get(start..start + consumed).unwrap_or_default(), client);
                }
                start += consumed;
                if step == Step::Block {
                    return start;
                }
                if self.engine.blocked.has_ready() {
                    self.engine.clients.suspend(client);
                    blocked::serve_ready(self.engine, self.keys, self.registry);
                    self.engine.clients.resume(client);
                }
                if self.engine.clients.has_grown() {
                    limits::enforce_output_limits(self.engine, self.registry);
                }
                if client.session.closing != Closing::No
                    || limits::over_output_limit(self.engine, self.registry, client)
                {
                    return data.len();
                }
            }
        }
        start
    }

    /// Parses the requests behind the first one, and asks for the memory of all their keys. What is
    /// not complete, or not valid, is left for its own turn.
    fn look_ahead(&mut self, data: &[u8], first: &mut Parser, client: &Client) {
        self.lookahead.ready = 0;
        self.lookahead.commands[0] = None;
        let mut start = first.consumed();
        if start >= data.len() {
            return;
        }
        let limits = self.limits(client);
        let Lookahead { parsers, ready, commands, prefetch } = self.lookahead;
        commands[0] = prefetch.add(self.keys, self.registry, client.session.db, &first.request(data));
        for parser in parsers {
            parser.reset();
            let rest = data.get(start..).unwrap_or_default();
            if rest.is_empty() || parser.parse(rest, &limits) != Ok(Progress::Complete) {
                break;
            }
            *ready += 1;
            commands[*ready] =
                prefetch.add(self.keys, self.registry, client.session.db, &parser.request(rest));
            start += parser.consumed();
        }
        prefetch.finish(self.keys, client.session.db);
    }

    fn execute_one(
        &mut self,
        data: &[u8],
        parser: &mut Parser,
        command: Option<CommandId>,
        client: &mut Client,
    ) -> Step {
        if limits::limits_client_memory(self.engine) {
            client.session.argument_bytes = parser.owned_bytes();
            limits::evict_clients(self.engine, self.registry, Some(client));
            if client.session.closing != Closing::No {
                return Step::Done;
            }
        }
        let request = parser.request(data);
        if request.is_empty() {
            return Step::Done;
        }
        let is_answered = !client.session.is_primary && !client.session.is_replica();
        self.keys.set_expired_keys(if client.session.is_primary {
            ExpiredKeys::Ignore
        } else {
            expired_keys(self.engine)
        });
        let mark = client.reply.mark();
        let mut ctx = Ctx {
            keys: self.keys,
            reply: &mut client.reply,
            client: &mut client.session,
            engine: self.engine,
            registry: self.registry,
            command: CommandId(0),
        };
        let outcome = commands::process(&mut ctx, request, command);
        if !is_answered {
            self.drop_reply(client, mark);
        }
        match outcome {
            Outcome::Done => Step::Done,
            Outcome::Postponed => {
                client.session.postponed = true;
                Step::Wait
            }
            Outcome::Blocked => Step::Block,
        }
    }

    /// The bytes of a command of our primary that has been executed go on to those who follow us.
    fn note_applied(&mut self, bytes: &[u8], client: &Client) {
        self.engine.replication.note_applied(bytes, client.session.in_transaction());
    }

    /// The two ends of a stream do not answer each other. An error means that the data sets differ.
    fn drop_reply(&mut self, client: &mut Client, mark: Mark) {
        let reply = client.reply.output.since(mark);
        if reply.first() == Some(&b'-') {
            self.report_divergence(client, &reply);
        }
        let is_unwanted = client.session.is_replica() && !reply.is_empty();
        client.reply.output.truncate(mark);
        if is_unwanted {
            // Its stream must not be mixed with anything: whoever asks for replies is no replica.
            let command = client.session.last_command.map_or("<unknown>", |id| self.registry.full_name(id));
            log::warn!(
                "Replica generated a reply to command '{command}', disconnecting it: {}",
                self.line_of(client)
            );
            client.session.closing = Closing::Now;
        }
    }

    #[cold]
    fn report_divergence(&mut self, client: &Client, reply: &[u8]) {
        let is_primary = client.session.is_primary;
        let (role, peer) = if is_primary { ("replica", "master") } else { ("master", "replica") };
        let command = client.session.last_command;
        let command = command.map_or("<unknown>", |command| self.registry.full_name(command));
        log::warn!(
            "== CRITICAL == This {role} is sending an error to its {peer}: '{}' after processing the command \
             '{command}'",
            String::from_utf8_lossy(reply).trim_start_matches('-').trim_end()
        );
        self.engine.stats.unexpected_error_replies += 1;
        let replication = &self.engine.config.replication;
        let must_agree = is_primary && replication.read_only;
        if must_agree && replication.propagation_error_behavior != PropagationErrorBehavior::Ignore {
            stop_diverging(&format!(
                "This {role} panicked sending an error to its {peer} after processing the command '{command}'"
            ));
        }
    }

    fn limits(&self, client: &Client) -> Limits {
        Limits {
            bulk_bytes_max: if client.session.is_primary {
                // It has been accepted elsewhere.
                i64::MAX
            } else {
                self.engine.config.limits.bulk_bytes as i64
            },
            authenticated: !client.session.owes_password(&self.engine.config.security),
            in_one_piece: client.session.is_primary,
        }
    }

    fn refuse_protocol(&mut self, client: &mut Client, error: ProtocolError, request: &[u8]) {
        if log::log_enabled!(log::Level::Debug) {
            let text = error.to_string();
            log::debug!(
                "Protocol error ({}) from client: {}. Query buffer during protocol error: {}",
                text.trim_start_matches("Protocol error: "),
                self.line_of(client),
                quoted_start(request)
            );
        }
        let reply = format!("ERR {error}");
        self.engine.stats.record_error(reply.as_bytes());
        client.reply.error(reply.as_bytes());
        client.session.closing = Closing::AfterReply;
    }

    fn note_read(&mut self, client: &mut Client, count: usize) {
        self.engine.clock.advance_to(clock::now_us());
        if client.session.is_primary {
            self.engine.stats.replication_input_bytes += count as u64;
            if let Some(primary) = &mut self.engine.replication.primary {
                primary.link.heard(self.engine.clock.unix_ms());
            }
        } else {
            self.engine.stats.net_input_bytes += count as u64;
        }
        self.engine.stats.reads_processed += 1;
        client.session.last_interaction_ms = self.engine.clock.unix_ms();
    }

    fn query_buffer_exceeded(&self, input: &Input, client: &Client) -> bool {
        let held = input.buffer.len() + input.parser.received_bytes();
        let limit =
            if client.session.is_primary { u64::MAX } else { self.engine.config.limits.query_buffer_bytes };
        if held as u64 <= limit && input.buffer.len() <= BUFFER_BYTES_MAX {
            return false;
        }
        log::warn!(
            "Closing client that reached max query buffer length: {} (qbuf initial bytes: {})",
            self.line_of(client),
            quoted_start(&input.buffer)
        );
        true
    }

    /// A client as the log shows it.
    fn line_of(&self, client: &Client) -> String {
        let now_ms = self.engine.clock.unix_ms();
        client_info_line(&client.session, &client.reply.output, self.registry, now_ms)
    }
}

/// The first bytes of a request, as text for the log.
fn quoted_start(request: &[u8]) -> String {
    let mut start = Vec::new();
    push_quoted(&mut start, request.get(..LOGGED_BYTES_MAX).unwrap_or(request));
    String::from_utf8_lossy(&start).into_owned()
}

/// What CLIENT LIST shows of a request that is arriving, and memory is measured by. Like Redis, a big
/// argument that is arriving counts as the query buffer, what came before it as arguments.
pub(super) fn note_buffers(input: &Input, client: &mut Client) {
    let (session, buffer) = (&mut client.session, &input.buffer);
    let owned_bytes = input.parser.owned_bytes();
    let (received, capacity, arguments) = match input.parser.arriving_bytes() {
        Some((received, capacity)) => (received, capacity, owned_bytes - capacity + buffer.capacity()),
        None => (buffer.len(), buffer.capacity(), owned_bytes),
    };
    session.query_buffer_bytes = received;
    session.query_buffer_free_bytes = capacity - received;
    session.argument_bytes = arguments;
}
