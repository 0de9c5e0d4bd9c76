//! MIGRATE: keys that move to another server. How they are delivered, and why the server waits for it:
//! [`Migration`](crate::engine::Migration).

use std::time::Duration;

use super::args::Args;
use super::command::Arity::AtLeast;
use super::command::access::{ACCESS, DELETE, INCOMPLETE, RW};
use super::command::categories::{DANGEROUS, KEYSPACE};
use super::command::flags::{MOVABLE_KEYS, WRITE};
use super::command::{Command, CommandResult, Find, KeySpec, command, key_at, key_behind};
use super::context::Ctx;
use super::error::CommandError;
use super::free::free;
use super::key_extraction::{KeyPosition, Keys, Line};
use crate::dataset;
use crate::engine::{Delivery, DeliveryError};
use crate::keyspace::EventClass;
use crate::resp::push_request;
use crate::util::number::parse_i64;

pub const COMMANDS: &[Command] = &[command(
    "migrate",
    migrate,
    AtLeast(6),
    WRITE | MOVABLE_KEYS,
    KEYSPACE | DANGEROUS,
    &[key_at(KEY, MOVED), KEYS_BEHIND_WORD],
)
.keys_by(keys)
.tips(&["nondeterministic_output"])];

/// Where the key stands, if it is one, and where the options begin.
const KEY: usize = 3;
const OPTIONS: usize = 6;

const MOVED: u32 = RW | ACCESS | DELETE;
const KEYS_BEHIND_WORD: KeySpec = KeySpec {
    find: Find::Range { last: -1, step: 1, limit: 0 },
    ..key_behind("KEYS", -2, MOVED | INCOMPLETE)
};

/// Instead of no time at all.
const DEFAULT_TIMEOUT_MS: u64 = 1000;

/// The keys of either form. None where there is a key as well as `KEYS`.
fn keys(line: &dyn Line) -> Option<Keys> {
    let moved = |index| KeyPosition { index, access: MOVED };
    let mut index = OPTIONS;
    while index < line.len() {
        let is = |word: &str| line.word(index).eq_ignore_ascii_case(word.as_bytes());
        if is("keys") {
            let is_contradiction = !line.word(KEY).is_empty();
            let keys = (index + 1..line.len()).filter(|_| !is_contradiction);
            return Some(keys.map(moved).collect());
        }
        index += 1 + if is("auth2") { 2 } else { usize::from(is("auth")) };
    }
    Some(Keys::from_iter([moved(KEY)]))
}

#[derive(Debug, Default)]
struct Options<'a> {
    copy: bool,
    replace: bool,
    username: Option<&'a [u8]>,
    password: Option<&'a [u8]>,
    /// The index of the first of several keys.
    first_key: Option<usize>,
}

impl<'a> Options<'a> {
    fn parse(args: &'a Args<'_>) -> Result<Self, CommandError> {
        let mut options = Self::default();
        while args.left() > 0 {
            if args.keyword("copy") {
                options.copy = true;
            } else if args.keyword("replace") {
                options.replace = true;
            } else if args.keyword("auth") {
                options.password = Some(secret(args)?);
            } else if args.keyword("auth2") {
                options.username = Some(secret(args)?);
                options.password = Some(secret(args)?);
            } else if args.keyword("keys") {
                if !args.at(KEY).is_empty() {
                    return Err(CommandError::KeyBesideKeys);
                }
                options.first_key = Some(args.position());
                break;
            } else {
                return Err(CommandError::Syntax);
            }
        }
        Ok(options)
    }
}

fn secret<'a>(args: &'a Args<'_>) -> Result<&'a [u8], CommandError> {
    args.redact(args.position());
    args.next()
}

/// `MIGRATE host port key|"" destination-db timeout [COPY] [REPLACE] [AUTH password | AUTH2 username password]
/// [KEYS key ...]`
fn migrate(ctx: &mut Ctx<'_>, args: &mut Args<'_>) -> CommandResult {
    let (host, port) = (args.next()?, args.next()?);
    let (key, db, timeout) = (args.next()?, args.next()?, args.next()?);
    let options = Options::parse(args)?;
    let timeout_ms = parse_i64(timeout).ok_or(CommandError::NotAnInteger)?;
    let timeout_ms = u64::try_from(timeout_ms).ok().filter(|ms| *ms > 0).unwrap_or(DEFAULT_TIMEOUT_MS);
    let db = parse_i64(db).ok_or(CommandError::NotAnInteger)?;

    let mut parcel = Parcel::default();
    if options.first_key.is_some() {
        for key in args.rest() {
            parcel.add(ctx, key, options.replace)?;
        }
    } else {
        parcel.add(ctx, key, options.replace)?;
    }
    if parcel.keys.is_empty() {
        ctx.reply.status("NOKEY");
        return Ok(());
    }
    let auth: Vec<&[u8]> = match (options.username, options.password) {
        (Some(username), Some(password)) => vec![b"AUTH", username, password],
        (None, Some(password)) => vec![b"AUTH", password],
        (_, None) => Vec::new(),
    };
    let delivery = Delivery {
        host,
        port,
        limit: Duration::from_millis(timeout_ms),
        auth: &auth,
        db,
        requests: &parcel.requests,
        count: parcel.keys.len(),
    };
    let now_ms = ctx.now_ms();
    let mut arrived = Vec::new();
    let delivered = ctx.engine.migration.deliver(&delivery, now_ms, |index| arrived.push(parcel.keys[index]));
    if !options.copy {
        delete(ctx, &arrived);
    }
    delivered?;
    ctx.reply.ok();
    Ok(())
}

/// Keys that are there, and the requests that make them anew.
#[derive(Debug, Default)]
struct Parcel<'a> {
    keys: Vec<&'a [u8]>,
    requests: Vec<u8>,
}

