//! What the server knows of one client apart from its connection and its pending output.

use crate::config::Security;
use crate::repl::Replica;
use crate::resp::{OwnedRequest, Protocol};
use crate::tracking::Caching;

/// Grows with every connection and is never reused.
pub type ClientId = u64;

/// A command's place in the registry; subcommands have their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u16);

/// The classes that output-buffer limits and CLIENT LIST TYPE tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientKind {
    Normal,
    Replica,
    Pubsub,
    Primary,
}

impl ClientKind {
    /// The kind a client calls by this name, in any case.
    pub fn parse(name: &[u8]) -> Option<Self> {
        const NAMES: [(&[u8], ClientKind); 5] = [
            (b"normal", ClientKind::Normal),
            (b"slave", ClientKind::Replica),
            (b"replica", ClientKind::Replica),
            (b"pubsub", ClientKind::Pubsub),
            (b"master", ClientKind::Primary),
        ];
        NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Replica => "slave",
            Self::Pubsub => "pubsub",
            Self::Primary => "master",
        }
    }
}

/// Whether and when the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Closing {
    #[default]
    No,
    /// Once pending output has been sent; nothing more is read.
    AfterReply,
    /// Before the next poll, whatever is pending.
    Now,
}

/// CLIENT REPLY.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReplyMode {
    #[default]
    On,
    Off,
    /// The reply of the command that is executing is dropped.
    Skip,
    /// The reply of the next command will be dropped.
    SkipNext,
}

/// A command waiting for EXEC.
#[derive(Debug)]
pub struct QueuedCommand {
    pub command: CommandId,
    pub request: OwnedRequest,
}

/// What MULTI has opened.
#[derive(Debug, Default)]
pub struct Transaction {
    pub queue: Vec<QueuedCommand>,
    /// A command was refused while queueing: EXEC will abort.
    pub aborted: bool,
    /// The union of the queued commands' flags, for the admission of EXEC.
    pub flags: u32,
    /// Flags that some queued command lacks.
    pub missing_flags: u32,
    /// Memory of the queued requests.
    pub queue_bytes: usize,
}

/// The state of one client that commands read and change.
#[derive(Debug)]
pub struct Session {
    pub id: ClientId,
    /// Its place in the table of clients and of connections.
    pub slot: usize,
    /// `ip:port`, or `path:0` for a Unix socket.
    pub peer: String,
    pub local: String,
    pub descriptor: i32,
    pub is_unix: bool,
    /// Connected over loopback or a Unix socket (`enable-debug-command local`).
    pub is_local: bool,
    pub name: Vec<u8>,
    pub library_name: Vec<u8>,
    pub library_version: Vec<u8>,
    pub db: usize,
    pub authenticated: bool,
    pub protocol: Protocol,
    pub created_ms: i64,
    pub last_interaction_ms: i64,
    pub transaction: Option<Box<Transaction>>,
    /// The number of keys under WATCH.
    pub watched_keys: usize,
    /// A watched key was changed: EXEC will answer null.
    pub watch_broken: bool,
    pub is_monitor: bool,
    /// Channels and patterns subscribed to.
    pub subscriptions: usize,
    /// How many of these are patterns.
    pub pattern_subscriptions: usize,
    pub shard_subscriptions: usize,
    /// Memory of all subscriptions.
    pub subscription_bytes: usize,
    pub reply_mode: ReplyMode,
    /// Client-side caching, while CLIENT TRACKING is on.
    pub caching: Option<Box<Caching>>,
    pub no_evict: bool,
    pub no_touch: bool,
    pub last_command: Option<CommandId>,
    pub closing: Closing,
    /// Its request waits for CLIENT PAUSE to end; nothing more of it is executed meanwhile.
    pub postponed: bool,
    /// Its command waits for a key, see `blocked`; nothing more of it is executed meanwhile.
    pub blocked: bool,
    /// Its socket takes no more output for now.
    pub awaits_room: bool,
    /// Bytes read and not yet executed, and free room beside them, for CLIENT LIST.
    pub query_buffer_bytes: usize,
    pub query_buffer_free_bytes: usize,
    /// Memory of the arguments of a request that is still arriving.
    pub argument_bytes: usize,
    /// Since when the soft output limit has been exceeded, in milliseconds.
    pub soft_limit_since_ms: Option<i64>,
    /// What its output holds are messages alone: it has asked for nothing.
    pub only_listens: bool,
    /// Messages have grown its output beyond the first chunk since its limits were last checked.
    pub output_grown: bool,
    /// What the last look at its memory found, under which kind it was booked, and whether it stands
    /// among those that may be closed for their size.
    pub memory_bytes: usize,
    pub memory_kind: ClientKind,
    pub memory_ranked: bool,
    /// When the peak of its reply buffer was last forgotten.
    pub reply_peak_reset_ms: i64,
    /// The end of the replication stream behind its last command, for WAIT.
    pub written_offset: u64,
    /// It executes the stream of our primary.
    pub is_primary: bool,
    /// What a replica, or one that is about to become one, has told of itself.
    pub replica: Option<Box<Replica>>,
}

