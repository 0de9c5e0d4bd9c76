//! One row per command: what the table says of it. COMMAND, admission, key extraction and ACL
//! categories all derive from these rows; nothing a row knows is said again elsewhere.

use super::args::Args;
use super::context::Ctx;
use super::error::CommandError;
use super::key_extraction::KeyFinder;

/// What a handler ends with; its reply is written already.
pub type CommandResult = Result<(), CommandError>;
/// The code of a command. It finds its arguments behind the command's name.
pub type Handler = fn(&mut Ctx<'_>, &mut Args<'_>) -> CommandResult;

/// How many arguments a command takes, its own name included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arity {
    Exactly(usize),
    AtLeast(usize),
}

impl Arity {
    pub fn accepts(self, arguments: usize) -> bool {
        match self {
            Self::Exactly(n) => arguments == n,
            Self::AtLeast(n) => arguments >= n,
        }
    }

    /// As COMMAND INFO shows it: negative for a minimum.
    pub fn wire(self) -> i64 {
        match self {
            Self::Exactly(n) => n as i64,
            Self::AtLeast(n) => -(n as i64),
        }
    }
}

/// Properties of a command that admission and COMMAND INFO use; combined with `|`.
pub mod flags {
    pub const WRITE: u32 = 1 << 0;
    pub const READONLY: u32 = 1 << 1;
    /// Refused when memory is short and nothing could be evicted.
    pub const DENYOOM: u32 = 1 << 2;
    pub const ADMIN: u32 = 1 << 3;
    pub const PUBSUB: u32 = 1 << 4;
    pub const NOSCRIPT: u32 = 1 << 5;
    pub const BLOCKING: u32 = 1 << 6;
    /// Allowed while a data set is loading.
    pub const LOADING: u32 = 1 << 7;
    /// Allowed on a replica that lost its primary.
    pub const STALE: u32 = 1 << 8;
    pub const SKIP_MONITOR: u32 = 1 << 9;
    pub const SKIP_SLOWLOG: u32 = 1 << 10;
    pub const ASKING: u32 = 1 << 11;
    /// Takes constant or logarithmic time.
    pub const FAST: u32 = 1 << 12;
    pub const NO_AUTH: u32 = 1 << 13;
    pub const MAY_REPLICATE: u32 = 1 << 14;
    pub const NO_MANDATORY_KEYS: u32 = 1 << 15;
    /// Allowed only as `enable-*-command` says.
    pub const PROTECTED: u32 = 1 << 16;
    pub const NO_ASYNC_LOADING: u32 = 1 << 17;
    pub const NO_MULTI: u32 = 1 << 18;
    pub const ALLOW_BUSY: u32 = 1 << 19;
    pub const TOUCHES_ARBITRARY_KEYS: u32 = 1 << 20;
    /// Key positions depend on the arguments beyond what the key specifications say.
    pub const MOVABLE_KEYS: u32 = 1 << 21;
    /// Not shown by COMMAND: executed at once although a transaction is open.
    pub const UNQUEUED: u32 = 1 << 22;
    /// Not shown by COMMAND: allowed to a RESP2 client in subscribed mode.
    pub const WHILE_SUBSCRIBED: u32 = 1 << 23;
    /// Not shown by COMMAND: executes the queued commands of the transaction.
    pub const RUNS_TRANSACTION: u32 = 1 << 24;
    /// Not shown by COMMAND: refused, as writes are, when the disk fails, so that probes notice.
    pub const FAILS_WITH_DISK: u32 = 1 << 25;
    /// Not shown by COMMAND: CLIENT CACHING stays in force for the command after it.
    pub const KEEPS_CACHING: u32 = 1 << 26;

    /// The names COMMAND INFO shows, in its order; it hides the others.
    pub const WIRE_NAMES: &[(u32, &str)] = &[
        (WRITE, "write"),
        (READONLY, "readonly"),
        (DENYOOM, "denyoom"),
        (ADMIN, "admin"),
        (PUBSUB, "pubsub"),
        (NOSCRIPT, "noscript"),
        (BLOCKING, "blocking"),
        (LOADING, "loading"),
        (STALE, "stale"),
        (SKIP_MONITOR, "skip_monitor"),
        (SKIP_SLOWLOG, "skip_slowlog"),
        (ASKING, "asking"),
        (FAST, "fast"),
        (NO_AUTH, "no_auth"),
        (NO_MANDATORY_KEYS, "no_mandatory_keys"),
        (NO_ASYNC_LOADING, "no_async_loading"),
        (NO_MULTI, "no_multi"),
        (MOVABLE_KEYS, "movablekeys"),
        (ALLOW_BUSY, "allow_busy"),
    ];
}

