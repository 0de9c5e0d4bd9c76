//! What a command answers when it cannot do what was asked. Every error text a client can see stands
//! here or below here, once; `execute` turns an error into a reply.

use thiserror::Error;

use crate::config::SetError;
use crate::keyspace::{NoMemory, WrongType};
use crate::types::hyperloglog::SketchError;
use crate::util::text::c_text;

mod replication;

pub use replication::ReplicationError;

/// How much of an argument, or of all of them together, an error repeats.
pub const REPEATED_BYTES_MAX: usize = 128;

/// An error reply; the first word is its code.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CommandError {
    // Arguments.
    #[error("ERR syntax error")]
    Syntax,
    #[error("ERR value is not an integer or out of range")]
    NotAnInteger,
    #[error("ERR value is out of range")]
    ValueOutOfRange,
    #[error("ERR value is out of range, must be positive")]
    MustBePositive,
    #[error("ERR value is out of range, value must between {min} and {max}")]
    ValueMustBeBetween { min: i64, max: i64 },
    #[error("ERR value is not a valid float")]
    NotAFloat,
    #[error("ERR wrong number of arguments for '{0}' command")]
    Arity(String),
    #[error("ERR unknown command '{name}', with args beginning with: {arguments}")]
    UnknownCommand { name: String, arguments: String },
    #[error("ERR unknown subcommand '{name}'. Try {container} HELP.")]
    UnknownSubcommand { name: String, container: String },
    #[error("ERR unknown subcommand or wrong number of arguments for '{name}'. Try {container} HELP.")]
    SubcommandArguments { name: String, container: String },

    // Keys and values.
    #[error("WRONGTYPE Operation against a key holding the wrong kind of value")]
    WrongType,
    #[error("ERR no such key")]
    NoSuchKey,
    #[error("ERR index out of range")]
    IndexOutOfRange,
    #[error("ERR offset is out of range")]
    OffsetOutOfRange,
    #[error("ERR DB index is out of range")]
    DbOutOfRange,
    #[error("ERR source and destination objects are the same")]
    SameObject,
    #[error("ERR increment or decrement would overflow")]
    Overflow,
    #[error("ERR decrement would overflow")]
    DecrementOverflow,
    #[error("ERR increment would produce NaN or Infinity")]
    NanOrInfinity,
    #[error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")]
    StringTooLong,
    #[error("ERR Insufficient memory, failed allocating the string")]
    StringWithoutMemory,
    #[error("ERR invalid expire time in '{0}' command")]
    InvalidExpireTime(String),
    #[error("ERR invalid cursor")]
    InvalidCursor,

    // Admission.
    #[error("NOAUTH Authentication required.")]
    NoAuth,
    #[error("WRONGPASS invalid username-password pair or user is disabled.")]
    WrongPass,
    #[error("ERR Command not allowed inside a transaction")]
    NotInTransaction,
    #[error(
        "ERR {command} command not allowed. If the {option} option is set to \"local\", you can run it from \
         a local connection, otherwise you need to set this option in the configuration file, and then restart \
         the server."
    )]
    Protected { command: &'static str, option: &'static str },
    #[error("OOM command not allowed when used memory > 'maxmemory'.")]
    OutOfMemory,
    #[error(
        "ERR Can't execute '{0}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in \
         this context"
    )]
    SubscribedMode(String),
    #[error("LOADING Redis is loading the dataset in memory")]
    Loading,
    #[error(
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. \
         Commands that may modify the data set are disabled, because this instance is configured to report \
         errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the \
         Redis logs for details about the RDB error."
    )]
    SnapshotsFail,
    #[error("MISCONF Errors writing to the AOF file: {0}")]
    AofFails(String),
    #[error("NOREPLICAS Not enough good replicas to write.")]
    NoReplicas,

    #[error("READONLY You can't write against a read only replica.")]
    ReadOnlyReplica,
    #[error("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.")]
    PrimaryDown,

    // Replication.
    #[error(transparent)]
    Replication(#[from] ReplicationError),
    #[error("UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)")]
    ForceUnblocked,

    // Transactions.
    #[error("EXECABORT Transaction discarded because of previous errors.")]
    ExecAborted,
    #[error("EXECABORT Transaction discarded because of: {0}")]
    ExecRefused(String),
    #[error("ERR EXEC without MULTI")]
    ExecWithoutMulti,
    #[error("ERR DISCARD without MULTI")]
    DiscardWithoutMulti,
    #[error("ERR MULTI calls can not be nested")]
    NestedMulti,
    #[error("ERR WATCH inside MULTI is not allowed")]
    WatchInMulti,

    // Strings.
    #[error("ERR The specified keys must contain string values")]
    LcsNotStrings,
    #[error("ERR If you want both the length and indexes, please just use IDX.")]
    LcsLenAndIdx,
    #[error("ERR String too long for LCS")]
    LcsStringTooLong,
    #[error("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")]
    LcsTableTooBig,
    #[error("ERR Insufficient memory, failed allocating transient memory for LCS")]
    LcsOutOfMemory,

    // Lists.
    #[error("ERR numkeys should be greater than 0")]
    NumkeysNotPositive,
    #[error("ERR count should be greater than 0")]
    CountNotPositive,
    #[error(
        "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to \
         start from the end of the list"
    )]
    RankZero,
    #[error("ERR COUNT can't be negative")]
    CountNegative,
    #[error("ERR MAXLEN can't be negative")]
    MaxlenNegative,

    // Hashes.
    #[error("ERR hash value is not an integer")]
    HashValueNotAnInteger,
    #[error("ERR hash value is not a float")]
    HashValueNotAFloat,
    #[error("ERR value is NaN or Infinity")]
    IncrementNanOrInfinity,
    #[error("ERR Mandatory argument FIELDS is missing or not at the right position")]
    FieldsMissing,
    #[error("ERR Parameter `numFields` should be greater than 0")]
    NumfieldsNotPositive,
    #[error("ERR Number of fields must be a positive integer")]
    FieldCountNotPositive,
    #[error("ERR invalid number of fields")]
    InvalidFieldCount,
    #[error("ERR The `numfields` parameter must match the number of arguments")]
    NumfieldsMismatch,
    #[error("ERR invalid expire time, must be >= 0")]
    ExpireTimeNegative,
    #[error("ERR Only one of FXX or FNX arguments can be specified")]
    FieldConditions,
    #[error("ERR Only one of EX, PX, EXAT, PXAT or {or} arguments can be specified")]
    FieldExpiries { or: &'static str },
    #[error("ERR unknown argument")]
    UnknownArgument,

    // Sets.
    #[error("ERR Number of keys can't be greater than number of args")]
    NumkeysTooBig,
    #[error("ERR LIMIT can't be negative")]
    NegativeLimit,

    // Sorted sets.
    #[error("ERR XX and NX options at the same time are not compatible")]
    XxWithNx,
    #[error("ERR GT, LT, and/or NX options at the same time are not compatible")]
    ComparisonWithNx,
    #[error("ERR INCR option supports a single increment-element pair")]
    IncrementOfSeveral,
    #[error("ERR resulting score is not a number (NaN)")]
    ScoreNotANumber,
    #[error("ERR min or max is not a float")]
    ScoreBound,
    #[error("ERR min or max not valid string range item")]
    TextBound,
    #[error("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")]
    LimitOfRanks,
    #[error("ERR syntax error, WITHSCORES not supported in combination with BYLEX")]
    ScoresOfTexts,
    #[error("ERR at least 1 input key is needed for '{0}' command")]
    NoInputKeys(String),
    #[error("ERR weight value is not a float")]
    Weight,

    // Streams.
    #[error("ERR Invalid stream ID specified as stream command argument")]
    InvalidStreamId,
    #[error("ERR invalid start ID for the interval")]
    IntervalStart,
    #[error("ERR invalid end ID for the interval")]
    IntervalEnd,
    #[error("ERR The ID specified in XADD must be greater than 0-0")]
    IdNotAboveZero,
    #[error("ERR The ID specified in XADD is equal or smaller than the target stream top item")]
    IdNotIncreasing,
    #[error("ERR The stream has exhausted the last possible ID, unable to add more items")]
    StreamExhausted,
    #[error("ERR Elements are too large to be stored")]
    EntryTooLarge,
    #[error("ERR syntax error, MAXLEN and MINID options at the same time are not compatible")]
    TwoTrimStrategies,
    #[error("ERR The MAXLEN argument must be >= 0.")]
    MaxLenNegative,
    #[error("ERR The LIMIT argument must be >= 0.")]
    LimitNegative,
    #[error("ERR syntax error, LIMIT cannot be used without specifying a trimming strategy")]
    LimitWithoutStrategy,
    #[error("ERR syntax error, LIMIT cannot be used without the special ~ option")]
    LimitWithoutApproximation,
    #[error("ERR syntax error, XTRIM must be called with a trimming strategy")]
    TrimStrategyMissing,
    #[error("ERR entries_added must be positive")]
    EntriesAddedNegative,
    #[error("ERR The entries_added specified in XSETID is smaller than the target stream length")]
    EntriesAddedBelowLength,
    #[error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id")]
    LastIdBelowGivenDeleted,
    #[error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id")]
    LastIdBelowDeleted,
    #[error("ERR The ID specified in XSETID is smaller than the target stream top item")]
    LastIdBelowTop,
    #[error(
        "ERR Unbalanced '{command}' list of streams: for each stream key an ID or '{sign}' must be specified."
    )]
    UnbalancedStreams { command: String, sign: char },
    #[error("ERR The {0} option is only supported by XREADGROUP. You called XREAD instead.")]
    OnlyInGroup(&'static str),
    #[error("ERR Missing GROUP option for XREADGROUP")]
    GroupMissing,
    #[error(
        "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by \
         specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set."
    )]
    LastIdInGroup,
    #[error(
        "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."
    )]
    NewEntriesWithoutGroup,
    #[error("NOGROUP No such key '{key}' or consumer group '{group}' in XREADGROUP with GROUP option")]
    NoGroupToRead { key: String, group: String },
    #[error("NOGROUP No such key '{key}' or consumer group '{group}'")]
    NoKeyOrGroup { key: String, group: String },
    #[error("NOGROUP No such consumer group '{group}' for key name '{key}'")]
    NoGroup { key: String, group: String },
    #[error("BUSYGROUP Consumer Group name already exists")]
    GroupExists,
    #[error(
        "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM \
         option to create an empty stream automatically."
    )]
    GroupNeedsKey,
    #[error("ERR value for ENTRIESREAD must be positive or -1")]
    EntriesReadNegative,
    #[error("ERR Invalid {argument} argument for {command}")]
    InvalidClaimArgument { argument: &'static str, command: &'static str },
    #[error("ERR Unrecognized XCLAIM option '{0}'")]
    UnrecognizedClaimOption(String),
    #[error("ERR COUNT must be > 0")]
    CountNotAboveZero,

    // Bitmaps.
    #[error("ERR bit offset is not an integer or out of range")]
    BitOffset,
    #[error("ERR bit is not an integer or out of range")]
    BitValue,
    #[error("ERR The bit argument must be 1 or 0.")]
    BitWanted,
    #[error("ERR BITOP NOT must be called with a single source key.")]
    BitopNotSources,
    #[error(
        "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."
    )]
    FieldType,
    #[error("ERR Invalid OVERFLOW type specified")]
    OverflowType,
    #[error("ERR BITFIELD_RO only supports the GET subcommand")]
    BitfieldReadOnly,

    // HyperLogLog.
    #[error("WRONGTYPE Key is not a valid HyperLogLog string value.")]
    NotASketch,
    #[error("INVALIDOBJ Corrupted HLL object detected")]
    CorruptedSketch,
    #[error("ERR The specified key does not exist")]
    NoSketch,
    #[error("ERR HLL encoding is not sparse")]
    SketchNotSparse,
    #[error("ERR Unknown PFDEBUG subcommand '{0}'")]
    PfdebugSubcommand(String),
    #[error("TESTFAILED {0}")]
    SelfTestFailed(String),

    // Geo.
    #[error("ERR invalid longitude,latitude pair {0}")]
    InvalidPosition(String),
    #[error("ERR unsupported unit provided. please use M, KM, FT, MI")]
    DistanceUnit,
    #[error("ERR need numeric radius")]
    RadiusNotNumeric,
    #[error("ERR radius cannot be negative")]
    RadiusNegative,
    #[error("ERR need numeric width")]
    WidthNotNumeric,
    #[error("ERR need numeric height")]
    HeightNotNumeric,
    #[error("ERR height or width cannot be negative")]
    BoxNegative,
    #[error("ERR could not decode requested zset member")]
    NoPositionOfMember,
    #[error("ERR COUNT must be > 0")]
    SearchCountNotPositive,
    #[error("ERR {0} is not compatible with WITHDIST, WITHHASH and WITHCOORD options")]
    StoreWithDetails(&'static str),
    #[error("ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for {0}")]
    SearchCenter(String),
    #[error("ERR exactly one of BYRADIUS and BYBOX can be specified for {0}")]
    SearchShape(String),
    #[error("ERR the ANY argument requires COUNT argument")]
    AnyWithoutCount,

    // SORT.
    #[error("ERR One or more scores can't be converted into double")]
    WeightNotAFloat,

    // Keys and expiry.
    #[error("ERR invalid first DB index")]
    InvalidFirstDb,
    #[error("ERR invalid second DB index")]
    InvalidSecondDb,
    #[error("ERR Unsupported option {0}")]
    UnsupportedOption(String),
    #[error("ERR NX and XX, GT or LT options at the same time are not compatible")]
    NxWithOtherConditions,
    #[error("ERR GT and LT options at the same time are not compatible")]
    GtWithLt,
    #[error(
        "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between \
         policies at runtime LRU and LFU data will take some time to adjust."
    )]
    IdleTimeNotTracked,
    #[error(
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when \
         switching between policies at runtime LRU and LFU data will take some time to adjust."
    )]
    FrequencyNotTracked,

    #[error("BUSYKEY Target key name already exists.")]
    BusyKey,
    #[error("ERR Invalid TTL value, must be >= 0")]
    InvalidTtl,
    #[error("ERR Invalid IDLETIME value, must be >= 0")]
    InvalidIdleTime,
    #[error("ERR Invalid FREQ value, must be >= 0 and <= 255")]
    InvalidFrequency,
    #[error("ERR DUMP payload version or checksum are wrong")]
    WrongPayload,
    #[error("ERR Bad data format")]
    BadPayload,
    /// The versions of the format that may be written cannot hold the value.
    #[error("ERR {0}")]
    NotDumped(String),

    // MIGRATE.
    #[error("ERR When using MIGRATE KEYS option, the key argument must be set to the empty string")]
    KeyBesideKeys,
    #[error("IOERR error or timeout connecting to the client")]
    TargetUnknown,
    #[error("IOERR error or timeout {0} to target instance")]
    TargetIo(&'static str),
    #[error("ERR Target instance replied with error: {0}")]
    TargetRefused(String),

    // Connections and clients.
    #[error(
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your \
         configuration is correct?"
    )]
    NoPasswordConfigured,
    #[error("ERR Protocol version is not an integer or out of range")]
    ProtocolVersion,
    #[error("NOPROTO unsupported protocol version")]
    UnsupportedProtocol,
    #[error("ERR Syntax error in HELLO option '{0}'")]
    HelloOption(String),
    #[error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH \
         <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the \
         same time"
    )]
    HelloNeedsAuth,
    #[error("ERR Client names cannot contain spaces, newlines or special characters.")]
    ClientName,
    #[error("ERR {0} cannot contain spaces, newlines or special characters.")]
    ClientAttribute(String),
    #[error("ERR Unrecognized option '{0}'")]
    UnrecognizedOption(String),
    #[error("ERR Unknown client type '{0}'")]
    UnknownClientType(String),
    #[error("ERR Invalid client ID")]
    InvalidClientId,
    #[error("ERR client-id should be greater than 0")]
    ClientIdNotPositive,
    #[error("ERR No such user '{0}'")]
    NoSuchUser(String),
    #[error("ERR No such client")]
    NoSuchClient,
    #[error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")]
    UnblockReason,
    #[error("ERR CLIENT PAUSE mode must be WRITE or ALL")]
    PauseMode,
    #[error("ERR timeout is not an integer or out of range")]
    TimeoutNotAnInteger,
    #[error("ERR timeout is not a float or out of range")]
    TimeoutNotAFloat,
    #[error("UNBLOCKED client unblocked via CLIENT UNBLOCK")]
    Unblocked,
    #[error("ERR timeout is negative")]
    TimeoutNegative,
    #[error("ERR timeout is out of range")]
    TimeoutOutOfRange,
    #[error("ERR MONITOR isn't allowed for DENY BLOCKING client")]
    MonitorInTransaction,
    #[error("ERR A client can only redirect to a single other client")]
    SecondRedirection,
    #[error("ERR The client ID you want redirect to does not exist")]
    RedirectionTarget,
    #[error("ERR PREFIX option requires BCAST mode to be enabled")]
    PrefixWithoutBroadcast,
    #[error(
        "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it \
         with a different mode."
    )]
    SwitchedBroadcast,
    #[error("ERR OPTIN and OPTOUT are not compatible with BCAST")]
    OptionWithBroadcast,
    #[error("ERR You can't specify both OPTIN mode and OPTOUT mode")]
    OptInAndOut,
    #[error(
        "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it \
         with a different mode."
    )]
    SwitchedOption,
    #[error(
        "ERR Prefix '{new}' overlaps with an existing prefix '{existing}'. Prefixes for a single client must not \
         overlap."
    )]
    OverlapsExistingPrefix { new: String, existing: String },
    #[error(
        "ERR Prefix '{new}' overlaps with another provided prefix '{other}'. Prefixes for a single client must not \
         overlap."
    )]
    OverlapsOtherPrefix { new: String, other: String },
    #[error(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled"
    )]
    CachingWithoutTracking,
    #[error("ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.")]
    CachingWithoutOptIn,
    #[error("ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.")]
    CachingWithoutOptOut,

    // Configuration.
    /// What CONFIG SET says, without its code.
    #[error("ERR {0}")]
    ConfigRefused(String),
    #[error("ERR The server is running without a config file")]
    NoConfigFile,
    #[error("ERR Rewriting config file: {0}")]
    ConfigRewriteFailed(String),

    // DEBUG.
    #[error("ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.")]
    ReloadOptions,
    #[error("ERR Error trying to load the RDB dump, check server logs.")]
    ReloadFailed,
    #[error("ERR failed to restart the server. Check server logs.")]
    RestartFailed,
    #[error("ERR DEBUG {0} is not supported by this server")]
    DebugUnavailable(&'static str),
    #[error("ERR Debug option only available for cluster mode enabled setup!")]
    ClusterOff,
    #[error("ERR CONFIG-REWRITE-FORCE-ALL failed: {0}")]
    ForcedRewriteFailed(String),
    #[error("ERR Not an sds encoded string.")]
    NotAnSds,
    #[error("ERR Not a listpack encoded object.")]
    NotAListpack,
    #[error("ERR Not a quicklist encoded object.")]
    NotAQuicklist,
    #[error("ERR The value stored at the specified key is not represented using an hash table")]
    NotAHashTable,
    #[error("ERR Out of range database")]
    DbOutsideRange,
    #[error("ERR maxmemory-clients is disabled.")]
    ClientEvictionOff,
    #[error("ERR argument must be a memory value bigger than 1 and smaller than 4gb")]
    PackedThreshold,
    #[error("ERR RESP2 is not supported by this command")]
    Resp2Unsupported,
    #[error(
        "ERR Wrong protocol type name. Please use one of the following: \
         string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false"
    )]
    UnknownProtocolType,

    // Introspection.
    #[error("ERR count should be greater than or equal to -1")]
    SlowLogCount,
    #[error("ERR No samples available for event '{0}'")]
    NoLatencySamples(String),
    #[error("ERR Error purging dirty pages")]
    PurgeFailed,
    #[error("ERR Error loading the extension. Please check the server logs.")]
    NoModules,
    #[error("ERR Error unloading module: no such module with that name")]
    NoSuchModule,
    #[error("ERR Invalid command specified")]
    KeysOfUnknownCommand,
    #[error("ERR The command has no key arguments")]
    CommandWithoutKeys,
    #[error("ERR Invalid number of arguments specified for command")]
    KeysOfWrongArity,
    #[error("ERR Invalid arguments specified for command")]
    KeysNotFound,

    // Snapshots and shutdown.
    #[error("ERR Background save already in progress")]
    SaveInProgress,
    #[error(
        "ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE SCHEDULE in order to \
         schedule a BGSAVE whenever possible."
    )]
    OtherChild,
    #[error("ERR Background append only file rewriting already in progress")]
    RewriteInProgress,
    #[error(
        "ERR Can't execute an AOF background rewriting. Please check the server logs for more information."
    )]
    RewriteFailed,
    #[error("ERR Error trying to load the AOF files, check server logs.")]
    LoadAofFailed,
    /// The reason is for the operator alone.
    #[error("ERR")]
    SeeLog,
    #[error("ERR Errors trying to SHUTDOWN. Check logs.")]
    ShutdownFailed,
    #[error("ERR No shutdown in progress.")]
    NoShutdown,
}

/// An argument as an error repeats it: up to its first NUL, as Redis prints it.
pub fn repeated(argument: &[u8]) -> String {
    c_text(argument).into_owned()
}

/// The same, of at most `bytes_max` bytes.
pub fn shortened(argument: &[u8], bytes_max: usize) -> String {
    repeated(argument.get(..bytes_max).unwrap_or(argument))
}

impl From<SetError> for CommandError {
    fn from(error: SetError) -> Self {
        match error {
            SetError::Loading => Self::Loading,
            refused => Self::ConfigRefused(refused.to_string()),
        }
    }
}

impl From<NoMemory> for CommandError {
    fn from(_: NoMemory) -> Self {
        Self::StringWithoutMemory
    }
}

impl From<SketchError> for CommandError {
    fn from(error: SketchError) -> Self {
        match error {
            SketchError::NotASketch => Self::NotASketch,
            SketchError::Corrupted => Self::CorruptedSketch,
        }
    }
}

impl From<WrongType> for CommandError {
    fn from(_: WrongType) -> Self {
        Self::WrongType
    }
}
