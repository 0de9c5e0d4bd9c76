//! The same random commands to Russet and to the redis-server of this machine; their replies must be
//! the same bytes.
//!
//! `RUSSET_ORACLE_COMMANDS` sets how many, `RUSSET_ORACLE_SEED` which. Two clients per server, one of
//! each protocol version, share the keys, so that watched keys change under a transaction. Nothing
//! expires by the clock during a run: deadlines are past or far away. Keys come in any order.
//!
//! Left out, because replies may differ:
//!
//! * what Debian's 7.0.15 does not know or counts otherwise: CLIENT NO-TOUCH and SETINFO, COMMAND
//!   GETKEYS of a name alone;
//! * a wrong password in a pipeline: 7.2 does not answer it if replies of the pipeline are pending;
//! * zero bytes in what an error text or a client's name quotes: Redis cuts the text there;
//! * OBJECT REFCOUNT: Redis does not share every small integer;
//! * SCAN with a pattern that leaves out keys whose deadline is past: Redis leaves them in DBSIZE;
//! * what tells of the server or of its order of keys: INFO, HELLO, RANDOMKEY, cursors.

#[path = "oracle/bits.rs"]
mod bits;
#[path = "oracle/geo.rs"]
mod geo;
#[path = "oracle/hashes.rs"]
mod hashes;
#[path = "oracle/keys.rs"]
mod keys;
#[path = "oracle/lists.rs"]
mod lists;
#[path = "oracle/sets.rs"]
mod sets;
#[path = "oracle/sort.rs"]
mod sort;
#[path = "oracle/streams.rs"]
mod streams;
#[path = "oracle/zsets.rs"]
mod zsets;

use russet::util::random::Random;

use crate::support::{Client, Server, check, encode, setting};

/// Requests that a client sends before it reads.
const BATCH: usize = 40;

/// Requests shown before one that differs, so that a transaction is complete.
const HISTORY: usize = 100;

/// Bytes shown around the place where two replies part.
const SHOWN_BYTES: usize = 300;

/// How far apart the clocks of two replies may be.
const CLOCK_TOLERANCE_MS: u64 = 20_000;

/// Commands of one kind. Words of a template that are in `words` are replaced by a random one of their kind.
pub struct Group {
    pub templates: &'static [&'static str],
    pub words: &'static [(&'static str, &'static [&'static str])],
    /// Commands whose replies have no order.
    pub unordered: &'static [&'static str],
    /// Commands that answer times.
    pub timed: &'static [&'static str],
}

/// Without a count these answer one member, each server its own.
const RANDOM_WITHOUT_COUNT: &[&str] = &["SPOP", "SRANDMEMBER", "HRANDFIELD", "ZRANDMEMBER"];

/// A group stands here as often as it is to be drawn.
const GROUPS: &[&Group] = &[
    &keys::GROUP,
    &keys::GROUP,
    &lists::GROUP,
    &hashes::GROUP,
    &sets::GROUP,
    &zsets::GROUP,
    &zsets::GROUP,
    &streams::GROUP,
    &streams::GROUP,
    &bits::GROUP,
    &geo::GROUP,
    &sort::GROUP,
];

#[test]
fn replies_are_those_of_redis() {
    let commands = setting("RUSSET_ORACLE_COMMANDS", 200_000);
    let seed = setting("RUSSET_ORACLE_SEED", 1);
    let (russet, redis) = (Server::start(), Server::upstream(&[]));
    // Else DBSIZE depends on when keys with a past deadline are collected.
    for server in [&russet, &redis] {
        check(&mut server.client(), "DEBUG SET-ACTIVE-EXPIRE 0", "+OK");
    }
    let mut pairs = [Pair::new(&russet, &redis), Pair::new(&russet, &redis)];
    pairs[1].speak_resp3();
    let mut random = Random::seeded(seed);
    let mut sent = 0;
    while sent < commands {
        let pair = &mut pairs[random.below(2) as usize];
        let requests: Vec<Request> = (0..BATCH).map(|_| Request::random(&mut random)).collect();
        let differences = pair.compare(&requests);
        assert!(
            differences.is_empty(),
            "{}\nafter {sent} commands; repeat with RUSSET_ORACLE_SEED={seed}",
            differences.join("\n")
        );
        sent += BATCH as u64;
    }
}