impl Session {
    pub fn new(id: ClientId, now_ms: i64) -> Self {
        Self {
            id,
            slot: usize::MAX,
            peer: String::new(),
            local: String::new(),
            descriptor: -1,
            is_unix: false,
            is_local: true,
            name: Vec::new(),
            library_name: Vec::new(),
            library_version: Vec::new(),
            db: 0,
            authenticated: false,
            protocol: Protocol::Resp2,
            created_ms: now_ms,
            last_interaction_ms: now_ms,
            transaction: None,
            watched_keys: 0,
            watch_broken: false,
            is_monitor: false,
            subscriptions: 0,
            pattern_subscriptions: 0,
            shard_subscriptions: 0,
            subscription_bytes: 0,
            reply_mode: ReplyMode::On,
            caching: None,
            no_evict: false,
            no_touch: false,
            last_command: None,
            closing: Closing::No,
            postponed: false,
            blocked: false,
            awaits_room: false,
            query_buffer_bytes: 0,
            query_buffer_free_bytes: 0,
            argument_bytes: 0,
            soft_limit_since_ms: None,
            only_listens: false,
            output_grown: false,
            memory_bytes: 0,
            memory_kind: ClientKind::Normal,
            memory_ranked: false,
            reply_peak_reset_ms: now_ms,
            written_offset: 0,
            is_primary: false,
            replica: None,
        }
    }

    pub fn kind(&self) -> ClientKind {
        if self.is_primary {
            ClientKind::Primary
        } else if self.is_replica() {
            ClientKind::Replica
        } else if self.is_subscribed() {
            ClientKind::Pubsub
        } else {
            ClientKind::Normal
        }
    }

    /// Whether it has asked for the data, and follows the stream.
    pub fn is_replica(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.is_attached())
    }

    /// Whether a RESP2 client is limited to the commands of the subscribed mode.
    pub fn is_subscribed(&self) -> bool {
        self.subscriptions + self.shard_subscriptions > 0
    }

    /// Whether a request of it has to wait, and all that came behind it.
    #[inline]
    pub fn waits(&self) -> bool {
        self.postponed || self.blocked
    }

    /// Whether replies are dropped at present (CLIENT REPLY).
    pub fn is_muted(&self) -> bool {
        matches!(self.reply_mode, ReplyMode::Off | ReplyMode::Skip)
    }

    /// Whether it must log in first. A client that owed a password is free once none is required any more.
    #[inline]
    pub fn owes_password(&self, security: &Security) -> bool {
        !self.authenticated && security.requirepass.is_some()
    }

    pub fn is_resp3(&self) -> bool {
        self.protocol == Protocol::Resp3
    }

    pub fn in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// EXEC will fail: a command of the transaction was refused.
    pub fn abort_transaction(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.aborted = true;
        }
    }
}