impl<'a> Parcel<'a> {
    fn add(&mut self, ctx: &mut Ctx<'_>, key: &'a [u8], replace: bool) -> CommandResult {
        let rdb = &ctx.engine.config.rdb;
        let (compression, latest_version) = (rdb.compression, rdb.latest_version());
        let now_ms = ctx.now_ms();
        let Some(entry) = ctx.keys.find(key) else { return Ok(()) };
        // One that ends this very millisecond ends there; 0 would be never.
        let ttl_ms = entry.expiry_ms().map_or(0, |expiry_ms| expiry_ms.saturating_sub(now_ms).max(1));
        let payload = dataset::dump(entry, compression, latest_version)
            .map_err(|error| CommandError::NotDumped(error.to_string()))?;
        let mut digits = itoa::Buffer::new();
        let restore: [&[u8]; 5] = [b"RESTORE", key, digits.format(ttl_ms).as_bytes(), &payload, b"REPLACE"];
        let count = if replace { 5 } else { 4 };
        push_request(&mut self.requests, restore.into_iter().take(count));
        self.keys.push(key);
        Ok(())
    }
}

/// What the target has is no longer ours; downstream, that is all that has happened.
fn delete(ctx: &mut Ctx<'_>, arrived: &[&[u8]]) {
    let db = ctx.client.db;
    let lazy = ctx.engine.config.memory.lazyfree_lazy_server_del;
    let mut propagated: Vec<&[u8]> = vec![b"DEL"];
    for key in arrived {
        // A key that was named twice is gone the second time.
        let Some(entry) = ctx.keys.remove(key) else { continue };
        free(&ctx.engine.worker, entry, lazy);
        ctx.keys.effects.changed(db, key);
        ctx.keys.effects.event(EventClass::GENERIC, "del", db, key);
        propagated.push(key);
    }
    if propagated.len() > 1 {
        ctx.keys.effects.propagate_as(db, &propagated);
    }
}

impl From<DeliveryError> for CommandError {
    fn from(error: DeliveryError) -> Self {
        match error {
            DeliveryError::UnknownHost => Self::TargetUnknown,
            DeliveryError::NotWritten => Self::TargetIo("writing"),
            DeliveryError::NotRead => Self::TargetIo("reading"),
            DeliveryError::Refused(text) => Self::TargetRefused(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::super::testing::Bench;
    use super::*;
    use crate::engine::{Dial, DialError, Migration, Peer};

    /// A target that says the same to everybody.
    struct Target(&'static [u8]);

    impl Dial for Target {
        fn dial(&mut self, _: &str, _: u16, _: Duration) -> Result<Box<dyn Peer>, DialError> {
            Ok(Box::new(Self(self.0)))
        }
    }

    impl Peer for Target {
        fn send(&mut self, _: &[u8], _: Duration) -> io::Result<()> {
            Ok(())
        }

        fn receive(&mut self, buffer: &mut [u8], _: Duration) -> io::Result<usize> {
            buffer[..self.0.len()].copy_from_slice(self.0);
            Ok(std::mem::take(&mut self.0).len())
        }
    }

    fn bench(target: &'static [u8]) -> Bench {
        let mut bench = Bench::new();
        bench.engine.migration = Migration::new(Box::new(Target(target)));
        assert_eq!(bench.run("MSET a 1 b 2 c 3"), "+OK\r\n");
        bench
    }

    #[test]
    fn what_was_delivered_is_propagated_as_its_deletion() {
        let recorded = bench(b"+\n+\n+\n").recorded("MIGRATE there 1  0 9 KEYS a none c");
        let expected = [
            "event keymiss 0 none",
            "changed 0 a",
            "event del 0 a",
            "changed 0 c",
            "event del 0 c",
            "propagate 0 DEL a c",
            "dirty 2",
        ];
        assert_eq!(recorded, expected);
    }

    #[test]
    fn a_copy_changes_nothing_here() {
        assert_eq!(bench(b"+\n+\n").recorded("MIGRATE there 1 a 0 9 COPY"), ["dirty 0"]);
    }

    #[test]
    fn a_key_named_twice_is_deleted_once() {
        let recorded = bench(b"+\n+\n+\n").recorded("MIGRATE there 1  0 9 REPLACE KEYS a a");
        assert_eq!(recorded, ["changed 0 a", "event del 0 a", "propagate 0 DEL a", "dirty 1"]);
    }

    #[test]
    fn only_what_the_target_accepted_is_deleted() {
        let mut bench = bench(b"+\n+\n-BUSYKEY\n+\n");
        let error = "-ERR Target instance replied with error: BUSYKEY\r\n";
        assert_eq!(bench.run("MIGRATE there 1  0 9 KEYS a b c"), error);
        assert_eq!(bench.run("EXISTS a"), ":0\r\n");
        assert_eq!(bench.run("MGET b c"), "*2\r\n$1\r\n2\r\n$-1\r\n");
    }

    fn found(line: &str) -> Vec<usize> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        keys(&words.as_slice()).unwrap().into_iter().map(|key| key.index).collect()
    }

    #[test]
    fn keys_stand_in_one_place_or_behind_their_word() {
        assert_eq!(found("migrate h p key 0 1"), [3]);
        assert_eq!(found("migrate h p key 0 1 AUTH keys COPY"), [3]);
        assert_eq!(found("migrate h p key 0 1 AUTH2 keys keys"), [3]);
        assert_eq!(found("migrate h p  0 1 COPY AUTH keys KEYS a b"), [10, 11]);
        assert_eq!(found("migrate h p  0 1 KEYS"), [0; 0]);
        assert_eq!(found("migrate h p key 0 1 KEYS a b"), [0; 0]);
    }
}
