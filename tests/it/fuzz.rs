//! Hostile input to a running server: random bytes, damaged requests, and every command with arguments
//! that nobody means well. Whatever comes, the server stays alive and answers PING.
//!
//! `RUSSET_FUZZ_REQUESTS` sets how many requests, `RUSSET_FUZZ_SEED` which.

use russet::util::random::Random;

use crate::support::{Server, check, encode, setting};

/// Requests on one connection; a mode that one of them enters (MULTI, SUBSCRIBE) ends with it.
const BATCH: usize = 25;

/// Commands that end, stop or mute a server or a connection because they are meant to, or make it call other
/// hosts.
/// Subcommands are named `container|subcommand`.
const EXCLUDED: &[&str] = &[
    "shutdown",
    "quit",
    "debug",
    "client|pause",
    "config|set",
    "config|rewrite",
    "acl|setuser",
    "acl|deluser",
    "module|load",
    "module|loadex",
    "failover",
    "replicaof",
    "slaveof",
    "migrate",
    "cluster|meet",
];

/// Commands the table does not name one by one: DEBUG refuses most of what it cannot do safely.
const ADDED: &[&str] = &[
    "debug|object",
    "debug|jmap",
    "debug|digest-value",
    "debug|stringmatch-len",
    "debug|htstats",
    "debug|log",
    "debug|error",
    "debug|change-repl-id",
    "debug|protocol",
    "debug|listpack",
    "debug|sdslen",
    "no-such-command",
];

#[rustfmt::skip] // One to a line would be a page.
const HOSTILE: &[&[u8]] = &[
    b"", b"0", b"1", b"-1", b"2", b"16", b"100", b"1000", b"65536", b"-9223372036854775808",
    b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809", b"18446744073709551615",
    b"18446744073709551616", b"4294967296", b"2147483648", b"99999999999999999999999999",
    b"9223372036854775", b"nan", b"-nan", b"inf", b"-inf", b"1e309", b"1e-400", b"0x7fffffffffffffff",
    b"1.5", b"-0", b" 1", b"1 ", b"+1", b"3.4e38", b"1e4932", b"\0", b"\xff\xfe\x80", b"\r\n",
    b"*1\r\n$4\r\nPING\r\n", b"%s%n%1$x", b"{", b"{}", b"}", b"[", b"[a-", b"[^", b"\\", b"*", b"?",
    b"*a*a*a*a*a*a*a*a*a*b", b"key", b"key", b"key", b"other", b"counter", b"NX", b"XX", b"GT", b"LT",
    b"GET", b"KEEPTTL", b"PERSIST", b"EX", b"PX", b"EXAT", b"PXAT", b"DB", b"REPLACE", b"ABSTTL",
    b"IDLETIME", b"FREQ", b"COUNT", b"MATCH", b"TYPE", b"string", b"LEN", b"IDX", b"MINMATCHLEN",
    b"WITHMATCHLEN", b"LIMIT", b"ASYNC", b"SYNC", b"ON", b"OFF", b"YES", b"NO", b"SKIP", b"ID", b"ADDR",
    b"LADDR", b"USER", b"default", b"SKIPME", b"BCAST", b"PREFIX", b"REDIRECT", b"OPTIN", b"OPTOUT",
    b"NOLOOP", b"AUTH", b"SETNAME", b"3", b"HELP", b"ALL", b"everything", b"RESET", b"FILTERBY", b"PATTERN",
    b"SCHEDULE", b"TIMEOUT", b"KEYS", b"STORE",
];

/// What damage is done to.
const REQUESTS: &[&str] = &[
    "PING",
    "SET key value EX 100 NX",
    "GET key",
    "MSET a 1 b 2 c 3",
    "INCRBY counter 10",
    "SETRANGE key 10 value",
    "EXPIRE key 100 NX",
    "HELLO 3 SETNAME name",
    "MULTI",
    "EXEC",
    "COMMAND INFO get set",
    "OBJECT ENCODING key",
    "SUBSCRIBE channel",
    "SCAN 0 MATCH * COUNT 10",
];

#[test]
fn random_bytes_cost_their_connection_at_most() {
    let mut victim = Victim::start();
    for _ in 0..victim.requests / 100 {
        let length = victim.random.below(2000) as usize;
        let mut bytes = vec![0; length];
        victim.random.fill(&mut bytes);
        // The first byte decides between the two forms of a request; the second one is rare by chance.
        if victim.random.below(2) == 0 && !bytes.is_empty() {
            bytes[0] = b'*';
        }
        victim.suffers(&bytes);
    }
    victim.survives();
}