/// ACL categories; `@read`, `@write`, `@admin`, `@dangerous`, `@fast`, `@slow`, `@pubsub` and
/// `@blocking` follow from the flags.
pub mod categories {
    pub const KEYSPACE: u32 = 1 << 0;
    pub const READ: u32 = 1 << 1;
    pub const WRITE: u32 = 1 << 2;
    pub const SET: u32 = 1 << 3;
    pub const SORTEDSET: u32 = 1 << 4;
    pub const LIST: u32 = 1 << 5;
    pub const HASH: u32 = 1 << 6;
    pub const STRING: u32 = 1 << 7;
    pub const BITMAP: u32 = 1 << 8;
    pub const HYPERLOGLOG: u32 = 1 << 9;
    pub const GEO: u32 = 1 << 10;
    pub const STREAM: u32 = 1 << 11;
    pub const PUBSUB: u32 = 1 << 12;
    pub const ADMIN: u32 = 1 << 13;
    pub const FAST: u32 = 1 << 14;
    pub const SLOW: u32 = 1 << 15;
    pub const BLOCKING: u32 = 1 << 16;
    pub const DANGEROUS: u32 = 1 << 17;
    pub const CONNECTION: u32 = 1 << 18;
    pub const TRANSACTION: u32 = 1 << 19;
    pub const SCRIPTING: u32 = 1 << 20;

    /// The names, in the order COMMAND INFO lists them.
    pub const WIRE_NAMES: &[(u32, &str)] = &[
        (KEYSPACE, "keyspace"),
        (READ, "read"),
        (WRITE, "write"),
        (SET, "set"),
        (SORTEDSET, "sortedset"),
        (LIST, "list"),
        (HASH, "hash"),
        (STRING, "string"),
        (BITMAP, "bitmap"),
        (HYPERLOGLOG, "hyperloglog"),
        (GEO, "geo"),
        (STREAM, "stream"),
        (PUBSUB, "pubsub"),
        (ADMIN, "admin"),
        (FAST, "fast"),
        (SLOW, "slow"),
        (BLOCKING, "blocking"),
        (DANGEROUS, "dangerous"),
        (CONNECTION, "connection"),
        (TRANSACTION, "transaction"),
        (SCRIPTING, "scripting"),
    ];
}

/// What a command does with the keys (or channels) of one key specification; combined with `|`.
pub mod access {
    pub const RO: u32 = 1 << 0;
    pub const RW: u32 = 1 << 1;
    pub const OW: u32 = 1 << 2;
    pub const RM: u32 = 1 << 3;
    pub const ACCESS: u32 = 1 << 4;
    pub const UPDATE: u32 = 1 << 5;
    pub const INSERT: u32 = 1 << 6;
    pub const DELETE: u32 = 1 << 7;
    pub const NOT_KEY: u32 = 1 << 8;
    pub const INCOMPLETE: u32 = 1 << 9;
    pub const VARIABLE_FLAGS: u32 = 1 << 10;

    /// The names, in the order COMMAND INFO lists them.
    pub const WIRE_NAMES: &[(u32, &str)] = &[
        (RO, "RO"),
        (RW, "RW"),
        (OW, "OW"),
        (RM, "RM"),
        (ACCESS, "access"),
        (UPDATE, "update"),
        (INSERT, "insert"),
        (DELETE, "delete"),
        (NOT_KEY, "not_key"),
        (INCOMPLETE, "incomplete"),
        (VARIABLE_FLAGS, "variable_flags"),
    ];
}

/// Where the search for keys begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begin {
    Index(usize),
    /// Behind this word, looked for from an index (negative: backwards from the end).
    Keyword(&'static str, i64),
    Unknown,
}

/// Which of the arguments from there on are keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Find {
    /// Every `step`-th up to `last` (relative to the begin; negative: from the end); a `limit` above 1
    /// takes only that fraction of the rest.
    Range {
        last: i64,
        step: usize,
        limit: usize,
    },
    /// As many as the argument at `at` says, the first one at `first` (both relative to the begin).
    Count {
        at: usize,
        first: usize,
        step: usize,
    },
    Unknown,
}

