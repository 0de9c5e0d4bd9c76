//! Configuration: one row per directive (`table.rs`: name, kind, default, field, flags, apply),
//! and everything that derives from the rows: the file parser, the command line, the environment,
//! CONFIG GET, SET and REWRITE, and the list of directives in the README.
//!
//! * `settings`: [`Config`] and its groups: what the rest of the program reads.
//! * `choices`: the enums among the values.
//! * `kind`, `structured`: how the text of a directive becomes a value, and back.
//! * `row`, `table`: the rows.
//! * `access`: CONFIG GET and CONFIG SET.
//! * `load`, `include`: files, standard input, environment and command line.
//! * `rewrite`: CONFIG REWRITE.
//! * `title`: the template of the process title.
//!
//! A change is validated into a copy; [`Change::apply`] names what the server must then do. This
//! layer opens no socket, changes no directory and knows neither commands nor clients.

mod access;
mod choices;
mod include;
mod kind;
mod load;
mod rewrite;
mod row;
mod settings;
mod structured;
mod table;
mod title;

pub use access::{Change, SetContext, SetError};
pub use choices::{
    AclPubsubDefault, AppendFsync, Choice, DisklessLoad, LogLevel, OomScoreAdj, PropagationErrorBehavior,
    ProtectedAction, SanitizeDumpPayload, Supervised, SyslogFacility,
};
pub use load::{FatalConfigError, Loaded, REDIS_VERSION};
pub use row::{Apply, directive_names, is_sensitive, readme_table};
pub use settings::{
    Aof, ClientsMemory, Config, Encoding, Expiry, Limits, Log, Memory, Network, Observe, OutputClass,
    OutputLimit, PrimaryAddress, Process, Rdb, Replication, SavePoint, Security, ShutdownFlags,
};