/// Random requests, encoded; for whoever compares something else than replies.
pub fn random_requests(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    (0..count).map(|_| encode(&Request::random(random).0)).collect()
}

/// A request, as its arguments.
struct Request(Vec<Vec<u8>>);

impl Request {
    fn random(random: &mut Random) -> Self {
        let group = GROUPS[random.below(GROUPS.len() as u64) as usize];
        let template = pick(random, group.templates);
        let mut arguments: Vec<Vec<u8>> = template.split(' ').map(|word| group.fill(random, word)).collect();
        match random.below(40) {
            0 if !RANDOM_WITHOUT_COUNT.iter().any(|name| template.starts_with(name)) => {
                drop(arguments.pop().filter(|_| arguments.len() > 1));
            }
            // 7.2 takes one more for these.
            1 if !template.starts_with("ZRANK") && !template.starts_with("ZREVRANK") => {
                arguments.push(keys::GROUP.fill(random, "option"));
            }
            2 => arguments[0].make_ascii_lowercase(),
            _ => {}
        }
        if arguments.is_empty() {
            arguments.push(template.as_bytes().to_vec());
        }
        Self(arguments)
    }

    /// The request as text, its command in lower case.
    fn shown(&self) -> String {
        let words: Vec<String> = self.0.iter().map(|word| word.escape_ascii().to_string()).collect();
        let (command, rest) = words.split_at(1);
        format!("{} {}", command[0].to_ascii_lowercase(), rest.join(" "))
    }

    fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0[0].eq_ignore_ascii_case(name.as_bytes()))
    }
}

impl Group {
    fn fill(&self, random: &mut Random, word: &str) -> Vec<u8> {
        let kind = self.words.iter().find(|(kind, _)| *kind == word);
        kind.map_or(word, |(_, words)| pick(random, words)).as_bytes().to_vec()
    }
}

fn pick<'a>(random: &mut Random, choices: &[&'a str]) -> &'a str {
    choices[random.below(choices.len() as u64) as usize]
}

/// A client of each server, in step.
struct Pair {
    russet: Client,
    redis: Client,
    /// What both have answered alike, for the report of a difference.
    recent: Vec<String>,
    /// What a transaction has queued, which says how the reply of EXEC is to be compared.
    queued: Comparison,
    has_old_encodings: bool,
}

/// In what respects replies may differ.
#[derive(Clone, Copy, Default)]
struct Comparison {
    /// Elements have no order.
    unordered: bool,
    /// Integers may be times.
    timed: bool,
    /// Names of encodings may be others: 7.0 packs neither lists nor sets of texts.
    other_encodings: bool,
}

impl Pair {
    fn new(russet: &Server, redis: &Server) -> Self {
        Self {
            russet: russet.client(),
            redis: redis.client(),
            recent: Vec::new(),
            queued: Comparison::default(),
            has_old_encodings: redis.client().call("INFO server").contains("redis_version:7.0."),
        }
    }

    fn speak_resp3(&mut self) {
        for client in [&mut self.russet, &mut self.redis] {
            client.send("HELLO 3");
            assert!(client.raw_reply().starts_with(b"%7\r\n"));
        }
    }

    /// Executes a batch on both servers; what differs, and what came before it. What follows the first
    /// difference may be its consequence.
    fn compare(&mut self, requests: &[Request]) -> Vec<String> {
        let bytes: Vec<u8> = requests.iter().flat_map(|request| encode(&request.0)).collect();
        self.russet.send_raw(&bytes);
        self.redis.send_raw(&bytes);
        let mut differences = Vec::new();
        self.recent.drain(..self.recent.len().saturating_sub(HISTORY));
        for request in requests {
            let (russet, redis) = (self.russet.raw_reply(), self.redis.raw_reply());
            let comparison = self.comparison(request, &redis);
            if same(&russet, &redis, comparison) {
                self.recent.push(request.shown());
                continue;
            }
            if differences.is_empty() {
                differences.append(&mut self.recent);
            }
            let alike = russet.iter().zip(&redis).take_while(|(a, b)| a == b).count();
            let shown = |reply: &[u8]| {
                let start = alike.saturating_sub(SHOWN_BYTES / 2);
                reply[start..]
                    .iter()
                    .take(SHOWN_BYTES)
                    .copied()
                    .collect::<Vec<u8>>()
                    .escape_ascii()
                    .to_string()
            };
            let (russet, redis) = (shown(&russet), shown(&redis));
            differences.push(format!("{}\n  russet: {russet}\n  redis:  {redis}", request.shown()));
        }
        differences
    }

