//! What string commands record and how they reply, without a socket.

use crate::commands::TABLES;
use crate::commands::args::Args;
use crate::commands::context::Ctx;
use crate::commands::registry::Registry;
use crate::config::Config;
use crate::engine::{Engine, Session};
use crate::keyspace::{Batch, Effect, EntryRef, EventClass, Interest, Keyspace};
use crate::resp::{OwnedRequest, Protocol, Reply};
use crate::sys::clock::Clock;

const NOW_MS: i64 = 1_700_000_000_000;

/// A keyspace in which everything is of interest, and whose time stands still.
struct Bench {
    engine: Engine,
    keys: Keyspace,
    registry: Registry,
    reply: Reply,
}

impl Bench {
    fn new() -> Self {
        let registry = Registry::new(TABLES);
        let mut engine = Engine::new(Config::default(), None, registry.len()).unwrap();
        engine.clock = Clock::at(NOW_MS);
        let mut keys = Keyspace::new(1, (1, 2));
        keys.effects.set_interest(Interest::WATCH | Interest::PROPAGATION);
        keys.effects.set_event_classes(
            EventClass::ALL | EventClass::NEW | EventClass::KEY_MISS | EventClass::KEYEVENT,
        );
        Self { engine, keys, registry, reply: Reply::new(Protocol::Resp3) }
    }

    /// Executes a command; what it replied and recorded. `!` is a change, a word in brackets is
    /// propagated, other words are events.
    fn execute(&mut self, words: &str) -> (String, String) {
        let words: Vec<&[u8]> = words.split(' ').map(str::as_bytes).collect();
        let mut request = OwnedRequest::of(&words);
        let request = request.view();
        let command = self.registry.lookup(&request).unwrap();
        let mut args = Args::new(request, 1);
        args.keep_whole();
        self.keys.begin(0, NOW_MS, true);
        let mut ctx = Ctx {
            keys: &mut self.keys,
            reply: &mut self.reply,
            client: &mut Session::new(1, NOW_MS),
            engine: &mut self.engine,
            registry: &self.registry,
            command,
        };
        (self.registry.command(command).handler)(&mut ctx, &mut args).unwrap();
        let _ = self.keys.effects.take_propagation();
        let reply = self.reply.output.single().unwrap_or_default().to_vec();
        self.reply.output.clear();
        (String::from_utf8(reply).unwrap().replace("\r\n", " "), self.recorded())
    }

    fn recorded(&mut self) -> String {
        let mut batch = Batch::default();
        self.keys.effects.take_into(&mut batch);
        let shown = batch.iter().map(|it| match it.effect {
            Effect::Changed => "!".to_owned(),
            Effect::Event { name, .. } => name.to_owned(),
            Effect::Propagate => {
                let arguments: Vec<&str> = it.arguments().map(|it| str::from_utf8(it).unwrap()).collect();
                format!("[{}]", arguments.join(" "))
            }
            other => format!("{other:?}"),
        });
        shown.collect::<Vec<_>>().join(" ")
    }
}

#[track_caller]
fn check_recorded(bench: &mut Bench, cases: &[(&str, &str)]) {
    for (words, expected) in cases {
        assert_eq!(bench.execute(words).1, *expected, "{words}");
    }
}

#[test]
fn set_is_propagated_with_a_moment_and_without_get() {
    check_recorded(
        &mut Bench::new(),
        &[
            ("SET k v", "new ! set"),
            ("SET k v EX 10", "! set expire [SET k v PXAT 1700000010000]"),
            ("SET k v PX 1 NX", ""),
            ("SET k v PX 1 XX GET", "! set expire [SET k v PXAT 1700000000001]"),
            ("SET k v EXAT 1700000001", "! set expire [SET k v PXAT 1700000001000]"),
            ("SET k v XX PXAT 1700000001000", "! set expire"),
            ("SET k get get KEEPTTL GET xx", "! set [SET k get KEEPTTL xx]"),
            ("SET missing v XX GET", "keymiss"),
            ("SETEX k 10 v", "! set expire [SET k v PXAT 1700000010000]"),
            ("PSETEX other 10 v", "new ! set expire [SET other v PXAT 1700000000010]"),
            ("GETSET k w", "! set [SET k w]"),
            ("SETNX k w", ""),
            ("SETNX n w", "new ! set"),
            ("MSET a 1 a 2", "new ! set ! set"),
            ("MSETNX b 1 a 2", ""),
        ],
    );
}