/// A key specification, as COMMAND INFO shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeySpec {
    pub access: u32,
    pub begin: Begin,
    pub find: Find,
    pub notes: &'static str,
}

impl KeySpec {
    pub const fn notes(self, notes: &'static str) -> Self {
        Self { notes, ..self }
    }
}

/// The key at argument `index`.
pub const fn key_at(index: usize, access: u32) -> KeySpec {
    range(index, 0, 1, access)
}

/// Every argument from `index` on is a key.
pub const fn keys_from(index: usize, access: u32) -> KeySpec {
    range(index, -1, 1, access)
}

/// Keys from `index` to `last` (relative; negative from the end), every `step`-th argument.
pub const fn range(index: usize, last: i64, step: usize, access: u32) -> KeySpec {
    KeySpec { access, begin: Begin::Index(index), find: Find::Range { last, step, limit: 0 }, notes: "" }
}

/// The key behind a word, which is looked for from argument `start` on.
pub const fn key_behind(word: &'static str, start: i64, access: u32) -> KeySpec {
    KeySpec { begin: Begin::Keyword(word, start), ..range(0, 0, 1, access) }
}

/// `numkeys key ...` with the number at argument `index`.
pub const fn counted_keys(index: usize, access: u32) -> KeySpec {
    KeySpec { access, begin: Begin::Index(index), find: Find::Count { at: 0, first: 1, step: 1 }, notes: "" }
}

/// A command as its row in the table says.
#[derive(Debug)]
pub struct Command {
    /// Lower case; for a subcommand the last word.
    pub name: &'static str,
    pub handler: Handler,
    pub arity: Arity,
    pub flags: u32,
    pub categories: u32,
    pub keys: &'static [KeySpec],
    /// Finds keys where `keys` cannot tell them, or not what happens to them.
    pub find_keys: Option<KeyFinder>,
    pub subcommands: &'static [Self],
    /// Hints for clients and proxies, as COMMAND INFO lists them.
    pub tips: &'static [&'static str],
}

impl Command {
    #[must_use]
    pub const fn tips(self, tips: &'static [&'static str]) -> Self {
        Self { tips, ..self }
    }

    #[must_use]
    pub const fn keys_by(self, find: KeyFinder) -> Self {
        Self { find_keys: Some(find), ..self }
    }

    /// The categories of the row with those that follow from its flags.
    pub fn all_categories(&self) -> u32 {
        let mut all = self.categories;
        let mut when = |flag: u32, categories: u32| {
            if self.flags & flag != 0 {
                all |= categories;
            }
        };
        when(flags::WRITE, categories::WRITE);
        if self.categories & categories::SCRIPTING == 0 {
            when(flags::READONLY, categories::READ);
        }
        when(flags::ADMIN, categories::ADMIN | categories::DANGEROUS);
        when(flags::PUBSUB, categories::PUBSUB);
        when(flags::FAST, categories::FAST);
        when(flags::BLOCKING, categories::BLOCKING);
        if self.flags & flags::FAST == 0 {
            all |= categories::SLOW;
        }
        all
    }
}

/// A row of a group's table.
pub const fn command(
    name: &'static str,
    handler: Handler,
    arity: Arity,
    flags: u32,
    categories: u32,
    keys: &'static [KeySpec],
) -> Command {
    Command { name, handler, arity, flags, categories, keys, find_keys: None, subcommands: &[], tips: &[] }
}

/// A row of a command that only carries subcommands (`CLIENT`, `CONFIG`).
pub const fn container(name: &'static str, subcommands: &'static [Command]) -> Command {
    Command {
        name,
        handler: needs_a_subcommand,
        arity: Arity::AtLeast(2),
        flags: 0,
        categories: 0,
        keys: &[],
        find_keys: None,
        subcommands,
        tips: &[],
    }
}

/// A row of a container whose bare name has flags or categories of its own.
pub const fn container_with(
    name: &'static str,
    flags: u32,
    categories: u32,
    subcommands: &'static [Command],
) -> Command {
    Command { flags, categories, ..container(name, subcommands) }
}

/// Never reached: a container without a known subcommand is refused while the command is looked up.
fn needs_a_subcommand(_: &mut Ctx<'_>, _: &mut Args<'_>) -> CommandResult {
    Err(CommandError::Syntax)
}
