//! Executes commands without a server and shows what their handlers recorded: for the tests of the
//! groups. What a client sees is the business of the integration tests.

use super::args::Args;
use super::context::Ctx;
use super::execute::{arguments_of, process};
use super::registry::Registry;
use crate::config::Config;
use crate::engine::{CommandId, Engine, Session};
use crate::keyspace::{Batch, Effect, EventClass, Interest, Keyspace, Propagation, Recorded};
use crate::resp::{OwnedRequest, Reply};

/// An engine with the default configuration and one client.
pub(super) struct Bench {
    pub engine: Engine,
    pub keys: Keyspace,
    pub client: Session,
    registry: Registry,
    reply: Reply,
}

impl Bench {
    pub fn new() -> Self {
        let registry = Registry::new(super::TABLES);
        let config = Config::load(&[], std::iter::empty(), &mut std::io::empty()).unwrap().config;
        let engine = Engine::new(config, None, registry.len()).unwrap();
        let keys = Keyspace::new(engine.config.process.databases as usize, (1, 2));
        let client = Session { authenticated: true, ..Session::new(1, 0) };
        Self { engine, keys, client, registry, reply: Reply::default() }
    }

    /// Executes a command given as words, and performs its effects; returns the reply as on the wire.
    pub fn run(&mut self, words: &str) -> String {
        let mut request = request(words);
        let mut ctx = self.ctx(CommandId(0));
        process(&mut ctx, request.view(), None);
        let reply = self.reply.output.single().unwrap_or_default().to_vec();
        self.reply.output.clear();
        String::from_utf8(reply).unwrap()
    }

    /// Lets a handler work while everybody is interested in everything. Returns what it recorded, a
    /// line per effect: `changed 0 key`, `event del 0 key`, `propagate 0 DEL key`; and as the last
    /// one how many changes were counted.
    pub fn recorded(&mut self, words: &str) -> Vec<String> {
        let mut request = request(words);
        let id = self.registry.lookup(&request.view()).expect("the command is known");
        let dirty_before = self.keys.effects.dirty();
        self.keys.effects.set_interest(Interest::all());
        self.keys.effects.set_event_classes(EventClass::all());
        let mut ctx = self.ctx(id);
        ctx.keys.begin(ctx.client.db, ctx.now_ms(), true);
        let mut args: Args<'_> = arguments_of(&ctx, id, request.view());
        (ctx.registry.command(id).handler)(&mut ctx, &mut args).expect("the command succeeds");
        self.reply.output.clear();

        let mut batch = Batch::default();
        self.keys.effects.take_into(&mut batch);
        let mut lines: Vec<String> = batch.iter().map(shown).collect();
        let nothing_propagated = !lines.iter().any(|line| line.starts_with("propagate"));
        match self.keys.effects.take_propagation() {
            Propagation::AsRecorded if nothing_propagated => lines.push("propagate nothing".to_owned()),
            Propagation::AsReceivedToReplicas => lines.push("propagate to replicas".to_owned()),
            Propagation::AsReceived | Propagation::AsRecorded => {}
        }
        lines.push(format!("dirty {}", self.keys.effects.dirty() - dirty_before));
        lines
    }

    fn ctx(&mut self, command: CommandId) -> Ctx<'_> {
        Ctx {
            keys: &mut self.keys,
            reply: &mut self.reply,
            client: &mut self.client,
            engine: &mut self.engine,
            registry: &self.registry,
            command,
        }
    }
}

fn request(words: &str) -> OwnedRequest {
    let arguments: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
    OwnedRequest::of(&arguments)
}

fn shown(recorded: Recorded<'_>) -> String {
    let (db, key) = (recorded.db, String::from_utf8_lossy(recorded.key));
    match recorded.effect {
        Effect::Changed => format!("changed {db} {key}"),
        Effect::Event { name, .. } => format!("event {name} {db} {key}"),
        Effect::Expired => format!("expired {db} {key}"),
        Effect::Evicted => format!("evicted {db} {key}"),
        Effect::Wake => format!("wake {db} {key}"),
        Effect::Vanished => format!("vanished {db} {key}"),
        Effect::Flushed => format!("flushed {db}"),
        Effect::Swapped { with } => format!("swapped {db} {with}"),
        Effect::Propagate => {
            let arguments: Vec<_> = recorded.arguments().map(String::from_utf8_lossy).collect();
            format!("propagate {db} {}", arguments.join(" "))
        }
    }
}