    fn comparison(&mut self, request: &Request, reply: &[u8]) -> Comparison {
        let own = Comparison {
            unordered: GROUPS.iter().any(|group| request.is(group.unordered)),
            timed: GROUPS.iter().any(|group| request.is(group.timed)),
            other_encodings: self.has_old_encodings && request.is(&["object"]),
        };
        if reply == b"+QUEUED\r\n" {
            self.queued.unordered |= own.unordered;
            self.queued.timed |= own.timed;
            self.queued.other_encodings |= own.other_encodings;
            Comparison::default()
        } else if request.is(&["exec", "discard"]) {
            std::mem::take(&mut self.queued)
        } else {
            own
        }
    }
}

/// Errors whose rest 7.2 has changed.
const CHANGED_ERRORS: &[&str] = &["-ERR Unbalanced ", "-ERR The ID specified in XSETID is smaller than "];

/// What an encoding's name and its length look like.
const ENCODING_LINES: &[&[u8]] = &[b"listpack", b"quicklist", b"hashtable", b"$8", b"$9"];

fn same(russet: &[u8], redis: &[u8], comparison: Comparison) -> bool {
    if russet == redis {
        return true;
    }
    let lines = |reply: &[u8]| {
        let mut lines = canonical_lines(reply);
        if comparison.other_encodings {
            lines.retain(|line| !ENCODING_LINES.contains(&line.trim_ascii_end()));
        }
        if comparison.unordered {
            // Integers first and in their order: times could be sorted differently.
            lines.sort_by_key(|line| if line.starts_with(b":") { Vec::new() } else { line.clone() });
        }
        lines
    };
    let (russet, redis) = (lines(russet), lines(redis));
    let close = |a: &[u8], b: &[u8]| match (integer(a), integer(b)) {
        (Some(a), Some(b)) => {
            let are_times = a.min(b) > 100 || (0..100).contains(&a.min(b)) && a.max(b) < 100;
            comparison.timed && are_times && a.abs_diff(b) < CLOCK_TOLERANCE_MS
        }
        _ => false,
    };
    russet.len() == redis.len() && russet.iter().zip(&redis).all(|(a, b)| a == b || close(a, b))
}

/// The lines of a reply, without what 7.2 has changed in errors, with floats in one form and without their lengths: 7.0 prints seventeen digits, 7.2 as
/// many as it takes.
fn canonical_lines(reply: &[u8]) -> Vec<Vec<u8>> {
    let mut lines: Vec<Vec<u8>> = Vec::new();
    for line in reply.split(|byte| *byte == b'\n') {
        let Some(float) = canonical_float(line) else {
            let changed = CHANGED_ERRORS.iter().find(|start| line.starts_with(start.as_bytes()));
            lines.push(changed.map_or(line, |start| start.as_bytes()).to_vec());
            continue;
        };
        if !line.starts_with(b",") {
            lines.pop_if(|length| length.starts_with(b"$"));
        }
        lines.push(float.into_bytes());
    }
    lines
}

/// A float that may be spelled in several ways.
fn canonical_float(line: &[u8]) -> Option<String> {
    let digits = line.strip_prefix(b",").unwrap_or(line).trim_ascii_end();
    let is_number = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'));
    let is_float = digits.contains(&b'.') || digits.contains(&b'e') || digits.len() > 15;
    let text = std::str::from_utf8(digits).ok().filter(|_| is_number && is_float)?;
    text.parse::<f64>().ok().map(|float| float.to_string())
}

fn integer(line: &[u8]) -> Option<i64> {
    std::str::from_utf8(line.strip_prefix(b":")?).ok()?.trim_end().parse().ok()
}