#[test]
fn getex_is_propagated_as_what_it_does_to_the_key() {
    check_recorded(
        &mut Bench::new(),
        &[
            ("SET k v", "new ! set"),
            ("GETEX k", ""),
            ("GETEX k PERSIST", ""),
            ("GETEX k EX 10", "! expire [PEXPIREAT k 1700000010000]"),
            ("GETEX k PXAT 1700000000001", "! expire [PEXPIREAT k 1700000000001]"),
            ("GETEX k PERSIST", "! persist [PERSIST k]"),
            ("GETEX k PXAT 1700000000000", "! del [DEL k]"),
            ("GETEX k PERSIST", "keymiss"),
            ("SET k v", "new ! set"),
            ("GETDEL k", "! del [DEL k]"),
            ("GETDEL k", "keymiss"),
        ],
    );
}

#[test]
fn an_expired_key_is_unlinked_where_the_directive_says_so() {
    let mut bench = Bench::new();
    bench.engine.config.memory.lazyfree_lazy_expire = true;
    check_recorded(&mut bench, &[("SET k v", "new ! set"), ("GETEX k EXAT 1", "! del [UNLINK k]")]);
}

#[test]
fn counters_and_ranges_are_announced_by_name() {
    check_recorded(
        &mut Bench::new(),
        &[
            ("INCR n", "new ! incrby"),
            ("DECRBY n 5", "! incrby"),
            ("INCRBYFLOAT n 0.5", "! incrbyfloat [SET n -3.5 KEEPTTL]"),
            ("INCRBYFLOAT f 1", "new ! incrbyfloat [SET f 1 KEEPTTL]"),
            ("APPEND n x", "! append"),
            ("APPEND new x", "new ! append"),
            ("SETRANGE n 0 x", "! setrange"),
            ("SETRANGE n 0 ", ""),
            ("SETRANGE fresh 3 x", "new ! setrange"),
            ("SETRANGE nothing 3 ", ""),
            ("STRLEN n", ""),
            ("GETRANGE missing 0 1", "keymiss"),
            ("LCS n missing", "keymiss"),
            ("MGET n missing", "keymiss"),
        ],
    );
}

#[test]
fn a_command_counts_as_many_changes_as_it_sets_keys() {
    let mut bench = Bench::new();
    let changes =
        ["SET k v EX 10", "MSET a 1 b 2 c 3", "GETEX k", "GETEX k PERSIST", "APPEND k x"].map(|words| {
            let before = bench.keys.effects.dirty();
            bench.execute(words);
            bench.keys.effects.dirty() - before
        });
    assert_eq!(changes, [1, 3, 0, 1, 1]);
}

#[test]
fn the_expiry_follows_the_options() {
    let mut bench = Bench::new();
    let mut expiry_after = |words: &str| {
        bench.execute(words);
        bench.keys.peek(b"k").and_then(EntryRef::expiry_ms)
    };
    assert_eq!(expiry_after("SETEX k 10 v"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("SET k 1 KEEPTTL"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("INCR k"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("INCRBYFLOAT k 0.5"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("APPEND k x"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("SETRANGE k 2000 x"), Some(NOW_MS + 10_000));
    assert_eq!(expiry_after("GETSET k v"), None);
    assert_eq!(expiry_after("GETEX k PX 7"), Some(NOW_MS + 7));
    assert_eq!(expiry_after("MSET k v"), None);
}

#[test]
fn encodings_are_those_redis_reports() {
    let mut bench = Bench::new();
    let mut encoding_after = |words: &str| {
        bench.execute(words);
        bench.keys.peek(b"k").map(EntryRef::encoding).unwrap_or_default()
    };
    assert_eq!(encoding_after("SET k 12"), "int");
    assert_eq!(encoding_after("APPEND k 3"), "raw");
    assert_eq!(encoding_after("INCR k"), "int");
    assert_eq!(encoding_after("SETRANGE k 0 9"), "raw");
    assert_eq!(encoding_after("SET k text"), "embstr");
    assert_eq!(encoding_after("SETRANGE k 0 T"), "raw");
    assert_eq!(encoding_after("SET k 1"), "int");
    assert_eq!(encoding_after("INCRBYFLOAT k 1"), "embstr");
    assert_eq!(encoding_after("GETDEL k"), "");
    assert_eq!(encoding_after("APPEND k 12"), "int");
    assert_eq!(encoding_after("GETDEL k"), "");
    assert_eq!(encoding_after("SETRANGE k 0 12"), "raw");
}

#[test]
fn replies_in_resp3_have_their_own_null_and_maps() {
    let mut bench = Bench::new();
    bench.execute("MSET a ab b b");
    assert_eq!(bench.execute("GET missing").0, "_ ");
    assert_eq!(bench.execute("SET missing 1 XX").0, "_ ");
    assert_eq!(bench.execute("LCS a b IDX").0, "%2 $7 matches *1 *2 *2 :1 :1 *2 :0 :0 $3 len :1 ");
}