#[test]
fn damaged_requests_cost_their_connection_at_most() {
    let mut victim = Victim::start();
    for _ in 0..victim.requests / 20 {
        let mut bytes: Vec<u8> = Vec::new();
        for _ in 0..3 {
            let words: Vec<&str> = pick(&mut victim.random, REQUESTS).split(' ').collect();
            bytes.extend(encode(&words));
        }
        for _ in 0..=victim.random.below(3) {
            damage(&mut victim.random, &mut bytes);
        }
        victim.suffers(&bytes);
    }
    victim.survives();
}

#[test]
fn no_arguments_of_any_command_are_fatal() {
    let mut victim = Victim::start();
    let commands = victim.commands();
    let mut sent = 0;
    while sent < victim.requests {
        let mut bytes = Vec::new();
        if victim.random.below(2) == 0 {
            // Here subscribers may go on with any command.
            bytes.extend(encode(&["HELLO", "3"]));
        }
        for _ in 0..BATCH {
            let command = &commands[victim.random.below(commands.len() as u64) as usize];
            bytes.extend(encode(&hostile_request(&mut victim.random, command)));
        }
        victim.suffers(&bytes);
        sent += BATCH as u64;
    }
    victim.survives();
}

/// A server, and who attacks it.
struct Victim {
    server: Server,
    random: Random,
    seed: u64,
    requests: u64,
}

impl Victim {
    fn start() -> Self {
        // The limit on strings keeps SETRANGE from filling the machine's memory.
        let server = Server::with(&["--proto-max-bulk-len", "1mb"]);
        let seed = setting("RUSSET_FUZZ_SEED", 1);
        let requests = setting("RUSSET_FUZZ_REQUESTS", 50_000);
        Self { server, random: Random::seeded(seed), seed, requests }
    }

    /// Every command and subcommand of the table, but for those that do harm by design.
    fn commands(&self) -> Vec<String> {
        let listed = self.server.client().call("COMMAND LIST");
        let names = listed.split(['[', ']', ' ', '$']).filter(|name| name.len() > 1).map(str::to_owned);
        let commands: Vec<String> = names
            .filter(|name| !EXCLUDED.contains(&name.as_str()))
            .chain(ADDED.iter().map(|name| (*name).to_owned()))
            .collect();
        assert!(commands.len() > 50, "COMMAND LIST: {listed}");
        commands
    }

    /// Sends bytes on a connection of their own, which the server must close once it has heard all.
    fn suffers(&self, bytes: &[u8]) {
        let mut attacker = self.server.client();
        // The server may close before it has read everything.
        let _ = attacker.try_send_raw(bytes);
        let closed = attacker.finish();
        let shown = bytes[..bytes.len().min(20_000)].escape_ascii();
        assert!(closed, "RUSSET_FUZZ_SEED={}: still open after {shown}", self.seed);
        // A new client each time: CLIENT KILL is among the requests.
        let pong = self.server.client().call("PING");
        assert_eq!(pong, "+PONG", "RUSSET_FUZZ_SEED={}: {shown}", self.seed);
    }

    fn survives(self) {
        check(&mut self.server.client(), "FLUSHALL", "+OK");
        assert!(!self.server.log().contains("panicked"));
    }
}

fn hostile_request(random: &mut Random, command: &str) -> Vec<Vec<u8>> {
    let mut arguments: Vec<Vec<u8>> = command.split('|').map(|word| word.as_bytes().to_vec()).collect();
    for _ in 0..random.below(7) {
        arguments.push(match random.below(50) {
            0 => vec![b'x'; 1 + random.below(100_000) as usize],
            1 => {
                let mut bytes = vec![0; random.below(64) as usize];
                random.fill(&mut bytes);
                bytes
            }
            _ => HOSTILE[random.below(HOSTILE.len() as u64) as usize].to_vec(),
        });
    }
    arguments
}

fn damage(random: &mut Random, bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len().max(1) as u64) as usize;
    let Some(byte) = bytes.get_mut(at) else { return };
    match random.below(6) {
        0 => *byte = random.below(256) as u8,
        1 => *byte ^= 1 << random.below(8),
        2 => drop(bytes.remove(at)),
        3 => bytes.insert(at, b"0123456789-$*\r\n"[random.below(15) as usize]),
        4 => bytes.truncate(at),
        _ => {
            let copied = bytes[at..(at + 10).min(bytes.len())].to_vec();
            bytes.extend(copied);
        }
    }
}

fn pick<'a>(random: &mut Random, choices: &[&'a str]) -> &'a str {
    choices[random.below(choices.len() as u64) as usize]
}
